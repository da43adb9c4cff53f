"""hsd-supervisor: what it starts and stops, in which order, as whom, and what survives what."""

import copy
import glob
import http.client
import json
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

from house import SOURCE_DIR, TEST_USER, ControlError, House, free_port, is_root, new_dir, until

@pytest.fixture(scope="module")
def running(shared_house):
    """A House that runs, for tests that leave it as they found it."""
    return shared_house.start()


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


def run_supervisor(house, *words, env=None, seconds=30):
    """Runs it to its end: for starts that must fail."""
    return subprocess.run([house.programs.path("hsd-supervisor"), *words], env=house.environment(env),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=seconds, check=False)


def lines_of(text):
    return [line for line in text.splitlines() if line.strip()]


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
    assert [row["state"] for row in status["daemons"]] == ["up", "up"]
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
    assert re.fullmatch(r"hsd-supervisor \d+\.\d+\.\d+\n", run("--version").stdout)
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
        for name in ("hsd-supervisor", "hsd-web", "hsd-importer"):
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
    assert ends == [("web", "exit status 0"), ("importer", "exit status 0"), ("postgres", "exit status 0")]
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
    assert [row["state"] for row in house.status()["daemons"]] == ["up", "up"]


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
    stage = new_dir("hs-loop-")
    try:
        for name in ("hsd-supervisor", "hsd-importer"):
            shutil.copy(house.programs.path(name), stage / name)
        (stage / "hsd-web").write_text("#!/bin/sh\nexit 3\n")
        (stage / "hsd-web").chmod(0o755)
        house.programs = copy.copy(house.programs)
        house.programs.dir, house.programs.stage = stage, None
        house.env.setdefault("HOOPSCOUT_DATA_DIR", house.programs.env.get("HOOPSCOUT_DATA_DIR", str(SOURCE_DIR)))
        house.start(wait=False)
        row = until(lambda: house.socket_path.exists() and (rows := house.status()["daemons"]) and
                    next((row for row in rows if row["name"] == "web" and row["restarts"] >= 3), None), 30,
                    lambda: house.log_tail())
        assert row["last_exit"] == "exit status 3"
        row = wait_state(house, "web", "waiting")
        assert 0 < row["next_try_seconds"] <= 30 and row["pid"] is None
        assert daemon(house, "importer")["state"] == "up"
        with pytest.raises(ControlError) as refusal:
            house.control("start", daemon="web")
        assert "web did not come up: exit status 3" in refusal.value.error["message"]
        assert house.control("stop", daemon="web")[1] == {"daemon": "web", "state": "stopped", "pid": None}
    finally:
        house.stop()
        shutil.rmtree(stage)


# ---- commands -------------------------------------------------------------------------------


def test_start_stop_restart(running):
    house = running
    first = house.daemon_pid("importer")
    assert house.control("stop", daemon="importer")[1] == {"daemon": "importer", "state": "stopped", "pid": None}
    assert not is_alive(first)
    with pytest.raises(ControlError) as refusal:
        house.control("import.list")
    assert refusal.value.error == {"code": "not_running", "message": "importer is not up: it is stopped"}
    time.sleep(0.5)
    assert daemon(house, "importer")["state"] == "stopped"      # it stays so
    answer = house.control("start", daemon="importer")[1]
    assert answer["state"] == "up" and answer["pid"] not in (None, first)
    again = house.control("start", daemon="importer")[1]
    assert again == answer                                      # already so is as good
    other = house.control("restart", daemon="importer")[1]
    assert other["state"] == "up" and other["pid"] != answer["pid"]


def test_restarting_web_refuses_no_connection(running):
    """The supervisor holds the sockets: who connects while no web runs is served a moment later."""
    house = running
    trouble, served = [], []
    over = threading.Event()

    def ask():
        while not over.is_set():
            try:
                served.append(house.get("/health/", seconds=20).status)
            except (OSError, http.client.HTTPException) as error:
                trouble.append(repr(error))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        house.control("restart", daemon="web")
    over.set()
    for thread in threads:
        thread.join()
    assert not trouble, trouble
    assert len(served) > 10


