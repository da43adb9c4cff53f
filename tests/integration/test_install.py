"""make install puts everything where it belongs, and what was installed runs by itself."""

import os
import re
import shutil
import subprocess

import pytest

from house import House, Programs, build_dir, is_root, make_environment, new_dir

INSTALLED = [
    "usr/bin/hsctl",
    "usr/sbin/hsd-extractor",
    "usr/sbin/hsd-importer",
    "usr/sbin/hsd-supervisor",
    "usr/sbin/hsd-web",
    "usr/share/hoopscout/examples/nba-2018.json",
    "usr/share/hoopscout/extractors/example_totals_array.json",
    "usr/share/hoopscout/htdocs/app.css.gz",
    "usr/share/hoopscout/htdocs/vendor/htmx.min.js",
    "usr/share/hoopscout/htdocs/vendor/htmx.min.js.gz",
    "usr/share/hoopscout/nginx/hoopscout-headers.conf",
    "usr/share/hoopscout/nginx/hoopscout-http.conf",
    "usr/share/hoopscout/nginx/hoopscout-location.conf",
    "usr/share/hoopscout/nginx/hoopscout-tls.conf",
    "usr/share/hoopscout/nginx/hoopscout.conf",
    "usr/share/hoopscout/prometheus/hoopscout.rules.yml",
    "usr/share/hoopscout/grafana/hoopscout.json",
    "usr/share/hoopscout/sql/001_entities.sql",
    "usr/share/hoopscout/templates/search.mustache",
    "usr/lib/systemd/system/hoopscout.service",
    "usr/lib/systemd/system/hoopscout.socket",
    "usr/lib/sysusers.d/hoopscout.conf",
    "usr/lib/tmpfiles.d/hoopscout.conf",
    "usr/share/bash-completion/completions/hsctl",
    "usr/share/zsh/site-functions/_hsctl",
    "usr/share/man/man1/hsctl.1",
    "usr/share/man/man5/hoopscout-mapping.5",
    "usr/share/man/man5/hoopscout.conf.5",
    "usr/share/man/man8/hsd-extractor.8",
    "usr/share/man/man8/hsd-importer.8",
    "usr/share/man/man8/hsd-supervisor.8",
    "usr/share/man/man8/hsd-web.8",
]


@pytest.fixture(scope="module")
def installed():
    found = Programs(installed=True)
    yield found
    found.remove()


def test_files_are_there(installed):
    there = {str(path.relative_to(installed.stage)) for path in installed.stage.rglob("*") if path.is_file()}
    assert [name for name in INSTALLED if name not in there] == []
    assert [name for name in there if name.endswith("/hoopscout/hoopscout.conf")], "a commented hoopscout.conf"
    assert [name for name in there if name.endswith((".a", ".h", ".o", ".la"))] == [], "nothing of the build"


def test_it_runs_where_it_was_installed(installed):
    house = House(installed)
    try:
        house.start()
        house.drop(installed.stage / "usr/share/hoopscout/examples/nba-2018.json")
        house.wait_for("archive/nba-2018.json")
        assert house.get("/api/v1/players?name=jokic").json()["total"] == 1
        assert house.get("/").status == 200
        assert house.hsctl("import", "list").stdout
        assert house.stop() == 0
    finally:
        house.close()


def test_uninstall_leaves_nothing(installed, tmp_path):
    for target in ("install", "uninstall"):
        done = subprocess.run(["make", "-s", "-C", str(installed.build), target, f"DESTDIR={tmp_path}"],
                              check=False, capture_output=True, text=True, env=make_environment())
        assert done.returncode == 0, done.stdout + done.stderr
    assert [path for path in tmp_path.rglob("*") if not path.is_dir()] == []


@pytest.fixture
def open_dir():
    """A folder that others can enter; pytest's own are closed."""
    path = new_dir("hs-tarball-")
    yield path
    subprocess.run(["chmod", "-R", "u+w", str(path)], check=False)
    shutil.rmtree(path)


def check_pages(root):
    """The pages that are installed name the places that are read: not those of another prefix."""
    pages = "".join(path.read_text() for path in [*sorted((root / "share/man").rglob("*.[158]")),
                                                  *(root / "share/hoopscout/nginx").iterdir()])
    for place in ("etc/hoopscout/hoopscout.conf", "etc/hoopscout/extractors/NAME.json",
                  "share/hoopscout/extractors/example_"):
        assert f"{root}/{place}" in pages, place
    assert re.findall(r"(?<![\w.])/(?:usr|etc)/\S*hoopscout\S*", pages) == []


def test_tarball_builds_by_itself(open_dir):
    """What `make dist` packs is all that is needed: built out of tree, from sources that cannot be written,
    by an ordinary user, without npm."""
    if "sanitize" in (build_dir() / "config.status").read_text():
        pytest.skip("once is enough")
    source, place = open_dir / "hoopscout", open_dir / "out"
    env = make_environment()
    env.update(NPM="/bin/false", HOME="/nonexistent")

    def run(*line, drop=(), where=build_dir()):
        done = subprocess.run([*drop, *map(str, line)], check=False, capture_output=True, text=True, env=env, cwd=where)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]

    run("make", "-s", "distdir", f"distdir={source}")
    run("chmod", "-R", "a-w,a+rX", source)
    place.mkdir()
    drop = ()
    if is_root():
        os.chown(place, 65534, 65534)
        drop = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    run(source / "configure", "-q", "--disable-tests", "CFLAGS=-O0", f"--prefix={place}/root", drop=drop, where=place)
    run("make", "-s", "-j2", drop=drop, where=place)
    run("make", "-s", "install", drop=drop, where=place)
    check_pages(place / "root")
    run(place / "root/bin/hsctl", "snapshot", "check", place / "root/share/hoopscout/examples/nba-2018.json", drop=drop)
