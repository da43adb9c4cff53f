"""What an operator meets: mistakes and their places, waiting, exit statuses, history, limits that hold."""

import json
import os
import pathlib
import re
import subprocess
import threading
import time

import pytest

from feed_server import Answer, FeedServer
from house import House, until
from test_extractor import NAME, incoming, new_place, prepare, run
from test_extractor_mapped import FIELDS, player, write
from test_importer import record, snapshot


@pytest.fixture(scope="module")
def feeds():
    with FeedServer() as server:
        yield server


@pytest.fixture(autouse=True)
def forgotten(feeds):
    with feeds.lock:
        feeds.requests.clear()
        feeds.routes.clear()


def with_mappings(house, feeds, **settings):
    house.mappings = house.dir / "extractors"
    house.mappings.mkdir()
    house.mappings.chmod(0o755)
    return prepare(house, feeds, EXTRACTOR_MAPPINGS_DIR=house.mappings, **settings)


@pytest.fixture(scope="module")
def running_house(programs, template, feeds):
    house = with_mappings(House(programs, template), feeds, EXTRACTOR_HTTP_RETRIES="4").start()
    yield house
    house.close()


@pytest.fixture
def hs(running_house):
    running_house.sql("delete from extractor_run")
    running_house.sql("delete from extractor_answer")
    for folder in (running_house.mappings, running_house.folder("incoming")):
        for path in folder.iterdir() if folder.exists() else ():
            path.unlink()
    return running_house


def hsctl(house, *args):
    """The exit status and all that was said."""
    done = house.hsctl("extractor", *args, check=False)
    return done.returncode, done.stdout + done.stderr


# -- --url, and what a mapping says of its URLs -----------------------------------------------------

def test_url_gets_no_values_of_another(hs, feeds):
    for season in ("2024", "2025", "2026"):
        feeds.serve(f"/{season}", {"players": [player(season)]})
    write(hs, "seasons", urls=[{"url": feeds.url(f"/{season}"), "with": {"season": season}}
                               for season in ("2024", "2025")], fields={**FIELDS, "season": {"with": "season"}})
    status, said = hsctl(hs, "run", "seasons", "--url", feeds.url("/2026"))
    assert status == 2 and "/2026" in said and "none of the mapping's urls" in said and '"season"' in said, said
    assert feeds.paths() == [] and incoming(hs) == []
    rows = json.loads(pathlib.Path(run(hs, "--url", feeds.url("/2025"), name="seasons")["file"]).read_text())["records"]
    assert [(row["season"], row["full_name"]) for row in rows] == [("2025", "Player 2025")]
    # without such values any URL will do
    write(hs, "plain", urls=[feeds.url("/2024"), feeds.url("/2025")])
    assert run(hs, "--url", feeds.url("/2026"), "--dry-run", name="plain")["records"] == 1


# -- mistakes ---------------------------------------------------------------------------------------

def test_check_shows_every_mistake(hs, feeds):
    odd = {f"odd_{n}": n for n in range(30)}
    write(hs, "wrong", url=feeds.url("/"), schedule="61 * * * *", timezone="Mars/Olympus", **odd)
    status, said = hsctl(hs, "check", "wrong")
    assert status == 1
    for name in odd:
        assert f"/{name}: there is no such key" in said, said
    assert "/schedule: the minute, 61" in said and "/timezone: there is no time zone Mars/Olympus" in said, said
    assert "wrong: 32 mistakes in" in said and "more" not in said, said
    # what is wrong with its times alone is found, too, and does not keep it from running by command
    write(hs, "late", url=feeds.url("/"), schedule="61 * * * *")
    status, said = hsctl(hs, "check", "late")
    assert status == 1 and "/schedule: the minute, 61" in said and "1 mistake in" in said, said
    feeds.serve("/", {"players": [player(1)]})
    assert run(hs, "--dry-run", name="late")["status"] == "checked"


def test_check_says_how_many_more_there_are(hs, feeds):
    write(hs, "hopeless", url=feeds.url("/"), **{f"o{n}": n for n in range(15000)})
    done = hs.hsctl("extractor", "check", "hopeless", check=False)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    more = int(re.fullmatch(r"  and (\d+) more, .*", lines[-2])[1])
    assert len(lines) - 2 + more == 15000 and len(lines) > 500, lines[-3:]


def test_what_is_no_json_has_a_place(hs):
    (hs.mappings / "torn.json").write_text('{"records": "/players",\n  "fields": {]}')
    status, said = hsctl(hs, "check", "torn")
    assert status == 1 and f"{hs.mappings}/torn.json:2:14: this is no JSON" in said, said
    status, said = hsctl(hs, "run", "torn")
    assert status == 1 and "at line 2, column 14: this is no JSON" in said and "extractor check torn" in said, said
    said = [line for line in hs.log().splitlines() if "a mapping cannot be used" in line and "torn.json" in line]
    assert len(said) == 1 and "at line 2, column 14" in said[0], said


