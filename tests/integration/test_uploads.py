"""Snapshots from a browser: streamed into incoming, whole or not at all, by those who may; and what becomes of them."""

import contextlib
import hashlib
import html
import json
import re
import socket
import time

import pytest

from browser import make_account, signed_in
from house import until
from test_importer import record, snapshot

PATH = "/admin/imports/upload"
BOUNDARY = "----a boundary's edge".replace(" ", "_")


@pytest.fixture(scope="module")
def web(shared_house):
    shared_house.env["HOOPSCOUT_RESCAN_SECONDS"] = "1"
    shared_house.env["HOOPSCOUT_UPLOAD_MAX_BYTES"] = "400M"
    shared_house.start()
    for role in ("viewer", "scout", "admin"):
        make_account(shared_house, role, role)
    shared_house.admin = signed_in(shared_house, "admin")
    return shared_house


@pytest.fixture
def admin(web):
    return web.admin


def part(name, content, file_name=None):
    name = f'form-data; name="{name}"' + (f'; filename="{file_name}"' if file_name is not None else "")
    return b"--%s\r\nContent-Disposition: %s\r\n\r\n%s\r\n" % (BOUNDARY.encode(), name.encode(), content)


def form(proof, *files):
    """The body of a form with these files, (name, content) each."""
    body = part("proof", proof.encode()) if proof is not None else b""
    for name, content in files:
        body += part("file", content, name)
    return body + b"--%s--\r\n" % BOUNDARY.encode()


def send(browser, body, headers=None):
    return browser.request("POST", PATH, body, {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
                                                **(headers or {})})


def upload(browser, *files, headers=None):
    return send(browser, form(browser.proof("/admin/imports"), *files), headers)


def text_of(answer):
    return html.unescape(re.sub(r"<[^>]+>", " ", answer.text))


def fates(browser, where):
    """[(status, name)] of the page, once nothing moves."""
    def settled():
        page = browser.get(where)
        assert page.status == 200, page.text
        return page if 'id="poll"' not in page.text else None
    page = until(settled, 30, "the uploads are not imported")
    return [(status, html.unescape(name)) for status, name in
            re.findall(r'<span class="badge [^"]*">([^<]+)</span>\s*<(?:a|span) class="name"[^>]*>([^<]*)<', page.text)]


def content(**changes):
    return json.dumps(snapshot(**changes)).encode()


def parts_left(web):
    return [name for name in web.ls("incoming") if name.startswith(".upload")]


def imported(web):
    """How many files the importer has seen, once it has nothing more to do."""
    until(lambda: not [name for name in web.ls("incoming") if name.endswith(".json")], 60, "files stay in incoming")
    return web.sql("select count(*) from import_file")


def came_in(web, count):
    """Whether anything came in since then, or is on its way."""
    return web.ls("incoming") != [] or imported(web) != count


# -- what comes in --------------------------------------------------------------------------------------------

def test_several_files(web, admin):
    good, bad = content(), b"{}"
    answer = upload(admin, ("one.json", good), ("two.json", content()), ("bad.json", bad), ("again.json", good))
    assert answer.status == 303 and answer.headers["Location"].startswith("/admin/imports/uploads?f=")
    assert answer.headers["Connection"] == "close"
    got = fates(admin, answer.headers["Location"])
    assert got == [("imported", "one.json"), ("imported", "two.json"), ("failed", "bad.json"), ("duplicate", "again.json")]
    until(lambda: web.folder("archive/one.json").exists(), 20, "the move")
    assert web.folder("archive/one.json").read_bytes() == good
    page = admin.get(answer.headers["Location"])
    assert "errors: see what is wrong" in page.text or "error: see what is wrong" in page.text
    assert parts_left(web) == []
    audit = web.rows("select * from audit_trail where action = 'import.upload' order by audit_id desc limit 1")[0]
    assert (audit["actor"], audit["subject"], audit["detail"]) == ("admin", "one.json", "4 files")


@pytest.mark.parametrize("extra", [b"", b"\r\n--", b"\r\n--" + BOUNDARY.encode()[:-1], b"\r\r\n\r", bytes(range(256)) * 3])
def test_every_byte_arrives(web, admin, extra):
    """Whatever the bytes are, they lie in incoming as they were sent; here they are no good snapshots."""
    text = b"[" + extra + b"]"
    answer = upload(admin, ("bytes.json", text))
    assert fates(admin, answer.headers["Location"])[0][0] in ("failed", "duplicate")
    stored = until(lambda: web.sql("select stored_as from import_file order by file_id desc limit 1"), 20, "the move")
    assert web.folder(f"failed/{stored}").read_bytes() == text


