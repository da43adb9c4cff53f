"""Thousands of random searches over random data, against a model that is plainly right.

The world is made so that each short cut that a search may take is right for some queries and wrong for
others: see WANTED_CASES.
"""

import collections
import concurrent.futures
import datetime
import os
import random
import re
import urllib.parse

import pytest

from house import until
from search_model import LABELS, METRICS, OWN, Model, hundredths, make_snapshots, top_of

SEED = int(os.environ.get("HOOPSCOUT_TEST_SEED", "20261125"))
QUERIES = int(os.environ.get("HOOPSCOUT_TEST_QUERIES", "3000"))
ASKED_AT_ONCE = 4
PAGES_OF_ONE = 3        # a total that was counted for one page is given again for the others

# What the queries must have met, and of how many in a thousand at least: otherwise they prove too little.
WANTED_CASES = {
    "somebody on the page": 400,
    "nobody found": 30,
    "a player who meets each filter, but in different rows": 150,
    "a best that is not the career's": 150,
    "a tie between two pages": 100,
    "by a metric, down, with filters on rows: the page is among the first by career": 30,
    "by a metric, down, with filters on rows: somewhat further down": 20,
    "by a metric, down, with filters on rows: far down": 20,
    "by a metric, down, with filters on rows: all have to be looked at": 20,
    "by a metric, up, with filters on rows": 60,
    "not by a metric, with filters on rows": 60,
    "by name, up": 15,
    "by name, down": 15,
    "no filter on rows": 60,
    "one threshold alone": 20,
    "a page that is not the first": 200,
}
NAMES = ["doncic", "DONČIĆ", "smith", "jones smith", "oneal", "o'neal", "karl anthony", "ŁUK", "đor", "ñ", "é", "a", "lu",
         "ić", "%", "_", "dok", "dj", "x y z", "de la", "-", "jokic nikola",
         "Dončić, Luka", "towns,karl-anthony", ",", "li", "王", "ли", "𠮷野"]
DAYS = ["2024-02-28", "2024-02-29", "2023-02-28", "2023-03-01", "2026-12-31", "2001-01-01", "1995-06-01"]


# -- queries ------------------------------------------------------------------------------


def ask_threshold(rng, metric):
    """Rather loose than tight, and now and then just what somebody has."""
    value = top_of(metric) * rng.random() ** 2.5
    text = rng.choice(["0", f"{value:.0f}", f"{value:.0f}", f"{value:.1f}", f"{value:.3f}"])
    if metric == "tov":
        return [("tov_max", rng.choice([text, f"{top_of(metric) - value:.1f}"]))]
    return [(f"{metric}_min", text)]


def ask_several(rng, name, values, most):
    return [(name, value) for value in rng.sample(values, rng.randint(1, most))]


def ask_place(rng, name, values):
    return ask_several(rng, name, [f"source-{source}:{value}" for source in (0, 0, 0, 1, 2, 3) for value in values], 4)


def ask_name(rng):
    name = rng.choice(NAMES)
    if rng.random() < 0.4:
        name = (rng.choice("abcdejklnorstuyz") + rng.choice("aeiou") + rng.choice("clnrs"))[:rng.randint(1, 3)]
    return [("name", name)]


def ask_age(rng):
    pairs = [("age_min", str(rng.randint(0, 40)))] if rng.random() < 0.6 else []
    return pairs + ([("age_max", str(rng.randint(15, 45)))] if not pairs or rng.random() < 0.4 else [])


OF_PLAYER = [
    *[lambda rng, name=name, values=values: ask_several(rng, name, values, 2) for name, values in LABELS.items()],
    ask_name, ask_age,
    lambda rng: [("height_min", rng.choice(["198", "198.5", "198.51"]))],
    lambda rng: [("height_max", rng.choice(["198.49", "203"]))],
    lambda rng: [("weight_min", rng.choice(["95.25", "90"]))],
    lambda rng: [("weight_max", rng.choice(["95.2499", "100"]))],
]
OF_ROW = [
    *[lambda rng, metric=metric: ask_threshold(rng, metric) for metric in METRICS],
    *2 * [lambda rng: ask_several(rng, "season", ["2016", "2017", "2018-19", "1999"], 2),
          lambda rng: ask_place(rng, "competition", ["NBA", "E:1", "same", "none"]),
          lambda rng: ask_place(rng, "team", ["X", "Z:Z", "same", "none"])],
]


