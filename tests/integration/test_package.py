"""The Debian package: built, checked by lintian, and lived with on a machine of its own under a real systemd.

The tests of one machine follow one package's life and need their order: installed, used, started by systemd again,
upgraded, started by a socket, removed, purged, installed again."""

import json
import pathlib
import re
import shutil
import subprocess
import time

import pytest

import machine as machines
from house import SOURCE_DIR, build_dir, make_environment, new_dir, until

pytestmark = pytest.mark.skipif("sanitize" in (build_dir() / "config.status").read_text(), reason="once is enough")
STATE = "/var/lib/hoopscout"
GET = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=30).read().decode())"
# serves one file, whatever is asked for, on 127.0.0.1:9000
FEED = """
import http.server, sys
body = open(sys.argv[1], "rb").read()
class Feed(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        found = self.path != "/robots.txt"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body if found else b"")
http.server.HTTPServer(("127.0.0.1", 9000), Feed).serve_forever()
"""


@pytest.fixture(scope="module")
def package():
    """What `make deb` makes, without optimizing, which takes long: (the .deb, its .changes)."""
    missing = [name for name in ("dpkg-buildpackage", "dh", "lintian") if not shutil.which(name)]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed")
    folder = new_dir("hs-deb-")
    env = make_environment()
    env.update(DEB_BUILD_OPTIONS="noopt noautodbgsym parallel=2", NPM="/bin/false", http_proxy="http://127.0.0.1:1/",
               https_proxy="http://127.0.0.1:1/")
    done = subprocess.run(["make", "-C", str(build_dir()), "deb", f"debdir={folder}/deb"], check=False, env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout[-6000:]
    yield next((folder / "deb").glob("hoopscout_*.deb")), next((folder / "deb").glob("*.changes"))
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def next_package(package):
    """The same once more as a later version, with one migration more."""
    folder = new_dir("hs-next-")
    tree = folder / "tree"
    subprocess.run(["dpkg-deb", "-R", str(package[0]), str(tree)], check=True)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"^Version: (.*)$", r"Version: \1+next", control.read_text(), flags=re.M))
    number = len(list((tree / "usr/share/hoopscout/sql").iterdir())) + 1
    (tree / f"usr/share/hoopscout/sql/{number:03}_next.sql").write_text("create table next_version (really boolean);\n")
    (tree / "DEBIAN/md5sums").unlink()
    conf = tree / "etc/hoopscout/hoopscout.conf"
    conf.write_text(conf.read_text() + "\n# a line of the next version\n")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "-b", str(tree), str(folder / "next.deb")], check=True,
                   stdout=subprocess.DEVNULL)
    yield folder / "next.deb"
    shutil.rmtree(folder)


