"""What searches should find, said a second time, plainly and slowly; and a world made to mislead them.

Model holds the records as they were dropped and answers a search by looking at every row of every
player: no tables, no SQL, nothing shared with the program but the words of the design's section 8.
"""

import datetime
import decimal
import functools
import math
import re
import unicodedata

METRICS = {"games": "games_played", "mpg": "minutes_per_game", "ppg": "points_per_game", "rpg": "rebounds_per_game",
           "apg": "assists_per_game", "spg": "steals_per_game", "bpg": "blocks_per_game", "tov": "turnovers_per_game",
           "fg_pct": "fg_pct", "three_pt_pct": "three_pt_pct", "ft_pct": "ft_pct"}
OWN = {"height": "height_cm", "weight": "weight_kg"}
PLACES = ("season", "competition", "team")
LABELS = {"position": ["C", "PF", "Guard, tall", 'the "big" man', "{a}", "back\\slash", "100%_"],
          "role": ["Primary Creator", "Rim Protector"],
          "nationality": ["France", "Côte d'Ivoire", "Türkiye", "france", "TUR", "Ivory Coast", "Congo", "congo"]}
# those of the nationalities that are another spelling of a country
COUNTRIES = {"france": "France", "TUR": "Türkiye", "Ivory Coast": "Côte d'Ivoire"}
FIRST = ["Luka", "Nikola", "José", "Shaquille", "Karl-Anthony", "Łukasz", "Đorđe", "Ayşe", "D.J.", "Ñandu", "A"]
LAST = ["Dončić", "Jokić", "O'Neal", "Towns", "Calderón", "Öztürk", "Smith", "Smith-Jones", "de la Cruz", "Dokić", "B"]
# whole names of few letters that others begin with, and of letters of two to four bytes
SHORT = ["Li", "Li Wei", "Lia", "Lí", "L", "Lu", "Do", "Đo B", "王", "王 伟", "王偉", "王小明", "Ли", "Ли Вэй", "Лиана", "𠮷", "𠮷野", "𠮷野 家"]
COMPETITIONS = ["NBA", "E:1", "same"]
SEASONS = ["2016", "2017", "2018-19", "E2015", "1"]
TEAMS = ["X", "Y", "Z:Z", "same"]
UNKNOWN = -1


def top_of(metric):
    return 100 if metric.endswith("pct") else 82 if metric == "games" else 20


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
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


# -- the world ----------------------------------------------------------------------------


def some_number(rng, top, places=(0, 1, 2)):
    """Null now and then, zero now and then; few different values, so that many tie."""
    kind = rng.random()
    if kind < 0.2:
        return None
    if kind < 0.27:
        return 0
    return round(rng.uniform(0, top), rng.choice(places))


def some_figures(rng, kind):
    """The figures of one player-season. Of kind "plateau" the highest of all, the same for everyone, but
    rarely all in one row; of "nothing" none is known."""
    figures = {}
    for metric, field in METRICS.items():
        if kind == "nothing" and rng.random() < 0.9:
            value = None
        elif kind == "plateau" and rng.random() < 0.4:
            value = top_of(metric)
        elif metric == "games":
            value = some_number(rng, top_of(metric), (0,))
        else:
            value = some_number(rng, top_of(metric))
        figures[field] = int(value) if metric == "games" and value is not None else value
    return figures


def make_player(rng, number):
    """Birthdays gather around the days on which searches count years."""
    born = datetime.date(1985, 1, 1) + datetime.timedelta(rng.randrange(8000))
    if rng.random() < 0.5:
        born = born.replace(day=1, month=rng.choice([1, 3])) - datetime.timedelta(rng.randint(0, 1))
    if rng.random() < 0.1:
        born = datetime.date(rng.choice([1996, 2000, 2004]), 2, 29)
    name = rng.choice(SHORT) if rng.random() < 0.2 else f"{rng.choice(FIRST)} {rng.choice(LAST)}"
    return {"player_external_id": f"p{number}", "full_name": name,
            "birth_date": None if rng.random() < 0.15 else born.isoformat(),
            "height_cm": None if rng.random() < 0.15 else rng.choice([190, 198.5, 203, 211]),
            "weight_kg": None if rng.random() < 0.15 else rng.choice([80, 95.25, 110]),
            **{label: rng.choice([None, *values]) for label, values in LABELS.items()}}