def test_a_connection_waits_while_web_is_stopped(running):
    house = running
    house.control("stop", daemon="web")
    with socket.create_connection(("127.0.0.1", house.port), timeout=20) as link:
        link.sendall(b"GET /health/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        house.control("start", daemon="web")
        assert link.recv(64).startswith(b"HTTP/1.1 ")


def test_status_does_not_hang_with_a_daemon(running):
    house = running
    pid = house.daemon_pid("importer")
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        row = daemon(house, "importer")
        assert time.monotonic() - began < 8
        assert row["state"] == "up" and row["detail"] is None
    finally:
        os.kill(pid, signal.SIGCONT)
    assert until(lambda: daemon(house, "importer")["detail"], 10, "its part does not come back")


def test_a_client_that_leaves_ends_nothing(house):
    house.start()
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(house.socket_path))
        link.sendall(b'{"id":1,"cmd":"restart","args":{"daemon":"web"}}\n{"id":2,"cmd":"import.now"}\n')
    until(lambda: (row := daemon(house, "web"))["state"] == "up" and row["restarts"] == 1, 10, "no restart")


def test_many_commands_on_one_connection(running):
    """Ids are the client's own, whatever else is under way."""
    house = running
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(20)
        link.connect(str(house.socket_path))
        for number in range(10, 20):
            cmd = "status" if number % 2 else "import.list"
            link.sendall(json.dumps({"id": number, "cmd": cmd}).encode() + b"\n")
        with link.makefile() as lines:
            answers = [json.loads(next(lines)) for _ in range(10)]
    assert sorted(answer["id"] for answer in answers) == list(range(10, 20))
    assert all("result" in answer for answer in answers), answers


