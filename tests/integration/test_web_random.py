"""Hundreds of random searches over random data, against a model that is plainly right.

The model holds the records as they were dropped and answers a search by looking at every
row: no tables, no SQL, nothing shared with the program but the words of section 8.
"""

import datetime
import decimal
import os
import random
import unicodedata
import urllib.parse

import pytest

from house import until

SEED = int(os.environ.get("HOOPSCOUT_TEST_SEED", "20261125"))
QUERIES = int(os.environ.get("HOOPSCOUT_TEST_QUERIES", "400"))
METRICS = {"games": "games_played", "mpg": "minutes_per_game", "ppg": "points_per_game", "rpg": "rebounds_per_game",
           "apg": "assists_per_game", "spg": "steals_per_game", "bpg": "blocks_per_game", "tov": "turnovers_per_game",
           "fg_pct": "fg_pct", "three_pt_pct": "three_pt_pct", "ft_pct": "ft_pct"}
OWN = {"height": "height_cm", "weight": "weight_kg"}
LABELS = {"position": ["C", "PF", "Guard, tall", 'the "big" man', "{a}", "back\\slash", "100%_"],
          "role": ["Primary Creator", "Rim Protector"],
          "nationality": ["France", "Côte d'Ivoire", "Türkiye", "france"]}
FIRST = ["Luka", "Nikola", "José", "Shaquille", "Karl-Anthony", "Łukasz", "Đorđe", "Ayşe", "D.J.", "Ñandu", "A"]
LAST = ["Dončić", "Jokić", "O'Neal", "Towns", "Calderón", "Öztürk", "Smith", "Smith-Jones", "de la Cruz", "Dokić", "B"]


def folded(name):
    name = name.translate(str.maketrans("ŁłĐđı", "LlDdi"))
    plain = "".join(c for c in unicodedata.normalize("NFKD", name).casefold()
                    if not unicodedata.combining(c) and c not in "'’.")
    return " ".join(plain.replace("-", " ").split())


def hundredths(value):
    return None if value is None else int((decimal.Decimal(str(value)) * 100)
                                          .quantize(decimal.Decimal(1), rounding=decimal.ROUND_HALF_UP))


def age_on(born, day):
    """Birthdays up to that day; one born on 29 February has his on 1 March in a common year."""
    if born is None or born > day:
        return None
    birthday = (born.month, born.day)
    return day.year - born.year - ((day.month, day.day) < birthday)


def some_number(rng, top, places=(0, 1, 2)):
    """Null now and then, zero now and then; few different values, so that many tie."""
    kind = rng.random()
    if kind < 0.2:
        return None
    if kind < 0.27:
        return 0
    return round(rng.uniform(0, top), rng.choice(places))


def make_snapshots(rng):
    snapshots = []
    for number in range(3):
        source = f"source-{number}"
        records, keys = [], set()
        players = []
        for i in range(rng.randint(50, 90)):
            born = datetime.date(1985, 1, 1) + datetime.timedelta(rng.randrange(8000))
            if rng.random() < 0.1:
                born = datetime.date(rng.choice([1996, 2000, 2004]), 2, 29)
            players.append({
                "player_external_id": f"p{i}", "full_name": f"{rng.choice(FIRST)} {rng.choice(LAST)}",
                "birth_date": None if rng.random() < 0.15 else born.isoformat(),
                "height_cm": None if rng.random() < 0.15 else rng.choice([190, 198.5, 203, 211]),
                "weight_kg": None if rng.random() < 0.15 else rng.choice([80, 95.25, 110]),
                **{label: rng.choice([None, *values]) for label, values in LABELS.items()}})
        for player in players:
            for _ in range(rng.randint(1, 5)):
                record = {**player, "competition_external_id": rng.choice(["NBA", "E:1", "same"]), "competition_name": "A league",
                          "season": rng.choice(["2016", "2017", "2018-19"]), "team_external_id": rng.choice(["X", "Y", "Z:Z", "same"]),
                          "team_name": "A team"}
                key = tuple(record[k] for k in ("competition_external_id", "season", "team_external_id", "player_external_id"))
                if key in keys:
                    continue
                keys.add(key)
                for metric, field in METRICS.items():
                    if metric == "games":
                        record[field] = some_number(rng, 82, (0,))
                        record[field] = None if record[field] is None else int(record[field])
                    else:
                        record[field] = some_number(rng, 100 if metric.endswith("pct") else 20)
                records.append(record)
        rng.shuffle(records)
        snapshots.append({"source_name": source, "snapshot_date": "2024-01-01", "records": records})
    return snapshots


