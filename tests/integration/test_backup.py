"""Backups: what comes back is what was there, whatever went on meanwhile and wherever somebody was killed."""

import hashlib
import json
import os
import pathlib
import pty
import shutil
import signal
import stat
import subprocess

import pytest

from browser import make_account, signed_in_as
from feed_server import FeedServer
from house import SOURCE_DIR, TEST_USER, House, free_port, is_root, new_dir, until
from supervisors import as_user, needs_root, postgres_bin, run_supervisor
from test_extractor import prepare
from test_importer import record, snapshot

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
    line = [str(postgres_bin() / "pg_dump"), "--schema-only", "--no-owner", "-h", place["host"], "-U", place["user"],
            place["dbname"]]
    done = subprocess.run(as_user(line), capture_output=True, text=True, check=True, cwd="/")
    return [line for line in done.stdout.splitlines() if not line.startswith(("--", "\\restrict", "\\unrestrict"))]


MARK = b".hoopscout-server.json"     # the importer's own, of an external database's server


def files(house):
    """{b"archive/NAME": (SHA-256, rights, time in seconds)}"""
    found = {}
    for folder in ("incoming", "archive", "failed"):
        for entry in os.scandir(os.fsencode(house.folder(folder))):
            info = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(info.st_mode) and entry.name != MARK:
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
    for number, what in enumerate((players("one", "a", "b", "c"),
                                   players("one", "a", "b", date="2024-02-01", assists_per_game=3),
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
    """[(name, where its header begins, where its bytes begin, how many)] of a tar."""
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

    for name, header, begin, size in members_of(path)[::3] + members_of(path)[-1:]:     # the unit test flips every byte
        for at in [begin + size // 2] if size else []:
            flipped = content[:at] + bytes([content[at] ^ 4]) + content[at + 1:]
            said = {"MANIFEST.json": "", "SHA256SUMS": name}.get(name, str(header))
            assert verdict(flipped, said) == "bad_backup", (name, at)
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
        until(lambda: full.status()["work"] is None, 10, full.status)
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


# -- other databases -------------------------------------------------------------------------

class Server:
    """A PostgreSQL that asks for passwords, as one elsewhere does."""

    def __init__(self, *roles):
        self.dir, self.port, self.process = new_dir("hs-srv-"), free_port(), None
        if is_root():
            shutil.chown(self.dir, TEST_USER, TEST_USER)
        (self.dir / "password").write_text("of-the-owner\n")
        (self.dir / "password").chmod(0o644)
        self.run("initdb", "-D", self.dir / "data", "--username=owner", "--auth=scram-sha-256", "--encoding=UTF8",
                 "--locale=C.UTF-8", f"--pwfile={self.dir / 'password'}", "--no-sync")
        self.log = open(self.dir / "log", "wb")
        self.process = subprocess.Popen(as_user([str(postgres_bin() / "postgres"), "-D", self.dir / "data", "-c", "fsync=off",
            "-c", "listen_addresses=127.0.0.1", "-c", f"port={self.port}", "-c", f"unix_socket_directories={self.dir}"]),
            stdout=self.log, stderr=self.log, cwd="/")
        until(lambda: self.sql("select 1", check=False) == "1", 30, lambda: (self.dir / "log").read_text())
        for role in roles:
            self.sql(role)

    def run(self, program, *words, check=True):
        env = {**os.environ, "PGPASSWORD": "of-the-owner"}
        return subprocess.run(as_user([str(postgres_bin() / program), *map(str, words)]), check=check, capture_output=True,
                              text=True, env=env, cwd="/").stdout.strip()

    def sql(self, query, database="postgres", check=True):
        return self.run("psql", "-X", "-A", "-t", "-q", "-h", "127.0.0.1", "-p", self.port, "-U", "owner", "-d", database,
                        "-c", query, check=check)

    def close(self):
        if not self.dir.exists():
            return
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
        self.log.close()
        shutil.rmtree(self.dir)


def test_an_external_database(programs, full, made, place):
    """With a password, which no command line shows; without the right to make databases it says so."""
    path, was, _ = made
    server = Server("create role scout login password 'sesame-1'", "create database scouts owner scout")
    house = House(programs)
    house.env.update(POSTGRES_HOST="127.0.0.1", POSTGRES_PORT=server.port, POSTGRES_USER="scout", POSTGRES_PASSWORD="sesame-1",
                     POSTGRES_DB="scouts", HOOPSCOUT_EMPTY_FILE_SECONDS="3600", HOOPSCOUT_POSTGRES_BIN_DIR=tell_tale(place))

    def has():
        return {name: server.sql(f"select coalesce(json_agg(q), '[]') from (select * from {name}) q", "scouts")
                for name in ("player", "player_link", "account", "import_file", "api_token")}

    try:
        with house.start() as hs:
            done = restore(hs, path, check=False)
            assert code_of(done) == "database_refused" and "CREATEDB" in done.json["error"]["message"], done.stdout
            server.sql("alter role scout createdb")
            until(lambda: hs.status()["work"] is None, 10, hs.status)
            restore(hs, path)
            assert files(hs) == was["files"]
            assert hs.get(ANSWERS[1]).text == full.get(ANSWERS[1]).text
            before = has()
            backup(hs, place / "external.tar")
            hs.drop(players("more", "m"), "more.json")
            hs.wait_for("archive/more.json")
            restore(hs, place / "external.tar", "--replace", "--yes")
            assert has() == before and files(hs) == was["files"]
            server.sql("create schema billing; create table billing.invoice (n int)", "scouts")
            server.sql("create table beside (n int)", "scouts")
            server.sql("delete from player; delete from player_link; delete from account; delete from import_file;"
                       "delete from extractor_run", "scouts")
            for folder in ("incoming", "archive", "failed"):
                for path in [path for path in hs.folder(folder).iterdir() if path.is_file()]:
                    path.unlink()
            done = restore(hs, place / "external.tar", check=False)
            assert code_of(done) == "exists" and "billing.invoice" in done.json["error"]["message"], done.stdout
            server.sql("drop schema billing cascade", "scouts")
            until(lambda: hs.status()["work"] is None, 10, hs.status)
            done = restore(hs, place / "external.tar", check=False)
            assert code_of(done) == "exists" and "public.beside" in done.json["error"]["message"], done.stdout
            assert leftovers_of(server) == "" and server.sql("select count(*) from beside", "scouts") == "0"
            assert "scouts_before_" in server.sql("select datname from pg_database")
            said = (place / "said").read_text()
            assert "--format=custom" in said and "--single-transaction" in said and "sesame" not in said
            server.close()
            done = backup(hs, place / "away.tar", check=False)
            assert code_of(done) == "database_away" and not (place / "away.tar.part").exists(), done.stdout
    finally:
        house.close()
        server.close()


def leftovers_of(server):
    return server.sql("select datname from pg_database where datname like '%_restoring_%'")


def tell_tale(place):
    """PostgreSQL's programs, of which two note their command lines."""
    folder = place / "bin"
    folder.mkdir()
    (place / "said").touch()
    (place / "said").chmod(0o666)
    for program in postgres_bin().iterdir():
        (folder / program.name).symlink_to(program)
    for name in ("pg_dump", "pg_restore"):
        (folder / name).unlink()
        (folder / name).write_text(f'#!/bin/sh\necho "$@" >>{place}/said\nexec {postgres_bin()}/{name} "$@"\n')
        (folder / name).chmod(0o755)
    return folder


def test_into_a_new_cluster(full, made, house):
    """The way to a newer PostgreSQL, as hsd-supervisor(8) has it; only one major version is at hand, so the new cluster
    is of the same."""
    path, was, _ = made
    house.env["HOOPSCOUT_EMPTY_FILE_SECONDS"] = "3600"
    house.start()
    restore(house, path)
    identifier = "select system_identifier from pg_control_system()"
    old = house.sql(identifier)
    house.stop()
    (house.state / "postgres").rename(house.state / "postgres.old")
    with house.start() as hs:
        assert hs.sql(identifier) != old and hs.sql("select count(*) from player") == "0"
        restore(hs, path, "--replace", "--yes")
        assert differences(was, system(hs)) == {}


def test_a_cluster_of_another_major(house, place):
    """What cannot run it says so, and where the way out is."""
    version = house.state / "postgres/PG_VERSION"
    real = version.read_text()
    version.write_text("14\n")
    done = run_supervisor(house)
    assert done.returncode == 1 and "made by PostgreSQL 14" in done.stderr and "hsd-supervisor(8)" in done.stderr
    done = run_supervisor(house, env={"HOOPSCOUT_POSTGRES_BIN_DIR": str(postgres_bin())})
    assert done.returncode == 78 and f"has PostgreSQL {real.strip()}" in done.stderr and "made by 14" in done.stderr
    assert version.read_text() == "14\n"


def test_older_and_newer_programs(programs, template, full, made, house, place):
    """A backup of an older HoopScout is migrated; one of a newer one is refused, and all stays as it is."""
    data = place / "older"
    source = pathlib.Path(programs.env.get("HOOPSCOUT_DATA_DIR", SOURCE_DIR))
    data.mkdir()
    for name in ("templates", "htdocs"):
        (data / name).symlink_to(source / name)
    shutil.copytree(source / "sql", data / "sql")
    latest = sorted((data / "sql").glob("*.sql"))[-1]
    latest.unlink()
    older = House(programs)
    older.env.update(HOOPSCOUT_DATA_DIR=str(data), HOOPSCOUT_DAEMONS="importer")
    try:
        with older.start() as hs:
            hs.drop(players("old", "a"), "old.json")
            hs.wait_imported("old.json")
            backup(hs, place / "older.tar")
            was = system(hs)
            done = restore(hs, made[0], "--replace", "--yes", check=False)
            assert code_of(done) == "migration_error" and "newer HoopScout" in done.json["error"]["message"], done.stdout
            assert differences(was, system(hs)) == {} and leftovers(hs) == []
    finally:
        older.close()
    with house.start() as hs:
        restore(hs, place / "older.tar")
        assert hs.sql("select name from schema_migration order by number desc limit 1") == latest.name
        assert hs.sql("select count(*) from player") == "1" and hs.ls("archive") == ["old.json"]
