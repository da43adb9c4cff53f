"""Sources that are mappings: pages, joins, keys, mistakes and reports, with the shipped daemons."""

import json
import pathlib
import re
import shutil
import threading

import pytest

from feed_server import Answer, FeedServer
from house import House, SOURCE_DIR, until
from test_extractor import incoming, new_place, prepare, run

EXAMPLES = SOURCE_DIR / "etc/extractors"
FEEDS = SOURCE_DIR / "tests/data/feeds"

FIELDS = {
    "competition_external_id": {"constant": "L"}, "competition_name": {"constant": "League"},
    "season": {"constant": "2025-26"}, "team_external_id": "/club", "team_name": "/club",
    "player_external_id": "/id", "full_name": "/name",
}


def player(number, **more):
    return {"id": number, "name": f"Player {number}", "club": "Club", **more}


@pytest.fixture(scope="module")
def feeds():
    with FeedServer() as server:
        yield server


@pytest.fixture(autouse=True)
def forgotten(feeds):
    with feeds.lock:
        feeds.requests.clear()
        feeds.routes.clear()


@pytest.fixture(scope="module")
def running_house(programs, template, feeds):
    house = House(programs, template)
    mappings = house.dir / "extractors"
    mappings.mkdir()
    mappings.chmod(0o755)
    prepare(house, feeds, EXTRACTOR_MAPPINGS_DIR=mappings, FEED_KEY="open-sesame").start()
    house.mappings = mappings
    yield house
    house.close()


@pytest.fixture
def hs(running_house):
    for folder in (running_house.mappings, running_house.folder("incoming")):
        for path in folder.iterdir():
            path.unlink()
    return running_house


def write(house, name, **mapping):
    """A mapping of the players above, and what else is said of it."""
    whole = {"records": "/players", "fields": FIELDS, **mapping}
    (house.mappings / f"{name}.json").write_text(json.dumps(whole))
    return name


def names(result):
    return [row["full_name"] for row in json.loads(pathlib.Path(result["file"]).read_text())["records"]]


def asked(feeds):
    return [path for path in feeds.paths() if path != "/robots.txt"]


# -- one feed ---------------------------------------------------------------------------------------

def test_mapping_becomes_a_source(hs, feeds):
    write(hs, "my_league", about="Our league", url=feeds.url("/feed"))
    assert "my_league" in hs.hsctl("extractor", "list").stdout
    feeds.serve("/feed", {"players": [player(1), player(2)]})
    result = run(hs, name="my_league")
    assert names(result) == ["Player 1", "Player 2"] and result["source_name"] == "my_league"
    assert run(hs, name="my_league")["status"] == "unchanged"
    (hs.mappings / "my_league.json").unlink()
    assert "my_league" not in hs.hsctl("extractor", "list").stdout


def test_too_few_records_fail_where_the_mapping_says_so(hs, feeds):
    feeds.serve("/feed", {"players": []})
    write(hs, "few", url=feeds.url("/feed"))
    result = run(hs, name="few")
    assert result["status"] == "emitted" and "the feed has no records" in result["report"]["warnings"][0], result
    write(hs, "few", url=feeds.url("/feed"), min_records=2)
    for players in ([], [player(1)]):
        feeds.serve("/feed", {"players": players})
        result = run(hs, name="few", check=False)
        assert (result["status"], result["file"]) == ("failed", None), result
        assert result["error"]["where"] == "/min_records" and "wants 2 at least" in result["error"]["message"], result
    feeds.serve("/feed", {"players": [player(1), player(2)]})
    assert run(hs, name="few")["status"] == "emitted"


def test_edit_that_says_the_same_makes_none(hs, feeds):
    feeds.serve("/feed", {"players": [player(1)]})
    path = hs.mappings / (write(hs, "tidied", url=feeds.url("/feed")) + ".json")
    assert run(hs, name="tidied")["status"] == "emitted"
    path.write_text(json.dumps({"about": "the same", **json.loads(path.read_text())}, indent=4, sort_keys=True))
    assert run(hs, name="tidied")["status"] == "unchanged"


