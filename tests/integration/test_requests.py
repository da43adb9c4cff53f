"""Commands by the database: rows that hsd-web would write, and what the daemons make of them."""

import json
import os
import signal
import time

import pytest

from feed_server import FeedServer
from house import House, until
from supervisors import postgres_pid, wait_database
from test_extractor import NAME, prepare, slow_feed
from test_importer import record, snapshot

OVER = ("done", "failed", "cancelled", "lost")


@pytest.fixture(scope="module")
def feeds():
    with FeedServer() as server:
        yield server


@pytest.fixture
def own(house, feeds):
    """Importer and extractor, running, for one test alone."""
    return prepare(house, feeds, HOOPSCOUT_DAEMONS="importer,extractor", HOOPSCOUT_RESCAN_SECONDS="1").start()


@pytest.fixture(scope="module")
def hs(programs, template, feeds):
    """The same for tests that do not disturb each other."""
    house = prepare(House(programs, template), feeds, HOOPSCOUT_DAEMONS="importer,extractor",
                    HOOPSCOUT_RESCAN_SECONDS="1").start()
    yield house
    house.close()


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def ask(house, command, owner=None, **args):
    """Writes a request as a page would; gives its number."""
    text = json.dumps({name.replace("_", "-"): value for name, value in args.items()})
    return int(house.sql(f"insert into command_request (command, owner, args, asked_by) values ({literal(command)},"
                         f" {literal(owner or command.replace('import.', 'importer.').partition('.')[0])},"
                         f" {literal(text)}, 'coach') returning request_id"))


def look(house, number):
    return house.rows(f"select * from command_request where request_id = {number}")[0]


def wait_over(house, number, seconds=30):
    return until(lambda: (row := look(house, number))["status"] in OVER and row, seconds,
                 lambda: f"{look(house, number)}\n{house.log_tail()}")


def wait_status(house, number, status, seconds=20):
    return until(lambda: (row := look(house, number))["status"] == status and row, seconds,
                 lambda: f"{look(house, number)}\n{house.log_tail()}")


# -- what is asked is done ---------------------------------------------------------------------------

def test_import_now(hs):
    started = time.monotonic()
    row = wait_over(hs, ask(hs, "import.now"))
    assert time.monotonic() - started < 5, "NOTIFY does not wake the importer"
    assert row["status"] == "done" and row["error"] is None, row
    assert row["result"]["run"]["trigger"] == "admin", row
    assert row["result"]["totals"]["files"] == 0
    assert row["host"].endswith(f":{hs.state}") and row["asked_at"] <= row["taken_at"] <= row["finished_at"]
    assert hs.sql(f"select trigger from import_run where run_id = {row['result']['run']['run_id']}") == "admin"


def test_retry_imports_a_file(hs):
    """What lay in failed and is whole now: the row tells of the file, and of the run."""
    hs.drop("[]", "again.json")
    hs.wait_for("failed/again.json")
    hs.folder("failed/again.json").write_text(json.dumps(snapshot(record(full_name="Retried Player"))))
    row = wait_over(hs, ask(hs, "import.retry", file="again.json"))
    assert row["status"] == "done" and row["result"]["totals"]["imported"] == 1, row
    assert row["progress"]["event"] == "file" and row["progress"]["file"]["name"] == "again.json", row
    assert row["progress"]["events"]["file"] >= 1, row      # it may have waited before
    assert hs.sql("select count(*) from player where full_name = 'Retried Player'") == "1"


def test_errors_of_the_handler_are_in_the_row(hs):
    row = wait_over(hs, ask(hs, "import.retry", file="never-seen.json"))
    assert row["status"] == "failed" and row["result"] is None, row
    assert "never-seen.json" in row["error"]["message"] and row["error"]["code"] == "not_found", row
    assert row["error"]["message"].count(f"on {row['error']['declined'][0]}: ") == 1, row


def test_extractor_runs(hs, feeds):
    feeds.serve("/feed.json", snapshot(record(full_name="Fetched Player")))
    row = wait_over(hs, ask(hs, "extractor.run", name=NAME))
    assert row["status"] == "done" and row["result"]["status"] == "emitted", row
    assert row["result"]["trigger"] == "admin" and row["result"]["records"] == 1, row
    assert hs.sql(f"select trigger from extractor_run where run_id = {row['result']['run']}") == "admin"
    assert hs.wait_imported(row["result"]["file"].rpartition("/")[2])


