"""From a file in incoming to archive or failed: every way a file can arrive, and what becomes of it."""

import hashlib
import json
import os
import pathlib
import subprocess
import threading
import time

import pytest

from house import ControlError, House, is_root, until

RECORD = {
    "competition_external_id": "c1", "competition_name": "League", "season": "2024-25",
    "team_external_id": "t1", "team_name": "Club", "player_external_id": "p1", "full_name": "Ana Đurić",
    "games_played": 10, "points_per_game": 12.345,
}
_made = iter(range(1, 1000000))


def record(**changes):
    return {**RECORD, **changes}


def snapshot(*records, date="2025-01-31", source=None, **more):
    """A snapshot whose content nobody else has."""
    return {"source_name": source or f"test-{next(_made)}", "snapshot_date": date,
            "records": list(records) or [record()], **more}


@pytest.fixture(scope="module")
def hs(programs, template):
    """One running House for tests that do not disturb each other."""
    house = House(programs, template)
    house.env.update({"HOOPSCOUT_DAEMONS": "importer", "HOOPSCOUT_EMPTY_FILE_SECONDS": "3",
                      "HOOPSCOUT_RESCAN_SECONDS": "1"})
    house.start()
    yield house
    house.close()


@pytest.fixture
def quick(house):
    """A House of one's own, with the importer alone."""
    house.env.update({"HOOPSCOUT_DAEMONS": "importer", "HOOPSCOUT_RESCAN_SECONDS": "1"})
    return house


def report_of(house, name):
    """What stands beside a failed file."""
    return json.loads(house.folder(f"failed/{name}.errors.json").read_text())


# -- arrivals --------------------------------------------------------------------------------------

@pytest.mark.parametrize("way", ["drop", "drop_plainly", "drop_slowly", "drop_link"])
def test_arrives(hs, way):
    name = getattr(hs, way)(snapshot(), f"{way}.json")
    row = hs.wait_imported(name)
    assert (row["status"], row["records"], row["created"], row["stored_as"]) == ("imported", 1, 1, name)
    assert name not in hs.ls("incoming") and name in hs.ls("archive")
    content = hs.folder(f"archive/{name}").read_bytes()
    assert row["sha256"] == "\\x" + hashlib.sha256(content).hexdigest()
    assert row["size_bytes"] == len(content)


def test_is_quick(hs):
    """An event tells of a closed file, no scan is waited for: 500 records are there within a second
    on an idle machine (the benchmark measures it; here a busy one is borne with)."""
    content = snapshot(*[record(player_external_id=f"p{i}", full_name=f"Player {i}") for i in range(500)])
    started = time.monotonic()
    hs.drop(content, "quick.json")
    hs.wait_for("archive/quick.json")
    assert time.monotonic() - started < 10


def test_figures(hs):
    name = hs.drop(snapshot(record(games_played=23.0, points_per_game=25.435, height_cm=190.5, fg_pct=None,
                                   raw_payload={"big": 12345678901234567890123, "exact": 25.435})), "figures.json")
    hs.wait_imported(name)
    (row,) = hs.rows("select games_played, points_per_game, fg_pct, f.player_id, ps.raw_payload::text as payload "
                     "from player_season_figures f join player_season ps using (player_id, import_file_id) "
                     f"join import_file i on i.file_id = import_file_id where i.name = '{name}'")
    assert (row["games_played"], row["points_per_game"], row["fg_pct"]) == (23, 25.44, None)
    assert "12345678901234567890123" in row["payload"] and "25.435" in row["payload"]
    (player,) = hs.rows(f"select * from player where player_id = {row['player_id']}")
    assert player["height"] == 19050
    assert hs.sql(f"select name_folded from player_best where player_id = {row['player_id']}") == "ana duric"


def test_written_in_pieces_by_one_who_reopens(hs):
    """Closed half-way, and opened again a second later: it is not judged in between."""
    content = json.dumps(snapshot()).encode()
    path = hs.folder("incoming/pieces.json")
    path.write_bytes(content[:100])
    time.sleep(1.2)
    with open(path, "ab") as file:
        file.write(content[100:200])
    time.sleep(1.2)
    with open(path, "ab") as file:
        file.write(content[200:])
    assert hs.wait_imported("pieces.json")["status"] == "imported"


