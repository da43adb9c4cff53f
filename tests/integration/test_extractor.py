"""From a feed to incoming, and into the search: runs by command, with the shipped daemons."""

import fcntl
import json
import os
import signal
import threading
import time

import pytest

from feed_server import Answer, FeedServer, dribble, silence
from house import TEST_USER, House, new_dir, until
from test_importer import record, snapshot

NAME = "public_json_snapshot"


@pytest.fixture(scope="module")
def feeds():
    with FeedServer() as server:
        yield server


@pytest.fixture(autouse=True)
def forgotten(feeds):
    """Each test serves its own, and sees its own requests."""
    with feeds.lock:
        feeds.requests.clear()
        feeds.routes.clear()


def prepare(house, feeds, path="/feed.json", **settings):
    house.env.update({
        "HOOPSCOUT_DAEMONS": "extractor", "EXTRACTOR_ALLOW_PRIVATE_HOSTS": "127.0.0.1",
        "EXTRACTOR_REQUEST_DELAY_SECONDS": "0", "EXTRACTOR_RETRY_SLEEP_SECONDS": "0",
        "EXTRACTOR_PUBLIC_JSON_URL": feeds.url(path), **settings})
    return house


@pytest.fixture(scope="module")
def running_house(programs, template, feeds):
    house = prepare(House(programs, template), feeds).start()
    yield house
    house.close()


@pytest.fixture
def hs(running_house):
    """The extractor alone, as if it had never run."""
    running_house.sql("delete from extractor_run")
    running_house.sql("delete from extractor_answer")
    for path in running_house.folder("incoming").iterdir():
        path.unlink()
    return running_house


@pytest.fixture
def own(house, feeds):
    """One that a test may stop and kill."""
    return prepare(house, feeds).start()


def run(house, *args, name=NAME, check=True):
    """hsctl extractor run: the result."""
    done = house.hsctl("extractor", "run", name, *args, as_json=True, check=check)
    return done.json["result"] if "result" in done.json else done.json["error"]


def incoming(house):
    """The names in incoming, hidden ones too."""
    return house.ls("incoming") if house.folder("incoming").exists() else []


def new_place(house):
    """A folder of the test's own, where the daemon may write."""
    place = new_dir("out-", house.dir)
    place.chmod(0o777)
    return place


def emitted(house, result):
    return json.loads(open(result["file"], encoding="utf-8").read())


# -- the whole way ----------------------------------------------------------------------------------

def test_run_is_imported_and_found(house, feeds):
    prepare(house, feeds, HOOPSCOUT_DAEMONS="web,importer,extractor").start()
    feeds.serve("/feed.json", snapshot(record(full_name="Čedi Osman", points_per_game=8.24)))
    done = house.hsctl("extractor", "run", NAME)
    assert "emitted" in done.stdout and "1 record" in done.stdout, done.stdout
    name = house.rows("select file from extractor_run")[0]["file"].rpartition("/")[2]
    assert house.wait_imported(name)["name"] == name
    found = house.get("/api/v1/players?name=cedi").json()
    assert [player["full_name"] for player in found["players"]] == ["Čedi Osman"], found
    assert feeds.paths() == ["/robots.txt", "/feed.json"]
    agents = {request.headers["user-agent"] for request in feeds.requests}
    assert len(agents) == 1 and agents.pop().startswith("HoopScout/")


def test_figures_are_written_as_the_feed_has_them(hs, feeds):
    feeds.serve("/feed.json", b'{"source_name":"s","snapshot_date":"2025-01-02","records":[' +
                json.dumps(record()).encode()[:-1] + b',"rebounds_per_game":3.10,"assists_per_game":1E+1}]}')
    result = run(hs)
    text = open(result["file"], encoding="utf-8").read()
    assert "3.10" in text and "1E+1" in text
    assert result["source_name"] == "s" and result["snapshot_date"] == "2025-01-02"
    assert list(json.loads(text)) == ["source_name", "snapshot_date", "records"]


def test_array_of_records_gets_source_and_date(hs, feeds):
    feeds.serve("/feed.json", [record(), record(player_external_id="p2")])
    before = time.strftime("%Y-%m-%d", time.gmtime())
    result = run(hs)
    made = emitted(hs, result)
    assert made["source_name"] == NAME
    assert made["snapshot_date"] in (before, time.strftime("%Y-%m-%d", time.gmtime()))
    assert [row["player_external_id"] for row in made["records"]] == ["p1", "p2"]