def test_dry_run(hs, feeds):
    feeds.serve("/feed.json", snapshot(record(full_name="Never Stored")))
    row = wait_over(hs, ask(hs, "extractor.run", name=NAME, dry_run=True))
    assert row["result"]["status"] == "checked" and row["result"]["file"] is None, row


def test_progress_and_cancel(hs, feeds):
    """While one runs, others are taken: that is how it is cancelled."""
    slow_feed(feeds)
    number = ask(hs, "extractor.run", name=NAME)
    seen = until(lambda: (row := look(hs, number))["progress"] and row["progress"].get("bytes", 0) > 0 and row, 20,
                 lambda: look(hs, number))
    assert seen["status"] == "running" and seen["progress"]["event"] == "progress", seen
    time.sleep(3)
    later = look(hs, number)
    assert later["progress"]["bytes"] > seen["progress"]["bytes"], (seen, later)
    assert wait_over(hs, ask(hs, "extractor.cancel", name=NAME))["result"]["cancelled"] is True
    row = wait_over(hs, number)
    assert row["status"] == "done" and row["result"]["status"] == "cancelled", row
    events = row["progress"]["events"]["progress"]
    writes = int(hs.sql("select n_tup_upd from pg_stat_user_tables where relname = 'command_request'") or 0)
    assert events > 10 and writes < 60, (events, writes)


def test_enable_and_disable(hs):
    row = wait_over(hs, ask(hs, "extractor.disable", name=NAME))
    assert row["status"] == "done", row
    assert hs.sql("select is_enabled from extractor_source") == "f"
    row = wait_over(hs, ask(hs, "extractor.enable", name=NAME))
    assert row["status"] == "done" and hs.sql("select is_enabled from extractor_source") == "t", row


# -- what is refused ---------------------------------------------------------------------------------

@pytest.mark.parametrize("command, owner, args, code, says", [
    ("import.now", "importer", {"quickly": True}, "bad_argument", "knows no argument quickly"),
    ("import.retry", "importer", {}, "bad_argument", "needs file"),
    ("import.retry", "importer", {"file": 7}, "bad_argument", "file must be text"),
    ("import.retry", "importer", {"file": "../archive/x"}, "bad_argument", "without any path"),
    ("import.everything", "importer", {}, "unknown_command", "does not know the command import.everything"),
    ("import.now", "extractor", {}, "unknown_command", "belongs to the importer"),
    ("import.list", "importer", {}, "not_allowed", "cannot be asked for by the database"),
    ("stop", "importer", {"daemon": "web"}, "unknown_command", "belongs to the supervisor"),
    ("extractor.run", "extractor", {"name": "nobody"}, "not_found", "nobody"),
    ("extractor.run", "extractor", {"name": NAME, "output-path": "/etc"}, "not_allowed", "hsctl extractor run"),
    ("extractor.run", "extractor", {"name": NAME, "url": "http://10.0.0.1/"}, "not_allowed", "--url"),
])
def test_refused_in_the_row(hs, feeds, command, owner, args, code, says):
    text = literal(json.dumps(args))
    number = int(hs.sql(f"insert into command_request (command, owner, args, asked_by)"
                        f" values ('{command}', '{owner}', {text}, 'coach') returning request_id"))
    row = wait_over(hs, number)
    assert row["status"] == "failed" and row["error"]["code"] == code, row
    assert says in row["error"]["message"], row


def test_at_most_100_wait(hs):
    """All that wait are for a host that is not there; the 101st is refused, and those of others too."""
    hs.sql("insert into command_request (command, owner, asked_by, for_host)"
           " select 'import.now', 'importer', 'coach', 'nowhere:/' from generate_series(1, 100)")
    try:
        with pytest.raises(AssertionError, match="100 requests wait already"):
            ask(hs, "import.now")
    finally:
        hs.sql("delete from command_request where status = 'waiting'")
    assert wait_over(hs, ask(hs, "import.now"))["status"] == "done"