def test_made_empty_and_filled_later(hs):
    path = hs.folder("incoming/filled.json")
    path.touch()
    time.sleep(1.5)
    assert path.exists()
    path.write_text(json.dumps(snapshot()))
    assert hs.wait_imported("filled.json")["status"] == "imported"


def test_stays_empty(hs):
    hs.folder("incoming/empty.json").touch()
    time.sleep(1.5)
    assert "empty.json" in hs.ls("incoming")
    (waiting,) = [row for row in hs.control("import.list")[1]["waiting"] if row["file"] == "empty.json"]
    assert "empty" in waiting["reason"]
    hs.wait_for("failed/empty.json")
    assert report_of(hs, "empty.json")["problems"][0]["code"] == "empty_file"


def test_left_alone(hs, tmp_path):
    """Not ours: dot files, other names, links, folders, FIFOs; and what lies deeper."""
    incoming = hs.folder("incoming")
    target = tmp_path / "target.json"
    target.write_text(json.dumps(snapshot()))
    content = json.dumps(snapshot())
    for name in (".hidden.json", "a.json.tmp", "a.json.part", "a.txt"):
        (incoming / name).write_text(content)
    (incoming / "folder.json").mkdir()
    (incoming / "folder.json" / "deep.json").write_text(content)
    (incoming / "link.json").symlink_to(target)
    os.mkfifo(incoming / "fifo.json")
    hs.drop(snapshot(), "after.json")
    hs.wait_imported("after.json")
    time.sleep(2.2)         # two scans
    left = {".hidden.json", "a.json.tmp", "a.json.part", "a.txt", "folder.json", "link.json", "fifo.json"}
    assert left <= set(hs.ls("incoming"))
    for name in left - {"folder.json"}:
        (incoming / name).unlink()
    (incoming / "folder.json" / "deep.json").unlink()
    (incoming / "folder.json").rmdir()


@pytest.mark.parametrize("name", [b"with blank.json", "Đorđe \u2019.json".encode(), b"bad\xff\xfe.json",
                                  b"new\nline.json", b"x" * 250 + b".json", b"-rf.json", b"'quote\";.json"])
def test_names(hs, name):
    """A name may be any bytes."""
    incoming = os.fsencode(hs.folder("incoming"))
    with open(incoming + b"/." + name[:200], "wb") as file:
        file.write(json.dumps(snapshot()).encode())
    os.rename(incoming + b"/." + name[:200], incoming + b"/" + name)
    archive = os.fsencode(hs.folder("archive"))
    until(lambda: os.path.exists(archive + b"/" + name), 20, lambda: hs.log_tail())
    # and a bad one of that name, whose report needs a longer name still
    with open(incoming + b"/." + name[:200], "wb") as file:
        file.write(b"[]" + name[:5])
    os.rename(incoming + b"/." + name[:200], incoming + b"/" + name)
    failed = os.fsencode(hs.folder("failed"))

    def reported():
        return [found for found in os.listdir(failed) if found.startswith(name[:100]) and found.endswith(b".errors.json")]
    (found,) = until(reported, 20, lambda: hs.log_tail())
    until(lambda: os.path.exists(failed + b"/" + found[:-len(b".errors.json")]), 10, "the file follows its report")


def test_many_at_once(hs):
    for i in range(60):
        hs.drop(snapshot(), f"many-{i:02}.json")
    for i in range(60):
        assert hs.wait_imported(f"many-{i:02}.json")["status"] == "imported"


def test_hard_links_to_one_file(hs):
    """Two names of one file: the second is a duplicate, and both leave incoming."""
    hs.drop(snapshot(), "twin-1.json")
    hs.wait_imported("twin-1.json")
    content = hs._content(snapshot())
    part = hs.folder("incoming/.twin")
    part.write_bytes(content)
    os.link(part, hs.folder("incoming/twin-a.json"))
    part.rename(hs.folder("incoming/twin-b.json"))
    statuses = {hs.wait_imported("twin-a.json")["status"], hs.wait_imported("twin-b.json")["status"]}
    assert statuses == {"imported", "duplicate"}


