"""Answers are given again only while the data is the same, and never a stale one."""

import datetime
import http.client
import json
import pathlib
import re
import shutil
import subprocess
import threading
import time

import pytest

from house import new_dir, until

HERE = pathlib.Path(__file__).resolve().parent

SNAPSHOT = {"source_name": "cache", "snapshot_date": "2026-01-01", "records": []}


def snapshot(*names, points=10, **more):
    """A snapshot of one league with a player of each name."""
    return {**SNAPSHOT, **more, "records": [
        {"competition_external_id": "L", "competition_name": "League", "season": "2025-26", "team_external_id": "T",
         "team_name": "Team", "player_external_id": name, "full_name": name, "points_per_game": points}
        for name in names]}


@pytest.fixture(scope="module")
def web(shared_house):
    house = shared_house
    house.start()
    bring(house, snapshot("Ann Archer", "Bob Baker"))
    return house


def bring(house, content, name=None):
    bring.count = getattr(bring, "count", 0) + 1
    name = name or f"cache-{bring.count}.json"
    house.drop(json.dumps(content), name)
    return house.wait_imported(name)


def answers(house):
    return next(daemon for daemon in house.status()["daemons"] if daemon["name"] == "web")["detail"]["answers"]


def total(house, query=""):
    return house.get(f"/api/v1/players?{query}").json()["total"]


def test_the_second_answer_is_the_first(web):
    for path in ("/?name=ann", "/api/v1/players?name=ann", "/?sort=name&name=bob"):
        first, before = web.get(path), answers(web)
        again, after = web.get(path), answers(web)
        assert after["hits"] == before["hits"] + 1, path
        assert (again.status, again.body) == (200, first.body)
        assert again.headers["etag"] == first.headers["etag"]
        unchanged = web.get(path, {"If-None-Match": first.headers["etag"]})
        assert (unchanged.status, unchanged.body) == (304, b"")
        assert answers(web)["hits"] == after["hits"] + 1, path


def test_one_search_has_one_answer(web):
    """However it is written; another reader gets another answer."""
    before = answers(web)["hits"]
    assert web.get("/?per_page=25&name=%41nn&ppg_min=&sort=-ppg").body == web.get("/?name=Ann").body
    assert answers(web)["hits"] > before
    page, fragment = web.get("/?name=Ann"), web.get("/?name=Ann", {"HX-Request": "true"})
    assert page.headers["etag"] != fragment.headers["etag"] and len(fragment.body) < len(page.body)
    assert fragment.headers["hx-push-url"] == "/?name=Ann"
    again = web.get("/?name=Ann", {"HX-Request": "true", "HX-Current-URL": "http://x/?name=Ann"})
    assert (again.body, again.headers["hx-push-url"]) == (fragment.body, "false")


def test_head_and_get_share(web):
    first = web.request("HEAD", "/?name=head")
    again = web.get("/?name=head")
    assert first.body == b"" and first.headers["content-length"] == str(len(again.body))


def test_an_import_is_seen_at_once(web):
    for i in range(30):
        before = total(web)
        assert total(web, "sort=name") == before and total(web, "per_page=10") == before
        bring(web, snapshot(f"New {i}"))
        assert total(web) == before + 1
        assert total(web, "sort=name") == before + 1, "another order has another total"
        assert total(web, "page=2") == before + 1


def test_totals_are_counted_once(web):
    """What the table holds is changed behind hsd-web's back, which shows whether it counts again."""
    names = [f"Counted {i}" for i in range(30)]
    bring(web, snapshot(*names))
    assert total(web, "name=counted&sort=name") == 30
    web.sql("begin; delete from player_best where name_folded = 'counted 7'; commit", check=False)
    assert total(web, "name=counted&sort=-name&page=2") == 30
    assert total(web, "name=counted&per_page=30&sort=ppg") == 30
    web.sql("update data_version set version = version + 1", check=False)
    assert total(web, "name=counted&sort=name") == 29
    assert total(web, "name=counted&sort=-name&page=2") == 29


def test_no_answer_is_stale(web):
    """Whatever was committed before a request is in its answer, with many asking all the time."""
    over, wrong = threading.Event(), []

    def ask():
        connection = http.client.HTTPConnection("127.0.0.1", web.port)
        while not over.is_set():
            connection.request("GET", "/api/v1/players?name=changing")
            connection.getresponse().read()

    bring(web, snapshot("Changing 0"))
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for i in range(300):
        web.sql(f"with v as (update data_version set version = version + 1) "
                f"update player set full_name = 'Changing {i}' where full_name like 'Changing %'")
        seen = web.get("/api/v1/players?name=changing").json()["players"][0]["full_name"]
        if seen != f"Changing {i}":
            wrong.append((i, seen))
    over.set()
    for thread in threads:
        thread.join()
    assert not wrong
    before = answers(web)["hits"]
    assert web.get("/api/v1/players?name=changing").status == 200 and answers(web)["hits"] > before