def test_only_the_latest_1000_are_kept(hs):
    hs.sql("insert into command_request (command, owner, asked_by, status, asked_at)"
           " select 'import.now', 'importer', 'coach', 'done', now() - interval '1 day' from generate_series(1, 1200)")
    last = ask(hs, "import.now")
    wait_over(hs, last)
    assert hs.sql("select count(*), max(request_id) from command_request") == f"1000|{last}"
    hs.sql("delete from command_request")


def test_nothing_happens_long_after(hs):
    """Nobody took it for an hour: it is cancelled, not run."""
    number = int(hs.sql("insert into command_request (command, owner, asked_by, asked_at)"
                        " values ('import.now', 'importer', 'coach', now() - interval '61 minutes')"
                        " returning request_id"))
    row = wait_over(hs, number)
    assert row["status"] == "cancelled" and "within an hour" in row["error"]["message"], row
    assert row["taken_at"] is None


def test_long_results_are_cut(hs, feeds):
    """A feed of which every record is wrong: the lists have no room in the row, the figures have."""
    long = "x" * 900
    feeds.serve("/feed.json", snapshot(*[record(player_external_id=f"p{n}", games_played=-1, full_name=f"{long}{n}")
                                         for n in range(2000)]))
    row = wait_over(hs, ask(hs, "extractor.run", name=NAME, dry_run=True))
    assert row["status"] == "done" and row["result"]["status"] == "failed", row
    size = int(hs.sql(f"select length(result::text) from command_request where request_id = {row['request_id']}"))
    assert row["result"]["problem_total"] >= 2000 and size < 300 << 10, size


# -- who takes it, and what dies ---------------------------------------------------------------------

def test_two_importers_run_each_once(house, programs):
    """Two machines on one database: each request is taken by one of them, and both work."""
    house.env.update(HOOPSCOUT_DAEMONS="importer")
    house.start()
    other = House(programs)
    try:
        other.env.update(HOOPSCOUT_DAEMONS="importer", POSTGRES_HOST=str(house.postgres_socket_dir))
        other.start()
        numbers = [ask(house, "import.now") for _ in range(60)]
        rows = [wait_over(house, number) for number in numbers]
        assert {row["status"] for row in rows} == {"done"}, rows
        assert {row["host"].partition(":")[2] for row in rows} <= {str(house.state), str(other.state)}
        taken = sum(h.log().count("took a request") for h in (house, other))
        assert taken == len(numbers), "a request was taken twice, or by nobody"
        hosts = f"select host from command_request where request_id = {rows[0]['request_id']}"
        target = house.sql(hosts).partition(":")[0] + f":{other.state}"
        for _ in range(5):
            number = int(house.sql("insert into command_request (command, owner, asked_by, for_host) values"
                                   f" ('import.now', 'importer', 'coach', '{target}') returning request_id"))
            assert wait_over(house, number)["host"] == target
    finally:
        other.close()


def test_the_importer_that_has_the_file(house, programs):
    """Two machines on one database, each with folders of its own: whoever has a failed file retries or deletes it."""
    house.env.update(HOOPSCOUT_DAEMONS="importer", HOOPSCOUT_RESCAN_SECONDS="1")
    house.start()
    other = House(programs)
    try:
        other.env.update(HOOPSCOUT_DAEMONS="importer", POSTGRES_HOST=str(house.postgres_socket_dir),
                         HOOPSCOUT_RESCAN_SECONDS="1")
        other.start()
        files = {}
        for number in range(4):     # one name, on both
            for there in (house, other):
                before = there.ls("failed")
                there.drop(f"[{number}, {int(there is other)}]", f"bad{number}.json")
                until(lambda: len(there.ls("failed")) == len(before) + 2, 20, there.log_tail)
                files[number, there] = house.sql("select max(file_id) from import_file")
        until(lambda: house.sql("select count(*) from import_file where stored_as is null") == "0", 10, house.log_tail)
        for (number, there), file in files.items():
            command = ("import.retry", "import.delete")[number % 2]
            row = wait_over(house, ask(house, command, file=f"bad{number}.json", id=int(file)))
            assert row["status"] == "done" and row["error"] is None, row
            assert row["host"].endswith(f":{there.state}"), row
        assert [name for name in house.ls("failed") + other.ls("failed") if name in ("bad1.json", "bad3.json")] == []
        row = wait_over(house, ask(house, "import.delete", file="bad1.json"), 10)
        assert row["status"] == "failed" and row["error"]["code"] == "not_found", row
        assert all(f":{there.state}: there is no file 'bad1.json'" in row["error"]["message"] for there in (house, other))
        assert len(row["error"]["declined"]) == 2 and row["host"] is None, row
    finally:
        other.close()


