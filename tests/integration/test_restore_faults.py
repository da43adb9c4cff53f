"""Backups and restores while work goes on, and with somebody killed in the middle."""

import itertools
import os
import re
import shutil
import signal
import subprocess
import threading
import time

import pytest

from house import build_dir, new_dir, until
from supervisors import postgres_bin
from test_backup import backup, code_of, differences, files, leftovers, players, restore, system
from test_backup import empty, place  # noqa: F401
from test_importer_faults import fault_library  # noqa: F401


# -- while work goes on ----------------------------------------------------------------------

@pytest.fixture
def slow_dump(house):
    """A House whose pg_dump takes its time before and after it reads, and waits while the file slow_dump.hold is there."""
    folder = new_dir("hs-pg-")
    for program in postgres_bin().iterdir():
        (folder / program.name).symlink_to(program)
    (folder / "pg_dump").unlink()
    house.hold = folder / "hold"
    (folder / "pg_dump").write_text(f'#!/bin/sh\nsleep 0.3\n{postgres_bin()}/pg_dump "$@" || exit\nsleep 0.3\n'
                                    f'while [ -e {house.hold} ]; do sleep 0.1; done\n')
    (folder / "pg_dump").chmod(0o755)
    house.env["HOOPSCOUT_POSTGRES_BIN_DIR"] = str(folder)
    yield house
    house.stop()
    shutil.rmtree(folder)


def test_under_running_imports(slow_dump, empty, place):  # noqa: F811
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
def test_hsctl_goes(slow_dump, place, number):  # noqa: F811
    """Whoever interrupts a backup has none, and the next one works."""
    slow_dump.hold.touch()
    path = place / f"gone-{number}.tar"
    with slow_dump.start() as hs:
        hsctl = subprocess.Popen([hs.programs.path("hsctl"), "backup", path], env=hs.environment(), stderr=subprocess.PIPE)
        until(lambda: (hs.status()["work"] or {}).get("stage") == "dumping", 10, hs.status)
        assert re.search(r"^  backup +dumping$", hs.hsctl("status").stdout, re.M)
        assert code_of(backup(hs, place / "second.tar", check=False)) == "busy"
        hsctl.send_signal(number)
        hsctl.communicate(timeout=10)
        until(lambda: hs.status()["work"] is None, 10, hs.status)
        slow_dump.hold.unlink()
        backup(hs, path)
        assert not (place / "second.tar.part").exists() and not path.with_suffix(".tar.part").exists()


def test_the_supervisor_stops_meanwhile(slow_dump, place):  # noqa: F811
    slow_dump.hold.touch()
    with slow_dump.start() as hs:
        hsctl = subprocess.Popen([hs.programs.path("hsctl"), "backup", place / "stopped.tar"], env=hs.environment(),
                                 stderr=subprocess.PIPE)
        until(lambda: (hs.status()["work"] or {}).get("stage") == "dumping", 10, hs.status)
        hs.stop()
        hsctl.communicate(timeout=10)
        assert hsctl.returncode == 69 and not list(place.glob("stopped*"))


# -- killed ----------------------------------------------------------------------------------

# HOOPSCOUT_BACKUP_KILLS=all tries every call, and takes minutes
HOW_MANY = os.environ.get("HOOPSCOUT_BACKUP_KILLS", "")
KILLS = [("renameat", "kill", range(1, 9, 3)), ("renameat", "stop", range(2, 9, 2)), ("renameat2", "stop", range(1, 6, 2)),
         ("unlinkat", "stop", range(1, 5)), ("fsync", "stop", range(1, 10, 2)), ("send", "kill", range(6, 60, 11)),
         ("send", "stop", range(9, 60, 11))]
if "sanitize" in (build_dir() / "config.status").read_text():
    KILLS = KILLS[1::5]     # slow there, and the same


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


@pytest.mark.parametrize("call,what,turns", KILLS)
def test_restore_killed_at_every_step(two, call, what, turns):
    """The task, or it and the supervisor: afterwards the system is the old one or the new one, whole, and the log says
    which."""
    now, outcomes = 1, set()
    for turn in (range(1, 200) if HOW_MANY == "all" else turns):
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

