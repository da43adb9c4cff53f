"""The nginx configuration that is installed, in a real nginx before a real HoopScout."""

import json
import re
import socket
import time

import pytest

from browser import Browser, make_account, signed_in
from house import SOURCE_DIR, until
from nginx import Nginx, need_nginx
from test_importer import record, snapshot
from test_uploads import BOUNDARY, content, form, part

SECURITY = ["Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy",
            "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy"]


@pytest.fixture(scope="module")
def web(shared_house):
    need_nginx()
    house = shared_house
    house.env.update({"HOOPSCOUT_TRUSTED_PROXIES": "127.0.0.1,unix", "HOOPSCOUT_RESCAN_SECONDS": "1",
                      "HOOPSCOUT_LISTEN": f"127.0.0.1:{house.port},unix:{house.state}/web.sock"})
    house.start()
    make_account(house, "admin", "admin")
    house.drop(json.dumps(snapshot(*[record(player_external_id=f"p{n}", full_name=f"Player {n}") for n in range(3000)])),
               "many.json")
    house.wait_imported("many.json")
    return house


@pytest.fixture(scope="module")
def site(web):
    made = Nginx(web).start()
    yield made
    made.close()


@pytest.fixture(scope="module")
def admin(site):
    return signed_in(site, "admin")


def requests_of(web):
    """How many hsd-web has had."""
    return next(row for row in web.status()["daemons"] if row["name"] == "web")["detail"]["requests"]


def below_path(nginx):
    """A server block of another site that includes the locations as their comment says."""
    text = (nginx.conf / "hoopscout-location.conf").read_text()
    found = re.search(r"sed '(s\|.*\|)' hoopscout-location.conf", text).group(1)
    assert found == r"s|location \(=* *\)/|location \1/scout/|"
    text = re.sub(r"location (=* *)/", r"location \1/scout/", text)
    (nginx.conf / "scout.conf").write_text(text)
    return (f"upstream hoopscout {{ server 127.0.0.1:{nginx.house.port}; keepalive 4; }}\n"
            f"include {nginx.conf}/hoopscout-http.conf;\nserver {{ listen {nginx.port};\n"
            f"location / {{ return 200 'another site'; }}\ninclude {nginx.conf}/scout.conf; }}")


@pytest.mark.parametrize("what", ["hoopscout.conf", "hoopscout-tls.conf", "below a path"])
def test_nginx_takes_it(web, what):
    nginx = Nginx(web, wrap=below_path) if what == "below a path" else Nginx(web, what)
    try:
        status, said = nginx.check()
        assert (status, said) == (0, "")
    finally:
        nginx.close()


def test_pages(web, site):
    for path in ("/", "/?name=player+7", "/players/1", "/api/v1/players?per_page=10", "/sign-in", "/nothing"):
        through, direct = site.get(path), web.get(path)
        assert through.status == direct.status, path
        if path != "/sign-in":      # each has a proof of its own
            assert through.body == direct.body, path
        assert through.headers["Server"].startswith("nginx")
    assert site.get("/health/").json()["status"] == "ok"
    before = requests_of(web)
    for path in ("/metrics", "/metrics?x=1", "/metrics/all"):
        assert site.get(path).status == 404
    assert "hoopscout_build_info" in web.get("/metrics").text
    assert requests_of(web) - before <= 1, "a question about /metrics reached hsd-web"


def test_security_headers(web, site):
    """On every answer, whoever makes it, once, with what hsd-web says; its other headers come through."""
    want = {name: web.get("/").headers[name] for name in SECURITY}
    answers = {"page": site.get("/"), "API": site.get("/api/v1/players"), "file": site.get("/static/app.css"),
               "no file": site.get("/static/nothing"), "refused by nginx": site.get("/metrics"),
               "no page": site.get("/nothing"), "export": site.get("/export.csv?name=nobody"),
               "too large": site.request("POST", "/sign-in", body=b"x" * 1100000),
               "malformed": site.get("/", {"Host": "a b"})}
    assert [answers[name].status for name in ("file", "no file", "too large", "malformed")] == [200, 404, 413, 400]
    for name, answer in answers.items():
        for header, value in want.items():
            assert answer.headers.get_all(header) == [value], (name, header)
    assert answers["page"].headers["ETag"] == web.get("/").headers["ETag"]
    assert "HX-Request" in answers["page"].headers["Vary"]
    assert len(answers["page"].headers.get_all("Cache-Control")) == 1


