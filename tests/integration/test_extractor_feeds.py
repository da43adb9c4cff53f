"""Each mapping that is shipped as an example, on a small feed of its shape and on the real feeds.

map_feed is the daemon's own code on files; what it writes is a whole snapshot, which the
importer's validator has passed. Figures are compared as decimals: exactly.
"""

import json
import os
import pathlib
import subprocess
from decimal import Decimal

import pytest

from house import SOURCE_DIR, build_dir

EXAMPLES = SOURCE_DIR / "etc/extractors"
SMALL = SOURCE_DIR / "tests/data/feeds"

# the small feeds' files, where there is more than NAME.json
PAGES = {
    "game_lines": ["game_lines.jsonl"],
    "pages_cursor": ["pages_cursor_1.json", "pages_cursor_2.json"],
}
JOINS = {"two_feeds_joined": {"people": "two_feeds_joined.people.json"}}

# the real feeds: (example, feed, what the mapping gives beyond expected/, as the feed has it not)
FEEDS = [
    ("totals_array", "nba-totals-array.json", {}),
    ("totals_by_id", "nba-totals-keyed.json", {}),
    ("bios_long_dates", "nba-bios-long-dates.json", {
        "competition_external_id": "NBA", "competition_name": "NBA", "season": str,
        "team_external_id": "unknown", "team_name": "Unknown team", "player_external_id": str}),
    ("players_table", "nba-players-rowset.json", {}),
    ("leaders_table", "nba-leaders-rowset.json", {}),
    ("league_nested", "nba-bbgm-league.json", {}),
    ("inches_pounds", "nba-inches-pounds.json", {}),
    ("stats_dotted_keys", "euroleague-stats-envelope.json", {}),
    ("players_envelope", "euroleague-players-envelope.json", {}),
    ("summary_nested_games", "euroleague-us-summary.json", {}),
    ("game_lines", "euroleague-game-lines.jsonl", {"team_external_id": str}),
    ("pages_cursor", "wnba-paginated.json", {
        "competition_external_id": "WNBA", "competition_name": "WNBA", "season": "2025"}),
    ("game_clock", "wnba-one-game-mmss.json", {
        "competition_external_id": "WNBA", "competition_name": "WNBA"}),
    ("profiles_nested", "wnba-profiles-nested.json", {}),
]


def examples():
    return sorted(path.stem.removeprefix("example_") for path in EXAMPLES.glob("example_*.json"))


def load(path):
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8"), parse_float=Decimal, parse_int=Decimal)


def known(record):
    """null and absent mean the same."""
    return {key: value for key, value in record.items() if value is not None}


@pytest.fixture
def map_feed(tmp_path):
    """Runs map_feed; gives the snapshot and what it reports."""
    program = build_dir() / "tests/unit/map_feed"
    assert program.exists(), f"no {program}: `make tested` builds it"

    def run(mapping, *feeds, joins=None):
        output = tmp_path / "snapshot.json"
        output.unlink(missing_ok=True)
        words = [f"--join={name}={path}" for name, path in (joins or {}).items()]
        done = subprocess.run([program, "--date=2026-02-03", f"--output={output}", *words, mapping, *feeds],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stderr[done.stderr.index("{\n"):])
        assert report["problem_total"] == 0, done.stderr
        return load(output), report

    return run


def test_every_example_has_a_small_feed():
    """An example without a feed of its own would be tested on no machine but some."""
    names = examples()
    assert len(names) == 15
    for name in names:
        assert (SMALL / f"{name}.expected.json").exists(), name
    assert sorted({name for name, _, _ in FEEDS}) == sorted(set(names) - {"two_feeds_joined"})


@pytest.mark.parametrize("name", examples())
def test_small_feed(map_feed, name):
    """All the records of the small feed, in its order, and nothing else."""
    feeds = [SMALL / file for file in PAGES.get(name, [f"{name}.json"])]
    joins = {join: SMALL / file for join, file in JOINS.get(name, {}).items()}
    snapshot, report = map_feed(EXAMPLES / f"example_{name}.json", *feeds, joins=joins)
    assert report["empty_fields"] == []
    want = load(SMALL / f"{name}.expected.json")
    assert len(snapshot["records"]) == len(want)
    for got, record in zip(snapshot["records"], want):
        assert known(got) == known(record)


