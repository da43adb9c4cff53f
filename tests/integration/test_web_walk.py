"""Searches that look at the best players first: where these mislead, the answer is right all the same.

Each world has figures of its own and leaves the others' empty, so that its filter finds nobody else.
"""

import json

import pytest

LEAGUE = {"competition_external_id": "L", "competition_name": "League", "team_external_id": "T", "team_name": "Team"}


def row(name, season, **figures):
    return {**LEAGUE, "season": season, "player_external_id": name, "full_name": name, **figures}


def ties():
    """By games: a hundred whose best is out of reach for the filter tie with those behind the first in sight."""
    for i in range(100):
        yield row(f"Zed {i:04}", "2024", games_played=80, points_per_game=5)
        yield row(f"Zed {i:04}", "2025", games_played=50, points_per_game=20)
    for i in range(400):
        yield row(f"Abe {i:04}", "2025", games_played=50, points_per_game=20 if i >= 300 else 5)


def far():
    """By rebounds: thousands of better ones have no eligible season at all."""
    for i in range(3600):
        yield row(f"Far {i:04}", "2025", rebounds_per_game=9, assists_per_game=1)
    for i in range(60):
        yield row(f"Near {i:04}", "2025", rebounds_per_game=(300 + i) / 100, assists_per_game=8)
        yield row(f"Near {i:04}", "2024", rebounds_per_game=12, assists_per_game=None)


def up():
    """By steals, the least first: whose least is not eligible, whose eligible ones are unknown, and ties."""
    for i in range(300):
        yield row(f"Low {i:04}", "2024", steals_per_game=0, blocks_per_game=0)
        yield row(f"Low {i:04}", "2025", steals_per_game=2, blocks_per_game=3)
    for i in range(100):
        yield row(f"Mid {i:04}", "2025", steals_per_game=1 + i % 3, blocks_per_game=3)
    for i in range(40):
        yield row(f"Nil {i:04}", "2024", steals_per_game=0.5, blocks_per_game=0)
        yield row(f"Nil {i:04}", "2025", blocks_per_game=3)


@pytest.fixture(scope="module")
def web(shared_house):
    house = shared_house.start()
    records = [*ties(), *far(), *up()]
    house.drop(json.dumps({"source_name": "walk", "snapshot_date": "2026-01-01", "records": records}), "walk.json")
    house.wait_imported("walk.json")
    return house


def expected(metric, column, eligible, descending):
    """[(name, best eligible figure)] in order, by looking at every row."""
    best = {}
    for one in [*ties(), *far(), *up()]:
        if eligible(one):
            value = one.get(column)
            known = best.setdefault(one["full_name"], None)
            if value is not None and (known is None or value > known):
                best[one["full_name"]] = value
    return sorted(best.items(), key=lambda item: (
        item[1] is None, -item[1] if descending and item[1] is not None else item[1] or 0, item[0].lower()))


@pytest.mark.parametrize("per_page", [10, 25, 100])
@pytest.mark.parametrize("sort, column, query, eligible", [
    ("-games", "games_played", "ppg_min=10", lambda one: (one.get("points_per_game") or 0) >= 10),
    ("-rpg", "rebounds_per_game", "apg_min=5", lambda one: (one.get("assists_per_game") or 0) >= 5),
    ("rpg", "rebounds_per_game", "apg_min=5", lambda one: (one.get("assists_per_game") or 0) >= 5),
    ("-rpg", "rebounds_per_game", "apg_min=1", lambda one: (one.get("assists_per_game") or 0) >= 1),
    ("spg", "steals_per_game", "bpg_min=3", lambda one: (one.get("blocks_per_game") or 0) >= 3),
    ("-spg", "steals_per_game", "bpg_min=3", lambda one: (one.get("blocks_per_game") or 0) >= 3),
    ("spg", "steals_per_game", "spg_min=1", lambda one: (one.get("steals_per_game") or 0) >= 1),
    ("spg", "steals_per_game", "spg_min=2&bpg_min=3",
     lambda one: (one.get("steals_per_game") or 0) >= 2 and (one.get("blocks_per_game") or 0) >= 3),
    ("name", "steals_per_game", "bpg_min=3", lambda one: (one.get("blocks_per_game") or 0) >= 3),
])
def test_misled(web, sort, column, query, eligible, per_page):
    want = expected(sort.lstrip("-"), column, eligible, sort.startswith("-"))
    if sort == "name":
        want.sort(key=lambda item: item[0].lower())
    metric = {"games_played": "games", "rebounds_per_game": "rpg", "steals_per_game": "spg"}[column]
    for page in (1, 2, 3, 5):
        answer = web.get(f"/api/v1/players?{query}&sort={sort}&per_page={per_page}&page={page}").json()
        got = [(player["full_name"], player["best_eligible"][metric]) for player in answer["players"]]
        assert answer["total"] == len(want)
        assert got == want[(page - 1) * per_page:page * per_page], f"page {page}"
