"""Sources that run by themselves: on time, once on all machines, and made up once when missed."""

import json
import os
import pwd
import re
import signal
import time

import pytest

from feed_server import FeedServer
from house import House, until
from test_extractor import NAME, prepare, slow_feed
from test_extractor_mapped import FIELDS
from test_importer import record, snapshot

ON = {"SCHEDULER_ENABLED": "yes", "SCHEDULER_JITTER_SECONDS": "0"}


@pytest.fixture
def feeds():
    with FeedServer() as server:
        server.serve("/feed.json", snapshot(record()))
        yield server


@pytest.fixture
def hs(house, feeds):
    """A House whose source runs every second."""
    return prepare(house, feeds, EXTRACTOR_PUBLIC_JSON_SCHEDULE="@every 1s", **ON)


def runs(house, where="true"):
    return house.rows(f"select *, extract(epoch from started_at) as at from extractor_run where {where} order by run_id")


def source(house):
    """Its row; times in seconds since 1970."""
    rows = house.rows("select *, extract(epoch from last_due_at)::bigint as last, "
                      "extract(epoch from next_due_at)::bigint as next from extractor_source")
    return rows[0] if rows else None


def wait_settled(house, seconds=20):
    return until(lambda: (source(house) or {}).get("next") and source(house), seconds, house.log_tail)


def wait_runs(house, count, where="true", seconds=20):
    return until(lambda: len(runs(house, where)) >= count and runs(house, where), seconds, house.log_tail)


def listed(house):
    answer = house.hsctl("extractor", "list", as_json=True).json["result"]
    return answer["sources"][0]


def set_due(house, ago):
    """As if nobody had looked for so long."""
    house.sql(f"update extractor_source set next_due_at = date_trunc('second', now() - interval '{ago}')")


# -- on and off -----------------------------------------------------------------------------------

def test_runs_by_itself_again_and_again(hs, feeds):
    hs.start()
    found = wait_runs(hs, 3, "status <> 'running'")
    assert {run["trigger"] for run in found[:3]} == {"schedule"}, found
    assert [run["status"] for run in found[:3]] == ["emitted", "unchanged", "unchanged"]
    assert all(later["at"] - earlier["at"] > 0.5 for earlier, later in zip(found, found[1:]))
    history = hs.hsctl("extractor", "history").stdout
    assert re.search(rf"{NAME} +schedule ", history), history
    # its last and next time are kept, a second apart
    kept = source(hs)
    assert kept["next"] - kept["last"] == 1
    listed_now = listed(hs)["when"]
    assert listed_now["schedule"] == "@every 1s" and listed_now["enabled"] and listed_now["next_run_at"]


def test_off_unless_told(house, feeds):
    prepare(house, feeds, EXTRACTOR_PUBLIC_JSON_SCHEDULE="@every 1s").start()
    time.sleep(3)
    assert runs(house) == [] and feeds.paths() == []
    shown = house.hsctl("extractor", "list").stdout
    assert "scheduler off" in shown and "SCHEDULER_ENABLED=yes turns it on" in shown, shown
    assert "@every 1s" in shown
    assert listed(house)["when"]["next_run_at"] is None
    assert "the scheduler is off: SCHEDULER_ENABLED=yes turns it on" in house.hsctl("status").stdout
    assert "the scheduler is off" in house.hsctl("extractor", "enable", NAME).stdout


def test_without_a_schedule_nothing_runs(house, feeds):
    prepare(house, feeds, **ON).start()
    time.sleep(2.5)
    assert runs(house) == [] and source(house) is None
    assert "by command" in house.hsctl("extractor", "list").stdout
    assert "no source has a time to run next" in house.hsctl("status").stdout
    assert "it has no schedule" in house.hsctl("extractor", "enable", NAME).stdout