def test_source_name_of_this_run(hs, feeds):
    feeds.serve("/feed.json", snapshot(source="its-own"))
    assert emitted(hs, run(hs, "--source-name", "mine"))["source_name"] == "mine"


def test_source_name_of_the_settings(house, feeds):
    prepare(house, feeds, EXTRACTOR_PUBLIC_SOURCE_NAME="league-office").start()
    feeds.serve("/feed.json", [record()])
    assert emitted(house, run(house))["source_name"] == "league-office"


def test_another_name_makes_another_snapshot(house, feeds):
    prepare(house, feeds).start()
    feeds.serve("/feed.json", [record()], headers={"ETag": '"v1"'})
    assert run(house)["status"] == "emitted"
    house.conf.write_text("EXTRACTOR_PUBLIC_SOURCE_NAME=renamed\n")
    house.hsctl("reload")
    assert run(house)["source_name"] == "renamed"


def test_raw_payload(house, feeds):
    prepare(house, feeds, EXTRACTOR_INCLUDE_RAW_PAYLOAD="yes").start()
    feeds.serve("/feed.json", [record(), record(player_external_id="p2", raw_payload={"own": 1})])
    first, second = emitted(house, run(house))["records"]
    assert first["raw_payload"] == record()
    assert second["raw_payload"] == {"own": 1}


def test_url_of_this_run(hs, feeds):
    feeds.serve("/other.json", snapshot(record(full_name="Other")))
    result = run(hs, "--url", feeds.url("/other.json"))
    assert emitted(hs, result)["records"][0]["full_name"] == "Other"
    assert feeds.asked("/feed.json") == []


# -- nothing new ------------------------------------------------------------------------------------

def test_unchanged_by_etag(hs, feeds):
    feeds.serve("/feed.json", snapshot(), headers={"ETag": '"v1"'})
    assert run(hs)["status"] == "emitted"
    second = run(hs)
    assert (second["status"], second["bytes"], second["file"]) == ("unchanged", 0, None)
    assert [request.headers.get("if-none-match") for request in feeds.asked("/feed.json")] == [None, '"v1"']
    assert len(incoming(hs)) == 1
    assert "has not changed" in hs.hsctl("extractor", "run", NAME).stdout


def test_unchanged_by_date(hs, feeds):
    when = "Sat, 01 Nov 2025 10:00:00 GMT"
    feeds.serve("/feed.json", Answer(snapshot(), headers={"Last-Modified": when}), Answer(status=304))
    assert run(hs)["status"] == "emitted"
    assert run(hs)["status"] == "unchanged"
    assert feeds.asked("/feed.json")[1].headers["if-modified-since"] == when


def test_unchanged_by_content(hs, feeds):
    same = json.dumps(snapshot()).encode()
    feeds.serve("/feed.json", Answer(same), Answer(same), Answer(same.replace(b"12.345", b"12.5")))
    assert [run(hs)["status"] for _ in range(3)] == ["emitted", "unchanged", "emitted"]
    assert len(incoming(hs)) == 2


def test_what_went_elsewhere_is_new_to_incoming(hs, feeds):
    feeds.serve("/feed.json", snapshot(), headers={"ETag": '"v1"'})
    place = new_place(hs)
    assert run(hs, "--dry-run")["status"] == "checked"
    assert run(hs, "--output-path", place)["status"] == "emitted"
    assert run(hs)["status"] == "emitted"
    assert [request.headers.get("if-none-match") for request in feeds.asked("/feed.json")] == [None] * 3


# -- where to ---------------------------------------------------------------------------------------

def test_dry_run_writes_nothing(hs, feeds):
    feeds.serve("/feed.json", snapshot(record(), record(player_external_id="p2")))
    done = hs.hsctl("extractor", "run", NAME, "--dry-run")
    assert "checked" in done.stdout and "2 records" in done.stdout and "nothing was written" in done.stdout
    assert incoming(hs) == []


def test_output_path(hs, feeds):
    feeds.serve("/feed.json", snapshot())
    place = new_place(hs)
    in_folder = run(hs, "--output-path", place)["file"]
    assert in_folder.startswith(f"{place}/{NAME}-") and in_folder.endswith("Z.json")
    assert run(hs, "--output-path", place / "mine.json")["file"] == str(place / "mine.json")
    again = run(hs, "--output-path", place / "mine.json")["file"]
    assert again != str(place / "mine.json") and json.loads(open(again, encoding="utf-8").read())
    assert len(list(place.iterdir())) == 3 and incoming(hs) == []