def about(house, name):
    found = house.hsctl("extractor", "list", as_json=True).json["result"]["sources"]
    return next(source["help"] for source in found if source["name"] == name)


def test_edit_that_leaves_size_and_time_is_seen(hs):
    path = hs.mappings / f"{write(hs, 'edited', about='one')}.json"
    before = path.stat()
    assert about(hs, "edited") == "one"
    for text, pause in (("two", 0), ("six", 0.2), ("ten", 0), ("key", 0.2)):    # at once, and later
        time.sleep(pause)
        path.write_text(path.read_text().replace(f'"{about(hs, "edited")}"', f'"{text}"'))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert path.stat().st_size == before.st_size and path.stat().st_mtime_ns == before.st_mtime_ns
        assert about(hs, "edited") == text


# -- exit statuses ----------------------------------------------------------------------------------

def test_exit_statuses_of_run(hs, feeds):
    """0 done, 1 the work failed, 2 said wrongly: as everywhere in hsctl."""
    feeds.serve("/feed.json", snapshot(record()))
    feeds.serve("/bad.json", "no JSON")
    write(hs, "wrong", url=feeds.url("/"), odd=1)
    write(hs, "nowhere")
    place = new_place(hs)
    for want, *args in ((0, NAME), (0, NAME), (0, NAME, "--dry-run"), (1, NAME, "--url", feeds.url("/none")),
                        (1, NAME, "--url", feeds.url("/bad.json")), (1, "nobody"), (1, "wrong"),
                        (2, "nowhere"), (2, NAME, "--url", "ftp://a.example/"), (2, NAME, "--url", "nonsense"),
                        (2, NAME, "--output-path", place / "x.txt"), (2, NAME, "--output-path", place / "none/x.json")):
        status, said = hsctl(hs, "run", *args)
        assert status == want, (args, status, said)


# -- history ----------------------------------------------------------------------------------------

def test_history_of_what_is_gone(hs, feeds):
    feeds.serve("/feed", {"players": [player(1)]})
    write(hs, "gone", url=feeds.url("/feed?season=2025&key=secret"))
    run(hs, name="gone")
    (hs.mappings / "gone.json").unlink()
    assert "gone" not in hs.hsctl("extractor", "list").stdout
    for args in (["gone"], []):
        shown = hs.hsctl("extractor", "history", *args).stdout
        assert re.search(r" gone +command .* emitted +http://[\d.:]+/feed\?season=2025&key=\*\*\*$", shown, re.M), shown
    for name in ("never_was", "x" * 300):
        done = hs.hsctl("extractor", "history", name, check=False, as_json=True)
        assert done.returncode == 1 and done.json["error"]["code"] == "not_found", done.stdout
    write(hs, "fresh", url=feeds.url("/feed"))
    assert "fresh has not run yet" in hs.hsctl("extractor", "history", "fresh").stdout


def test_history_tells_url_and_place(hs, feeds):
    long = "/feed?" + "&".join(f"team={n}" for n in range(60))
    feeds.serve(long, snapshot(record()))
    run(hs, "--url", feeds.url(long))
    feeds.serve("/torn.json", '{"source_name": "s",\n "records": [}]}')
    assert hsctl(hs, "run", NAME, "--url", feeds.url("/torn.json"))[0] == 1
    assert hsctl(hs, "run", NAME, "--url", feeds.url("/none"))[0] == 1
    shown = hs.hsctl("extractor", "history").stdout
    line = next(line for line in shown.splitlines() if "emitted" in line)
    assert line.endswith("...") and len(line) < 200, line
    assert f", {feeds.url('/none')}:\n  {feeds.url('/none')}: 127.0.0.1:{feeds.port} answers with status 404" in shown, shown
    assert f", {feeds.url('/torn.json')}:\n" in shown, shown
    runs = hs.hsctl("extractor", "history", as_json=True).json["result"]["runs"]
    assert [one["url"] for one in runs] == [feeds.url("/none"), feeds.url("/torn.json"), feeds.url(long)]
    assert runs[0]["error"]["where"] == feeds.url("/none")


def test_failed_run_is_logged_with_its_name_and_number(hs, feeds):
    hsctl(hs, "run", NAME, "--url", feeds.url("/none"))
    number = hs.rows("select max(run_id) as run from extractor_run")[0]["run"]
    line = next(line for line in hs.log().splitlines() if f" run={number} " in line and "a run failed" in line)
    assert f"source={NAME} run={number} code=http_status" in line, line


# -- waiting ----------------------------------------------------------------------------------------

def in_background(house, *args):
    """hsctl extractor run --json: its lines come in .lines, and the result is the last."""
    program = [house.programs.path("hsctl"), "extractor", "run", *args, "--json"]
    return subprocess.Popen([str(word) for word in program], env=house.environment(), stdout=subprocess.PIPE,
                            stdin=subprocess.DEVNULL, text=True)


def notes(lines):
    return [line["note"] for line in map(json.loads, lines) if line.get("event") == "progress" and line["note"]]


