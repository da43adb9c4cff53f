"""Killed, cut off from the database, out of room: nothing is lost, nothing is imported twice."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

import importer_model as model
from house import is_root, new_dir, until
from test_importer import record, snapshot

HERE = pathlib.Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def fault_library():
    folder = new_dir("hs-fault-")       # pytest's own is closed to the daemons' user
    library = folder / "fault.so"
    done = subprocess.run(["cc", "-O1", "-fPIC", "-shared", "-o", str(library), str(HERE / "fault.c"), "-ldl"],
                          check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no compiler for the fault library: {done.stderr}")
    yield library
    shutil.rmtree(folder)


@pytest.fixture
def quick(house):
    house.env.update({"HOOPSCOUT_DAEMONS": "importer", "HOOPSCOUT_RESCAN_SECONDS": "1"})
    return house


@pytest.fixture
def faulty(quick, fault_library):
    """A House whose importer can be told to fail: faulty.fault("fsync", 3, "kill")."""
    file = quick.dir / "fault"
    quick.env.update({"LD_PRELOAD": str(fault_library), "HS_FAULT_FILE": str(file),
                      "ASAN_OPTIONS": f"verify_asan_link_order=0:log_path={quick.reports}/asan"})
    quick.dir.chmod(0o777)      # the library removes the file

    def fault(call, turn, what):
        part = file.with_suffix(".part")
        part.write_text(f"importer:{call}:{turn}:{what}:{time.monotonic_ns()}")
        part.rename(file)
    quick.fault = fault
    quick.fault_fired = lambda: not file.exists()
    quick.unfault = lambda: file.unlink(missing_ok=True)
    return quick


def revive(house):
    """Starts the importer again at once, if the supervisor pauses before it would."""
    try:
        house.control("start", daemon="importer")
    except Exception:       # it runs
        pass


def settled(house, place):
    """Whether the file has left incoming for good; revives the importer now and then."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for _ in range(20):
            if place.exists() and house.ls("incoming") == []:
                return
            time.sleep(0.05)
        revive(house)
    raise AssertionError(f"{place} does not come: {house.ls('incoming')}\n{house.log_tail()}")


@pytest.mark.parametrize("call", ["renameat2", "fsync", "send", "recv"])
@pytest.mark.parametrize("kind", ["good", "bad"])
def test_killed_at_every_step(faulty, call, kind):
    """Wherever the importer dies, the file is settled once and is never lost."""
    fired = 0
    step = 1 if call in ("renameat2", "fsync") else 11   # many: every eleventh
    with faulty.start() as hs:
        turn = 1
        while turn < 300:
            name = f"{kind}-{turn}.json"
            content = snapshot(*[record(player_external_id=f"p{i}") for i in range(3)])
            if kind == "bad":
                content["records"].append(record(colour="red"))
            hs.drop(content, f"warm-{turn}.json")       # the importer is up and connected
            settled(hs, hs.folder(f"{'failed' if kind == 'bad' else 'archive'}/warm-{turn}.json"))
            content["source_name"] += "-again"
            hs.fault(call, turn, "kill")
            hs.drop(content, name)
            settled(hs, hs.folder(f"{'failed' if kind == 'bad' else 'archive'}/{name}"))
            if kind == "bad":
                assert hs.folder(f"failed/{name}.errors.json").exists()
            row = hs.wait_imported(name)
            assert row["status"] == ("failed" if kind == "bad" else "imported") and row["stored_as"] == name
            assert hs.sql(f"select count(*) from import_file where name = '{name}'") == "1"
            if not hs.fault_fired():
                hs.unfault()
                break
            fired += 1
            turn += step
        assert turn < 300, "more calls than the test has turns: raise the bound"
        assert fired > 0, f"{call} was never called: the test proves nothing"
        assert hs.log().count("killed by signal 9") == fired or hs.log().count("SIGKILL") >= fired, hs.log_tail()
        assert model.disagreements(hs) == []
        assert hs.sql("select count(*) from import_run where status = 'running'") == "0"


