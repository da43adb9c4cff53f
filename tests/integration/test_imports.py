"""The import history in the browser: lists, filters, pages, downloads and actions; what is shown to whom."""

import hashlib
import html
import http.client
import json
import os
import pwd
import re
import urllib.parse

import pytest

from browser import make_account, signed_in
from house import until
from test_importer import record, snapshot

NASTY = '"><script>alert(1)</script>&amp;'
JS = '<script>alert'


@pytest.fixture(scope="module")
def web(shared_house):
    """A house with one imported file, its duplicate, three that failed, and who may look at them."""
    shared_house.env["HOOPSCOUT_RESCAN_SECONDS"] = "1"
    shared_house.start()
    shared_house.browsers = {}
    for role in ("viewer", "scout", "admin"):
        make_account(shared_house, role, role)
        shared_house.browsers[role] = signed_in(shared_house, role)
    good = snapshot(record(full_name=NASTY), source=NASTY, date="2025-02-01")
    bad = {**good, "records": [record(height_cm="tall"), record(player_external_id="p2", colour=NASTY)]}
    for what, name in ((good, "good.json"), (good, "again.json"), (bad, "bad.json"),
                       (bad | {"snapshot_date": NASTY}, NASTY.replace("/", "_") + ".json"), (b"", "100%_empty.json")):
        shared_house.drop(what, name)
        if what:
            shared_house.wait_imported(name)
    shared_house.wait_imported("100%_empty.json", 60)
    return shared_house


@pytest.fixture
def scout(web):
    return web.browsers["scout"]


@pytest.fixture
def admin(web):
    return web.browsers["admin"]


def names(page):
    return [html.unescape(name) for name in re.findall(r'<a id="file-\d+" href="[^"]+">([^<]*)</a>', page.text)]


def file_id(web, name):
    return int(web.sql(f"select max(file_id) from import_file where name = $q${name}$q$"))


def path_of(web, name):
    return f"/admin/imports/files/{file_id(web, name)}"


# -- lists ----------------------------------------------------------------------------------------------------

def test_the_list_of_runs(web, scout):
    page = scout.get("/admin/imports")
    runs = web.rows("select run_id, status from import_run order by run_id desc")
    shown = re.findall(r'<a id="run-(\d+)"', page.text)
    assert [int(run) for run in shown] == [row["run_id"] for row in runs]
    assert f"{len(runs)} runs" in page.text and "1 failed" in page.text and "1 imported" in page.text
    assert scout.get("/admin/imports?status=interrupted").text.count('id="run-') == 0
    assert "Nothing suits these filters" in scout.get("/admin/imports?status=interrupted").text
    assert "Imports</a>" in page.text and page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("query, want", [
    ("", None),
    ("?status=imported", ["good.json"]),
    ("?status=duplicate", ["again.json"]),
    ("?q=GOOD", ["good.json"]),
    ("?q=%25_", ["100%_empty.json"]),       # no wildcards
    ("?q=" + urllib.parse.quote(NASTY[:9]), [NASTY.replace("/", "_") + ".json"]),
    ("?source=" + urllib.parse.quote(NASTY) + "&status=imported", ["good.json"]),
    ("?trigger=command", []),
    ("?from=2000-01-01&to=2000-01-02", []),
    ("?from=2000-01-01&status=imported", ["good.json"]),
    ("?q=good&sort=-size", ["good.json"]),
    ("?status=&q=&source=&trigger=&from=&to=&sort=", None),
])
def test_filters_of_files(web, scout, query, want):
    page = scout.get("/admin/imports/files" + query)
    assert page.status == 200
    if want is None:
        want = web.sql("select name from import_file order by file_id desc").splitlines()
    assert names(page) == want


def test_search_by_checksum(web, scout):
    whole = web.sql("select encode(sha256, 'hex') from import_file where name = 'good.json'")
    for part in (whole, whole[:6], whole[:11].upper()):
        assert set(names(scout.get(f"/admin/imports/files?q={part}"))) == {"good.json", "again.json"}
    assert names(scout.get(f"/admin/imports/files?q={whole[:5]}")) == []       # too short to be one


