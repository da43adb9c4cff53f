"""HTTP as hsd-web speaks it: what it refuses, what it promises, and what it survives."""

import gzip
import os
import re
import signal
import socket
import threading
import time

import pytest

from house import until

PAGE_TYPE = "text/html; charset=utf-8"


@pytest.fixture(scope="module")
def web(shared_house):
    return shared_house.start()


class Wire:
    """A bare connection: what is sent is what was written."""

    def __init__(self, house, seconds=20):
        self.socket = socket.create_connection(("127.0.0.1", house.port), timeout=seconds)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())
        return self

    def get(self, path="/health/", method="GET", more=""):
        return self.send(f"{method} {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n")

    def _more(self):
        data = self.socket.recv(65536)
        self.buffer += data
        return data

    def answer(self, has_body=True):
        """(status, headers, body) of the next answer."""
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                raise EOFError(self.buffer)
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            assert name.lower() not in headers, f"{name} is given twice"
            headers[name.lower()] = value
        length = int(headers.get("content-length", 0)) if has_body else 0
        while len(self.buffer) < length:
            assert self._more(), "the body was cut"
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return int(lines[0].split()[1]), headers, body

    def is_closed(self):
        """Whether the server has closed it, having sent nothing more."""
        try:
            while self._more():
                pass
        except ConnectionResetError:
            pass
        return self.buffer == b""


REFUSED = {
    "two lengths": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhellox",
    "two lengths alike": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "length with a sign": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello",
    "length in a list": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nhello",
    "chunked": "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
    "chunked and a length": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "another encoding": "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n",
    "a body where none is expected": "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
    "a blank before the colon": "GET / HTTP/1.1\r\nHost: x\r\nX-Y : z\r\n\r\n",
    "no Host": "GET / HTTP/1.1\r\n\r\n",
    "two Hosts": "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "an absolute target": "GET http://example.org/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "another host's target": "GET //example.org/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "a star": "GET * HTTP/1.1\r\nHost: x\r\n\r\n",
    "raw bytes": b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    "no HTTP": "hello\r\n\r\n",
    "an unknown version": "GET / HTTP/3.7\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_and_closed(web, what):
    """What could be read in two ways gets 400 and the connection's end: nothing hides behind it."""
    with Wire(web) as wire:
        wire.send(REFUSED[what]).get("/static/icon.svg")
        status, headers, _ = wire.answer()
        assert status == 400
        assert headers["connection"] == "close"
        assert wire.is_closed(), "what was smuggled behind it was answered"


def test_limits_on_size(web):
    """Headers have 16 KB, bodies 1 MiB; the connection ends with more."""
    with Wire(web) as wire:
        wire.send("GET / HTTP/1.1\r\nHost: x\r\n" + "X-Long: " + 17000 * "x" + "\r\n\r\n")
        assert wire.answer()[0] in (400, 413)
        assert wire.is_closed()
    with Wire(web) as wire:
        wire.send(f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {(1 << 20) + 1}\r\n\r\n")
        wire.send(b"x" * 200000)
        assert wire.answer()[0] == 413
    with Wire(web) as wire:
        wire.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n").send(b"x" * 1000000)
        assert wire.answer()[0] == 405
        wire.get()
        assert wire.answer()[0] == 200, "a body of the right size leaves the connection usable"


@pytest.mark.parametrize("path,kind", [("/", PAGE_TYPE), ("/health/", "application/json"), ("/players/1", PAGE_TYPE),
                                       ("/static/app.css", "text/css; charset=utf-8"), ("/nothing", PAGE_TYPE),
                                       ("/api/v1/players", "application/json"), ("/api/nothing", "application/problem+json")])
def test_head_is_get_without_a_body(web, path, kind):
    """HEAD has all of GET's headers and no body, and the connection stays usable."""
    with Wire(web) as wire:
        get = wire.get(path).answer()
        head = wire.get(path, "HEAD").answer(has_body=False)
        again = wire.get(path).answer()
    assert get[0] == head[0] == again[0]
    assert get[1]["content-type"] == kind
    for headers in (get[1], head[1], again[1]):
        headers.pop("date")
    assert head[1] == get[1] == again[1]
    assert len(get[2]) == int(head[1]["content-length"]) > 0


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/players/1", "/api/v1/players", "/health/", "/static/app.css"])
def test_other_methods(web, method, path):
    """405 says what is allowed."""
    answer = web.request(method, path)
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/nothing", "/players/", "/players/0", "/players/x", "/players/1/", "/players/-1",
                                  "/players/99999999999", "/players/2147483647", "/index.html", "/api/v1/players/1",
                                  "/api/", "/static/", "/static/nothing.css", "/static/../main.c", "/static/%2e%2e/app.css",
                                  "/static/vendor/", "/static/package.json", "/static/Makefile.inc", "/static//app.css"])
