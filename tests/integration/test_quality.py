"""Data quality: a world in which each finding is once and its near miss is not a finding; coverage as counted plainly; what
the page shows while a newer report is made."""

import datetime
import json
import time

import jsonschema
import pytest

from browser import Browser, make_account, signed_in
from house import SOURCE_DIR, until

FIGURES = dict(games_played=10, minutes_per_game=20, points_per_game=10, rebounds_per_game=5, assists_per_game=2,
               steals_per_game=1, blocks_per_game=0.5, turnovers_per_game=1.5, fg_pct=45, three_pt_pct=30, ft_pct=80)
NOTHING = dict.fromkeys(FIGURES)
TODAY = datetime.datetime.now(datetime.timezone.utc).date()


def record(player, season="2015-16", team="T1", **more):
    return {"competition_external_id": "C1", "competition_name": "League", "season": season, "team_external_id": team,
            "team_name": f"Team {team}", "player_external_id": player, "full_name": f"Player {player}",
            "birth_date": "1990-01-01", "nationality": "Serbia", **FIGURES, **more}


def squad(team, season="2015-16", count=5, prefix="", **more):
    """Players of whom there is nothing to say."""
    return [record(f"{prefix}{season}-{team}-{n}", season, team, **more) for n in range(count)]


def snapshot(records, source="odd", date="2016-06-01"):
    return {"source_name": source, "snapshot_date": date, "records": records}


# what is found -> what makes it so, and what is nearly so
CASES = {
    "born-after-season": ([record("infant", birth_date="2015-01-01")], []),
    "age": ([record("child", birth_date="2014-12-31")],
            [record("young", birth_date="2001-12-31"), record("old", birth_date="1965-01-01")]),
    "twins": ([record("twin1", full_name="José Díaz"), record("twin2", full_name="JOSE DIAZ")],
              [record("namesake", full_name="José Díaz", birth_date="1990-01-02"),
               record("nobody1", full_name="Unborn", birth_date=None), record("nobody2", full_name="Unborn", birth_date=None)]),
    "no-games": ([record("idle", **{**NOTHING, "games_played": 0, "points_per_game": 5.5})],
                 [record("unused", **{**dict.fromkeys(FIGURES, 0)})]),
    "minutes": ([record("tireless", minutes_per_game=48.01)], [record("tired", minutes_per_game=48)]),
    "points": ([record("giant", points_per_game=60.01)], [record("tall", points_per_game=60)]),
    "same-figures": ([record("copied"), record("copied", team="T2")],
                     [record("moved"), record("moved", team="T2", ft_pct=80.1)]),
    "total-row": ([record("summed", points_per_game=10), record("summed", team="T2", games_played=20, points_per_game=16),
                   record("summed", team="T3", games_played=30, points_per_game=14)],
                  [record("thrice"), record("thrice", team="T2", games_played=20, points_per_game=16),
                   record("thrice", team="T3", games_played=30, points_per_game=20)]),
    "nationality": ([record("sunk", nationality="Atlantis")], [record("abbreviated", nationality="SRB")]),
    "season-year": (squad("T1", "Season One"), squad("T1", "E2015")),
    "small-team": (squad("T4", count=4), squad("T5", count=5)),
    "no-figures": ([record("blank", **NOTHING)], [record("present", **{**NOTHING, "games_played": 0})]),
    "percentage-scale": ([], []),       # by files of their own
    "games-fell": ([], []),
}
LINKED = ("infant", "child", "twin1", "twin2", "idle", "tireless", "giant", "copied", "summed", "blank", "2015-16-G1-4")
FILES = {
    # older players, of whom there is nothing to say, whom the last test links others to
    "leads.json": snapshot([record(f"of-{name}", "2030-31", "L1", full_name=f"Lead {name}", birth_date=None, nationality=None)
                            for name in LINKED], "leads", "2015-01-01"),
    "world.json": snapshot([one for case in CASES.values() for part in case for one in part] + squad("T1") + squad("T2") +
                           squad("T3") + squad("T6", ft_pct=1, prefix="one-")),     # some of 1 % among others
    "shares.json": snapshot(squad("S1", fg_pct=0.5, three_pt_pct=0, ft_pct=0.99), "shares"),
    "few-shares.json": snapshot(squad("S1", fg_pct=None, three_pt_pct=None, ft_pct=None) +
                                [record(f"few{n}", team="S1", fg_pct=0.5, three_pt_pct=0.3, ft_pct=1) for n in range(4)], "few"),
    "grow-2.json": snapshot(squad("G1", games_played=10), "grow", "2016-02-01"),
    "grow-3.json": snapshot(squad("G1", games_played=12)[:4] + [record("2015-16-G1-4", team="G1", games_played=9)], "grow",
                            "2016-03-01"),
    "grow-1.json": snapshot(squad("G1", games_played=5), "grow", "2016-01-01"),     # older, comes later
    "other-source.json": snapshot([record("x", full_name="José Díaz"), *squad("T1")], "elsewhere"),
    **{f"{name}-{n}.json": snapshot(squad("W1", prefix=name), name, str(TODAY - datetime.timedelta(days=since + 7 * n)))
       for name, since, count in (("late", 15, 4), ("timely", 14, 4), ("young", 99, 2)) for n in range(count)},
}


