"""Undoing imports: all is as if the undone files had never been imported, whatever their order."""

import json
import os
import pwd
import time

import pytest

import importer_model as model
import undo_model as undoing
from house import ControlError, until

SEEDS = [int(seed) for seed in os.environ.get("HOOPSCOUT_UNDO_SEEDS", "1 2 3").split()]


@pytest.fixture
def quick(house):
    house.env["HOOPSCOUT_DAEMONS"] = "importer"
    house.user = pwd.getpwuid(os.getuid()).pw_name      # who gives the commands
    return house


def differences(one, other):
    """The tables that differ, with what is only in either."""
    found = {}
    for name, left in one.items():
        right = other[name]
        if left != right:
            left, right = (set(map(repr, table.items() if isinstance(table, dict) else table)) for table in (left, right))
            found[name] = {"has": sorted(left - right)[:5], "should": sorted(right - left)[:5]}
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_undone_files_never_were(quick, seed):
    """Random snapshots, much of them said before, days in any order; random undos, previewed before."""
    dice = model.dice(seed)
    work = undoing.random_work(dice, 30)
    with quick.start() as hs:
        undoing.play(hs, work, check_preview=seed % 2 == 0)
        got = undoing.state(hs)
        undoing.forget(hs)
        undoing.play(hs, undoing.without_undone(work))
        assert differences(got, undoing.state(hs)) == {}, [step[:2] for step in work]


@pytest.mark.parametrize("seed", [int(seed) for seed in os.environ.get("HOOPSCOUT_UNDO_SEEDS", "4").split()])
def test_after_an_upgrade(quick, seed):
    """What was imported before statements were kept stays as it is; what comes later can be undone exactly."""
    dice = model.dice(seed)
    before = undoing.without_undone(undoing.random_work(dice, 12))
    after = [(what, "new-" + name, snapshot) for what, name, snapshot in undoing.random_work(dice, 20)]
    for number, (what, name, snapshot) in enumerate(after):
        if what == "import":
            after[number] = (what, name, {**snapshot, "raw_payload": {"new": name}})
    with quick.start() as hs:
        for _, name, snapshot in before:
            undoing.put(hs, name, snapshot)
        undoing.upgrade(hs)
        undoing.play(hs, after, check_preview=False)
        got = undoing.state(hs)
        undoing.forget(hs)
        for _, name, snapshot in before:
            undoing.put(hs, name, snapshot)
        undoing.upgrade(hs)
        undoing.play(hs, undoing.without_undone(after))
        assert differences(got, undoing.state(hs)) == {}


def snapshot_of(source, date, points, **more):
    return {"source_name": source, "snapshot_date": date, "records": [{
        "competition_external_id": "c", "competition_name": "C", "season": "2023", "team_external_id": "t",
        "team_name": "T", "player_external_id": "p", "full_name": "Ana Šarić", "points_per_game": points, **more}]}


def number_of(hs, name):
    return int(hs.sql(f"select max(file_id) from import_file where name = '{name}'"))


def test_upgraded_files(quick):
    """Files from before: those of a source with several are not undone, and the message says why; the only one
    of its source can be."""
    with quick.start() as hs:
        undoing.put(hs, "a.json", snapshot_of("one", "2024-01-01", 10))
        undoing.put(hs, "b.json", snapshot_of("one", "2024-02-01", 20))
        undoing.put(hs, "alone.json", snapshot_of("two", "2024-02-01", 30))
        undoing.upgrade(hs)
        for name in ("a.json", "b.json"):
            with pytest.raises(ControlError, match="Restore a backup"):
                hs.control("import.undo", file=number_of(hs, name))
        before = undoing.state(hs)
        undoing.put(hs, "c.json", snapshot_of("one", "2024-03-01", 20, full_name="Ana Saric"))
        undoing.undo(hs, "c.json")
        assert undoing.state(hs) == before
        undoing.undo(hs, "alone.json")
        assert hs.sql("select points_per_game from player_season_figures") == "20.00"
        assert undoing.broken(hs) == []


