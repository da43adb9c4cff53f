"""Random work with undos, and what is compared with a database in which the undone files never were.

play() does the work; state() reads all that an undo must put back, with names where the tables have numbers: players'
columns, names, player-seasons with provenance, metadata and payload, figures, maxima, history, and what is
kept of who said what again. Players, teams and competitions that nobody states any more are no part of it.
"""

import copy
import json

import importer_model as model

DAYS = ["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"]
PERSON = ("full_name, first_name, last_name, birth_date, nationality, position, role, height, weight")
KEY = "player_id, competition_id, season_id, team_id"
NAMED = ("so.name as source, c.external_id as competition, e.name as season, t.external_id as team, "
         "p.external_id as player")
JOINS = ("join player p using (player_id) join source so on so.source_id = p.source_id "
         "join competition c using (competition_id) join season e using (season_id) join team t using (team_id)")
TABLES = ("player, player_season, player_season_stats, player_best, player_season_history, player_season_restated, "
          "player_statement, player_restated, name_statement, competition, season, team, label, source, import_file")

# what statements say of players: the first of all says what his columns are, unless it is written
STATEMENTS = f"""
    with said as (
        select player_id, import_file_id, snapshot_date, {PERSON} from player_statement
        union all
        select p.player_id, f.file_id, f.snapshot_date, {PERSON.replace('full_name', 'p.full_name')}
        from player p join import_file f on f.file_id = p.import_file_id
        where not exists (select from player_statement s where s.player_id = p.player_id))
    select so.name as source, p.external_id as player, f.name as file, x.snapshot_date, {
        ', '.join('x.' + column for column in PERSON.split(', '))}
    from (select * from said union all
        select r.player_id, r.import_file_id, r.snapshot_date, {', '.join('b.' + column for column in PERSON.split(', '))}
        from (select import_file_id, snapshot_date, unnest(players) as player_id from player_restated) r
        join player p using (player_id)
        join said b on b.player_id = p.player_id and b.import_file_id = p.import_file_id) x
    join player p using (player_id) join source so on so.source_id = p.source_id
    join import_file f on f.file_id = x.import_file_id"""

NEVER = {
    "a statement stands once": f"""
        select {KEY}, import_file_id from (
            select {KEY}, import_file_id from player_season
            union all select {KEY}, import_file_id from player_season_history
            union all select e.player_id, competition_id, season_id, e.team_id, import_file_id
            from player_season_restated cross join lateral unnest(teams, players) e (team_id, player_id)) x
        group by {KEY}, import_file_id having count(*) > 1""",
    "nothing points at an undone file": """
        select 1 from import_file f where status <> 'imported' and file_id in (
            select import_file_id from player_season union all select import_file_id from player_season_history
            union all select superseded_by from player_season_history
            union all select import_file_id from player_season_restated union all select import_file_id from player
            union all select import_file_id from player_statement
            union all select import_file_id from player_restated union all select import_file_id from name_statement)""",
    "who is found has a season": "select player_id from player_best except select player_id from player_season_stats",
    "who is stated has a first": """
        select player_id from player where full_name_on > '-infinity' and import_file_id is null
        except select player_id from player_statement where import_file_id = 0""",
}


def state(house):
    """All that must be as if the undone files had never been imported."""
    tables = model.dump(house)
    players = {(row["source"], row["player"]) for row in house.rows(f"select distinct {NAMED} from player_season {JOINS}")}
    seasons = house.rows(f"select distinct {NAMED} from player_season {JOINS}")
    competitions = {(row["source"], row["competition"]) for row in seasons}
    teams = {(row["source"], row["team"]) for row in seasons}
    tables["seasons"] = {row["season"] for row in seasons}
    tables["players"] = {key: value for key, value in tables["players"].items() if key in players}
    tables["competitions"] = {key: value for key, value in tables["competitions"].items() if key in competitions}
    tables["teams"] = {key: value for key, value in tables["teams"].items() if key in teams}
    tables["best"] = _sorted(house.rows(
        "select so.name as source, p.external_id, to_jsonb(b) - '{player_id,nationality_id,position_id,role_id}'::text[] "
        "as row from player_best b join player p using (player_id) join source so using (source_id)"))
    tables["payloads of history"] = _sorted(house.rows(
        f"select {NAMED}, f.name as file, h.source_metadata, h.raw_payload from player_season_history h {JOINS} "
        "join import_file f on f.file_id = h.import_file_id"))
    tables["restated"] = _sorted(house.rows(
        f"select {NAMED}, f.name as file, r.snapshot_date, r.kind, r.source_metadata, r.raw_payload from ("
        "select g.*, u.team_id, u.player_id from player_season_restated g "
        f"cross join lateral unnest(g.teams, g.players) u (team_id, player_id)) r {JOINS} "
        "join import_file f on f.file_id = r.import_file_id"))
    tables["statements"] = _sorted(house.rows(STATEMENTS))
    tables["names"] = _sorted(house.rows(
        "select n.kind, coalesce(c.external_id, t.external_id) as id, coalesce(c.source_id, t.source_id) is null as x, "
        "f.name as file, n.snapshot_date, n.name from name_statement n "
        "left join competition c on n.kind = 'c' and c.competition_id = n.id "
        "left join team t on n.kind = 't' and t.team_id = n.id join import_file f on f.file_id = n.import_file_id"))
    tables["count"] = house.sql("select players from data_version")
    return tables


