"""The form's lists: how many players each entry would give, against the model that is plainly right; what is
found by typing; and the page for those without script."""

import html
import random
import re
import threading
import time
import urllib.parse

import pytest

from house import until
from search_model import LABELS
from test_web_random import SEED, filled, random_filters, utc_today  # noqa: F401  (filled is a fixture)

QUERIES = 60
LISTS = ["competition", "season", "team", "nationality", "position", "role"]
OPTION = re.compile(r'<label class="option( none)?".*?value="([^"]*)"( checked)?><span>(.*?)</span>'
                    r' <span class="players">([\d,]*)', re.S)


def options(text):
    """value -> (chosen, players or None), in the page's order."""
    return {html.unescape(value): (bool(chosen), int(players.replace(",", "")) if players else None)
            for _, value, chosen, _, players in OPTION.findall(text)}


def get_list(house, name, query, **more):
    answer = house.get(f"/choices/{name}?" + urllib.parse.urlencode([*query, *more.items()]), headers={"HX-Request": "true"})
    assert answer.status == 200, answer.text
    return answer


def counts(model, name, filters):
    """Players by value, with what is chosen of the list itself left out."""
    found = model.search([pair for pair in filters if pair[0] != name], utc_today())
    players = {}
    for player, rows in found.eligible.items():
        for value in {model.players[player][name]} if name in LABELS else {row[name] for row in rows}:
            players.setdefault(value, set()).add(player)
    return {value: len(those) for value, those in players.items() if value is not None}


def test_counts_are_exact(filled):  # noqa: F811
    """Every entry of every list, under random filters."""
    house, model = filled
    rng = random.Random(SEED + 5)
    counted = 0
    for _ in range(QUERIES):
        filters = random_filters(rng)
        for name in LISTS:
            what = f"{name} under {filters}, seed {SEED}"
            got = options(get_list(house, name, filters).text)
            want = counts(model, name, filters)
            known = {value: players for value, (_, players) in got.items() if players is not None}
            assert {value: players for value, players in known.items() if players} == want, what
            chosen = {value for value, (is_chosen, _) in got.items() if is_chosen}
            assert chosen == set(model.search([pair for pair in filters if pair[0] == name], utc_today())
                                 .asked.several.get(name, ())), what
            assert list(got)[:len(chosen)] == sorted(chosen, key=list(got).index), what
            others = [players for is_chosen, players in got.values() if not is_chosen and players is not None]
            assert [bool(players) for players in others] == sorted(map(bool, others), reverse=True), what
            counted += bool(want)
    assert counted > QUERIES


def test_count_is_what_choosing_gives(filled):  # noqa: F811
    house, _ = filled
    for name in LISTS:
        for value, (_, players) in options(get_list(house, name, [("ppg_min", "8")]).text).items():
            query = urllib.parse.urlencode({"ppg_min": "8", name: value})
            assert house.get(f"/api/v1/players?{query}").json()["total"] == players, (name, value)


def test_a_list_is_kept_and_never_stale(filled):  # noqa: F811
    house, _ = filled
    first = get_list(house, "season", [("mpg_min", "3")])
    again = house.get("/choices/season?mpg_min=3", headers={"HX-Request": "true", "If-None-Match": first.headers["ETag"]})
    assert again.status == 304


@pytest.fixture(scope="module")
def large(programs, template):
    from house import House
    house = House(programs, template)
    records = []
    for number in range(450):
        for player in range(1 + number % 7):
            records.append({
                "competition_external_id": "C", "competition_name": "Çup", "season": str(2000 + number % 3),
                "team_external_id": f"T{number}", "team_name": f"Łódź {number:03}" if number % 2 else f"Real {number:03}",
                "player_external_id": f"p{number}-{player}", "full_name": f"Player {number} {player}",
                "nationality": "Turkiye" if number % 3 else "USA", "points_per_game": number % 20})
    try:
        house.start()
        house.drop({"source_name": "big", "snapshot_date": "2024-01-01", "records": records}, "big.json")
        house.wait_imported("big.json")
        yield house
    finally:
        house.close()