def test_static_files(web, site):
    """nginx gives files itself, packed to who takes that, to be kept for good by their full address."""
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', web.get("/").text)
    assert len(addresses) >= 4
    before = requests_of(web)
    for address in addresses:
        plain, packed = site.get(address), site.get(address, {"Accept-Encoding": "gzip, deflate"})
        assert (plain.status, packed.status) == (200, 200), address
        assert plain.headers["Cache-Control"] == "max-age=31536000"
        assert "Content-Encoding" not in plain.headers and packed.headers["Content-Encoding"] == "gzip"
        assert packed.headers["Vary"] == "Accept-Encoding"
        assert len(packed.body) < len(plain.body)
        assert site.get(address, {"If-None-Match": plain.headers["ETag"]}).status == 304
        assert site.get(address, {"If-Modified-Since": plain.headers["Last-Modified"]}).status == 304
        assert site.get(address.split("?")[0]).headers["Cache-Control"] == "no-cache"
        assert plain.headers["Content-Type"].split(";")[0] in ("text/css", "application/javascript", "text/javascript",
                                                              "image/svg+xml")
    assert requests_of(web) - before <= 1
    for address in addresses:
        assert site.get(address).body == web.get(address).body


def test_too_large(web, site, admin):
    """What is larger than hsd-web takes, nginx refuses before it is sent."""
    before = requests_of(web)
    answer = site.request("POST", "/sign-in", body=b"x" * (1 << 20) + b"y")
    assert answer.status == 413
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as link:
        link.sendall(b"POST /admin/imports/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000000\r\n\r\n")
        assert link.recv(64).startswith(b"HTTP/1.1 413 ")
    assert requests_of(web) - before <= 1


def test_export(web, site):
    """An export of all rows is the same through nginx, and none of it goes by its disk."""
    direct, through = web.get("/export.csv"), site.get("/export.csv")
    assert through.body == direct.body and through.text.count("\r\n") > 3000
    assert through.headers["Content-Disposition"] == direct.headers["Content-Disposition"]
    link = site.connect()
    link.request("GET", "/export.jsonl")
    response = link.getresponse()
    assert response.headers["Transfer-Encoding"] == "chunked"
    first = response.read(1000)
    time.sleep(0.3)
    assert first + response.read() == web.get("/export.jsonl").body
    link.close()
    assert "temporary file" not in site.log()


def test_upload_is_not_gathered(web, site, admin):
    """What comes of an upload is in hsd-web's hands before the rest has been sent."""
    proof, file = admin.proof("/admin/imports"), content() + b" " * 2000000
    body = form(proof, ("through.json", file))
    head = (f"POST /admin/imports/upload HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nContent-Length: {len(body)}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
            f"Cookie: {'; '.join(f'{name}={value}' for name, value in admin.cookies.items())}\r\n\r\n")
    with socket.create_connection(("127.0.0.1", site.port), timeout=30) as link:
        link.sendall(head.encode() + body[:1000000])
        until(lambda: [name for name in web.ls("incoming") if name.startswith(".upload")], 20, "nothing has come in")
        link.sendall(body[1000000:])
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += link.recv(65536)
    assert answer.startswith(b"HTTP/1.1 303 ") and b"Location: /admin/imports/uploads?f=" in answer, answer
    web.wait_imported("through.json")
    assert web.folder("archive/through.json").read_bytes() == file
    assert "buffered to a temporary file" not in site.log()