def _sorted(rows):
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def broken(house):
    """Names of what does not hold."""
    return model.disagreements(house) + [name for name, query in NEVER.items() if house.rows(query)]


def forget(house):
    """An empty database again."""
    house.sql(f"truncate {TABLES}; update data_version set players = 0")


LEGACY = """
    drop table player_season_restated, player_statement, player_restated, name_statement;
    alter table player drop column import_file_id;
    alter table player_season_history drop column source_metadata, drop column raw_payload;
    alter table import_file drop constraint import_file_status_check, drop column has_statements,
        drop column undone_at, drop column undone_by, drop column undo_counts, drop column deleted_at,
        drop column deleted_by,
        add constraint import_file_status_check check (status in ('imported', 'duplicate', 'failed'));
    drop table api_token;
    drop view player_shown;
    drop table player_link, player_unlike, person, identity_suggestion, identity_look;
    drop sequence identity_look_step;
    do $$ declare one record; begin
        for one in select oid::regprocedure as name from pg_proc where proname like 'identity\\_%' loop
            execute 'drop function ' || one.name;
        end loop;
    end $$;
    delete from schema_migration where number >= (select number from schema_migration where name like '%_statements%')"""


def upgrade(house):
    """Makes the database one in which statements were not kept, and starts on it anew."""
    house.sql(LEGACY)
    house.stop()
    house.start()


def random_work(dice, steps, sources=("one", "two")):
    """Imports ("import", name, snapshot) and undos ("undo", name), some of what was undone comes again."""
    work, snapshots, undone = [], {}, []
    for number in range(steps):
        chance = dice.random()
        name = f"{number}.json"
        standing = [name for name in snapshots if name not in undone]
        if chance < .3 and standing:
            undone.append(dice.choice(standing))
            work.append(("undo", undone[-1], None))
            continue
        if chance < .38 and undone:
            snapshot = snapshots[dice.choice(undone)]
        elif chance < .8 and snapshots:
            snapshot = _varied(dice, snapshots[dice.choice(list(snapshots))], number)
        else:
            snapshot = model.random_snapshot(dice, dice.choice(DAYS), source=dice.choice(sources))
            snapshot["source_metadata"] = {"number": number}
        if any(snapshot is snapshots[name] for name in standing):
            continue        # that would be a duplicate
        snapshots[name] = snapshot
        work.append(("import", name, snapshot))
    return work


def _varied(dice, snapshot, number):
    """Much the same once more, of the same or another day."""
    varied = copy.deepcopy(snapshot)
    varied["source_metadata"] = {"number": number}
    if dice.random() < .6:
        varied["snapshot_date"] = dice.choice(DAYS)
    kept = []
    for record in varied["records"]:
        chance = dice.random()
        if chance < .15:
            continue
        if chance < .3:
            record["points_per_game"] = dice.choice([1.25, 7, 20.5])
        elif chance < .36:
            record["raw_payload"] = {"n": dice.randrange(3)}
        elif chance < .42:
            record.pop("raw_payload", None)
        elif chance < .48:
            record["nationality"] = dice.choice(["Serbia", "USA"])
        elif chance < .52:
            record["full_name"] = f"Pláyer {record['player_external_id']}"
        kept.append(record)
    varied["records"] = kept
    return varied


def put(house, name, snapshot):
    house.drop(json.dumps(snapshot, ensure_ascii=False), name)
    row = house.wait_imported(name)
    assert row["status"] == "imported", (name, row)
    return row


def undo(house, name, check_preview=True):
    """Undoes a file, after a preview that must tell just what is done then. Gives the result."""
    file = house.sql(f"select file_id from import_file where name = '{name}' and status = 'imported'")
    before = state(house) if check_preview else None
    if check_preview:
        foreseen = house.control("import.undo", file=int(file), preview=True)[1]
        assert state(house) == before, "a preview changes nothing"
    result = house.control("import.undo", file=int(file))[1]
    if check_preview:
        assert {**foreseen, "preview": False} == result
    return result


def play(house, work, check_preview=True):
    for what, name, snapshot in work:
        if what == "import":
            put(house, name, snapshot)
        else:
            undo(house, name, check_preview)
        wrong = broken(house)
        assert wrong == [], (what, name, wrong)


def without_undone(work):
    """The imports that stand at the end, in their order."""
    undone = {name for what, name, _ in work if what == "undo"}
    return [step for step in work if step[0] == "import" and step[1] not in undone]