def test_killed_is_lost_and_told(own, feeds):
    """Its process is killed while it runs: lost, as soon as the next one is there, and not run again."""
    slow_feed(feeds)
    number = ask(own, "extractor.run", name=NAME)
    until(lambda: look(own, number)["progress"], 20, lambda: look(own, number))
    os.kill(own.daemon_pid("extractor"), signal.SIGKILL)
    row = wait_status(own, number, "lost")
    assert "its process ended before it did" in row["error"]["message"] and row["finished_at"], row
    own.wait_ready()
    until(lambda: "a request is lost" in own.log(), 10, own.log_tail)
    feeds.serve("/feed.json", snapshot())
    assert wait_over(own, ask(own, "extractor.run", name=NAME))["result"]["status"] == "emitted"
    assert look(own, number)["status"] == "lost"


def test_unseen_is_lost(hs):
    """Another machine took it, and is gone for good."""
    number = int(hs.sql("insert into command_request (command, owner, asked_by, status, host, taken_at, seen_at) values"
                        " ('import.now', 'importer', 'coach', 'running', 'gone:/x', now() - interval '1 hour',"
                        " now() - interval '6 minutes') returning request_id"))
    fresh = int(hs.sql("insert into command_request (command, owner, asked_by, status, host, taken_at, seen_at) values"
                       " ('import.now', 'importer', 'coach', 'running', 'other:/x', now(), now())"
                       " returning request_id"))
    assert wait_status(hs, number, "lost")
    assert look(hs, fresh)["status"] == "running"
    hs.sql(f"delete from command_request where request_id = {fresh}")


def test_stop_tells_what_ran(own, feeds):
    """A polite stop: nothing is left running in the table."""
    slow_feed(feeds)
    number = ask(own, "extractor.run", name=NAME)
    until(lambda: look(own, number)["progress"], 20, lambda: look(own, number))
    own.control("stop", daemon="extractor")
    row = wait_over(own, number)
    assert row["status"] in ("done", "cancelled"), row
    if row["status"] == "done":
        assert row["result"]["status"] == "cancelled", row
    waiting = ask(own, "extractor.enable", name=NAME)
    time.sleep(1)
    assert look(own, waiting)["status"] == "waiting"
    own.control("start", daemon="extractor")
    assert wait_over(own, waiting)["status"] == "done"


def test_database_restarts(own):
    """LISTEN is said again on the new connection: what is asked afterwards is taken at once."""
    assert wait_over(own, ask(own, "import.now"))["status"] == "done"
    old = postgres_pid(own)
    os.kill(old, signal.SIGKILL)
    until(lambda: own.status()["database"]["state"] != "up" or postgres_pid(own) != old, 20, "it does not go away")
    wait_database(own, seconds=60)
    own._hang_up()
    first = until(lambda: asked_again(own), 30, own.log_tail)
    assert wait_over(own, first, 40)["status"] == "done"
    started = time.monotonic()
    assert wait_over(own, ask(own, "import.now"))["status"] == "done"
    assert time.monotonic() - started < 5, "it does not listen any more"


def asked_again(house):
    try:
        return ask(house, "import.now")
    except AssertionError:
        house._hang_up()
        return None


def test_status_tells_what_nobody_takes(own):
    own.control("stop", daemon="importer")
    ask(own, "import.now")
    ask(own, "import.now")
    text = until(lambda: "2 requests wait for the importer" in (out := own.hsctl("status").stdout) and out, 40,
                 lambda: own.hsctl("status").stdout)
    assert "for the importer, the oldest for" in text
    own.control("start", daemon="importer")
    until(lambda: "wait for the importer" not in own.hsctl("status").stdout, 30, lambda: own.hsctl("status").stdout)