# -- outcomes --------------------------------------------------------------------------------------

def test_duplicate(hs):
    content = snapshot()
    hs.drop(content, "first.json")
    first = hs.wait_imported("first.json")
    version = hs.sql("select version from data_version")
    hs.drop(content, "second.json")
    row = hs.wait_imported("second.json")
    assert (row["status"], row["duplicate_of"], row["created"]) == ("duplicate", first["file_id"], 0)
    assert hs.ls("archive").count("second.json") == 1
    assert hs.sql("select version from data_version") == version


def test_taken_names(hs):
    """A name that is taken in archive or failed never overwrites."""
    for _ in range(3):
        hs.drop(snapshot(), "same.json")
        hs.wait_imported("same.json")
        until(lambda: "same.json" not in hs.ls("incoming"), 10, "gone")
    assert {"same.json", "same.1.json", "same.2.json"} <= set(hs.ls("archive"))
    for i in range(2):
        hs.drop(f"[{i}]", "bad-same.json")
        until(lambda: "bad-same.json" not in hs.ls("incoming"), 10, "gone")
    assert {"bad-same.json", "bad-same.json.errors.json", "bad-same.1.json", "bad-same.1.json.errors.json"} \
        <= set(hs.ls("failed"))


def test_failed(hs):
    content = snapshot(record(colour="red"), record(player_external_id="p2", games_played="ten"))
    name = hs.drop(content, "wrong.json")
    hs.wait_for("failed/wrong.json")
    report = report_of(hs, name)
    data = hs.folder("failed/wrong.json").read_bytes()
    assert report["file"] == name and report["size_bytes"] == len(data)
    assert report["sha256"] == hashlib.sha256(data).hexdigest()
    assert report["problem_total"] == len(report["problems"]) == 2
    assert [problem["code"] for problem in report["problems"]] == ["unknown_field", "wrong_type"]
    assert report["problems"][0]["pointer"] == "/records/0/colour"
    row = hs.wait_imported(name)
    assert row["status"] == "failed" and row["problems"] == report["problems"]
    assert hs.sql(f"select count(*) from player p join source s using (source_id) where s.name = '{content['source_name']}'") == "0"


def test_all_or_nothing(hs):
    """The last record of many is wrong: nothing of the file is there."""
    records = [record(player_external_id=f"p{i}") for i in range(2000)] + [record(player_external_id="")]
    content = snapshot(*records)
    hs.drop(content, "late.json")
    hs.wait_for("failed/late.json")
    assert hs.sql(f"select count(*) from source where name = '{content['source_name']}'") == "0"


def test_no_records(hs):
    hs.drop(snapshot() | {"records": []}, "none.json")
    row = hs.wait_imported("none.json")
    assert (row["status"], row["records"]) == ("imported", 0)


def test_unchanged_again_writes_nothing(hs):
    """Other bytes, the same content, the same date: no row is written, no cache is emptied."""
    content = snapshot(*[record(player_external_id=f"p{i}", raw_payload={"i": i}) for i in range(50)])
    hs.drop(content, "once.json")
    hs.wait_imported("once.json")
    before = hs.sql("select xmin, ctid from player_season order by ctid"), \
        hs.sql("select xmin from player_season_stats order by ctid"), hs.sql("select version from data_version")
    hs.drop(json.dumps(content, indent=1), "again.json")
    row = hs.wait_imported("again.json")
    assert (row["status"], row["unchanged"], row["created"], row["updated"]) == ("imported", 50, 0, 0)
    assert before == (hs.sql("select xmin, ctid from player_season order by ctid"),
                      hs.sql("select xmin from player_season_stats order by ctid"),
                      hs.sql("select version from data_version"))