def compute(house, *args):
    return house.hsctl("quality", *args, as_json=True).json["result"]


@pytest.fixture(scope="module")
def world(shared_house):
    house = shared_house
    house.start()
    for name, content in FILES.items():
        house.drop(content, name)
        assert house.wait_imported(name)["status"] == "imported", name
    make_account(house, "ana", "scout")
    return house, signed_in(house, "ana"), compute(house)


def items(house, name):
    return compute(house, name, "--limit", "500")["items"]


def test_each_finding_is_there_once(world):
    house, _, report = world
    totals = {one["name"]: one["total"] for one in report["findings"]}
    assert set(totals) == set(CASES) | {"height-changed", "weight-changed", "name-changed"}
    wrong = {name: [(one["player"], one["team"], one["detail"]) for one in items(house, name)] for name in CASES
             if totals[name] != 1}
    assert wrong == {}


@pytest.mark.parametrize("name, who, detail", [
    ("born-after-season", "Player infant", "born 2015-01-01"),
    ("age", "Player child", "aged 1, born 2014-12-31"),
    ("no-games", "Player idle", "0 games, 5.5 points"),
    ("minutes", "Player tireless", "48.01 minutes per game"),
    ("points", "Player giant", "60.01 points per game"),
    ("games-fell", "Player 2015-16-G1-4", "from 10 games on 2016-02-01 to 9 on 2016-03-01"),
    ("same-figures", "Player copied", "the same figures for Team T1 and Team T2"),
    ("total-row", "Player summed", "30 games, as many as the other teams of the season together"),
    ("no-figures", "Player blank", "no figure"),
])
def test_what_is_said_of_players(world, name, who, detail):
    house, browser, _ = world
    [one] = items(house, name)
    assert (one["player"]["name"], one["detail"]) == (who, detail)
    assert (one["competition"], one["season"]) == ("League", "2015-16") and one["file"]["name"] in FILES
    page = browser.get(f"/admin/quality?show={name}")
    assert page.status == 200 and f'<a href="/players/{one["player"]["id"]}">{who}</a>' in page.text
    assert detail in page.text and f'href="/admin/imports/files/{one["file"]["id"]}"' in page.text
    assert who in house.get(f"/players/{one['player']['id']}").text


