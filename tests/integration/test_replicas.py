"""Several machines: a primary and its standby, several web servers, two importers with one shared folder.

The tests run in the order in which they stand here: the last ones end the first server.
"""

import json
import os
import re
import signal
import threading
import time

import pytest

from browser import Browser, make_account, signed_in
from house import until
from servers import RemoteHouse, Servers, wait_hosts
from supervisors import wait_state

LAG_SECONDS = 2
SEARCH = "/api/v1/players?per_page=100"


def snapshot(*names, date="2025-03-01", points=10):
    """One player each, and one team, of a source of the test's own."""
    return {"source_name": "replicas", "snapshot_date": date, "records": [
        {"competition_external_id": "c", "competition_name": "League", "season": "2024", "team_external_id": "t",
         "team_name": "Team", "player_external_id": name, "full_name": f"Player {name}", "games_played": 10,
         "points_per_game": points} for name in names]}


@pytest.fixture(scope="module")
def servers():
    with Servers() as made:
        yield made


@pytest.fixture(scope="module")
def machines(programs, servers):
    """Two machines, each with all daemons but the extractor; the folders are the first one's."""
    first = RemoteHouse(programs, servers, HOOPSCOUT_REPLICA_LAG_SECONDS=LAG_SECONDS)
    second = RemoteHouse(programs, servers, folders_of=first, HOOPSCOUT_REPLICA_LAG_SECONDS=LAG_SECONDS)
    try:
        first.start()
        second.start()
        make_account(first, "chief", "admin")
        make_account(first, "watcher", "scout")
        yield first, second
    finally:
        for house in (second, first):
            house.close()


@pytest.fixture
def ready(machines, servers):
    """Both read from the standby."""
    for house in machines:
        wait_hosts(house, lambda hosts: hosts[servers.second.port]["searches"])
    return machines


def total(house, query=SEARCH, seconds=30):
    answer = house.get(query, seconds=seconds)
    assert answer.status == 200, (answer.status, answer.text)
    return answer.json()["total"]


def test_searches_are_asked_of_the_standby(ready, servers):
    """The standby's connections do the work, the primary has none for searches of strangers."""
    house = ready[0]
    house.drop(snapshot(*(f"a{n}" for n in range(20))), "a.json")
    house.wait_imported("a.json")
    servers.wait_even()
    assert total(house) == 20
    for n in range(30):
        assert total(house, f"/api/v1/players?games_min=1&ppg_min={n / 10}") == 20
    words = "select count(*) from pg_stat_activity where application_name = 'hsd-web' and query not like '%set_config%'"
    assert servers.second.sql(words) != "0" and servers.first.sql(words) == "0"
    assert len(house.get("/export.jsonl").text.splitlines()) == 20
    assert house.hsctl("quality", as_json=True).json["result"]["data_version"] > 1
    assert house.get(f"/players/{house.get(SEARCH).json()['players'][0]['id']}").status == 200
    assert servers.first.sql("select count(*) from pg_stat_activity where application_name in ('hsd-web quality', "
                             "'hsd-web version', 'hsd-web exporting')") == "0"
    rows = house.hosts()
    assert [rows[server.port]["role"] for server in (servers.first, servers.second)] == ["primary", "standby"]
    assert rows[servers.second.port]["lag_seconds"] < LAG_SECONDS and rows[servers.first.port]["lag_seconds"] is None
    assert re.search(rf":{servers.second.port}: standby, \d\.\d s behind, asked by searches\n", house.hsctl("status").stdout)


def test_answers_are_of_the_version_that_the_standby_shows(ready, servers):
    """Page, total and what is kept come from one state; after the import both machines tell of it."""
    first, second = ready
    for house in ready:
        assert total(house) == 20 and total(house) == 20    # the second is a kept one
    servers.second.sql("select pg_wal_replay_pause()")
    first.drop(snapshot("b1", "b2"), "b.json")
    first.wait_imported("b.json")
    assert total(first) == 20 and total(second) == 20, "the standby cannot know of it yet"
    page = first.get("/?per_page=100").text
    assert "Player a1" in page and "Player b1" not in page and "20 players" in page
    servers.second.sql("select pg_wal_replay_resume()")
    for house in ready:
        until(lambda house=house: total(house) == 22, 5, "the new players do not appear")
        assert "22 players" in house.get("/?per_page=100").text


