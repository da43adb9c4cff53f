"""What imports should have made of the tables, said a second time, plainly and slowly.

Model holds the rules of the design's sections 3 and 4 in dictionaries. dump() reads the real tables
in the same shape, with names where the tables have numbers, so that the two can be compared
whatever ids were handed out. The queries of DISAGREEMENTS find copies that differ from what they copy.
"""

import copy
import random

METRICS = [
    ("games_played", "games"), ("minutes_per_game", "mpg"), ("points_per_game", "ppg"),
    ("rebounds_per_game", "rpg"), ("assists_per_game", "apg"), ("steals_per_game", "spg"),
    ("blocks_per_game", "bpg"), ("turnovers_per_game", "tov"), ("fg_pct", "fg_pct"),
    ("three_pt_pct", "three_pt_pct"), ("ft_pct", "ft_pct"),
]
COLUMNS = [column for _, column in METRICS]
ATTRIBUTES = ["full_name", "first_name", "last_name", "birth_date", "nationality", "position", "role",
              "height", "weight"]
RECORD_NAME = {"height": "height_cm", "weight": "weight_kg"}


def hundredths(value):
    return -1 if value is None else round(value * 100)


class Model:
    def __init__(self):
        self.competitions = {}
        self.teams = {}
        self.seasons = set()
        self.players = {}
        self.rows = {}
        self.history = []
        self.hidden = {}        # sets that said what the next newer one said
        self.numbers = {}       # of files, as they came

    def load(self, snapshot, name):
        """Imports a snapshot, as the file of that name; gives the counts that the importer should report."""
        source, date = snapshot["source_name"], snapshot["snapshot_date"]
        self.numbers[name] = len(self.numbers)
        counts = dict(created=0, updated=0, unchanged=0, stale=0)
        merged = {}
        for record in snapshot["records"]:
            self._follow(self.competitions, (source, record["competition_external_id"]),
                         record["competition_name"], date)
            self._follow(self.teams, (source, record["team_external_id"]), record["team_name"], date)
            self.seasons.add(record["season"])
            self._merge_player(merged.setdefault((source, record["player_external_id"]), {}), record)
        changed = {key for key, given in merged.items() if self._follow_player(key, given, date)}
        for record in snapshot["records"]:
            outcome = self._load_row(source, date, name, record)
            if outcome == "unchanged" and (source, record["player_external_id"]) in changed:
                outcome = "updated"
            counts[outcome] += 1
        return counts

    @staticmethod
    def _follow(table, key, value, date):
        old = table.get(key)
        if old is None or date >= old[1]:
            table[key] = (value, date)

    @staticmethod
    def _merge_player(given, record):
        for attribute in ATTRIBUTES:
            value = record.get(RECORD_NAME.get(attribute, attribute))
            if value is None or value == "":
                continue
            given[attribute] = hundredths(value) if attribute in RECORD_NAME else value

    def _follow_player(self, key, given, date):
        player = self.players.setdefault(key, {})
        before = {attribute: value for attribute, (value, _) in player.items()}
        for attribute, value in given.items():
            self._follow(player, attribute, value, date)
        return before != {attribute: value for attribute, (value, _) in player.items()}

    def _load_row(self, source, date, name, record):
        key = (source, record["competition_external_id"], record["season"], record["team_external_id"],
               record["player_external_id"])
        said = tuple(hundredths(record.get(field)) for field, _ in METRICS) + \
            (record.get("position") or None, record.get("role") or None)
        row = dict(date=date, said=said, file=name, metadata=record.get("source_metadata"),
                   payload=record.get("raw_payload"))
        old = self.rows.get(key)
        if old is None:
            self.rows[key] = row
            return "created"
        if date < old["date"]:
            self._keep_stale(key, row, old)
            return "stale"
        outcome = "unchanged"
        if said != old["said"]:
            self.history.append((key, old["date"], old["said"], old["file"], name))
            outcome = "updated"
        if date == old["date"] and outcome == "unchanged" and \
                (row["metadata"], row["payload"]) == (old["metadata"], old["payload"]):
            return outcome
        if outcome == "unchanged":
            self.hidden.setdefault(key, []).append((old["date"], self.numbers[old["file"]], old["file"]))
        self.rows[key] = row
        return outcome

    def _keep_stale(self, key, row, current):
        """Kept when it differs from the last set of its day, or, when that is hidden, from the next newer known one."""
        known = [(entry[1], self.numbers[entry[3]], entry[2]) for entry in self.history if entry[0] == key]
        hidden = [number for date, number, _ in self.hidden.get(key, []) if date == row["date"]]
        same_day = [entry for entry in known if entry[0] == row["date"] and entry[1] > max(hidden, default=-1)]
        newer = [entry for entry in known if entry[0] > row["date"]]
        next_said = min(newer)[2] if newer else current["said"]
        if (max(same_day)[2] if same_day else next_said) == row["said"]:
            if not same_day:
                self.hidden.setdefault(key, []).append((row["date"], self.numbers[row["file"]], row["file"]))
            return
        if next_said != row["said"]:
            self._keep_near(key, row, known, next_said)
        self.history.append((key, row["date"], row["said"], row["file"], current["file"]))

    def _keep_near(self, key, row, known, said):
        """An older set that is not in history, since the next newer one said the same: another is the next now."""
        older = [entry[:2] for entry in known if entry[0] <= row["date"]]
        near = [entry for entry in self.hidden.get(key, [])
                if entry[0] <= row["date"] and (not older or entry[:2] > max(older))]
        if near:
            self.hidden[key].remove(max(near))
            self.history.append((key, max(near)[0], said, max(near)[2], row["file"]))

    def tables(self):
        """In the shape of dump()."""
        return {
            "competitions": {key: value for key, value in self.competitions.items()},
            "teams": {key: value for key, value in self.teams.items()},
            "seasons": set(self.seasons),
            "players": copy.deepcopy(self.players),
            "rows": {key: (row["date"], row["said"], row["file"], row["metadata"], row["payload"])
                     for key, row in self.rows.items()},
            "history": sorted(map(repr, self.history)),
        }