@pytest.mark.parametrize("call, what", [("renameat2", "ENOSPC"), ("renameat2", "EACCES"), ("fsync", "EIO"),
                                        ("recv", "EIO"), ("renameat2", "EXDEV")])
def test_fails_at_every_step(faulty, call, what):
    """A failure that is not the file's fault leaves it in incoming, and it is tried again."""
    with faulty.start() as hs:
        turn = 1
        while turn < 200:
            name = f"file-{turn}.json"
            hs.fault(call, turn, what)
            hs.drop(snapshot(), name)
            row = hs.wait_imported(name, seconds=60)
            assert (row["status"], row["stored_as"]) == ("imported", name)
            assert hs.ls("incoming") == []
            assert hs.sql(f"select count(*) from import_file where name = '{name}'") == "1"
            if not hs.fault_fired():
                hs.unfault()
                break
            turn += 1 if call in ("renameat2", "fsync") else 9
        assert turn > 1, f"{call} was never called: the test proves nothing"
        assert turn < 200


def test_killed_at_random(quick):
    """A storm of kills over many files: each is imported exactly once."""
    dice = model.dice(3)
    expected = {}
    with quick.start() as hs:
        for number in range(25):
            content = snapshot(*[record(player_external_id=f"p{i}", points_per_game=number) for i in range(200)])
            expected[f"{number}.json"] = content
            hs.drop(content, f"{number}.json")
        for _ in range(12):
            time.sleep(dice.random() * 0.3)
            pid = hs.daemon_pid("importer")
            if pid:
                with contextlib.suppress(ProcessLookupError):   # the one of a moment ago
                    os.kill(pid, signal.SIGKILL)
            revive(hs)
        for name in expected:
            settled(hs, hs.folder(f"archive/{name}")) if hs.ls("incoming") else None
            assert hs.wait_imported(name)["status"] == "imported"
        assert hs.sql("select count(*) from import_file") == "25"
        assert hs.sql("select count(*) from player_season") == str(25 * 200)
        assert hs.sql("select count(*) from import_run where status = 'running'") == "0"
        assert model.disagreements(hs) == []


def test_database_away(quick):
    """The database restarts: files wait, say why, and are imported when it is back."""
    with quick.start() as hs:
        hs.drop(snapshot(), "before.json")
        hs.wait_imported("before.json")
        (pid,) = [pid for pid, line in hs.processes().items() if "bin/postgres -D" in line]
        os.kill(pid, signal.SIGSTOP)            # away, without a word
        os.kill(pid, signal.SIGCONT)
        subprocess_sql(hs, "alter database hoopscout with allow_connections = false")
        subprocess_sql(hs, "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'hsd-importer%'")
        hs.drop(snapshot(), "during.json")

        def waits():
            (row,) = [row for row in hs.status()["daemons"] if row["name"] == "importer"]
            return [file for file in row["detail"]["waiting"] if file["file"] == "during.json" and file["reason"]]
        (waiting,) = until(waits, 20, lambda: hs.log_tail())
        assert waiting["next_try_seconds"] >= 0
        assert "during.json" in hs.ls("incoming")

        # who asks for a file now is told that it waits, and why
        shutil.copy(hs.folder("archive/before.json"), hs.folder("failed/again.json"))
        events, result = hs.control("import.retry", file="again.json")
        told = [event["file"] for event in events if event["event"] == "file" and event["file"]["name"] == "again.json"]
        assert [file["status"] for file in told] == ["waiting"] and told[0]["reason"]
        assert result["totals"]["waiting"] >= 1 and result["totals"]["imported"] == 0
        assert hs.hsctl("import", "now", check=False).returncode == 1
        subprocess_sql(hs, "alter database hoopscout with allow_connections = true")
        assert hs.wait_imported("during.json", seconds=60)["status"] == "imported"


def subprocess_sql(house, query):
    """SQL from another database than ours, which takes no connections."""
    house.env["POSTGRES_DB"] = "postgres"
    try:
        house.sql(query)
    finally:
        del house.env["POSTGRES_DB"]