def test_lintian(package):
    done = subprocess.run(["lintian", "--fail-on", "error,warning", "--allow-root", str(package[1])], check=False,
                          capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_contents(package):
    listed = subprocess.run(["dpkg-deb", "-c", str(package[0])], check=True, capture_output=True, text=True).stdout
    there = {line.split()[5][1:]: line.split()[0] for line in listed.splitlines()}
    assert {line.split()[1] for line in listed.splitlines()} == {"root/root"}
    for path in ("/etc/hoopscout/hoopscout.conf", "/lib/systemd/system/hoopscout.service", "/usr/sbin/hsd-supervisor",
                 "/lib/systemd/system/hoopscout.socket", "/usr/lib/sysusers.d/hoopscout.conf", "/usr/bin/hsctl",
                 "/usr/lib/tmpfiles.d/hoopscout.conf", "/usr/share/bash-completion/completions/hsctl",
                 "/usr/share/zsh/vendor-completions/_hsctl", "/usr/share/man/man8/hsd-supervisor.8.gz",
                 "/usr/share/hoopscout/htdocs/vendor/htmx.min.js", "/usr/share/doc/hoopscout/NEWS.gz"):
        assert path in there, path
    # nothing for another package's folders, nothing writable but by root
    assert [path for path in there if re.match(r"/(var|run|etc/(?!hoopscout))", path) and not path.endswith("/etc/")] == []
    assert [path for path, mode in there.items() if mode[5] == "w" or mode[8] == "w"] == []
    made_in = str(SOURCE_DIR).encode()
    unpacked = package[0].parent / "unpacked"
    subprocess.run(["dpkg-deb", "-x", str(package[0]), str(unpacked)], check=True)
    assert [path for path in unpacked.rglob("*") if path.is_file() and made_in in path.read_bytes()] == []


@pytest.fixture(scope="module")
def machine(package, next_package):
    why = machines.why_not()
    if why:
        pytest.skip(f"no machine to install it on: {why}")
    with machines.Machine() as made:
        made.run("userdel", "hoopscout", check=False)
        made.run("rm", "-rf", STATE, "/etc/hoopscout", "/etc/postgresql-common/createcluster.d/hoopscout.conf")
        shutil.copy(package[0], made.path("/root/hoopscout.deb"))
        shutil.copy(next_package, made.path("/root/next.deb"))
        yield made


def journal(machine):
    return machine.ask("journalctl", "--no-pager", "-o", "cat", "-u", "hoopscout.service")


def get(machine, path, port=8000):
    return machine.ask("/usr/bin/python3", "-c", GET, f"http://127.0.0.1:{port}{path}")


def status(machine):
    done = machine.run("hsctl", "status", "--json", check=False)
    return json.loads(done.stdout.splitlines()[-1]).get("result")


def wait_up(machine):
    def is_up():
        found = status(machine)
        return found and found["database"]["state"] == "up" and all(row["state"] == "up" for row in found["daemons"]) and found
    return until(is_up, 60, lambda: journal(machine)[-6000:])


def total(machine, name):
    return json.loads(get(machine, f"/api/v1/players?name={name}"))["total"]


def test_install(machine):
    depends = machine.run("dpkg-query", "-W", "-f", "${db:Status-Status}", "postgresql", check=False).stdout
    # postgresql-15 alone serves as well, and is what a machine may have
    machine.run("dpkg", *([] if depends == "installed" else ["--force-depends"]), "-i", "/root/hoopscout.deb")
    assert machine.ask("systemctl", "is-active", "hoopscout") == "active", journal(machine)
    assert machine.ask("systemctl", "is-enabled", "hoopscout.service", "hoopscout.socket", check=False) == "enabled\ndisabled"
    assert machine.ask("systemctl", "show", "-P", "StatusText", "hoopscout") == "all daemons are up"
    assert len(wait_up(machine)["daemons"]) == 3
    assert "<html" in get(machine, "/")
    user = machine.ask("getent", "passwd", "hoopscout").split(":")
    assert user[5:] == [STATE, "/usr/sbin/nologin"]
    assert machine.ask("stat", "-c", "%A %U %G", f"{STATE}/snapshots/incoming") == "drwxrws--- hoopscout hoopscout"
    assert machine.run("ls", "/etc/postgresql-common/createcluster.d", check=False).stdout.count("hoopscout") == 0


def test_unit_is_right(machine):
    done = machine.run("systemd-analyze", "verify", "hoopscout.service", "hoopscout.socket", check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert machine.run("systemd-analyze", "security", "--threshold=20", "hoopscout.service").returncode == 0
    # every process is in the sandbox
    group = machine.ask("systemctl", "show", "-P", "ControlGroup", "hoopscout")
    pids = set()
    for root in ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup"):
        pids |= set(machine.run("cat", f"{root}{group}/cgroup.procs", check=False).stdout.split())
    assert len(pids) > 8
    for pid in pids:
        lines = dict(line.split(":\t", 1) for line in machine.ask("cat", f"/proc/{pid}/status").splitlines() if ":\t" in line)
        assert lines["Uid"].split()[0] == machine.ask("id", "-u", "hoopscout"), lines["Name"]
        assert (lines["CapEff"].strip("0"), lines["CapBnd"].strip("0")) == ("", "")
        assert (lines["NoNewPrivs"], lines["Seccomp"]) == ("1", "2")
    assert machine.ask("systemctl", "show", "-P", "LimitNOFILE", "hoopscout") == "65536"


def test_use(machine):
    """Importing, fetching, reloading: all of it within the sandbox, and no system call was missed."""
    machine.run("cp", "/usr/share/hoopscout/examples/nba-2018.json", f"{STATE}/snapshots/incoming/")
    until(lambda: total(machine, "jokic") == 1, 30, lambda: journal(machine)[-4000:])
    machine.run("sh", "-c", "echo EXTRACTOR_ALLOW_PRIVATE_HOSTS=127.0.0.1 >>/etc/hoopscout/hoopscout.conf")
    machine.run("systemctl", "reload", "hoopscout")
    assert machine.ask("systemctl", "is-active", "hoopscout") == "active"
    machine.run("systemd-run", "--unit=feed", "/usr/bin/python3", "-c", FEED, f"{STATE}/snapshots/archive/nba-2018.json")
    until(lambda: machine.run("/usr/bin/python3", "-c", GET, "http://127.0.0.1:9000/", check=False).returncode == 0, 20,
          "no feed")
    done = machine.run("hsctl", "extractor", "run", "public_json_snapshot", "--url", "http://127.0.0.1:9000/feed.json",
                       "--source-name", "fed", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    machine.run("systemctl", "stop", "feed")
    until(lambda: "fed" in machine.ask("hsctl", "import", "files"), 30, lambda: machine.ask("hsctl", "import", "files"))
    machine.run("sh", "-c", "printf 'correct horse 9\\n' | hsctl user create ann --role admin")
    assert "ann" in machine.ask("hsctl", "user", "list")
    assert "not permitted" not in journal(machine)


def test_started_again_after_a_crash(machine):
    pid = machine.ask("systemctl", "show", "-P", "MainPID", "hoopscout")
    machine.run("kill", "-KILL", pid)
    until(lambda: machine.ask("systemctl", "show", "-P", "MainPID", "hoopscout") not in ("0", pid) and
          machine.run("systemctl", "is-active", "hoopscout", check=False).returncode == 0, 30, lambda: journal(machine)[-4000:])
    wait_up(machine)
    assert total(machine, "jokic") >= 1


def test_a_wrong_setting_is_not_tried_again(machine):
    machine.run("cp", "/etc/hoopscout/hoopscout.conf", "/root/conf")
    machine.run("sh", "-c", "echo HOOPSCOUT_STOP_SECONDS=soon >>/etc/hoopscout/hoopscout.conf")
    assert machine.run("systemctl", "restart", "hoopscout", check=False).returncode != 0
    assert machine.ask("systemctl", "show", "-P", "ActiveState", "hoopscout") == "failed"
    assert machine.ask("systemctl", "show", "-P", "ExecMainStatus", "hoopscout") == "78"
    assert "HOOPSCOUT_STOP_SECONDS" in journal(machine)
    machine.run("cp", "/root/conf", "/etc/hoopscout/hoopscout.conf")


def test_folders_elsewhere(machine):
    """The sandbox is closed to them; the log says how it is opened, and so it is."""
    machine.run("install", "-d", "-o", "hoopscout", "/srv/in")
    machine.run("sh", "-c", "echo STATIC_DATASET_INCOMING_DIR=/srv/in >>/etc/hoopscout/hoopscout.conf")
    assert machine.run("systemctl", "restart", "hoopscout", check=False).returncode != 0
    assert "ReadWritePaths=/srv/in" in journal(machine).splitlines()[-2] + journal(machine).splitlines()[-1]
    machine.run("mkdir", "/run/systemd/system/hoopscout.service.d")
    machine.run("sh", "-c", "printf '[Service]\\nReadWritePaths=/srv/in\\n' >/run/systemd/system/hoopscout.service.d/in.conf; "
                "systemctl daemon-reload; systemctl restart hoopscout")
    assert wait_up(machine)["incoming"] == "/srv/in"
    machine.run("cp", "/root/conf", "/etc/hoopscout/hoopscout.conf")
    machine.run("sh", "-c", "rm -r /run/systemd/system/hoopscout.service.d; systemctl daemon-reload; systemctl restart hoopscout")
    wait_up(machine)


def test_upgrade(machine):
    """PostgreSQL ends cleanly, the new version migrates, and what was changed or imported is as it was."""
    before, players = status(machine), total(machine, "")
    assert players > 10
    machine.run("journalctl", "--rotate")
    since = machine.ask("date", "+%Y-%m-%d %H:%M:%S")
    machine.run("dpkg", "--force-confold", "-i", "/root/next.deb")
    assert machine.ask("systemctl", "is-active", "hoopscout") == "active", journal(machine)
    after = wait_up(machine)
    assert after["pid"] != before["pid"] and after["database"]["migration"].endswith("_next.sql")
    assert total(machine, "") == players
    said = machine.ask("journalctl", "--no-pager", "-o", "cat", "-u", "hoopscout.service", "--since", since)
    assert "database system is shut down" in said and "was interrupted" not in said and "not properly shut down" not in said
    assert said.index("database system is shut down") < said.index("_next.sql")
    conf = machine.ask("cat", "/etc/hoopscout/hoopscout.conf")
    assert "EXTRACTOR_ALLOW_PRIVATE_HOSTS=127.0.0.1" in conf and "a line of the next version" not in conf


def test_socket(machine):
    """systemd binds port 80, starts us for the first visitor, and refuses nobody while we are started anew."""
    machine.run("mkdir", "-p", "/etc/systemd/system/hoopscout.socket.d")
    machine.run("sh", "-c", "printf '[Socket]\\nListenStream=\\nListenStream=80\\n' "
                ">/etc/systemd/system/hoopscout.socket.d/port.conf; systemctl daemon-reload")
    machine.run("systemctl", "stop", "hoopscout")
    machine.run("systemctl", "enable", "--now", "hoopscout.socket")
    assert machine.run("systemctl", "is-active", "hoopscout", check=False).stdout.strip() == "inactive"
    assert "<html" in get(machine, "/", 80)
    assert wait_up(machine)["listen"] == ["http://[::]:80/"]
    first = status(machine)["pid"]
    done = machine.run("sh", "-c", "systemctl restart --no-block hoopscout; for i in 1 2 3 4 5 6; do "
                       "python3 -c \"$0\" http://127.0.0.1/favicon.ico >/dev/null || exit 1; done",
                       GET, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert wait_up(machine)["pid"] != first


def test_remove_and_purge(machine):
    machine.run("dpkg", "-r", "hoopscout")
    assert machine.run("systemctl", "is-active", "hoopscout.service", "hoopscout.socket", check=False).stdout.split() == \
        ["inactive", "inactive"]
    assert machine.ask("ss", "-Htln") == ""
    assert machine.ask("sh", "-c", "ls /usr/sbin/hsd-* /usr/share/hoopscout /lib/systemd/system/hoopscout* 2>/dev/null; true") == ""
    assert machine.ask("cat", "/etc/hoopscout/hoopscout.conf")      # as Debian has it: settings go with a purge only
    done = machine.run("dpkg", "--purge", "hoopscout")
    assert f"the database and the snapshots are kept in {STATE}" in done.stderr
    assert machine.run("ls", "/etc/hoopscout", check=False).returncode != 0
    assert machine.ask("sh", "-c", "find /etc/systemd /var/lib/systemd/deb-systemd-helper* -name '*hoopscout*' "
                       "-not -path '*hoopscout.socket.d*'") == ""
    assert sorted(machine.ask("ls", STATE).split()) == ["postgres", "snapshots"]
    assert machine.ask("ls", f"{STATE}/snapshots") == "archive"


def test_installed_again_it_has_its_data(machine):
    machine.run("rm", "-r", "/etc/systemd/system/hoopscout.socket.d")
    machine.run("dpkg", "--force-confold", "-i", "/root/next.deb")
    wait_up(machine)
    assert total(machine, "jokic") >= 1
    assert "ann" in machine.ask("hsctl", "user", "list")


def test_purged_when_nothing_was_done(machine):
    machine.run("dpkg", "--purge", "hoopscout")
    machine.run("rm", "-rf", STATE)
    machine.run("systemctl", "mask", "hoopscout.service")       # installed, and never started
    machine.run("dpkg", "-i", "/root/hoopscout.deb")
    assert machine.ask("ls", STATE) == "snapshots"
    done = machine.run("dpkg", "--purge", "hoopscout")
    assert "are kept" not in done.stderr
    assert machine.run("ls", STATE, check=False).returncode != 0