def test_what_only_changes_players_is_an_update(hs):
    """Figures as they were, of players with another name or height: updated, in each of their seasons."""
    rows = [record(player_external_id="a", season="2024"), record(player_external_id="a", season="2025"),
            record(player_external_id="b", first_name="Ann"), record(player_external_id="c", height_cm=190),
            record(player_external_id="d")]
    content = snapshot(*rows)
    hs.drop(content, "players.json")
    hs.wait_imported("players.json")
    rows[0] = rows[0] | {"full_name": "Another Name"}       # the last record that gives a name has the say
    rows[1] = rows[1] | {"full_name": "Another Name"}
    rows[2] = rows[2] | {"first_name": "Anna"}
    rows[3] = rows[3] | {"height_cm": 191, "points_per_game": 30.5}
    hs.drop(content | {"records": rows}, "renamed.json")
    row = hs.wait_imported("renamed.json")
    assert (row["created"], row["updated"], row["unchanged"], row["stale"]) == (0, 4, 1, 0)
    # said again, nothing has changed; nor has it by silence about a height
    del rows[3]["height_cm"]
    hs.drop(content | {"records": rows[::-1]}, "said-again.json")
    row = hs.wait_imported("said-again.json")
    assert (row["created"], row["updated"], row["unchanged"], row["stale"]) == (0, 0, 5, 0)


def test_data_version_is_notified(hs):
    """Whoever listens hears of it, and the version has risen by then."""
    before = int(hs.sql("select version from data_version"))
    hs.drop(snapshot(), "version.json")
    hs.wait_imported("version.json")
    assert int(hs.sql("select version from data_version")) == before + 1


def test_too_many_names(hs):
    """Ids made up anew for each record are a mistake of the file, and are called one."""
    records = [record(team_external_id=f"t{i}", player_external_id=f"p{i}") for i in range(65537)]
    hs.drop(snapshot(*records), "names.json")
    hs.wait_for("failed/names.json", seconds=60)
    (problem,) = report_of(hs, "names.json")["problems"]
    assert problem["code"] == "too_many_names"
    assert problem["pointer"].startswith("/records/655")


def test_real_snapshots(quick, shared_dir):
    """All real snapshots, dropped at once, are imported whole."""
    files = sorted((shared_dir / "data/snapshots").glob("*.json"))
    assert files
    with quick.start() as hs:
        for path in files:
            hs.drop(path)
        total = 0
        for path in files:
            row = hs.wait_imported(path.name, seconds=120)
            content = json.loads(path.read_bytes())
            assert (row["status"], row["records"]) == ("imported", len(content["records"])), row["problems"]
            total += row["records"]
        assert int(hs.sql("select count(*) from player_season")) + \
            int(hs.sql("select sum(unchanged + updated + stale) from import_file")) == total


# -- commands --------------------------------------------------------------------------------------

def test_import_now(hs):
    hs.drop(snapshot(), "now.json")
    hs.drop("[]", "now-bad.json")
    events, result = hs.control("import.now")
    files = {event["file"]["name"]: event["file"] for event in events if event["event"] == "file"}
    rows = {name: hs.wait_imported(name)["status"] for name in ("now.json", "now-bad.json")}
    assert rows == {"now.json": "imported", "now-bad.json": "failed"}
    for name in set(rows) & set(files):
        assert files[name]["status"] == rows[name] and files[name]["stored_as"]
    assert result["run"]["trigger"] == "command" and result["run"]["status"] == "done"
    assert result["totals"]["files"] == len(files)


def test_import_now_with_nothing(hs):
    until(lambda: not hs.control("import.list")[1]["waiting"], 20, "no file waits")
    events, result = hs.control("import.now")
    assert events == [] and result["totals"]["files"] == 0
    shown = hs.control("import.show", run=result["run"]["run_id"])[1]
    assert shown["run"] == result["run"] and shown["totals"]["files"] == 0