def test_output_path_is_the_users(hs, feeds):
    """A relative path is meant as in the user's folder, not the daemon's."""
    feeds.serve("/feed.json", snapshot())
    place = new_place(hs)
    done = hs.hsctl("extractor", "run", NAME, "--output-path", "made.json", cwd=place)
    assert str(place / "made.json") in done.stdout and (place / "made.json").exists()


@pytest.mark.parametrize("path,says", [
    ("{dir}/none/x.json", "none"), ("{dir}/log", "neither a folder"), ("{dir}/.hidden.json", "neither a folder")])
def test_output_path_that_cannot_be(hs, feeds, path, says):
    feeds.serve("/feed.json", snapshot())
    done = hs.hsctl("extractor", "run", NAME, "--output-path", path.format(dir=hs.dir), check=False)
    assert done.returncode != 0 and says in done.stdout + done.stderr, done.stdout + done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only under root the daemon is another user than hsctl")
def test_output_path_that_only_root_may_write(hs, feeds):
    """Who writes is not who asks: the message names him."""
    feeds.serve("/feed.json", snapshot())
    place = new_dir("roots-", hs.dir)
    place.chmod(0o755)
    done = hs.hsctl("extractor", "run", NAME, "--output-path", place, check=False)
    assert done.returncode == 1 and f"{TEST_USER}, who writes the snapshots, may not write" in done.stdout, done
    place.chmod(0o700)
    for path in (place / "deep", place / "deep/x.json"):
        done = hs.hsctl("extractor", "run", NAME, "--output-path", path, check=False)
        assert done.returncode == 2 and f"{TEST_USER}, who writes the snapshots, may not look" in done.stderr, done


def test_problems_are_counted_all(hs, feeds):
    """However many records have one fault, it is one problem with its count: nothing is beyond the first hundred."""
    rows = [record(player_external_id=f"p{n}", games_played=-1) for n in range(400)]
    rows += [record(player_external_id=f"q{n}", games_played=-n) for n in range(2, 300)]
    feeds.serve("/feed.json", snapshot(*rows))
    result = run(hs, check=False)
    assert result["problem_total"] == 400 + 298
    assert [row["count"] for row in result["problems"]] == [400, 1, 1, 1, 1], result["problems"]
    assert sum(row["count"] + row["others"] for row in result["problems"]) == 698
    said = hs.hsctl("extractor", "run", NAME, check=False).stdout
    assert "the same in 399 more" in said and "of other values, in 294 more" in said, said
    assert "698 problems, so nothing was written\n" in said, said


def test_feed_without_records_is_told_of(hs, feeds):
    feeds.serve("/feed.json", [])
    assert run(hs)["report"]["warnings"] == ["the feed has no records, and so the snapshot has none"]


# -- what is wrong with a feed ----------------------------------------------------------------------

def test_problems_are_told_and_nothing_is_written(hs, feeds):
    feeds.serve("/feed.json", snapshot(record(), record(player_external_id="p2", games_played=-1),
                                       record(player_external_id="p3", points_per_game="many")))
    done = hs.hsctl("extractor", "run", NAME, check=False)
    assert done.returncode == 1
    assert "failed" in done.stdout and "/records/1/games_played" in done.stdout, done.stdout
    assert "/records/2/points_per_game" in done.stdout and "2 problems" in done.stdout
    assert "    record 3, line 1 of the feed\n" in done.stdout, done.stdout
    assert incoming(hs) == []
    history = hs.hsctl("extractor", "history").stdout
    assert "failed" in history and "/records/1/games_played" in history


@pytest.mark.parametrize("body,says", [
    (b'{"source_name": "x", "records": [}', "line 1, column"),
    (b'{"players": []}', "/players"),
    (b'{"source_name": "x"}', "no records"),
    (b'"text"', "an object with records, or an array"),
    (b'[1]', "a record must be an object"),
    (b'', "the feed is empty"),
    (b'<!DOCTYPE html><title>Sign in</title>', 'a web page (HTML) with the title "Sign in", not JSON'),
    (b'<?xml version="1.0"?><players/>', "XML, not JSON"),
    (b'{"records": [{"full_name": "\xff"}]}', "UTF-8"),
    (b'{"records": [], "records": []}', "twice"),
    (b'{"snapshot_date": "today", "records": []}', "/snapshot_date"),
])
def test_what_is_no_snapshot(hs, feeds, body, says):
    feeds.serve("/feed.json", body)
    done = hs.hsctl("extractor", "run", NAME, check=False)
    assert done.returncode == 1 and says in done.stdout + done.stderr, done.stdout + done.stderr
    assert incoming(hs) == []


