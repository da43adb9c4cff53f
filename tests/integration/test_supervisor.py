"""hsd-supervisor: what it starts and stops, in which order, as whom, and what survives what."""

import copy
import glob
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time

import pytest

from house import SOURCE_DIR, TEST_USER, ControlError, is_root, new_dir, until
from supervisors import (as_user, daemon, is_alive, lines_of, needs_root, postgres_bin, postgres_pid, run_supervisor,
                         stand_in, wait_database, wait_row, wait_state)

pytestmark = pytest.mark.usefixtures("all_daemons")


@pytest.fixture(scope="module")
def running(shared_house):
    """A House that runs, for tests that leave it as they found it."""
    return shared_house.start()


# ---- starting -------------------------------------------------------------------------------


def test_first_start_makes_all_of_it(bare_house):
    """From an empty state folder: a durable cluster on a socket alone, migrated, and all daemons up, each
    started when the one before has said that it is ready."""
    house = bare_house.start()
    log = house.log()
    marks = ["making a private PostgreSQL cluster", "creating the database", "migrating",
             "started a process name=importer", "hsd-importer[", "started a process name=web", "all daemons are up"]
    places = [log.index(mark) for mark in marks]
    assert places == sorted(places), list(zip(marks, places))
    status = house.status()
    assert [row["state"] for row in status["daemons"]] == ["up", "up", "up"]
    assert status["pid"] == house.process.pid
    assert status["url"] == house.url()
    assert status["state_dir"] == str(house.state)
    assert status["incoming"] == str(house.folder("incoming"))
    database = wait_database(house)
    assert database["kind"] == "private"
    assert database["migration"] and database["message"] is None
    shown = {name: house.sql(f"show {name}") for name in
             ("fsync", "synchronous_commit", "full_page_writes", "data_checksums", "listen_addresses",
              "server_encoding", "lc_collate")}
    assert shown == {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "data_checksums": "on",
                     "listen_addresses": "", "server_encoding": "UTF8", "lc_collate": "C.UTF-8"}
    buffers = int(house.sql("select setting::bigint * 8 / 1024 from pg_settings where name = 'shared_buffers'"))
    assert 32 <= buffers <= min(1024, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 22)
    until(lambda: house.get("/health/").status == 200, 10, "/health/ does not become 200")


def test_rights_of_folders(running):
    house = running
    user = pwd.getpwuid(os.geteuid() if not is_root() else pwd.getpwnam(TEST_USER).pw_uid)
    for path, mode in ((house.folder("incoming"), 0o2770), (house.folder("archive"), 0o2750),
                       (house.folder("failed"), 0o2770), (house.state / "run", 0o750),
                       (house.state / "postgres", 0o700), (house.socket_path, 0o660)):
        found = path.stat()
        assert stat.S_IMODE(found.st_mode) == mode, f"{path}: {stat.S_IMODE(found.st_mode):o}"
        assert (found.st_uid, found.st_gid) == (user.pw_uid, user.pw_gid), path


@needs_root
def test_nothing_but_the_supervisor_is_root(running):
    house = running
    uid = pwd.getpwnam(TEST_USER).pw_uid
    family = {pid: line for pid, line in house.processes().items() if pid != house.process.pid}
    assert len(family) >= 3
    for pid, line in family.items():
        status = dict(row.split(":\t", 1) for row in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
        assert status["Uid"].split() == [str(uid)] * 4, line
        assert status["NoNewPrivs"] == "1", line
        assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0, line
        assert os.getpgid(pid) != os.getpgid(house.process.pid), line
        assert str(pwd.getpwnam("root").pw_gid) not in status["Groups"].split(), line


def test_children_inherit_nothing_else(running):
    """Neither the lock, nor the control socket, nor a channel of another."""
    house = running
    for name in ("web", "importer"):
        links = [os.readlink(link) for link in glob.glob(f"/proc/{daemon(house, name)['pid']}/fd/*")]
        assert not [link for link in links if "supervisor.lock" in link]
        environ = pathlib.Path(f"/proc/{daemon(house, name)['pid']}/environ").read_bytes().split(b"\0")
        assert b"HOOPSCOUT_CONF=/dev/null" in environ
    postgres = [os.readlink(link) for link in glob.glob(f"/proc/{postgres_pid(house)}/fd/*")]
    listening = subprocess.run(["ss", "-xlpn"], check=False, stdout=subprocess.PIPE, text=True).stdout \
        if shutil.which("ss") else ""
    assert not [link for link in postgres if "supervisor.lock" in link]
    assert not [line for line in listening.splitlines() if "control.sock" in line and "postgres" in line
                and str(house.state) in line]


def test_second_supervisor_is_refused(running):
    house = running
    done = run_supervisor(house)
    assert done.returncode == 1
    assert len(lines_of(done.stderr)) == 1
    assert f"another hsd-supervisor (process {house.process.pid}) runs on this state folder" in done.stderr
    assert house.status()["pid"] == house.process.pid


def test_control_socket_left_by_a_crash_is_replaced(house):
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(house.socket_path))
    left.close()
    house.start()
    assert house.status()["pid"] == house.process.pid