def test_names(web, admin):
    """Folders are left away; a taken name gets a number; a name of any script stays."""
    first = upload(admin, ("C:/folder/../name.json", content()))
    assert fates(admin, first.headers["Location"]) == [("imported", "name.json")]
    second = upload(admin, ("/etc/name.json", content()), ("äöü 日本.json", content()))
    assert [name for _, name in fates(admin, second.headers["Location"])] == ["name.json", "äöü 日本.json"]
    until(lambda: {"name.json", "name.1.json", "äöü 日本.json"} <= set(web.ls("archive")), 20, "the moves")


def test_a_name_that_is_taken_in_incoming(web, admin):
    (web.folder("incoming") / "taken.json").mkdir()
    try:
        answer = upload(admin, ("taken.json", content()))
        assert fates(admin, answer.headers["Location"]) == [("imported", "taken.1.json")]
    finally:
        (web.folder("incoming") / "taken.json").rmdir()


@pytest.mark.parametrize("name, says", [
    ("x.txt", "they end in .json"), (".json", "they end in .json"), (".hidden.json", "begins with a dot"), ("x.JSON", "they end in .json"),
    ("x" * 300 + ".json", "more than 200 bytes"), ("a/", "they end in .json"), ("x.json/..", "they end in .json"),
    ("<script>alert(1)<|script>", "they end in .json")])
def test_refused_names(web, admin, name, says):
    count = imported(web)
    answer = upload(admin, (name, content()))
    assert answer.status == 422 and says in text_of(answer) and "<script>alert" not in answer.text
    assert not came_in(web, count)


def test_the_files_before_a_refused_one_stay(web, admin):
    answer = upload(admin, ("before.json", content()), ("refused.txt", b"x"), ("after.json", content()))
    assert answer.status == 422 and "1 file before that came in" in text_of(answer)
    way_on = html.unescape(re.search(r'href="(/admin/imports/uploads\?[^"]+)"', answer.text).group(1))
    assert fates(admin, way_on) == [("imported", "before.json")]
    assert "after.json" not in web.ls("archive") + web.ls("incoming") and parts_left(web) == []


def test_no_file_was_chosen(web, admin):
    answer = upload(admin, ("", b""))
    assert answer.status == 422 and "No file was chosen" in text_of(answer)
    assert "is empty" in text_of(upload(admin, ("empty.json", b"")))


def test_too_many_files(web, admin):
    answer = upload(admin, *[(f"many-{n:03}.json", b"{}") for n in range(101)])
    assert answer.status == 422 and "at most 100 files" in text_of(answer) and "100 files before that" in text_of(answer)
    until(lambda: not [name for name in web.ls("incoming") if name.endswith(".json")], 60, "they are not taken")


def test_long_names_leave_the_address_short(web, admin):
    answer = upload(admin, *[("日" * 60 + f"{n}.json", content()) for n in range(20)])
    assert answer.status == 303 and len(answer.headers["Location"]) < 8000
    assert len(fates(admin, answer.headers["Location"])) == 20


# -- who may --------------------------------------------------------------------------------------------------

def test_the_proof_comes_before_anything_is_written(web, admin):
    proof = admin.proof("/admin/imports")
    file = ("x.json", content())
    count = imported(web)
    bodies = [form("0" * 64, file), form(proof[:-1], file), form(proof + "0", file), form("", file), form(None, file),
              form(None, file)[:-len(BOUNDARY) - 6] + part("proof", proof.encode()) + b"--%s--" % BOUNDARY.encode(),
              part("proof", proof.encode(), "proof.json") + form(None, file)]
    for body in bodies:
        answer = send(admin, body)
        assert answer.status == 403, body[:200]
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}):
        assert send(admin, form(proof, file), headers).status == 403
    assert not came_in(web, count)


def test_others_are_refused(web, admin):
    """Each hears why, though he would have sent a lot more."""
    body = form(admin.proof("/admin/imports"), ("x.json", b" " * (20 << 20)))
    count = imported(web)
    for role in ("viewer", "scout"):
        assert send(signed_in(web, role), body).status == 403
    answer = web.request("POST", PATH, {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}, body)
    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in")
    assert not came_in(web, count)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data", "application/json", None])
def test_other_forms(web, admin, kind):
    answer = admin.request("POST", PATH, form(admin.proof("/admin/imports")), {"Content-Type": kind} if kind else {})
    assert answer.status == 400


@pytest.mark.parametrize("body", [b"", b"x", b"--", form("x")[:-3], form("x") + b"more"])
def test_broken_bodies(web, admin, body):
    body = body.replace(b"\r\nx\r\n", b"\r\n" + admin.proof("/admin/imports").encode() + b"\r\n")
    answer = send(admin, body)
    assert answer.status in (400, 403, 422) and parts_left(web) == []


# -- bounds ---------------------------------------------------------------------------------------------------

def peak_kb(web):
    with open(f"/proc/{web.daemon_pid('web')}/status", encoding="ascii") as status:
        return int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1))