@pytest.mark.parametrize("line, code", [
    (b"dunk\n", None),
    (b"[1]\n", None),
    (b'{"id":1,"id":2,"cmd":"status"}\n', None),
    (b"\xff\xfe\n", None),
    (b"x" * (1 << 20) + b"\n", None),
    (b'{"cmd":"status"}\n', "protocol_error"),
    (b'{"id":"a","cmd":"status"}\n', "protocol_error"),
    (b'{"id":1}\n', "protocol_error"),
    (b'{"id":1,"cmd":"dunk"}\n', "unknown_command"),
    (b'{"id":1,"cmd":"child.reload","args":{"settings":{}}}\n', "unknown_command"),
    (b'{"id":1,"cmd":"version"}\n', "unknown_command"),
    (b'{"id":1,"cmd":"start","args":{"daemon":"supervisor"}}\n', "bad_argument"),
    (b'{"id":1,"cmd":"start"}\n', "bad_argument"),
    (b'{"id":1,"cmd":"status","args":{"x":1}}\n', "bad_argument"),
    (b'{"id":1,"cmd":"status","args":[]}\n', "bad_argument"),
])
def test_bad_lines(running, line, code):
    """code None: the connection ends, and nothing else does."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(15)
        link.connect(str(running.socket_path))
        try:
            link.sendall(line)
            answer = link.makefile().readline()
        except (BrokenPipeError, ConnectionResetError):
            answer = ""
    if code is None:
        assert answer == ""
    else:
        assert json.loads(answer)["error"]["code"] == code
    assert running.status()["pid"] == running.process.pid


def test_too_many_clients(running):
    """Connections are counted for each user; a place that is free again is given again."""
    house = running
    links = []
    try:
        for _ in range(40):
            link = socket.socket(socket.AF_UNIX)
            link.settimeout(10)
            link.connect(str(house.socket_path))
            links.append(link)
        last = json.loads(links[-1].makefile().readline())
        assert last["error"]["code"] == "limit_reached"
    finally:
        for link in links:
            link.close()
    until(lambda: _answers(house), 10, "no place becomes free")


def _answers(house):
    try:
        return house.status()
    except (ControlError, OSError):
        return None


@needs_root
def test_strangers_cannot_open_the_socket(running):
    house = running
    code = f"import socket; socket.socket(socket.AF_UNIX).connect('{house.socket_path}')"
    done = subprocess.run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "/usr/bin/python3", "-c",
                           code], stderr=subprocess.PIPE, text=True, check=False, cwd="/")
    assert done.returncode != 0 and "PermissionError" in done.stderr


# ---- reload ---------------------------------------------------------------------------------


def settings_of(house):
    return {row["name"]: row for row in house.control("config")[1]["settings"]}


@pytest.mark.parametrize("way", ["command", "signal"])
def test_reload(house, way):
    house.env.pop("HOOPSCOUT_LOG_LEVEL", None)
    house.start(env={"HOOPSCOUT_LOG_LEVEL": ""})
    pids = [row["pid"] for row in house.status()["daemons"]]
    house.conf.write_text("HOOPSCOUT_LOG_LEVEL=debug\nHOOPSCOUT_SEARCH_SECONDS=7\n")
    if way == "command":
        answer = house.control("reload")[1]
        assert sorted(answer["reloaded"]) == ["importer", "supervisor", "web"] and not answer["refused"]
    else:
        house.process.send_signal(signal.SIGHUP)
    until(lambda: settings_of(house)["HOOPSCOUT_SEARCH_SECONDS"]["value"] == "7", 10, house.log_tail)
    assert settings_of(house)["HOOPSCOUT_SEARCH_SECONDS"]["origin"] == str(house.conf)
    assert [row["pid"] for row in house.status()["daemons"]] == pids
    until(lambda: house.log().count("reloaded") >= 2, 10, "the daemons do not say that they reloaded")


def test_a_bad_new_setting_changes_nothing(house):
    house.start()
    house.conf.write_text("HOOPSCOUT_SEARCH_SECONDS=7\nHOOPSCOUT_STOP_SECONDS=soon\n")
    with pytest.raises(ControlError) as refusal:
        house.control("reload")
    assert refusal.value.code == "bad_setting"
    assert "HOOPSCOUT_STOP_SECONDS" in refusal.value.error["message"]
    assert settings_of(house)["HOOPSCOUT_SEARCH_SECONDS"]["value"] == "10"
    assert house.stop() == 0


def test_what_a_reload_cannot_change(house):
    house.start()
    house.conf.write_text(f"POSTGRES_PORT={free_port()}\nHOOPSCOUT_SEARCH_SECONDS=7\n")
    house.control("reload")
    assert settings_of(house)["POSTGRES_PORT"]["value"] == "5432"
    assert settings_of(house)["HOOPSCOUT_SEARCH_SECONDS"]["value"] == "7"
    assert "takes effect only when HoopScout is started anew setting=POSTGRES_PORT" in house.log()
    assert house.sql("select 1") == "1"


def test_config_hides_secrets(house):
    house.env["POSTGRES_PASSWORD"] = "between-us"
    house.start()
    assert settings_of(house)["POSTGRES_PASSWORD"]["value"] == "********"
    assert "between-us" not in json.dumps(house.status()) + house.log()


# ---- the database ---------------------------------------------------------------------------


def test_migrating_by_hand(house):
    house.env.update(HOOPSCOUT_AUTO_MIGRATE="no", POSTGRES_DB="scouts")    # a database that is still to be made
    house.start()
    database = until(lambda: (found := house.status()["database"])["message"] and found, 20, "no message")
    assert "run hsctl migrate" in database["message"]
    assert database["migration"] is None
    events, result = house.control("migrate", seconds=60)
    assert result["newly"] == result["applied"] == result["known"] >= 1
    assert [event["name"] for event in events if event["event"] == "step"][-1] == result["latest"]
    assert house.control("migrate")[1]["newly"] == 0
    assert wait_database(house)["migration"] == result["latest"]


def test_an_edited_migration_is_told_and_the_daemons_run(house):
    house.start()
    house.sql("update schema_migration set sha256 = decode(repeat('00', 32), 'hex')")
    house.stop()
    house.start()
    database = until(lambda: (found := house.status()["database"])["message"] and found, 20, "no message")
    assert "001_entities" in json.dumps(database)
    with pytest.raises(ControlError) as refusal:
        house.control("migrate")
    assert refusal.value.code == "migration_error"


@pytest.fixture
def owner(programs, template):
    """A House whose PostgreSQL is an external one for another."""
    made = House(programs, template)
    yield made
    made.close()


def test_external_database_that_comes_late(owner, house):
    """Away at first: the daemons run and say so, and it is taken up when it is there; no cluster of our own is made."""
    shutil.rmtree(house.state / "postgres")
    house.env.update(POSTGRES_HOST=str(owner.state / "run"), POSTGRES_DB="scouts")
    house.start()
    away = wait_database(house, "away")
    assert away["kind"] == "external" and away["message"]
    assert house.get("/health/").status == 503
    assert not (house.state / "postgres").exists()

    owner.env["HOOPSCOUT_DAEMONS"] = "importer"
    owner.start()
    owner.sql("create database scouts")
    assert wait_database(house, seconds=60)["migration"]
    until(lambda: house.get("/health/").status == 200, 30, "/health/ does not become 200")
    assert house.stop() == 0
    assert owner.process.poll() is None


def test_a_state_folder_with_a_strange_name(programs, template):
    """Blanks, quotes and letters in the path reach postgres, its socket and the daemons whole."""
    house = House(programs, template)
    try:
        odd = house.dir / "s 'q\" é"
        house.state.rename(odd)
        house.state = odd
        house.start()
        assert wait_database(house)
    finally:
        house.close()


# ---- sockets, PID 1, systemd ----------------------------------------------------------------


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def test_several_sockets(house):
    path, port = house.dir / "web.sock", free_port()
    house.env["HOOPSCOUT_LISTEN"] = f"127.0.0.1:{house.port}, [::1]:{port},unix:{house.state}/web.sock"
    path = house.state / "web.sock"
    house.start()
    assert house.status()["listen"] == [house.url(), f"http://[::1]:{port}/", f"unix:{path}"]
    link = UnixConnection(path)
    link.request("GET", "/health/")
    assert link.getresponse().status in (200, 503)
    link.close()
    six = http.client.HTTPConnection("::1", port, timeout=20)
    six.request("GET", "/health/")
    assert six.getresponse().status in (200, 503)
    six.close()
    house.stop()
    assert not path.exists()


@needs_root
def test_a_port_below_1024_needs_no_root_in_web(house):
    for port in range(1023, 600, -1):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        house.port = port
        break
    house.start()
    assert house.get("/health/").status in (200, 503)


def listen_for_words(house):
    """A service manager's end of sd_notify: (socket, {variable: value})."""
    path = house.dir / "notify"
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(path))
    manager.settimeout(30)
    return manager, {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "400000"}