def make_seasons(rng, player):
    """One to six player-seasons; some are of one traded in the middle of a season."""
    kind = rng.choice(["plateau", "nothing", "usual", "usual", "usual", "usual"])
    records = {}
    competition = season = None
    for _ in range(rng.randint(1, 6)):
        if season is None or rng.random() > 0.25:
            competition, season = rng.choice(COMPETITIONS), rng.choice(SEASONS)
        team = rng.choice(TEAMS)
        records[competition, season, team] = {
            **player, "competition_external_id": competition, "competition_name": "A league", "season": season,
            "team_external_id": team, "team_name": "A team", **some_figures(rng, kind)}
    return list(records.values())


def make_snapshots(rng, sizes=(900, 300, 60)):
    """A source of each size, and one more snapshot of the first, a month later, with other figures of some
    player-seasons: what had been somebody's best is so no more."""
    snapshots = []
    for number, size in enumerate(sizes):
        records = [record for i in range(size) for record in make_seasons(rng, make_player(rng, i))]
        rng.shuffle(records)
        snapshots.append({"source_name": f"source-{number}", "snapshot_date": "2024-01-01", "records": records})
    changed = [{**record, **some_figures(rng, "usual")} for record in snapshots[0]["records"] if rng.random() < 0.2]
    snapshots.append({"source_name": "source-0", "snapshot_date": "2024-02-01", "records": changed})
    return snapshots


def newest(season):
    """Seasons by their year, however they are written; one without is the oldest."""
    return (re.findall("[0-9]{4}", season) or [""])[0], season


# -- the model ----------------------------------------------------------------------------


class Asked:
    """The filters of a query (a list of names and values) as what a player must meet, and what a row must."""

    def __init__(self, query, today):
        self.one = dict(query)
        self.several = {}
        for name, value in query:
            self.several.setdefault(name, set()).add(COUNTRIES.get(value, value))
        self.day = datetime.date.fromisoformat(self.one["age_on"]) if "age_on" in self.one else today
        self.of_player = [*self._name(), *self._among(LABELS), *self._age(), *self._bounds(OWN)]
        self.of_row = [*self._among(PLACES), *self._bounds(METRICS)]

    def _name(self):
        words = folded(self.one.get("name", "")).replace(",", " ").split()
        if self.one.get("name", "").strip():
            # a name of which folding leaves nothing is nobody's
            yield lambda player: bool(words) and all(word in player["folded"] for word in words)

    def _among(self, columns):
        for column in columns:
            if column in self.several:
                yield lambda one, column=column, values=self.several[column]: one[column] in values

    def _age(self):
        for name, holds in (("age_min", int.__ge__), ("age_max", int.__le__)):
            if name in self.one:
                yield lambda player, holds=holds, years=int(self.one[name]): \
                    (age := age_on(player["born"], self.day)) is not None and holds(age, years)

    def _bounds(self, columns):
        """Figures are whole hundredths: to reach 10.001 is to reach 10.01."""
        for column in columns:
            if f"{column}_min" in self.one:
                least = math.ceil(decimal.Decimal(self.one[f"{column}_min"]) * 100)
                yield lambda one, column=column, least=least: one[column] is not None and one[column] >= least
            if f"{column}_max" in self.one:
                most = math.floor(decimal.Decimal(self.one[f"{column}_max"]) * 100)
                yield lambda one, column=column, most=most: one[column] is not None and one[column] <= most


def best_of(rows, metric):
    return max((row[metric] for row in rows if row[metric] is not None), default=None)