class Model:
    def __init__(self, snapshots, ids):
        self.rows = []
        self.players = {}
        for snapshot in snapshots:
            for record in snapshot["records"]:
                source = snapshot["source_name"]
                born = record["birth_date"] and datetime.date.fromisoformat(record["birth_date"])
                player = ids[f"{source}:{record['player_external_id']}"]
                self.players[player] = {"name": record["full_name"], "folded": folded(record["full_name"]), "born": born,
                                        **{label: record[label] for label in LABELS},
                                        **{own: hundredths(record[field]) for own, field in OWN.items()}}
                self.rows.append({"player": player, "season": record["season"],
                                  "competition": f"{source}:{record['competition_external_id']}",
                                  "team": f"{source}:{record['team_external_id']}",
                                  **{metric: hundredths(record[field]) for metric, field in METRICS.items()}})

    def search(self, query, today):
        """The players in order, each with his best figures."""
        one = {name: value for name, value in query}
        several = {}
        for name, value in query:
            several.setdefault(name, set()).add(value)
        day = datetime.date.fromisoformat(one["age_on"]) if "age_on" in one else today

        def at_least(value, name):
            return name not in one or (value is not None and decimal.Decimal(value) >= decimal.Decimal(one[name]) * 100)

        def at_most(value, name):
            return name not in one or (value is not None and decimal.Decimal(value) <= decimal.Decimal(one[name]) * 100)

        def player_fits(player):
            age = age_on(player["born"], day)
            age = None if age is None else age * 100
            words = folded(one.get("name", "")).split()
            # a name of which folding leaves nothing is nobody's
            return (bool(words or not one.get("name", "").strip()) and all(word in player["folded"] for word in words)
                    and all(label not in several or player[label] in several[label] for label in LABELS)
                    and at_least(age, "age_min") and at_most(age, "age_max")
                    and all(at_least(player[own], f"{own}_min") and at_most(player[own], f"{own}_max") for own in OWN))

        def row_fits(row):
            return (all(place not in several or row[place] in several[place] for place in ("season", "competition", "team"))
                    and all(at_least(row[metric], f"{metric}_min") for metric in METRICS if metric != "tov")
                    and at_most(row["tov"], "tov_max"))

        eligible = {}
        for row in self.rows:
            if player_fits(self.players[row["player"]]) and row_fits(row):
                eligible.setdefault(row["player"], []).append(row)
        best = {player: {metric: max((row[metric] for row in rows if row[metric] is not None), default=None) for metric in METRICS}
                for player, rows in eligible.items()}

        sort = one.get("sort", "-ppg")
        sign, key = (-1, sort[1:]) if sort.startswith("-") else (1, sort)

        def value_of(player):
            if key == "age":
                return age_on(self.players[player]["born"], day)
            return self.players[player][key] if key in OWN else best[player][key]

        found = sorted(best, key=lambda player: (self.players[player]["folded"], player))
        if key == "name":
            found.sort(key=lambda player: self.players[player]["folded"], reverse=sign < 0)
        else:
            found.sort(key=lambda player: (value_of(player) is None, sign * (value_of(player) or 0)))
        return [(player, best[player]) for player in found]


def random_query(rng):
    query = []
    for name, values in LABELS.items():
        if rng.random() < 0.12:
            query += [(name, value) for value in rng.sample(values, rng.randint(1, 2))]
    if rng.random() < 0.2:
        query += [("season", value) for value in rng.sample(["2016", "2017", "2018-19", "1999"], rng.randint(1, 2))]
    for place, values in (("competition", ["NBA", "E:1", "same", "none"]), ("team", ["X", "Z:Z", "same", "none"])):
        if rng.random() < 0.15:
            query += [(place, f"source-{rng.randint(0, 3)}:{value}") for value in rng.sample(values, rng.randint(1, 3))]
    if rng.random() < 0.2:
        query.append(("name", rng.choice(["doncic", "DONČIĆ", "smith", "jones smith", "oneal", "o'neal", "karl anthony",
                                          "a", "lu", "%", "_", "dok", "dj", "x y z", "de la", "-", "jokic nikola"])))
    if rng.random() < 0.3:
        query.append(("age_on", rng.choice(["2024-02-28", "2024-02-29", "2023-02-28", "2023-03-01", "2026-12-31", "1995-06-01"])))
    if rng.random() < 0.2:
        query.append(("age_min", str(rng.randint(0, 40))))
    if rng.random() < 0.2:
        query.append(("age_max", str(rng.randint(15, 45))))
    for name, values in (("height_min", ["198", "198.5", "198.51"]), ("height_max", ["198.49", "203"]),
                         ("weight_min", ["95.25", "90"]), ("weight_max", ["95.2499", "100"])):
        if rng.random() < 0.08:
            query.append((name, rng.choice(values)))
    for metric in METRICS:
        if rng.random() < 0.12:
            top = 100 if metric.endswith("pct") else 80 if metric == "games" else 20
            value = rng.choice(["0", str(rng.randint(0, top)), f"{rng.uniform(0, top):.1f}", f"{rng.uniform(0, top):.3f}"])
            query.append(("tov_max" if metric == "tov" else f"{metric}_min", value))
    if rng.random() < 0.8:
        query.append(("sort", rng.choice(["", "-"]) + rng.choice(["name", "age", "height", "weight", *METRICS])))
    return query


