"""A server on loopback that serves feeds as a test wants them: well, badly, or not at all.

    with FeedServer() as feeds:
        feeds.serve("/feed.json", snapshot)                     # a good answer
        feeds.serve("/moved", status=301, headers={"Location": feeds.url("/feed.json")})
        feeds.script("/slow", lambda link: dribble(link, body, pause=0.2))
        ...
        assert feeds.paths() == ["/robots.txt", "/feed.json"]

What is not served is 404. An answer may be a list: the first request gets the first, and so on; the
last stands for all that follow. Scripts write raw bytes, so that they can break every rule.
"""

import gzip
import json
import pathlib
import socket
import socketserver
import ssl
import subprocess
import threading
import time

REASONS = {200: "OK", 301: "Moved Permanently", 302: "Found", 304: "Not Modified", 404: "Not Found",
           429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}


class Request:
    def __init__(self, method, path, headers):
        self.method = method
        self.path = path
        self.headers = headers          # names in small letters
        self.when = time.monotonic()


class Link:
    """What a script has: the request, and the connection."""

    def __init__(self, connection, request, closing):
        self.connection = connection
        self.request = request
        self.closing = closing          # set when the server goes

    def send(self, data):
        self.connection.sendall(data)

    def head(self, status=200, **headers):
        lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Whatever')}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    def wait(self, seconds):
        """Sleeps; true when the server goes meanwhile."""
        return self.closing.wait(seconds)


class Answer:
    def __init__(self, body=b"", status=200, headers=None):
        self.body = body if isinstance(body, bytes) else \
            body.encode() if isinstance(body, str) else json.dumps(body, ensure_ascii=False).encode()
        self.status = status
        self.headers = dict(headers or {})

    def send(self, link):
        names = {name.lower() for name in self.headers}
        etag = self.headers.get("ETag")
        if etag and link.request.headers.get("if-none-match") == etag and self.status == 200:
            link.send(f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n\r\n".encode())
            return
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Whatever')}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if "content-type" not in names:
            lines.append("Content-Type: application/json")
        if "content-length" not in names:
            lines.append(f"Content-Length: {len(self.body)}")
        link.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + self.body)


class FeedServer:
    def __init__(self, certificate=None):
        """certificate: the (certificate, key) files with which it speaks TLS."""
        self.routes = {}
        self.requests = []
        self.closing = threading.Event()
        self.lock = threading.Lock()
        self.tls = None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(*map(str, certificate))
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                outer.talk(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 64

            def handle_error(self, request, client_address):
                pass        # clients that go are what is tested

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)

    def url(self, path="/", host="127.0.0.1"):
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{path}"

    def serve(self, path, *answers, **kwargs):
        """One answer (body, status, headers), or several Answers or scripts in turn."""
        if kwargs or not answers or not all(isinstance(answer, Answer) or callable(answer) for answer in answers):
            answers = [Answer(*answers, **kwargs)]
        with self.lock:
            self.routes[path] = list(answers)

    script = serve

    def paths(self):
        with self.lock:
            return [request.path for request in self.requests]

    def asked(self, path):
        """The requests for a path."""
        with self.lock:
            return [request for request in self.requests if request.path == path]

    def _next(self, path):
        with self.lock:
            found = self.routes.get(path) or self.routes.get(path.partition("?")[0])
            if not found:
                return Answer(b"nothing here", status=404, headers={"Content-Type": "text/plain"})
            return found.pop(0) if len(found) > 1 else found[0]

    def talk(self, connection):
        connection.settimeout(30)
        if self.tls:
            connection = self.tls.wrap_socket(connection, server_side=True)
        with connection, connection.makefile("rb") as lines:
            while True:
                request = read_request(lines)
                if request is None:
                    return
                with self.lock:
                    self.requests.append(request)
                found = self._next(request.path)
                link = Link(connection, request, self.closing)
                if isinstance(found, Answer):
                    found.send(link)
                elif found(link) != "keep":
                    try:
                        connection.shutdown(socket.SHUT_WR)
                    except OSError:
                        pass
                    return


def read_request(lines):
    first = lines.readline(65536).decode("latin-1").split()
    if len(first) != 3:
        return None
    headers = {}
    while True:
        line = lines.readline(65536).decode("latin-1").rstrip("\r\n")
        if not line:
            return Request(first[0], first[1], headers)
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()


# -- scripts ---------------------------------------------------------------------


def dribble(link, body, pause=0.05, pieces=20):
    """The body in pieces with pauses."""
    link.head(Content_Type="application/json", Content_Length=len(body))
    step = max(1, -(-len(body) // pieces))
    for at in range(0, len(body), step):
        link.send(body[at:at + step])
        if link.wait(pause):
            return


def silence(link):
    """No answer at all."""
    link.wait(60)


def stall(link, body):
    """Half of the body, then nothing."""
    link.head(Content_Type="application/json", Content_Length=len(body))
    link.send(body[:len(body) // 2])
    link.wait(60)


def cut_off(link, body, announced=None):
    """Less than was announced."""
    link.head(Content_Type="application/json", Content_Length=announced or len(body))
    link.send(body[:len(body) // 2])


def cut_chunks(link, body):
    """Chunked, without the last chunk."""
    link.head(Content_Type="application/json", Transfer_Encoding="chunked")
    link.send(b"%x\r\n%s\r\n" % (len(body) // 2, body[:len(body) // 2]))


def endless(link, piece=b'{"records":[],"source_name":"x"} ' * 2000):
    """Until the client goes."""
    link.head(Content_Type="application/json")
    while not link.closing.is_set():
        link.send(piece)


def zipped(body):
    return Answer(gzip.compress(body), headers={"Content-Encoding": "gzip"})


def bomb(megabytes):
    """Very small, until it is unpacked."""
    return zipped(b" " * (megabytes << 20))


def make_certificate(folder, host="127.0.0.1", name="server", days=2):
    """A certificate that signs itself: (certificate, key)."""
    folder = pathlib.Path(folder)
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    kind = "IP" if host.replace(".", "").isdigit() else "DNS"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", certificate, "-days", str(days), "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName={kind}:{host}"], check=True, capture_output=True)
    certificate.chmod(0o644)
    return certificate, key