def test_errors_say_what_to_do(house, feeds):
    prepare(house, feeds, EXTRACTOR_PUBLIC_JSON_URL="").start()
    no_url = house.hsctl("extractor", "run", NAME, check=False)
    assert no_url.returncode != 0 and "set EXTRACTOR_PUBLIC_JSON_URL, or give --url" in no_url.stderr
    no_source = house.hsctl("extractor", "run", "nonesuch", check=False)
    assert no_source.returncode != 0 and "hsctl extractor list" in no_source.stderr
    assert "EXTRACTOR_PUBLIC_JSON_URL" in house.hsctl("extractor", "list").stdout
    assert "has not run yet" in house.hsctl("extractor", "history").stdout


# -- while it runs ----------------------------------------------------------------------------------

class Running:
    """hsctl extractor run, in the background."""

    def __init__(self, house, *args):
        self.house = house
        self.done = None
        self.thread = threading.Thread(target=self._run, args=args, daemon=True)
        self.thread.start()
        until(lambda: self.progress() is not None, 20, "it does not begin")

    def _run(self, *args):
        self.done = self.house.hsctl("extractor", "run", NAME, *args, check=False, as_json=True, seconds=90)

    def progress(self):
        return self.house.control("extractor.list")[1]["sources"][0]["running"]

    def wait(self):
        self.thread.join(60)
        assert self.done is not None, "hsctl does not end"
        return self.done


def slow_feed(feeds):
    body = json.dumps(snapshot(*[record(player_external_id=f"p{n}") for n in range(200)])).encode()
    feeds.script("/feed.json", lambda link: dribble(link, body, pause=0.2, pieces=300))


def test_progress_while_it_runs(hs, feeds):
    slow_feed(feeds)
    running = Running(hs)
    seen = until(lambda: (running.progress() or {}).get("bytes", 0) > 500 and running.progress(), 20, "no progress")
    assert seen["stage"] == "fetching" and seen["total"] > seen["bytes"]
    started = time.monotonic()
    status = hs.hsctl("status")
    assert time.monotonic() - started < 5 and "extractor" in status.stdout
    hs.hsctl("extractor", "cancel", NAME)
    events = [line for line in running.wait().lines if line.get("event") == "progress"]
    assert any(event["stage"] == "fetching" and event["bytes"] > 0 for event in events), events


def test_one_run_at_a_time(hs, feeds):
    slow_feed(feeds)
    running = Running(hs)
    second = hs.hsctl("extractor", "run", NAME, check=False)
    assert second.returncode != 0 and "under way" in second.stderr, second.stderr
    hs.hsctl("extractor", "cancel", NAME)
    assert running.wait().returncode != 0


def test_one_run_at_a_time_on_all_machines(hs, feeds):
    """Another machine with the same database runs it: the database says no, until that one is lost."""
    feeds.serve("/feed.json", snapshot())
    hs.sql(f"insert into extractor_run (source, trigger, url, host) values ('{NAME}', 'command', 'u', 'another:/x')")
    refused = hs.hsctl("extractor", "run", NAME, check=False)
    assert refused.returncode != 0 and "under way" in refused.stderr, refused.stderr
    assert feeds.requests == []
    hs.sql("update extractor_run set seen_at = now() - interval '1 hour'")
    assert run(hs)["status"] == "emitted"
    assert hs.sql("select string_agg(status, ' ' order by run_id) from extractor_run") == "lost emitted"


def test_cancel(hs, feeds):
    slow_feed(feeds)
    running = Running(hs)
    until(lambda: (running.progress() or {}).get("bytes", 0) > 0, 20, "no progress")
    said = hs.hsctl("extractor", "cancel", NAME).stdout
    assert "is told to end" in said
    done = running.wait()
    assert done.json["result"]["status"] == "cancelled" and done.returncode != 0
    fetched = int(hs.sql("select bytes from extractor_run"))
    assert done.json["result"]["bytes"] == fetched > 0, "what was fetched is not told"
    assert incoming(hs) == []
    assert hs.sql("select status from extractor_run") == "cancelled"
    assert "no run under way" in hs.hsctl("extractor", "cancel", NAME).stdout


