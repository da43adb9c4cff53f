"""Backups: what comes back is what was there, whatever went on meanwhile and wherever somebody was killed."""

import contextlib
import hashlib
import itertools
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import stat
import subprocess
import threading
import time

import pytest

from browser import make_account, signed_in_as
from feed_server import FeedServer
from house import House, is_root, new_dir, until
from supervisors import as_user, needs_root, postgres_bin
from test_extractor import prepare
from test_importer import record, snapshot
from test_importer_faults import fault_library  # noqa: F401

# tables that a restore does not bring back as they were, and why
VOLATILE = {
    "account_session": "whoever was signed in then is not now",
    "data_version": "its number is one that no cache has seen",
}
ANSWERS = ["/?name=player", "/api/v1/players?sort=-ppg", "/api/v1/players?name=doncic&sort=name", "/export.csv?sort=name",
           "/export.jsonl?sort=-apg&ppg_min=5", "/api/v1/competitions"]
ODD_NAMES = [b"na\xffme \\ of\nbytes.json", b"x" * 240 + b".json", "Dončić.json".encode()]


def players(source, *names, date="2024-01-01", **more):
    return snapshot(*[record(player_external_id=name, full_name=f"Player {name}", points_per_game=number + 4.5, **more)
                      for number, name in enumerate(names)], date=date, source=source)


# -- what a system has -----------------------------------------------------------------------

def tables(house):
    names = house.sql("select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
                      " order by 1").splitlines()
    return {name: sorted(json.dumps(row, sort_keys=True) for row in house.rows(f"select * from {name}"))
            for name in names}


def sequences(house):
    return house.sql("select sequencename, last_value from pg_sequences order by 1")


def schema(house):
    place = house._database()
    done = subprocess.run(as_user([str(postgres_bin() / "pg_dump"), "--schema-only", "--no-owner", "-h", place["host"],
                                   "-U", place["user"], place["dbname"]]), capture_output=True, text=True, check=True, cwd="/")
    return [line for line in done.stdout.splitlines() if not line.startswith(("--", "\\restrict", "\\unrestrict"))]


def files(house):
    """{b"archive/NAME": (SHA-256, rights, time in seconds)}"""
    found = {}
    for folder in ("incoming", "archive", "failed"):
        for entry in os.scandir(os.fsencode(house.folder(folder))):
            info = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(info.st_mode):
                with open(entry.path, "rb") as file:
                    found[folder.encode() + b"/" + entry.name] = (hashlib.sha256(file.read()).hexdigest(),
                                                                  stat.S_IMODE(info.st_mode), int(info.st_mtime))
    return found


def system(house):
    return {"files": files(house), "sequences": sequences(house),
            "tables": {name: rows for name, rows in tables(house).items() if name not in VOLATILE}}


def differences(one, other):
    found = {}
    for kind in one:
        if one[kind] == other[kind]:
            continue
        if isinstance(one[kind], dict):
            found[kind] = {key: (one[kind].get(key), other[kind].get(key))
                           for key in set(one[kind]) | set(other[kind]) if one[kind].get(key) != other[kind].get(key)}
        else:
            found[kind] = (one[kind], other[kind])
    return found


def leftovers(house):
    """What a restore makes on its way, and removes."""
    found = [str(path) for folder in ("incoming", "archive", "failed") for path in house.folder(folder).glob(".restor*")]
    found += [str(path) for path in house.state.glob("restore.json*")]
    found += house.sql("select datname from pg_database where datname like '%_restoring_%'").splitlines()
    return found + [str(path) for path in (house.state / "run").glob("stream*")]


def backup(house, path, *words, check=True, **kwargs):
    return house.hsctl("backup", path, *words, check=check, as_json=True, **kwargs)


def restore(house, path, *words, check=True, **kwargs):
    done = house.hsctl("restore", path, *words, check=check, as_json=True, **kwargs)
    if check:
        house.wait_ready()
    return done


def code_of(done):
    return done.json["error"]["code"] if "error" in done.json else "ok"


# -- a system with all there is --------------------------------------------------------------

@pytest.fixture(scope="module")
def place():
    """A folder for backups."""
    path = new_dir("hs-bak-")
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def full(programs, template):
    """A House that has used everything which the database or a folder keeps."""
    with FeedServer() as feeds:
        feeds.serve("/feed.json", [record()])
        house = prepare(House(programs, template), feeds, HOOPSCOUT_DAEMONS="web,importer,extractor",
                        HOOPSCOUT_EMPTY_FILE_SECONDS="3600").start()
        try:
            furnish(house)
            yield house
        finally:
            house.close()


