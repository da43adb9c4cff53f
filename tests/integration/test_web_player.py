"""A player's page and JSON: all seasons, where each figure came from, and what it replaced."""

import re
import urllib.parse

import pytest

from house import until


def snapshot(date, points, **more):
    record = {"competition_external_id": "L", "competition_name": "Liga & Söhne", "season": "2024", "team_external_id": "T:1",
              "team_name": "<Team>", "player_external_id": "p/1", "full_name": "Đorđe O’Neal-Čović", "points_per_game": points,
              "games_played": 10, "position": "C", **more}
    return {"source_name": "one", "snapshot_date": date, "records": [record]}


@pytest.fixture(scope="module")
def told(shared_house):
    house = shared_house.start()
    for name, content in (("a.json", snapshot("2024-01-01", 11.5, birth_date="2000-02-29", height_cm=201.5, nationality="Srbija")),
                          ("b.json", snapshot("2024-02-01", 12.25, role="Rim Protector")),
                          ("c.json", snapshot("2023-12-01", 99))):
        house.drop(content, name)
        until(lambda wanted=name: wanted in house.ls("archive"), 30, lambda: house.log_tail())
    return house


def test_json(told):
    """Figures, identity and provenance; the superseded set with what replaced it."""
    found = told.get("/api/v1/players?name=dorde+covic").json()
    assert found["total"] == 1
    player = told.get(f"/api/v1/players/{found['players'][0]['id']}").json()
    assert player["full_name"] == "Đorđe O’Neal-Čović"
    assert (player["source_name"], player["external_id"]) == ("one", "p/1")
    assert (player["birth_date"], player["height_cm"], player["nationality"]) == ("2000-02-29", 201.5, "Srbija")
    season, = player["seasons"]
    assert season["competition"] == {"id": "one:L", "name": "Liga & Söhne"}
    assert season["team"] == {"id": "one:T:1", "name": "<Team>"}
    assert season["figures"]["ppg"] == 12.25 and season["figures"]["apg"] is None
    assert season["from"] == {"source": "one", "player": "p/1", "snapshot_date": "2024-02-01", "import_file_id": 2,
                              "import_file": "b.json"}
    replaced = {(row["from"]["import_file"], row["figures"]["ppg"], row["superseded_by"]) for row in player["superseded"]}
    assert ("a.json", 11.5, "b.json") in replaced
    assert not told.get("/api/v1/players?ppg_min=50").json()["total"], "a stale figure is found"


@pytest.mark.parametrize("path, back", [
    ("/?name=dorde&sort=apg", "/?name=dorde&amp;sort=apg"), ("/?page=2&per_page=50&position=C&fbclid=x&ppg_min=%22", "/?position=C&amp;page=2&amp;per_page=50"),
    ("/", "/"), ("/compare?player=1", "/"), ("/?wing_span=1", "/"), ("x/?name=dorde", "/"), ("", "/")])
def test_back_to_the_search(told, path, back):
    """Without a script too, and the same page from elsewhere leads back there."""
    number = told.get("/api/v1/players").json()["players"][0]["id"]
    page = told.get(f"/players/{number}", {"Referer": told.url(path)} if path else {}).text
    assert f'<a href="{back}">‹ Back to the search</a>' in page
    assert '<a href="/">‹ Back' in told.get(f"/players/{number}", {"Referer": "http://elsewhere.example/?name=dorde"}).text


def test_page(told):
    """The same for people, every name escaped."""
    number = told.get("/api/v1/players").json()["players"][0]["id"]
    page = told.get(f"/players/{number}").text
    for part in ("<h1>Đorđe O’Neal-Čović</h1>", "Liga &amp; Söhne", "&lt;Team&gt;", "201.5 cm", "2000-02-29", "12.25",
                 "b.json", "#2", "as told by one", "2024-02-01", "<details", "11.5", "a.json", "superseded by b.json", "p/1"):
        assert part in page, part
    assert "<Team>" not in page


def test_season_filters_by_identity(told):
    """A team whose external id holds a colon is found by SOURCE:EXTERNAL_ID."""
    assert told.get("/api/v1/players?team=one:T:1").json()["total"] == 1
    for query in ("team=one:T", "team=two:T:1", "competition=one:T:1", "team=one:T:1&season=2023", "season=nineteen"):
        assert told.get(f"/api/v1/players?{query}").json()["total"] == 0, query


