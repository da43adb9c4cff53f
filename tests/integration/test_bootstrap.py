"""The command of the README: ./bootstrap run, in the foreground, until Ctrl-C."""

import os
import pwd
import re
import shutil
import signal
import subprocess
import time
import urllib.request

import pytest

from house import SOURCE_DIR, TEST_USER, build_dir, free_port, is_root, make_environment, new_dir, until

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


@pytest.fixture
def closed_clone():
    """This clone once more, built, in a folder that is closed to the daemons' user, as /root is."""
    if not is_root():
        pytest.skip("needs root")
    if "sanitize" in (build_dir() / "config.status").read_text():
        pytest.skip("once is enough")
    parent = new_dir("hs-closed-")
    parent.chmod(0o700)
    try:
        # with the times of the files, so that make has nothing to do
        shutil.copytree(SOURCE_DIR, parent / "clone", symlinks=True, ignore=shutil.ignore_patterns(
            ".git", "build-asan", "var", "__pycache__", ".pytest_cache", "*.trs", "check.log", "test_*.log"))
        yield parent / "clone"
    finally:
        shutil.rmtree(parent)


@pytest.mark.parametrize("who", ["caller", "nobody"])
def test_run_until_ctrl_c(bare_house, who):
    """As the caller (root in CI), and as a user who is not root and whom it asks for nothing."""
    prefix = []
    if who == "nobody":
        prefix = _as_ordinary_user()
        if prefix is None:
            pytest.skip("needs root, and a clone that others can read")
        subprocess.run(["chown", "-R", "nobody:nogroup", str(bare_house.state)], check=True)
    _run_until_ctrl_c(bare_house, BOOTSTRAP, prefix)


def test_run_in_closed_clone(bare_house, closed_clone):
    """Root's clone under /root: it runs from a copy that is root's too, beside a state folder that is not
    there yet and whose name is relative; a second time nothing is copied."""
    house = bare_house
    house.state.rmdir()
    house.env["HOOPSCOUT_STATE_DIR"] = house.state.name
    copy = house.dir / "s.app"
    _run_until_ctrl_c(house, str(closed_clone / "bootstrap"))
    assert "running from a copy in " + str(copy) in house.log()
    info = copy.stat()
    assert info.st_uid == 0 and info.st_mode & 0o777 == 0o755
    assert house.state.stat().st_uid != 0 and not (house.state / "app").exists()
    first = (copy / "usr/sbin/hsd-supervisor").stat()

    house.log_path.unlink()
    shutil.rmtree(house.state)
    _run_until_ctrl_c(house, str(closed_clone / "bootstrap"))
    again = (copy / "usr/sbin/hsd-supervisor").stat()
    assert (again.st_ino, again.st_ctime_ns) == (first.st_ino, first.st_ctime_ns)


@pytest.mark.parametrize("whose", ["parent", "copy"])
def test_closed_clone_refuses_what_others_can_replace(bare_house, closed_clone, whose):
    """Root runs no program that the daemons' user could have put there."""
    user = pwd.getpwnam(TEST_USER)
    theirs = bare_house.dir
    if whose == "copy":
        theirs = bare_house.dir / "s.app"
        theirs.mkdir()
    os.chown(theirs, user.pw_uid, user.pw_gid)
    env = make_environment()
    env.update(bare_house.environment())
    done = subprocess.run([str(closed_clone / "bootstrap"), "run"], check=False, capture_output=True, text=True,
                          env=env, stdin=subprocess.DEVNULL, timeout=60)
    assert done.returncode == 1
    assert ("could replace programs" if whose == "parent" else "is not root's: remove it") in done.stderr
    assert not (bare_house.dir / "s.app/usr").exists()


def _run_until_ctrl_c(house, bootstrap, prefix=()):
    env = make_environment()
    env.update(house.environment())
    env["HOME"] = "/nonexistent"
    house.log_path.touch()
    with open(house.log_path, "ab") as log, \
            subprocess.Popen([*prefix, bootstrap, "run"], env=env, stdin=subprocess.DEVNULL, cwd=house.dir,
                             stdout=log, stderr=log, start_new_session=True) as process:
        try:
            until(lambda: process.poll() is not None or "Ctrl-C stops" in house.log(), 60,
                  lambda: f"it does not come up:\n{house.log_tail()}")
            assert process.poll() is None, house.log_tail()
            url = re.search(r"^ +search +(\S+)$", house.log(), re.M).group(1)
            incoming = re.search(r"^ +incoming +(\S+)$", house.log(), re.M).group(1)
            copy, ask = re.search(r"^ +try next +(cp .*)\n +(.*)$", house.log(), re.M).groups()
            assert url == house.url("/") and incoming == str(house.folder("incoming"))
            assert urllib.request.urlopen(url, timeout=10).status == 200
            subprocess.run([*prefix, "sh", "-c", copy], check=True)
            house.wait_for("archive/nba-2018.json")
            # another terminal knows nothing of our settings
            done = subprocess.run([*prefix, "sh", "-c", ask], check=False, capture_output=True, text=True,
                                  env=make_environment(), cwd="/")
            assert done.returncode == 0 and " watch " in done.stdout, done.stdout + done.stderr

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