def furnish(house):
    for name in ODD_NAMES:
        (pathlib.Path(os.fsdecode(os.fsencode(house.folder("incoming")) + b"/" + name))).write_text(
            json.dumps(players(f"odd {len(name)}", "a", "b")))
    for number, what in enumerate((players("one", "a", "b", "c"), players("one", "a", "b", date="2024-02-01", assists_per_game=3),
                                   players("two", "x", "y", raw_payload={"n": 1e5}), snapshot(record(height_cm="tall")),
                                   players("one", "a", date="2024-01-15", height_cm=200, role="wing"))):
        house.drop(what, f"file-{number}.json")
        house.wait_imported(f"file-{number}.json")
    house.drop((house.folder("archive") / "file-0.json").read_bytes(), "again.json")
    house.wait_imported("again.json")
    house.drop_plainly(b"", "waits.json")
    (house.folder("archive") / "by-hand.txt").write_text("put here by somebody")
    house.drop("{}", "alone.json")
    house.wait_for("failed/alone.json.errors.json")
    (house.folder("failed") / "alone.json").unlink()
    until(lambda: house.sql("select count(*) from import_file where status in ('imported', 'duplicate')") == "8", 30,
          house.log_tail)
    house.hsctl("import", "undo", house.sql("select file_id from import_file where name = 'file-1.json'"))
    house.hsctl("identity", "link", "one:a", "two:x", "--reason", "the same")
    house.hsctl("identity", "unlike", "one:b", "two:y")
    house.hsctl("identity", "suggest", "--new")
    signed_in_as(house, "admin")
    make_account(house, "scout", "scout")
    house.hsctl("token", "create", "of-scout", "--account", "scout")
    house.hsctl("extractor", "run", "public_json_snapshot")
    until(lambda: house.ls("incoming") == ["waits.json"] and
          house.sql("select count(*) from import_file where stored_as is null") == "0", 30, house.log_tail)


@pytest.fixture(scope="module")
def made(full, place):
    """Its backup, with what it was."""
    path = place / "full.tar"
    done = backup(full, path)
    return path, system(full), done.json["result"]


@pytest.fixture
def empty(programs, template):
    house = House(programs, template)
    house.env["HOOPSCOUT_EMPTY_FILE_SECONDS"] = "3600"
    yield house
    house.close()


def test_restored_into_an_empty_system_all_is_as_it_was(full, made, empty):
    """Every table, sequence, index and file, and what is answered over HTTP; then work goes on there."""
    path, was, _ = made
    assert full.sql("select count(*) from account_session") == "1"
    for table in ("player_link", "player_unlike", "api_token", "extractor_run", "audit_trail", "player_statement",
                  "identity_suggestion"):
        assert full.sql(f"select count(*) > 0 from {table}") == "t", table
    assert differences(was, system(full)) == {}
    with empty.start() as hs:
        restore(hs, path)
        assert differences(was, system(hs)) == {}
        assert set(tables(hs)) - set(was["tables"]) == set(VOLATILE)
        assert schema(hs) == schema(full)
        assert hs.sql("select count(*) from account_session") == "0"
        assert hs.sql("select players from data_version") == full.sql("select players from data_version")
        for url in ANSWERS:
            assert hs.get(url).status == 200, url
            assert hs.get(url).text == full.get(url).text, url
        assert leftovers(hs) == [] and not list(hs.folder("archive").glob("before*"))
        assert hs.sql("select datname from pg_database where datname like 'hoopscout%'") == "hoopscout"
        work_goes_on(hs)


def work_goes_on(hs):
    last = int(hs.sql("select max(file_id) from import_file"))
    hs.drop((hs.folder("archive") / "file-0.json").read_bytes(), "known.json")
    assert hs.wait_imported("known.json")["status"] == "duplicate"
    hs.drop(players("one", "a", "new", date="2024-03-01", assists_per_game=9), "next.json")
    row = hs.wait_imported("next.json")
    assert row["status"] == "imported" and row["file_id"] > last and row["new_players"] == 1
    before = hs.sql("select player_id, apg from player_season_stats order by 1, 2")
    hs.hsctl("import", "undo", row["file_id"])
    assert hs.sql("select player_id, apg from player_season_stats order by 1, 2") != before
    file = hs.sql("select file_id from import_file where name = 'file-0.json'")
    hs.hsctl("import", "undo", file)        # of before the backup
    assert hs.sql(f"select status from import_file where file_id = {file}") == "undone"
    assert "one:a" in hs.hsctl("identity", "list").stdout
    make_account(hs, "later", "viewer")
    hs.hsctl("token", "create", "later", "--account", "later")