def test_found_within_a_second(told):
    """From the closing of a valid 500-record file to its being found: under a second on a quiet machine."""
    import time
    record = snapshot("2024-03-01", 20)["records"][0]
    content = {"source_name": "many", "snapshot_date": "2024-03-01",
               "records": [{**record, "player_external_id": f"q{i}", "full_name": f"Quick {i}"} for i in range(500)]}
    told.drop(content, "quick.json")
    begun = time.monotonic()
    until(lambda: told.get("/api/v1/players?name=quick").json()["total"] == 500, 10, "not found")
    seconds = time.monotonic() - begun
    print(f"500 records found after {seconds:.2f} s")
    assert seconds < 5, "a busy machine may take longer than a second, but not this long"


def test_long_names_are_cut_between_characters(told):
    """Names are cut for the charts' labels and for chips; half a letter would make the whole page fail."""
    record = snapshot("2024-03-01", 20)["records"][0]
    team = {"team_external_id": "long", "team_name": "a" + 60 * "Б", "player_external_id": "long", "full_name": "Long"}
    told.drop({"source_name": "long", "snapshot_date": "2024-03-01", "records": [
        {**record, **team, "season": f"{year}" + 20 * "Б" + "a"} for year in (2021, 2022, 2023)]}, "long.json")
    until(lambda: told.get("/api/v1/players?name=long").json()["total"] == 1, 30, lambda: told.log_tail())
    number = told.get("/api/v1/players?name=long").json()["players"][0]["id"]
    page = told.get(f"/players/{number}")
    assert page.status == 200 and "2021" + 13 * "Б" + ": 20.0, a" + 29 * "Б" + " (10 GP)" in page.text
    for start in ("x:", "x:a"):
        assert told.get("/?team=" + urllib.parse.quote(start + 600 * "Б")).status == 200


def test_position_and_role_of_a_season(told):
    """Each is shown wherever a source tells it, also without the other."""
    record = snapshot("2024-03-01", 20)["records"][0]
    told.drop({"source_name": "roles", "snapshot_date": "2024-03-01", "records": [
        {**record, "player_external_id": "roles", "full_name": "Roles", "season": season, "position": position, "role": role}
        for season, position, role in (("2021", None, "Stopper"), ("2022", "SF", None), ("2023", "SG", "Sixth Man"),
                                       ("2020", None, None))]}, "roles.json")
    until(lambda: told.get("/api/v1/players?name=roles").json()["total"] == 1, 30, lambda: told.log_tail())
    page = told.get(f"/players/{told.get('/api/v1/players?name=roles').json()['players'][0]['id']}").text
    rows = re.findall(r'<td class="team">&lt;Team&gt;(.*?)</td>', page)
    assert rows == ['<span class="about"><span>SG</span><span>Sixth Man</span></span>',
                    '<span class="about"><span>SF</span></span>', '<span class="about"><span>Stopper</span></span>', ""]


def test_superseded_by_the_next_one(told):
    """Not by the one whose figures stand: that is told by the row itself."""
    for number in (1, 2, 3):
        told.drop({"source_name": "chain", "snapshot_date": f"2024-01-0{number}", "records": [
            {**snapshot("", number)["records"][0], "player_external_id": "chain", "full_name": "Chain"}]}, f"chain-{number}.json")
        told.wait_imported(f"chain-{number}.json")
    number = told.get("/api/v1/players?name=chain").json()["players"][0]["id"]
    player = told.get(f"/api/v1/players/{number}").json()
    assert [(row["from"]["import_file"], row["superseded_by"]) for row in player["superseded"]] == [
        ("chain-2.json", "chain-3.json"), ("chain-1.json", "chain-2.json")]
    described = told.get("/api/v1/openapi.json").json()["components"]["schemas"]["SupersededSeason"]["properties"]["superseded_by"]
    assert "stand now" not in described["description"]


def test_what_is_not_shown_is_said(told):
    """At most 2,000 seasons and superseded sets are on a page; how many there are is told, never the number that is shown."""
    record = {**snapshot("", 1)["records"][0], "player_external_id": "many", "full_name": "Many"}
    for number in (1, 2):
        told.drop({"source_name": "many", "snapshot_date": f"2024-01-0{number}", "records": [
            {**record, "season": f"s{season:04}", "points_per_game": number} for season in range(2345)]}, f"many-{number}.json")
        told.wait_imported(f"many-{number}.json")
    number = told.get("/api/v1/players?name=many").json()["players"][0]["id"]
    player = told.get(f"/api/v1/players/{number}").json()
    assert (len(player["seasons"]), player["seasons_total"]) == (2000, 2345)
    assert (len(player["superseded"]), player["superseded_total"]) == (2000, 2345)
    page = told.get(f"/players/{number}").text
    assert "2,345 superseded sets" in page and "Only 2,000 of 2,345 rows are shown; career bests are of these." in page
    assert "Only 2,000 of 2,345 rows are shown, those of the latest seasons." in page