def test_disable_and_enable(hs):
    hs.start()
    wait_runs(hs, 1)
    said = hs.hsctl("extractor", "disable", NAME).stdout
    assert f"{NAME}: disabled" in said, said
    until(lambda: not runs(hs, "status = 'running'"), 10, hs.log_tail)
    before = len(runs(hs))
    time.sleep(3)
    assert len(runs(hs)) == before
    shown = hs.hsctl("extractor", "list").stdout
    assert re.search(rf"{NAME} .* disabled$", shown, re.M), shown
    # by command it runs all the same, and a restart does not enable it
    assert hs.hsctl("extractor", "run", NAME, as_json=True).json["result"]["status"] == "unchanged"
    hs.hsctl("extractor", "cancel", NAME)
    trail = "select action, actor, subject, detail from audit_trail order by audit_id"
    until(lambda: len(hs.rows(trail)) == 3, 10, lambda: hs.rows(trail))
    user = pwd.getpwuid(os.getuid()).pw_name
    assert [list(row.values()) for row in hs.rows(trail)] == [[f"extractor.{what}", "hsctl", NAME, f"user {user}"]
                                                              for what in ("disable", "run", "cancel")]
    hs.hsctl("restart", "extractor")
    time.sleep(2.5)
    assert len(runs(hs)) == before + 1
    said = hs.hsctl("extractor", "enable", NAME).stdout
    assert re.search(rf"{NAME}: enabled; next run \d\d\d\d-", said), said
    found = wait_runs(hs, before + 2)
    # what fell due while it was disabled is not made up
    assert found[-1]["trigger"] == "schedule"


def test_switching_an_unknown_source(hs):
    hs.start()
    for command in ("enable", "disable"):
        done = hs.hsctl("extractor", command, "nobody", check=False, as_json=True)
        assert done.returncode == 1 and done.json["error"]["code"] == "not_found", done.stdout


def test_settings_take_effect_by_reload(house, feeds):
    prepare(house, feeds).start()
    house.conf.write_text("SCHEDULER_ENABLED=yes\nEXTRACTOR_PUBLIC_JSON_SCHEDULE=@every 1s\n")
    house.hsctl("reload")
    wait_runs(house, 1)
    house.conf.write_text("SCHEDULER_ENABLED=no\nEXTRACTOR_PUBLIC_JSON_SCHEDULE=@every 1s\n")
    house.hsctl("reload")
    until(lambda: not runs(house, "status = 'running'"), 10, house.log_tail)
    before = len(runs(house))
    time.sleep(2.5)
    assert len(runs(house)) == before
    # a bad one is refused, and all goes on as before
    house.conf.write_text("EXTRACTOR_PUBLIC_JSON_SCHEDULE=61 * * * *\n")
    done = house.hsctl("reload", check=False)
    assert "the minute, 61" in done.stdout + done.stderr, done.stdout + done.stderr


@pytest.mark.parametrize("name,value,says", [
    ("EXTRACTOR_PUBLIC_JSON_SCHEDULE", "0 4 * *", "4 fields instead of five"),
    ("EXTRACTOR_PUBLIC_JSON_SCHEDULE", "0 0 30 2 *", "never due"),
    ("SCHEDULER_TIMEZONE", "Europe/Entenhausen", "no time zone Europe/Entenhausen"),
    ("SCHEDULER_TIMEZONE", "../../etc/passwd", "is no time zone"),
])
def test_bad_settings_are_named(house, feeds, name, value, says):
    prepare(house, feeds, **{name: value}).start(wait=False)
    until(lambda: says in house.log(), 30, house.log_tail)
    line = next(line for line in house.log().splitlines() if says in line)
    assert name in line, line


# -- when -----------------------------------------------------------------------------------------

def test_five_fields_in_a_time_zone(house, feeds):
    """A quarter past three in Kathmandu is half past nine in London's winter."""
    prepare(house, feeds, EXTRACTOR_PUBLIC_JSON_SCHEDULE="15 15 * * *", SCHEDULER_TIMEZONE="Asia/Kathmandu", **ON)
    house.start()
    next_due = wait_settled(house)["next"]
    assert next_due % 86400 == 9 * 3600 + 30 * 60
    assert 0 < next_due - time.time() <= 86400
    when = listed(house)["when"]
    assert when["time_zone"] == "Asia/Kathmandu" and when["next_run_at"].endswith("T09:30:00Z"), when
    shown = house.hsctl("extractor", "list").stdout
    assert "09:30" in shown and "15 15 * * *, Asia/Kathmandu" in shown, shown
    status = house.hsctl("status").stdout
    assert f" 09:30:00 (UTC): {NAME}" in status, status
    # another schedule begins anew
    house.stop()
    house.env["SCHEDULER_TIMEZONE"] = "UTC"
    house.start()
    until(lambda: source(house)["next"] % 86400 == 15 * 3600 + 15 * 60, 20, house.log_tail)
    assert runs(house) == []