def test_a_late_standby_is_not_asked(ready, servers):
    """Within the limit, and a moment to notice, everybody reads what the primary has; then it goes back."""
    first, second = ready
    admin = signed_in(second, "chief")
    assert admin.get(SEARCH).json()["total"] == 22
    servers.second.sql("select pg_wal_replay_pause()")
    first.drop(snapshot("c1"), "c.json")
    first.wait_imported("c.json")
    imported = time.monotonic()
    assert admin.get(SEARCH).json()["total"] == 23, "an admin reads what is there now"
    assert "Player c1" in admin.get("/?per_page=100").text
    for house in ready:
        until(lambda house=house: total(house) == 23, LAG_SECONDS + 3, "the late standby is still asked")
    assert time.monotonic() - imported < LAG_SECONDS + 3
    row = first.hosts()[servers.second.port]
    assert row["lag_seconds"] >= LAG_SECONDS and not row["searches"], row
    assert first.hosts()[servers.first.port]["searches"]
    servers.second.sql("select pg_wal_replay_resume()")
    for house in ready:
        wait_hosts(house, lambda hosts: hosts[servers.second.port]["searches"])
        assert total(house) == 23


def test_an_idle_primary_makes_no_standby_late(ready, servers):
    """With nothing to replay a standby is as good as its primary, however long that lasts."""
    assert servers.first.sql("select pg_current_wal_lsn()") != ""
    time.sleep(LAG_SECONDS + 1)
    row = ready[0].hosts()[servers.second.port]
    assert row["searches"] and row["lag_seconds"] < LAG_SECONDS, row


def test_machines_share_sessions(ready):
    """Who is signed in at one is at the other; signed out, he is at none."""
    first, second = ready
    watcher = signed_in(first, "watcher")
    there = Browser(second)
    there.cookies = dict(watcher.cookies)
    assert there.get("/admin/imports").status == 200
    elsewhere = signed_in(second, "watcher")
    assert there.submit("/account", "/sign-out").status == 303
    assert watcher.get("/admin/imports").status in (302, 303), "the session ended at the other machine"
    assert elsewhere.get("/admin/imports").status == 200, "this is another session"
    first.hsctl("user", "disable", "watcher")
    assert elsewhere.get("/admin/imports").status in (302, 303)


def imported_names(house, like):
    return house.sql(f"select count(*), count(distinct name) from import_file where status = 'imported' "
                     f"and name like '{like}'")


def test_two_importers_import_each_file_once(ready):
    """One folder, two machines, files by the hundred, one importer killed in the middle."""
    first, second = ready
    count = 120
    for n in range(count):
        first.drop(snapshot(f"d{n}", date="2025-03-02"), f"d{n}.json")
    until(lambda: int(imported_names(first, "d%").partition("|")[0]) > 40, 30, "nothing is imported")
    pid = second.daemon_pid("importer")
    os.kill(pid, signal.SIGKILL)
    until(lambda: not [name for name in first.ls("incoming") if not name.startswith(".")], 60,
          lambda: f"files stay: {first.ls('incoming')[:5]}\n{first.log_tail()}")
    until(lambda: imported_names(first, "d%") == f"{count}|{count}", 20, lambda: imported_names(first, "d%"))
    files = [name for name in first.ls("archive") if name.startswith("d")]
    assert sorted(files) == sorted(f"d{n}.json" for n in range(count)), "each was moved, and none copied"
    assert first.sql("select count(*) from import_file where name like 'd%' and status <> 'imported'") == "0"
    assert first.sql("select count(*) from import_file where name like 'd%' and stored_as is null") == "0"
    assert [name for name in first.ls("failed")] == []
    by_machine = first.sql("select count(distinct run_id) from import_file where name like 'd%'")
    assert int(by_machine) >= 2, "both took part"
    wait_state(second, "importer", "up")
    for house in ready:
        wrong = [line for line in house.log().splitlines() if re.search(r"hsd-importer.* (error|warning): ", line)]
        assert wrong == [], wrong[:5]


def restart_importer(house):
    pid = house.daemon_pid("importer")
    os.kill(pid, signal.SIGTERM)
    until(lambda: house.daemon_pid("importer") not in (None, pid), 20, house.log_tail)
    wait_state(house, "importer", "up")