def test_import_now_tells_what_waits(hs):
    path = hs.folder("incoming/open.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps(snapshot())[:50])
        file.flush()
        grows = threading.Event()

        def grow():
            while not grows.wait(0.2):
                file.write(" ")
                file.flush()
        thread = threading.Thread(target=grow)
        thread.start()
        try:
            events, result = hs.control("import.now")
        finally:
            grows.set()
            thread.join()
    (waiting,) = [event["file"] for event in events if event.get("file", {}).get("status") == "waiting"]
    assert waiting["name"] == "open.json" and waiting["reason"]
    assert result["totals"]["waiting"] == 1
    path.unlink()


def test_list_and_show(hs):
    hs.drop("[1]", "listed.json")
    row = hs.wait_imported("listed.json")
    until(lambda: hs.rows(f"select 1 from import_run where run_id = {row['run_id']} and status = 'done'"), 10, "done")
    runs = hs.control("import.list", limit=5)[1]["runs"]
    assert len(runs) <= 5 and [run["run_id"] for run in runs] == sorted((run["run_id"] for run in runs), reverse=True)
    (run,) = [run for run in runs if run["run_id"] == row["run_id"]]
    assert run["trigger"] == "watch" and run["failed"] == 1 and run["files"] >= 1
    events, result = hs.control("import.show", run=row["run_id"])
    (file,) = [event["file"] for event in events if event["file"]["name"] == "listed.json"]
    assert file["status"] == "failed" and file["problem_total"] >= 1 and file["problems"][0]["message"]
    assert result["totals"]["failed"] == 1
    with pytest.raises(ControlError) as error:
        hs.control("import.show", run=999999)
    assert error.value.code == "not_found"


def test_retry(hs):
    content = snapshot()
    hs.drop(json.dumps(content)[:-1], "cut.json")
    hs.wait_for("failed/cut.json", seconds=20)
    with open(hs.folder("failed/cut.json"), "a", encoding="utf-8") as file:
        file.write("}")
    events, result = hs.control("import.retry", file="cut.json")
    file = [event["file"] for event in events if event["event"] == "file"][-1]      # its failure may still be told
    assert (file["name"], file["status"]) == ("cut.json", "imported")
    assert result["totals"]["imported"] == 1
    assert "cut.json" in hs.ls("archive")
    assert not {"cut.json", "cut.json.errors.json"} & set(hs.ls("failed"))


def test_failed_file_named_like_a_report(hs):
    """A failed snapshot called like an error report is kept, whatever reports come after it."""
    content = b'{"mine": true}'
    hs.drop(content, "named.json.errors.json")
    kept = hs.wait_for("failed/named.json.errors.1.json", seconds=20)
    hs.drop(b"{", "named.json")
    hs.wait_for("failed/named.json", seconds=20)
    assert json.loads(hs.folder("failed/named.json.errors.json").read_text())["file"] == "named.json"
    assert kept.read_bytes() == content
    with pytest.raises(ControlError) as error:
        hs.control("import.retry", file="named.json.errors.json")
    assert error.value.code == "bad_argument"
    assert "named.json.errors.json" in hs.ls("failed")


@pytest.mark.parametrize("name, code", [("../x.json", "bad_argument"), ("/etc/passwd", "bad_argument"),
                                        ("nothing.json", "not_found"), ("..", "bad_argument")])
def test_retry_refuses(hs, name, code):
    with pytest.raises(ControlError) as error:
        hs.control("import.retry", file=name)
    assert error.value.code == code


def test_status(hs):
    hs.drop(snapshot(), "status.json")
    hs.wait_imported("status.json")

    def detail():
        (row,) = [row for row in hs.status()["daemons"] if row["name"] == "importer"]
        return row["detail"] if (row["detail"].get("last_file") or {}).get("name") == "status.json" else None
    found = until(detail, 10, lambda: hs.status())
    assert found["watching"] is True and found["watch_problem"] is None and found["importing"] is None


# -- folders ---------------------------------------------------------------------------------------

def test_folder_removed_renamed_and_put_back(quick):
    """A watch follows a renamed folder; the scan compares paths."""
    with quick.start() as hs:
        incoming = hs.folder("incoming")
        owner = incoming.stat()
        hs.drop(snapshot(), "1.json")
        hs.wait_imported("1.json")
        incoming.rename(incoming.with_name("elsewhere"))
        time.sleep(1.5)
        incoming.mkdir()
        if is_root():
            os.chown(incoming, owner.st_uid, owner.st_gid)
        hs.drop(snapshot(), "2.json")
        assert hs.wait_imported("2.json")["status"] == "imported"
        incoming.rmdir()
        time.sleep(1.5)
        incoming.with_name("elsewhere").rename(incoming)
        hs.drop(snapshot(), "3.json")
        assert hs.wait_imported("3.json")["status"] == "imported"


@pytest.mark.skipif(not is_root(), reason="mounting needs root")
@pytest.mark.parametrize("kind", ["tmpfs", "bind"])
def test_folders_on_three_volumes(quick, kind):
    """Each move is a copy, between file systems, and between mounts of one and the same, as containers have them."""
    mounted = []
    owner = quick.state.stat()
    try:
        for name in ("incoming", "archive", "failed"):
            path = quick.folder(name)
            path.mkdir(parents=True, exist_ok=True)
            volume = quick.state / f"volume-{name}"
            volume.mkdir(mode=0o770)
            os.chown(volume, owner.st_uid, owner.st_gid)
            line = {"tmpfs": ["-t", "tmpfs", "-o", f"size=8m,uid={owner.st_uid},gid={owner.st_gid},mode=0770", "none"],
                    "bind": ["--bind", str(volume)]}[kind]
            if subprocess.run(["mount", *line, str(path)], check=False).returncode:
                pytest.skip("mounting is not allowed here")
            mounted.append(path)
        with quick.start() as hs:
            hs.drop(snapshot(), "good.json")
            hs.drop("{}", "bad.json")
            assert hs.wait_imported("good.json")["status"] == "imported"
            assert hs.wait_imported("bad.json")["status"] == "failed"
            assert hs.ls("incoming") == [] and hs.ls("archive") == ["good.json"]
            assert hs.ls("failed") == ["bad.json", "bad.json.errors.json"]
            assert hs.sql("select count(*) from import_file") == "2"
            hs.stop()
    finally:
        quick.stop()
        for path in mounted:
            subprocess.run(["umount", str(path)], check=True)


@pytest.mark.skipif(not is_root(), reason="mounting needs root")
def test_archive_full(quick):
    """No room in archive: the import stands, the file waits, and is moved when there is room."""
    path = quick.folder("archive")
    path.mkdir(parents=True, exist_ok=True)
    owner = quick.state.stat()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=64k,uid={owner.st_uid},gid={owner.st_gid},mode=0770",
                       "none", str(path)], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        with quick.start() as hs:
            (path / "filler").write_bytes(b"x" * 60000)
            records = [record(player_external_id=f"p{i}") for i in range(200)]
            hs.drop(snapshot(*records), "big.json")

            def waits():
                return [row for row in hs.control("import.list")[1]["waiting"] if row["file"] == "big.json"
                        and "No space" in row["reason"]]
            until(waits, 20, lambda: hs.log_tail())
            assert hs.sql("select count(*) from import_file where status = 'imported'") == "1"
            (path / "filler").unlink()
            row = hs.wait_imported("big.json", seconds=30)
            assert row["created"] == 200
            assert hs.sql("select count(*) from import_file") == "1"
            assert hs.ls("incoming") == []
            hs.stop()
    finally:
        quick.stop()
        subprocess.run(["umount", str(path)], check=True)