class Found:
    """The players that a search finds, with their eligible rows; fitting are all who meet what it asks of a player."""

    def __init__(self, model, asked):
        self.model = model
        self.asked = asked
        self.fitting = {player for player, one in model.players.items() if all(holds(one) for holds in asked.of_player)}
        self.eligible = {}
        for player in self.fitting:
            rows = [row for row in model.rows[player] if all(holds(row) for holds in asked.of_row)]
            if rows:
                self.eligible[player] = rows

    def value(self, player, key):
        if key == "age":
            return age_on(self.model.players[player]["born"], self.asked.day)
        return self.model.players[player][key] if key in OWN else best_of(self.eligible[player], key)

    def sorted(self, sort):
        """All ids in the order of sort=: ties by name, then id, and what is not known last both ways."""
        key, descending = sort.lstrip("-"), sort.startswith("-")
        ids = sorted(self.eligible, key=self.model.name_and_id)
        if key == "name":
            return sorted(ids, key=lambda player: self.model.players[player]["folded"], reverse=descending)
        values = {player: self.value(player, key) for player in ids}
        known = [player for player in ids if values[player] is not None]
        return sorted(known, key=values.get, reverse=descending) + \
            [player for player in ids if values[player] is None]

    def best(self, player):
        return {metric: best_of(self.eligible[player], metric) for metric in METRICS}

    def places(self, player):
        """Season, competition and team, where they are the same in all eligible rows; else None. And the source."""
        same = {place: {row[place] for row in self.eligible[player]} for place in PLACES}
        return {"source": self.eligible[player][0]["competition"].partition(":")[0],
                **{place: min(values) if len(values) == 1 else None for place, values in same.items()}}

    def behind(self, player, metric):
        """The eligible row that the best of the metric is from: with the most games, then of the newest season."""
        return max((row for row in self.eligible[player] if row[metric] is not None),
                   key=lambda row: (row[metric], UNKNOWN if row["games"] is None else row["games"], newest(row["season"])))

    def depth(self, metric, page):
        """Of the players that meet what is asked of a player, best of all seasons first: how many stand before
        it is sure that nobody further down belongs on the pages up to this one (a list of ids, its last page's
        end last). A search that looks at fewer and leaves it at that is wrong."""
        if not page:
            return len(self.fitting)
        career, name_and_id = self.model.career[metric], self.model.name_and_id
        value = self.value(page[-1], metric)
        last = (-(UNKNOWN if value is None else value), name_and_id(page[-1]))
        return sum((-career[player], name_and_id(player)) < last for player in self.fitting)

    @functools.cached_property
    def across(self):
        """Players that are not found, though each filter is met by some row of theirs."""
        return {player for player in self.fitting - self.eligible.keys()
                if all(any(map(holds, self.model.rows[player])) for holds in self.asked.of_row)}


class Model:
    def __init__(self, snapshots, ids):
        """ids: of the players, by SOURCE:EXTERNAL_ID. Of the same player-season the later snapshot counts."""
        self.players = {}
        rows = {}
        for snapshot in snapshots:
            source = snapshot["source_name"]
            for record in snapshot["records"]:
                player = ids[f"{source}:{record['player_external_id']}"]
                self.players[player] = self._player(record)
                row = {"player": player, "season": record["season"], "snapshot_date": snapshot["snapshot_date"],
                       "competition": f"{source}:{record['competition_external_id']}",
                       "team": f"{source}:{record['team_external_id']}",
                       **{metric: hundredths(record[field]) for metric, field in METRICS.items()}}
                rows[player, row["season"], row["competition"], row["team"]] = row
        self.rows = {}
        for row in rows.values():
            self.rows.setdefault(row["player"], []).append(row)
        self.career = {metric: {player: UNKNOWN if (best := best_of(rows, metric)) is None else best
                                for player, rows in self.rows.items()} for metric in METRICS}

    @staticmethod
    def _player(record):
        born = record["birth_date"] and datetime.date.fromisoformat(record["birth_date"])
        return {"name": record["full_name"], "folded": folded(record["full_name"]), "born": born,
                **{label: COUNTRIES.get(record[label], record[label]) for label in LABELS},
                **{own: hundredths(record[field]) for own, field in OWN.items()}}

    def name_and_id(self, player):
        return self.players[player]["folded"], player

    def search(self, query, today):
        return Found(self, Asked(query, today))