def test_the_same_content_again(quick):
    """An undone file may come again: it is imported, under a number of its own, for the same player."""
    with quick.start() as hs:
        undoing.put(hs, "a.json", snapshot_of("one", "2024-01-01", 10, nationality="Croatia"))
        hs.drop(hs.folder("archive/a.json").read_text(), "twin.json")
        assert hs.wait_imported("twin.json")["status"] == "duplicate"
        version = hs.sql("select version from data_version")
        result = undoing.undo(hs, "a.json")
        assert result["counts"] == {"player_seasons": 1, "put_back": 0, "removed": 1, "restated": 0, "untouched": 0,
                                    "players_changed": 0, "players_gone": 1, "competitions_renamed": 0,
                                    "teams_renamed": 0}
        assert hs.sql("select version from data_version") != version
        assert hs.sql("select count(*) from player_best") == "0"
        assert hs.rows("select status, undone_by, undone_at is not null as at, undo_counts from import_file "
                       "where name = 'a.json'") == [
            {"status": "undone", "undone_by": hs.user, "at": True, "undo_counts": result["counts"]}]
        again = undoing.put(hs, "again.json", snapshot_of("one", "2024-01-01", 10))
        assert (again["created"], again["new_players"]) == (1, 1)
        assert hs.rows("select player_id, nationality, import_file_id from player") == [
            {"player_id": 1, "nationality": None, "import_file_id": again["file_id"]}], "and nothing of the undone file"
        assert undoing.broken(hs) == []


def test_files_of_other_sources_are_not_read(quick):
    """What they stated of their players cannot change, so it is not gone through while the merge's lock is held."""
    with quick.start() as hs:
        for name, source, date in (("a", "one", "2024-01-01"), ("b", "one", "2024-02-01"), ("c", "two", "2024-01-01"),
                                   ("d", "two", "2024-02-01")):
            undoing.put(hs, f"{name}.json", snapshot_of(source, date, 10))
        said = "select array_agg(players order by import_file_id) from player_restated"
        assert hs.sql(said) == "{{1},{2}}"
        # an impossible one: that a file of the other source had stated him is what tells whether it was gone through
        hs.sql("update player_restated set players = '{1}'")
        undoing.undo(hs, "a.json")
        assert hs.sql(said) == "{{1}}", "the other source's, as it was"


def test_what_only_a_stale_file_said_is_found(quick):
    """What becomes a player's nationality again, and was nobody's before, has a label and a country."""
    with quick.start() as hs:
        undoing.put(hs, "new.json", snapshot_of("one", "2024-02-01", 10, nationality="Croatia", position="G"))
        undoing.put(hs, "old.json", snapshot_of("one", "2024-01-01", 9, nationality="SLO", position="Center"))
        undoing.undo(hs, "new.json")
        assert hs.rows("select n.name, n.country, o.name as position from player_best b join label n on "
                       "n.label_id = b.nationality_id join label o on o.label_id = b.position_id") == [
            {"name": "SLO", "country": "Slovenia", "position": "Center"}]
        assert hs.rows("select distinct nationality_id = (select nationality_id from player_best) as same "
                       "from player_season_stats") == [{"same": True}]
        assert undoing.broken(hs) == []


def test_what_nobody_has_any_more_is_no_choice(quick):
    """Nationalities, positions and roles of players who are gone, or have others, leave the lists; not those of others,
    nor of one for whom another stands."""
    def labels():
        return set(hs.sql("select kind || ' ' || name from label").splitlines())
    with quick.start() as hs:
        undoing.put(hs, "stays.json", snapshot_of("one", "2024-01-01", 10, nationality="Serbia", position="G"))
        undoing.put(hs, "linked.json", snapshot_of("two", "2024-01-01", 10, nationality="SRB", role="Starter"))
        hs.control("identity.link", player="one:p", other="two:p")
        kept = labels()
        undoing.put(hs, "changes.json", snapshot_of("one", "2024-02-01", 10, nationality="Elsewhere", position="G"))
        undoing.put(hs, "goes.json", snapshot_of("three", "2024-01-01", 10, nationality="Nowhere", position="Ghost", role="Starter"))
        assert labels() == kept | {"nationality Elsewhere", "nationality Nowhere", "position Ghost"}
        undoing.undo(hs, "goes.json")
        undoing.undo(hs, "changes.json")
        assert labels() == kept
        hs.control("identity.unlink", player="two:p")
        assert hs.sql("select n.name from player_best b join label n on n.label_id = b.nationality_id order by 1").split() == [
            "SRB", "Serbia"]
        undoing.put(hs, "again.json", snapshot_of("three", "2024-01-02", 10, nationality="Nowhere"))
        assert labels() == kept | {"nationality Nowhere"} and undoing.broken(hs) == []


