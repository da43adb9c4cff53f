"""Percentiles and career bests of a player, against their definition said once more in Python."""

import math
import random

import pytest

from house import until

METRICS = {"games": "games_played", "mpg": "minutes_per_game", "ppg": "points_per_game", "rpg": "rebounds_per_game",
           "apg": "assists_per_game", "spg": "steals_per_game", "bpg": "blocks_per_game", "tov": "turnovers_per_game",
           "fg_pct": "fg_pct", "three_pt_pct": "three_pt_pct", "ft_pct": "ft_pct"}


def record(dice, player, competition, season, team, games_known=True):
    figures = {field: dice.choice([None, dice.randrange(0, 60), round(dice.uniform(0, 40), 1)]) for field in METRICS.values()}
    figures["games_played"] = dice.choice([1, 4, 5, 9, 16, 17, 30, 50, 82]) if games_known and dice.random() < 0.95 else None
    return {"competition_external_id": competition, "competition_name": f"League {competition}", "season": season,
            "team_external_id": team, "team_name": f"Team {team}", "player_external_id": f"p{player}",
            "full_name": f"Player {player}", **figures}


@pytest.fixture(scope="module")
def league(shared_house):
    """Forty players in a league; a league of nine; one that gives no games; traded players."""
    dice = random.Random(20261125)
    records = []
    for player in range(40):
        for season in ("2023", "2024"):
            for team in dice.sample("ABC", dice.choice([1, 1, 2])):
                records.append(record(dice, player, "BIG", season, team))
        records.append(record(dice, player, "NOGAMES", "2024", "N", games_known=False))
        if player < 9:
            records.append(record(dice, player, "SMALL", "2024", "S"))
    house = shared_house.start()
    house.drop({"source_name": "ranks", "snapshot_date": "2024-06-30", "records": records}, "ranks.json")
    until(lambda: "ranks.json" in house.ls("archive"), 30, house.log_tail)
    return house, records


def peers(records, one):
    """The rows that one is ranked among, and the least games."""
    rows = [row for row in records if (row["competition_external_id"], row["season"]) == (one["competition_external_id"], one["season"])]
    most = max((row["games_played"] for row in rows if row["games_played"] is not None), default=None)
    if most is None:
        return None, []
    least = max(5, math.ceil(most / 5))
    return least, [row for row in rows if (row["games_played"] or 0) >= least]


def percentile(records, one, metric):
    field = METRICS[metric]
    least, rows = peers(records, one)
    known = [row[field] for row in rows if row[field] is not None]
    if least is None or one["games_played"] is None or one["games_played"] < least or one[field] is None or len(known) < 10:
        return None
    worse = sum(value > one[field] if metric == "tov" else value < one[field] for value in known)
    equal = sum(value == one[field] for value in known)
    return (200 * worse + 100 * equal) // (2 * len(known))


def seasons_of(records, player):
    return [row for row in records if row["full_name"] == player]


def test_percentiles(league):
    """Each row's percentiles, the rows they are taken among and the least games are those of the definition."""
    house, records = league
    seen = 0
    for found in house.get("/api/v1/players?per_page=100").json()["players"]:
        one = house.get(f"/api/v1/players/{found['id']}").json()
        assert len(one["seasons"]) == len(seasons_of(records, one["full_name"]))
        for season in one["seasons"]:
            row, = [row for row in seasons_of(records, one["full_name"]) if season["season"] == row["season"] and
                    season["competition"]["id"] == f"ranks:{row['competition_external_id']}" and
                    season["team"]["id"] == f"ranks:{row['team_external_id']}"]
            least, rows = peers(records, row)
            assert (season["ranked"]["min_games"], season["ranked"]["rows"]) == (least, len(rows))
            assert season["ranked"]["enough_games"] == (row in rows)
            want = {metric: percentile(records, row, metric) for metric in METRICS}
            assert season["percentiles"] == want, row
            seen += sum(value is not None for value in want.values())
    assert seen > 300, "too little is ranked: the test proves nothing"


def test_career_bests(league):
    """The best of the rows with enough games; of all rows where no such row knows the figure."""
    house, records = league
    few = 0
    for found in house.get("/api/v1/players?per_page=100").json()["players"]:
        one = house.get(f"/api/v1/players/{found['id']}").json()
        mine = seasons_of(records, one["full_name"])
        for metric, field in METRICS.items():
            best = one["career_bests"][metric]
            known = [row for row in mine if row[field] is not None]
            enough = [row for row in known if row in peers(records, row)[1]]
            if not known:
                assert best is None
                continue
            few += not enough
            figures = [row[field] for row in enough or known]
            assert best["figure"] == (min(figures) if metric == "tov" else max(figures)), (one["full_name"], metric)
            assert best["enough_games"] == bool(enough)
            assert any((best["season"], best["team"]["name"], best["games"], best["figure"]) ==
                       (row["season"], row["team_name"], row["games_played"], row[field]) for row in enough or known)
    assert few, "nobody lacks games: the test proves nothing"


def test_page_says_the_same(league):
    """The page has a bar for each percentile, the least games, and a table and charts for each competition."""
    house, records = league
    number = house.get("/api/v1/players?name=player+3").json()["players"][0]["id"]
    one = house.get(f"/api/v1/players/{number}").json()
    page = house.get(f"/players/{number}").text
    ranked = sum(value is not None for season in one["seasons"] for value in season["percentiles"].values())
    assert page.count('class="track"') == ranked
    for season in one["seasons"]:
        if season["ranked"]["enough_games"]:
            assert f"of {season['ranked']['rows']} with {season['ranked']['min_games']}+ GP" in page
        elif season["ranked"]["min_games"] is None or season["figures"]["games"] is None:
            assert "not ranked: games unknown" in page
        else:
            assert f"not ranked: under {season['ranked']['min_games']} GP" in page
    for name in {season["competition"]["name"] for season in one["seasons"]}:
        assert f"<h3>{name} " in page
    assert "style=" not in page and "<style" not in page
