"""Players side by side: figures, marks, links, and what is refused."""

import html
import re

import pytest

from house import until


def record(player, name, season, team, games, points, turnovers, **more):
    return {"competition_external_id": "L", "competition_name": "Liga & Söhne", "season": season, "team_external_id": team,
            "team_name": f"Team {team}", "player_external_id": player, "full_name": name, "games_played": games,
            "points_per_game": points, "turnovers_per_game": turnovers, **more}


RECORDS = [
    record("a", "Ana <A>", "2023", "X", 30, 20.5, 3, nationality="Srbija", height_cm=201),
    record("a", "Ana <A>", "2024", "X", 10, 11, 2),
    record("a", "Ana <A>", "2024", "Y", 20, 12, 2.5),
    record("b", "Bo_B 100%", "2023", "X", 30, 20.5, 1),
    record("b", "Bo_B 100%", "2022", "X", 2, 40, 0.5),
    record("e", "Eve", "2024", "X", 4, 50, 0), record("f", "Fay", "2024", "X", None, 60, 0),
    record("c", "Çelik", "2024", "X", 30, None, 4),
    *[record(f"d{i}", f"Dee {i:02}", "2024", "Z", 30, i, 1) for i in range(12)],
]


@pytest.fixture(scope="module")
def told(shared_house):
    house = shared_house.start()
    house.drop({"source_name": "one", "snapshot_date": "2024-06-30", "records": RECORDS}, "compare.json")
    until(lambda: "compare.json" in house.ls("archive"), 30, house.log_tail)
    house.ids = {one["full_name"]: one["id"] for one in house.get("/api/v1/players?per_page=100").json()["players"]}
    return house


def cells(page, head):
    """The texts of a row: each player's, with a star where it is the best."""
    row, = [row for row in re.findall(r"<tr>(.*?)</tr>", page, re.S) if re.search(rf'class="what">(<abbr[^>]*>)?{re.escape(head)}<', row)]
    return [html.unescape(re.sub(r"<[^>]*>", "", re.sub(r'<span class="(rank|behind|unseen).*', "", cell))).strip()
            for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)]


def compare(house, *names, **more):
    query = "&".join([f"player={house.ids[name]}" for name in names] + [f"{key}={value}" for key, value in more.items()])
    answer = house.get(f"/compare?{query}")
    assert answer.status == 200, answer.text
    return answer.text


def test_latest_season(told):
    """The latest season of each, of two teams the one with most games; the best is starred."""
    page = compare(told, "Ana <A>", "Bo_B 100%", "Çelik")
    assert cells(page, "PPG") == ["12.0", "★20.5", "-"]
    assert cells(page, "TOV") == ["2.5", "★1.0", "4.0"]
    assert cells(page, "GP") == ["20", "★30", "★30"]
    assert cells(page, "Nationality") == ["Serbia", "-", "-"] and cells(page, "Height") == ["201 cm", "-", "-"]
    assert "2024, Liga &amp; Söhne, Team Y" in page and "2023, Liga &amp; Söhne, Team X" in page
    assert "<A>" not in page and "style=" not in page
    assert page.index("Ana &lt;A&gt;") < page.index("Bo_B 100%"), "the order is that of the address"


def test_seasons_by_their_year(told):
    """However sources write them: "E2024" is older than "2026", and what has no year is older than both."""
    seasons = ["2026", "E2024", "2024-25", "E2019", "Spring"]
    told.drop({"source_name": "years", "snapshot_date": "2026-06-30", "records": [
        record("y", "Yan Wy", season, "Y", 30, points, 1) for points, season in enumerate(reversed(seasons), 1)]}, "years.json")
    told.wait_imported("years.json")
    player, = told.get("/api/v1/players?name=yan+wy").json()["players"]
    assert [one["season"] for one in told.get(f"/api/v1/players/{player['id']}").json()["seasons"]] == seasons
    page = told.get(f"/compare?player={player['id']}").text
    assert cells(page, "PPG") == ["5.0"] and "2026, Liga &amp; Söhne, Team Y" in page
    assert "Spring–2026" in told.get(f"/compare?player={told.ids['Eve']}&name=yan").text
    # all with 30 games and the same turnovers: the newest is the one that is named
    assert "30 GP, 2026" in told.get("/?name=yan+wy&sort=-tov").text


def test_named_season(told):
    page = compare(told, "Ana <A>", "Çelik", "Bo_B 100%", season="2023")
    assert cells(page, "PPG") == ["20.5", "-", "20.5"], "equal ones have no star"
    assert "no season 2023" in page


def test_best(told):
    """Bests of seasons with enough games, with what is behind them."""
    page = compare(told, "Ana <A>", "Bo_B 100%", figures="best")
    assert cells(page, "PPG") == ["20.5", "20.5"], "40 points in two games do not count"
    assert cells(page, "TOV") == ["2.0", "★1.0"]
    assert "2024, Team X, 10 GP" in page


def test_percentiles_agree(told):
    """The same percentiles as on the player's own page."""
    page = compare(told, "Dee 07")
    one = told.get(f"/api/v1/players/{told.ids['Dee 07']}").json()["seasons"][0]
    assert one["percentiles"]["ppg"] is not None
    assert re.search(rf'percentile </span>{one["percentiles"]["ppg"]}</span>', page)


