"""What imports make of the tables, compared with a model that says the rules a second time."""

import itertools
import json

import pytest

import importer_model as model
from house import House, until

DATES = ["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"]


@pytest.fixture
def quick(house):
    house.env["HOOPSCOUT_DAEMONS"] = "importer"
    return house


def load(house, snapshot, name, seconds=30):
    house.drop(json.dumps(snapshot, ensure_ascii=False), name)
    row = house.wait_imported(name, seconds)
    assert row["status"] == "imported", row["problems"]
    return row


@pytest.mark.parametrize("seed", range(3))
def test_tables_equal_the_model(quick, seed):
    """Random small snapshots, dates in any order, twice the same date too: counts, entities, history and
    copies are what the model says after each."""
    dice, expected = model.dice(seed), model.Model()
    with quick.start() as hs:
        for number in range(25):
            snapshot = model.random_snapshot(dice, dice.choice(DATES))
            snapshot["source_metadata"] = {"number": number}        # no content twice
            name = f"{number}.json"
            counts = expected.load(snapshot, name)
            row = load(hs, snapshot, name)
            assert {key: row[key] for key in counts} == counts, name
            assert sum(counts.values()) == row["records"]
            assert model.dump(hs) == expected.tables(), name
            assert model.disagreements(hs) == [], name


def current(tables):
    """What searches and pages see: all but the history."""
    return {name: table for name, table in tables.items() if name not in ("history", "seasons")}


def test_order_of_arrival_does_not_matter(programs, template):
    """Snapshots of different dates leave the same figures in whatever order they come."""
    dice = model.dice(7)
    snapshots = [model.random_snapshot(dice, date, source="one") for date in DATES]
    orders = list(itertools.permutations(range(len(DATES))))
    results = []
    for order in [orders[0], orders[-1], *dice.sample(orders[1:-1], 3)]:
        house = House(programs, template)
        house.env["HOOPSCOUT_DAEMONS"] = "importer"
        try:
            with house.start() as hs:
                for number in order:
                    load(hs, snapshots[number], f"{number}.json")
                results.append(current(model.dump(hs)))
                assert model.disagreements(hs) == []
        finally:
            house.close()
    for other in results[1:]:
        assert other == results[0]


def test_two_sources_never_collide(quick):
    """The same ids under another source are other competitions, teams and players."""
    dice = model.dice(11)
    snapshot = model.random_snapshot(dice, "2024-01-01", source="one")
    while not snapshot["records"]:
        snapshot = model.random_snapshot(dice, "2024-01-01", source="one")
    with quick.start() as hs:
        first = load(hs, snapshot, "one.json")
        second = load(hs, {**snapshot, "source_name": "two"}, "two.json")
        for count in ("created", "new_players", "new_teams", "new_competitions"):
            assert first[count] == second[count]
        assert second["new_seasons"] == 0
        assert len({row["external_id"] for row in hs.rows("select * from player")}) * 2 == \
            int(hs.sql("select count(*) from player"))


def test_real_successive_snapshots(quick, shared_dir):
    """The pair of the data set: 88 keys in both, 79 changed, 9 did not, 11 are new; then the same backwards."""
    folder = shared_dir / "data/snapshots"
    names = ("euroleague-us-2024-12-31.json", "euroleague-us-2025-05-26.json")
    with quick.start() as hs:
        for name in names:
            hs.drop(folder / name)
            row = hs.wait_imported(name)
        assert (row["created"], row["updated"], row["unchanged"], row["stale"]) == (11, 79, 9, 0)
        forwards = current(model.dump(hs))
        assert hs.sql("select count(*) from player_season_history") == "79"
        assert model.disagreements(hs) == []
    quick.reset()
    with quick.start() as hs:
        for name in reversed(names):
            hs.drop(folder / name)
            row = hs.wait_imported(name)
        assert (row["created"], row["updated"], row["unchanged"], row["stale"]) == (0, 0, 0, 88)
        assert hs.sql("select count(*) from player_season_history") == "79"
        assert current(model.dump(hs)) == forwards


def test_large_file_in_parts(quick):
    """More players than the roster holds at once, each with a record in either half: still one player each."""
    players = 70000

    def records():
        for half in range(2):
            for number in range(players):
                one = {"competition_external_id": "c", "competition_name": "C", "season": str(2000 + half),
                       "team_external_id": "t", "team_name": "T", "player_external_id": f"p{number}",
                       "full_name": f"Player {number} {half}", "points_per_game": half + 1}
                if half == 0:
                    one["nationality"] = "USA"
                else:
                    one["height_cm"] = 200
                yield one
    with quick.start() as hs:
        row = load(hs, {"source_name": "large", "snapshot_date": "2024-01-01", "records": list(records())}, "large.json",
                   seconds=150)     # sanitized, beside other tests, it takes more than 30
        assert (row["created"], row["new_players"]) == (2 * players, players)
        assert hs.sql("select count(*) from player where full_name like '% 1' and nationality = 'USA' "
                      "and height = 20000") == str(players)
        assert hs.sql("select count(*) from player_best where ppg = 200") == str(players)
        assert model.disagreements(hs) == []
        until(lambda: hs.sql("select count(*) from pg_stat_user_tables where relname in "
                             "('player', 'player_best', 'player_season', 'player_season_stats') "
                             "and last_vacuum is not null and last_analyze is not null") == "4",
              30, "a large import is followed by a vacuum")
