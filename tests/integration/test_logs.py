"""hsctl logs: the latest lines of all daemons, as asked; a slow reader holds nobody up."""

import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from house import ControlError, until

LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (\w+)\[(\d+)\] (error|warning|info|debug): (.+)")


@pytest.fixture(scope="module")
def running(shared_house):
    shared_house.start()
    shared_house.drop("{}", "bad.json")
    shared_house.wait_for("failed/bad.json.errors.json")
    return shared_house


def shown(house, *args):
    done = house.hsctl("logs", *args)
    return [LINE.fullmatch(line).groups() for line in done.stdout.splitlines()]


def test_lines_of_all(running):
    lines = shown(running, "-n", "1000")
    assert {daemon for _, daemon, *_ in lines} == {"web", "importer", "supervisor"}
    assert [row[0] for row in lines] == sorted(row[0] for row in lines)
    pids = {daemon: int(pid) for _, daemon, pid, *_ in lines if daemon != "supervisor"}
    assert pids == {name: running.daemon_pid(name) for name in ("web", "importer")}
    # each stands in the log as well, in the same words
    log = running.log()
    assert all(text in log for *_, text in lines)


def test_one_daemon_one_level(running):
    assert {row[1] for row in shown(running, "importer")} == {"importer"}
    assert {row[3] for row in shown(running, "importer", "--level", "warning")} == {"warning"}
    assert any("bad.json" in row[4] for row in shown(running, "--level=warning"))
    assert shown(running, "web", "--level", "error") == []


def test_the_last_ones(running):
    every = shown(running, "--lines", "1000")
    assert shown(running, "-n", "3") == every[-3:] and shown(running, "-n2") == every[-2:]
    assert shown(running, "-n", "0") == []


def test_since(running):
    every = shown(running, "-n", "1000")
    assert shown(running, "--since", "1h") == every == shown(running, "--since", "2020-01-01")
    assert shown(running, "--since", "2999-01-01T00:00Z") == []
    middle = every[len(every) // 2][0]
    after = shown(running, "--since", middle[:19])
    assert after == [row for row in every if row[0] >= middle[:19]] and after


@pytest.mark.parametrize("args", [("nobody",), ("--level", "loud"), ("--since", "yesterday"), ("--since", "5w"),
                                  ("--since", "2026-13-01"), ("-n", "-1"), ("-x",), ("hsctl",)])
def test_refusals(running, args):
    done = running.hsctl("logs", *args, check=False)
    assert done.returncode == 2 and done.stderr.startswith("hsctl: ") and done.stdout == ""


def test_json(running):
    done = running.hsctl("logs", "-n", "2", as_json=True)
    assert [sorted(line) for line in done.lines[:2]] == [["at", "daemon", "event", "level", "pid", "text"]] * 2
    assert done.json == {"result": {"shown": 2, "lost": 0}}


def follow(house, *args):
    return subprocess.Popen([house.programs.path("hsctl"), "logs", "-f", *args], env=house.environment(),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_follow(running):
    with follow(running, "importer", "-n", "1") as reader:
        try:
            assert LINE.fullmatch(reader.stdout.readline().rstrip("\n"))    # now it follows
            for number in range(3):
                running.drop("{}", f"next-{number}.json")
                line = reader.stdout.readline()
                while f"next-{number}.json" not in line:
                    assert LINE.fullmatch(line.rstrip("\n")).group(2) == "importer"
                    line = reader.stdout.readline()
            reader.send_signal(signal.SIGINT)
            assert reader.wait(5) == 130 and reader.stderr.read() == ""
        finally:
            reader.kill()


def test_its_end_is_told(house):
    house.start()
    with follow(house, "-n", "1") as reader:
        try:
            assert reader.stdout.readline()
            house.stop()
            assert reader.wait(10) == 0
            lines = reader.stdout.read().splitlines()
            assert any("stopping all of it" in line for line in lines) and "supervisor" in lines[-1]
        finally:
            reader.kill()


def make_noise(house, times):
    for _ in range(times):
        house.control("reload")


def test_a_reader_who_does_not_read(house):
    """He costs neither memory nor time, and hears how much he missed."""
    house.env["HOOPSCOUT_LOG_BUFFER_BYTES"] = "64K"
    house.start()
    with socket.socket(socket.AF_UNIX) as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.connect(str(house.socket_path))
        link.sendall(b'{"id":1,"cmd":"logs","args":{"follow":true}}\n')
        make_noise(house, 2000)
        began = time.monotonic()
        assert house.get("/api/v1/players").status == 200 and house.status()["daemons"]
        assert time.monotonic() - began < 2
        memory = int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{house.process.pid}/status").read()).group(1))
        assert memory < 30 << 10 or "asan" in str(house.programs.build)    # a sanitizer keeps what was freed
        link.settimeout(20)
        got, lost, lines = b"", 0, 0
        while True:
            got += link.recv(65536)
            *whole, got = got.split(b"\n")
            for line in map(json.loads, whole):
                lines += line["event"] == "line"
                lost += line["count"] if line["event"] == "lost" else 0
            if lost and lines > 100:
                break
        assert lost > 100
    # what he missed is gone for all, and no more is kept than there is room for
    kept = house.hsctl("logs", "-n", "1000000", as_json=True)
    assert 100 < kept.json["result"]["shown"] < 1500


def test_a_supervisor_that_stands_still(house):
    """The daemons do not wait until it takes their lines; it is told how many were too many."""
    house.start()
    os.kill(house.process.pid, signal.SIGSTOP)
    try:
        for number in range(400):
            house.drop("{}", f"f{number}.json")
        until(lambda: len(house.ls("failed")) >= 800, 60, lambda: house.log_tail())
        assert house.get("/api/v1/players").status == 200
    finally:
        os.kill(house.process.pid, signal.SIGCONT)
    house.drop("{}", "afterwards.json")
    until(lambda: any("afterwards.json" in row[4] for row in shown(house, "importer")), 20, "its line does not come")
    done = house.hsctl("logs", "-n", "10000", as_json=True)
    failed = sum(line.get("event") == "line" and "f399.json" in line["text"] for line in done.lines)
    assert failed or done.json["result"]["lost"] > 0


def test_readers_come_and_go(running):
    before = len(os.listdir(f"/proc/{running.process.pid}/fd"))
    for _ in range(20):
        with follow(running) as reader:
            reader.stdout.readline()
            reader.kill()
    until(lambda: len(os.listdir(f"/proc/{running.process.pid}/fd")) <= before, 10, "descriptors are left open")


def test_children_hand_it_on_to_nobody(running):
    """PostgreSQL has no descriptor of ours but its own."""
    inode = {}
    for name in ("web", "importer"):
        pid = running.daemon_pid(name)
        inode[name] = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    shared = inode["web"] & inode["importer"]
    log = {link for link in shared if link.startswith("socket:")}
    assert len(log) == 1
    postmaster = int((running.state / "postgres/postmaster.pid").read_text().split()[0])
    theirs = {os.readlink(f"/proc/{postmaster}/fd/{fd}") for fd in os.listdir(f"/proc/{postmaster}/fd")}
    assert not log & theirs


def test_the_socket_wants_whole_arguments(running):
    for args in ({"follow": "yes"}, {"lines": -1}, {"level": 3}):
        with pytest.raises(ControlError):
            running.control("logs", **args)