def test_files_from_before_the_start(quick):
    """What lies there at the start is imported in one run, which says so."""
    for name in ("incoming", "archive", "failed"):
        quick.folder(name).mkdir(parents=True, exist_ok=True)
    for i in range(3):
        quick.drop(snapshot(), f"early-{i}.json")
        old = time.time() - 100
        os.utime(quick.folder(f"incoming/early-{i}.json"), (old, old))
    with quick.start() as hs:
        rows = [hs.wait_imported(f"early-{i}.json") for i in range(3)]
        triggers = {hs.sql(f"select trigger from import_run where run_id = {row['run_id']}") for row in rows}
        assert triggers <= {"start", "watch"} and "start" in triggers


def test_inotify_overflow(hs):
    """Events may be lost: the scan finds every file."""
    path = pathlib.Path("/proc/sys/fs/inotify/max_queued_events")
    before = path.read_text()
    if not os.access(path, os.W_OK):
        pytest.skip("the limit cannot be lowered here")
    try:
        path.write_text("4")        # of instances made from now on
        hs.control("restart", daemon="importer")
        until(hs.is_ready, 20, "ready again")
    finally:
        path.write_text(before)
    for i in range(40):
        hs.drop(snapshot(), f"over-{i}.json")
    for i in range(40):
        hs.wait_imported(f"over-{i}.json")
