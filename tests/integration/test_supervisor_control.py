"""hsd-supervisor at work: commands, reload, the database, sockets, PID 1 and systemd."""

import grp
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from house import TEST_USER, ControlError, House, free_port, is_root, until
from supervisors import daemon, is_alive, needs_root, stand_in, wait_database, wait_row

pytestmark = pytest.mark.usefixtures("all_daemons")


@pytest.fixture(scope="module")
def running(shared_house):
    """A House that runs, for tests that leave it as they found it."""
    return shared_house.start()


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


def test_connections_are_refused_while_web_is_stopped(running):
    """Nobody waits for an answer that does not come; once it is started, all is as before."""
    house = running
    house.control("stop", daemon="web")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", house.port), timeout=20)
    assert house.control("status")[1]["listen"] == []
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", house.port))
        taken.listen()
        with pytest.raises(ControlError) as refusal:
            house.control("start", daemon="web")
        assert f"127.0.0.1:{house.port} is in use by another program" in refusal.value.error["message"]
    assert house.control("start", daemon="web")[1]["state"] == "up"
    assert house.get("/health/").status == 200
    assert house.control("status")[1]["listen"] == [house.url("/")]


def connections(house):
    return daemon(house, "web")["detail"]["connections"]


def test_a_connection_that_was_just_accepted_is_served_before_the_end(running):
    """Its request comes a moment after web was told to stop: it is answered, not hung up on."""
    house = running
    until(lambda: connections(house) == 0, 10, "old connections stay")
    with socket.create_connection(("127.0.0.1", house.port), timeout=20) as link:
        until(lambda: connections(house) == 1, 10, "it is not accepted")
        restart = threading.Thread(target=house.control, args=("restart",), kwargs={"daemon": "web"})
        restart.start()
        until(lambda: daemon(house, "web")["state"] == "stopping", 10, "web is not told to stop")
        time.sleep(0.3)
        link.sendall(b"GET /health/ HTTP/1.1\r\nHost: x\r\n\r\n")
        assert link.recv(64).startswith(b"HTTP/1.1 ")
        restart.join()


def test_a_connection_without_a_request_does_not_hold_up_the_end(running):
    house = running
    with socket.create_connection(("127.0.0.1", house.port), timeout=20) as link:
        until(lambda: connections(house) >= 1, 10, "it is not accepted")
        began = time.monotonic()
        house.control("restart", daemon="web")
        assert time.monotonic() - began < 10
        assert link.recv(1) == b""


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


@needs_root
@pytest.mark.parametrize("count", [0, 100])
def test_members_of_the_group_may_operate(running, count):
    """In however many groups they are, besides the daemons'."""
    house = running
    groups = ",".join(map(str, [*range(60000, 60000 + count), grp.getgrnam(TEST_USER).gr_gid]))
    code = ("import socket; link = socket.socket(socket.AF_UNIX); link.settimeout(20); "
            f"link.connect('{house.socket_path}'); "
            "link.sendall(b'{\"id\":1,\"cmd\":\"start\",\"args\":{\"daemon\":\"web\"}}\\n'); "
            "print(link.makefile().readline())")
    done = subprocess.run(["setpriv", "--reuid=nobody", "--regid=nogroup", f"--groups={groups}", "/usr/bin/python3",
                           "-c", code], capture_output=True, text=True, check=False, cwd="/")
    assert json.loads(done.stdout)["result"]["state"] == "up", done.stderr


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
        assert sorted(answer["reloaded"]) == ["extractor", "importer", "supervisor", "web"] and not answer["refused"]
    else:
        house.process.send_signal(signal.SIGHUP)
    until(lambda: settings_of(house)["HOOPSCOUT_SEARCH_SECONDS"]["value"] == "7", 10, house.log_tail)
    assert settings_of(house)["HOOPSCOUT_SEARCH_SECONDS"]["origin"] == str(house.conf)
    assert [row["pid"] for row in house.status()["daemons"]] == pids
    until(lambda: house.log().count("reloaded") >= 2, 10, "the daemons do not say that they reloaded")


def test_a_reload_reaches_a_daemon_that_is_only_starting(house):
    seen = house.dir / "seen"
    house.dir.chmod(0o777)
    with stand_in(house, "importer", f'echo "$HOOPSCOUT_SEARCH_SECONDS" >{seen}; exec sleep 600'):
        house.start(wait=False)
        wait_row(house, "importer", lambda row: row["state"] == "starting" and seen.exists())
        house.conf.write_text("HOOPSCOUT_SEARCH_SECONDS=7\n")
        assert "importer" in house.control("reload")[1]["reloaded"]
        until(lambda: seen.read_text() == "7\n", 10, house.log_tail)


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
        assert [row["state"] for row in house.status()["daemons"]] == ["up", "up", "up"]
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