@contextlib.contextmanager
def wire(web, browser, head_more, length):
    """A connection on which the head of an upload was sent."""
    with socket.create_connection(("127.0.0.1", web.port), timeout=30) as link:
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        link.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nCookie: {cookies}\r\nContent-Type: multipart/form-data; "
                     f"boundary={BOUNDARY}\r\nContent-Length: {length}\r\n{head_more}\r\n".encode())
        yield link


def answer_of(link):
    got = b""
    with contextlib.suppress(ConnectionError):
        while True:
            more = link.recv(65536)
            if not more:
                break
            got += more
    return got.decode()


def test_a_big_upload_is_streamed(web, admin):
    """300 MB: memory stays flat, other requests are answered meanwhile, and every byte is there."""
    head, tail = form(admin.proof("/admin/imports"), ("big.json", b"\0")).split(b"\0")
    piece = bytes(range(256)) * 4096        # 1 MiB
    size = 300
    digest = hashlib.sha256()
    before = peak_kb(web)
    with wire(web, admin, "", len(head) + size * len(piece) + len(tail)) as link:
        link.sendall(head)
        for n in range(size):
            link.sendall(piece)
            digest.update(piece)
            if n == size // 2:
                assert web.get("/health").status == 200
                assert "big.json" not in web.ls("incoming")
        link.sendall(tail)
        answer = answer_of(link)
    assert answer.startswith("HTTP/1.1 303"), answer[:500]
    grown = peak_kb(web) - before
    assert grown < 20000 or "asan" in str(web.programs.build), f"{grown} KB more"      # it keeps what was freed
    until(lambda: web.sql("select count(*) from import_file where name = 'big.json' and stored_as is not null") == "1", 60, "big.json")
    assert web.sql("select encode(sha256, 'hex') from import_file where name = 'big.json'") == digest.hexdigest()


def test_too_large(web, admin):
    with wire(web, admin, "", (400 << 20) + 1) as link:
        link.sendall(b"x" * 100000)
        answer = link.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 413") and "HOOPSCOUT_UPLOAD_MAX_BYTES" in answer
    assert parts_left(web) == []


def test_other_forms_keep_their_small_bound(web, admin):
    """What is no upload may not be large, as before; and an upload's path is no way around that."""
    big = b"x" * (2 << 20)
    with contextlib.suppress(ConnectionError):
        answer = admin.request("POST", "/admin/imports/now", big, {"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status in (400, 413)
    for path in ("/admin/imports/uploads", "/admin/imports/upload/x", "/admin/imports/uploadx"):
        with contextlib.suppress(ConnectionError):
            assert admin.request("POST", path, b"x" * 1000).status in (404, 405)


@pytest.mark.parametrize("lines", ["Content-Length: 5\r\nContent-Length: 5", "Content-Length: +5", "Content-Length: 5x", "Content-Length:",
                                   "Transfer-Encoding: chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked",
                                   "Content-Length: 99999999999999999999", "Content-Length : 5"])
def test_a_length_that_could_be_read_in_two_ways(web, admin, lines):
    cookies = "; ".join(f"{name}={value}" for name, value in admin.cookies.items())
    with socket.create_connection(("127.0.0.1", web.port), timeout=30) as link:
        link.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nCookie: {cookies}\r\nContent-Type: multipart/form-data; "
                     f"boundary={BOUNDARY}\r\n{lines}\r\n\r\n12345GET /health HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        answer = answer_of(link)
    assert not answer or re.match(r"HTTP/1.1 (400|413|501|411)", answer), answer
    assert answer.count("HTTP/1.1 ") <= 1


@pytest.mark.parametrize("step", [1, 7, 64])
def test_a_head_in_pieces(web, admin, step):
    """However the bytes of the head arrive, the upload is one."""
    body = form(admin.proof("/admin/imports"), ("pieces.json", content()))
    cookies = "; ".join(f"{name}={value}" for name, value in admin.cookies.items())
    head = (f"POST {PATH} HTTP/1.1\r\nHost: x\r\nCookie: {cookies}\r\nContent-Type: multipart/form-data; "
            f"boundary={BOUNDARY}\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", web.port), timeout=30) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(head), step):
            link.sendall(head[at:at + step])
            time.sleep(0.001)
        link.sendall(body)
        answer = answer_of(link)
    assert answer.startswith("HTTP/1.1 303"), answer[:300]


