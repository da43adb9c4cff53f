"""HTTPS by hsd-web itself: what plain HTTP promises holds, whatever clients do to TLS; certificates come and go."""

import contextlib
import hashlib
import json
import os
import socket
import ssl
import subprocess
import threading
import time
import warnings

import pytest

from browser import make_account, signed_in
from house import House, is_root, until
from test_importer import record, snapshot
from test_uploads import BOUNDARY, content, form, parts_left
from tls import Secure, certify, serve_tls


class Stalled:
    """Clients that begin a handshake and never end it, and when each was hung up on."""

    def __init__(self, secure):
        self.ended = {}
        self.begun = time.monotonic()
        hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 40
        self.threads = [threading.Thread(target=self._wait, args=(secure.port, *what), daemon=True)
                        for what in (("silent", b""), ("half a hello", hello))]
        self.threads.append(threading.Thread(target=self._dribble, args=(secure,), daemon=True))
        for thread in self.threads:
            thread.start()

    def _dribble(self, secure):
        """The handshake is done; then a request comes a byte at a time, which is slower than it may be."""
        with secure.connect(40) as link, contextlib.suppress(OSError):
            link.settimeout(0.5)
            while True:
                link.sendall(b"G")
                with contextlib.suppress(TimeoutError):
                    if not link.recv(4096):
                        break
        self.ended["a slow request"] = time.monotonic() - self.begun

    def _wait(self, port, name, first):
        with socket.create_connection(("127.0.0.1", port), timeout=40) as link:
            link.sendall(first)
            with contextlib.suppress(ConnectionError):
                while link.recv(4096):
                    pass
            self.ended[name] = time.monotonic() - self.begun


@pytest.fixture(scope="module")
def web(shared_house):
    house = shared_house
    house.env.update({"HOOPSCOUT_RESCAN_SECONDS": "1", "HOOPSCOUT_UPLOAD_MAX_BYTES": "300M"})
    house.secure = serve_tls(house)
    house.start()
    house.stalled = Stalled(house.secure)      # test_stalled_handshakes looks at them at the end
    make_account(house, "admin", "admin")
    house.drop(json.dumps(snapshot(*[record(player_external_id=f"p{n}", full_name=f"Player {n}") for n in range(4000)])),
               "many.json")
    house.wait_imported("many.json")
    return house


@pytest.fixture(scope="module")
def secure(web):
    return web.secure


@pytest.fixture(scope="module")
def admin(web, secure):
    return signed_in(secure, "admin")


def detail(web):
    return next(row for row in web.status()["daemons"] if row["name"] == "web")["detail"]