def test_what_is_said_of_others(world):
    house, browser, _ = world
    [twins] = items(house, "twins")
    assert {twins["player"]["name"], twins["other"]["name"]} == {"José Díaz", "JOSE DIAZ"}
    assert twins["detail"] == "2 players, born 1990-01-01" and twins["source"] == "odd"
    [scale] = items(house, "percentage-scale")
    assert scale["file"]["name"] == "shares.json" and scale["player"] is None
    assert scale["detail"] == "FG% at most 0.5 in 5 rows, FT% at most 0.99 in 5 rows"
    for name, search in (("nationality", "nationality=Atlantis"), ("season-year", "season=Season+One"),
                         ("small-team", "competition=odd:C1&season=2015-16&team=odd:T4")):
        [one] = items(house, name)
        assert one["search"] == search
        assert f'href="/?{search.replace("&", "&amp;")}"' in browser.get(f"/admin/quality?show={name}").text
        total = house.get(f"/api/v1/players?{search}").json()["total"]
        assert one["detail"].startswith(f"{total} player"), "the search finds its rows"


def test_coverage_is_a_plain_count(world):
    house, browser, report = world
    columns = dict(birth_date="l.born_on > '-infinity'", nationality="l.nationality_id <> 0", position="l.position_id <> 0",
                   role="l.role_id <> 0", **{name: f"l.{name} >= 0" for name in
                   "height weight games mpg ppg rpg apg spg bpg tov fg_pct three_pt_pct ft_pct".split()})
    known = ", ".join(f"'{name}', count(*) filter (where {is_known})" for name, is_known in columns.items())
    want = house.rows(
        f"select so.name as source, json_build_object('id', so.name || ':' || c.external_id, 'name', c.name) as competition, "
        f"se.name as season, count(*) as player_seasons, count(distinct l.player_id) as players, "
        f"count(distinct l.team_id) as teams, max(ps.snapshot_date)::text as latest, "
        f"json_build_object('birth_date', 0)::jsonb || json_build_object({known})::jsonb as known "
        "from player_season_stats l join player_season ps using (player_id, competition_id, season_id, team_id) "
        "join competition c using (competition_id) join source so using (source_id) join season se using (season_id) "
        "group by so.name, c.external_id, c.name, se.name")
    got = compute(house, "coverage", "--limit", "500")
    order = lambda row: (row["source"], row["season"])     # noqa: E731
    assert sorted(got["coverage"], key=order) == sorted(want, key=order) and got["total"] == len(want) > 8
    by_source = {}
    for row in want:
        by_source.setdefault(row["source"], []).append(row)
    for row in report["coverage"]:
        parts = by_source.pop(row["source"])
        assert row["player_seasons"] == sum(part["player_seasons"] for part in parts)
        assert row["known"] == {name: sum(part["known"][name] for part in parts) for name in columns}
    assert by_source == {}
    answer = browser.get("/api/v1/quality?show=coverage&per_page=2&page=2&sort=rows").json()
    assert answer["total"] == len(want) and len(answer["coverage"]) == 2
    sizes = sorted((row["player_seasons"] for row in want), reverse=True)
    assert [row["player_seasons"] for row in answer["coverage"]] == sizes[2:4]
    assert {row["source"] for row in browser.get("/api/v1/quality?show=coverage&source=odd").json()["coverage"]} == {"odd"}


def test_low_coverage_shows_without_colour(world):
    _, browser, _ = world
    page = browser.get("/admin/quality?show=coverage&source=few").text
    assert "▼" in page and "(low)" in page and "<b>Height</b> 0 %" in page and "and 4 more" in page


def test_stale_sources(world):
    _, browser, report = world
    sources = {one["name"]: one for one in report["sources"]}
    late, timely, young = sources["late"], sources["timely"], sources["young"]
    assert (late["days"], late["usual"], late["allowed"], late["overdue"]) == (15, 7, 14, True)
    assert (timely["days"], timely["usual"], timely["overdue"]) == (14, 7, False)
    assert (young["usual"], young["overdue"]) == (None, None), "one pause tells nothing"
    assert late["last_import"]["file"] == "late-3.json" and late["last_run"] is None
    assert late["players"] == 5 and late["teams"] == 1
    assert {name for name, one in sources.items() if one["overdue"]} == {"late", "grow"}
    page = browser.get("/admin/quality").text
    assert page.count("▼ Stale") == 2