def test_archive_is_compared_when_the_server_is_another_one(ready):
    """Only then, and only what the database does not know is put back: no duplicate, nothing that was undone."""
    first, second = ready
    second.hsctl("stop", "importer")
    first.drop(snapshot("u1", date="2025-03-02"), "undone.json")
    number = first.wait_imported("undone.json")["file_id"]
    first.hsctl("import", "undo", number)
    first.drop(snapshot("a1", date="2025-02-01", points=3), "twice.json")
    first.wait_imported("twice.json")
    first.drop(snapshot("a1", date="2025-02-01", points=3), "again.json")
    assert first.wait_imported("again.json")["status"] == "duplicate"
    (first.folder("archive") / "hand.json").write_text(json.dumps(snapshot("hand", date="2025-03-02")))
    (first.folder("archive") / "hand.json").chmod(0o644)
    restart_importer(first)
    first.drop(snapshot("u2", date="2025-03-02"), "next.json")
    first.wait_imported("next.json")
    assert "hand.json" in first.ls("archive"), "the server is the same as before"

    mark = first.folder("archive") / ".hoopscout-server.json"
    told = json.loads(mark.read_text())
    assert told["timeline"] == 1 and told["system"] > 0 and told["put_back"] == 0
    mark.write_text(json.dumps({**told, "timeline": 7}))
    before = [name for name in first.ls("archive") if name != "hand.json"]
    restart_importer(first)
    row = first.wait_imported("hand.json")
    assert row["status"] == "imported" and row["stored_as"] == "hand.json"
    assert [name for name in first.ls("archive") if name != "hand.json"] == before
    assert json.loads(mark.read_text()) == {**told, "put_back": 1, "since": json.loads(mark.read_text())["since"]}
    assert first.log().count("the file is put back, and imported again") == 1
    assert first.sql("select count(*) from import_file where name in ('undone.json', 'twice.json', 'again.json')") == "3"
    second.hsctl("start", "importer")
    wait_state(second, "importer", "up")


class Load(threading.Thread):
    """Searches that nobody has asked before, one after the other; remembers what went wrong when."""

    def __init__(self, house):
        super().__init__(daemon=True)
        self.house = house
        self.is_over = False
        self.count, self.slowest, self.errors = 0, 0.0, []

    def run(self):
        while not self.is_over:
            at = time.monotonic()
            self.count += 1
            try:
                answer = self.house.get(f"/api/v1/players?games_min=1&ppg_min={self.count % 997 / 1000}", seconds=20)
                if answer.status != 200:
                    self.errors.append((at, answer.status, answer.text))
            except OSError as error:
                self.errors.append((at, 0, str(error)))
            self.slowest = max(self.slowest, time.monotonic() - at)
            time.sleep(0.01)


def test_a_standby_may_die(ready, servers):
    """Whoever searches does not notice, nor when another one takes its place."""
    loads = [Load(house) for house in ready]
    for load in loads:
        load.start()
    time.sleep(0.3)
    servers.second.power_off()
    for house in ready:
        wait_hosts(house, lambda hosts: hosts[servers.second.port]["role"] == "away" and
                   hosts[servers.first.port]["searches"])
    servers.follow(servers.second, servers.first)
    for house in ready:
        wait_hosts(house, lambda hosts: hosts[servers.second.port]["searches"])
    time.sleep(0.3)
    for load in loads:
        load.is_over = True
        load.join(20)
        assert load.count > 30 and load.errors == [], load.errors[:3]