def dump(house):
    """The real tables, in the shape of Model.tables()."""
    sources = {row["source_id"]: row["name"] for row in house.rows("select * from source")}
    said = ", ".join(COLUMNS)
    players = {}
    for row in house.rows("select * from player"):
        players[(sources[row["source_id"]], row["external_id"])] = {
            attribute: (row[attribute], row[attribute + "_on"])
            for attribute in ATTRIBUTES if row[attribute] is not None}
    key = ("so.name as source, c.external_id as competition, e.name as season, t.external_id as team, "
           "p.external_id as player")
    def joins(row):
        return (f"join player p on p.player_id = {row}.player_id join source so on so.source_id = p.source_id "
                f"join competition c on c.competition_id = {row}.competition_id "
                f"join season e on e.season_id = {row}.season_id join team t on t.team_id = {row}.team_id")
    rows = {}
    for row in house.rows(f"select {key}, ps.*, {said}, f.name as file from player_season ps "
                          "join player_season_stats l on l.of_player = ps.player_id and l.competition_id = "
                          "ps.competition_id and l.season_id = ps.season_id and l.team_id = ps.team_id "
                          f"{joins('ps')} join import_file f on f.file_id = ps.import_file_id"):
        rows[_key(row)] = (row["snapshot_date"], _said(row), row["file"], row["source_metadata"], row["raw_payload"])
    history = [(_key(row), row["snapshot_date"], _said(row), row["file"], row["newer_file"]) for row in house.rows(
        f"select {key}, h.*, f.name as file, n.name as newer_file from player_season_history h {joins('h')} "
        "join import_file f on f.file_id = h.import_file_id join import_file n on n.file_id = h.superseded_by")]
    return {
        "competitions": {(sources[row["source_id"]], row["external_id"]): (row["name"], row["name_on"])
                         for row in house.rows("select * from competition")},
        "teams": {(sources[row["source_id"]], row["external_id"]): (row["name"], row["name_on"])
                  for row in house.rows("select * from team")},
        "seasons": {row["name"] for row in house.rows("select name from season")},
        "players": players,
        "rows": rows,
        "history": sorted(map(repr, history)),
    }