def test_tells_the_service_manager(house):
    manager, env = listen_for_words(house)
    heard = []

    def hear_until(word):
        end = time.monotonic() + 30
        while not any(word in line for line in heard):
            assert time.monotonic() < end, f"{word} does not come: {heard}"
            heard.extend(manager.recv(4096).decode().splitlines())

    with manager:
        house.start(wait=False, env=env)
        hear_until("READY=1")
        assert [row["state"] for row in house.status()["daemons"]] == ["up", "up"]
        hear_until("WATCHDOG=1")
        heard.clear()
        house.process.send_signal(signal.SIGHUP)
        hear_until("RELOADING=1")
        hear_until("MONOTONIC_USEC=")
        hear_until("READY=1")
        assert b"NOTIFY_SOCKET" not in pathlib.Path(f"/proc/{house.daemon_pid('web')}/environ").read_bytes()
        house.process.send_signal(signal.SIGTERM)
        hear_until("STOPPING=1")
        assert house.stop() == 0


def can_unshare():
    return is_root() and subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", "true"], check=False,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


@pytest.mark.skipif(not can_unshare(), reason="no PID namespace can be made here")
def test_as_pid_1(house):
    """In a container: it takes away the orphans it inherits, and SIGTERM still ends it."""
    line = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", house.programs.path("hsd-supervisor")]
    house.start(wait=False, program=line)
    until(lambda: house.socket_path.exists() and house.status()["daemons"] and
          all(row["state"] == "up" for row in house.status()["daemons"]), 60, house.log_tail)
    assert house.status()["pid"] == 1
    inside = int(subprocess.run(["pgrep", "-P", str(house.process.pid)], check=True, stdout=subprocess.PIPE,
                                text=True).stdout)
    # an orphan within the namespace: its parent ends at once, and PID 1 inherits it
    subprocess.run(["nsenter", "-t", str(inside), "-p", "sh", "-c", "sh -c 'exec sleep 0.2' & exit 0"], check=True)
    time.sleep(1)
    dead = subprocess.run(["ps", "-o", "stat=", "--ppid", str(inside)], check=False, stdout=subprocess.PIPE,
                          text=True).stdout
    assert "Z" not in dead, dead
    os.kill(inside, signal.SIGTERM)
    assert house.process.wait(30) == 0
    house.process = None
    assert "database system is shut down" in house.log()