@pytest.mark.parametrize("key, column", [
    ("name", "lower(name)"), ("size", "size_bytes"), ("finished", "file_id"), ("records", "records"),
    ("problems", "problem_total"), ("status", "status"), ("source", "source_name"), ("snapshot", "snapshot_date")])
def test_order_and_pages(web, scout, key, column):
    for sign, way in (("", "asc"), ("-", "desc")):
        want = web.sql(f"select name from import_file order by {column} {way} nulls last, file_id desc").splitlines()
        assert names(scout.get(f"/admin/imports/files?sort={sign}{key}")) == want


def test_pages(web, scout):
    for file in range(15):
        web.sql("insert into import_file (run_id, name, size_bytes, sha256, status, started_at) select min(run_id), "
                f"'page-{file:02}.json', 1, sha256('page{file}'), 'failed', now() from import_run")
    want = [f"page-{file:02}.json" for file in range(15)]
    first = scout.get("/admin/imports/files?q=page-&sort=name&per_page=10")
    assert names(first) == want[:10] and "1–10" in first.text
    next_url = html.unescape(re.search(r'id="page-next" href="([^"]+)"', first.text).group(1))
    second = scout.get(next_url)
    assert names(second) == want[10:] and "11–15" in second.text
    beyond = scout.get("/admin/imports/files?q=page-&per_page=10&page=9")
    assert beyond.status == 200 and "There is no page 9: the last one is 2" in beyond.text
    web.sql("delete from import_file where name like 'page-%'")


@pytest.mark.parametrize("path", [
    "?status=nonsense", "?sort=nonsense", "?sort=-", "?page=0", "?page=x", "?per_page=1000", "?from=2025-02-30", "?nonsense=1",
    "?q=a&q=b", "?q=" + "x" * 1000, "?run=-1", "?request=x"])
def test_wrong_parameters(web, scout, path):
    answer = scout.get("/admin/imports/files" + path)
    assert answer.status == 400 and "cannot be understood" in answer.text
    fragment = scout.get("/admin/imports/files" + path, {"HX-Request": "true"})
    assert fragment.status == 400 and '<section id="results"' in fragment.text and "<html" not in fragment.text


