"""hsctl status: the house at a glance, what is wrong first, and in time whatever hangs."""

import json
import os
import signal
import subprocess
import time

import pytest

from house import SOURCE_DIR, House, is_root, new_dir, until

SNAPSHOT = SOURCE_DIR / "etc/examples/nba-2018.json"


def messages(house):
    return [row["message"] for row in house.status()["warnings"]]


@pytest.fixture(scope="module")
def running(programs, template, all_daemons):
    made = House(programs, template)
    try:
        yield made.start()
    finally:
        made.close()


def test_a_sound_house_has_no_warnings(running):
    status = running.status()
    assert status["warnings"] == []
    figures = status["figures"]
    assert figures["players"] == figures["player_seasons"] == 0 and not figures["is_estimate"]
    assert figures["last_import"] is None and figures["version"] == running.sql("show server_version")
    rooms = [status["room"], *next(row for row in status["daemons"] if row["name"] == "importer")["detail"]["rooms"]]
    assert [room["name"] for room in rooms] == ["state", "incoming", "archive", "failed"]
    there = os.statvfs(running.state)
    assert rooms[0]["total_bytes"] == there.f_blocks * there.f_frsize
    assert running.hsctl("status").stdout.startswith("HoopScout ")


def test_what_went_wrong_comes_first(running):
    running.drop(SNAPSHOT, "good.json")
    running.wait_imported("good.json")
    for name in ("bad.json", "worse.json"):
        running.drop("{}" + " " * len(name), name)
        running.wait_for(f"failed/{name}.errors.json")
    running.hsctl("extractor", "run", "public_json_snapshot", "--url", "http://127.0.0.1:1/", check=False)
    importer = running.daemon_pid("importer")
    os.kill(importer, signal.SIGKILL)
    until(lambda: running.daemon_pid("importer") not in (importer, None) and running.is_ready(), 30, "no restart")
    until(lambda: "2 files failed within a day" in messages(running), 10, lambda: messages(running))
    lines = running.hsctl("status").stdout.splitlines()
    assert [line[:24] for line in lines[:4]] == ["! the importer was start", "! 2 files failed within ",
                                                 "! the source public_json", ""]
    assert "killed by signal 9" in lines[0] and lines[0].endswith(": hsctl logs importer")
    assert lines[1].endswith(": hsctl import files --status failed")
    figures = running.status()["figures"]
    records = json.loads(SNAPSHOT.read_bytes())["records"]
    assert figures["players"] == len({row["player_external_id"] for row in records})
    assert figures["player_seasons"] == len(records) and figures["last_import"]["name"] == "good.json"


def test_figures_that_are_estimated(running):
    running.sql("update pg_class set reltuples = 1234567 where relname = 'player_season'")
    until(lambda: running.status()["figures"]["is_estimate"], 10, "it still counts")
    assert running.status()["figures"]["player_seasons"] == 1234567
    assert "about " in running.hsctl("status").stdout


def stop_all(house, sign):
    for pid, line in house.processes().items():
        if line.startswith("postgres") or "/postgres " in line:
            os.kill(pid, sign)


def test_a_database_that_hangs(house):
    house.start()
    time.sleep(2.2)     # what was told a moment ago is told again
    stop_all(house, signal.SIGSTOP)
    try:
        began = time.monotonic()
        done = house.hsctl("status", check=False, as_json=True)
        assert time.monotonic() - began < 4
        assert done.json["result"]["figures"] == {"problem": "the database did not answer in time"}
        assert all(row["state"] == "up" for row in done.json["result"]["daemons"])
    finally:
        stop_all(house, signal.SIGCONT)
    until(lambda: "players" in house.status()["figures"], 30, "the figures do not come back")


def test_a_database_that_is_away(house):
    house.env |= {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": "1"}
    house.start(wait=False)
    until(lambda: house.socket_path.exists() and house.status()["database"]["state"] == "away", 30, "it is not away")
    began = time.monotonic()
    status = house.status()
    assert time.monotonic() - began < 3
    assert "problem" in status["figures"] and status["warnings"][0]["message"].startswith("the database is away: ")
    assert status["warnings"][0]["advice"] == "hsctl doctor"


@pytest.mark.skipif(not is_root(), reason="only root may mount")
def test_a_file_system_that_is_nearly_full(house):
    where = new_dir("hs-small-")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=0777", "tmpfs", str(where)], check=False)
    if done.returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        (where / "big").write_bytes(b"x" * 3_900_000)
        house.env["STATIC_DATASET_ARCHIVE_DIR"] = where
        house.start()
        assert [text for text in messages(house) if text.startswith("the archive folder has only ")]
        house.stop()
    finally:
        subprocess.run(["umount", str(where)], check=True)
        where.rmdir()