def test_failover_under_load(ready, servers):
    """The primary is gone in the middle of searches and imports, with commits that the standby never got: it
    is promoted, everything is there in the end, and only a few seconds had errors, if any."""
    first, second = ready
    loads = [Load(house) for house in ready]
    names, before = [], int(first.sql("select players from data_version"))

    def drop(count, start):
        for n in range(start, start + count):
            names.append(first.drop(snapshot(f"e{n}", date="2025-03-03"), f"e{n}.json"))
            time.sleep(0.02)

    admin = signed_in(first, "chief")
    for load in loads:
        load.start()
    drop(40, 0)
    until(lambda: int(imported_names(first, "e%").partition("|")[0]) > 10, 30, "nothing is imported")
    # from here on the primary says that it commits, and nobody else hears of it
    sender = [pid for pid, line in servers.first.children().items() if "walsender" in line]
    assert len(sender) == 1
    os.kill(sender[0], signal.SIGSTOP)
    known = int(servers.second.sql("select count(*) from import_file where name like 'e%'"))
    drop(30, 40)
    until(lambda: int(imported_names(first, "e%").partition("|")[0]) > known + 10, 30, "nothing is imported")
    kept = int(imported_names(first, "e%").partition("|")[0])
    servers.first.power_off()
    gone = time.monotonic()
    drop(20, 70)
    refused = admin.get("/admin/imports")
    assert refused.status == 503 and "passing from one server to another" in refused.text, refused.text[-1500:]
    assert int(refused.headers["Retry-After"]) > 0
    lost = kept - int(servers.second.sql("select count(*) from import_file where name like 'e%'"))
    assert lost > 5, "the standby has it all: this test proves nothing"
    assert servers.second.promote()
    promoted = time.monotonic()
    drop(20, 90)
    until(lambda: imported_names(first, "e%") == f"{len(names)}|{len(names)}", 60,
          lambda: f"{imported_names(first, 'e%')} of {len(names)}\n{first.log_tail()}")
    settled = time.monotonic()
    until(lambda: first.ls("incoming") == [], 10, lambda: first.ls("incoming"))
    until(lambda: admin.get("/admin/imports").status == 200, 10, "an admin is not let in")
    for house in ready:
        until(lambda house=house: total(house) == before + len(names), 10, "players are missing")
    for load in loads:
        load.is_over = True
        load.join(20)
        assert load.count > 50
    errors = [error for load in loads for error in load.errors]
    span = max((at for at, _, _ in errors), default=gone) - gone
    print(f"\nfailover: {lost} commits lost and done again; promoted {promoted - gone:.1f} s after the end; all "
          f"imported {settled - promoted:.1f} s after that; {len(errors)} of {sum(load.count for load in loads)} "
          f"searches failed, the last {span:.1f} s after the end; the slowest took "
          f"{max(load.slowest for load in loads):.1f} s")
    assert span < 10 and all(status == 503 for _, status, _ in errors), errors[:3]
    log = first.log() + second.log()
    assert log.count("the file is put back, and imported again") >= lost
    assert sorted(name for name in first.ls("archive") if name.startswith("e")) == sorted(names)
    assert first.ls("failed") == []
    hosts = first.hosts()
    assert hosts[servers.second.port]["role"] == "primary" and hosts[servers.first.port]["role"] == "away"
    assert hosts[servers.first.port]["message"] != ""


def test_the_old_primary_returns_as_a_standby(machines, servers):
    """Nothing of ours is started anew: searches move to it when it has caught up."""
    servers.follow(servers.first, servers.second)
    for house in machines:
        wait_hosts(house, lambda hosts: hosts[servers.first.port]["role"] == "standby" and
                   hosts[servers.first.port]["searches"], 25)
        assert total(house) > 200
    first = machines[0]
    first.drop(snapshot("f1", date="2025-03-04"), "f.json")
    first.wait_imported("f.json")
    for house in machines:
        until(lambda house=house: total(house, "/api/v1/players?name=f1") == 1, 5, "not there")


def test_no_answer_outlives_the_data_it_was_made_of(programs):
    """The number of a version that a failover lost is given again, to other data: nothing that was kept under it
    is answered. Here the primary alone is searched."""
    with Servers() as servers:
        house = RemoteHouse(programs, servers, HOOPSCOUT_REPLICA_LAG_SECONDS=0)
        try:
            house.start()
            wait_hosts(house, lambda hosts: hosts[servers.first.port]["searches"])
            servers.wait_even()
            sender = next(pid for pid, line in servers.first.children().items() if "walsender" in line)
            os.kill(sender, signal.SIGSTOP)
            house.drop(snapshot("lost"), "lost.json")
            house.wait_imported("lost.json")
            version = servers.first.sql("select version from data_version")
            (house.folder("archive") / "lost.json").unlink()    # or it would be imported again
            for _ in range(2):
                assert total(house, "/api/v1/players?name=other") == 0
            servers.first.power_off()
            assert servers.second.promote()
            wait_hosts(house, lambda hosts: hosts[servers.second.port]["searches"])
            house.drop(snapshot("other"), "other.json")
            house.wait_imported("other.json")
            assert servers.second.sql("select version from data_version") == version
            assert total(house, "/api/v1/players?name=other") == 1
        finally:
            house.close()