def test_large_list_is_not_sent_whole(large):
    page = large.get("/?team=big:T3").text
    assert [value for value in options(page) if value.startswith("big:T")] == ["big:T3"]
    assert 'formaction="/choices/team"' in page
    got = options(get_list(large, "team", [("team", "big:T3"), ("team", "big:gone")]).text)
    assert list(got)[:2] == ["big:T3", "big:gone"] and got["big:T3"] == (True, 4) and got["big:gone"] == (True, None)
    others = [players for value, (chosen, players) in got.items() if not chosen]
    assert len(got) == 52 and others == sorted(others, reverse=True) and others[0] == 7


@pytest.mark.parametrize("typed,names", [
    ("lodz 013", ["big:T13"]), ("ŁÓDŹ 013", ["big:T13"]), ("013 LO", ["big:T13"]), ("no such", []), ("'", None)])
def test_found_by_typing(large, typed, names):
    """Accents and case do not matter, any order of words; what folds to nothing narrows nothing."""
    answer = get_list(large, "team", [("ppg_min", "13")], find=typed)
    if names is None:
        assert len(options(answer.text)) == 50
        return
    assert list(options(answer.text)) == names
    if names:
        assert options(answer.text)["big:T13"] == (False, 7) and "1 found" in answer.text
    else:
        assert "None of the teams is called so." in answer.text


def test_country_is_found_by_any_spelling(large):
    assert list(options(get_list(large, "nationality", [], find="usa").text)) == ["United States"]
    for typed, found in (("america", "United States"), ("tur", "Türkiye"), ("u.s.", "United States")):
        assert list(options(get_list(large, "nationality", [], find=typed).text)) == [found], typed
    assert re.search(r'data-also="[^"]*\bunited states america\b[^"]*"', large.get("/").text), "the page narrows the list itself"
    got = options(get_list(large, "nationality", []).text)
    assert sum(players for _, players in got.values()) == large.get("/api/v1/players").json()["total"]


def test_page_without_script(large):
    """Find, tick, find again, and come back to the search with all of it."""
    page = large.get("/choices/team?ppg_min=3&team=big:T3&sort=-rpg&find=lodz+013").text
    assert "<!doctype html>" in page and 'name="ppg_min" value="3.0"' in page.replace('value="3"', 'value="3.0"')
    assert 'name="sort" value="-rpg"' in page and list(options(page)) == ["big:T3", "big:T13"]
    answer = large.get("/choices/team?ppg_min=3&sort=-rpg&find=lodz&team=big:T3&team=big:T13&done=1")
    assert answer.status == 303
    where = answer.headers["Location"]
    assert urllib.parse.parse_qsl(where.partition("?")[2]) == [
        ("team", "big:T13"), ("team", "big:T3"), ("ppg_min", "3"), ("sort", "-rpg")]
    assert large.get(where).status == 200


@pytest.mark.parametrize("address,status", [
    ("/choices/team?ppg=1", 400), ("/choices/team?find=a&find=b", 400), ("/choices/team?find=" + "x" * 101, 400),
    ("/choices/name", 404), ("/choices/", 404), ("/choices/team/1", 404), ("/?find=x", 400),
    ("/api/v1/players?find=x", 400), ("/choices/team?find=%FF", 400)])
def test_refused(large, address, status):
    for headers in ({}, {"HX-Request": "true"}):
        assert large.get(address, headers=headers).status == status


def test_an_import_is_seen(large):
    """No list is older than the data: not the page's, not the one that is found by typing."""
    before = get_list(large, "season", []).text
    assert "1899" not in before and "1899" not in large.get("/").text
    large.drop({"source_name": "big", "snapshot_date": "2024-02-01", "records": [{
        "competition_external_id": "C", "competition_name": "Cup", "season": "1899", "team_external_id": "old",
        "team_name": "Old Boys", "player_external_id": "old", "full_name": "Old Boy"}]}, "old.json")
    large.wait_imported("old.json")
    assert options(large.get("/").text)["1899"] == (False, None)
    assert options(get_list(large, "season", []).text)["1899"] == (False, 1)
    assert list(options(get_list(large, "team", [], find="old").text)) == ["big:old"]


