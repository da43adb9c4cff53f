"""Every query of ../shared/data/answers.json, asked through HTTP.

The answers were computed from the snapshot files alone, so they know nothing of our
tables. Each set of snapshots has a House; its queries share it.
"""

import json
import os
import unicodedata
import urllib.parse

import pytest

from house import SOURCE_DIR, House, until

SHARED = os.environ.get("HOOPSCOUT_SHARED_DIR") or SOURCE_DIR.parent / "shared"


def load_answers():
    try:
        with open(os.path.join(SHARED, "data", "answers.json"), encoding="utf-8") as file:
            return json.load(file)["answers"]
    except FileNotFoundError:
        return []


ANSWERS = load_answers()


def folded(name):
    """Near enough to hs_name_fold for the names of these files: it only settles ties."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c) and c not in "'’.")
    return " ".join(plain.replace("-", " ").split())


def parameters(answer, sources):
    """The answer's query as ours: bare external ids get their sources, today is age_on."""
    query = []
    for name, value in answer["query"].items():
        if name in ("competition", "team"):
            query += [(name, f"{source}:{value}") for source in sources(name, value)]
        else:
            query.append(("age_on" if name == "today" else name, str(value)))
    key, direction = answer["sort"].split()
    query.append(("sort", ("-" if direction == "desc" else "") + key))
    return query


def first_by_value(players, key, count):
    """The first players, those with equal figures in the order of their names."""
    return sorted(players, key=lambda p: (-(p["best_eligible"][key] or -1), folded(p["full_name"])))[:count]


def check(get, answer, sources):
    query = parameters(answer, sources)
    key = answer["sort"].split()[0]
    got = get("/api/v1/players?" + urllib.parse.urlencode([*query, ("per_page", "100")]))
    assert got["total"] == answer["total"], query
    players = got["players"]
    assert len(players) == min(answer["total"], 100)
    assert [p["full_name"] for p in first_by_value(players, key, len(players))] == \
        [p["full_name"] for p in players], "the order is not by value, then name"
    want = [(top["full_name"], top["best"]) for top in answer["top"]]
    have = [(p["full_name"], {k: v for k, v in p["best_eligible"].items() if v is not None}) for p in players[:len(want)]]
    by_name = sorted(want, key=lambda row: (-(row[1].get(key) or -1), folded(row[0])))
    assert have == [(name, {k: v for k, v in best.items() if v is not None}) for name, best in by_name], query
    for name in answer.get("must_not_match", []):
        again = get("/api/v1/players?" + urllib.parse.urlencode([*[q for q in query if q[0] != "name"], ("name", name)]))
        assert name not in [p["full_name"] for p in again["players"]], f"{name} has no season that meets all of {query}"


@pytest.fixture(scope="module")
def house_of(programs, template, shared_dir):
    """Gives the House that holds just these snapshots."""
    houses = {}

    def find(snapshots):
        if snapshots not in houses:
            house = houses[snapshots] = House(programs, template)
            house.start()
            for name in snapshots:
                house.drop(shared_dir / "data/snapshots" / name)
            until(lambda: house.ls("archive") == sorted(snapshots), 120,
                  lambda: f"not everything was imported: {house.ls('archive')}\n{house.log_tail()}")
        return houses[snapshots]

    yield find
    for house in houses.values():
        house.close()


def sources_in(snapshot_dir, snapshots):
    """Tells which of the snapshots' sources know a competition or team by an external id."""
    contents = []
    for name in snapshots:
        with open(snapshot_dir / name, encoding="utf-8") as file:
            contents.append(json.load(file))

    def sources(field, external_id):
        found = {content["source_name"] for content in contents for record in content["records"]
                 if record[f"{field}_external_id"] == external_id}
        assert found, f"no snapshot has the {field} {external_id}"
        return sorted(found)

    return sources


@pytest.mark.parametrize("number", range(len(ANSWERS)))
def test_answer(house_of, shared_dir, number):
    """Total, first players, their best figures, and nobody without a fitting season."""
    answer = ANSWERS[number]
    house = house_of(tuple(answer["snapshots"]))

    def get(path):
        found = house.get(path)
        assert found.status == 200, found.text
        return found.json()

    check(get, answer, sources_in(shared_dir / "data/snapshots", answer["snapshots"]))


def test_there_are_answers(shared_dir):
    """A folder without answers.json would prove nothing."""
    assert len(ANSWERS) >= 60