def test_forwarded_headers(web, site):
    """hsd-web hears the visitor's address from nginx, and from nobody else what he says of himself."""
    lies = {"X-Forwarded-For": "9.9.9.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}

    class From:
        base = ""

        def __init__(self, target, source):
            self.target, self.source = target, source

        def request(self, method, path, headers=None, body=None):
            return self.target.request(method, path, {**(headers or {}), **lies}, body, source=self.source)

    class Direct(Nginx):
        def __init__(self, house):
            self.house, self.port = house, house.port

    for target, source in ((site, "127.0.0.2"), (Direct(web), "127.0.0.3")):
        browser = signed_in(From(target, source), "admin")
        assert f"somebody signed in account=admin address={source}" in web.log()
        assert all("Secure" not in line for line in browser.lines) and browser.lines
        page = browser.get("/players/1", {"Referer": f"http://127.0.0.1:{target.port}/?ppg_min=1"})
        assert 'class="back"><a href="/?ppg_min=1"' in page.text
        page = browser.get("/players/1", {"Referer": "http://evil.example/?ppg_min=1"})
        assert 'class="back"><a href="/"' in page.text
    assert "9.9.9.9" not in web.log()


def connections_to(port):
    """Connections to a port on loopback that are open, or were closed a moment ago."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return sum(1 for row in rows if int(row[2].split(":")[1], 16) == port and row[3] != "0A")


def test_upstream_is_kept_open(web, site):
    before = connections_to(web.port)
    for _ in range(40):
        assert site.get("/health/").status == 200
    assert connections_to(web.port) - before <= 3


def test_sign_in_is_limited(site):
    """Much sooner than by hsd-web's own throttle, whoever sends the form again and again is told to wait."""
    browser = Browser(site)
    assert browser.get("/sign-in").status == 200
    statuses = [browser.post("/sign-in", {"proof": "x"}).status for _ in range(30)]
    assert statuses[0] == 403 and statuses[-1] == 429
    assert browser.get("/sign-in").status == 200, "looking at the page is no attempt"


def test_unix_socket(web):
    """As the comment in hoopscout.conf has it."""
    nginx = Nginx(web, changes=[("#server unix:/run/hoopscout/web.sock;", f"server unix:{web.state}/web.sock;"),
                                (f"server 127.0.0.1:{web.port};", "")])
    try:
        nginx.start()
        signed_in(nginx, "admin")
        assert web.log().rstrip().splitlines()[-1].endswith("address=127.0.0.1")
    finally:
        nginx.close()


def test_https(web):
    nginx = Nginx(web, "hoopscout-tls.conf")
    try:
        nginx.start()
        plain = nginx.get("/?name=a")
        assert plain.status == 308 and plain.headers["Location"].startswith("https://")
        page = nginx.get("/sign-in", tls=True)
        assert page.status == 200
        assert page.headers.get_all("Strict-Transport-Security") == ["max-age=31536000"]
        assert page.headers["Set-Cookie"].startswith("__Host-hoopscout-form=") and "; Secure" in page.headers["Set-Cookie"]
        assert page.headers.get_all("X-Frame-Options") == ["DENY"]
        assert "Strict-Transport-Security" not in web.get("/").headers
    finally:
        nginx.close()


def test_below_a_path(web):
    """HOOPSCOUT_BASE_PATH with the locations made by the sed line of their comment. The last test: it starts anew."""
    web.stop()
    web.env["HOOPSCOUT_BASE_PATH"] = "/scout"
    web.start()
    nginx = Nginx(web, wrap=below_path)
    nginx.base = "/scout"
    try:
        nginx.start()
        assert nginx.get("/").text == "another site"
        assert "Content-Security-Policy" not in nginx.get("/").headers
        page = nginx.get("/scout/")
        assert page.status == 200
        addresses = re.findall(r'(?:href|src)="(/scout/static/[^"]+)"', page.text)
        before = requests_of(web)
        assert len(addresses) >= 4 and all(nginx.get(address).status == 200 for address in addresses)
        assert requests_of(web) - before <= 1
        for answer in (page, nginx.get(addresses[0]), nginx.get("/scout/metrics")):
            assert answer.headers.get_all("X-Frame-Options") == ["DENY"]
        admin = signed_in(nginx, "admin")
        answer = admin.request("POST", "/scout/admin/imports/upload",
                               form(admin.proof("/scout/admin/imports"), ("path.json", content() + b" " * 1500000)),
                               {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})
        assert answer.status == 303 and answer.headers["Location"].startswith("/scout/admin/imports/uploads")
        assert nginx.get("/scout/health/").json()["status"] == "ok"
        assert nginx.get("/scout/metrics").status == 404 and web.get("/scout/metrics").status == 200
    finally:
        nginx.close()


def test_limits_are_hoopscouts(web):
    """What nginx lets through is what hsd-web takes by default."""
    text = (SOURCE_DIR / "etc/nginx/hoopscout-location.conf").read_text()
    fallback = next(row for row in web.control("config")[1]["settings"] if row["name"] == "HOOPSCOUT_UPLOAD_MAX_BYTES")
    assert f"client_max_body_size {fallback['value'].lower()};" in text