def test_changed_mapping_makes_a_new_snapshot(hs, feeds):
    """The feed is as it was, and the server says so: what is made of it is not."""
    feeds.serve("/feed", {"players": [player(1, role="captain")]}, headers={"ETag": '"1"'})
    write(hs, "changing", url=feeds.url("/feed"))
    assert run(hs, name="changing")["status"] == "emitted"
    assert run(hs, name="changing")["status"] == "unchanged"
    write(hs, "changing", url=feeds.url("/feed"), fields={**FIELDS, "role": "/role"})
    result = run(hs, name="changing")
    assert result["status"] == "emitted"
    assert json.loads(pathlib.Path(result["file"]).read_text())["records"][0]["role"] == "captain"
    assert run(hs, name="changing")["status"] == "unchanged"
    assert run(hs, "--source-name", "other", name="changing")["status"] == "emitted"


def test_key_from_the_environment(hs, feeds):
    feeds.serve("/feed", {"players": [player(1)]})
    write(hs, "keyed", url=feeds.url("/feed"), headers={"X-Api-Key": {"env": "FEED_KEY"}, "Accept": "text/x"})
    run(hs, name="keyed")
    headers = feeds.asked("/feed")[0].headers
    assert headers["x-api-key"] == "open-sesame" and headers["accept"] == "text/x"
    with FeedServer() as fresh:     # whose robots.txt is not known yet
        fresh.serve("/feed", {"players": [player(1)]})
        write(hs, "keyed", url=fresh.url("/feed"), headers={"X-Api-Key": {"env": "FEED_KEY"}})
        run(hs, name="keyed")
        assert [("x-api-key" in request.headers) for request in fresh.asked("/robots.txt")] == [False]
        assert fresh.asked("/feed")[0].headers["x-api-key"] == "open-sesame"
    write(hs, "keyed", url=feeds.url("/feed"), headers={"X-Api-Key": {"env": "NO_SUCH_KEY"}})
    error = run(hs, name="keyed", check=False)["error"]
    assert "NO_SUCH_KEY" in error["message"] and len(feeds.asked("/feed")) == 1
    assert "open-sesame" not in hs.log() + hs.hsctl("extractor", "history", as_json=True).stdout


def test_key_does_not_follow_a_redirect_elsewhere(hs, feeds):
    with FeedServer() as other:
        other.serve("/feed", {"players": [player(1)]})
        feeds.serve("/feed", status=302, headers={"Location": other.url("/feed")})
        write(hs, "moved", url=feeds.url("/feed"), headers={"X-Api-Key": {"env": "FEED_KEY"}})
        assert run(hs, name="moved")["status"] == "emitted"
        assert "x-api-key" not in other.asked("/feed")[0].headers
        assert feeds.asked("/feed")[0].headers["x-api-key"] == "open-sesame"


def test_key_goes_to_its_own_server_only(hs, feeds):
    with FeedServer() as other:
        other.serve("/bios", {"people": []})
        other.serve("/feed", {"players": [player(1)]})
        feeds.serve("/feed", {"players": [player(2)]})
        write(hs, "own", url=feeds.url("/feed"), headers={"X-Api-Key": {"env": "FEED_KEY"}},
              joins={"bios": {"url": other.url("/bios"), "records": "/people", "key": "/code"}})
        run(hs, name="own")
        run(hs, "--url", other.url("/feed"), name="own")
        assert feeds.asked("/feed")[0].headers["x-api-key"] == "open-sesame"
        assert not any("x-api-key" in request.headers for request in other.requests)


def test_removed_source_can_be_cancelled(hs, feeds):
    feeds.script("/feed", lambda link: link.wait(20))
    write(hs, "going", url=feeds.url("/feed"))
    thread = threading.Thread(target=run, args=(hs,), kwargs={"name": "going", "check": False})
    thread.start()
    until(lambda: feeds.asked("/feed"), 10, "it is not asked")
    (hs.mappings / "going.json").unlink()
    assert "is told to end" in hs.hsctl("extractor", "cancel", "going").stdout
    thread.join(30)
    assert hs.sql("select status from extractor_run where source = 'going'") == "cancelled"


