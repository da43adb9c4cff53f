"""hsd-supervisor under a service manager: sockets that it has bound, and what it is told."""

import fcntl
import http.client
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

from house import free_port, until
from supervisors import as_user, daemon, stand_in

# puts descriptors from 3 on, as a service manager does, and becomes the program
HAND_OVER = """
import os, sys
count = int(sys.argv[1])
os.environ.update(LISTEN_PID=os.environ.get("LISTEN_PID") or str(os.getpid()), LISTEN_FDS=sys.argv[2])
for n in range(count):
    os.set_inheritable(3 + n, True)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Manager:
    """Starts a House's supervisor with sockets of its own."""

    def __init__(self, house, *handles):
        self.house, self.handles = house, handles

    def line(self, said=None):
        count = str(len(self.handles))
        return [sys.executable, "-c", HAND_OVER, count, said or count, self.house.programs.path("hsd-supervisor")]

    def popen(self, said=None, env=None, **kwargs):
        high = [fcntl.fcntl(handle.fileno(), fcntl.F_DUPFD, 50) for handle in self.handles]

        def place():
            for n, source in enumerate(high):
                os.dup2(source, 3 + n)
        try:
            return subprocess.Popen(self.line(said), env=self.house.environment(env), preexec_fn=place, cwd="/",
                                    pass_fds=tuple(range(3, 3 + len(high))), stdin=subprocess.DEVNULL, **kwargs)
        finally:
            for fd in high:
                os.close(fd)

    def start(self):
        with open(self.house.log_path, "ab") as log:
            self.house.process = self.popen(stdout=log, stderr=log, start_new_session=True)
        return self.house.wait_ready()


def tcp(family=socket.AF_INET, host="127.0.0.1"):
    made = socket.socket(family)
    made.bind((host, 0))
    made.listen()
    return made


def ask(connection):
    connection.request("GET", "/health/")
    status = connection.getresponse().status
    connection.close()
    return status


def test_sockets_that_were_handed_over(house):
    """They are served on, instead of HOOPSCOUT_LISTEN's, and stay the manager's."""
    path = house.dir / "web.sock"
    local = socket.socket(socket.AF_UNIX)
    local.bind(str(path))
    local.listen()
    with tcp() as first, tcp(socket.AF_INET6, "::1") as second, local:
        house.env["LISTEN_FDNAMES"] = "http:six:local"
        Manager(house, first, second, local).start()
        port, six = first.getsockname()[1], second.getsockname()[1]
        assert house.status()["listen"] == [f"http://127.0.0.1:{port}/", f"http://[::1]:{six}/", f"unix:{path}"]
        assert ask(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) == 200
        assert ask(http.client.HTTPConnection("::1", six, timeout=20)) == 200
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", house.port), timeout=20)
        assert "HOOPSCOUT_LISTEN is not used" in house.log()
        environ = pathlib.Path(f"/proc/{house.daemon_pid('importer')}/environ").read_bytes()
        assert b"LISTEN_PID" not in environ and b"LISTEN_FDS" not in environ and b"LISTEN_FDNAMES" not in environ

        # they are not closed while web is stopped: who connects then is served when it is back
        house.control("stop", daemon="web")
        waiting = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        waiting.request("GET", "/health/")
        house.control("start", daemon="web")
        assert waiting.getresponse().status in (200, 503)
        waiting.close()
        house.control("restart", daemon="web")
        assert ask(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) in (200, 503)
        assert house.stop() == 0
        assert path.exists(), "the socket's file is the manager's to remove"