def random_filters(rng):
    pairs = []
    for kinds, numbers in ((OF_PLAYER, (0, 0, 0, 1, 1, 2, 3)), (OF_ROW, (0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 5))):
        for ask_one in rng.sample(kinds, rng.choice(numbers)):
            pairs += ask_one(rng)
    if rng.random() < 0.25:
        pairs.append(("age_on", rng.choice(DAYS)))
    return pairs


def fullest_filters(rng, words):
    """Every parameter, and so loose that somebody is found."""
    pairs = [("name", " ".join(rng.choice(["a", "o", "i"]) if words < 9 else "a" for _ in range(words)))]
    pairs += [(name, value) for name, values in LABELS.items() for value in values]
    pairs += [("age_min", "0"), ("age_max", "60"), ("age_on", "2026-12-31"), ("height_min", "190"),
              ("height_max", "210.99"), ("weight_min", "80"), ("weight_max", "110")]
    pairs += [("tov_max", "19.5") if metric == "tov" else (f"{metric}_min", rng.choice(["0", "0.01"])) for metric in METRICS]
    for name, values in rng.choice([(), (("season", ["2016", "2017", "2018-19"]),),
                                    (("competition", ["source-0:NBA", "source-0:E:1", "source-1:same"]),
                                     ("team", ["source-0:X", "source-0:Y", "source-0:same", "source-1:Z:Z"]))]):
        pairs += [(name, value) for value in values]
    return pairs


def random_sort(rng):
    metric, own = rng.choice(list(METRICS)), rng.choice(["name", "name", "age", *OWN])
    return rng.choice(["-ppg", f"-{metric}", f"-{metric}", metric, rng.choice([own, f"-{own}"])])


