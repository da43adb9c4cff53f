"""Where the version comes from: the tarball's own word, else git's tags, else NEWS; and every program says it."""

import os
import re
import shutil
import subprocess

import pytest

from house import PROGRAMS, SOURCE_DIR, build_dir


@pytest.fixture
def sources(tmp_path):
    """A folder with what etc/version.sh looks at."""
    (tmp_path / "etc").mkdir()
    shutil.copy(SOURCE_DIR / "etc/version.sh", tmp_path / "etc/version.sh")
    shutil.copy(SOURCE_DIR / "NEWS", tmp_path / "NEWS")
    return tmp_path


def version(sources):
    done = subprocess.run(["sh", str(sources / "etc/version.sh")], check=True, capture_output=True, text=True, cwd="/")
    assert done.stderr == ""
    return done.stdout.rstrip("\n")


def git(sources, *words):
    env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    return subprocess.run(["git", "-C", str(sources), "-c", "user.name=a", "-c", "user.email=a@b", *words], check=True,
                          capture_output=True, text=True, env=env).stdout.strip()


@pytest.fixture
def clone(sources):
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    git(sources, "init", "-q")
    git(sources, "add", "-A")
    git(sources, "commit", "-q", "-m", "first")
    return sources


def test_without_tags(sources):
    news = re.match(r"HoopScout (\d+\.\d+\.\d+) \(", (sources / "NEWS").read_text())
    assert news, "NEWS begins with the version that is being worked on"
    assert version(sources) == news.group(1) + "~dev"


def test_tags(clone):
    assert version(clone).endswith("~dev")
    for tag, want in (("v1.2.0", "1.2.0"), ("v1.3.0-rc1", "1.3.0~rc1"), ("nonsense", "1.3.0~rc1")):
        git(clone, "commit", "-q", "--allow-empty", "-m", tag)
        if tag != "nonsense":
            git(clone, "tag", "-a", tag, "-m", tag)
            assert version(clone) == want
        else:
            git(clone, "tag", tag)
            assert re.fullmatch(re.escape(want) + r"\+1\.g[0-9a-f]+", version(clone))


def test_order_that_packages_are_upgraded_in():
    if not shutil.which("dpkg"):
        pytest.skip("dpkg is not installed")
    order = ["0.1.0~dev", "0.1.0~rc1", "0.1.0~rc1+2.gabc", "0.1.0", "0.1.0+1.gffff", "0.1.0+12.gaaaa", "0.1.1~dev", "0.1.1"]
    for first, second in zip(order, order[1:]):
        assert subprocess.run(["dpkg", "--compare-versions", first, "lt", second], check=False).returncode == 0, second


def test_tarball_knows_its_own(clone):
    """Unpacked within somebody's clone, it does not take that one's version."""
    git(clone, "tag", "v7.0.0")
    inner = clone / "unpacked"
    shutil.copytree(clone / "etc", inner / "etc")
    shutil.copy(clone / "NEWS", inner / "NEWS")
    assert version(inner).endswith("~dev")
    (inner / ".tarball-version").write_text("5.0.1\n")
    assert version(inner) == "5.0.1"


def test_every_program_says_the_same(programs):
    said = {subprocess.run([programs.path(name), "--version"], check=True, capture_output=True, text=True).stdout.split()[1]
            for name in PROGRAMS}
    configured = re.search(r"""^S\["PACKAGE_VERSION"\]="(.*)"$""", (build_dir() / "config.status").read_text(), re.M).group(1)
    assert said == {configured} and re.fullmatch(r"\d+\.\d+\.\d+([~+][a-z0-9.+]+)?", configured)