# -- pages ------------------------------------------------------------------------------------------

def paged(feeds, pages, key="page", first=1, step=1):
    for number, players in enumerate(pages):
        feeds.serve(f"/feed?{key}={first + number * step}", {"players": players, "total": sum(map(len, pages))})


def test_page_numbers(hs, feeds):
    paged(feeds, [[player(1), player(2)], [player(3), player(4)], []])
    write(hs, "pages", url=feeds.url("/feed"), paging={"kind": "page"})
    result = run(hs, name="pages")
    assert names(result) == [f"Player {n}" for n in (1, 2, 3, 4)] and result["pages"] == 3
    assert asked(feeds) == ["/feed?page=1", "/feed?page=2", "/feed?page=3"]
    assert "3 pages" in hs.hsctl("extractor", "run", "pages", "--dry-run").stdout


def test_offsets_end_with_the_total(hs, feeds):
    paged(feeds, [[player(1), player(2)], [player(3), player(4)]], key="limit=2&from", first=0, step=2)
    write(hs, "offsets", url=feeds.url("/feed?from=9"), paging={
        "kind": "offset", "parameter": "from", "size": 2, "size_parameter": "limit", "total": "/total"})
    assert len(names(run(hs, name="offsets"))) == 4
    assert asked(feeds) == ["/feed?limit=2&from=0", "/feed?limit=2&from=2"]


def test_cursors(hs, feeds):
    feeds.serve("/feed?cursor=a%26b", {"players": [player(2)], "next": None})
    feeds.serve("/feed", {"players": [player(1)], "next": "a&b"})
    write(hs, "cursors", url=feeds.url("/feed"), paging={"kind": "cursor", "next": "/next"})
    assert names(run(hs, name="cursors")) == ["Player 1", "Player 2"]


def test_links_in_the_page_and_in_the_header(hs, feeds):
    feeds.serve("/feed", {"players": [player(1)], "next": "more/2"})
    feeds.serve("/more/2", {"players": [player(2)]})
    write(hs, "links", url=feeds.url("/feed"), paging={"kind": "link", "next": "/next"})
    assert names(run(hs, name="links")) == ["Player 1", "Player 2"]
    feeds.serve("/head", {"players": [player(1)]}, headers={"Link": '</more/2>; rel="next"'})
    write(hs, "heads", url=feeds.url("/head"), paging={"kind": "link"})
    assert names(run(hs, name="heads")) == ["Player 1", "Player 2"]


def test_a_page_that_leads_nowhere_good(hs, feeds):
    before = incoming(hs)
    feeds.serve("/self", {"players": [player(1)], "next": "/self"})
    feeds.serve("/away", {"players": [player(1)], "next": "http://localhost:1/x"})
    for path, says in (("/self", "very page"), ("/away", "another server")):
        write(hs, "bad", url=feeds.url(path), paging={"kind": "link", "next": "/next"})
        error = run(hs, name="bad", check=False)["error"]
        assert error["code"] == "bad_url" and says in error["message"], error
    for at, then in (("", "a"), ("?cursor=a", "b"), ("?cursor=b", "a")):
        feeds.serve(f"/round{at}", {"players": [player(1)], "next": then})
    write(hs, "bad", url=feeds.url("/round"), paging={"kind": "cursor", "next": "/next"}, duplicates="drop")
    error = run(hs, name="bad", check=False)["error"]
    assert error["code"] == "bad_url" and "read before" in error["message"], error
    assert len([path for path in asked(feeds) if "round" in path]) < 8
    feeds.serve("/forever", {"players": [player(1)]})
    write(hs, "bad", url=feeds.url("/forever"), paging={"kind": "page", "limit": 3}, duplicates="drop")
    error = run(hs, name="bad", check=False)["error"]
    assert "3 pages" in error["message"] and len([path for path in asked(feeds) if "forever" in path]) == 3
    assert incoming(hs) == before


