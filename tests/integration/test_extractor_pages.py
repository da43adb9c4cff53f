"""The extractor's pages in the browser: sources, schedules, runs, reports and actions; what is shown to whom."""

import html
import json
import re

import pytest

from browser import make_account, signed_in
from feed_server import FeedServer
from house import House, until
from test_extractor import NAME, prepare, slow_feed
from test_extractor_mapped import FIELDS, player
from test_importer import record, snapshot

NASTY = '"><script>alert(1)</script>&amp;'
JS = "<script>alert"


@pytest.fixture(scope="module")
def feeds():
    with FeedServer() as server:
        yield server


def write(house, name, mapping):
    (house.mappings / f"{name}.json").write_text(mapping if isinstance(mapping, str) else json.dumps(mapping))


@pytest.fixture(scope="module")
def hs(programs, template, feeds):
    """All daemons; sources with and without a schedule, one with mistakes, and one that is history."""
    house = House(programs, template)
    house.mappings = house.dir / "extractors"
    house.mappings.mkdir()
    house.mappings.chmod(0o755)
    mapping = {"about": f"A league {NASTY}", "url": feeds.url("/league.json?token=secret-1"),
               "records": "/players", "duplicates": "drop", "fields": {**FIELDS, "nationality": "/from", "height_cm": "/tall"}}
    write(house, "league", mapping)
    write(house, "nightly", {**mapping, "about": "By night", "schedule": "30 2 * * mon-fri",
                             "timezone": "Asia/Tokyo"})
    write(house, "broken", "{")
    house.mapping = mapping
    prepare(house, feeds, HOOPSCOUT_DAEMONS="web,importer,extractor", EXTRACTOR_MAPPINGS_DIR=house.mappings,
            SCHEDULER_ENABLED="yes", SCHEDULER_JITTER_SECONDS="0", HOOPSCOUT_RESCAN_SECONDS="1").start()
    house.browsers = {}
    for role in ("viewer", "scout", "admin"):
        make_account(house, role, role)
        house.browsers[role] = signed_in(house, role)
    until(lambda: house.sql("select count(*) from extractor_known") == "4", 20, "the sources are not told")
    yield house
    house.close()


@pytest.fixture
def admin(hs):
    return hs.browsers["admin"]


@pytest.fixture
def scout(hs):
    return hs.browsers["scout"]


def path_of(name):
    return f"/admin/extractors/{name}"


def act(house, name, action, seconds=30):
    """Posts an action; the page that its request's end is shown on."""
    admin = house.browsers["admin"]
    answer = admin.submit(path_of(name), f"{path_of(name)}/{action}")
    assert answer.status == 303, answer.text
    assert re.fullmatch(re.escape(path_of(name)) + r"\?request=\d+", answer.headers["Location"])
    number = answer.headers["Location"].partition("=")[2]
    until(lambda: house.sql(f"select status from command_request where request_id = {number}") not in
          ("waiting", "running"), seconds, house.log_tail)
    return admin.get(answer.headers["Location"])


def plain(page):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.text)))


# -- sources --------------------------------------------------------------------------------------------------

def test_the_list_has_all_sources(hs, scout):
    page = scout.get("/admin/extractors")
    assert re.findall(r'id="source-([^"]+)"', page.text) == ["broken", "league", "nightly", NAME]
    text = plain(page)
    assert "at 02:30, Monday to Friday Asia/Tokyo time" in text
    assert re.search(r"\d{4}-\d\d-\d\d 17:30:00", text), "when nightly runs next, in UTC"
    assert "a mapping that has mistakes" in text and "never run" in text and "when asked for" in text
    assert "secret-1" not in page.text and "127.0.0.1" in text
    assert JS not in page.text and NASTY in text
    assert page.headers["Cache-Control"] == "no-store"
    assert "every 1500ms" not in page.text, "it looks again though nothing moves"


def test_a_source(hs, scout, admin):
    page = plain(scout.get(path_of("nightly")))
    assert "at 02:30, Monday to Friday" in page and "30 2 * * mon-fri" in page and "It has never run" in page
    assert "<form" not in scout.get(path_of("nightly")).text
    forms = re.findall(r'action="/admin/extractors/nightly/([a-z-]+)"', admin.get(path_of("nightly")).text)
    assert forms == ["run", "dry-run", "disable"]
    broken = admin.get(path_of("broken"))
    assert re.findall(r'action="[^"]*/([a-z-]+)"', broken.text) == ["disable"], "it could not run"
    assert "is no JSON" in plain(broken) or "mistake" in plain(broken)