def test_any_tar_reads_it(made, place):
    """tar, sha256sum and pg_restore understand it without us."""
    path, _, result = made
    folder = place / "by-hand"
    folder.mkdir()
    subprocess.run(["tar", "-xf", path, "-C", folder], check=True)
    done = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder, check=True, capture_output=True)
    assert len(done.stdout.splitlines()) == result["members"]
    manifest = json.loads((folder / "MANIFEST.json").read_text())
    assert manifest["format"] == "hoopscout-backup" and manifest["database"]["migrations"][0]["number"] == 1
    listed = subprocess.run([str(postgres_bin() / "pg_restore"), "--list", folder / "database.dump"], check=True,
                            capture_output=True, text=True)
    assert "TABLE DATA public player_link" in listed.stdout
    assert path.stat().st_mode & 0o777 == 0o600 and path.stat().st_size == result["bytes"]


def test_secrets_are_not_in_the_manifest(house, place):
    house.env["EXTRACTOR_PROXY"] = "http://u:very-secret@127.0.0.1:1"
    with house.start() as hs:
        backup(hs, place / "secret.tar")
        assert b"very-secret" not in (place / "secret.tar").read_bytes()
        assert b"********" in (place / "secret.tar").read_bytes()


# -- files that are no backup ----------------------------------------------------------------

