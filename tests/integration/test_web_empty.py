"""A search that finds nobody says which filter to loosen, with true counts; chips have names."""

import html
import json
import re
import urllib.parse

import pytest

LEAGUE = {"competition_external_id": "L1", "competition_name": "Liga & Söhne", "season": "2025-26",
          "team_external_id": "T:1", "team_name": "Team <One>"}


@pytest.fixture(scope="module")
def web(shared_house):
    house = shared_house.start()
    records = [{**LEAGUE, "player_external_id": str(i), "full_name": f"Player {i}", "points_per_game": i,
                "games_played": 60 - i, "height_cm": 180 + i} for i in range(40)]
    house.drop(json.dumps({"source_name": "empty", "snapshot_date": "2026-01-01", "records": records}), "empty.json")
    house.wait_imported("empty.json")
    return house


def advice(house, query, headers=None):
    """[(filter, players, address)] as the page lists them, in its order."""
    page = house.get(f"/?{query}", headers).text
    found = re.findall(r'<li><a href="([^"]*)">without <strong>(.*?)</strong></a> ([\d,]+) players?</li>', page)
    return [(html.unescape(text), int(count.replace(",", "")), html.unescape(url)) for url, text, count in found]


def total(house, url):
    return house.get("/api/v1/players" + url[1:]).json()["total"]


@pytest.mark.parametrize("query, texts", [
    ("ppg_min=100", ["PPG ≥ 100"]),
    ("ppg_min=30&games_min=40", ["PPG ≥ 30", "GP ≥ 40"]),
    ("ppg_min=30&games_min=40&height_min=230", []),
    ("name=nobody&ppg_min=30", ["Name: nobody"]),
    ("season=1900-01&season=1901-02&ppg_min=39", ["Season (all 2)"]),
    ("team=empty:nowhere&age_on=2030-01-01", ["Team: nowhere"]),
])
def test_what_to_loosen(web, query, texts):
    for headers in (None, {"HX-Request": "true"}):
        told = advice(web, query, headers)
        assert sorted(text for text, _, _ in told) == sorted(texts)
        assert [count for _, count, _ in told] == sorted((count for _, count, _ in told), reverse=True)
        for text, count, url in told:
            assert count == total(web, url) > 0, text
    page = web.get(f"/?{query}").text
    assert "No player has a season that meets all of these filters." in page
    assert ("No single filter is to blame" in page) == (not texts)


def test_more_filters_than_are_tried(web):
    """All of the eleven thresholds at once: the first ones are tried, and the page still comes."""
    names = ("games mpg ppg rpg apg spg bpg fg_pct three_pt_pct ft_pct").split()
    page = web.get("/?" + "&".join(f"{name}_min=60" for name in names) + "&tov_max=0")
    assert page.status == 200 and "No single filter is to blame" in page.text


def test_chips_have_names(web):
    query = urllib.parse.urlencode([("competition", "empty:L1"), ("team", "empty:T:1"), ("team", "empty:gone")])
    page = web.get(f"/?{query}").text
    chips = [html.unescape(text) for text in re.findall(r'<a class="chip" href="[^"]*"[^>]*>([^<]*)<', page)]
    assert chips == ["Competition: Liga & Söhne", "Team: Team <One>", "Team: gone"]