def test_stop_ends_a_run_at_once(own, feeds):
    feeds.script("/feed.json", silence)
    running = Running(own)
    until(lambda: feeds.asked("/feed.json"), 10, "it is not asked")
    started = time.monotonic()
    assert own.stop() == 0
    assert time.monotonic() - started < 10
    running.thread.join(20)
    assert incoming(own) == []
    own.start()
    assert own.sql("select status from extractor_run") == "cancelled"


def test_killed_run_is_lost_and_leaves_nothing(own, feeds):
    slow_feed(feeds)
    running = Running(own)
    until(lambda: (running.progress() or {}).get("bytes", 0) > 0, 20, "no progress")
    os.kill(own.daemon_pid("extractor"), signal.SIGKILL)
    running.wait()
    until(lambda: own.sql("select status from extractor_run") == "lost", 30, lambda: own.log_tail())
    own.wait_ready()
    feeds.serve("/feed.json", snapshot())
    assert run(own)["status"] == "emitted"
    assert len(incoming(own)) == 1


def test_killed_while_writing_leaves_nothing(own, feeds):
    """It dies with a hidden half of a snapshot in incoming: that goes when it is back, what others hid stays."""
    feeds.serve("/feed.json", snapshot(*[record(player_external_id=f"p{n}") for n in range(60000)]))
    (own.folder("incoming") / ".mine.part").write_text("{")
    running = Running(own)
    parts = until(lambda: [name for name in incoming(own) if name != ".mine.part"], 30, "nothing is written")
    assert all(name.startswith(".") and name.endswith(".part") for name in parts), parts
    os.kill(own.daemon_pid("extractor"), signal.SIGKILL)
    running.wait()
    until(lambda: incoming(own) == [".mine.part"], 30, lambda: f"{incoming(own)}\n{own.log_tail()}")


def test_renewed_etag_is_remembered(hs, feeds):
    same = json.dumps(snapshot()).encode()
    feeds.serve("/feed.json", Answer(same, headers={"ETag": '"v1"'}), Answer(same, headers={"ETag": '"v2"'}))
    assert [run(hs)["status"] for _ in range(4)] == ["emitted", "unchanged", "unchanged", "unchanged"]
    assert [request.headers.get("if-none-match") for request in feeds.asked("/feed.json")] == [
        None, '"v1"', '"v2"', '"v2"']


