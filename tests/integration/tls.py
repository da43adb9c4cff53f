"""HTTPS for a House: certificates made by openssl, and a client that trusts them.

    secure = serve_tls(house)
    house.start()
    assert signed_in(secure, "admin").get("/account").status == 200
"""

import http.client
import socket
import ssl
import subprocess

from house import Answer, free_port


def make_certificate(folder, name="localhost", days=2):
    """A certificate of its own for name and its key, in folder: (path, path)."""
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", str(days), "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1",
                    "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    return cert, key


class Secure:
    """The House by its HTTPS address, for Browser."""
    base = ""

    def __init__(self, house, port, certificate):
        self.house, self.port, self.certificate = house, port, certificate

    def context(self):
        return ssl.create_default_context(cafile=str(self.certificate))

    def connect(self, seconds=30, context=None):
        link = socket.create_connection(("127.0.0.1", self.port), timeout=seconds)
        try:
            return (context or self.context()).wrap_socket(link, server_hostname="localhost")
        except BaseException:
            link.close()
            raise

    def request(self, method, path, headers=None, body=None, seconds=30):
        link = http.client.HTTPSConnection("localhost", self.port, timeout=seconds, context=self.context())
        try:
            link.request(method, path, body=body, headers=headers or {})
            response = link.getresponse()
            return Answer(response, response.read())
        finally:
            link.close()

    def get(self, path, headers=None):
        return self.request("GET", path, headers)

    def sql(self, query):
        return self.house.sql(query)


def certify(house, name="localhost"):
    """A certificate and its key that hsd-web can read."""
    folder = house.dir / "tls"
    folder.mkdir(exist_ok=True)
    cert, key = make_certificate(folder, name)
    folder.chmod(0o755)
    for path in (cert, key):
        path.chmod(0o644)
    return cert, key


def serve_tls(house):
    port = free_port()
    cert, key = certify(house)
    house.env.update({"HOOPSCOUT_LISTEN": f"127.0.0.1:{house.port},tls:127.0.0.1:{port}",
                      "HOOPSCOUT_TLS_CERTIFICATE": str(cert), "HOOPSCOUT_TLS_KEY": str(key)})
    return Secure(house, port, cert)