class Lock:
    """Whatever reads a table waits, as long as it is held."""

    def __init__(self, house, table):
        self.house, self.table = house, table
        self.thread = threading.Thread(target=house.sql, args=(
            f"begin; lock table {table} in access exclusive mode; select pg_sleep(60);", False))
        self.thread.start()
        until(lambda: self.count(True), 20, f"{table} is not locked")

    def count(self, granted):
        return int(self.house.sql(f"select count(*) from pg_locks where relation = '{self.table}'::regclass and "
                                  f"granted = {granted} and database is not null"))

    def wait_for_waiting(self):
        until(lambda: self.count(False), 20, f"nobody waits for {self.table}")

    def free(self):
        self.house.sql(f"select pg_terminate_backend(pid) from pg_locks where relation = '{self.table}'::regclass and "
                       "mode = 'AccessExclusiveLock' and granted")
        self.thread.join()


class Asking(threading.Thread):
    """A request under way."""

    def __init__(self, house, address):
        super().__init__()
        self.house, self.address, self.answer = house, address, None
        self.start()

    def run(self):
        self.answer = self.house.get(self.address)

    def result(self):
        self.join()
        assert self.answer is not None and self.answer.status == 200, self.address
        return self.answer.json() if self.address.startswith("/api") else self.answer.text


def start_with_zetas(house, connections, **settings):
    """Three teams called Zeta and two others; and how much hsd-web does at a time in the database."""
    house.start(env={"HOOPSCOUT_WEB_DB_CONNECTIONS": str(connections), **settings})
    house.drop({"source_name": "one", "snapshot_date": "2024-01-01", "records": [{
        "competition_external_id": "C", "competition_name": "Cup", "season": "2024", "team_external_id": f"T{number}",
        "team_name": name, "player_external_id": str(number), "full_name": f"Player {number}", "points_per_game": 9}
        for number, name in enumerate(["Gamma", "Omega", "Zeta A", "Zeta B", "Zeta C"])]}, "narrow.json")
    house.wait_imported("narrow.json")


def add_first_team(house):
    """An import that moves every team by one in its list."""
    house.sql("with v as (update data_version set version = version + 1) "
              "insert into team (team_id, source_id, external_id, name, name_on) "
              "select 999, source_id, 'T-new', 'Aaa', '2024-02-01' from source")


def zetas(found):
    return [(team["name"], team["players"]) for team in found["teams"]]


def test_an_import_while_a_count_waits(house):
    """A count that is given up names what was asked for, though the lists have changed meanwhile."""
    start_with_zetas(house, 2)
    lock = Lock(house, "player_season_stats")
    asking = Asking(house, "/api/v1/teams?find=zeta")
    lock.wait_for_waiting()
    add_first_team(house)
    assert house.get("/api/v1/teams?find=nobody").json()["total"] == 0
    found = asking.result()
    assert zetas(found) == [("Zeta A", None), ("Zeta B", None), ("Zeta C", None)] and found["uncounted"]
    lock.free()


def test_an_import_between_list_and_count(house):
    """The list is found, then an import comes and another request takes its lists, and then the count is of these."""
    start_with_zetas(house, 1)
    first, second = Lock(house, "player_season_stats"), None
    assert house.get("/api/v1/teams?find=zet").json()["uncounted"]       # now the lists are read, and no answer is kept
    busy = Asking(house, "/api/v1/players?ppg_min=1&sort=-ppg")
    first.wait_for_waiting()
    try:
        second = Lock(house, "player_season_history")
        asking = Asking(house, "/api/v1/teams?find=zeta")
        time.sleep(0.3)
        waiting = Asking(house, "/api/v1/players/1")
        time.sleep(0.3)
        page = Asking(house, "/?name=player")
        time.sleep(0.3)
    finally:
        first.free()
    second.wait_for_waiting()
    add_first_team(house)
    second.free()
    assert zetas(asking.result()) == [("Zeta A", 1), ("Zeta B", 1), ("Zeta C", 1)]
    for one in (busy, waiting, page):
        one.result()