def test_the_command_as_text(world):
    house, _, _ = world
    text = house.hsctl("quality").stdout
    assert "version" in text and "born-after-season" in text and "stale" in text and "role 0 %" in text
    assert "Player infant" in house.hsctl("quality", "born-after-season").stdout
    done = house.hsctl("quality", "nonsense", check=False)
    assert done.returncode != 0 and "nonsense" in done.stderr


def test_paging_of_items(world):
    _, browser, _ = world
    answer = browser.get("/api/v1/quality?show=small-team&per_page=1&page=2").json()
    assert (answer["items"], answer["total"], answer["page"]) == ([], 1, 2)
    assert "There is nothing here" in browser.get("/admin/quality?show=small-team&page=2").text


@pytest.mark.parametrize("query, name", [
    ("show=nonsense", "show"), ("sort=up", "sort"), ("page=0", "page"), ("page=x", "page"), ("per_page=501", "per_page"),
    ("colour=red", "colour"), ("page=1&page=2", "page"), ("source=" + "x" * 500, "source")])
def test_refused_parameters(world, query, name):
    _, browser, _ = world
    answer = browser.get(f"/api/v1/quality?{query}")
    assert answer.status == 400 and answer.json()["parameter"] == name
    assert browser.get(f"/admin/quality?{query}").status == 400


def test_who_may(world):
    house, browser, _ = world
    make_account(house, "vera", "viewer")
    viewer = signed_in(house, "vera")
    for path in ("/admin/quality", "/api/v1/quality"):
        assert viewer.get(path).status == 403
        assert Browser(house).get(path).status == (401 if "api" in path else 303)
        assert browser.get(path).status == 200
    assert "/admin/quality" not in viewer.get("/").text and "/admin/quality" in browser.get("/").text
    assert browser.post("/admin/quality", {"proof": "wrong"}).status == 403
    assert browser.get("/admin/quality").headers["Cache-Control"] == "no-store"


def test_texts_of_a_snapshot_are_escaped(house):
    house.start()
    evil = "<b>\"&'"
    house.drop({"source_name": evil, "snapshot_date": "2016-01-01", "records": [
        record("p", season="x " + evil, team=evil, full_name=evil, nationality=evil, competition_name=evil,
               competition_external_id=evil, minutes_per_game=60)]}, "evil.json")
    house.wait_imported("evil.json")
    compute(house)
    make_account(house, "ana", "scout")
    browser = signed_in(house, "ana")
    for show in ("", "?show=coverage", "?show=minutes", "?show=nationality", "?show=season-year", "?show=small-team"):
        page = browser.get("/admin/quality" + show).text
        assert "<b>&quot;" not in page and evil not in page and "&lt;b&gt;" in page, show


# -- while a newer one is made --------------------------------------------------------------

def wait_report(browser, condition):
    return until(lambda: (lambda answer: answer if condition(answer) else None)(browser.get("/api/v1/quality").json()), 20,
                 "no report")


def lock(house):
    """Nobody reads the figures until it is closed."""
    psycopg2 = pytest.importorskip("psycopg2")
    link = psycopg2.connect(**house._database())
    with link.cursor() as cursor:
        cursor.execute("lock table player_season_stats in access exclusive mode")
    return link