def _key(row):
    return tuple(row[part] for part in ("source", "competition", "season", "team", "player"))


def _said(row):
    return tuple(row[column] for column in COLUMNS) + (row["position"], row["role"])


# What a person's columns should be, said another way than 011_identity.sql does: of each the value that no other one
# of his players has a newer date for, or the same date and a lower number.
_MEMBERS = """members as (select p.*, coalesce(k.person_id, p.player_id) as person_id
    from player p left join player_link k using (player_id))"""


def _newest(column):
    return (f"left join (select distinct on (person_id) person_id, {column} from members where {column} is not null "
            f"order by person_id, {column}_on desc, player_id) {column}_of using (person_id)")


_SHOWN = "shown as (select person_id, " + ", ".join(ATTRIBUTES) + \
    " from (select distinct person_id from members) g " + " ".join(map(_newest, ATTRIBUTES)) + ")"
_COPIED = f"""with {_MEMBERS}, {_SHOWN}, copied as (select p.person_id,
    coalesce(p.birth_date, '-infinity') as born_on, coalesce(n.label_id, 0) as nationality_id,
    coalesce(o.label_id, 0) as position_id, coalesce(r.label_id, 0) as role_id,
    coalesce(p.height, -1)::smallint as height, coalesce(p.weight, -1)::smallint as weight
    from shown p
    left join label n on n.kind = 'nationality' and n.name = p.nationality
    left join label o on o.kind = 'position' and o.name = p.position
    left join label r on r.kind = 'role' and r.name = p.role)"""
_HOT = "born_on, nationality_id, position_id, role_id, height, weight"

DISAGREEMENTS = {
    "player_season_stats copies its player's columns":
        f"{_COPIED} select player_id, {_HOT} from player_season_stats except select * from copied",
    "player_best copies its player's columns":
        f"{_COPIED} select player_id, {_HOT} from player_best except select * from copied",
    "player_best holds the maxima": "select player_id, " + ", ".join(COLUMNS) +
        " from player_best except select player_id, " + ", ".join(f"max({c})" for c in COLUMNS) +
        " from player_season_stats group by player_id",
    "player_best holds the minima": "select player_id, " + ", ".join(f"{c}_min" for c in COLUMNS) +
        " from player_best except select player_id, " +
        ", ".join(f"coalesce(min({c}) filter (where {c} >= 0), -1)" for c in COLUMNS) +
        " from player_season_stats group by player_id",
    "player_best knows the gaps": "select player_id, gaps from player_best except select player_id, bit_or(" +
        " | ".join(f"(({c} < 0)::integer << {i})" for i, c in enumerate(COLUMNS)) +
        ")::smallint from player_season_stats group by player_id",
    "data_version counts the players": "select players from data_version except select count(*) from player_best",
    "every person with a season is in player_best, and nobody else": """
        (select coalesce(k.person_id, p.player_id) from player_season p left join player_link k using (player_id)
        except select player_id from player_best) union all (select player_id from player_best
        except select coalesce(k.person_id, p.player_id) from player_season p left join player_link k using (player_id))""",
    "each row stands in both tables": """
        select player_id, competition_id, season_id, team_id from player_season except all
        select of_player, competition_id, season_id, team_id from player_season_stats""",
    "and in no other": """
        select of_player, competition_id, season_id, team_id from player_season_stats except all
        select player_id, competition_id, season_id, team_id from player_season""",
    "each row is its player's person's": """
        select l.of_player from player_season_stats l left join player_link k on k.player_id = l.of_player
        where l.player_id <> coalesce(k.person_id, l.of_player)""",
    "what is shown of persons follows from their players": f"""with {_MEMBERS}, {_SHOWN}
        (select player_id, {', '.join(ATTRIBUTES)} from person except select * from shown) union all
        (select * from shown where person_id in (select person_id from player_link)
        except select player_id, {', '.join(ATTRIBUTES)} from person)""",
    "a person is the first of his players": """select person_id from player_link group by person_id
        having min(player_id) <> person_id or count(*) < 2""",
    "a person has the names of all his players whom a file states, the shown one first": f"""with {_MEMBERS}, {_SHOWN}
        select b.player_id from player_best b join shown s on s.person_id = b.player_id
        join player_link k on k.person_id = b.player_id join player p on p.player_id = k.player_id
        where p.full_name_on > '-infinity' and (position(k.name_folded in b.name_folded) = 0
            or (p.full_name = s.full_name and split_part(b.name_folded, chr(1), 1) <> k.name_folded)
            or length(b.name_folded) - length(replace(b.name_folded, chr(1), '')) + 1 <>
                (select count(distinct o.name_folded) from player_link o join player q using (player_id)
                 where o.person_id = b.player_id and q.full_name_on > '-infinity'))""",
    "who is stated has seasons, and nobody else": """
        (select player_id from player where full_name_on > '-infinity' except select player_id from player_season)
        union all (select player_id from player_season except select player_id from player where full_name_on > '-infinity')""",
    "player ids are dense": "select count(*), max(player_id) from player having count(*) <> max(player_id)",
}