@pytest.mark.parametrize("path", [
    "/admin/extractors/nobody", "/admin/extractors/" + "x" * 64, "/admin/extractors/" + "x" * 65,
    "/admin/extractors/..", "/admin/extractors/.hidden", "/admin/extractors/%3Cscript%3E", "/admin/extractors/a%2Fb",
    "/admin/extractors/league/", "/admin/extractors/league/run/x", "/admin/extractors/runs/999",
    "/admin/extractors/runs/0", "/admin/extractors/runs/99999999999", "/admin/extractors/runs/x"])
def test_what_is_not_there(hs, admin, path):
    answer = admin.get(path)
    assert answer.status == 404 and JS not in answer.text


@pytest.mark.parametrize("query, says", [
    ("?page=0", "page"), ("?page=21", "page"), ("?page=1&page=2", "given twice"), ("?sort=name", "no parameter"),
    ("?request=x", "request"), ("?request=" + "9" * 30, "request")])
def test_parameters_that_are_refused(hs, scout, query, says):
    answer = scout.get(path_of("league") + query)
    assert answer.status == 400 and says in plain(answer)


def test_a_source_of_history(hs, scout, admin):
    """Its mapping is gone; its runs are not."""
    hs.sql("insert into extractor_run (source, trigger, status, finished_at, url, host, error, report) values "
           "('gone', 'command', 'failed', now(), 'http://x/', 'h:/x', "
           f"jsonb_build_object('message', $q${NASTY}$q$), '{{\"warnings\": 7, \"fields\": [1, {{}}]}}')")
    assert "known from its history only" in plain(scout.get("/admin/extractors"))
    page = admin.get(path_of("gone"))
    assert page.status == 200 and JS not in page.text and NASTY in plain(page)
    assert re.findall(r'action="[^"]*/([a-z-]+)"', page.text) == []
    run = hs.sql("select run_id from extractor_run where source = 'gone'")
    page = scout.get(f"/admin/extractors/runs/{run}")
    assert page.status == 200 and JS not in page.text and NASTY in plain(page)


def test_pages_of_runs(hs, scout):
    hs.sql("insert into extractor_run (source, trigger, status, finished_at, url, host) select 'many', 'command', "
           "'unchanged', now(), 'http://x/', 'h:/x' from generate_series(1, 120)")
    runs = hs.sql("select run_id from extractor_run where source = 'many' order by run_id desc").splitlines()
    seen = []
    for number in (1, 2, 3):
        page = scout.get(path_of("many") + f"?page={number}")
        seen += re.findall(r'id="run-(\d+)"', page.text)
        assert f"Page {number} of 3" in plain(page)
        assert ('id="page-next"' in page.text) == (number < 3)
    assert seen == runs
    assert "There is no page 9: the last one is 3" in plain(scout.get(path_of("many") + "?page=9"))


# -- actions --------------------------------------------------------------------------------------------------

def test_dry_run_shows_its_report(hs, feeds):
    feeds.serve("/league.json", {"players": [player(1, club=NASTY), player(2), player(2)]})
    page = act(hs, "league", "dry-run")
    text = plain(page)
    assert "Dry run , asked for by admin: done: checked" in text, text
    assert "What the dry run found" in text and "The fields of 3 mapped records" in text
    assert "1 record dropped: the feed repeats them" in text and "Player 2, 2025-26, Club" in text
    assert "Player 1" in text and "/name" in text and JS not in page.text and NASTY in text
    assert "nationality : none has one at /from" in text or "nationality : the mapping looks for it at /from" in text
    run = re.search(r'<a href="(/admin/extractors/runs/\d+)">Its run', page.text).group(1)
    report = plain(hs.browsers["scout"].get(run))
    assert "a dry run: the importer would take it" in report and "The fields of 3 mapped records" in report
    assert hs.browsers["admin"].get(path_of("nightly") + "?" + "request=1").status == 200
    trail = hs.rows("select * from audit_trail where action = 'extractor.run' order by audit_id desc limit 1")[0]
    assert (trail["actor"], trail["subject"], trail["is_refusal"]) == ("admin", "league", False)
    assert re.fullmatch(r"request \d+, dry run", trail["detail"])


def test_run_now_leads_to_its_import(hs, feeds):
    feeds.serve("/feed.json", snapshot(record(full_name="Fetched by a page")))
    page = act(hs, NAME, "run")
    assert "Run now , asked for by admin: done: emitted, 1 record" in plain(page), plain(page)
    run = re.search(r'<a href="(/admin/extractors/runs/\d+)">Its run', page.text).group(1)
    name = hs.sql("select file from extractor_run where status = 'emitted' order by run_id desc limit 1").rpartition("/")[2]
    hs.wait_imported(name)
    page = hs.browsers["scout"].get(run)
    link = re.search(r'Import: <a href="(/admin/imports/files/\d+)">([^<]+)</a> <span class="badge imported">', page.text)
    assert link and link.group(2) == name
    assert hs.browsers["scout"].get(link.group(1)).status == 200
    assert "emitted" in plain(hs.browsers["scout"].get("/admin/extractors"))