def test_server_is_killed(quick):
    """PostgreSQL crashes in the middle of an import: rolled back, and done again."""
    records = [record(player_external_id=f"p{i}") for i in range(60000)]
    with quick.start() as hs:
        hs.drop(snapshot(*records), "large.json")
        until(lambda: any("importing" in str(row) and row["detail"].get("importing") for row in hs.status()["daemons"]),
              20, lambda: hs.log_tail())
        (pid,) = [pid for pid, line in hs.processes().items() if "bin/postgres -D" in line]
        os.kill(pid, signal.SIGQUIT)
        row = until(lambda: _row(hs, "large.json"), 90, lambda: hs.log_tail())
        assert (row["status"], row["created"]) == ("imported", 60000)
        assert hs.sql("select count(*) from import_file") == "1"


def _row(house, name):
    try:
        rows = house.rows(f"select * from import_file where name = '{name}' and stored_as is not null")
    except AssertionError:
        return None
    return rows[0] if rows else None


def test_stop_finishes_the_file(quick):
    """SIGTERM: the file in hand is finished, the run is closed, the exit is clean."""
    records = [record(player_external_id=f"p{i}") for i in range(30000)]
    with quick.start() as hs:
        hs.drop(snapshot(*records), "in-hand.json")
        until(lambda: [row for row in hs.status()["daemons"] if row["detail"].get("importing")], 20, "importing")
        hs.control("stop", daemon="importer")
        until(lambda: hs.folder("archive/in-hand.json").exists(), 30, lambda: hs.log_tail())
        assert hs.sql("select status from import_run") == "done"
        assert hs.sql("select stored_as from import_file") == "in-hand.json"
        hs.control("start", daemon="importer")
        hs.drop(snapshot(), "after.json")
        hs.wait_imported("after.json")


def test_stop_is_bounded(quick):
    """Too little time: the import is cancelled and rolled back, and the file waits for the next start."""
    records = [record(player_external_id=f"p{i}") for i in range(200000)]
    quick.env["HOOPSCOUT_STOP_SECONDS"] = "1"
    with quick.start() as hs:
        hs.drop(snapshot(*records), "too-large.json")
        until(lambda: [row for row in hs.status()["daemons"] if row["detail"].get("importing")], 20, "importing")
        started = time.monotonic()
        hs.control("stop", daemon="importer")
        assert time.monotonic() - started < 10
        assert hs.ls("incoming") == ["too-large.json"]
        assert hs.sql("select count(*) from import_file") == "0"
        assert hs.sql("select count(*) from player") == "0"
        hs.env.pop("HOOPSCOUT_STOP_SECONDS")
        hs.control("start", daemon="importer")
        assert hs.wait_imported("too-large.json", seconds=120)["created"] == 200000