def test_fragments(web, scout):
    """htmx gets the list alone, and the address without what is not given; a history restore gets the page."""
    answer = scout.get("/admin/imports/files?q=good&status=&sort=-finished", {"HX-Request": "true"})
    assert "<html" not in answer.text and '<section id="results"' in answer.text and names(answer) == ["good.json"]
    assert answer.headers["HX-Push-Url"] == "/admin/imports/files?q=good"
    assert "1 file<" in answer.text
    same = scout.get("/admin/imports/files?q=good", {"HX-Request": "true"})
    assert same.headers["HX-Push-Url"] is None
    back = scout.get("/admin/imports/files?q=good", {"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in back.text


# -- pages ----------------------------------------------------------------------------------------------------

def test_the_page_of_a_run(web, scout):
    run = web.sql("select run_id from import_file where name = 'good.json'")
    page = scout.get(f"/admin/imports/runs/{run}")
    assert page.status == 200 and "Import run" in page.text and "good.json" in names(page)
    assert sorted(names(scout.get(f"/admin/imports/files?run={run}"))) == sorted(names(page))
    assert scout.get("/admin/imports/runs/99999").status == 404
    assert scout.get("/admin/imports/runs/0").status == scout.get("/admin/imports/runs/x").status == 404


def test_the_page_of_a_file(web, scout):
    page = scout.get(path_of(web, "good.json"))
    digest = web.sql("select encode(sha256, 'hex') from import_file where name = 'good.json'")
    assert page.status == 200 and digest in page.text and "2025-02-01" in page.text
    assert str(web.folder("archive")) in page.text and "Download the file" in page.text
    assert "The same content again" in page.text and path_of(web, "again.json") in page.text
    assert "Import it again" not in page.text


def test_a_duplicate_leads_to_its_original(web, scout):
    page = scout.get(path_of(web, "again.json"))
    assert f'<a href="{path_of(web, "good.json")}">good.json</a>' in page.text
    assert "The same content again" not in page.text


def test_errors_of_a_file(web, scout):
    page = scout.get(path_of(web, "bad.json"))
    report = json.loads(web.folder("failed/bad.json.errors.json").read_text())
    assert report["problem_total"] == len(report["problems"]) > 1
    assert f"<h2>{report['problem_total']} errors</h2>" in page.text
    for problem in report["problems"]:
        place = f"Line {problem['line']}, column {problem['column']}"
        shown = re.sub(r"</?mark>", "", page.text)
        assert html.escape(problem["excerpt"]).replace("&#x27;", "&#39;") in shown, problem["excerpt"]
        for text in (place, problem["pointer"], problem["code"], problem["message"]):
            assert html.escape(text, quote=True).replace("&#x27;", "&#39;") in page.text, text


def test_texts_of_snapshots_are_text(web):
    nasty = path_of(web, NASTY.replace("/", "_") + ".json")
    for browser in (web.browsers["scout"], web.browsers["admin"]):
        run = web.sql("select run_id from import_file where name like '%script%'")
        for path in ("/admin/imports", "/admin/imports/files", f"/admin/imports/runs/{run}", nasty, path_of(web, "good.json"),
                     path_of(web, "bad.json"), "/admin/imports/files?q=" + urllib.parse.quote(NASTY),
                     "/admin/imports/files?source=" + urllib.parse.quote(NASTY)):
            page = browser.get(path)
            assert page.status == 200 and JS not in page.text, path
    assert "&lt;script&gt;" in page.text


# -- downloads -----------------------------------------------------------------------------------------------

def test_downloads_of_the_file(web, scout):
    answer = scout.get(path_of(web, "good.json") + "/file")
    assert answer.body == web.folder("archive/good.json").read_bytes()
    assert answer.headers["Content-Disposition"] == 'attachment; filename="good.json"'
    assert answer.headers["Content-Length"] == str(len(answer.body)) and answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "application/json" and answer.headers["Cache-Control"] == "no-store"
    head = scout.request("HEAD", path_of(web, "good.json") + "/file")
    assert head.headers["Content-Length"] == str(len(answer.body)) and head.body == b""
    failed = scout.get(path_of(web, "bad.json") + "/file")
    assert failed.body == web.folder("failed/bad.json").read_bytes()


def test_names_of_downloads_are_safe(web, scout):
    name = NASTY.replace("/", "_") + ".json"
    header = scout.get(path_of(web, name) + "/file").headers["Content-Disposition"]
    first, _, second = header.partition("; filename*=UTF-8''")
    assert re.fullmatch(r'attachment; filename="[^"<>/\\%]+"', first), first
    assert urllib.parse.unquote(second) == name and re.fullmatch(r"[A-Za-z0-9!#$&+.^_`|~%-]+", second)


def test_download_of_errors(web, scout):
    answer = scout.get(path_of(web, "bad.json") + "/errors")
    beside = json.loads(web.folder("failed/bad.json.errors.json").read_text())
    got = answer.json()
    assert got["problems"] == beside["problems"] and got["sha256"] == beside["sha256"] and got["file"] == "bad.json"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="bad.json.errors.json"'
    assert scout.get(path_of(web, "good.json") + "/errors").status == 404
    assert scout.get("/admin/imports/files/99999/errors").status == 404


@pytest.mark.parametrize("stored", ["../archive/good.json", "/etc/passwd", "..", ".", "", "a/b.json", ".hidden.json", "x" * 300])
def test_no_way_out_of_the_folder(web, scout, stored):
    web.folder("archive/.hidden.json").write_bytes(web.folder("archive/good.json").read_bytes())
    path = path_of(web, "again.json")
    web.sql(f"update import_file set stored_as = $q${stored}$q$ where name = 'again.json'")
    try:
        answer = scout.get(path + "/file")
        assert answer.status == 404 and "not on this machine" in answer.text
        assert "not on this machine" in scout.get(path).text
    finally:
        web.sql("update import_file set stored_as = 'again.json' where name = 'again.json'")


def test_files_that_are_not_what_they_were(web, scout):
    """Gone, a link, a folder, a FIFO, another file: a page that says so, and nothing of it is sent."""
    where, path = web.folder("archive/again.json"), path_of(web, "again.json")
    kept = where.read_bytes()
    assert scout.get(path + "/file").body == kept
    where.unlink()
    assert "not on this machine" in scout.get(path + "/file").text
    for make in (lambda: where.symlink_to(web.folder("archive/good.json")), where.mkdir, lambda: os.mkfifo(where)):
        make()
        answer = scout.get(path + "/file")
        assert answer.status == 404 and answer.headers["Content-Disposition"] is None
        where.rmdir() if where.is_dir() and not where.is_symlink() else where.unlink()
    where.write_bytes(kept + b" ")
    assert "Another file lies there now" in scout.get(path + "/file").text
    where.write_bytes(kept)
    where.chmod(0o644)
    assert scout.get(path + "/file").body == kept


@pytest.mark.parametrize("size", [100, 65536, 65537, 300000])
def test_a_download_of_another_file_of_that_size(web, scout, size):
    """Of one piece it is a page that says so; a longer one ends before its length is there."""
    was, now = b"a" * size, b"a" * (size - 1) + b"b"
    where = web.folder("archive/sized.json")
    web.sql("insert into import_file (run_id, name, size_bytes, sha256, status, stored_as, started_at) select min(run_id), "
            f"'sized.json', {size}, decode('{hashlib.sha256(was).hexdigest()}', 'hex'), 'duplicate', 'sized.json', now()"
            " from import_run")
    try:
        where.write_bytes(was)
        where.chmod(0o644)
        path = path_of(web, "sized.json") + "/file"
        assert scout.get(path).body == was
        where.write_bytes(now)
        if size <= 65536:
            answer = scout.get(path)
            assert answer.status == 404 and "its checksum is not that of the imported one" in answer.text
            assert answer.headers["Content-Disposition"] is None
        else:
            with pytest.raises((http.client.IncompleteRead, ConnectionError)):
                scout.get(path)
            assert "a download is cut off" in web.log() and web.get("/health").status == 200
    finally:
        where.unlink()
        web.sql("delete from import_file where name = 'sized.json'")


def test_a_big_download_is_streamed(web, scout):
    """The web daemon's memory does not grow with the file."""
    size = 200 << 20
    wanted = hashlib.sha256(bytes(size)).hexdigest()
    where = web.folder("archive/big.json")
    with open(where, "wb") as file:
        file.truncate(size)
    where.chmod(0o644)
    web.sql("insert into import_file (run_id, name, size_bytes, sha256, status, stored_as, started_at) select min(run_id), "
            f"'big.json', {size}, decode('{wanted}', 'hex'), 'duplicate', 'big.json', now() from import_run")
    before = peak_kb(web)
    digest = hashlib.sha256(scout.get(path_of(web, "big.json") + "/file").body).hexdigest()
    assert digest == wanted
    if "asan" not in str(web.programs.build):      # a sanitizer keeps what was freed
        assert peak_kb(web) - before < 20000
    where.unlink()
    web.sql("delete from import_file where name = 'big.json'")


def peak_kb(web):
    with open(f"/proc/{web.daemon_pid('web')}/status", encoding="ascii") as status:
        return int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1))