def test_no_page_waits(house):
    """The first look finds nothing, and begins; what is kept is shown at once, however long the next takes."""
    house.start()
    house.drop(snapshot(squad("T1")), "a.json")
    house.wait_imported("a.json")
    make_account(house, "ana", "scout")
    browser = signed_in(house, "ana")
    held = lock(house)
    begun = time.monotonic()
    page = browser.get("/admin/quality")
    assert page.status == 200 and "The first one is on its way: step" in page.text
    answer = browser.get("/api/v1/quality").json()
    assert answer["is_computing"] and answer["as_of"] is None and answer["findings"] is None
    fragment = browser.get("/admin/quality", {"HX-Request": "true"})
    assert fragment.text.startswith('<div id="quality-state"') and "hx-trigger" in fragment.text
    assert time.monotonic() - begun < 5
    held.close()
    first = wait_report(browser, lambda answer: answer["as_of"])
    assert first["data_version"] == first["newest_data_version"] and not first["is_computing"]
    fragment = browser.get("/admin/quality", {"HX-Request": "true"}).text
    assert "It is there now" in fragment and "hx-trigger" not in fragment
    time.sleep(4 * first["seconds"] + 0.2)      # the rest it takes

    house.drop(snapshot(squad("T1") + [record("tireless", minutes_per_game=50)], date="2016-07-01"), "b.json")
    house.wait_imported("b.json")
    held = lock(house)
    page = browser.get("/admin/quality").text
    assert "A newer one is on its way" in page and f"version {first['data_version']} of the data" in page
    assert {one["total"] for one in browser.get("/api/v1/quality").json()["findings"] if one["name"] == "minutes"} == {0}
    held.close()
    second = wait_report(browser, lambda answer: answer["data_version"] == answer["newest_data_version"])
    assert {one["total"] for one in second["findings"] if one["name"] == "minutes"} == {1}
    assert second["data_version"] > first["data_version"]

    again = browser.post("/admin/quality", {"proof": browser.proof("/admin/quality")})
    assert (again.status, again.headers["Location"]) == (303, "/admin/quality")
    wait_report(browser, lambda answer: not answer["is_computing"] and answer["as_of"] >= second["as_of"])


def test_a_report_that_fails_leaves_what_is_kept(house):
    house.start()
    house.drop(snapshot(squad("T1")), "a.json")
    house.wait_imported("a.json")
    kept = compute(house)
    make_account(house, "ana", "scout")
    browser = signed_in(house, "ana")
    house.sql("alter table player_season_history rename to gone")
    house.sql("update data_version set version = version + 1")
    done = house.hsctl("quality", check=False)
    assert done.returncode == 1 and "player_season_history" in done.stderr
    page = browser.get("/admin/quality").text
    assert "The latest attempt gave nothing" in page and f"version {kept['data_version']} of the data" in page
    house.sql("alter table gone rename to player_season_history")
    assert compute(house)["data_version"] == kept["data_version"] + 1


def test_the_api_is_as_described(world, house):
    """What openapi.json says of it, also while nothing is known; test_web_api.py does the open addresses."""
    _, browser, _ = world
    described = json.loads((SOURCE_DIR / "htdocs/openapi.json").read_text())
    content = described["paths"]["/api/v1/quality"]["get"]["responses"]["200"]["content"]["application/json"]
    parameters = described["paths"]["/api/v1/quality"]["get"]["parameters"]
    assert next(one for one in parameters if one["name"] == "sort")["schema"]["enum"] == ["name", "known", "rows", "latest"]
    judge = jsonschema.Draft202012Validator({**content["schema"], "components": described["components"]},
                                            format_checker=jsonschema.FormatChecker())
    house.start()
    make_account(house, "ana", "scout")
    other = signed_in(house, "ana")
    held = lock(house)
    for query in ("", "?show=coverage", *(f"?show={name}" for name in CASES)):
        judge.validate(browser.get("/api/v1/quality" + query).json())
        judge.validate(other.get("/api/v1/quality" + query).json())
    held.close()


