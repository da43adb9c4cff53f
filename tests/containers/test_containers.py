"""The images, built and run as docker-compose.yml says: what an operator does with `docker compose`."""

import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from compose import Compose  # noqa: E402
from house import SOURCE_DIR, until  # noqa: E402

SAMPLE = SOURCE_DIR / "tests/data/sample-2018.json"
RELEASE = ["docker-compose.yml", "docker-compose.release.yml"]
PASSWORD = "a password of ours, 100%"
REGISTRY = "registry.younerd.org/hoopscout"
FOLDERS = "postgres_data static_data media_data snapshots_incoming snapshots_archive snapshots_failed".split()


@pytest.fixture(scope="module")
def settings():
    """Where run.sh has built the images."""
    return {name: os.environ[name] for name in ("CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF")}


@pytest.fixture(scope="module")
def folder():
    """The compose files beside an .env, as README says."""
    made = pathlib.Path(tempfile.mkdtemp(prefix="hs-compose-"))
    for path in SOURCE_DIR.glob("docker-compose*.yml"):
        shutil.copy(path, made)
    shutil.copy(SOURCE_DIR / ".env.example", made / ".env")
    with open(made / ".env", "a", encoding="utf-8") as out:
        out.write(f"POSTGRES_PASSWORD={PASSWORD}\n")
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def project(folder, settings):
    made = Compose(f"hs{os.getpid()}", folder, RELEASE, {}, settings)
    try:
        made.up("postgres", "web", "nginx")
        made.wait_healthy("nginx")
        yield made
    finally:
        made.down()


def config(folder, *files, **environment):
    done = subprocess.run(["docker-compose", *itertools.chain(*(("-f", name) for name in files)), "config"],
                          cwd=folder, check=False, capture_output=True, text=True,
                          env={**os.environ, **environment})
    return done


@pytest.mark.parametrize("files", [["docker-compose.yml"], ["docker-compose.yml", "docker-compose.dev.yml"], RELEASE])
def test_each_combination_is_valid(folder, files):
    done = config(folder, *files, POSTGRES_PASSWORD="x", APP_IMAGE_TAG="1.2.3", NGINX_IMAGE_TAG="4.5")
    assert done.returncode == 0, done.stderr
    for name in FOLDERS:
        assert re.search(rf"^  {name}:", done.stdout, re.M), name
    if "docker-compose.dev.yml" in files:
        assert f"{REGISTRY}/web:dev" in done.stdout
        assert all(f"name: dev-{name}" in done.stdout for name in FOLDERS)
    else:
        assert f"{REGISTRY}/web:1.2.3" in done.stdout and f"{REGISTRY}/nginx:4.5" in done.stdout
    assert (f"{REGISTRY}/scheduler:1.2.3" in done.stdout) == (files is RELEASE)


def test_a_missing_password_is_told(folder):
    (folder / "empty").touch()
    environment = {name: text for name, text in os.environ.items() if name != "POSTGRES_PASSWORD"}
    done = subprocess.run(["docker-compose", "--env-file", "empty", "-f", "docker-compose.yml", "config"], cwd=folder,
                          check=False, capture_output=True, text=True, env=environment)
    assert done.returncode != 0 and "POSTGRES_PASSWORD" in done.stderr and ".env" in done.stderr


def get(path):
    with urllib.request.urlopen(f"http://127.0.0.1:8080{path}", timeout=10) as answer:
        return answer.status, dict(answer.headers), answer.read()


def drop(project, name, content):
    """As an operator does: into the volume, by way of the container."""
    project.execute("web", "sh", "-c", f"cat > /srv/snapshots/incoming/{name}.part && "
                    f"mv /srv/snapshots/incoming/{name}.part /srv/snapshots/incoming/{name}", stdin=content)


def lies_in(project, folder, name):
    return project.execute("web", "test", "-e", f"/srv/snapshots/{folder}/{name}", check=False).returncode == 0


def test_a_snapshot_comes_in_and_is_found(project):
    drop(project, "sample.json", SAMPLE.read_text(encoding="utf-8"))
    until(lambda: lies_in(project, "archive", "sample.json"), 30, lambda: project.logs("web"))
    name = json.loads(SAMPLE.read_text(encoding="utf-8"))["records"][0]["full_name"]
    total = json.loads(get("/api/v1/players")[2])["total"]
    assert total > 0
    page = get("/")[2].decode()
    assert "HoopScout" in page
    assert name.split()[-1] in get(f"/?name={name.split()[-1]}")[2].decode()
    drop(project, "bad.json", "{")
    until(lambda: lies_in(project, "failed", "bad.json"), 30, lambda: project.logs("web"))
    assert lies_in(project, "failed", "bad.json.errors.json")


