"""What the tests of hsd-supervisor share: looking at its processes, as root or not."""

import contextlib
import copy
import glob
import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from house import PROGRAMS, SOURCE_DIR, TEST_USER, is_root, new_dir, until

needs_root = pytest.mark.skipif(not is_root(), reason="only root can become another user")


def as_user(line):
    """The command line run as the daemons' user."""
    if not is_root():
        return line
    return ["setpriv", f"--reuid={TEST_USER}", f"--regid={TEST_USER}", "--clear-groups", *line]


def postgres_bin():
    return pathlib.Path(sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1])


def postgres_pid(house):
    return int((house.state / "postgres/postmaster.pid").read_text().splitlines()[0])


def daemon(house, name):
    return next(row for row in house.status()["daemons"] if row["name"] == name)


def wait_state(house, name, state, seconds=20):
    return until(lambda: (row := daemon(house, name))["state"] == state and row, seconds,
                 lambda: f"{name} is not {state}: {daemon(house, name)}\n{house.log_tail()}")


def wait_database(house, state="up", seconds=30):
    return until(lambda: (found := house.status()["database"])["state"] == state and found, seconds,
                 lambda: f"the database is not {state}: {house.status()['database']}\n{house.log_tail()}")


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False


@contextlib.contextmanager
def stand_in(house, name, script):
    """Has a shell script run in a daemon's place; stops the House at the end, and what the script left behind."""
    stage = new_dir("hs-stage-")
    try:
        for program in PROGRAMS:
            shutil.copy(house.programs.path(program), stage / program)
        (stage / f"hsd-{name}").write_text(f"#!/bin/sh\n{script}\n")
        house.env.setdefault("HOOPSCOUT_DATA_DIR", house.programs.env.get("HOOPSCOUT_DATA_DIR", str(SOURCE_DIR)))
        house.programs = copy.copy(house.programs)
        house.programs.dir, house.programs.stage = stage, None
        yield
    finally:
        house.stop()
        for pid, line in house.processes().items():
            if line.startswith("sleep "):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(stage)


def wait_row(house, name, is_wanted, seconds=30):
    """A daemon's row of the status of a House that may only just be starting."""
    def look():
        rows = house.status()["daemons"] if house.socket_path.exists() else []
        return next((row for row in rows if row["name"] == name and is_wanted(row)), None)
    return until(look, seconds, house.log_tail)


def run_supervisor(house, *words, env=None, seconds=30):
    """Runs it to its end: for starts that must fail."""
    return subprocess.run([house.programs.path("hsd-supervisor"), *words], env=house.environment(env),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=seconds, check=False)


def lines_of(text):
    return [line for line in text.splitlines() if line.strip()]