# -- actions -------------------------------------------------------------------------------------------------

def act(browser, page, path):
    """Sends the form of a page; the answer leads to where the request is shown."""
    version = re.search(r'name="version" value="(\d+)"', browser.get(page).text)
    answer = browser.post(path, {"proof": browser.proof(page), **({"version": version.group(1)} if version else {})})
    assert answer.status == 303, answer.text
    return answer.headers["Location"]


def followed(browser, where):
    """The page of a request that has ended."""
    def over():
        page = browser.get(where)
        assert page.status == 200
        return page if re.search(r'class="asked (good|bad)"', page.text) else None
    return until(over, 30, "the request does not end")


def test_import_now(web, admin, scout):
    where = act(admin, "/admin/imports", "/admin/imports/now")
    assert re.fullmatch(r"/admin/imports\?request=\d+", where)
    page = followed(admin, where)
    assert "asked for by admin" in page.text and 'class="asked good"' in page.text
    assert 'hx-trigger="every' not in until(lambda: admin.get(where), 1, "").text
    audit = web.rows("select * from audit_trail order by audit_id desc limit 1")[0]
    assert audit["action"] == "import.now" and audit["actor"] == "admin"
    assert scout.get(where).status == 200 and "Import now</button>" not in scout.get(where).text


def test_what_moves_is_looked_at_again(web, admin):
    """Only while something is under way a page asks again, and says what; without a script there is a link."""
    quiet = admin.get("/admin/imports").text
    assert 'id="poll"' not in quiet and "Look again" not in quiet
    web.sql("insert into import_run (trigger) values ('admin')")
    for path in ("/admin/imports", "/admin/imports/files", path_of(web, "bad.json")):
        page = admin.get(path).text
        assert 'id="poll"' in page and f'<noscript><p><a href="{path}">Look again</a>' in page
        assert "An import is running: 0 files done." in page
    web.sql("delete from import_run where status = 'running'")
    assert 'id="poll"' not in admin.get("/admin/imports").text