def test_a_broken_page_is_named(hs, feeds):
    feeds.serve("/feed?page=1", {"players": [player(1)]})
    feeds.serve("/feed?page=2", b'{"players": [')
    write(hs, "broken", url=feeds.url("/feed"), paging={"kind": "page"})
    error = run(hs, name="broken", check=False)["error"]
    assert error["message"].startswith("on page 2: "), error
    assert incoming(hs) == []


def test_unchanged_pages(hs, feeds):
    paged(feeds, [[player(1)], [player(2)], []])
    write(hs, "same", url=feeds.url("/feed"), paging={"kind": "page"})
    assert run(hs, name="same")["status"] == "emitted"
    second = run(hs, name="same")
    assert (second["status"], second["file"]) == ("unchanged", None) and len(incoming(hs)) == 1
    feeds.serve("/feed?page=2", {"players": [player(3)]})
    assert run(hs, name="same")["status"] == "emitted"


def test_several_urls(hs, feeds):
    for season in ("2024", "2025"):
        feeds.serve(f"/{season}", {"players": [player(season)]})
    write(hs, "seasons", urls=[{"url": feeds.url(f"/{season}"), "with": {"season": season}} for season in
                               ("2024", "2025")], fields={**FIELDS, "season": {"with": "season"}})
    rows = json.loads(pathlib.Path(run(hs, name="seasons")["file"]).read_text())["records"]
    assert [(row["season"], row["full_name"]) for row in rows] == [("2024", "Player 2024"), ("2025", "Player 2025")]


# -- joins ------------------------------------------------------------------------------------------

def test_join_of_another_feed(hs, feeds):
    feeds.serve("/bios", {"people": [{"code": 1, "height": 201}, {"code": 2, "height": 188}]})
    feeds.serve("/feed", {"players": [player(1), player(2), player(3)]})
    write(hs, "joined", url=feeds.url("/feed"),
          joins={"bios": {"url": feeds.url("/bios"), "records": "/people", "key": "/code"}},
          fields={**FIELDS, "height_cm": {"lookup": "bios", "key": "/id", "value": "/height"}})
    done = run(hs, name="joined")
    rows = json.loads(pathlib.Path(done["file"]).read_text())["records"]
    assert [row.get("height_cm") for row in rows] == [201, 188, None]
    assert asked(feeds) == ["/bios", "/feed"]
    feeds.serve("/bios", {"people": [{"code": 1, "height": 202}]})
    assert run(hs, name="joined")["status"] == "emitted"
    feeds.serve("/bios", b"{")
    error = run(hs, name="joined", check=False)["error"]
    assert "the join bios" in error["message"]


# -- mistakes and reports ---------------------------------------------------------------------------

def test_check(hs, feeds):
    write(hs, "right", url=feeds.url("/feed"), schedule="0 4 * * *", timezone="Europe/Madrid")
    done = hs.hsctl("extractor", "check", "right")
    assert "is right" in done.stdout and "--dry-run" in done.stdout
    write(hs, "wrong", url="ftp://x/", schedule="61 * * * *", timezone="Mars/Olympus", colour="red",
          fields={**FIELDS, "shoe_size": "/x", "height_cm": {"at": "/h", "convert": "cubits"}})
    done = hs.hsctl("extractor", "check", "wrong", check=False)
    assert done.returncode == 1
    for pointer in ("/url", "/colour", "/fields/shoe_size", "/fields/height_cm/convert"):
        assert f"{pointer}:" in done.stdout, done.stdout
    assert "bad mapping" in hs.hsctl("extractor", "list").stdout
    refused = hs.hsctl("extractor", "run", "wrong", check=False)
    assert refused.returncode != 0 and "hsctl extractor check wrong" in refused.stderr
    write(hs, "times", url=feeds.url("/feed"), schedule="61 * * * *", timezone="Mars/Olympus")
    done = hs.hsctl("extractor", "check", "times", check=False)
    assert "/schedule:" in done.stdout and "/timezone:" in done.stdout and done.returncode == 1
    (hs.mappings / "nojson.json").write_text("{")
    assert hs.hsctl("extractor", "check", "nojson", check=False).returncode == 1
    assert hs.hsctl("extractor", "check", "absent", check=False).returncode != 0
    assert hs.hsctl("extractor", "check", "public_json_snapshot").returncode == 0


