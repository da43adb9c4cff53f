"""The nationality filter knows countries, however the sources write them."""

import pathlib
import urllib.parse

import pytest

from house import until

# player: nationality, as a source writes it
WRITTEN = {
    "Ann": "USA", "Bob": "us", "Cid": "United States of America", "Dan": "United States",
    "Eve": "Turkiye", "Fay": "Turkey", "Gus": "TUR", "Hal": "GRE", "Ida": "GRC",
    "Jon": "Congo", "Kim": "congo", "Leo": "DR Congo", "Max": "USA/Italy", "Ned": "YUG", "Ola": None,
}
COUNTRIES = {
    "United States": ["Ann", "Bob", "Cid", "Dan"], "Türkiye": ["Eve", "Fay", "Gus"], "Greece": ["Hal", "Ida"],
    "DR Congo": ["Leo"], "Yugoslavia": ["Ned"],
}
OTHERS = {"Congo": ["Jon"], "congo": ["Kim"], "USA/Italy": ["Max"]}


def snapshot(written):
    return {"source_name": "world", "snapshot_date": "2026-01-01", "records": [
        {"competition_external_id": "L", "competition_name": "League", "season": "2026", "team_external_id": "T",
         "team_name": "Team", "player_external_id": name, "full_name": name, "nationality": nationality, "points_per_game": 10}
        for name, nationality in written.items()]}


@pytest.fixture(scope="module")
def world(shared_house):
    house = shared_house.start()
    house.drop(snapshot(WRITTEN), "world.json")
    house.wait_imported("world.json")
    return house


def found(house, *nationalities):
    query = urllib.parse.urlencode([("nationality", text) for text in nationalities] + [("sort", "name")])
    answer = house.get(f"/api/v1/players?{query}")
    assert answer.status == 200, answer.text
    return [player["full_name"] for player in answer.json()["players"]]


def address(house, *nationalities):
    """Where the browser goes, with htmx, for a search by these nationalities."""
    query = urllib.parse.urlencode([("nationality", text) for text in nationalities])
    return house.get(f"/?{query}", {"HX-Request": "true"}).headers["hx-push-url"]


@pytest.mark.parametrize("country, spellings", [
    ("United States", ["USA", "us", "U.S.A.", "United States", "united states of america", "The United States", "American"]),
    ("Türkiye", ["Turkey", "Turkiye", "TÜRKİYE", "tur", "TR"]),
    ("Greece", ["GRE", "GRC", "gr", "Hellenic Republic"]),
    ("DR Congo", ["COD", "Democratic Republic of the Congo", "drc"]),
    ("Yugoslavia", ["Yugoslavia", "yug"]),
])
def test_every_spelling_is_the_country(world, country, spellings):
    """The same players, and the same address, whichever spelling is asked for."""
    want = address(world, country)
    assert want == "/?" + urllib.parse.urlencode({"nationality": country})
    for spelling in spellings:
        assert found(world, spelling) == COUNTRIES[country], spelling
        assert address(world, spelling) == want, spelling
    assert found(world, *spellings) == COUNTRIES[country]
    assert address(world, *spellings) == want


def test_what_is_no_country_is_itself(world):
    for text, players in OTHERS.items():
        assert found(world, text) == players
        assert address(world, text) == "/?" + urllib.parse.urlencode({"nationality": text})
    assert found(world, "CONGO") == [] and found(world, "Atlantis") == []
    assert found(world, "Greece", "Congo") == ["Hal", "Ida", "Jon"]


def test_the_page_shows_countries(world):
    """Chip, form and results show the country; the player's page and the API what the source wrote."""
    page = world.get("/?nationality=usa&nationality=gre").text
    assert "Nationality: United States" in page and "Nationality: Greece" in page
    players = {player["full_name"]: player for player in world.get("/api/v1/players?per_page=100").json()["players"]}
    assert {name: player["nationality"] for name, player in players.items()} == WRITTEN
    assert "Turkiye" in world.get(f"/players/{players['Eve']['id']}").text
    page = world.get("/?name=eve").text
    assert "Turkiye" not in page.partition("<tbody")[2]
    whole = world.get("/").text
    for country in COUNTRIES:
        assert whole.count(f'name="nationality" value="{country}"') == 1
    for spelling in ("USA", "us", "Turkiye", "GRC"):
        assert f'name="nationality" value="{spelling}"' not in whole


def country_of(house, name):
    return house.sql(f"select coalesce(country, '-') from label where kind = 'nationality' and name = '{name}'")


def version(house):
    return int(house.sql("select version from data_version"))



def test_an_importer_settles_what_another_table_said(house):
    """Labels from before the countries, or from another table of countries, follow at the start."""
    house.start()
    house.drop(snapshot(WRITTEN), "world.json")
    house.wait_imported("world.json")
    house.sql("update label set country = case name when 'USA' then 'Old Name' when 'Congo' then 'Republic of the Congo' end")
    before = version(house)
    house.stop()
    house.start()
    until(lambda: country_of(house, "USA") == "United States", 20, house.log_tail)
    assert country_of(house, "Congo") == "-" and country_of(house, "Turkiye") == "Türkiye"
    assert house.sql("select count(*) from label where country is not null and kind <> 'nationality'") == "0"
    assert version(house) == before + 1
    assert found(house, "United States") == COUNTRIES["United States"]
    house.stop()
    house.start()
    house.drop(snapshot({"Pia": "ESP"}), "one.json")
    house.wait_imported("one.json")
    assert country_of(house, "ESP") == "Spain"
    assert version(house) == before + 2, "nothing was to be settled, and yet the version rose"
    assert house.log().count("gave nationalities the countries") == 1


def test_real_nationalities_are_countries(house, shared_dir):
    """Every country of the snapshots of real sources is known."""
    house.start()
    names = [path.name for path in sorted((pathlib.Path(shared_dir) / "data/snapshots").glob("*.json"))
             if path.name.startswith(("euroleague", "wnba-rosters"))]
    for name in names:
        house.drop((pathlib.Path(shared_dir) / "data/snapshots" / name).read_bytes(), name)
    for name in names:
        house.wait_imported(name, 60)
    assert house.sql("select string_agg(name, '; ') from label where kind = 'nationality' and country is null") == ""
    assert int(house.sql("select count(distinct country) from label")) > 30
