"""The command of the README: ./bootstrap run, in the foreground, until Ctrl-C."""

import os
import re
import signal
import subprocess
import time
import urllib.request

import pytest

from house import SOURCE_DIR, build_dir, free_port, is_root, make_environment, until

pytestmark = pytest.mark.skipif(build_dir() != SOURCE_DIR / "build", reason="bootstrap builds in build/ alone")
BOOTSTRAP = str(SOURCE_DIR / "bootstrap")


def test_help_and_usage():
    done = subprocess.run([BOOTSTRAP, "help"], check=False, capture_output=True, text=True)
    assert done.returncode == 0 and "./bootstrap run" in done.stdout
    for line in ([BOOTSTRAP, "fly"], [BOOTSTRAP, "run", "away"]):
        done = subprocess.run(line, check=False, capture_output=True, text=True)
        assert done.returncode == 2 and "usage:" in done.stderr and done.stdout == ""


def test_second_build_has_nothing_to_do():
    begin = time.monotonic()
    done = subprocess.run([BOOTSTRAP, "build"], check=False, capture_output=True, text=True,
                          env=make_environment(), stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - begin < 10
    assert "CC " not in done.stdout + done.stderr and "installing" not in done.stderr


def _as_ordinary_user():
    """Arguments that run a command as nobody, when that is possible."""
    drop = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    if not is_root() or subprocess.run([*drop, "test", "-x", str(build_dir() / "hsd-web")], check=False).returncode:
        return None
    return drop


@pytest.mark.parametrize("who", ["caller", "nobody"])
def test_run_until_ctrl_c(bare_house, who):
    """As the caller (root in CI), and as a user who is not root and whom it asks for nothing."""
    house = bare_house
    prefix = []
    if who == "nobody":
        prefix = _as_ordinary_user()
        if prefix is None:
            pytest.skip("needs root, and a clone that others can read")
        subprocess.run(["chown", "-R", "nobody:nogroup", str(house.state)], check=True)
    env = make_environment()
    env.update(house.environment())
    env["HOME"] = "/nonexistent"
    house.log_path.touch()
    with open(house.log_path, "ab") as log, \
            subprocess.Popen([*prefix, BOOTSTRAP, "run"], env=env, stdin=subprocess.DEVNULL,
                             stdout=log, stderr=log, start_new_session=True) as process:
        try:
            until(lambda: process.poll() is not None or "Ctrl-C stops" in house.log(), 60,
                  lambda: f"it does not come up:\n{house.log_tail()}")
            assert process.poll() is None, house.log_tail()
            url = re.search(r"^ +search +(\S+)$", house.log(), re.M).group(1)
            incoming = re.search(r"^ +incoming +(\S+)$", house.log(), re.M).group(1)
            copy = re.search(r"^ +try next +(cp .*)$", house.log(), re.M).group(1)
            assert url == house.url("/") and incoming == str(house.folder("incoming"))
            assert urllib.request.urlopen(url, timeout=10).status == 200
            subprocess.run([*prefix, "sh", "-c", copy], check=True)
            house.wait_for("archive/nba-2018.json")

            os.killpg(process.pid, signal.SIGINT)       # as a terminal does
            assert process.wait(30) == 0, house.log_tail()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    until(lambda: not house.processes(), 10, lambda: f"these survived: {house.processes()}")


def test_two_run_side_by_side(house, bare_house):
    """Two instances with their own state folder and address know nothing of each other."""
    bare_house.port = free_port()
    house.start()
    bare_house.start()
    house.drop(SOURCE_DIR / "etc/examples/nba-2018.json")
    house.wait_for("archive/nba-2018.json")
    assert house.get("/api/v1/players").json()["total"] > 0
    assert bare_house.get("/api/v1/players").json()["total"] == 0
    assert house.stop() == 0
    assert bare_house.get("/health/").status == 200