def test_report(hs, feeds):
    feeds.serve("/feed", {"players": [player(1), player(2, club=None), player(1, name="Player 1 again"),
                                      player(4, retired=True)]})
    write(hs, "report", url=feeds.url("/feed"), duplicates="drop", problems="skip",
          skip=[{"of": "/retired", "in": ["true"]}])
    done = hs.hsctl("extractor", "run", "report")
    assert "1 record was left out by the mapping's rules" in done.stdout, done.stdout
    assert "1 record was dropped: the feed repeats them" in done.stdout and "Player 1 again" in done.stdout
    assert "/players/1" in done.stdout
    report = hs.hsctl("extractor", "history", "report", as_json=True).json["result"]["runs"][0]["report"]
    assert (report["skipped"], report["left_out"], report["repeated"]) == (1, 1, 1), report


def test_problems_fail_the_run(hs, feeds):
    feeds.serve("/feed", {"players": [player(1), player(2, club=None)]})
    write(hs, "strict", url=feeds.url("/feed"))
    done = hs.hsctl("extractor", "run", "strict", check=False)
    assert done.returncode == 1 and "/players/1" in done.stdout and "nothing was written" in done.stdout, done.stdout
    assert incoming(hs) == []


def test_misspelt_pointers_are_named(hs, feeds):
    """A pointer that no record has makes no problem: the run says which fields stay empty, and so does history."""
    feeds.serve("/feed", {"players": [player(1, role="guard", height="6-3"), player(2)]})
    write(hs, "typo", url=feeds.url("/feed"), fields={
        **FIELDS, "role": "/rolle", "fg_pct": {"percent": ["/id", "/attempts"]},
        "position": {"first": ["/pos", "/position"]},
        "height_cm": {"at": "/height", "convert": "feet_inches_to_cm"}})
    said = hs.hsctl("extractor", "run", "typo").stdout
    assert "no record has a value for role: the mapping looks for it at /rolle" in said, said
    assert "position: the mapping looks for it at /pos, /position" in said, said
    assert "fg_pct: none has one at /attempts" in said, said
    assert "height_cm" not in said and "FIRST VALUE" not in said, said
    assert "value for role" in hs.hsctl("extractor", "history", "typo").stdout
    report = hs.hsctl("extractor", "history", "typo", as_json=True).json["result"]["runs"][0]["report"]
    assert [row["field"] for row in report["empty_fields"]] == ["position", "role", "fg_pct"], report
    assert report["fields"] == [] and report["mapped"] == 2


def test_dry_run_shows_each_field(hs, feeds):
    """What would be in the snapshot, before anything is."""
    feeds.serve("/feed", {"players": [player(1), player(2, height="6-3"), player(3, height="7-0")]})
    write(hs, "shown", url=feeds.url("/feed"), fields={
        **FIELDS, "role": "/rolle", "height_cm": {"at": "/height", "convert": "feet_inches_to_cm"}})
    said = hs.hsctl("extractor", "run", "shown", "--dry-run").stdout
    rows = {line.split()[0]: line.split() for line in said.splitlines() if line.startswith("    ")}
    assert rows["FIELD"] == ["FIELD", "RECORDS", "FROM", "FIRST", "VALUE"], said
    assert rows["height_cm"] == ["height_cm", "2", "/height", "191"], said
    assert rows["role"] == ["role", "0", "/rolle", "-"], said
    assert rows["full_name"] == ["full_name", "3", "/name", "Player", "1"], said
    assert rows["season"] == ["season", "3", "constant", "2025-26"], said
    assert "nothing was written" in said and "3 records" in said


def test_all_left_out_fails(hs, feeds):
    """Whatever the mapping lets pass: a run that leaves out all there is has failed, and says why."""
    feeds.serve("/feed", {"players": [player(n, club=None) for n in range(3)]})
    write(hs, "none", url=feeds.url("/feed"), problems="skip")
    done = hs.hsctl("extractor", "run", "none", check=False)
    assert done.returncode == 1 and "failed" in done.stdout, done.stdout
    assert "not one record could be used" in done.stdout and "/players/0/club" in done.stdout, done.stdout
    assert "nothing was written" in done.stdout and incoming(hs) == []
    assert "not one record" in hs.hsctl("extractor", "history", "none").stdout
    feeds.serve("/feed", {"players": [player(0, club=None), player(1)]})
    assert names(run(hs, name="none")) == ["Player 1"]