def test_killed_while_writing_elsewhere_leaves_nothing_to_the_next_run(own, feeds):
    """Another folder is swept when the next run writes there; what is being written, and what is not ours, stays."""
    place = new_place(own)
    dead, alive, other = (place / name for name in (".extract-a.json.part", ".extract-b.json.part", ".mine.part"))
    for path in (dead, alive, other):
        path.write_text("{")
        path.chmod(0o666)
    feeds.serve("/feed.json", snapshot())
    with open(alive, encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        result = run(own, "--output-path", place)
        assert result["status"] == "emitted"
        left = sorted(path.name for path in place.iterdir())
        assert left == sorted([alive.name, other.name, os.path.basename(result["file"])])
    run(own, "--output-path", place / "named.json")
    assert not alive.exists() and other.exists() and (place / "named.json").exists()


def test_history(hs, feeds):
    feeds.serve("/feed.json", Answer(snapshot()), Answer(status=404), Answer(snapshot()))
    for _ in range(3):
        run(hs, check=False)
    rows = hs.hsctl("extractor", "history", as_json=True).json["result"]["runs"]
    assert [row["status"] for row in rows] == ["emitted", "failed", "emitted"]
    assert [row["trigger"] for row in rows] == ["command"] * 3
    assert rows[1]["error"]["code"] == "http_status" and "404" in rows[1]["error"]["message"]
    assert rows[0]["records"] == 1 and rows[0]["bytes"] > 100
    assert len(hs.hsctl("extractor", "history", NAME, "--limit", 2, as_json=True).json["result"]["runs"]) == 2
    assert "emitted" in hs.hsctl("extractor", "list").stdout


def test_many_long_runs_fit_in_an_answer(hs):
    """History leaves out lists where it would grow too long, list has none: each says how many there were."""
    hs.sql("""insert into extractor_run (source, trigger, status, finished_at, url, host, problem_total,
                                         problems, report)
              select 'public_json_snapshot', 'command', 'failed', now(), 'http://x/', 'h', 300,
                     jsonb_build_array(jsonb_build_object('code', 'x', 'where', '', 'message', repeat('p', 20000))),
                     jsonb_build_object('left_out', 7, 'warnings', jsonb_build_array(repeat('w', 20000)),
                                        'left_out_problems', jsonb_build_array(repeat('l', 20000)),
                                        'repeated_first', jsonb_build_array(repeat('r', 20000)),
                                        'empty_fields', jsonb_build_array(repeat('e', 20000)),
                                        'fields', jsonb_build_array(repeat('f', 20000)))
              from generate_series(1, 100)""")
    rows = hs.hsctl("extractor", "history", "--limit", 100, as_json=True).json["result"]["runs"]
    assert len(rows) == 100 and all(row["problem_total"] == 300 for row in rows)
    assert all(row["report"]["left_out"] == 7 for row in rows)
    assert len(rows[0]["problems"]) == 1 and len(rows[0]["report"]["warnings"]) == 1
    assert rows[-1]["problems"] == [] and rows[-1]["report"] == {
        "left_out": 7, "warnings": [], "left_out_problems": [], "repeated_first": [], "empty_fields": [],
        "fields": []}
    latest = next(row["latest"] for row in hs.hsctl("extractor", "list", as_json=True).json["result"]["sources"]
                  if row["name"] == NAME)
    assert latest["problem_total"] == 300
    assert "problems" not in latest and "report" not in latest


def test_old_history_is_forgotten(hs, feeds):
    """1000 runs of each source are kept, and answers that were in use within a year."""
    feeds.serve("/feed.json", Answer(snapshot(), headers={"ETag": '"1"'}), Answer(status=304))
    assert run(hs)["status"] == "emitted"
    hs.sql("""insert into extractor_run (source, trigger, status, finished_at, url, host)
              select source, 'command', 'failed', now(), 'http://x/', 'h' from generate_series(1, 1500),
                     (values ('public_json_snapshot'), ('another')) s (source)""")
    hs.sql("update extractor_answer set seen_at = now() - interval '2 years'")
    hs.sql("insert into extractor_answer (source, key_sha256, body_sha256, seen_at) values"
           " ('gone', '', '', now() - interval '366 days'), ('rare', '', '', now() - interval '364 days')")
    assert run(hs)["status"] == "unchanged"
    until(lambda: int(hs.sql("select count(*) from extractor_run where source = 'public_json_snapshot'")) <= 1001,
          10, "old runs stay")
    assert hs.sql("select count(*) from extractor_run where source = 'another'") == "1500"
    assert hs.sql("select string_agg(source, ' ' order by source) from extractor_answer") == \
        "public_json_snapshot rare"
    assert hs.sql("select seen_at > now() - interval '1 hour' from extractor_answer"
                  " where source = 'public_json_snapshot'") == "t"
    latest = {row["name"]: row["latest"]
              for row in hs.hsctl("extractor", "list", as_json=True).json["result"]["sources"]}
    assert latest[NAME]["status"] == "unchanged"


def test_latest_runs_are_found_along_the_index(own):
    """What list asks reads a row or two of each source, not all that ever ran."""
    own.sql("""insert into extractor_run (source, trigger, status, finished_at, url, host)
              select 's' || n % 3, 'command', 'failed', now(), 'http://x/', 'h' from generate_series(1, 30000) n""")
    own.sql("analyze extractor_run")
    own.sql("select pg_stat_reset()")
    own.hsctl("extractor", "list")
    read = until(lambda: own.sql("select idx_tup_read from pg_stat_user_indexes"
                                " where indexrelname = 'extractor_run_source' and idx_tup_read > 0"),
                 20, "nothing was read along the index")
    assert int(read) < 1000
    assert own.sql("select seq_tup_read from pg_stat_user_tables where relname = 'extractor_run'") == "0"


def test_secrets_are_not_shown(hs, feeds):
    feeds.serve("/feed.json", status=404)
    url = f"http://me:tell-nobody@127.0.0.1:{feeds.port}/feed.json?api_key=hush-hush&page=2"
    done = hs.hsctl("extractor", "run", NAME, "--url", url, check=False)
    said = done.stdout + done.stderr + hs.hsctl("extractor", "history", as_json=True).stdout
    said += hs.log() + hs.sql("select to_jsonb(r)::text from extractor_run r")
    assert "tell-nobody" not in said and "hush-hush" not in said
    assert "page=2" in said
    asked = feeds.asked("/feed.json?api_key=hush-hush&page=2")
    assert asked and asked[0].headers["authorization"].startswith("Basic ")