def test_schedules_of_mappings(house, feeds):
    """Each source has its own schedule and time zone; a bad one is told once, and disturbs none."""
    mappings = house.dir / "extractors"
    mappings.mkdir()
    mappings.chmod(0o755)
    feeds.serve("/players", {"players": [{"id": 1, "name": "Player", "club": "Club"}]})
    plans = {"often": {"schedule": "@every 1s"}, "nightly": {"schedule": "30 2 * * *", "timezone": "Asia/Tokyo"},
             "odd": {"schedule": "61 * * * *"}, "nowhere": {"schedule": "@daily", "timezone": "Mars/Olympus"},
             "asked": {}}
    for name, more in plans.items():
        (mappings / f"{name}.json").write_text(json.dumps(
            {"records": "/players", "fields": FIELDS, "url": feeds.url("/players"), **more}))
    prepare(house, feeds, EXTRACTOR_MAPPINGS_DIR=mappings, **ON).start()
    wait_runs(house, 3, "status in ('emitted', 'unchanged')")
    assert house.sql("select distinct source from extractor_run") == "often"
    when = {row["name"]: row["when"] for row in
            house.hsctl("extractor", "list", as_json=True).json["result"]["sources"]}
    assert when["nightly"]["next_run_at"].endswith("T17:30:00Z") and when["nightly"]["time_zone"] == "Asia/Tokyo"
    assert "the minute, 61" in when["odd"]["schedule_problem"]
    assert "no time zone Mars/Olympus" in when["nowhere"]["schedule_problem"]
    assert when["asked"]["schedule"] is None and when["asked"]["next_run_at"] is None
    assert house.log().count("a source's schedule cannot be read") == 2
    # one alone is disabled
    house.hsctl("extractor", "disable", "often")
    assert house.rows("select source from extractor_source where not is_enabled") == [{"source": "often"}]
    # a mapping that is put right is seen without a reload, by the next look
    (mappings / "odd.json").write_text(json.dumps(
        {"records": "/players", "fields": FIELDS, "url": feeds.url("/players"), "schedule": "@every 1s"}))
    house.hsctl("extractor", "enable", "often")
    wait_runs(house, 1, "source = 'odd'")


def test_jitter_is_the_source_own(house, feeds):
    prepare(house, feeds, EXTRACTOR_PUBLIC_JSON_SCHEDULE="0 0 1 1 *", **{**ON, "SCHEDULER_JITTER_SECONDS": "3000"})
    house.start()
    kept = wait_settled(house)
    share = kept["spread"] % 3001
    begins = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(kept["next"] + share))
    assert kept["next"] % 60 == 0
    until(lambda: listed(house)["when"]["next_run_at"] == begins, 10, lambda: (listed(house), begins))
    # it is not begun before its share has passed, and then it is, in time
    house.sql("update extractor_source set spread = 4, next_due_at = date_trunc('second', now())")
    due = source(house)["next"]
    house.hsctl("reload")
    found = wait_runs(house, 1)
    assert due + 4 <= found[0]["at"] < due + 8 and found[0]["trigger"] == "schedule", (found, due)
    assert source(house)["last"] == due


def test_busy_source_lets_its_time_go(hs, feeds):
    slow_feed(feeds)
    hs.start()
    wait_runs(hs, 1)
    time.sleep(3)
    assert len(runs(hs)) == 1
    assert "a source does not run when it is due" in hs.log()
    assert source(hs)["next"] >= time.time() - 3
    assert "1 run under way" in hs.hsctl("status").stdout
    assert re.search(rf"{NAME} .* (asking|fetching) ", hs.hsctl("extractor", "list").stdout)


def test_no_url(house, feeds):
    prepare(house, feeds, EXTRACTOR_PUBLIC_JSON_URL="", EXTRACTOR_PUBLIC_JSON_SCHEDULE="@every 1s", **ON).start()
    until(lambda: "has no URL: set EXTRACTOR_PUBLIC_JSON_URL" in house.log(), 20, house.log_tail)
    assert runs(house) == []


# -- what was missed ------------------------------------------------------------------------------

def test_missed_run_is_made_up_once(house, feeds):
    prepare(house, feeds, EXTRACTOR_PUBLIC_JSON_SCHEDULE="@daily", **ON).start()
    wait_settled(house)
    house.hsctl("stop", "extractor")
    set_due(house, "9 days")
    house.hsctl("start", "extractor")
    found = wait_runs(house, 1, "status = 'emitted'")
    assert found[0]["trigger"] == "catch-up"
    time.sleep(2.5)
    assert len(runs(house)) == 1
    assert source(house)["next"] > time.time()
    assert "catch-up" in house.hsctl("extractor", "history").stdout