def test_not_found(web, path):
    answer = web.get(path)
    assert answer.status == 404
    if path.startswith("/api/"):
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == 404
    else:
        assert answer.headers["Content-Type"] == PAGE_TYPE
        assert "<h1>" in answer.text and "app.css" in answer.text


def test_pages_protect_themselves(web):
    """Every answer has the headers of section 9, and no page needs inline code."""
    for path in ("/", "/players/1", "/static/app.js", "/api/v1/players", "/?x=1"):
        answer = web.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
    page = web.get("/").text
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", page)


def test_pages_escape(web):
    """What a visitor writes comes back as text."""
    page = web.get("/?name=%3Cscript%3Ealert(1)%3C/script%3E%22").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&quot;" in page
    page = web.get("/?ppg_min=%3Cb%3E").text
    assert "<b>" not in page and "&lt;b&gt;" in page


def test_fragments(web):
    """htmx gets the results alone, but a history restore the page; caches can tell them apart."""
    page = web.get("/?ppg_min=1")
    fragment = web.get("/?ppg_min=1", headers={"HX-Request": "true"})
    restored = web.get("/?ppg_min=1", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    for answer in (page, fragment, restored):
        assert answer.status == 200
        assert {name.strip() for name in answer.headers["Vary"].split(",")} == {"HX-Request", "HX-History-Restore-Request", "Cookie"}
    assert restored.body == page.body and restored.headers["ETag"] == page.headers["ETag"]
    assert fragment.headers["ETag"] != page.headers["ETag"]
    assert "<html" in page.text and "<html" not in fragment.text
    assert 'id="results"' in fragment.text and "hx-swap-oob" in fragment.text and "<form" not in fragment.text


def test_not_modified(web):
    """A 304 for who has the same bytes; the page's tag does not stand for the fragment's."""
    for path, headers in (("/", {}), ("/", {"HX-Request": "true"}), ("/api/v1/players", {}), ("/static/app.css", {})):
        first = web.get(path, headers=headers)
        tag = first.headers["ETag"]
        for given in (tag, f'"other", {tag}', f"W/{tag}", "*"):
            again = web.get(path, headers={**headers, "If-None-Match": given})
            assert (again.status, again.body) == (304, b""), given
            assert again.headers["ETag"] == tag
            assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
        assert web.get(path, headers={**headers, "If-None-Match": '"other"'}).status == 200
    page = web.get("/").headers["ETag"]
    assert web.get("/", headers={"HX-Request": "true", "If-None-Match": page}).status == 200


def test_pushed_address(web):
    """The canonical address goes into the address bar, and is not pushed twice."""
    def push(path, current="http://x/"):
        return web.get(path, headers={"HX-Request": "true", "HX-Current-URL": current}).headers["HX-Push-Url"]

    assert push("/?name=&ppg_min=20.0&sort=-ppg&page=1") == "/?ppg_min=20"
    assert push("/?name=", "http://x/?ppg_min=20") == "/"
    assert push("/?name=") == "false"
    assert push("/?ppg_min=20.0", "http://x/?ppg_min=20") == "false"
    assert push("/?ppg_min=x") == "false"
    assert web.get("/?ppg_min=20").headers["HX-Push-Url"] is None


def test_static_files(web):
    """The page's addresses of files never change their meaning; the plain ones are asked about again."""
    page = web.get("/").text
    found = re.findall(r'(?:href|src)="(/static/[^"?]+)\?v=([0-9a-f]+)"', page)
    assert {"/static/app.css", "/static/app.js", "/static/vendor/htmx.min.js", "/static/icon.svg"} <= {f[0] for f in found}
    for path, version in found:
        exact, plain = web.get(f"{path}?v={version}"), web.get(path)
        assert exact.status == plain.status == 200
        assert "immutable" in exact.headers["Cache-Control"]
        assert plain.headers["Cache-Control"] == web.get(f"{path}?v=0").headers["Cache-Control"] == "public, no-cache"
        assert exact.body == plain.body and len(exact.body) > 100
    assert web.get("/favicon.ico").headers["Content-Type"] == "image/svg+xml"


def test_packed_files(web):
    """Whoever accepts gzip gets the files packed, with an ETag of their own; the others as they are."""
    plain = web.get("/static/app.css")
    assert "Content-Encoding" not in plain.headers and plain.headers["Vary"] == "Accept-Encoding"
    for accept in ("gzip", "deflate, GZIP;q=0.5, br", "*", "br , gzip ; q=1"):
        packed = web.get("/static/app.css", headers={"Accept-Encoding": accept})
        assert packed.headers["Content-Encoding"] == "gzip", accept
        assert packed.headers["Vary"] == "Accept-Encoding"
        assert int(packed.headers["Content-Length"]) == len(packed.body) < len(plain.body) / 2
        assert gzip.decompress(packed.body) == plain.body
        assert packed.headers["ETag"] != plain.headers["ETag"]
    for accept in ("", "identity", "gzip;q=0", "gzip;q=0.000, br", "*;q=0", "xgzip", "gzips"):
        assert web.get("/static/app.css", headers={"Accept-Encoding": accept}).body == plain.body, accept
    for etag in (plain.headers["ETag"], packed.headers["ETag"]):
        accept = {} if etag == plain.headers["ETag"] else {"Accept-Encoding": "gzip"}
        answer = web.get("/static/app.css", headers={"If-None-Match": etag, **accept})
        assert (answer.status, answer.headers["ETag"], answer.headers["Vary"]) == (304, etag, "Accept-Encoding")
        other = {"Accept-Encoding": "gzip"} if accept == {} else {}
        assert web.get("/static/app.css", headers={"If-None-Match": etag, **other}).status == 200
    assert web.get("/static/app.css.gz").status == 404


def test_pipelined_requests(web):
    """Requests sent in one go are answered in order."""
    with Wire(web) as wire:
        wire.send("".join(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n" for path in ("/health/", "/nothing", "/api/v1/players", "/")))
        answers = [wire.answer() for _ in range(4)]
    assert [a[0] for a in answers] == [200, 404, 200, 200]
    assert b'"total":' in answers[2][2]


def test_old_and_closing_clients(web):
    """HTTP/1.0 needs no Host and gets its answer's length; Connection: close is obeyed."""
    with Wire(web) as wire:
        status, headers, _ = wire.send("GET /health/ HTTP/1.0\r\n\r\n").answer()
        assert status == 200 and "content-length" in headers
        assert wire.is_closed()
    with Wire(web) as wire:
        status, headers, _ = wire.get(more="Connection: close\r\n").answer()
        assert (status, headers["connection"]) == (200, "close")
        assert wire.is_closed()


def test_unix_socket(house):
    """A unix: address in HOOPSCOUT_LISTEN works like any other."""
    path = house.state / "web.sock"
    house.env["HOOPSCOUT_LISTEN"] = f"127.0.0.1:{house.port},unix:{path}"
    house.start()
    for _ in range(3):
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(10)
            link.connect(str(path))
            link.sendall(b"GET /health/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: link.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 200 OK") and b'"status":"ok"' in answer


def test_slow_requests_end(web):
    """A request has ten seconds from its first byte to its last, however steadily it drips."""
    with Wire(web, seconds=40) as head, Wire(web, seconds=40) as body:
        head.send("GET / HTTP/1.1\r\nHost: x\r\n")
        body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        begun = time.monotonic()
        ended = None
        while ended is None and time.monotonic() - begun < 20:
            time.sleep(0.5)
            try:
                head.send("X: y\r\n")
                body.send("x")
            except (BrokenPipeError, ConnectionResetError):
                ended = time.monotonic() - begun
        assert ended is not None and 9 <= ended <= 19, ended
    assert web.get("/health/").status == 200


def test_connection_limit(house):
    """With all connections taken new ones wait, and idle ones make room."""
    house.env["HOOPSCOUT_WEB_MAX_CONNECTIONS"] = "10"
    house.start()
    idle = [Wire(house).get() for _ in range(10)]
    for wire in idle:
        assert wire.answer()[0] == 200
    begun = time.monotonic()
    assert house.get("/health/", seconds=30).status == 200
    assert 2 < time.monotonic() - begun < 15
    for wire in idle:
        wire.socket.close()
    until(lambda: house.status()["daemons"], 5, "status")
    begun = time.monotonic()
    assert house.get("/health/").status == 200
    assert time.monotonic() - begun < 5, "the limit lasts longer than the connections"


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_out_of_descriptors(house):
    """With no descriptor left it neither spins nor floods the log, and recovers."""
    house.start(program=["prlimit", "--nofile=150:150", house.programs.path("hsd-supervisor")])
    house.get("/")
    pid = house.daemon_pid("web")
    waiting = [socket.create_connection(("127.0.0.1", house.port)) for _ in range(200)]
    until(lambda: "cannot accept" in house.log(), 5, "descriptors do not run out")
    cpu, lines = cpu_seconds(pid), len(house.log().splitlines())
    time.sleep(2)
    assert cpu_seconds(pid) - cpu < 0.3
    assert len(house.log().splitlines()) - lines < 40
    for link in waiting:
        link.close()
    until(lambda: house.get("/health/").status == 200, 10, "it does not recover")
    assert house.daemon_pid("web") == pid


class Lock:
    """Holds a table, so that every query of it hangs."""

    def __init__(self, house, table="player_best"):
        self.house = house
        self.table = table

    def _hold(self):
        self.house.sql(f"begin; lock table {self.table} in access exclusive mode; select pg_sleep(60);", check=False)

    def __enter__(self):
        self.thread = threading.Thread(target=self._hold)
        self.thread.start()
        until(lambda: self.house.sql("select count(*) from pg_locks where mode = 'AccessExclusiveLock' and granted "
                                     f"and relation = '{self.table}'::regclass") == "1", 10, "no lock")
        return self

    def __exit__(self, *_):
        self.house.sql("select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(60)%' "
                       "and pid <> pg_backend_pid()")
        self.thread.join()


WAITING = "select count(*) from pg_stat_activity where application_name = 'hsd-web' and wait_event_type = 'Lock'"


def test_no_query_blocks(web):
    """While searches hang, everything else is answered at once; they are answered when they can be."""
    with Lock(web):
        searches = [Wire(web, seconds=30).get(f"/api/v1/players?mpg_min={i}") for i in range(3)]
        until(lambda: web.sql(WAITING) != "0", 5, "no search waits")
        begun = time.monotonic()
        for _ in range(20):
            assert web.get("/static/app.css").status == 200
        assert web.get("/nothing").status == 404
        assert time.monotonic() - begun < 5
    for search in searches:
        assert search.answer()[0] == 200
        search.socket.close()


def test_client_leaves(web):
    """A search whose client is gone is cancelled at the server."""
    for how in ("close", "reset"):
        with Lock(web):
            wire = Wire(web).get(f"/api/v1/players?name={how}")
            until(lambda: web.sql(WAITING) == "2", 5, "page and total do not both wait")
            if how == "reset":
                wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            wire.socket.close()
            until(lambda: web.sql(WAITING) == "0", 3, f"after a {how} the search goes on")
        until(lambda: web.get(f"/api/v1/players?name={how}").status == 200, 5, "no connection is usable again")


def test_no_total_beside_a_page_that_has_it(web):
    """Of a team's players, or far down, the page's own way counts them all: nothing is counted twice."""
    for query, connections in (("team=x:y", 1), ("season=2016&name=nobody", 1), ("games_min=1&sort=name&page=401", 1),
                               ("name=somebody&games_min=1", 2)):
        with Lock(web):
            wire = Wire(web, seconds=30).get(f"/api/v1/players?{query}")
            until(lambda: web.sql(WAITING) != "0", 5, "no search waits")
            time.sleep(0.5)     # much longer than a page has before its total is begun
            assert int(web.sql(WAITING)) == connections, query
        assert wire.answer()[0] == 200
        wire.socket.close()


def test_search_deadline(house):
    """A search that takes longer than HOOPSCOUT_SEARCH_SECONDS is 503, in the asker's form."""
    house.env["HOOPSCOUT_SEARCH_SECONDS"] = "1"
    house.start()
    with Lock(house):
        for path, headers, kind, mark in (("/api/v1/players", {}, "application/problem+json", '"status":503'),
                                          ("/", {}, PAGE_TYPE, "<html"),
                                          ("/", {"HX-Request": "true"}, PAGE_TYPE, 'id="results"')):
            begun = time.monotonic()
            answer = house.get(path, headers=headers)
            assert answer.status == 503 and 0.8 < time.monotonic() - begun < 10
            assert answer.headers["Content-Type"] == kind and mark in answer.text
            assert int(answer.headers["Retry-After"]) > 0
        until(lambda: house.sql(WAITING) == "0", 10, "the queries were left running")
    assert house.get("/").status == 200


def postgres_pid(house):
    with open(house.state / "postgres/postmaster.pid", encoding="ascii") as file:
        return int(file.readline())


def test_health(house):
    """ok; then what is missing; then, with the database stopped, that it does not answer."""
    house.start()
    answer = house.get("/health/")
    assert answer.status == 200 and answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["status"] == answer.json()["database"] == "ok"
    assert house.get("/health").json() == answer.json()

    house.sql("alter table schema_migration rename to hidden")
    missing = house.get("/health/")
    assert missing.status == 503 and missing.json()["status"] == "unavailable"
    assert "migrations are missing" in missing.json()["reason"]
    house.sql("alter table hidden rename to schema_migration")
    house.sql("create table kept as select * from schema_migration; delete from schema_migration")
    assert "migrations are missing: run hsctl migrate" in house.get("/health/").json()["reason"]
    house.sql("insert into schema_migration select * from kept; drop table kept")
    assert house.get("/health/").status == 200

    backends = [int(pid) for pid in house.sql("select pid from pg_stat_activity where application_name = 'hsd-web'").split()]
    for pid in backends:
        os.kill(pid, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        hung = house.get("/health/")
        assert hung.status == 503 and "in time" in hung.json()["reason"]
        assert time.monotonic() - begun < 10
    finally:
        for pid in backends:
            os.kill(pid, signal.SIGCONT)
    until(lambda: house.get("/health/").status == 200, 10, "health does not recover")


def test_database_away(house):
    """Without a database: 503 that says so, static files all the same, and recovery by itself."""
    house.start()
    house.get("/")
    pid = postgres_pid(house)
    os.kill(pid, signal.SIGSTOP)        # so that the supervisor does not start another at once
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as file:
                parent = int(file.read().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            os.kill(int(entry), signal.SIGKILL)
    try:
        begun = time.monotonic()
        page = house.get("/?games_min=1", seconds=20)
        assert page.status == 503 and time.monotonic() - begun < 12
        assert "<h1>" in page.text and page.headers["Retry-After"]
        assert house.get("/static/app.css").status == 200
        health = house.get("/health/")
        assert health.status == 503 and health.json()["reason"]
        assert house.get("/api/v1/players").json()["status"] == 503
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: house.get("/health/").status == 200, 30, "it does not recover")
    assert house.get("/").status == 200


def test_restart_drops_no_connection(house):
    """While web restarts again and again, every request is answered."""
    house.start()
    wrong, count, stop = [], [0], threading.Event()

    def ask():
        while not stop.is_set():
            try:
                answer = house.get("/api/v1/players", seconds=20)
                count[0] += 1
                if answer.status != 200:
                    wrong.append(answer.status)
            except OSError as error:
                wrong.append(repr(error))

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    for _ in range(3):
        house.control("restart", daemon="web")
        until(lambda: house.is_ready(), 20, "web does not come back")
        time.sleep(0.3)
    stop.set()
    for asker in askers:
        asker.join()
    assert count[0] > 20
    assert wrong == []


def test_stop_finishes_what_is_in_hand(house):
    """A search under way when web is stopped is still answered, and says the connection ends."""
    house.start()
    with Lock(house):
        wire = Wire(house, seconds=30).get("/api/v1/players")
        until(lambda: house.sql(WAITING) == "1", 5, "no search waits")
        os.kill(house.daemon_pid("web"), signal.SIGTERM)
        time.sleep(0.5)
    status, headers, body = wire.answer()
    assert status == 200 and headers["connection"] == "close" and b'"total":0' in body
    assert wire.is_closed()
    wire.socket.close()


def test_reload(house, programs):
    """A reload takes new templates and files; broken ones leave the old in force."""
    data = house.dir / "data"
    source = programs.env.get("HOOPSCOUT_DATA_DIR") or str(house_source())
    os.system(f"mkdir {data} && cp -R {source}/templates {source}/sql {source}/htdocs {data}/ && chmod -R a+rX {data}")
    if not (data / "htdocs/vendor").exists():
        os.system(f"cp -R {programs.build}/htdocs/vendor {data}/htdocs/ && chmod -R a+rX {data}")
    house.env["HOOPSCOUT_DATA_DIR"] = str(data)
    house.start()
    pid = house.daemon_pid("web")
    masthead = data / "templates/part/masthead.mustache"
    old = masthead.read_text()

    masthead.write_text(old + "<p>{{#broken}}</p>")
    house.control("reload")
    until(lambda: "never closed" in house.log() or "masthead" in house.log(), 10, "nothing is said about the broken template")
    assert "broken" not in house.get("/").text and house.get("/").status == 200

    masthead.write_text(old + "<p>brand new</p>")
    (data / "htdocs/app.css").write_text("body { color: red }")
    before = house.get("/static/app.css").headers["ETag"]
    house.control("reload")
    until(lambda: "<p>brand new</p>" in house.get("/").text, 10, "the new template is not used")
    changed = house.get("/static/app.css", headers={"Accept-Encoding": "gzip"})
    assert changed.headers["ETag"] != before
    assert changed.body == b"body { color: red }", "what was packed before the file was changed"

    # what the pool connects with must outlive the settings that the reload replaced
    house.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'hsd-web'")
    until(lambda: house.get("/health/").status == 200, 15, "no new connection after a reload")
    assert house.get("/").status == 200
    assert house.daemon_pid("web") == pid


def house_source():
    from house import SOURCE_DIR
    return SOURCE_DIR


def test_status(web):
    """hsctl status shows how busy web is."""
    web.get("/")
    detail = next(row for row in web.status()["daemons"] if row["name"] == "web")
    found = detail.get("detail", detail)
    assert found["requests"] >= 1 and found["database"]["usable"] is True
