"""/metrics: what Prometheus reads, from each part of HoopScout, and with parts of it away."""

import json
import contextlib
import os
import signal
import time

import pytest

from browser import Browser, make_account
from house import SOURCE_DIR, House, until
from metrics import check, scrape

SNAPSHOT = (SOURCE_DIR / "etc/examples/nba-2018.json").read_bytes()


@pytest.fixture(scope="module")
def busy(programs, template, all_daemons):
    """A house that has imported, failed, fetched in vain and answered; nothing here changes what it is."""
    made = House(programs, template)
    made.env |= {"EXTRACTOR_HTTP_RETRIES": 0,
                 "EXTRACTOR_PUBLIC_JSON_URL": f"http://127.0.0.1:{made.port}/api/v1/none",
                 "EXTRACTOR_ALLOW_PRIVATE_HOSTS": "127.0.0.1"}
    try:
        made.start()
        made.drop(SNAPSHOT, "good.json")
        made.wait_imported("good.json")
        made.drop(SNAPSHOT + b"\n", "again.json")
        made.drop(b"{}", "bad.json")
        made.wait_for("failed/bad.json.errors.json")
        made.wait_imported("again.json")
        made.hsctl("extractor", "run", "public_json_snapshot", check=False)
        yield made
    finally:
        made.close()


def test_promtool_finds_nothing_wrong(busy):
    busy.get("/?name=x%22%5C%0A")
    done = check(busy.get("/metrics").text, "check", "metrics")
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_requests_are_counted_by_route(busy):
    before = scrape(busy)
    for path, status in (("/players/987654321", 404), ("/players/1", 200), ("/players/2", 200),
                         ("/secret-place/admin.php", 404), ("/api/v1/players?sort=nothing", 400)):
        assert busy.get(path).status == status
    assert busy.request("POST", "/players/1").status == 405
    after = scrape(busy)

    def more(name, **labels):
        return after(name, **labels) - (before(name, **labels) or 0)

    total = "hoopscout_http_requests_total"
    assert more(total, route="/players/{id}", method="GET", status="200") == 2
    assert more(total, route="/players/{id}", method="GET", status="404") == 1
    assert more(total, route="/players/{id}", method="POST", status="405") == 1
    assert more(total, route="none", method="GET", status="404") == 1
    assert more(total, route="/api/v1/players", method="GET", status="400") == 1
    assert more("hoopscout_http_request_duration_seconds_count", route="/players/{id}") == 4
    assert "secret-place" not in after.text and "987654321" not in after.text


def test_histogram_adds_up(busy):
    figures = scrape(busy)
    name = "hoopscout_http_request_duration_seconds"
    assert figures.types[name] == "histogram"
    routes = {dict(labels)["route"] for found, labels in figures.samples if found == f"{name}_count"}
    assert "/" not in routes or len(routes) > 1
    for route in routes:
        steps = sorted((float(dict(labels)["le"]), value) for (found, labels), value in figures.samples.items()
                       if found == f"{name}_bucket" and dict(labels)["route"] == route)
        counts = [value for _, value in steps]
        assert len(steps) == 14 and counts == sorted(counts)
        assert counts[-1] == figures(f"{name}_count", route=route)
        answers = sum(value for (found, labels), value in figures.samples.items()
                      if found == "hoopscout_http_requests_total" and dict(labels)["route"] == route)
        assert answers == counts[-1]
        assert 0 < figures(f"{name}_sum", route=route) < 60 * counts[-1]


def test_the_importers_and_the_extractors_work(busy):
    figures = scrape(busy)
    assert figures("hoopscout_import_files_total", status="imported") == 2
    assert figures("hoopscout_import_files_total", status="failed") == 1
    assert figures("hoopscout_import_files_total", status="duplicate") == 0
    records = len(json.loads(SNAPSHOT)["records"])
    assert figures("hoopscout_import_records_total", outcome="created") == records
    assert figures("hoopscout_import_records_total", outcome="unchanged") == records
    assert figures("hoopscout_import_queue_files") == 0
    assert figures("hoopscout_import_oldest_waiting_seconds") == 0
    assert figures("hoopscout_import_watching") == 1
    assert abs(figures("hoopscout_import_last_timestamp_seconds") - time.time()) < 300
    assert figures("hoopscout_extractor_runs_total", source="public_json_snapshot", status="failed") == 1
    assert figures("hoopscout_extractor_last_run_failed", source="public_json_snapshot") == 1