def test_the_connection_that_asks_may_break(web):
    query = "/api/v1/players?name=archer"
    assert web.get(query).json()["total"] == 1
    web.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'hsd-web version'")
    assert web.get(query).json()["total"] == 1
    until(lambda: (before := answers(web)["hits"], web.get(query))[0] < answers(web)["hits"], 10, "nothing is kept any more")


def test_a_reload_forgets(web):
    web.get("/?name=ann")
    assert answers(web)["kept"] > 0
    web.hsctl("reload")
    until(lambda: answers(web)["kept"] == 0, 10, "the answers of before the reload are kept")


def test_memory_is_bounded(web):
    web.conf.write_text("HOOPSCOUT_WEB_CACHE_BYTES=1M\n")
    web.hsctl("reload")
    until(lambda: answers(web)["kept"] == 0, 10, "the answers of before the reload are kept")
    for i in range(120):
        assert web.get(f"/?games_min={i}").status == 200
    state = answers(web)
    assert 0 < state["bytes"] <= 1 << 20 and state["kept"] > 10
    hits = state["hits"]
    web.get("/?games_min=119")
    assert answers(web)["hits"] == hits + 1, "the last one is kept longest"
    misses = answers(web)["misses"]
    web.get("/?games_min=0")
    assert answers(web)["misses"] == misses + 1, "the first ones had to go"


def test_none_is_kept_when_told_so(web):
    web.conf.write_text("HOOPSCOUT_WEB_CACHE_BYTES=0\n")
    web.hsctl("reload")
    until(lambda: answers(web)["kept"] == 0, 10, "the answers of before the reload are kept")
    assert web.get("/?name=ann").body == web.get("/?name=ann").body
    assert answers(web)["kept"] == 0
    web.conf.write_text("")
    web.hsctl("reload")


@pytest.fixture
def at_midnight(house):
    """A House whose hsd-web looks at a clock of ours: at_midnight.clock(looks) says how often it is still yesterday."""
    folder = new_dir("hs-midnight-")        # pytest's own is closed to the daemons' user
    library, file = folder / "midnight.so", folder / "clock"
    done = subprocess.run(["cc", "-O1", "-fPIC", "-shared", "-o", str(library), str(HERE / "midnight.c"), "-ldl"],
                          check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no compiler for the clock: {done.stderr}")
    house.env.update({"LD_PRELOAD": str(library), "HS_CLOCK_FILE": str(file),
                      "ASAN_OPTIONS": f"verify_asan_link_order=0:log_path={house.reports}/asan"})
    midnight = int(datetime.datetime(2030, 5, 5, tzinfo=datetime.timezone.utc).timestamp())

    def clock(looks):
        part = file.with_suffix(".part")
        part.write_text(f"{looks} {midnight - 1} {midnight} {time.monotonic_ns()}")
        part.chmod(0o644)
        part.rename(file)
    house.clock = clock
    yield house.start()
    shutil.rmtree(folder)


def test_an_answer_is_of_one_day(at_midnight):
    """One who came before midnight may get yesterday's ages; nobody who came after."""
    born = snapshot("Birthday Child")
    born["records"][0]["birth_date"] = "2000-05-05"
    bring(at_midnight, born)
    number = at_midnight.get("/api/v1/players").json()["players"][0]["id"]
    at_midnight.clock(0)
    assert '>30</td>' in at_midnight.get("/?per_page=99").text, "the clock is not ours"
    seen = set()
    for looks in range(1, 7):
        for path, age in ((f"/?per_page={10 + looks}", r'<td class="number">(\d+)</td>'),
                          (f"/compare?player={number}&name={looks}", r'Age</th>\s*<td class="number">(\d+)</td>'),
                          (f"/players/{number}", r"<dt>Age</dt><dd>(\d+)</dd>")):
            at_midnight.clock(looks)
            seen.update(re.findall(age, at_midnight.get(path).text)[:1])
            at_midnight.clock(0)
            assert re.findall(age, at_midnight.get(path).text)[:1] == ["30"], (path, looks)
    assert seen == {"29", "30"} or seen == {"29"}, "it was never yesterday"