def test_what_cannot_be_served_on(house):
    with tcp() as listening, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram, \
            socket.create_connection(listening.getsockname()) as connected, open("/dev/null", "rb") as no_socket, \
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as packets:
        for handles, said, want in (
                ([listening, datagram], None, "descriptor 4 (second), which the service manager has handed over, is "
                 "no stream socket of TCP or Unix: its unit must say ListenStream="),
                ([packets], None, "descriptor 3 (first), which the service manager has handed over, is no stream"),
                ([connected], None, "a connection, and does not listen: its unit must say ListenStream=, and not Acc"),
                ([no_socket], None, "descriptor 3 (first), which the service manager has handed over, is no socket"),
                ([listening], "many", "LISTEN_FDS must be"),
                ([listening], "1000", "LISTEN_FDS must be"),
                ([listening], "0", "LISTEN_FDS must be")):
            done = Manager(house, *handles).popen(said, {"LISTEN_FDNAMES": "first:second"}, stderr=subprocess.PIPE,
                                                  text=True)
            assert want in done.communicate(timeout=30)[1]
            assert done.returncode == 78, want


def test_sockets_of_another_process(house):
    """An environment that was handed on tells of sockets which we do not have."""
    house.start(env={"LISTEN_PID": "1", "LISTEN_FDS": "1"})
    assert house.status()["listen"] == [house.url()]
    assert house.get("/health/").status == 200


def test_started_by_its_first_visitor(house):
    """systemd's own program binds, and starts the supervisor when somebody comes; that one is served, too."""
    program = shutil.which("systemd-socket-activate")
    if not program:
        pytest.skip("systemd-socket-activate is not installed")
    port = free_port()
    env = house.environment()
    keep = [f"--setenv={name}" for name in env if name.startswith(("HOOPSCOUT_", "ASAN_", "UBSAN_"))]
    house.start(wait=False, program=[program, "-l", f"127.0.0.1:{port}", *keep, house.programs.path("hsd-supervisor")])
    assert "started a process" not in house.log()
    link = until(lambda: knock(port), 20, "nobody binds")
    link.request("GET", "/health/")
    assert link.getresponse().status in (200, 503)
    link.close()
    house.wait_ready()
    assert house.status()["listen"] == [f"http://127.0.0.1:{port}/"]


def knock(port):
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        link.connect()
    except ConnectionRefusedError:
        return None
    return link


def test_port_that_needs_root_says_how(bare_house):
    house = bare_house
    lowest = int(pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    if lowest == 0:
        pytest.skip("here everybody may bind every port")
    env = house.environment({"HOOPSCOUT_LISTEN": f"127.0.0.1:{lowest - 1}"})
    done = subprocess.run(as_user([house.programs.path("hsd-supervisor")]), env=env, capture_output=True, text=True,
                          timeout=30, check=False, cwd="/")
    assert done.returncode == 1 and "ports below 1024 need root, or systemd's hoopscout.socket" in done.stderr


class Ear:
    """The service manager's end of sd_notify."""

    def __init__(self, house):
        self.path, self.heard = house.dir / "notify", []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.socket.settimeout(0.1)

    def hear(self, word, seconds=30):
        end = time.monotonic() + seconds
        while not any(word in line for line in self.heard):
            assert time.monotonic() < end, f"{word} does not come: {self.heard}"
            try:
                self.heard.extend(self.socket.recv(4096).decode().splitlines())
            except socket.timeout:
                pass


def test_ready_though_a_daemon_keeps_dying(house):
    """A service manager would end all of it, the importer too, if it waited in vain for READY=1."""
    house.daemons = "importer,extractor"
    ear = Ear(house)
    with stand_in(house, "extractor", "exit 3"):
        house.start(wait=False, env={"NOTIFY_SOCKET": str(ear.path)})
        ear.hear("READY=1")
        ear.hear("STATUS=not all daemons are up: 'hsctl status' says why")
        assert not [line for line in ear.heard if "all daemons are up" in line and "not all" not in line]
        assert daemon(house, "importer")["state"] == "up"
        # once it can live, that is told
        ear.heard.clear()
        shutil.copy(house.programs.build / "hsd-extractor", f"{house.programs.path('hsd-extractor')}.new")
        os.rename(f"{house.programs.path('hsd-extractor')}.new", house.programs.path("hsd-extractor"))
        ear.hear("STATUS=all daemons are up")
        assert "READY=1" not in ear.heard
        house.process.send_signal(signal.SIGTERM)
        ear.hear("STOPPING=1")
        assert house.stop() == 0
    ear.socket.close()