def test_what_is_no_socket_is_not_removed(house):
    house.socket_path.write_text("a diary")
    done = run_supervisor(house)
    assert done.returncode == 1
    assert "is no socket" in done.stderr
    assert house.socket_path.read_text() == "a diary"


def test_socket_of_another_is_not_removed_at_the_end(house):
    house.start()
    house.socket_path.unlink()
    with socket.socket(socket.AF_UNIX) as another:
        another.bind(str(house.socket_path))
        assert house.stop() == 0
        assert house.socket_path.exists()


# ---- refusing to start ----------------------------------------------------------------------


@pytest.mark.parametrize("name, value, part", [
    ("HOOPSCOUT_STOP_SECONDS", "soon", "HOOPSCOUT_STOP_SECONDS must be"),
    ("HOOPSCOUT_LISTEN", "127.0.0.1", "HOOPSCOUT_LISTEN must be"),
    ("HOOPSCOUT_LISTEN", "256.1.1.1:80", "names no address"),
    ("HOOPSCOUT_DAEMONS", "web,coffee", "coffee"),
    ("HOOPSCOUT_POSTGRES_BIN_DIR", "/nowhere", "/nowhere has no initdb and postgres"),
    ("HOOPSCOUT_CONF", "/nowhere/hoopscout.conf", "/nowhere/hoopscout.conf"),
    ("HOOPSCOUT_STATE_DIR", "/tmp/hs-a,b", "without commas"),
    pytest.param("HOOPSCOUT_USER", "nobody-of-ours", "useradd --system", marks=needs_root),
    pytest.param("HOOPSCOUT_USER", "root", "is root", marks=needs_root),
])
def test_a_bad_setting_is_one_line_and_78(house, name, value, part):
    done = run_supervisor(house, env={name: value})
    assert done.returncode == 78, done.stderr
    assert len(lines_of(done.stderr)) == 1, done.stderr
    assert part in done.stderr
    if value != "256.1.1.1:80":     # whether a name is an address shows when it is bound
        assert run_supervisor(house, "--check", env={name: value}).returncode == 78


def test_check_starts_nothing(house):
    done = run_supervisor(house, "--check")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert not house.socket_path.exists()


def test_words(programs):
    run = lambda *words: subprocess.run([programs.path("hsd-supervisor"), *words], capture_output=True,  # noqa: E731
                                        text=True, check=False, timeout=20)
    assert run("--help").returncode == 0 and "hsd-supervisor" in run("--help").stdout
    assert re.fullmatch(r"hsd-supervisor \d+\.\d+\.\d+([~+]\S+)?\n", run("--version").stdout)
    assert run("--bogus").returncode == 64
    assert run("--task", "prepare", "now").returncode == 64


def test_taken_port(house):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", house.port))
        taken.listen()
        done = run_supervisor(house)
    assert done.returncode == 1
    assert f"127.0.0.1:{house.port} is in use by another program" in done.stderr
    assert not house.processes()


@needs_root
def test_programs_that_the_user_cannot_reach(house):
    """A clone under /root: the daemons' user cannot run what is in it, which is said before anything starts."""
    closed = new_dir("hs-closed-")
    try:
        for name in ("hsd-supervisor", "hsd-web", "hsd-importer", "hsd-extractor"):
            shutil.copy(house.programs.path(name), closed / name)
        closed.chmod(0o700)
        house.programs = copy.copy(house.programs)
        house.programs.dir, house.programs.stage = closed, None
        done = run_supervisor(house, env={"HOOPSCOUT_DATA_DIR": str(SOURCE_DIR)})
        assert done.returncode == 1
        assert str(closed / "hsd-supervisor") in done.stderr and "cannot reach this" in done.stderr
    finally:
        shutil.rmtree(closed)


@needs_root
def test_a_folder_with_content_is_not_taken_over(house):
    """A root-owned incoming folder that holds something is named, never chowned; an empty one is a new volume."""
    mine = house.dir / "mine"
    mine.mkdir(mode=0o755)
    (mine / "letter.txt").write_text("private")
    done = run_supervisor(house, env={"STATIC_DATASET_INCOMING_DIR": str(mine)})
    assert done.returncode == 1
    assert str(mine) in done.stderr and "chown" in done.stderr
    assert mine.stat().st_uid == 0

    (mine / "letter.txt").unlink()
    house.env["STATIC_DATASET_INCOMING_DIR"] = str(mine)
    house.start()
    assert mine.stat().st_uid == pwd.getpwnam(TEST_USER).pw_uid