def test_nginx_serves_the_static_files_of_web(project):
    status, headers, body = get("/static/app.css")
    assert status == 200 and body == (SOURCE_DIR / "htdocs/app.css").read_bytes()
    assert headers["ETag"] and "no-cache" in headers["Cache-Control"]
    named = re.search(r'"(/static/app\.css\?v=[^"]+)"', get("/")[2].decode())[1]
    assert "max-age=31536000" in get(named)[1]["Cache-Control"]
    with urllib.request.urlopen(urllib.request.Request(
            f"http://127.0.0.1:8080{named}", headers={"Accept-Encoding": "gzip"}), timeout=10) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("words", [["status"], ["import", "list"], ["extractor", "list"], ["config"],
                                   ["identity", "suggest"], ["quality"], ["migrate"], ["import", "now"], ["--help"]],
                         ids=" ".join)
def test_hsctl_works_within(project, words):
    done = project.execute("web", "hsctl", *words, check=False)
    # the pass that it asks for tells of the bad file of a moment ago
    assert done.returncode == 0 or (words == ["import", "now"] and "bad.json" in done.stdout), done.stderr
    assert done.stdout.strip()
    assert PASSWORD not in done.stdout + done.stderr


def test_a_backup_is_made_within(project):
    done = project.execute("web", "hsctl", "backup", "/tmp/all.tar", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.execute("web", "hsctl", "backup", "verify", "/tmp/all.tar").stdout.strip()


def test_processes_are_nobody_special(project):
    for service in ("web", "nginx", "postgres"):
        assert project.execute(service, "id", "-u").stdout.strip() != "0", service
        caps = project.execute(service, "sh", "-c", "grep -h CapEff /proc/1/status").stdout.split()[1]
        assert int(caps, 16) == 0, service
        assert "NoNewPrivs:\t1" in project.execute(service, "cat", "/proc/1/status").stdout
        written = project.execute(service, "sh", "-c", "touch /usr/x /etc/x /x", check=False)
        assert "Read-only file system" in written.stderr, service
    assert "hsd-supervisor" in project.execute("web", "cat", "/proc/1/cmdline").stdout


def test_it_stops_and_comes_back_with_everything(project):
    before = get("/api/v1/players")[2]
    assert project.stop("web") == 0, project.logs("web")
    assert project.stop("postgres") == 0, project.logs("postgres")
    project.remove("nginx", "web", "postgres")
    project.up("postgres", "web", "nginx")
    project.wait_healthy("nginx")
    assert get("/api/v1/players")[2] == before
    assert lies_in(project, "archive", "sample.json")


def test_health_tells_when_the_database_is_gone(project):
    project.stop("postgres")
    assert until(lambda: not project.is_healthy("web"), 20, "it is told healthy still")
    project.podman("start", project.container("postgres"))
    project.wait_healthy("web")


def test_web_waits_for_its_database(project):
    project.stop("postgres")
    project.remove("web")
    project.services["web"]["depends_on"] = {}
    project.up("web")
    until(lambda: "waiting for PostgreSQL at postgres" in project.logs("web"), 20, lambda: project.logs("web"))
    project.podman("start", project.container("postgres"))
    project.wait_healthy("web")


def test_the_scheduler_runs_the_extractor_alone(project):
    project.up("scheduler")
    project.wait_healthy("scheduler")
    status = json.loads(project.execute("scheduler", "hsctl", "status", "--json").stdout)
    running = {daemon["name"] for daemon in status["result"]["daemons"] if daemon["state"] == "up"}
    assert "extractor" in running and "web" not in running and "importer" not in running
    started = time.monotonic()
    assert project.stop("scheduler") == 0
    assert time.monotonic() - started < 30


def test_labels_and_size(project, settings):
    for image, at_most in (("web", 60), ("nginx", 40)):
        found = json.loads(project.podman("image", "inspect", f"{REGISTRY}/{image}:latest").stdout)[0]
        labels = found["Labels"]
        assert labels["org.opencontainers.image.licenses"].startswith("GPL-3.0")
        assert labels["org.opencontainers.image.version"] not in ("", "unknown")
        base = json.loads(project.podman("image", "inspect", "debian:bookworm-slim").stdout)[0]
        assert found["Size"] - base["Size"] < at_most << 20, image
        assert found["User"] not in ("", "root", "0")