def test_found_by_source(large):
    """As the API's document says."""
    assert large.get("/api/v1/teams?find=big+%C5%82%C3%B3d%C5%BA+013").json()["total"] == 1
    described = large.get("/api/v1/openapi.json").json()["components"]["parameters"]["find"]["description"]
    assert "name" in described and "source" in described and "country" in described


def test_many_chips_are_one(large):
    """Each chip has the whole address in it: a long one must not make a page of megabytes."""
    seasons = [("season", f"{year}-{'x' * 20}") for year in range(400)]
    page = large.get("/?" + urllib.parse.urlencode([*seasons, ("team", "big:T3"), ("ppg_min", "1")]))
    chips = [(html.unescape(url), html.unescape(text)) for url, text in
             re.findall(r'<a class="chip" href="([^"]*)"[^>]*>([^<]*)<', page.text)]
    assert [text for _, text in chips] == ["400 seasons", "Team: Łódź 003", "PPG ≥ 1"]
    assert chips[0][0] == "/?team=big:T3&ppg_min=1" and len(page.body) < 1 << 20
    page = large.get("/?" + urllib.parse.urlencode([("team", f"big:T{number}") for number in range(20)])).text
    assert page.count('class="chip"') == 20
    page = large.get("/?" + urllib.parse.urlencode([("team", f"big:T{number}") for number in range(20)] + [("season", "2001")])).text
    assert re.findall(r'class="chip"[^>]*>([^<]*)<', page) == ["Season: 2001", "20 teams"]


def test_a_list_too_long_is_cut_alone(house):
    """Each list has its own bound, and the log says when it is reached."""
    start_with_zetas(house, 2, HOOPSCOUT_SEARCH_SECONDS="60")
    house.sql("with v as (update data_version set version = version + 1) "
              "insert into team (team_id, source_id, external_id, name, name_on) "
              "select n, source_id, n, 'A ' || n, '2024-02-01' from source, generate_series(1000, 201000) n")
    found = house.get("/api/v1/teams", seconds=60)
    assert found.status == 200 and found.json()["total"] == 200000, found.text
    for name in ("competitions", "seasons"):
        assert house.get(f"/api/v1/{name}").json()["total"] == 1
    assert "too long to be held whole list=team held=200000" in house.log()


def test_seasons_newest_first_however_written(large):
    """By the year that is in them; what has no year is last. And nothing can be chosen of a list that is empty."""
    written = ["E2024", "2026", "2025-26", "Summer", "99", "U18 2019"]
    large.drop({"source_name": "other", "snapshot_date": "2024-03-01", "records": [{
        "competition_external_id": "C", "competition_name": "Cup", "season": season, "team_external_id": "T", "team_name": "T",
        "player_external_id": "p", "full_name": "Every Season"} for season in written]}, "seasons.json")
    large.wait_imported("seasons.json")
    listed = [one["id"] for one in large.get("/api/v1/seasons?per_page=100").json()["seasons"]]
    assert [one for one in listed if one in written] == ["2026", "2025-26", "E2024", "U18 2019", "Summer", "99"]
    page = large.get("/").text
    assert 'data-choice="season"' in page and 'data-choice="role"' not in page
    assert 'data-choice="role"' in large.get("/?role=Guard").text
    player = large.get("/api/v1/players?name=every").json()["players"][0]["id"]
    offered = re.findall(r"season=([^\"&]*)\"[^>]*>", large.get(f"/compare?player={player}").text)
    assert [urllib.parse.unquote_plus(one) for one in offered] == ["2026", "2025-26", "E2024", "U18 2019", "Summer", "99"]