def test_why_there_is_no_percentile(told):
    """Each one's own reason: his games, or that too few others are known."""
    reasons = {"Ana <A>": ("2023", "too few others known"), "Bo_B 100%": ("2022", "too few games"), "Eve": ("2024", "too few games"),
               "Fay": ("2024", "games not known"), "Dee 07": ("2024", None)}
    for name, (season, reason) in reasons.items():
        page = compare(told, name, season=season)
        assert re.findall(r"not ranked: ([^<]*)<", page) == ([reason] if reason else []), name
        assert ('class="rank' in page) == (reason is None), name
        assert "where fewer than 10 of those rows have that figure" in page
    assert "not ranked" not in compare(told, *reasons, figures="best")


def test_links(told):
    """Each link leads to the comparison without a player, with one more, or with other figures."""
    page = compare(told, "Ana <A>", "Çelik", season="2024", name="bo_b")
    a, b, c = (told.ids[name] for name in ("Ana <A>", "Bo_B 100%", "Çelik"))
    links = [html.unescape(link) for link in re.findall(r'href="(/compare[^"]*)"', page)]
    for wanted in (f"/compare?player={a}&season=2024", f"/compare?player={c}&season=2024", f"/compare?player={a}&player={c}",
                   f"/compare?player={a}&player={c}&figures=best", f"/compare?player={a}&player={c}&season=2023",
                   f"/compare?player={a}&player={c}&player={b}&season=2024"):
        assert wanted in links, (wanted, links)
    for link in links:
        assert told.get(link).status == 200, link
    assert "Add Ana" not in compare(told, "Ana <A>", name="ana"), "who is there already is not offered"
    assert "Add Bo_B" not in compare(told, "Ana <A>", name="b%25"), "a sign of patterns means itself"
    assert "There are more" in compare(told, "Ana <A>", name="dee")


def test_empty_and_full(told):
    assert "Put up to six players" in told.get("/compare").text
    page = compare(told, *[f"Dee {i:02}" for i in range(6)])
    assert "Six players are the most" in page and 'id="f-name"' not in page


def test_names_that_nobody_has(told):
    """As in the search: of "'" nothing is left to look for. Many short words are no reason to refuse."""
    assert "No other player has all of these words" in compare(told, "Ana <A>", name="'")
    assert "No other player has all of these words" in compare(told, name="+".join(100 * ["q"]))
    assert "Add Dee" in compare(told, "Ana <A>", name="+".join(100 * ["e"]))


@pytest.mark.parametrize("query,status,says", [
    ("player=1&player=1", 400, "player 1 is given twice"), ("player=1&player=99999", 404, "99999"), ("player=x", 400, "the number of a player"),
    ("&".join(f"player={i}" for i in range(1, 8)), 400, "at most 6 times"), ("figures=all", 400, "latest or best"),
    ("season=1&figures=best", 400, "give one of them"), ("page=1", 400, "There are: player, season, figures, name"), ("name=%ff", 400, "UTF-8")])
def test_refused(told, query, status, says):
    answer = told.get(f"/compare?{query}")
    assert answer.status == status and says in answer.text, answer.text


@pytest.mark.parametrize("figures", ["latest", "best"])
def test_few_games_are_nobodys_best(told, figures):
    page = compare(told, "Eve", "Dee 05", "Dee 04", "Fay", figures=figures)
    assert cells(page, "PPG") == ["50.0", "★5.0", "4.0", "60.0"]
    assert cells(page, "TOV") == ["0.0", "1.0", "1.0", "0.0"], "those that count are the same"
    assert page.count(", the best</span>") == 2, "in the table and in the chart"
    assert cells(compare(told, "Eve", "Dee 05", "Fay", figures=figures), "PPG") == ["50.0", "5.0", "60.0"], "nobody to be better than"


@pytest.mark.parametrize("query,says,way_on", [
    ("&".join(f"player={i}" for i in range(1, 9)) + "&figures=best", "Compare the first six",
     "&amp;".join(f"player={i}" for i in range(1, 7)) + "&amp;figures=best"),
    ("player=7&player=x&season=2024", "Compare without it", "player=7&amp;season=2024"), ("player=x", None, None)])
def test_way_on_from_a_refusal(told, query, says, way_on):
    page = told.get(f"/compare?{query}").text
    assert "This request cannot be understood" in page
    assert (f'<a class="button" href="/compare?{way_on}">{says}</a>' in page) == (says is not None), page
    assert page.count('class="button"') == 1


def test_new_data_is_seen(told):
    """A kept comparison is not shown once the data has changed."""
    query = f"/compare?player={told.ids['Dee 01']}"
    assert cells(told.get(query).text, "PPG") == ["1.0"] == cells(told.get(query).text, "PPG")
    told.drop({"source_name": "one", "snapshot_date": "2024-07-30", "records": [record("d1", "Dee 01", "2024", "Z", 31, 9, 1)]}, "newer.json")
    until(lambda: "newer.json" in told.ls("archive"), 30, told.log_tail)
    assert cells(told.get(query).text, "PPG") == ["9.0"]