def test_what_cannot_be_undone(quick):
    with quick.start() as hs:
        undoing.put(hs, "a.json", snapshot_of("one", "2024-01-01", 10))
        hs.drop(hs.folder("archive/a.json").read_text(), "twin.json")
        hs.wait_imported("twin.json")
        hs.drop("{}", "bad.json")
        hs.wait_imported("bad.json")
        for file, message in ((99, "there is no file 99"), (number_of(hs, "twin.json"), "is a duplicate"),
                              (number_of(hs, "bad.json"), "is one that failed")):
            with pytest.raises(ControlError, match=message):
                hs.control("import.undo", file=file)
        undoing.undo(hs, "a.json")
        with pytest.raises(ControlError, match="was undone already"):
            hs.control("import.undo", file=number_of(hs, "a.json"))


def test_files_and_one_file(quick):
    """Lists by status, name and checksum; one file with all that is known, its problems with their lines."""
    with quick.start() as hs:
        row = undoing.put(hs, "Some name.json", snapshot_of("one", "2024-01-01", 10))
        hs.drop('{"source_name": "x", "snapshot_date": "2024-01-01", "records": [],\n "colour": 1}', "bad.json")
        hs.wait_imported("bad.json")
        named = hs.control("import.files", search="OME N")[1]
        assert [file["name"] for file in named["files"]] == ["Some name.json"] and named["total"] == 1
        assert hs.control("import.files", search=row["sha256"][2:12])[1]["files"][0]["file_id"] == row["file_id"]
        assert [file["name"] for file in hs.control("import.files", status="failed")[1]["files"]] == ["bad.json"]
        page = hs.control("import.files", limit=1, page=2)[1]
        assert [file["name"] for file in page["files"]] == ["Some name.json"] and page["total"] == 2
        with pytest.raises(ControlError, match="imported, duplicate, failed or undone"):
            hs.control("import.files", status="good")
        file = hs.control("import.file", file=number_of(hs, "bad.json"))[1]["file"]
        assert (file["status"], file["trigger"], file["is_there"]) == ("failed", "watch", True)
        assert file["path"] == str(hs.folder("failed/bad.json"))
        assert file["problems"][0]["excerpt"] == ' "colour": 1}' and file["problems"][0]["excerpt_column"] == 2
        report = json.loads(hs.folder("failed/bad.json.errors.json").read_text())
        assert report["problems"][0]["excerpt"] == ' "colour": 1}'
        text = hs.hsctl("import", "file", number_of(hs, "bad.json")).stdout
        assert '     "colour": 1}\n     ^\n' in text


def test_delete_from_failed(quick):
    """For good, only from there, and recorded."""
    with quick.start() as hs:
        hs.drop("{}", "bad.json")
        hs.wait_imported("bad.json")
        keep = undoing.put(hs, "good.json", snapshot_of("one", "2024-01-01", 10))
        for name in ("../archive/good.json", "good.json", "bad.json.errors.json", "/etc/passwd", ".."):
            with pytest.raises(ControlError):
                hs.control("import.delete", file=name)
        assert hs.ls("failed") == ["bad.json", "bad.json.errors.json"] and hs.ls("archive") == [keep["stored_as"]]
        result = hs.control("import.delete", file="bad.json")[1]
        assert result == {"file": "bad.json", "file_id": number_of(hs, "bad.json"), "deleted_by": hs.user}
        assert hs.ls("failed") == []
        assert hs.rows("select name, deleted_by from import_file where deleted_at is not null") == [
            {"name": "bad.json", "deleted_by": hs.user}]