def test_other_requests_that_begin_alike(web):
    """A head that is held for a moment goes on its way when it is no upload."""
    for text in ("POST /sign-out", "POST /admin/imports/uploads", "POST /admin/imports/up", "PUT /admin/imports/upload", "P /"):
        with socket.create_connection(("127.0.0.1", web.port), timeout=30) as link:
            for byte in text:
                link.sendall(byte.encode())
                time.sleep(0.001)
            link.sendall(b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert re.match(r"HTTP/1.1 (303|400|40[45]|501)", answer_of(link)), text


def test_behind_another_request(web, admin):
    """On a connection that was used before; and one that was sent before the answer to the first was there."""
    body = form(admin.proof("/admin/imports"), ("second.json", content()))
    cookies = "; ".join(f"{name}={value}" for name, value in admin.cookies.items())
    look = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    request = (f"POST {PATH} HTTP/1.1\r\nHost: x\r\nCookie: {cookies}\r\nContent-Type: multipart/form-data; "
               f"boundary={BOUNDARY}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
    with socket.create_connection(("127.0.0.1", web.port), timeout=30) as link:
        link.sendall(look)
        assert link.recv(65536).startswith(b"HTTP/1.1 200")
        link.sendall(request)
        assert answer_of(link).startswith("HTTP/1.1 303")
    with socket.create_connection(("127.0.0.1", web.port), timeout=30) as link:
        link.sendall(look + request.replace(b"Host: x\r\n", b"Host: x\r\nConnection: close\r\n"))
        answer = answer_of(link)
    assert answer.startswith("HTTP/1.1 200") and re.search(r"HTTP/1.1 (303|400)", answer[10:]), answer


def test_a_client_that_leaves(web, admin):
    """Nothing of a broken upload stays, and what it had sent before does."""
    head = form(admin.proof("/admin/imports"), ("whole.json", content()), ("half.json", b"\0")).split(b"\0")[0]
    with wire(web, admin, "", len(head) + 1000000) as link:
        link.sendall(head + b"x" * 50000)
        until(lambda: parts_left(web), 10, "the second file does not begin")
    until(lambda: not parts_left(web), 10, "a half file stays")
    web.wait_imported("whole.json")
    assert "half.json" not in web.ls("incoming") + web.ls("failed")


def test_who_says_expect(web, admin):
    body = form(admin.proof("/admin/imports"), ("expected.json", content()))
    with wire(web, admin, "Expect: 100-continue\r\n", len(body)) as link:
        assert link.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        link.sendall(body)
        assert answer_of(link).startswith("HTTP/1.1 303")


def test_few_at_once(web, admin):
    head = form(admin.proof("/admin/imports"), ("slow.json", b"\0")).split(b"\0")[0]
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            link = stack.enter_context(wire(web, admin, "", 1000000))
            link.sendall(head + b"x")
        until(lambda: len(parts_left(web)) == 4, 10, "four uploads do not begin")
        answer = upload(admin, ("fifth.json", content()))
        assert answer.status == 503 and "Too many uploads" in answer.text
    until(lambda: not parts_left(web), 10, "half files stay")
    assert upload(admin, ("fifth.json", content())).status == 303


def test_what_died_processes_left_goes(web, admin):
    left = web.folder("incoming") / ".upload-0123.part"
    left.write_bytes(b"x")
    left.chmod(0o666)
    assert upload(admin, ("sweeps.json", content())).status == 303
    assert not left.exists()


def test_the_folder_is_away(web, admin):
    incoming = web.folder("incoming")
    web.hsctl("stop", "importer")
    elsewhere = incoming.rename(incoming.with_name("elsewhere"))
    try:
        answer = upload(admin, ("x.json", content()))
        assert answer.status == 503 and "cannot open the folder" in text_of(answer)
    finally:
        elsewhere.rename(incoming)
        web.hsctl("start", "importer")


def test_the_page_of_fates(web, admin):
    assert admin.get("/admin/imports/uploads").status == 200
    for query in ("?f=x", "?f=0123456789abcdeg", "?f=0123456789abcdef0", "?x=1", "?" + "&".join(["f=0123456789abcdef"] * 101)):
        assert admin.get("/admin/imports/uploads" + query).status == 400, query
    page = admin.get("/admin/imports/uploads?f=0123456789abcdef:%3Cscript%3Ealert(1)%3C%2Fscript%3E&f=0123456789abcdef:..%2F..%2Fetc%2Fpasswd")
    assert page.status == 200 and "<script>alert" not in page.text and page.text.count("not found") >= 2


def test_a_file_waits(web, admin):
    """While the importer is away, the page says so, and asks again."""
    web.hsctl("stop", "importer")
    answer = upload(admin, ("waits.json", content()))
    page = admin.get(answer.headers["Location"])
    assert 'id="poll"' in page.text and ">waiting</span>" in page.text and "0 of 1 files are done." in page.text
    assert re.search(r'class="waiting">[^<]* waits? in <code>[^<]+</code>:.*waits.json', admin.get("/admin/imports").text)
    web.hsctl("start", "importer")
    assert fates(admin, answer.headers["Location"]) == [("imported", "waits.json")]