def resident(web):
    """Bytes of memory that hsd-web holds."""
    with open(f"/proc/{web.daemon_pid('web')}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def is_sanitized(web):
    return "sanitize" in (web.programs.build / "config.status").read_text()


# -- what is spoken -------------------------------------------------------------------------------------------

def test_pages(web, secure):
    """The same answers, plain and by TLS, side by side; cookies and browsers are told that it is HTTPS."""
    for path in ("/", "/?name=player+7&per_page=100", "/players/1", "/api/v1/players", "/static/app.css", "/nothing", "/health/"):
        by_tls, plain = secure.get(path), web.get(path)
        assert (by_tls.status, by_tls.body) == (plain.status, plain.body), path
        assert by_tls.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert "Strict-Transport-Security" not in plain.headers
    assert "; Secure" in secure.get("/sign-in").headers["Set-Cookie"]
    assert "Secure" not in web.get("/sign-in").headers["Set-Cookie"]
    assert secure.get("/sign-in", {"X-Forwarded-Proto": "http"}).headers["Set-Cookie"].startswith("__Host-")
    said = web.hsctl("status").stdout
    assert f"https://127.0.0.1:{secure.port}/" in said and f"http://127.0.0.1:{web.port}/" in said
    assert "HTTPS as localhost, until 20" in said


def test_session(admin):
    assert [name for name in admin.cookies if name.startswith("__Host-hoopscout")]
    assert admin.get("/admin/imports").status == 200
    assert admin.submit("/admin/imports", "/admin/imports/now").status == 303


@pytest.mark.parametrize("version, taken", [(ssl.TLSVersion.TLSv1_3, True), (ssl.TLSVersion.TLSv1_2, True),
                                            (ssl.TLSVersion.TLSv1_1, False)])
def test_versions(secure, version, taken):
    context = secure.context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)     # that is what is tried
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, version
    if not taken:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            secure.connect(context=context)
        return
    with secure.connect(context=context) as link:
        assert link.selected_alpn_protocol() == "http/1.1"
        assert "GCM" in link.cipher()[0] or "CHACHA20" in link.cipher()[0]
        link.sendall(b"GET /health/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: link.recv(65536), b""))      # ends by a close_notify, or this would raise
        assert answer.startswith(b"HTTP/1.1 200 ")


def test_kept_and_pipelined(secure):
    """Many requests on one connection, in one go, and in pieces of a few bytes."""
    request = b"GET /health/ HTTP/1.1\r\nHost: x\r\n\r\n"
    with secure.connect() as link:
        for _ in range(3):
            link.sendall(request * 4)
            got = b""
            while got.count(b'"status"') < 4:
                got += link.recv(65536)
        for at in range(0, len(request), 5):
            link.sendall(request[at:at + 5])
        assert link.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_what_is_no_tls(web, secure):
    """Plain HTTP, noise, or TLS at the plain address: hung up on, and nobody else notices."""
    for first in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\0" * 300, os.urandom(2000), b"\x16\x03\x01\xff\xff" + b"x" * 70000):
        with socket.create_connection(("127.0.0.1", secure.port), timeout=20) as link:
            got = b""
            with contextlib.suppress(ConnectionError):
                link.sendall(first)
                got = b"".join(iter(lambda: link.recv(4096), b""))
            assert b"HTTP/" not in got
    with pytest.raises((ssl.SSLError, ConnectionError)):
        Secure(web, web.port, secure.certificate).connect()
    assert secure.get("/health/").status == web.get("/health/").status == 200


def test_clients_that_leave(web, secure):
    """In the midst of a handshake, a request, or an answer; by an end, or by a reset."""
    for how in ("handshake", "request", "answer", "reset"):
        for _ in range(5):
            if how == "handshake":
                socket.create_connection(("127.0.0.1", secure.port)).close()
                continue
            link = secure.connect()
            link.sendall(b"GET /export.csv HTTP/1.1\r\nHost: x\r\n" + (b"" if how == "request" else b"\r\n"))
            if how == "reset":
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            elif how == "answer":
                link.recv(100)
            link.close()
    until(lambda: detail(web)["in_hand"] == 0, 20, "requests stay in hand")
    assert secure.get("/").status == 200


# -- large things ---------------------------------------------------------------------------------------------

def test_export(web, secure):
    """The same rows; a reader who is slow gets all of them, and memory does not grow."""
    assert secure.get("/export.csv").body == web.get("/export.csv").body
    want = web.get("/export.jsonl").body
    with secure.connect() as link:
        link.sendall(b"GET /export.jsonl HTTP/1.0\r\n\r\n")
        got, reads = b"", 0
        while piece := link.recv(16384):
            got, reads = got + piece, reads + 1
            time.sleep(0.02 if reads < 50 else 0)
    assert got.partition(b"\r\n\r\n")[2] == want


def head_of(admin, length, more=""):
    cookie = "; ".join(f"{name}={value}" for name, value in admin.cookies.items())
    return (f"POST /admin/imports/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\nCookie: {cookie}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n{more}\r\n").encode()


def read_head(link):
    got = b""
    while b"\r\n\r\n" not in got:
        piece = link.recv(65536)
        assert piece, got
        got += piece
    return got


@pytest.mark.parametrize("pieces", [[10 ** 9], [1, 2, 3, 5, 7, 11], [300], [16384], [50000, 1]])
def test_upload(web, secure, admin, pieces):
    """Whether head and body come in one record or in hundreds, what was sent is what comes in."""
    name = f"tls-{pieces[0]}-{len(pieces)}.json"
    file = content() + b" " * 60000
    body = form(admin.proof("/admin/imports"), (name, file))
    data = head_of(admin, len(body)) + body
    with secure.connect() as link:
        at = n = 0
        while at < len(data):
            size = pieces[n % len(pieces)] if n < 400 else len(data)
            link.sendall(data[at:at + size])
            at, n = at + size, n + 1
        assert read_head(link).startswith(b"HTTP/1.1 303 ")
    web.wait_imported(name)
    assert web.folder(f"archive/{name}").read_bytes() == file


def test_large_upload(web, secure, admin):
    """200 MB: in memory there is little of it. The client waits to be told to go on, as curl does."""
    file = content() + b" " * (200 << 20)
    body = form(admin.proof("/admin/imports"), ("large.json", file))
    before = resident(web)
    with secure.connect(60) as link:
        link.sendall(head_of(admin, len(body), "Expect: 100-continue\r\n"))
        assert read_head(link) == b"HTTP/1.1 100 Continue\r\n\r\n"
        link.sendall(body[:150 << 20])
        most = resident(web)
        link.sendall(body[150 << 20:])
        assert read_head(link).startswith(b"HTTP/1.1 303 ")
    if not is_sanitized(web):       # a sanitizer keeps what was freed
        assert most - before < 20 << 20
    web.wait_imported("large.json", 60)
    assert hashlib.sha256(web.folder("archive/large.json").read_bytes()).digest() == hashlib.sha256(file).digest()


def test_refused_upload(web, secure, admin):
    """Who is told no while he still sends hears it."""
    for headers, body, status in (("", form("no proof of ours", ("x.json", b" " * 3000000)), b"403"),
                                  ("Origin: https://evil.example\r\n", b"x" * 3000000, b"403")):
        with secure.connect() as link:
            link.sendall(head_of(admin, len(body), headers))
            with contextlib.suppress(ConnectionError):
                link.sendall(body)
            assert read_head(link).split()[1] == status
    with secure.connect() as link:
        link.sendall(head_of(admin, 400 << 20))
        assert read_head(link).split()[1] == b"413"
    assert parts_left(web) == []


@pytest.mark.parametrize("how", ["close_notify", "end", "reset", "broken record"])
def test_upload_that_is_cut(web, secure, admin, how):
    """Nothing of it stays, and nobody waits for it."""
    body = form(admin.proof("/admin/imports"), ("cut.json", content() + b" " * 3000000))
    link = secure.connect()
    link.sendall(head_of(admin, len(body)) + body[:1000000])
    until(lambda: parts_left(web), 20, "nothing comes in")
    if how == "close_notify":
        with contextlib.suppress(OSError):
            link.settimeout(0.2)
            link.unwrap()
    elif how == "broken record":
        os.write(link.fileno(), b"\x17\x03\x03\x00\x20" + b"x" * 32)
        time.sleep(0.2)
    elif how == "reset":
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    link.close()
    until(lambda: not parts_left(web) and detail(web)["in_hand"] == 0, 20, "a part is left")
    assert not web.folder("archive/cut.json").exists()
    assert secure.get("/health/").status == 200


# -- certificates ---------------------------------------------------------------------------------------------

def served(secure):
    """The certificate that a new connection gets."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with secure.connect(context=context) as link:
        return ssl.DER_cert_to_PEM_cert(link.getpeercert(True))


def test_reload(web, secure):
    """A new certificate is taken without a connection being lost; a bad one changes nothing, and is told of."""
    cert, key = (web.dir / "tls" / f"localhost.{kind}" for kind in ("pem", "key"))
    first, first_key = cert.read_text(), key.read_text()
    pid = web.daemon_pid("web")
    with secure.connect() as kept:
        certify(web)        # anew
        second = cert.read_text()
        assert served(secure) == first
        web.hsctl("reload")
        assert served(secure) == second != first

        key.write_text(first_key)
        done = web.hsctl("reload", as_json=True, check=False)
        refused = done.json["result"]["refused"]
        assert [one["daemon"] for one in refused] == ["web"] and "is not the key of the certificate" in refused[0]["message"]
        assert served(secure) == second
        said = web.hsctl("status").stdout
        assert "reload was refused" in said and "is not the key" in said
        cert.unlink()
        done = web.hsctl("reload", check=False)
        assert done.returncode == 1 and "No such file" in done.stdout + done.stderr
        assert "is not the key of the certificate" in web.log()
        cert.write_text(first)
        web.hsctl("reload")
        assert served(secure) == first
        assert "reload was refused" not in web.hsctl("status").stdout
        kept.sendall(b"GET /health/ HTTP/1.1\r\nHost: x\r\n\r\n")
        assert kept.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert web.daemon_pid("web") == pid


def encrypt(key):
    subprocess.run(["openssl", "pkey", "-in", str(key), "-aes256", "-passout", "pass:secret", "-out", f"{key}.new"],
                   check=True, capture_output=True)
    os.replace(f"{key}.new", key)
    key.chmod(0o644)


BAD = {
    "no file": (lambda cert, key: cert.unlink(), "No such file"),
    "no certificate": (lambda cert, key: cert.write_text("nonsense"), "is no certificate: it must be PEM"),
    "half a chain": (lambda cert, key: cert.write_text(cert.read_text() + cert.read_text()[:300]), "is no certificate"),
    "no key": (lambda cert, key: key.write_text("nonsense"), "is no private key: it must be PEM"),
    "a passphrase": (lambda cert, key: encrypt(key), "has a passphrase"),
    "closed": (lambda cert, key: (os.chown(key, 0, 0), key.chmod(0o600)), "cannot be read by the user hoopscout"),
}


def test_bad_files_at_start(programs, template):
    """hsd-web says what is wrong and what to do; all else runs, and once it is put right hsd-web comes up."""
    house = House(programs, template)
    try:
        secure = serve_tls(house)
        cert, key = (house.dir / "tls" / f"localhost.{kind}" for kind in ("pem", "key"))
        texts = cert.read_text(), key.read_text()
        for what, (spoil, want) in BAD.items():
            if what == "closed" and not is_root():
                continue
            spoil(cert, key)
            before = len(house.log())
            if house.process is None:
                house.start(wait=False)
            else:
                house.hsctl("restart", "web", check=False)
            until(lambda: want in house.log()[before:], 20, lambda: f"{what}: nothing is said\n{house.log_tail()}")
            cert.write_text(texts[0])
            key.write_text(texts[1])
            key.chmod(0o644)
        until(lambda: house.hsctl("restart", "web", check=False).returncode == 0, 20, house.log_tail)
        until(lambda: any(row["name"] == "web" and row["state"] == "up" for row in house.status()["daemons"]), 30, house.log_tail)
        assert secure.get("/health/").status == 200
    finally:
        house.close()


@pytest.mark.parametrize("change, want", [
    ({"HOOPSCOUT_TLS_KEY": ""}, "HOOPSCOUT_TLS_KEY must both be set, or neither; the key is missing"),
    ({"HOOPSCOUT_TLS_CERTIFICATE": ""}, "the certificate is missing"),
    ({"HOOPSCOUT_TLS_CERTIFICATE": "", "HOOPSCOUT_TLS_KEY": ""}, "an address for HTTPS (tls:), which needs"),
])
def test_settings_that_do_not_suit(bare_house, change, want):
    serve_tls(bare_house)
    bare_house.env.update(change)
    bare_house.start(wait=False)
    assert bare_house.process.wait(30) == 78
    bare_house.process = None
    assert want in bare_house.log()


# -- limits ---------------------------------------------------------------------------------------------------

def test_memory_of_idle_connections(web, secure):
    """A connection that waits keeps no buffers."""
    before = resident(web)
    links = [secure.connect() for _ in range(150)]
    for link in links:
        link.sendall(b"GET /health/ HTTP/1.1\r\nHost: x\r\n\r\n")
        assert link.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert detail(web)["connections"] >= 150
    each = (resident(web) - before) / len(links)
    print(f"memory of an idle TLS connection: {each / 1024:.0f} KiB")
    for link in links:
        link.close()
    if not is_sanitized(web):
        assert each < 64 * 1024
    until(lambda: detail(web)["connections"] < 20, 20, "connections stay")


def test_stalled_handshakes(web, secure):
    """Each is hung up on after 10 seconds, and counts as a connection until then."""
    for thread in web.stalled.threads:
        thread.join(20)
    assert set(web.stalled.ended) == {"silent", "half a hello", "a slow request"}
    assert all(9 <= seconds <= 15 for seconds in web.stalled.ended.values()), web.stalled.ended
    before = detail(web)["connections"]
    links = [socket.create_connection(("127.0.0.1", secure.port)) for _ in range(5)]
    until(lambda: detail(web)["connections"] == before + 5, 5, "they are not counted")
    for link in links:
        link.close()
    until(lambda: detail(web)["connections"] == before, 5, "they are counted still")


def test_connection_limit(web, secure):
    """Plain connections and those by TLS are counted together, a handshake that stalls as one of them. The last
    test: it sets another limit."""
    web.env["HOOPSCOUT_WEB_MAX_CONNECTIONS"] = "8"
    web.stop()
    web.start()
    links = [socket.create_connection(("127.0.0.1", port)) for port in [secure.port, web.port] * 4]
    until(lambda: "all connections are taken" in web.log(), 10, "the limit is not reached")
    late = socket.create_connection(("127.0.0.1", secure.port), timeout=1)
    with pytest.raises((TimeoutError, ssl.SSLError, OSError)):
        secure.context().wrap_socket(late, server_hostname="localhost")
    late.close()
    for link in links:
        link.close()
    until(lambda: secure.get("/health/").status == 200, 10, "no connection comes in any more")