def number(value):
    """A figure of the API as hundredths; its text has no noise."""
    if value is None:
        return None
    assert len(str(value).partition(".")[2]) <= 2, value
    return hundredths(value)


@pytest.fixture(scope="module")
def filled(shared_house):
    house = shared_house.start()
    snapshots = make_snapshots(random.Random(SEED))
    for i, snapshot in enumerate(snapshots):
        house.drop(snapshot, f"random-{i}.json")
    until(lambda: len(house.ls("archive")) == 3, 60, lambda: f"not imported: {house.ls('failed')} {house.log_tail()}")
    ids = {f"{row['name']}:{row['external_id']}": row["player_id"]
           for row in house.rows("select s.name, p.external_id, p.player_id from player p join source s using (source_id)")}
    return house, Model(snapshots, ids)


def ask(house, query, **more):
    answer = house.get("/api/v1/players?" + urllib.parse.urlencode([*query, *more.items()]))
    assert answer.status == 200, answer.text
    return answer.json()


def test_random_searches(filled):
    """Order, total and every best figure, page by page."""
    house, model = filled
    rng = random.Random(SEED + 1)
    found_someone = 0
    for number_of_query in range(QUERIES):
        query = random_query(rng)
        today = datetime.datetime.now(datetime.timezone.utc).date()
        want = model.search(query, today)
        per_page = rng.choice([10, 25, 100])
        page = rng.randint(1, max(1, len(want) // per_page + 1))
        got = ask(house, query, page=page, per_page=per_page)
        what = f"query {number_of_query} of seed {SEED}: {query} page {page} of {per_page}"
        assert got["total"] == len(want), what
        part = want[(page - 1) * per_page:page * per_page]
        assert [player["id"] for player in got["players"]] == [player for player, _ in part], what
        for player, (_, best) in zip(got["players"], part):
            assert {metric: number(value) for metric, value in player["best_eligible"].items()} == best, what
        found_someone += bool(part)
    assert found_someone > QUERIES // 3, "the queries find too little to prove anything"


def test_pages_are_the_whole(filled):
    """All pages of any order hold every player once."""
    house, model = filled
    for sort in ("-ppg", "ppg", "name", "-name", "age", "-tov", "height"):
        for query in ([], [("games_min", "1")]):
            ids = []
            total = ask(house, query, sort=sort)["total"]
            for page in range(1, total // 10 + 2):
                ids += [player["id"] for player in ask(house, query, sort=sort, page=page, per_page=10)["players"]]
            assert len(ids) == len(set(ids)) == total
    assert ask(house, [], page=1000000, per_page=100)["players"] == []


def test_page_says_what_the_api_says(filled):
    """The page lists the API's players, under the same total, with and without htmx."""
    house, _ = filled
    rng = random.Random(SEED + 2)
    for _ in range(25):
        query = urllib.parse.urlencode(random_query(rng))
        players = house.get(f"/api/v1/players?{query}").json()
        for headers in ({}, {"HX-Request": "true"}):
            page = house.get(f"/?{query}", headers=headers)
            assert page.status == 200
            assert [int(part.partition('"')[0]) for part in page.text.split('href="/players/')[1:]] == \
                [player["id"] for player in players["players"]]
            noun = "No player found" if players["total"] == 0 else f"{players['total']:,} player"
            assert noun in page.text


def test_copies_agree(filled):
    """A player's page has his seasons, and nobody's name is missing there."""
    house, model = filled
    for player in random.Random(SEED).sample(sorted(model.players), 20):
        rows = [row for row in model.rows if row["player"] == player]
        one = house.get(f"/api/v1/players/{player}").json()
        assert one["full_name"] == model.players[player]["name"]
        assert sorted((season["season"], season["competition"]["id"], season["team"]["id"]) for season in one["seasons"]) == \
            sorted((row["season"], row["competition"], row["team"]) for row in rows)
        for season in one["seasons"]:
            row = next(row for row in rows if (row["season"], row["competition"], row["team"]) ==
                       (season["season"], season["competition"]["id"], season["team"]["id"]))
            assert {metric: number(value) for metric, value in season["figures"].items()} == {m: row[m] for m in METRICS}
            assert season["from"]["snapshot_date"] == "2024-01-01"
        page = house.get(f"/players/{player}").text
        assert page.count("<tr>") == len(rows) + 1 and f"#{one['seasons'][0]['from']['import_file_id']}<" in page