def test_same_problems_are_folded(hs, feeds):
    """5000 records with one mistake: one line, with the pointer, the first place and how many there are."""
    rows = [json.dumps(player(n, stats={"ppg": "12,5"})) for n in range(5000)]
    rows[1700] = json.dumps(player(1700, name=None))
    feeds.serve("/feed", ('{"players": [\n' + ",\n".join(rows) + "]}").encode())
    write(hs, "folded", url=feeds.url("/feed"), fields={**FIELDS, "points_per_game": "/stats/ppg"})
    done = hs.hsctl("extractor", "run", "folded", check=False)
    assert "  /players/0/stats/ppg: points_per_game would be \"12,5\"" in done.stdout, done.stdout
    assert "    record 1, line 2 of the feed; the same in 4,998 more\n" in done.stdout, done.stdout
    assert "  /players/1700/name: full_name has no value" in done.stdout, done.stdout
    assert "    record 1,701, line 1,702 of the feed\n" in done.stdout, done.stdout
    assert "5,000 problems" in done.stdout
    problems = hs.hsctl("extractor", "history", "folded", as_json=True).json["result"]["runs"][0]["problems"]
    assert [(row["field"], row["count"], row["record"]) for row in problems] == [
        ("points_per_game", 4999, 1), ("full_name", 1, 1701)]


def test_duplicates_have_the_places_of_the_feed(hs, feeds):
    """Found in the snapshot, which nobody has seen; dropped or not, they are told of by page, record and line."""
    pages = [[player(1), player(2)], [player(9, retired=True), player(3), player(2, name="Twice")], []]
    for number, players in enumerate(pages):
        body = '{"players": [\n' + ",\n".join(map(json.dumps, players)) + "]}"
        feeds.serve(f"/feed?page={number + 1}", body.encode())
    skip = [{"of": "/retired", "in": ["true"]}]
    write(hs, "twice", url=feeds.url("/feed"), paging={"kind": "page"}, skip=skip)
    done = hs.hsctl("extractor", "run", "twice", check=False)
    assert done.returncode == 1 and "  /players/2: the same competition" in done.stdout, done.stdout
    assert "as page 1, record 2 (line 3, /players/1) of the feed" in done.stdout, done.stdout
    assert "    page 2, record 3, line 4 of the feed\n" in done.stdout, done.stdout
    assert "  1 problem, so nothing was written\n" in done.stdout, done.stdout
    write(hs, "twice", url=feeds.url("/feed"), paging={"kind": "page"}, skip=skip, duplicates="drop")
    done = hs.hsctl("extractor", "run", "twice")
    assert "Twice, 2025-26, Club (/players/2: page 2, record 3, line 4)" in done.stdout, done.stdout


def test_repeats_are_one_problem_with_a_count(hs, feeds):
    """The importer's rules keep the first hundred; here all of them are counted."""
    feeds.serve("/feed", {"players": [player(1)] * 500})
    write(hs, "same", url=feeds.url("/feed"))
    said = hs.hsctl("extractor", "run", "same", check=False).stdout
    assert "; the same in 498 more\n" in said, said
    assert "  499 problems, so nothing was written\n" in said, said


def test_repeated_key_in_a_payload_is_the_records_problem(hs, feeds):
    """The importer keeps no such object: the record is left out or fails the run, as any other that is wrong."""
    body = json.dumps({"players": [player(1), player(2), player(3)]}).replace('"id": 2', '"id": 7, "id": 2')
    feeds.serve("/feed", body.encode())
    write(hs, "payload", url=feeds.url("/feed"), raw_payload=True, problems="skip")
    result = run(hs, name="payload")
    assert names(result) == ["Player 1", "Player 3"]
    left_out = result["report"]["left_out_problems"]
    assert [(row["code"], row["pointer"]) for row in left_out] == [("repeated_key", "/players/1/id")], left_out
    write(hs, "payload", url=feeds.url("/feed"), raw_payload=True)
    done = hs.hsctl("extractor", "run", "payload", check=False)
    assert done.returncode == 1 and "/players/1/id: raw_payload: the key" in done.stdout, done.stdout
    write(hs, "payload", url=feeds.url("/feed"))
    assert len(names(run(hs, name="payload"))) == 3