def test_what_files_stated_of_players(house):
    """A height, weight or name that changed between two files, and what nearly did."""
    house.start()
    changes = [dict(height_cm=200, weight_kg=100), dict(height_cm=180, weight_kg=100),
               dict(height_cm=200.01, weight_kg=60), dict(height_cm=219.99, weight_kg=60.01)]
    names = ["Ana-María O’Neal", "ANA MARIA ONEAL", "Đorđe Łuk", "Djordje Luk"]
    before = [record(f"p{n}", full_name=f"Player {n}", **change) for n, change in enumerate(changes)]
    after = [{**one, "height_cm": height, "weight_kg": weight, "points_per_game": 11}
             for one, (height, weight) in zip(before, [(220, 100), (180, 140), (220, 99.99), (200, 100)])]
    before += [record("n0", full_name=names[0]), record("n1", full_name=names[2])]
    after += [record("n0", full_name=names[1]), record("n1", full_name=names[3])]
    house.drop(snapshot(before, date="2016-01-01"), "before.json")
    house.wait_imported("before.json")
    house.drop(snapshot(after, date="2016-02-01"), "after.json")
    house.wait_imported("after.json")
    kinds = ("height-changed", "weight-changed", "name-changed")
    findings = {one["name"]: one for one in compute(house)["findings"]}
    if house.sql("select to_regclass('player_statement')") == "":
        for kind in kinds:
            assert findings[kind]["total"] is None and "does not keep" in findings[kind]["problem"]
        return
    assert {kind: findings[kind]["total"] for kind in kinds} == dict.fromkeys(kinds, 1)
    [[height], [weight], [name]] = [items(house, kind) for kind in kinds]
    assert height["detail"] == "from 200 to 220 cm: on 2016-01-01, then on 2016-02-01" and height["player"]["name"] == "Player 0"
    assert weight["detail"] == "from 100 to 140 kg: on 2016-01-01, then on 2016-02-01" and weight["file"]["name"] == "after.json"
    assert name["detail"].startswith("from Đorđe Łuk to Djordje Luk")


def test_links_change_no_finding(world):
    """Of a player who is linked, and does not lead, everything is found as before, of his source and with his file; only
    who is shown is his person. The last test: it leaves links."""
    house, browser, _ = world

    def told():
        sources = {one["name"]: one["players"] for one in compute(house)["sources"]}
        return sources, {name: items(house, name) for name in CASES}
    ids = {row["external_id"]: int(row["player_id"]) for row in house.rows("select external_id, player_id from player")}
    before, found = told()
    assert before["leads"] == len(LINKED)
    for name in LINKED:
        house.hsctl("identity", "link", f"leads:of-{name}", f"{'grow' if name.startswith('2') else 'odd'}:{name}")
    after, linked = told()
    assert after == before
    leads = {ids[name]: ids[f"of-{name}"] for name in LINKED}
    for one in [one for those in found.values() for one in those]:
        for who in ("player", "other"):
            if one[who]:
                one[who]["id"] = leads.get(one[who]["id"], one[who]["id"])
    by_name = lambda one: json.dumps(sorted(json.dumps(one[who]) for who in ("player", "other")))     # noqa: E731
    for name in CASES:
        want, got = ([{**one, "player": None, "other": None, "who": by_name(one)} for one in those[name]]
                     for those in (found, linked))
        assert got == want, name
    page = browser.get("/admin/quality?show=minutes").text
    assert f'<a href="/players/{leads[ids["tireless"]]}">Player tireless</a>' in page and "world.json" in page

    # two players of a source who are one person, in one team or with one row each in two
    for one, other in (("tireless", "giant"), ("copied", "moved"), ("summed", "thrice"), ("namesake", "present"), ("idle", "tired")):
        house.hsctl("identity", "link", f"odd:{one}", f"odd:{other}")
    after, linked = told()
    assert after == before and {name: len(those) for name, those in linked.items()} == dict.fromkeys(CASES, 1)
    house.hsctl("identity", "link", "odd:twin1", "odd:twin2")
    assert items(house, "twins") == [], "one person"