@pytest.mark.parametrize("name, date", [
    ("stats_dotted_keys", "2026-01-29"),  # the feed's own
    ("totals_array", "2026-02-03"),  # it has none: the run's
])
def test_snapshot_date(map_feed, name, date):
    """The date of the figures is the feed's where the mapping says where it stands."""
    snapshot, _ = map_feed(EXAMPLES / f"example_{name}.json", SMALL / f"{name}.json")
    assert snapshot["snapshot_date"] == date
    assert snapshot["source_name"] == load(EXAMPLES / f"example_{name}.json")["source_name"]


def test_what_is_left_out_is_counted(map_feed):
    """Skipped records are counted, repeated ones named."""
    _, report = map_feed(EXAMPLES / "example_league_nested.json", SMALL / "league_nested.json")
    assert report["skipped"] == 2  # playoffs, and a season without a game
    _, report = map_feed(EXAMPLES / "example_two_feeds_joined.json", SMALL / "two_feeds_joined.json",
                         joins={"people": SMALL / "two_feeds_joined.people.json"})
    assert report["repeated"] == 1
    assert [(row["pointer"], row["record"]) for row in report["repeated_first"]] == [("/figures/2", 3)]
    assert report["repeated_first"][0]["full_name"] == "Ana O'Brien-McGee"


def test_percentages_that_are_fractions_are_noticed(map_feed, tmp_path):
    """A mapping that forgets fraction_to_percent is warned about, not believed."""
    mapping = json.loads((EXAMPLES / "example_leaders_table.json").read_text())
    for field in ("fg_pct", "three_pt_pct", "ft_pct"):
        mapping["fields"][field] = mapping["fields"][field]["at"]
    feed = json.loads((SMALL / "leaders_table.json").read_text())
    first = feed["resultSet"]["rowSet"][0]
    feed["resultSet"]["rowSet"] = [[number, *first[1:]] for number in range(20)]
    forgetful, many = tmp_path / "forgetful.json", tmp_path / "many.json"
    forgetful.write_text(json.dumps(mapping))
    many.write_text(json.dumps(feed))
    _, report = map_feed(EXAMPLES / "example_leaders_table.json", many)
    assert not report["warnings"]
    _, report = map_feed(forgetful, many)
    assert "fg_pct" in json.dumps(report["warnings"])


@pytest.mark.parametrize("name, change, words", [
    # a conversion that cannot read the value says so, with the place and the value
    ("inches_pounds", {"Height": "6-3"}, ["/0", "inches_to_cm", "6-3"]),
    ("inches_pounds", {"BirthDate": "05/06/1992"}, ["/0", "iso_date", "05/06/1992"]),
    # a height in feet taken for one in inches: the snapshot's own rules refuse it
    ("inches_pounds", {"Height": 6}, ["height_cm"]),
    # a record must have a team
    ("inches_pounds", {"TeamID": None}, ["team_external_id"]),
])
def test_a_value_that_cannot_be_mapped(tmp_path, name, change, words):
    """A feed that changes its ways makes no snapshot, and the report says where and why."""
    records = json.loads((SMALL / f"{name}.json").read_text(encoding="utf-8"))
    records[0].update(change)
    feed, output = tmp_path / "feed.json", tmp_path / "snapshot.json"
    feed.write_text(json.dumps(records))
    done = subprocess.run([build_dir() / "tests/unit/map_feed", f"--output={output}", EXAMPLES / f"example_{name}.json", feed],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert not output.exists()
    for word in words:
        assert word in done.stderr, done.stderr


@pytest.mark.parametrize("name, feed, supplied", FEEDS, ids=[feed for _, feed, _ in FEEDS])
def test_real_feed(map_feed, shared_dir, name, feed, supplied):
    """Every record of the real feed is exactly the expected one."""
    data = shared_dir / "data"
    if not (data / "feeds").is_dir():
        pytest.skip(f"no {data / 'feeds'}")
    want = load(data / "expected" / f"{pathlib.Path(feed).stem}.json")["records"]
    snapshot, _ = map_feed(EXAMPLES / f"example_{name}.json", data / "feeds" / feed)
    assert len(snapshot["records"]) == len(want)
    for got, record in zip(snapshot["records"], want):
        got, record = known(got), known(record)
        for field, value in supplied.items():
            assert field not in record, "the expected record has it: compare it"
            given = got.pop(field)
            assert isinstance(given, str) if value is str else given == value
        assert got == record


def test_all_real_feeds_are_tried(shared_dir):
    """A feed that is added to the shared data must be mapped too."""
    feeds = shared_dir / "data/feeds"
    if not feeds.is_dir():
        pytest.skip(f"no {feeds}")
    assert sorted(os.listdir(feeds)) == sorted(feed for _, feed, _ in FEEDS)