def test_the_house_is_shown(busy):
    figures = scrape(busy)
    for child in ("web", "importer", "extractor"):
        assert figures("hoopscout_child_up", child=child) == 1
        assert figures("hoopscout_child_restarts_total", child=child) == 0
    for folder in ("state", "incoming", "archive", "failed"):
        assert 0 < figures("hoopscout_folder_free_bytes", folder=folder) <= \
            figures("hoopscout_folder_size_bytes", folder=folder)
    assert figures("hoopscout_supervisor_up") == figures("hoopscout_database_up") == 1
    assert figures("hoopscout_migrations_pending") == 0
    assert figures("hoopscout_database_size_bytes") > 1e6
    assert figures("hoopscout_db_pool_connections", state="idle") >= 1
    assert figures("hoopscout_db_pool_wait_seconds_count") > 1
    assert figures("process_resident_memory_bytes") > 1e6
    assert abs(figures("process_start_time_seconds") - time.time()) < 600
    pid = busy.daemon_pid("web")
    assert abs(figures("process_open_fds") - len(os.listdir(f"/proc/{pid}/fd"))) < 8


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"])
def test_who_comes_through_a_proxy_needs_an_account(busy, header):
    answer = busy.get("/metrics", headers={header: "127.0.0.1"})
    assert answer.status == 401 and answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_of_a_scout_opens_it(busy):
    make_account(busy, "boss", "admin")
    proxied = {"X-Forwarded-For": "192.0.2.1"}
    for role, status in (("viewer", 403), ("scout", 200), ("admin", 200)):
        made = busy.hsctl("token", "create", f"m-{role}", "--account", "boss", "--role", role, as_json=True)
        secret = made.json["result"]["secret"]
        assert busy.get("/metrics", headers=proxied | {"Authorization": f"Bearer {secret}"}).status == status
    assert busy.get("/metrics", headers=proxied | {"Authorization": "Bearer hst_" + "a" * 43}).status == 401


def test_many_at_once(busy):
    """They share one question to the supervisor; one that leaves takes nobody with it."""
    import http.client
    links = [http.client.HTTPConnection("127.0.0.1", busy.port, timeout=30) for _ in range(20)]
    for link in links:
        link.request("GET", "/metrics")
    for link in links[::3]:
        link.close()
    for i, link in enumerate(links):
        if i % 3:
            answer = link.getresponse()
            assert answer.status == 200 and b"hoopscout_supervisor_up 1" in answer.read()
            link.close()


def test_head_has_no_body(busy):
    answer = busy.request("HEAD", "/metrics")
    assert answer.status == 200 and answer.body == b""


def test_parts_that_are_away(house):
    """The database, a stopped daemon, a daemon that hangs: what is known is told, and in time."""
    house.env["HOOPSCOUT_METRICS_FROM"] = "127.0.0.0/8"
    house.start()
    importer = house.daemon_pid("importer")
    os.kill(importer, signal.SIGSTOP)
    try:
        began = time.monotonic()
        figures = scrape(house)
        assert time.monotonic() - began < 5
        assert figures("hoopscout_child_up", child="importer") == 1     # it has not died
        assert figures("hoopscout_import_queue_files") is None
        assert figures("hoopscout_database_up") == 1
    finally:
        os.kill(importer, signal.SIGCONT)
    os.kill(importer, signal.SIGKILL)
    until(lambda: scrape(house)("hoopscout_child_restarts_total", child="importer") == 1, 30, "no restart is counted")
    house.hsctl("stop", "importer")
    assert scrape(house)("hoopscout_child_up", child="importer") == 0

    def away():
        # it comes back so soon that a slow scrape may miss its absence: then it goes again
        with contextlib.suppress(OSError, IndexError):
            os.kill(int((house.state / "postgres/postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
        found = scrape(house)
        return found if found("hoopscout_database_up") == 0 else None
    figures = until(away, 30, "the database is never away")
    assert figures("hoopscout_supervisor_up") == 1 and figures("hoopscout_data_version") is None
    done = check(figures.text, "check", "metrics")
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    until(lambda: scrape(house)("hoopscout_database_up") == 1, 60, "the database does not come back")


def test_others_networks_only(house):
    house.env["HOOPSCOUT_METRICS_FROM"] = "192.0.2.0/24"
    house.start()
    assert Browser(house).get("/metrics").status == 401