@needs_root
def test_root_does_not_follow_links_of_the_user(house):
    """Whoever is the daemons' user must not get a folder of root's by laying a link to it."""
    treasure = house.dir / "treasure"
    treasure.mkdir(mode=0o755)
    shutil.rmtree(house.state / "snapshots")
    subprocess.run(as_user(["ln", "-s", str(treasure), str(house.state / "snapshots")]), check=True)
    done = run_supervisor(house)
    assert done.returncode == 1
    assert f"where={house.state}/snapshots" in done.stderr and "this link is" in done.stderr
    assert treasure.stat().st_uid == 0 and not list(treasure.iterdir())


@needs_root
def test_control_socket_in_a_folder_of_root(house):
    """/run/hoopscout.sock: root makes it there and gives it to the daemons' user."""
    folder = house.dir / "run"
    folder.mkdir(mode=0o755)
    house.env["HOOPSCOUT_CONTROL_SOCKET"] = str(folder / "c.sock")
    house.start(wait=False)
    until((folder / "c.sock").exists, 20, house.log_tail)
    found = (folder / "c.sock").stat()
    assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (pwd.getpwnam(TEST_USER).pw_uid, 0o660)
    assert house.stop() == 0
    assert not (folder / "c.sock").exists()


# ---- stopping -------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stops_in_order_and_leaves_nothing(house, number):
    house.start()
    began = time.monotonic()
    assert house.stop(sig=number) == 0
    assert time.monotonic() - began < 10
    assert not house.processes()
    assert not house.socket_path.exists()
    ends = re.findall(r"a process has ended name=(\w+) end=\"([^\"]*)\"", house.log())
    assert ends == [("web", "exit status 0"), ("extractor", "exit status 0"), ("importer", "exit status 0"),
                    ("postgres", "exit status 0")]
    assert "database system is shut down" in house.log()


def test_one_that_hangs_does_not_hold_up_the_end(house):
    house.env["HOOPSCOUT_STOP_SECONDS"] = "1"
    house.start()
    pid = house.daemon_pid("importer")
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    assert house.stop(seconds=20) == 0
    assert time.monotonic() - began < 12
    assert not is_alive(pid)
    assert "does not end: killing it" in house.log()


def test_a_second_signal_cuts_the_wait_short(house):
    house.env["HOOPSCOUT_STOP_SECONDS"] = "60"
    house.start()
    os.kill(house.daemon_pid("web"), signal.SIGSTOP)
    house.process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    house.process.send_signal(signal.SIGINT)    # as some wrappers do: the same wish once more
    time.sleep(1.2)
    assert house.process.poll() is None
    assert house.stop(sig=signal.SIGINT, seconds=15) == 0


def test_a_waiting_client_hears_of_the_end(house):
    """A command that waits for a daemon is answered when all of it stops, not cut off."""
    house.env["HOOPSCOUT_STOP_SECONDS"] = "3"
    house.start()
    os.kill(house.daemon_pid("importer"), signal.SIGSTOP)
    heard = []

    def wait():
        try:
            house.control("restart", daemon="importer")
        except ControlError as error:
            heard.append(error.code)

    waiter = threading.Thread(target=wait)
    waiter.start()
    until(lambda: daemon(house, "importer")["state"] == "stopping", 5, "the restart does not begin")
    house.process.send_signal(signal.SIGTERM)
    waiter.join(5)
    assert heard == ["not_running"]
    assert house.stop(sig=signal.SIGTERM, seconds=30) == 0
    assert house.log().count("started a process name=importer") == 1    # the restart is off


# ---- crashes --------------------------------------------------------------------------------


def test_killed_it_leaves_no_orphans_and_starts_again(house):
    house.start()
    house.sql("create table kept as select 42 as answer")
    house.kill()
    until(lambda: not house.processes(), 10, lambda: f"orphans: {house.processes()}")
    house.start()
    assert house.sql("select answer from kept") == "42"
    # at once, too: the next start waits for a postgres that is still ending, and for the sockets
    house.kill()
    house.start()
    assert [row["state"] for row in house.status()["daemons"]] == ["up", "up", "up"]