class DeafToCancels:
    """A Unix socket in a folder of its own that leads to a House's PostgreSQL, and never answers who wants a
    statement cancelled."""

    CANCEL = struct.pack("!II", 16, 80877102)

    def __init__(self, house):
        self.dir = new_dir("hs-deaf-")
        self.target = str(house.postgres_socket_dir / ".s.PGSQL.5432")
        self.unanswered = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.dir / ".s.PGSQL.5432"))
        (self.dir / ".s.PGSQL.5432").chmod(0o777)
        self.listener.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self.listener.accept()[0],), daemon=True).start()

    def _serve(self, client):
        first = client.recv(65536)
        if first.startswith(self.CANCEL):
            self.unanswered.append(client)
            return
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.target)
        server.sendall(first)
        threading.Thread(target=self._pass_on, args=(server, client), daemon=True).start()
        self._pass_on(client, server)

    @staticmethod
    def _pass_on(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.close()
        for client in self.unanswered:
            client.close()
        shutil.rmtree(self.dir)


def test_stop_is_bounded_by_no_answer_to_a_cancel(quick):
    """The statement in hand hangs, and the server does not answer whoever cancels it: the importer ends in time."""
    quick.env["HOOPSCOUT_DAEMONS"] = "web"
    with quick.start() as hs:
        deaf = DeafToCancels(hs)
        env = hs.environment({"POSTGRES_HOST": str(deaf.dir), "HOOPSCOUT_STOP_SECONDS": "1"})
        line = [hs.programs.path("hsd-importer")]
        if is_root():
            line = ["setpriv", "--reuid=hoopscout", "--regid=hoopscout", "--clear-groups", *line]
        locker = threading.Thread(target=hs.sql, args=(
            "begin; lock table player in access exclusive mode; select pg_sleep(120);", False))
        locker.start()
        locks = "select count(*) from pg_locks where relation = 'player'::regclass and granted = "
        until(lambda: hs.sql(locks + "true") != "0", 20, "the table is not locked")
        with open(hs.dir / "by-hand.log", "ab") as log:
            importer = subprocess.Popen(line, env=env, stdin=subprocess.DEVNULL, stderr=log, cwd="/")
        try:
            hs.drop(snapshot(), "held-up.json")
            until(lambda: hs.sql(locks + "false") != "0", 20, "the import does not wait for the lock")
            began = time.monotonic()
            importer.terminate()
            assert importer.wait(30) == 1
            assert time.monotonic() - began < 15
            assert len(deaf.unanswered) == 1
            assert hs.ls("incoming") == ["held-up.json"]
        finally:
            importer.kill()
            importer.wait()
            hs.sql("select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(120)%' "
                   "and pid <> pg_backend_pid()")
            locker.join()
            deaf.close()


def test_replaced_while_it_is_imported(quick):
    """A program renames a new file over the one in hand: both contents count, none is lost."""
    first = snapshot(*[record(player_external_id=f"p{i}") for i in range(20000)])
    second = snapshot(record(player_external_id="second"))
    with quick.start() as hs:
        hs.drop(first, "same.json")
        until(lambda: [row for row in hs.status()["daemons"] if row["detail"].get("importing")], 20, "importing")
        hs.drop(second, "same.json")
        until(lambda: hs.ls("incoming") == [], 30, lambda: hs.log_tail())
        until(lambda: hs.sql(f"select count(*) from source where name = '{second['source_name']}'") == "1", 30,
              lambda: hs.log_tail())
        assert hs.sql("select count(*) from import_file where status = 'failed'") == "0"


def test_two_importers_on_one_folder(quick):
    """A second importer, started by hand, shares folder and database: nothing is imported twice."""
    with quick.start() as hs:
        env = hs.environment({"POSTGRES_HOST": str(hs.postgres_socket_dir)})
        line = [hs.programs.path("hsd-importer")]
        if is_root():
            line = ["setpriv", "--reuid=hoopscout", "--regid=hoopscout", "--clear-groups", *line]
        with open(hs.dir / "second.log", "ab") as log:
            other = subprocess.Popen(line, env=env, stdin=subprocess.DEVNULL, stderr=log, cwd="/")
        try:
            time.sleep(1)
            for number in range(40):
                hs.drop(snapshot(*[record(player_external_id=f"p{i}") for i in range(50)]), f"{number}.json")
            for number in range(40):
                assert hs.wait_imported(f"{number}.json")["status"] == "imported"
            until(lambda: hs.ls("incoming") == [], 20, "all moved")
            assert hs.sql("select count(*) from import_file") == "40"
            assert hs.sql("select count(*) from player_season") == str(40 * 50)
            # an external database, as it is to the second one, gives the archive a mark
            assert hs.ls("archive") == [".hoopscout-server.json", *sorted(f"{number}.json" for number in range(40))]
        finally:
            other.terminate()
            assert other.wait(20) == 0


def test_dead_run_is_marked(quick):
    """A run whose importer died says so at the next start; that of a living one is left alone."""
    with quick.start() as hs:
        hs.sql("insert into import_run (trigger) values ('watch')")
        pid = hs.daemon_pid("importer")
        os.kill(pid, signal.SIGKILL)
        until(lambda: hs.daemon_pid("importer") not in (None, pid), 20, lambda: hs.log_tail())
        hs.drop(snapshot(), "after.json")
        hs.wait_imported("after.json")
        assert hs.sql("select status from import_run order by run_id limit 1") == "interrupted"