def test_retry_of_a_failed_file(web, admin):
    web.drop(b"{}", "retried.json")
    web.wait_imported("retried.json")
    path = path_of(web, "retried.json")
    where = act(admin, path, path + "/retry")
    assert where.startswith(path + "?request=")
    page = followed(admin, where)
    assert "1 failed" in page.text and re.search(r'<a href="/admin/imports/runs/\d+">Its run</a>', page.text)
    assert len(web.rows("select 1 from import_file where name = 'retried.json'")) == 2
    # the first row's file is the second's now, and then it is gone: each try says so
    page = followed(admin, act(admin, path, path + "/retry"))
    assert f"lies there as file {file_id(web, 'retried.json')} now" in page.text
    web.folder("failed/retried.json").unlink()
    path = path_of(web, "retried.json")
    page = followed(admin, act(admin, path, path + "/retry"))
    assert 'class="asked bad"' in page.text and "no file" in page.text


def test_no_delete_without_a_record(web, admin):  # noqa: F811
    """A database that does not take the record keeps the file; a file that cannot go keeps its row."""
    web.drop(b"[]", "kept.json")
    web.wait_imported("kept.json")
    web.sql("create function refuse() returns trigger language plpgsql as $$ begin raise 'not now'; end $$")
    web.sql("create constraint trigger refuse after update on import_file deferrable initially deferred"
            " for each row execute function refuse()")
    try:
        assert web.hsctl("import", "delete", "kept.json", check=False).returncode == 1
    finally:
        web.sql("drop function refuse cascade")
    assert "kept.json" in web.ls("failed") and "kept.json.errors.json" in web.ls("failed")
    failed = web.folder("failed")
    mode = failed.stat().st_mode
    failed.chmod(0o550)
    try:
        if web.hsctl("import", "delete", "kept.json", check=False).returncode == 0:
            pytest.skip("the daemons' user writes where he may not")
    finally:
        failed.chmod(mode)
    assert web.sql("select count(*) from import_file where name = 'kept.json' and deleted_at is null") == "1"
    web.hsctl("import", "delete", "kept.json")
    assert "kept.json" not in web.ls("failed")
    assert web.sql("select count(*) from import_file where name = 'kept.json' and deleted_at is not null") == "1"