def random_page(rng, total):
    """A page and its size: the first, or any, or the last, or the one after it."""
    per_page = rng.choice([10, 10, 10, 25, 37, 100])
    pages = max(1, -(-total // per_page))
    return rng.choice([1, 1, rng.randint(1, pages), rng.randint(1, min(pages, 8)), pages, pages + 1]), per_page


# -- the house ----------------------------------------------------------------------------


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
    until(lambda: len(house.ls("archive")) == len(snapshots), 60,
          lambda: f"not imported: {house.ls('failed')} {house.log_tail()}")
    ids = {f"{row['name']}:{row['external_id']}": row["player_id"]
           for row in house.rows("select s.name, p.external_id, p.player_id from player p join source s using (source_id)")}
    return house, Model(snapshots, ids)


def utc_today():
    return datetime.datetime.now(datetime.timezone.utc).date()


def ask(house, query, **more):
    answer = house.get("/api/v1/players?" + urllib.parse.urlencode([*query, *more.items()]))
    assert answer.status == 200, answer.text
    return answer.json()


def places(player):
    """As the model has them, of an API's player."""
    return {"source": player["source"], "season": player["season"],
            **{place: player[place] and player[place]["id"] for place in ("competition", "team")}}


class Case:
    """One search, what the model finds, and what hsd-web answers."""

    def __init__(self, found, order, filters, sort, page, per_page):
        self.found, self.order = found, order
        self.filters, self.sort, self.page, self.per_page = filters, sort, page, per_page
        self.ids = order[(page - 1) * per_page:page * per_page]

    def ask(self, house):
        sort = [] if self.sort == "-ppg" else [("sort", self.sort)]
        return ask(house, [*self.filters, *sort], page=self.page, per_page=self.per_page)

    def check(self, got):
        what = f"seed {SEED}: {self.filters} by {self.sort} page {self.page} of {self.per_page}"
        assert got["total"] == len(self.order), what
        assert [player["id"] for player in got["players"]] == self.ids, what
        for player in got["players"]:
            best = {metric: number(value) for metric, value in player["best_eligible"].items()}
            assert best == self.found.best(player["id"]), f"{what}: player {player['id']}"
            assert places(player) == self.found.places(player["id"]), f"{what}: player {player['id']}"

    def kinds(self):
        """Which of WANTED_CASES it is."""
        found, key, end = self.found, self.sort.lstrip("-"), self.page * self.per_page
        career = found.model.career
        of_row = found.asked.of_row
        yield "somebody on the page" if self.ids else "nobody on the page"
        if not self.order:
            yield "nobody found"
        if self.page > 1:
            yield "a page that is not the first"
        if len(of_row) > 1 and found.across:
            yield "a player who meets each filter, but in different rows"
        if any(career[metric][player] > (best if best is not None else -1)
               for player in self.ids for metric, best in found.best(player).items()):
            yield "a best that is not the career's"
        if key != "name" and end < len(self.order) and \
                found.value(self.order[end - 1], key) == found.value(self.order[end], key):
            yield "a tie between two pages"
        if key == "name":
            yield "by name, down" if self.sort.startswith("-") else "by name, up"
        if not of_row:
            yield "no filter on rows"
        elif key not in METRICS:
            yield "not by a metric, with filters on rows"
        elif not self.sort.startswith("-"):
            yield "by a metric, up, with filters on rows"
        else:
            yield "by a metric, down, with filters on rows: " + self.how_far_down(key, end)
        if len(self.filters) == 1 and len(of_row) == 1 and self.filters[0][0].partition("_m")[0] in METRICS:
            yield "one threshold alone"

    def how_far_down(self, key, end):
        if len(self.order) < end:
            return "all have to be looked at"
        depth = self.found.depth(key, self.ids)
        return "the page is among the first by career" if depth <= 2 * end else \
            "somewhat further down" if depth <= 8 * end else "far down"


def random_cases(model, rng, count):
    while count > 0:
        filters = random_filters(rng)
        found = model.search(filters, utc_today())
        for _ in range(PAGES_OF_ONE):
            sort = random_sort(rng)
            order = found.sorted(sort)
            yield Case(found, order, filters, sort, *random_page(rng, len(order)))
        count -= PAGES_OF_ONE


def batches(cases, size):
    batch = []
    for case in cases:
        batch.append(case)
        if len(batch) == size:
            yield batch
            batch = []
    yield batch


# -- tests --------------------------------------------------------------------------------


def check_random_searches(house, model, seed, queries):
    cases = collections.Counter()
    asked = 0
    with concurrent.futures.ThreadPoolExecutor(ASKED_AT_ONCE) as visitors:
        for batch in batches(random_cases(model, random.Random(seed), queries), 60):
            answers = [visitors.submit(case.ask, house) for case in batch]
            for case in batch:
                cases.update(case.kinds())
            for case, answer in zip(batch, answers):
                case.check(answer.result())
            asked += len(batch)
    print(f"{asked} queries:", *(f"{count:6} {kind}" for kind, count in sorted(cases.items())), sep="\n")
    too_few = {kind: cases[kind] for kind, least in WANTED_CASES.items() if cases[kind] * 1000 < least * asked}
    assert not too_few, "the queries prove too little"


def test_random_searches(filled):
    """Order, total and every best figure; and the queries were such that they could have gone wrong."""
    check_random_searches(*filled, SEED + 1, QUERIES)


@pytest.fixture
def with_few_look_ups(filled):
    """Called with how many players a search may look up one by one: the ways of large worlds in a small one."""
    house, _ = filled

    def set_look_ups(number):
        house.conf.write_text(f"HOOPSCOUT_SEARCH_LOOK_UPS = {number}\n")
        house.hsctl("reload")
    yield set_look_ups
    house.conf.write_text("")
    house.hsctl("reload")


@pytest.mark.parametrize("look_ups", [0, 90, 900])
def test_random_searches_of_few_look_ups(filled, with_few_look_ups, look_ups):
    with_few_look_ups(look_ups)
    check_random_searches(*filled, SEED + 10 + look_ups, QUERIES // 4)


@pytest.mark.parametrize("sort", ["name", "-name", "age", "-age"])
@pytest.mark.parametrize("query", [[], [("height_min", "190")], [("games_min", "10"), ("tov_max", "15")], [("season", "2017"), ("ft_pct_min", "20")]])
def test_each_page_by_counting(filled, with_few_look_ups, sort, query):
    """Whatever letters a page begins and ends with: also a whole name that others begin with."""
    house, model = filled
    with_few_look_ups(0)
    order = model.search(query, utc_today()).sorted(sort)
    assert len(order) > 100, "the queries prove too little"
    for page in range(1, len(order) // 10 + 3):
        found = [player["id"] for player in ask(house, query, sort=sort, page=page, per_page=10)["players"]]
        assert found == order[(page - 1) * 10:page * 10], (sort, query, page)


def test_the_fullest_searches(filled):
    """Whoever fills the whole form is answered, in every order."""
    house, model = filled
    rng = random.Random(SEED + 2)
    for sort in [way + key for key in ("name", "age", *OWN, *METRICS) for way in ("", "-")]:
        for words in (1, 4, 20):
            filters = fullest_filters(rng, words)
            order = model.search(filters, utc_today()).sorted(sort)
            assert order or words == 4, "the queries prove too little"
            for page in (1, 2):
                case = Case(model.search(filters, utc_today()), order, filters, sort, page, 10)
                case.check(case.ask(house))
            address = urllib.parse.urlencode([*filters, ("sort", sort)])
            assert house.get(f"/?{address}").status == 200
            assert house.get(f"/export.csv?{address}").status == 200
            assert house.get(f"/choices/role?{address}").status == 200


def test_pages_are_the_whole(filled):
    """All pages of any order hold every player once."""
    house, model = filled
    for sort in ("-ppg", "ppg", "name", "-age", "-tov", "height"):
        for query in ([], [("games_min", "1")], [("season", "2017"), ("fg_pct_min", "40")]):
            ids = []
            total = ask(house, query, sort=sort)["total"]
            for page in range(1, total // 100 + 2):
                ids += [player["id"] for player in ask(house, query, sort=sort, page=page, per_page=100)["players"]]
            assert len(ids) == total
            assert ids == model.search(query, utc_today()).sorted(sort), (sort, query)
    assert ask(house, [], page=1000000, per_page=100)["players"] == []


CELL = re.compile(r'<td class="number sorted[^"]*">([^<]*)(?:<span class="behind">([^<]*)</span>)?</td>')


ABOUT = re.compile(r'<span class="source"[^>]*>([^<]*)</span><span class="about">(.*?)</span></th>')


def test_page_says_what_the_api_says(filled):
    """The page lists the API's players under the same total, with and without htmx, says how many seasons of
    theirs are eligible, and names the row behind the best that is sorted by."""
    house, model = filled
    rng = random.Random(SEED + 2)
    behind_someone = 0
    for case in random_cases(model, rng, 90):
        query = urllib.parse.urlencode([*case.filters, ("sort", case.sort), ("page", case.page), ("per_page", case.per_page)])
        metric = case.sort.lstrip("-")
        for headers in ({}, {"HX-Request": "true"}):
            page = house.get(f"/?{query}", headers=headers)
            assert page.status == 200
            assert [int(part.partition('"')[0]) for part in page.text.split('href="/players/')[1:]] == case.ids, query
            total = len(case.order)
            assert ("No player found" if total == 0 else f"{total:,} player{'s' * (total > 1)}") in page.text
            assert [(about.rpartition("<span>")[2].removesuffix("</span>"), source) for source, about in ABOUT.findall(page.text)] == \
                [(seasons_text(case.found.eligible[player]), case.found.places(player)["source"]) for player in case.ids], query
            if metric not in METRICS:
                continue
            cells = CELL.findall(page.text)
            assert [behind for _, behind in cells] == [behind_text(case.found, player, metric) for player in case.ids], query
            behind_someone += any(behind for _, behind in cells)
    assert behind_someone > 20


def seasons_text(rows):
    """One who was traded has several rows in one season; of one row alone it is said where it is from."""
    if len(rows) == 1:
        return f"A team, A league, {rows[0]['season']}"
    seasons = len({row["season"] for row in rows})
    return f"{seasons} season{'s' * (seasons > 1)}"


def behind_text(found, player, metric):
    if found.value(player, metric) is None:
        return ""
    row = found.behind(player, metric)
    if row["games"] is None or metric == "games":
        return row["season"]
    return f"{row['games'] // 100} GP, {row['season']}"


def test_copies_agree(filled):
    """A player's page has his seasons, and nobody's name is missing there."""
    house, model = filled
    for player in random.Random(SEED).sample(sorted(model.players), 20):
        rows = model.rows[player]
        one = house.get(f"/api/v1/players/{player}").json()
        assert one["full_name"] == model.players[player]["name"]
        assert sorted((season["season"], season["competition"]["id"], season["team"]["id"]) for season in one["seasons"]) == \
            sorted((row["season"], row["competition"], row["team"]) for row in rows)
        for season in one["seasons"]:
            row = next(row for row in rows if (row["season"], row["competition"], row["team"]) ==
                       (season["season"], season["competition"]["id"], season["team"]["id"]))
            assert {metric: number(value) for metric, value in season["figures"].items()} == {m: row[m] for m in METRICS}
            assert season["from"]["snapshot_date"] == row["snapshot_date"]
        page = house.get(f"/players/{player}").text
        seasons, _, superseded = page.partition('<details class="history">')
        assert seasons.count("<tr>") == len(rows) + len({row["competition"] for row in rows}) and f"#{one['seasons'][0]['from']['import_file_id']}<" in seasons
        changed = sum(row["snapshot_date"] > "2024-01-01" for row in rows)
        assert superseded.count("<tr>") == changed + bool(changed)