def test_missed_run_is_made_up_after_a_restart_of_everything(hs):
    hs.env["EXTRACTOR_PUBLIC_JSON_SCHEDULE"] = "@every 3s"
    hs.start()
    first = wait_settled(hs)
    hs.stop()
    time.sleep(max(0, first["next"] + 5 - time.time()))
    hs.start()
    found = wait_runs(hs, 2)
    assert [run["trigger"] for run in found[:2]] == ["catch-up", "schedule"], found
    assert found[1]["at"] - found[0]["at"] > 2


def test_next_time_survives_a_restart(house, feeds):
    prepare(house, feeds, EXTRACTOR_PUBLIC_JSON_SCHEDULE="@every 6h", **ON).start()
    before = wait_settled(house)
    time.sleep(1.1)
    house.stop()
    house.start()
    until(lambda: listed(house)["when"]["next_run_at"], 10, house.log_tail)
    assert source(house)["next"] == before["next"]


def test_scheduled_run_that_dies_is_made_up_once(house, feeds):
    """Killed with a run under way: it is lost, and made up; killed again, it waits for its next time."""
    slow_feed(feeds)
    prepare(house, feeds, EXTRACTOR_PUBLIC_JSON_SCHEDULE="@daily", **ON).start()
    wait_settled(house)
    set_due(house, "1 second")
    house.hsctl("reload")
    for triggers in (["schedule"], ["schedule", "catch-up"], ["schedule", "catch-up"]):
        until(lambda: [run["trigger"] for run in runs(house)] == triggers, 20,
              lambda: f"{runs(house)}\n{house.log_tail()}")
        if "catch-up" not in triggers or len(runs(house, "status = 'lost'")) < 2:
            until(lambda: "/feed.json" in feeds.paths(), 10, house.log_tail)
            pid = house.daemon_pid("extractor")
            os.kill(pid, signal.SIGKILL)
            until(lambda: house.daemon_pid("extractor") not in (None, pid), 20, house.log_tail)
    until(lambda: [run["status"] for run in runs(house)] == ["lost", "lost"], 20, house.log_tail)
    time.sleep(2)
    assert len(runs(house)) == 2
    assert source(house)["next"] > time.time()


def leave_run(house, trigger, unseen, name=NAME):
    """A run of a machine that is not there."""
    house.sql(f"insert into extractor_run (source, trigger, url, host, started_at, seen_at) values ('{name}',"
              f" '{trigger}', 'http://x/', 'gone:/state', now() - interval '1 hour', now() - interval '{unseen}')")


@pytest.mark.parametrize("is_at_start", [False, True])
def test_run_of_a_machine_that_is_gone_is_made_up_once(house, feeds, is_at_start):
    """Not seen for five minutes, it is lost; by schedule, it is made up by who is there. One of a person is not."""
    feeds.serve("/feed.json", snapshot(record()))
    prepare(house, feeds, EXTRACTOR_PUBLIC_JSON_SCHEDULE="@daily", **ON).start()
    wait_settled(house)
    house.sql("update extractor_source set last_due_at = now() - interval '10 minutes'")

    def look():
        if is_at_start:
            house.stop()
            house.start()
        else:
            house.hsctl("reload")

    leave_run(house, "schedule", "4 minutes")
    look()
    time.sleep(1.5)
    assert [run["status"] for run in runs(house)] == ["running"]
    house.sql("update extractor_run set seen_at = now() - interval '6 minutes'")
    look()
    until(lambda: [(run["trigger"], run["status"]) for run in runs(house)] ==
          [("schedule", "lost"), ("catch-up", "emitted")], 20, lambda: f"{runs(house)}\n{house.log_tail()}")
    leave_run(house, "command", "6 minutes")
    look()
    until(lambda: runs(house)[-1]["status"] == "lost", 20, lambda: f"{runs(house)}\n{house.log_tail()}")
    time.sleep(1.5)
    assert len(runs(house)) == 3 and source(house)["next"] > time.time()


def test_own_run_that_was_not_seen_goes_on(house, feeds):
    """The database was away for long: what we run ourselves is not lost."""
    slow_feed(feeds)
    prepare(house, feeds, EXTRACTOR_PUBLIC_JSON_SCHEDULE="@daily", **ON).start()
    wait_settled(house)
    set_due(house, "1 second")
    house.hsctl("reload")
    wait_runs(house, 1, "status = 'running'")
    house.sql("update extractor_run set seen_at = now() - interval '10 minutes'")
    leave_run(house, "command", "10 minutes", name="another")
    house.hsctl("reload")
    until(lambda: [run["status"] for run in runs(house)] == ["running", "lost"], 20,
          lambda: f"{runs(house)}\n{house.log_tail()}")