@pytest.mark.parametrize("action", ["retry", "delete"])
def test_a_name_that_another_file_has_now(web, admin, action):
    """What the admin saw is meant, not what has its name by now: that stays where it is, and he is told which it is."""
    name, where = f"swap-{action}.json", web.folder(f"failed/swap-{action}.json")
    web.drop(b"[1]", name)
    web.wait_imported(name)
    first = path_of(web, name)
    proof = admin.proof(first)
    where.unlink()
    web.drop(b"[2]", name)
    second = until(lambda: (file := file_id(web, name)) > int(first.rpartition("/")[2]) and where.exists() and file, 20, "the second")
    until(lambda: web.sql(f"select stored_as from import_file where file_id = {second}") == name, 20, "its move")
    page = followed(admin, admin.post(f"{first}/{action}", {"proof": proof}).headers["Location"])
    assert 'class="asked bad"' in page.text and f"file {second} came later and has that name" in page.text
    assert where.read_bytes() == b"[2]"
    assert web.sql("select count(*) from import_file where deleted_at is not null and name like 'swap%'") == "0"
    where.write_bytes(b"[3]")      # by a hand that leaves its size
    page = followed(admin, admin.post(f"/admin/imports/files/{second}/{action}", {"proof": proof}).headers["Location"])
    assert 'class="asked bad"' in page.text and "somebody has changed or replaced it" in page.text
    assert where.read_bytes() == b"[3]"
    refused = web.hsctl("import", action, name, "--id", second, check=False)
    assert refused.returncode == 1 and "changed or replaced" in refused.stderr
    where.write_bytes(b"[2]")
    if action == "delete":
        web.hsctl("import", action, name, "--id", second)
        assert not where.exists() and "deleted already" in web.hsctl("import", action, name, "--id", second, check=False).stderr
        return
    page = followed(admin, admin.post(f"/admin/imports/files/{second}/{action}", {"proof": proof}).headers["Location"])
    assert "1 failed" in page.text and file_id(web, name) > second
    where.write_bytes(b"[3]")
    web.hsctl("import", action, name, check=False)      # by its name alone it is taken as it is
    assert web.sql("select encode(sha256, 'hex') from import_file order by file_id desc limit 1") == hashlib.sha256(b"[3]").hexdigest()


def test_deleting_from_failed(web, admin):
    web.drop(b"[]", "deleted.json")
    web.wait_imported("deleted.json")
    path = path_of(web, "deleted.json")
    assert f'href="{path}/delete"' in admin.get(path).text
    assert "Delete deleted.json?" in admin.get(path + "/delete").text
    page = followed(admin, act(admin, path + "/delete", path + "/delete"))
    assert 'class="asked good"' in page.text and "Deleted from the failed folder by admin" in page.text
    assert "deleted.json" not in web.ls("failed") and "deleted.json.errors.json" not in web.ls("failed")
    assert "Import it again" not in page.text and "The file was deleted" in page.text
    assert "does not lie in the failed folder" in admin.get(path + "/delete").text
    for action in ("/delete", "/retry"):
        assert admin.post(path + action, {"proof": admin.proof("/admin/imports")}).status == 422


def test_undoing_an_import(web, admin):
    """A look at what it changes, then it is done, recorded, and the next import of that file does it again."""
    before = snapshot(record(points_per_game=10, full_name=NASTY, player_external_id="u"), source="undone" + NASTY, date="2025-03-01")
    after = {**before, "snapshot_date": "2025-04-01", "records": [record(points_per_game=20, full_name=NASTY, player_external_id="u")]}
    for what, name in ((before, "before.json"), (after, "after.json")):
        web.drop(what, name)
        web.wait_imported(name)
    path = path_of(web, "after.json")
    where = act(admin, path, path + "/preview")
    assert where.startswith(path + "/undo?request=")
    page = followed(admin, where)
    text = html.unescape(re.sub(r"<[^>]+>", " ", page.text))
    assert "Undo this import" in text and re.search(r"Get other figures again\s*1\b", text), text
    assert re.search(r"PPG 20(\.0)? → +10", text) and "Snapshot 2025-04-01 → 2025-03-01" in re.sub(r"\s+", " ", text) and JS not in page.text
    points = "select points_per_game from player_season_figures where player_external_id = 'u'"
    assert web.sql(points) == "20.00", "a look changes nothing"
    assert admin.post(path + "/undo", {"proof": admin.proof(where)}).status == 400, "what was it that one looked at?"
    web.drop(snapshot(record(player_external_id="between"), source="between"), "between.json")
    web.wait_imported("between.json")
    page = followed(admin, act(admin, where, path + "/undo"))
    assert 'class="asked bad"' in page.text and "look again" in page.text and web.sql(points) == "20.00"
    where = act(admin, path, path + "/preview")
    followed(admin, where)
    page = followed(admin, act(admin, where, path + "/undo"))
    assert 'class="asked good"' in page.text and "Undone by admin" in page.text and "Undo this import" not in page.text
    assert web.sql(points) == "10.00"
    assert names(admin.get("/admin/imports/files?status=undone")) == ["after.json"]
    assert "It is undone already" in admin.get(path + "/undo").text
    answer = admin.post(path + "/undo", {"proof": admin.proof("/admin/imports"), "version": "1"})
    page = followed(admin, answer.headers["Location"])
    assert 'class="asked bad"' in page.text and "undone" in page.text
    audit = web.rows("select * from audit_trail where action = 'import.undo' order by audit_id")
    assert {row["actor"] for row in audit} == {"admin"}
    assert [re.sub(r"\d+", "N", row["detail"]) for row in audit[:4]] == ["request N, preview", "request N", "request N, preview",
                                                                        "request N"]