def disagreements(house):
    """Names of what does not hold."""
    return [name for name, query in DISAGREEMENTS.items() if house.rows(query)]


# -- random worlds ---------------------------------------------------------------------------------

def _maybe(dice, share, value):
    return value if dice.random() < share else None


def _record(dice, competition, season, team, player):
    record = {
        "competition_external_id": competition, "competition_name": f"League {competition}{dice.choice(['', ' 2', '!'])}",
        "season": season, "team_external_id": team, "team_name": f"Club {team}{dice.choice(['', ' BC'])}",
        "player_external_id": player,
        "full_name": dice.choice([f"Player {player}", f"Pláyer {player}", f"P. {player}-Łukasz"]),
        "first_name": _maybe(dice, .5, dice.choice(["Ana", "Øystein"])), "last_name": _maybe(dice, .3, "Doe"),
        "birth_date": _maybe(dice, .6, dice.choice(["1990-01-02", "2000-02-29"])),
        "nationality": _maybe(dice, .6, dice.choice(["Serbia", "Türkiye", "USA"])),
        "position": _maybe(dice, .6, dice.choice(["Guard", "Center"])), "role": _maybe(dice, .3, dice.choice(["bench", "starter"])),
        "height_cm": _maybe(dice, .5, dice.choice([190, 190.5, 201])), "weight_kg": _maybe(dice, .5, dice.choice([80, 95.25])),
        "games_played": _maybe(dice, .8, dice.randrange(0, 4)),
        "raw_payload": _maybe(dice, .2, {"n": dice.randrange(3)}),
        "source_metadata": _maybe(dice, .1, {"page": dice.randrange(2)}),
    }
    for field, _ in METRICS[1:]:
        record[field] = _maybe(dice, .6, dice.choice([0, 1.25, 7, 20.5]))
    return {name: value for name, value in record.items() if value is not None or dice.random() < .5}


def random_snapshot(dice, date, source=None):
    """A small snapshot of a small world, so that everything meets everything."""
    keys = [(c, s, t, p) for c in "AB" for s in ("2023", "2024") for t in "xyz" for p in "123456"]
    chosen = dice.sample(keys, dice.randrange(0, 30))
    return {
        "source_name": source or dice.choice(["one", "two"]), "snapshot_date": date,
        "records": [_record(dice, *key) for key in chosen],
    }


def dice(seed):
    return random.Random(seed)