def test_import_now_tells_what_was_refused_before(quick):
    """The watcher may be quicker than whoever types; and names that are no snapshot's are told."""
    with quick.start() as hs:
        hs.drop("{}", "bad.json")
        hs.wait_imported("bad.json")
        hs.drop("{}", "UPPER.JSON")
        hs.drop("", "x.json.gz")
        hs.drop("", "x.json.part")
        done = hs.hsctl("import", "now", check=False)
        assert done.returncode == 1 and "bad.json" in done.stdout and "hsctl import retry bad.json" in done.stdout
        assert sorted(line for line in done.stdout.splitlines() if line.startswith("ignored")) == [
            "ignored: UPPER.JSON in incoming is not *.json", "ignored: x.json.gz in incoming is not *.json"]
        done = hs.hsctl("import", "now")
        assert "bad.json" not in done.stdout, "told once"
        assert "ignored: UPPER.JSON in incoming is not *.json" in hs.hsctl("import", "list").stdout
        assert hs.log().count("is ignored: its name does not end in .json") == 2


def outcome(hs):
    """[(status, stored_as)] of all files, and how many player-seasons are shown."""
    rows = hs.rows("select status, stored_as from import_file order by file_id")
    return [(row["status"], row["stored_as"]) for row in rows], int(hs.sql("select count(*) from player_season_stats"))


def test_what_could_not_be_moved_stays_undone(quick):
    """It is imported, or a duplicate of what is, but lies in incoming still when that is undone."""
    with quick.start() as hs:
        undoing.put(hs, "same.json", snapshot_of("two", "2024-01-01", 10))
        archive = hs.folder("archive")
        elsewhere = archive.rename(archive.with_name("elsewhere"))
        archive.write_text("no folder")     # so nothing can be moved there
        for name in ("stays.json", "renamed.json"):
            hs.drop(snapshot_of(name, "2024-01-01", 10), name)
        hs.drop((elsewhere / "same.json").read_bytes(), "copy.json")
        until(lambda: len(outcome(hs)[0]) == 4, 20, hs.log_tail)
        assert outcome(hs) == ([("imported", "same.json"), *outcome(hs)[0][1:]], 3)
        assert {status for status, stored in outcome(hs)[0] if stored is None} == {"imported", "duplicate"}
        for name in ("stays.json", "renamed.json", "same.json"):
            undoing.undo(hs, name, check_preview=False)
        (hs.folder("incoming") / "renamed.json").rename(hs.folder("incoming") / "other.json")
        time.sleep(1.5)     # it is scanned, and nothing comes back
        assert outcome(hs)[1] == 0
        archive.unlink()
        elsewhere.rename(archive)
        hs.control("import.now")
        until(lambda: hs.ls("incoming") == [], 30, hs.log_tail)
        files, seasons = outcome(hs)
        assert sorted(files) == [("duplicate", "copy.json"), ("undone", "other.json"), ("undone", "same.json"),
                                 ("undone", "stays.json")] and seasons == 0
        assert hs.log().count("shelved a file whose import was undone") == 2
        hs.drop((archive / "stays.json").read_bytes(), "stays.json")        # on purpose, so it is imported
        until(lambda: outcome(hs)[0][-1] == ("imported", "stays.1.json"), 20, hs.log_tail)
        assert outcome(hs)[1] == 1
        assert undoing.broken(hs) == []


def test_a_new_drop_in_place_of_what_could_not_be_moved(quick):
    """Written after the undoing, under the same name: that is meant, and imported."""
    with quick.start() as hs:
        archive = hs.folder("archive")
        archive.rmdir()
        archive.write_text("no folder")
        content = json.dumps(snapshot_of("one", "2024-01-01", 10))
        hs.drop(content, "a.json")
        until(lambda: hs.sql("select count(*) from import_file") == "1", 20, hs.log_tail)
        undoing.undo(hs, "a.json", check_preview=False)
        time.sleep(0.1)
        hs.drop(content, "a.json")
        archive.unlink()
        until(lambda: outcome(hs)[0] == [("undone", None), ("imported", "a.json")], 30, lambda: f"{outcome(hs)}{hs.log_tail()}")