@pytest.mark.parametrize("path,why", [("/busy.json", "HTTP 503"), ("/robots.txt", "robots.txt: HTTP 503")])
def test_retries_are_told(hs, path, why):
    with FeedServer() as feeds:     # whose robots.txt is not known yet
        feeds.serve("/busy.json", snapshot(record()))
        feeds.serve(path, Answer(status=503, headers={"Retry-After": "3"}),
                    Answer(snapshot(record()) if path == "/busy.json" else "", status=200))
        work = in_background(hs, NAME, "--url", feeds.url("/busy.json"))
        want = re.compile(rf"waiting [1-4] s before try 2 of 5: {why}")
        shown = until(lambda: want.search(hs.hsctl("extractor", "list").stdout), 10, hs.log_tail)
        assert shown
        lines = work.communicate(timeout=30)[0].splitlines()
        assert work.returncode == 0, lines
        assert any(want.fullmatch(note) for note in notes(lines)), notes(lines)


def test_turns_are_told(house, feeds):
    prepare(house, feeds, EXTRACTOR_REQUEST_DELAY_SECONDS="4").start()
    feeds.serve("/feed.json", snapshot(record()))
    lines = in_background(house, NAME).communicate(timeout=30)[0].splitlines()
    assert any(re.fullmatch(r"waiting [2-5] s for its turn at the host", note) for note in notes(lines)), lines


def test_more_hosts_than_places_for_robots(house, feeds):
    """All are asked at once, none answers until all wait: the last ones wait for a place, and no run fails."""
    hosts = [f"h{n}.localhost" for n in range(67)]
    with_mappings(house, feeds, EXTRACTOR_ALLOW_PRIVATE_HOSTS=",".join(hosts), SCHEDULER_ENABLED="yes",
                  SCHEDULER_JITTER_SECONDS="0")
    go = threading.Event()

    def robots(link):
        go.wait(60)
        link.head(Content_Type="text/plain", Content_Length=0)

    feeds.script("/robots.txt", robots)
    feeds.serve("/players", {"players": [player(1)]})
    for host in hosts:
        write(house, host.replace(".", "_"), url=feeds.url("/players", host), schedule="@every 5s")
    house.start()
    try:
        until(lambda: len(feeds.asked("/robots.txt")) >= 64 and len(house.rows(
            "select from extractor_run where status = 'running'")) == len(hosts), 60, house.log_tail)
        time.sleep(1)
        assert len(feeds.asked("/robots.txt")) == 64
    finally:
        go.set()
    until(lambda: len(house.rows("select from extractor_run where status = 'emitted'")) == len(hosts), 20,
          lambda: str(house.rows("select status, error, count(*) from extractor_run group by status, error")))
    assert house.rows("select error from extractor_run where status = 'failed'") == []
    assert len(feeds.asked("/robots.txt")) == len(hosts)


# -- settings ---------------------------------------------------------------------------------------

def test_a_run_keeps_the_limits_it_began_with(house, feeds):
    prepare(house, feeds)
    lines = "EXTRACTOR_HTTP_RETRIES={retries}\nEXTRACTOR_MAX_BYTES={size}\n"
    house.conf.write_text(lines.format(retries=3, size="1M"))
    house.start()
    feeds.serve("/slow.json", *[Answer(status=503, headers={"Retry-After": "2"})] * 2,
                Answer(snapshot(*(record(player_external_id=str(n)) for n in range(50)))))
    work = in_background(house, NAME, "--url", feeds.url("/slow.json"))
    until(lambda: feeds.asked("/slow.json"), 10, house.log_tail)
    house.conf.write_text(lines.format(retries=0, size="2K"))
    house.hsctl("reload")
    end = json.loads(work.communicate(timeout=30)[0].splitlines()[-1])["result"]
    assert end["status"] == "emitted" and len(feeds.asked("/slow.json")) == 3, end
    # the next one has the new ones
    feeds.serve("/again.json", status=503)
    error = run(house, "--url", feeds.url("/again.json"), check=False)["error"]
    assert len(feeds.asked("/again.json")) == 1, error
    feeds.serve("/big.json", snapshot(*(record(player_external_id=str(n)) for n in range(50))))
    assert run(house, "--url", feeds.url("/big.json"), check=False)["error"]["code"] == "too_big"


@pytest.mark.parametrize("name", ["EXTRACTOR_ALLOW_PRIVATE_HOSTS", "EXTRACTOR_IGNORE_ROBOTS_HOSTS"])
@pytest.mark.parametrize("value", ["http://a.example", "a.example/x", "a b.example", "a.example:8080", "[::1"])
def test_hosts_that_no_url_can_name(house, feeds, name, value):
    prepare(house, feeds, **{name: f"b.example,{value}"})
    done = house.hsctl("config", check=False)
    says = f'{name} must be made of hosts as URLs name them, without scheme, port and path'
    assert done.returncode == 78 and says in done.stderr and f'not "{value}"' in done.stderr, done.stderr
    house.start(wait=False)
    assert house.process.wait(30) == 78
    assert says in house.log(), house.log_tail()
    house.process = None