def members_of(path):
    """[(name, where its header begins, where its bytes begin, how many)] of a tar ."""
    content, at, begin, found = path.read_bytes(), 0, 0, []
    while content[at:at + 512].strip(b"\0"):
        size = int(content[at + 124:at + 135], 8)
        if content[at + 156:at + 157] == b"0":      # else a long name comes first
            found.append((content[at:at + 100].rstrip(b"\0").decode(errors="replace"), begin, at + 512, size))
        at += 512 + -(-size // 512) * 512
        begin = at if content[begin + 156:begin + 157] == b"0" or found and found[-1][1] == begin else begin
    return found


def test_what_is_damaged_is_refused(full, made, empty, place):
    """A flipped bit in any member or header, a cut anywhere, another file, a newer format: named, with the place."""
    path, _, _ = made
    content, broken = path.read_bytes(), place / "broken.tar"

    def verdict(what, *words):
        broken.write_bytes(what)
        done = full.hsctl("backup", "verify", broken, check=False, as_json=True)
        assert done.returncode == 1, done.stdout
        for word in words:
            assert word in done.json["error"]["message"], done.stdout
        return code_of(done)

    for name, header, begin, size in members_of(path):
        for at in {begin, begin + size // 2, begin + size - 1} if size else ():
            flipped = content[:at] + bytes([content[at] ^ 4]) + content[at + 1:]
            assert verdict(flipped, *([] if name == "MANIFEST.json" else [str(header) if name != "SHA256SUMS" else "SHA256SUMS"])) \
                == "bad_backup", (name, at)
        flipped = content[:header + 100] + bytes([content[header + 100] ^ 1]) + content[header + 101:]
        assert verdict(flipped) in ("bad_backup", "truncated"), name
        assert verdict(content[:begin + size // 2]) in ("truncated", "bad_backup"), name
    last = members_of(path)[-1]
    assert last[0] == "SHA256SUMS"
    assert verdict(content[:last[1]], "SHA256SUMS") == "truncated"
    assert verdict(b"") == verdict(b"\0" * 20480) == verdict(b"{}") == verdict(os.urandom(5000)) == "bad_backup"
    newer = content.replace(b'"format_version": 1,', b'"format_version": 9,', 1)
    assert verdict(newer, "format 9") == "bad_backup"
    future = content.replace(b'"number": 1,', b'"number": 1}, {},{', 1)
    with empty.start() as hs:
        was = system(hs)
        for what in (content[:len(content) // 2], newer, future, content[:begin] + b"?" + content[begin + 1:]):
            broken.write_bytes(what)
            done = restore(hs, broken, check=False)
            assert done.returncode == 1 and code_of(done) in ("truncated", "bad_backup", "migration_error"), done.stdout
            assert differences(was, system(hs)) == {} and leftovers(hs) == []
    hostile = [("../x", "name"), ("archive/../x", "name"), ("/etc/x", "name"), ("archive/.x", "name")]
    for name, word in hostile:
        assert verdict(renamed(content, members_of(path)[2], name), word) == "bad_backup"


def renamed(content, member, name):
    """The tar with another name for a member, its header's sum put right."""
    header = bytearray(content[member[1]:member[1] + 512])
    header[:100] = name.encode().ljust(100, b"\0")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return content[:member[1]] + bytes(header) + content[member[1] + 512:]


# -- refusals --------------------------------------------------------------------------------

def test_refusals(full, made, place):
    path, was, _ = made
    there = place / "there.tar"
    there.write_text("mine")
    assert code_of(backup(full, there, check=False)) == "exists"
    assert there.read_text() == "mine"
    assert code_of(backup(full, place, check=False)) == "bad_argument"
    assert code_of(backup(full, place / "no/such/x.tar", check=False)) == "not_found"
    until(lambda: full.status()["work"] is None, 10, full.status)
    assert backup(full, there, "--force").returncode == 0
    assert full.hsctl("backup", "verify", there).returncode == 0
    done = restore(full, path, check=False)
    assert code_of(done) == "exists" and "accounts" in done.json["error"]["message"]
    assert "file in incoming" in done.json["error"]["message"]
    assert code_of(restore(full, path, "--replace", check=False)) == "bad_argument"
    assert code_of(restore(full, place / "none.tar", check=False)) == "not_found"
    assert differences(was, system(full)) == {} and leftovers(full) == []
    assert sorted(path.name for path in place.glob("*.part")) == []


def test_the_terminal_is_asked(full, made):
    path, was, _ = made
    master, slave = pty.openpty()
    os.write(master, b"no\n")
    done = restore(full, path, "--replace", check=False, stdin=slave)
    os.close(master)
    os.close(slave)
    assert done.returncode == 1 and "nothing was changed" in done.stdout
    assert differences(was, system(full)) == {}


@needs_root
def test_who_may(full, made, place):
    """Strangers may not; a member of the daemons' group may, and the file is his."""
    line = [full.programs.path("hsctl"), "backup", "-"]
    for who, group, status in (("nobody", "nogroup", 77), ("daemon", "daemon", 0)):
        groups = ["--groups=hoopscout"] if status == 0 else ["--clear-groups"]
        done = subprocess.run(["setpriv", f"--reuid={who}", f"--regid={group}", *groups, *line], env=full.environment(),
                              capture_output=True, check=False, timeout=60)
        assert done.returncode == status, done.stderr
        (place / "piped.tar").write_bytes(done.stdout)
    assert full.hsctl("backup", "verify", place / "piped.tar").returncode == 0


def test_standard_input_and_output(full, made, empty):
    path, was, _ = made
    with open(path, "rb") as file, empty.start() as hs:
        assert "is whole" in hs.hsctl("backup", "verify", "-", stdin=file).stdout
        file.seek(0)
        hs.hsctl("restore", "-", stdin=file)
        hs.wait_ready()
        assert differences(was, system(hs)) == {}


@needs_root
def test_no_room(full, made, empty, place):
    """Neither for the backup nor for what is restored: nothing half is left, and the old system stands."""
    path, _, _ = made
    small = place / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", small], check=True)
    try:
        done = backup(full, small / "x.tar", check=False)
        assert code_of(done) == "disk_full" and "room" in done.json["error"]["message"], done.stdout
        assert os.listdir(small) == []
        with open(small / "y.tar", "wb") as file:
            done = subprocess.run([full.programs.path("hsctl"), "backup", "-"], env=full.environment(), stdout=file,
                                  stderr=subprocess.PIPE, check=False, timeout=60)
        assert done.returncode == 1 and b"No space left" in done.stderr, done.stderr
    finally:
        subprocess.run(["umount", small], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k,uid=%s,gid=%s,mode=2750" % ids(empty), "none", small], check=True)
    try:
        empty.env["STATIC_DATASET_ARCHIVE_DIR"] = str(small)
        with empty.start() as hs:
            was = system(hs)
            assert code_of(restore(hs, path, check=False)) == "disk_full"
            assert differences(was, system(hs)) == {} and leftovers(hs) == []
            subprocess.run(["mount", "-o", "remount,size=8m", small], check=True)
            restore(hs, path)       # a folder that is a volume of its own
            assert files(hs) == made[1]["files"]
            hs.stop()
    finally:
        subprocess.run(["umount", small], check=True)


def ids(house):
    info = house.state.stat()
    return info.st_uid, info.st_gid


# -- while work goes on ----------------------------------------------------------------------

@pytest.fixture
def slow_dump(house):
    """A House whose pg_dump takes its time before and after it reads; slow_dump.pause sets the seconds."""
    folder = new_dir("hs-pg-")
    for program in postgres_bin().iterdir():
        (folder / program.name).symlink_to(program)
    (folder / "pg_dump").unlink()
    pause = folder / "pause"
    pause.write_text("0.4")
    (folder / "pg_dump").write_text(f'#!/bin/sh\ntr "\\0" "\\n" </proc/$$/cmdline >>{folder}/said\nsleep "$(cat {pause})"\n'
                                    f'{postgres_bin()}/pg_dump "$@" || exit\nsleep "$(cat {pause})"\n')
    (folder / "pg_dump").chmod(0o755)
    (folder / "said").touch()
    (folder / "said").chmod(0o666)
    house.env["HOOPSCOUT_POSTGRES_BIN_DIR"] = str(folder)
    house.pause = pause
    yield house
    house.stop()
    shutil.rmtree(folder)


def test_under_running_imports(slow_dump, empty, place):
    """Files come, fail and are retried while backups are made: of each backup every file that had come is in the
    restored system, imported, whether the moment of the database knew of it or not."""
    stop, numbers, dropped = threading.Event(), itertools.count(), []

    def feed():
        while not stop.is_set():
            number = next(numbers)
            good = players(f"source {number}", "p")
            hs.drop(good if number % 4 else {**good, "records": [{}], "snapshot_date": "2024-01-01"}, f"f{number}.json")
            dropped.append(number)
            if number % 8 == 4:
                hs.hsctl("import", "retry", f"f{number - 4}.json", check=False)
            time.sleep(0.02)

    backups = []
    with slow_dump.start() as hs:
        worker = threading.Thread(target=feed)
        worker.start()
        try:
            for number in range(3):
                until(lambda: len(dropped) > 20 * (number + 1), 60, hs.log_tail)
                known = list(dropped)
                path = place / f"busy-{number}.tar"
                backup(hs, path)
                backups.append((path, known, hs.hsctl("backup", "verify", path, as_json=True).json["result"]))
        finally:
            stop.set()
            worker.join()
    assert any(result["incoming"] for _, _, result in backups), "no file came in between: the test proves nothing"
    with empty.start() as hs:
        for path, known, _ in backups:
            restore(hs, path, "--replace", "--yes")
            until(lambda: not [name for name in hs.ls("incoming") if name.endswith(".json")], 30, hs.log_tail)
            sources = set(hs.sql("select name from source").splitlines())
            failed = set(hs.sql("select name from import_file where status = 'failed'").splitlines())
            for number in known:
                assert f"source {number}" in sources if number % 4 else f"f{number}.json" in failed, number
            for folder, wanted in (("archive", "<> 'failed'"), ("failed", "= 'failed'")):
                for name, facts in files(hs).items():
                    if name.startswith(folder.encode()) and not name.endswith(b".errors.json"):
                        assert hs.sql("select count(*) > 0 from import_file where sha256 = decode("
                                      f"'{facts[0]}', 'hex') and status {wanted}") == "t", name


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_hsctl_goes(slow_dump, place, number):
    """Whoever interrupts a backup has none, and the next one works."""
    slow_dump.pause.write_text("5")
    path = place / f"gone-{number}.tar"
    with slow_dump.start() as hs:
        hsctl = subprocess.Popen([hs.programs.path("hsctl"), "backup", path], env=hs.environment(), stderr=subprocess.PIPE)
        until(lambda: (hs.status()["work"] or {}).get("stage") == "dumping", 10, hs.status)
        assert code_of(backup(hs, place / "second.tar", check=False)) == "busy"
        hsctl.send_signal(number)
        hsctl.communicate(timeout=10)
        until(lambda: hs.status()["work"] is None, 10, hs.status)
        slow_dump.pause.write_text("0")
        backup(hs, path)
        assert not (place / "second.tar.part").exists() and not path.with_suffix(".tar.part").exists()


def test_the_supervisor_stops_meanwhile(slow_dump, place):
    slow_dump.pause.write_text("5")
    with slow_dump.start() as hs:
        hsctl = subprocess.Popen([hs.programs.path("hsctl"), "backup", place / "stopped.tar"], env=hs.environment(),
                                 stderr=subprocess.PIPE)
        until(lambda: (hs.status()["work"] or {}).get("stage") == "dumping", 10, hs.status)
        hs.stop()
        hsctl.communicate(timeout=10)
        assert hsctl.returncode == 69 and not list(place.glob("stopped*"))


# -- killed ----------------------------------------------------------------------------------

KILLS = [("restore", "renameat", range(1, 9)), ("restore", "renameat2", range(1, 6)), ("restore", "unlinkat", range(1, 5)),
         ("restore", "fsync", range(1, 10)), ("restore", "send", [6, 9, 12, 15, 18, 21, 24, 27, 30, 33])]


@pytest.fixture
def two(house, place, fault_library):  # noqa: F811
    """A House that has been two systems, with a backup of each; it is the second one now."""
    file = house.dir / "fault"
    house.env.update({"LD_PRELOAD": str(fault_library), "HS_FAULT_FILE": str(file), "HOOPSCOUT_DAEMONS": "importer",
                      "ASAN_OPTIONS": f"verify_asan_link_order=0:log_path={house.reports}/asan",
                      "HOOPSCOUT_EMPTY_FILE_SECONDS": "3600"})
    house.dir.chmod(0o777)
    house.fault_file = file
    house.start()
    house.backups, house.systems = [], []
    for number in (0, 1):
        house.drop(players(f"of {number}", "a", "b"), f"{number}.json")
        house.wait_imported(f"{number}.json")
        house.drop(b"{}", f"bad-{number}.json")
        house.wait_for(f"failed/bad-{number}.json.errors.json")
        house.drop_plainly(b"", f"waits-{number}.json")
        house.backups.append(place / f"two-{number}.tar")
        backup(house, house.backups[-1], "--force")
        house.systems.append(system(house))
    return house


def forget_before(hs):
    for name in hs.sql("select datname from pg_database where datname like '%_before_%'").splitlines():
        hs.sql(f'drop database "{name}"')
    for folder in ("incoming", "archive", "failed"):
        for path in hs.folder(folder).glob("before-restore-*"):
            shutil.rmtree(path)


def kill_all_at_once(hs):
    """The supervisor, and the task that stands still."""
    task = next(pid for pid, line in hs.processes().items() if "--task restore" in line)
    hs.kill()
    os.kill(task, signal.SIGKILL)
    until(lambda: not [line for line in hs.processes().values() if "hsctl" not in line], 20, hs.processes)


@pytest.mark.parametrize("call,turns,what", [(call, turns, what) for _, call, turns in KILLS for what in ("kill", "stop")
                                             if call in ("send", "renameat") or what == "stop"])
def test_restore_killed_at_every_step(two, call, turns, what):
    """The task, or it and the supervisor: afterwards the system is the old one or the new one, whole, and the log says
    which."""
    now, outcomes = 1, set()
    every = HOW_MANY == "all"
    for turn in (range(1, 100) if every else turns):
        two.fault_file.write_text(f"restore:{call}:{turn}:{what}:{time.monotonic_ns()}")
        said = len(two.log())
        hsctl = subprocess.Popen([two.programs.path("hsctl"), "restore", two.backups[1 - now], "--replace", "--yes"],
                                 env=two.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: not two.fault_file.exists() or hsctl.poll() is not None, 30, two.log_tail)
        fired = not two.fault_file.exists()
        had_begun = (two.state / "restore.json").exists()
        if fired and what == "stop":
            kill_all_at_once(two)
            two.start(wait=False)
        hsctl.wait(30)
        two.fault_file.unlink(missing_ok=True)
        two.wait_ready()
        until(lambda: leftovers(two) == [] and two.is_ready(), 30, lambda: f"{call} {turn}: {leftovers(two)}\n{two.log_tail()}")
        got = system(two)
        is_new = differences(two.systems[1 - now], got) == {}
        assert is_new or differences(two.systems[now], got) == {}, (call, turn, differences(two.systems[now], got))
        if fired:
            outcomes.add(is_new)
        if fired and what == "stop" and had_begun:
            word = "has been finished" if is_new else "has been undone"
            assert word in two.log()[said:], (call, turn, two.log_tail())
        if is_new:
            now = 1 - now
        forget_before(two)
        if not fired:
            break
    assert outcomes, f"{call} was never called: the test proves nothing"


HOW_MANY = os.environ.get("HOOPSCOUT_BACKUP_KILLS", "")