def test_all_killed_at_once(house):
    """As after a power failure: nobody could say goodbye, and what was committed is there."""
    house.start()
    house.sql("create table kept as select 42 as answer")
    for pid in sorted(house.processes(), key=lambda pid: pid != house.process.pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    house.process.wait()
    house.process = None
    house.start()
    assert house.sql("select answer from kept") == "42"


def test_killed_while_the_cluster_is_made(bare_house):
    """A half-made cluster is never taken for a whole one."""
    house = bare_house
    house.start(wait=False)
    until(lambda: (house.state / "postgres.making/base").exists(), 20, "initdb does not begin")
    house.kill()
    assert not (house.state / "postgres").exists()
    until(lambda: not house.processes(), 10, lambda: f"orphans: {house.processes()}")
    house.start()
    assert not (house.state / "postgres.making").exists()
    assert wait_database(house)["migration"]


def test_postgres_that_outlived_its_supervisor(house):
    """One is found by its pid file and its data folder, and stopped, before the next is started."""
    data = house.state / "postgres"
    left = subprocess.Popen(as_user([str(postgres_bin() / "postgres"), "-D", str(data), "-c", "listen_addresses=",
                                     "-c", f"unix_socket_directories={house.state / 'run'}"]),
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
    until(lambda: (data / "postmaster.pid").exists() and "ready" in (data / "postmaster.pid").read_text(), 20,
          "the leftover does not start")
    house.start()
    assert left.wait(10) == 0
    assert "ending a postgres that outlived its supervisor" in house.log()
    assert wait_database(house)


def test_pid_file_that_names_a_stranger(house):
    """After a crash of the machine the old number may be another process of the same user (patroni#681)."""
    stranger = subprocess.Popen(as_user(["sleep", "300"]), cwd="/")
    try:
        until(lambda: "sleep" in pathlib.Path(f"/proc/{stranger.pid}/cmdline").read_text(), 5, "no sleep")
        pid_file = house.state / "postgres/postmaster.pid"
        pid_file.write_text(f"{stranger.pid}\n{house.state}/postgres\n1700000000\n5432\n{house.state}/run\n\n"
                            "  1 1\nready   \n")
        shutil.chown(pid_file, *([TEST_USER] if is_root() else [os.geteuid()]))
        house.start()
        assert wait_database(house)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_postgres_dies_and_the_rest_goes_on(house):
    house.start()
    wait_database(house)
    before = {row["name"]: row["pid"] for row in house.status()["daemons"]}
    first = postgres_pid(house)
    os.kill(first, signal.SIGKILL)
    until(lambda: not is_alive(first), 5, "it does not die")
    wait_database(house)
    assert postgres_pid(house) != first
    assert {row["name"]: row["pid"] for row in house.status()["daemons"]} == before
    until(lambda: house.get("/health/").status == 200, 15, "/health/ does not become 200 again")


def test_a_daemon_that_is_killed_is_started_anew(house):
    house.start()
    for name in ("importer", "web"):
        pid = house.daemon_pid(name)
        os.kill(pid, signal.SIGKILL)
        row = until(lambda: (row := daemon(house, name))["state"] == "up" and row["pid"] != pid and row, 10,
                    lambda: f"{name} does not come back: {daemon(house, name)}")
        assert row["restarts"] == 1
        assert row["last_exit"] == "killed by signal 9 (Killed)"
    assert house.process.poll() is None


def test_a_crash_loop_is_called_by_its_name(house):
    """A daemon that cannot live waits longer and longer, says why, and costs the others nothing."""
    with stand_in(house, "web", "exit 3"):
        house.start(wait=False)
        row = wait_row(house, "web", lambda row: row["restarts"] >= 3)
        assert row["last_exit"] == "exit status 3"
        row = wait_state(house, "web", "waiting")
        assert 0 < row["next_try_seconds"] <= 30 and row["pid"] is None
        assert daemon(house, "importer")["state"] == "up"
        with pytest.raises(ControlError) as refusal:
            house.control("start", daemon="web")
        assert "web did not come up: exit status 3" in refusal.value.error["message"]
        assert house.control("stop", daemon="web")[1] == {"daemon": "web", "state": "stopped", "pid": None}


@pytest.mark.parametrize("script", ["exec sleep 600", "sleep 600; exit"])
def test_a_daemon_that_hangs_at_its_start_is_given_up(house, script):
    """One that never says that it is ready is killed and tried again; the others come up. What it had started itself
    and lives on, with its end of the control channel, changes nothing."""
    house.env["HOOPSCOUT_START_SECONDS"] = "1"
    with stand_in(house, "importer", script):
        house.start(wait=False)
        row = wait_row(house, "importer", lambda row: row["restarts"] >= 1)
        assert row["last_exit"] == ("killed by signal 9 (Killed): "
                                    "it was not ready within 1 s (HOOPSCOUT_START_SECONDS)")
        until(lambda: "started a process name=web" in house.log(), 10, "web waits for it")


def test_a_daemon_that_closes_its_channel_and_lives_on_is_ended(house):
    """Nobody could ask it anything, or hear of it, any more."""
    with stand_in(house, "importer", "exec /usr/bin/python3 -c 'import os, time; "
                  "os.close(int(os.environ[\"HS_CONTROL_FD\"])); time.sleep(600)'"):
        house.start(wait=False)
        row = wait_row(house, "importer", lambda row: row["restarts"] >= 1)
        assert row["last_exit"] == "killed by signal 9 (Killed)"