def test_web_page_in_a_joins_place(hs, feeds):
    feeds.serve("/feed", {"players": [player(1)]})
    feeds.serve("/bios", b"<html><head><title>Log in</title>")
    write(hs, "login", url=feeds.url("/feed"), joins={
        "bios": {"url": feeds.url("/bios"), "records": "/people", "key": "/code"}})
    said = run(hs, name="login", check=False)["error"]["message"]
    assert said.startswith("in the feed of the join bios: a web page (HTML) with the title \"Log in\""), said


def test_examples_run_over_http(hs, feeds):
    """Each shipped example is right, and makes its feed's snapshot when it is fetched."""
    place = new_place(hs)
    for example in sorted(EXAMPLES.glob("example_*.json")):
        shutil.copy(example, hs.mappings)
        assert "is right" in hs.hsctl("extractor", "check", example.stem).stdout
    assert "example_" not in hs.hsctl("extractor", "list").stdout
    feeds.serve("/totals", (FEEDS / "totals_array.json").read_bytes())
    result = run(hs, "--url", feeds.url("/totals"), "--output-path", place, name="example_totals_array")
    made = json.loads(pathlib.Path(result["file"]).read_text())["records"]
    wanted = json.loads((FEEDS / "totals_array.expected.json").read_text())
    wanted = wanted["records"] if isinstance(wanted, dict) else wanted
    assert len(made) == len(wanted) and made[0]["full_name"] == wanted[0]["full_name"]


def memory_kb(pid, what):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{what}:\s+(\d+)", text).group(1))


@pytest.mark.parametrize("shape", ["array", "lines"])
def test_memory_is_flat(hs, feeds, shape):
    """A feed of 160 MB goes through in less than 64 MB: bench_extract.py does it with a gigabyte."""
    if "asan" in str(hs.programs.build):
        pytest.skip("sanitizers keep what was freed")
    count, note = 20000, "x" * 8000

    def send(link):
        link.head(Content_Type="application/json")
        for n in range(count):
            before = "" if shape == "lines" else '{"players": [' if n == 0 else ","
            link.send((before + json.dumps(player(n, note=note)) + "\n").encode())
        link.send(b"" if shape == "lines" else b"]}")

    feeds.script("/huge", send)
    feeds.serve("/small", {"players": [player(1)]} if shape == "array" else json.dumps(player(1)))
    write(hs, "huge", url=feeds.url("/huge"), **({"records": {"shape": "lines"}} if shape == "lines" else {}))
    assert run(hs, "--dry-run", "--url", feeds.url("/small"), name="huge")["records"] == 1
    pid = hs.daemon_pid("extractor")
    idle = memory_kb(pid, "VmRSS")
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")     # the peak begins anew
    result = run(hs, "--dry-run", name="huge")
    assert result["records"] == count and result["bytes"] > 160e6, result
    assert memory_kb(pid, "VmHWM") - idle < 64 << 10


def test_status_names_what_runs(hs, feeds):
    write(hs, "slow", url=feeds.url("/feed"))
    feeds.script("/feed", lambda link: link.wait(5))
    thread = threading.Thread(target=run, args=(hs,), kwargs={"name": "slow", "check": False})
    thread.start()
    until(lambda: feeds.asked("/feed"), 10, "it is not asked")
    rows = [row for row in hs.status()["daemons"] if row["name"] == "extractor"]
    assert [[shown["file"] for shown in row["detail"]["runs"]] for row in rows] == [["slow"]]
    assert "  slow: " in hs.hsctl("status").stdout
    hs.hsctl("extractor", "cancel", "slow")
    thread.join(30)