def test_what_an_operator_does_is_in_the_trail(web, admin):
    """As what an admin does by a page, with the user's name."""
    good = file_id(web, "good.json")
    given = [("import", "retry", "nothing.json"), ("import", "undo", good, "--preview"), ("import", "delete", "nothing.json")]
    last = int(web.sql("select coalesce(max(audit_id), 0) from audit_trail"))
    for words in given:
        web.hsctl(*words, check=False)
    user = pwd.getpwuid(os.getuid()).pw_name
    want = [[f"{owner}.{what}", "hsctl", None, str(about), f"user {user}" + (", preview" if more else "")]
            for owner, what, about, *more in given]
    trail = f"select action, actor, address, subject, detail from audit_trail where audit_id > {last} order by audit_id"
    until(lambda: len(web.rows(trail)) == len(want), 10, lambda: web.rows(trail))
    assert [list(row.values()) for row in web.rows(trail)] == want
    entry = web.hsctl("user", "audit", "--limit", 1, as_json=True).json["result"]["entries"][0]
    assert (entry["action"], entry["subject"]) == ("import.delete", "nothing.json")
    assert "import.undo" in admin.get("/audit").text
    before = len(web.rows("select 1 from audit_trail"))
    followed(admin, act(admin, path_of(web, "good.json"), path_of(web, "good.json") + "/preview"))
    assert len(web.rows("select 1 from audit_trail")) == before + 1, "once, not by the importer again"


def test_a_look_at_another_file(web, admin):
    """The preview of one file is not shown as that of another."""
    good = path_of(web, "good.json")
    request = act(admin, good, good + "/preview").partition("request=")[2]
    followed(admin, f"{good}/undo?request={request}")
    other = path_of(web, "before.json")
    page = admin.get(f"{other}/undo?request={request}")
    assert page.status == 200 and "Get other figures again" not in page.text and "Look at what it changes" in page.text


@pytest.mark.parametrize("path", ["now", "files/{bad}/retry", "files/{bad}/delete", "files/{bad}/undo", "files/{bad}/preview"])
def test_forms_need_their_proof(web, admin, scout, path):
    path = "/admin/imports/" + path.replace("{bad}", str(file_id(web, "bad.json")))
    before = web.sql("select count(*) from command_request")
    proof = admin.proof("/admin/imports")
    assert admin.post(path, {"proof": "0" * 64}).status == 403
    assert admin.post(path, {}).status == 403
    assert admin.post(path, {"proof": proof}, {"Sec-Fetch-Site": "cross-site"}).status == 403
    assert admin.post(path, {"proof": proof}, {"Origin": "http://evil.example"}).status == 403
    assert scout.post(path, {"proof": proof}).status == 403
    assert web.request("POST", path, {"Content-Type": "application/x-www-form-urlencoded"}, "proof=" + proof).status == 303
    assert web.sql("select count(*) from command_request") == before


def test_actions_on_what_is_not_there(web, admin):
    proof = {"proof": admin.proof("/admin/imports")}
    assert admin.post("/admin/imports/files/99999/retry", proof).status == 404
    assert admin.post(path_of(web, "good.json") + "/retry", proof).status == 422