def test_a_run_that_fails(hs, feeds):
    feeds.serve("/league.json", {"players": [player(1, tall="tall"), player(2, tall="tall")]})
    text = plain(act(hs, "league", "run"))
    assert "Run now , asked for by admin: failed: its records have problems" in text, text
    run = hs.sql("select max(run_id) from extractor_run where source = 'league'")
    report = plain(hs.browsers["scout"].get(f"/admin/extractors/runs/{run}"))
    assert "height_cm" in report and "nothing was written" in report and "record 1" in report, report


def test_progress_and_cancel(hs, feeds, scout, admin):
    slow_feed(feeds)
    answer = admin.submit(path_of(NAME), path_of(NAME) + "/run")
    assert answer.status == 303
    until(lambda: "fetching" in hs.sql("select progress from extractor_run where status = 'running'"), 20, hs.log_tail)
    page = scout.get(path_of(NAME))
    assert "A run is under way" in plain(page) and "fetching" in plain(page) and 'hx-trigger="every' in page.text
    assert "fetching" in plain(scout.get("/admin/extractors"))
    assert 'hx-trigger="every' not in scout.get(path_of("league")).text, "another source's page follows it"
    run = hs.sql("select run_id from extractor_run where status = 'running'")
    page = admin.get(f"/admin/extractors/runs/{run}")
    assert "not yet" in plain(page) and f'action="{path_of(NAME)}/cancel"' in page.text
    assert "Cancel , asked for by admin: done" in plain(act(hs, NAME, "cancel"))
    until(lambda: hs.sql(f"select status, progress is null from extractor_run where run_id = {run}") == "cancelled|t",
          20, hs.log_tail)
    until(lambda: 'hx-trigger="every' not in scout.get(path_of(NAME)).text, 10, "it is followed still")


def test_enable_and_disable(hs, admin):
    act(hs, "nightly", "disable")
    page = admin.get(path_of("nightly"))
    assert "disabled" in plain(page) and 'action="/admin/extractors/nightly/enable"' in page.text
    assert "17:30:00" not in plain(page)
    act(hs, "nightly", "enable")
    until(lambda: "17:30:00" in plain(admin.get(path_of("nightly"))), 20, "its next run is not settled")


def test_actions_that_are_refused(hs, admin, scout):
    before = hs.sql("select count(*) from command_request")
    assert admin.submit(path_of("league"), path_of("nobody") + "/run").status == 404
    assert admin.post(path_of("league") + "/run", {"proof": "made-up"}).status == 403
    assert scout.post(path_of("league") + "/run", {}).status == 403
    assert admin.get(path_of("league") + "/run").status == 405
    assert admin.submit(path_of("league"), path_of("league") + "/run?dry=1").status == 400
    assert hs.sql("select count(*) from command_request") == before


# -- what hsd-extractor tells ---------------------------------------------------------------------------------

def test_a_new_mapping_and_one_that_goes(hs, scout):
    write(hs, "fresh", {**hs.mapping, "about": "Fresh", "schedule": "@every 1h"})
    hs.hsctl("reload")
    # its schedule is settled a moment before the source is told of
    text = until(lambda: "Fresh" in (found := plain(scout.get(path_of("fresh")))) and found, 10, hs.log_tail)
    assert "every hour" in text
    (hs.mappings / "fresh.json").unlink()
    hs.hsctl("extractor", "list")
    until(lambda: hs.sql("select count(*) from extractor_known where source = 'fresh'") == "0", 10, hs.log_tail)
    assert "known from its history only" in plain(scout.get("/admin/extractors")) or \
        scout.get(path_of("fresh")).status == 404


def test_of_two_machines_the_one_that_runs_it_counts(hs, scout):
    hs.sql("insert into extractor_known (host, source, about, schedule, schedule_words, is_scheduler_on, told_at) "
           "values ('idle:/x', 'nightly', 'Idle', '0 0 * * *', 'every day at 00:00', false, now() + interval '1 minute'),"
           " ('idle:/x', 'elsewhere', 'There', null, null, false, now() - interval '1 day')")
    text = plain(scout.get("/admin/extractors"))
    assert "By night" in text and "Idle" not in text
    assert "Nothing has been heard" in plain(scout.get(path_of("elsewhere")))
    hs.sql("delete from extractor_known where host = 'idle:/x'")