def test_scheduled_run_that_was_stopped_is_made_up(house, feeds):
    slow_feed(feeds)
    prepare(house, feeds, EXTRACTOR_PUBLIC_JSON_SCHEDULE="@daily", **ON).start()
    wait_settled(house)
    set_due(house, "1 second")
    house.hsctl("reload")
    until(lambda: "/feed.json" in feeds.paths(), 20, house.log_tail)
    house.stop()
    feeds.serve("/feed.json", snapshot(record()))
    house.start()
    found = wait_runs(house, 1, "status = 'emitted'")
    assert [(run["trigger"], run["status"]) for run in runs(house)] == \
        [("schedule", "cancelled"), ("catch-up", "emitted")], found
    # one that a person ended is not
    slow_feed(feeds)
    set_due(house, "1 second")
    house.hsctl("reload")
    wait_runs(house, 1, "status = 'running'")
    house.hsctl("extractor", "cancel", NAME)
    until(lambda: not runs(house, "status = 'running'"), 10, house.log_tail)
    house.stop()
    house.start()
    time.sleep(2)
    assert len(runs(house)) == 3


def test_clock_that_was_wrong(house, feeds):
    """A next time that is in another century is settled anew."""
    prepare(house, feeds, EXTRACTOR_PUBLIC_JSON_SCHEDULE="@every 2s", **ON).start()
    wait_settled(house)
    house.sql("update extractor_source set next_due_at = now() + interval '70 years', "
              "last_due_at = now() + interval '69 years'")
    house.hsctl("reload")
    wait_runs(house, 1)
    assert source(house)["next"] < time.time() + 10


def test_database_that_gives_no_answer(house, feeds):
    """Nothing is started while it gives none, which is told once; then all goes on."""
    prepare(house, feeds, EXTRACTOR_PUBLIC_JSON_SCHEDULE="@every 2s", **ON).start()
    wait_runs(house, 1, "status <> 'running'")
    house.sql("alter table extractor_source rename to extractor_source_away")
    until(lambda: "cannot see which sources are due" in house.log(), 20, house.log_tail)
    before = len(runs(house))
    time.sleep(2)
    assert len(runs(house)) == before
    house.sql("alter table extractor_source_away rename to extractor_source")
    wait_runs(house, before + 1)
    assert house.log().count("cannot see which sources are due") == 1


# -- several machines -----------------------------------------------------------------------------

def test_two_machines_run_a_source_once(house, feeds, programs):
    prepare(house, feeds, EXTRACTOR_PUBLIC_JSON_SCHEDULE="@every 2s", **ON).start()
    other = House(programs)
    try:
        prepare(other, feeds, EXTRACTOR_PUBLIC_JSON_SCHEDULE="@every 2s",
                POSTGRES_HOST=str(house.postgres_socket_dir), **ON).start()
        begun = len(runs(house))
        found = wait_runs(house, begun + 8, "status <> 'running'", seconds=40)
        hosts = {run["host"] for run in found}
        gaps = [later["at"] - earlier["at"] for earlier, later in zip(found, found[1:])]
        assert min(gaps) > 1, (gaps, hosts)
        assert {run["trigger"] for run in found} == {"schedule"}
        # disabled by one, it is disabled on both
        other.hsctl("extractor", "disable", NAME)
        until(lambda: not runs(house, "status = 'running'"), 10, house.log_tail)
        before = len(runs(house))
        time.sleep(5)
        assert len(runs(house)) == before
        other.hsctl("extractor", "enable", NAME)
        # when one stops, the other goes on
        house.hsctl("stop", "extractor")
        stopped = len(runs(house))
        found = wait_runs(house, stopped + 2)
        assert str(other.state) in found[-1]["host"]
    finally:
        other.close()


def test_many_lookers_take_a_time_once(house, feeds, programs):
    """The same due time seen by two at once, again and again: it is run once each time."""
    prepare(house, feeds, EXTRACTOR_PUBLIC_JSON_SCHEDULE="@yearly", **ON).start()
    wait_settled(house)
    other = House(programs)
    try:
        prepare(other, feeds, EXTRACTOR_PUBLIC_JSON_SCHEDULE="@yearly",
                POSTGRES_HOST=str(house.postgres_socket_dir), **ON).start()
        for turn in range(1, 6):
            set_due(house, "2 seconds")
            # both look now
            for one in (house, other):
                one.process.send_signal(signal.SIGHUP)
            wait_runs(house, turn, "status in ('emitted', 'unchanged')")
            time.sleep(0.7)
            assert len(runs(house)) == turn, runs(house)
    finally:
        other.close()
