"""hsctl as its users meet it: words, exit statuses, text on a terminal and elsewhere, JSON."""

import fcntl
import json
import os
import pty
import re
import select
import socket
import struct
import subprocess
import termios
import time

import pytest

from house import SOURCE_DIR, is_root, until

pytestmark = pytest.mark.usefixtures("all_daemons")

ESCAPE = "\x1b"
BAD_SNAPSHOT = """{
"source_name": "test", "snapshot_date": "2020-01-01",
"records": [
{"competition_external_id": "c", "competition_name": "C", "season": "2020", "team_external_id": "t",
 "team_name": "T", "player_external_id": "p", "full_name": "P", "colour": 1, "fg_pct": 101}
]}
"""
GROUPS = ["", "import", "identity", "extractor", "snapshot", "user", "token"]
COMMANDS = ["status", "logs", "start", "stop", "restart", "reload", "import now", "import list", "import show",
            "import retry", "import files", "import file", "import undo", "import delete", "identity suggest", "identity list",
            "identity link", "identity unlink", "identity unlike", "extractor run", "extractor check",
            "extractor list", "extractor history", "extractor enable", "extractor disable", "extractor cancel",
            "snapshot check", "snapshot schema", "user create", "user list", "user password", "user role",
            "user disable", "user enable", "user delete", "user audit", "token create", "token list", "token revoke", "quality",
            "backup verify", "backup", "restore", "migrate", "config", "completion", "doctor", "version"]


def record(number, **more):
    return {"competition_external_id": "c", "competition_name": "C", "season": "2020", "team_external_id": "t",
            "team_name": "T", "player_external_id": f"p{number}", "full_name": f"Player {number}",
            "games_played": 10, "points_per_game": 12.5, **more}


def snapshot(count, **more):
    return {"source_name": "test", "snapshot_date": "2020-01-01",
            "records": [record(number, **more) for number in range(count)]}


def write_big(path, records):
    """A valid snapshot of so many records, written without holding it."""
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"source_name":"big","snapshot_date":"2020-01-01","records":[')
        for number in range(records):
            file.write((",\n" if number else "\n") + json.dumps(record(number)))
        file.write("\n]}\n")


class Hsctl:
    """hsctl with no HoopScout behind it."""

    def __init__(self, house):
        self.house = house

    def __call__(self, *args, env=None, **kwargs):
        kwargs.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run([self.house.programs.path("hsctl"), *map(str, args)], capture_output=True, check=False,
                              text=True, env=self.house.environment(env), timeout=120, **kwargs)


@pytest.fixture
def hsctl(bare_house):
    return Hsctl(bare_house)


class Terminal:
    """A program on a terminal of its own, in its foreground."""

    def __init__(self, line, env, columns=80):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.execve(line[0], line, env)
            finally:
                os._exit(127)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.output = ""

    def _read(self, seconds):
        """False at the end."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:     # the other side has closed
            return False
        self.output += data.decode("utf-8", "replace")
        return bool(data)

    def wait_for(self, text, seconds=60):
        end = time.monotonic() + seconds
        while text not in self.output:
            assert time.monotonic() < end, f"waited in vain for {text!r}: {self.output!r}"
            assert self._read(0.1), f"ended without {text!r}: {self.output!r}"

    def end(self, seconds=120):
        """Its exit status."""
        limit = time.monotonic() + seconds
        while self._read(0.1):
            assert time.monotonic() < limit, f"does not end: {self.output!r}"
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def press(self, key):
        os.write(self.fd, key.encode())


def on_terminal(house, *args, columns=80, **env):
    line = [house.programs.path("hsctl"), *map(str, args)]
    return Terminal(line, house.environment({"TERM": "xterm", "NO_COLOR": "", **env}), columns)


# -- words ---------------------------------------------------------------------------------

@pytest.mark.parametrize("words", GROUPS + COMMANDS)
def test_help_at_every_level(hsctl, words):
    done = hsctl(*words.split(), "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: hsctl " + words)
    assert max(map(len, done.stdout.splitlines())) <= 80
    for command in COMMANDS:
        if words in GROUPS and command.startswith(words):
            assert f"  {command}" in done.stdout


@pytest.mark.parametrize("line, says", [
    ("", "say what to do"),
    ("stauts", "did you mean 'status'?"),
    ("import nwo", "did you mean 'import now'?"),
    ("import", "'hsctl import --help'"),
    ("import list --limit 201", "1 to 200"),
    ("import list --limti 5", "did you mean --limit?"),
    ("start postgres", "web, importer or extractor"),
    ("status now", "one word too many"),
])
def test_usage_errors(hsctl, line, says):
    """Refused before anything is sent: nothing runs here, and that is not the complaint."""
    done = hsctl(*line.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("hsctl: ") and says in done.stderr
    done = hsctl(*line.split(), "--json")
    assert (done.returncode, done.stderr) == (2, "")
    assert says in json.loads(done.stdout)["error"]["message"]


# -- without a HoopScout ---------------------------------------------------------------------

def test_not_reachable(hsctl):
    done = hsctl("status")
    assert (done.returncode, done.stdout) == (69, "")
    assert "there is no control socket" in done.stderr and "--socket PATH" in done.stderr
    done = hsctl("import", "now", "--json")
    assert (done.returncode, done.stderr) == (69, "")
    assert json.loads(done.stdout)["error"]["code"] == "not_running"


def test_socket_left_behind(hsctl, bare_house):
    """A socket file that nobody listens on, as a crash leaves it."""
    path = bare_house.dir / "left.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    done = hsctl("status", "--socket", path)
    assert done.returncode == 69 and "nobody listens" in done.stderr
    assert hsctl("status", f"--socket={bare_house.dir}/{'x' * 120}").returncode == 2, "a path too long for a socket"


def test_bad_settings(hsctl):
    wrong = {"POSTGRES_PORT": "many"}
    done = hsctl("status", env=wrong)
    assert done.returncode == 78 and "POSTGRES_PORT" in done.stderr
    assert hsctl("config", env=wrong).returncode == 78
    assert hsctl("status", "--socket", "/nowhere", env=wrong).returncode == 69, "--socket needs no settings"
    assert hsctl("version", env=wrong).returncode == 0


def test_version(hsctl):
    text = hsctl("version").stdout
    assert re.fullmatch(r"HoopScout \d+\.\d+\.\d+([~+]\S+)?\n", text)
    assert hsctl("--version").stdout == text
    assert json.loads(hsctl("version", "--json").stdout)["result"]["version"] == text.split()[1]


def test_config_without_a_supervisor(hsctl):
    done = hsctl("config", env={"POSTGRES_PASSWORD": "very-secret", "POSTGRES_HOST": "db1"})
    assert done.returncode == 0
    assert "does not run here" in done.stderr
    assert "very-secret" not in done.stdout + done.stderr
    assert re.search(r"^POSTGRES_PASSWORD +environment +\*{8}$", done.stdout, re.M)
    assert re.search(r"^POSTGRES_DB +default +hoopscout$", done.stdout, re.M)
    lines = [json.loads(line) for line in hsctl("config", "--json").stdout.splitlines()]
    assert lines[0]["event"] == "not_running"
    assert {"name", "value", "origin", "help"} <= set(lines[1]["result"]["settings"][0])


def test_schema(hsctl, shared_dir):
    text = hsctl("snapshot", "schema").stdout
    schema = json.loads(text)
    assert schema["$schema"].endswith("2020-12/schema")
    assert json.loads(hsctl("snapshot", "schema", "--json").stdout) == {"result": schema}
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    sample = json.loads((shared_dir / "data/snapshots/nba-2018-traded-players.json").read_text())
    assert list(validator.iter_errors(sample)) == []
    assert list(validator.iter_errors(json.loads(BAD_SNAPSHOT))) != []


# -- snapshot check ----------------------------------------------------------------------------

def test_real_snapshots_are_valid(hsctl, shared_dir):
    paths = sorted((shared_dir / "data/snapshots").glob("*.json"))
    assert paths
    for path in paths:
        done = hsctl("snapshot", "check", path)
        assert done.returncode == 0, done.stdout + done.stderr
        records = len(json.loads(path.read_text())["records"])
        assert done.stdout.startswith(f"{path}: valid, {records:,} records\n")


def test_bad_snapshot(hsctl, tmp_path):
    path = tmp_path / "bad.json"
    path.write_text(BAD_SNAPSHOT)
    done = hsctl("snapshot", "check", path)
    assert done.returncode == 1 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert re.fullmatch(re.escape(str(path)) + r":5:\d+: /records/0/colour: .+ \(unknown_field\)", lines[0])
    assert lines[1].endswith('"colour": 1, "fg_pct": 101}') and lines[2].endswith("^")
    assert lines[1][lines[2].index("^"):].startswith('"colour"'), "the mark stands under the place"
    assert re.fullmatch(re.escape(str(path)) + r":5:\d+: /records/0/fg_pct: .+ \(out_of_range\)", lines[3])
    assert lines[7] == f"{path}: 2 problems, 1 record read"
    result = json.loads(hsctl("snapshot", "check", path, "--json").stdout.splitlines()[-1])["result"]
    assert (result["valid"], result["problem_total"], result["records"]) == (False, 2, 1)
    assert [problem["code"] for problem in result["problems"]] == ["unknown_field", "out_of_range"]


def test_check_reads_standard_input(hsctl, tmp_path):
    path = tmp_path / "good.json"
    path.write_text(json.dumps(snapshot(3)))
    with open(path, "rb") as file:
        done = hsctl("snapshot", "check", "-", stdin=file)
    assert done.returncode == 0 and done.stdout.startswith("-: valid, 3 records\n")


def test_many_problems_are_counted(hsctl, tmp_path):
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(snapshot(250, points_per_game="12")))
    done = hsctl("snapshot", "check", path)
    assert done.stdout.count("(wrong_type)") == 100
    assert "250 problems (the first 100 are shown), 250 records read" in done.stdout


def test_check_without_settings_and_names(hsctl, tmp_path):
    """Nothing but the file matters; its name may hold anything."""
    raw = os.fsencode(tmp_path) + b"/caf\xe9\x1b[31m.json"
    with open(raw, "w", encoding="utf-8") as file:
        json.dump(snapshot(1), file)
    done = hsctl("snapshot", "check", os.fsdecode(raw), env={"POSTGRES_PORT": "many"})
    assert done.returncode == 0 and ESCAPE not in done.stdout
    assert "\\u001b[31m.json: valid, 1 record\n" in done.stdout
    assert hsctl("snapshot", "check", tmp_path / "none.json").returncode == 1
    assert hsctl("snapshot", "check", tmp_path).returncode == 2


def test_check_needs_little_memory(hsctl, tmp_path, bare_house):
    """A hundred megabytes more of file is no more memory."""
    env = bare_house.environment()
    env["ASAN_OPTIONS"] += ":quarantine_size_mb=1"      # a sanitizer keeps what was freed
    peaks = []
    for records in (1000, 600000):
        path = tmp_path / f"{records}.json"
        write_big(path, records)
        with subprocess.Popen([bare_house.programs.path("hsctl"), "snapshot", "check", path],
                              stdout=subprocess.DEVNULL, env=env) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        peaks.append(usage.ru_maxrss)
        size = path.stat().st_size
        path.unlink()
    assert size > 100e6
    assert peaks[1] - peaks[0] < 32 * 1024, f"{peaks} KiB at most"


def test_check_shows_progress_on_a_terminal(bare_house, tmp_path):
    path = tmp_path / "big.json"
    write_big(path, 300000)
    terminal = on_terminal(bare_house, "snapshot", "check", path)
    assert terminal.end() == 0
    assert re.search(r"\r\S+: checking +\d+% ", terminal.output)
    # the line is wiped before the verdict
    assert re.search(r"\r +\r[^\r]*: .*valid", terminal.output)


# -- on a terminal, and not ------------------------------------------------------------------

def test_colours(bare_house, tmp_path):
    path = tmp_path / "bad.json"
    path.write_text(BAD_SNAPSHOT)
    plain = on_terminal(bare_house, "snapshot", "check", path, NO_COLOR="1")
    assert plain.end() == 1 and ESCAPE not in plain.output
    dumb = on_terminal(bare_house, "snapshot", "check", path, TERM="dumb")
    assert dumb.end() == 1 and ESCAPE not in dumb.output
    coloured = on_terminal(bare_house, "snapshot", "check", path)
    assert coloured.end() == 1 and ESCAPE + "[" in coloured.output


def test_reader_that_leaves(hsctl, bare_house):
    """As `hsctl ... | head -1` does: no noise, no crash."""
    program = bare_house.programs.path("hsctl")
    line = f"{program} snapshot schema | head -c 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False,
                          env=bare_house.environment())
    assert done.returncode in (0, 1) and done.stderr == ""
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([program, "version"], stdout=full, stderr=subprocess.PIPE, text=True, check=False,
                              env=bare_house.environment())
    assert done.returncode == 1 and "cannot write" in done.stderr


# -- with a HoopScout ---------------------------------------------------------------------------

@pytest.fixture
def running(house):
    # no scan comes by itself: what is hard-linked into incoming lies there until 'import now'
    house.env["HOOPSCOUT_RESCAN_SECONDS"] = "3600"
    return house.start()


def test_status(running):
    done = running.hsctl("status")
    assert done.stderr == ""
    assert running.url("")[:-1] in done.stdout or running.url("") in done.stdout
    assert re.search(r"^web +up +\d+ ", done.stdout, re.M) and re.search(r"^importer +up +\d+ ", done.stdout, re.M)
    assert str(running.folder("incoming")) in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80 + len(str(running.dir))
    result = running.hsctl("status", as_json=True).json["result"]
    assert result["database"]["kind"] == "private" and result["database"]["state"] == "up"
    assert {row["name"]: row["state"] for row in result["daemons"]} == {
        "web": "up", "importer": "up", "extractor": "up"}


def test_start_stop_restart(running):
    assert running.hsctl("stop", "web").stdout == "web: stopped\n"
    assert running.hsctl("status").returncode == 0, "what was stopped by command should not be up"
    assert re.match(r"web: up, process \d+\n", running.hsctl("start", "web").stdout)
    before = running.daemon_pid("importer")
    result = running.hsctl("restart", "importer", as_json=True).json["result"]
    assert result["state"] == "up" and result["pid"] != before


def test_needed_daemon_is_down(running):
    running.hsctl("stop", "importer")
    done = running.hsctl("import", "list", check=False)
    assert done.returncode == 69 and "importer" in done.stderr


def test_reload_migrate_config(running):
    assert "reloaded" in running.hsctl("reload").stdout
    assert "up to date" in running.hsctl("migrate").stdout
    assert running.hsctl("migrate", as_json=True).json["result"]["newly"] == 0
    done = running.hsctl("config")
    assert done.stderr == "" and re.search(r"^HOOPSCOUT_STATE_DIR +environment ", done.stdout, re.M)


@pytest.mark.skipif(not is_root(), reason="only root can become somebody else")
def test_not_allowed(running):
    if running.programs.stage is None and not os.access(running.programs.path("hsctl"), os.X_OK):
        pytest.skip("others cannot reach the build")
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                           running.programs.path("hsctl"), "status", "--socket", str(running.socket_path)],
                          capture_output=True, text=True, check=False, env=running.environment())
    if done.returncode == 127 or "No such file" in done.stderr:
        pytest.skip("others cannot reach the build")
    assert done.returncode == 77, done.stderr
    assert "group" in done.stderr


def test_import_tells_what_happened(running, shared_dir):
    """One good file, its double, and a bad one: what became of each, and what to do."""
    good = shared_dir / "data/snapshots/nba-2018-traded-players.json"
    running.drop_link(good, "a-good.json")
    running.drop_link(good, "b-double.json")
    running.drop_link(BAD_SNAPSHOT, "c-bad.json")
    done = running.hsctl("import", "now", check=False)
    assert done.returncode == 1 and done.stderr == ""
    text = done.stdout
    assert re.search(r"^imported  a-good\.json +605 +605 +0 +0 +0$", text, re.M)
    assert "new: 540 players, 30 teams, 1 competition, 1 season" in text
    assert re.search(r"^duplicate b-double\.json +nothing to do$", text, re.M)
    assert "the same content as a-good.json" in text
    assert re.search(r"^failed    c-bad\.json +2 problems$", text, re.M)
    assert re.search(r"^  c-bad\.json:5:\d+: /records/0/colour: .* \(unknown_field\)$", text, re.M)
    assert "hsctl import retry c-bad.json" in text
    assert re.search(r"^3 files in .*: 1 imported, 1 duplicate, 1 failed$", text, re.M)
    assert re.search(r"^605 records \([\d,]+ rows/s\)$", text, re.M)
    tables = [line for line in text.splitlines() if not line.startswith("  c-bad.json:")]
    assert max(map(len, tables)) <= 80, "only problems, which are for editors, may be longer"
    assert "nothing to import" in running.hsctl("import", "now").stdout

    run = int(re.search(r"hsctl import show (\d+)", text)[1])
    shown = running.hsctl("import", "show", run).stdout
    assert "c-bad.json" in shown and f"Run {run} by command: done" in shown
    listed = running.hsctl("import", "list", "--limit", 2).stdout
    assert re.search(rf"^ *{run}  .* command +3 +1 +605 +605  done$", listed, re.M)
    assert running.hsctl("import", "show", 999999, check=False).returncode == 1

    (running.folder("failed") / "c-bad.json").write_text(json.dumps(snapshot(1)))
    again = running.hsctl("import", "retry", "c-bad.json")
    assert re.search(r"^imported  c-bad\.json +1 +1 ", again.stdout, re.M)
    assert "c-bad.json" in running.ls("archive") and running.ls("failed") == []
    assert running.hsctl("import", "retry", "none.json", check=False).returncode == 1
    assert running.hsctl("import", "retry", "../none.json", check=False).returncode == 2


def test_import_as_json(running):
    running.drop_link(json.dumps(snapshot(20)), "a.json")
    lines = running.hsctl("import", "now", as_json=True).lines
    assert all(set(line) - {"result"} or line is lines[-1] for line in lines)
    files = [line["file"] for line in lines if line.get("event") == "file"]
    assert [(file["name"], file["status"], file["created"]) for file in files] == [("a.json", "imported", 20)]
    totals = lines[-1]["result"]["totals"]
    assert (totals["files"], totals["imported"], totals["records"]) == (1, 1, 20)


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_progress_bar(running, tmp_path, columns):
    path = tmp_path / "big.json"
    write_big(path, 20000)
    running.drop_link(path, "big.json")
    terminal = on_terminal(running, "import", "now", columns=columns)
    assert terminal.end() == 0
    lines = re.findall(r"\r([^\r\n]*(?:checking|loading|merging)[^\r\n]*)", terminal.output)
    assert lines, terminal.output
    assert all(len(line) < columns for line in lines)
    assert "imported" in terminal.output


def test_no_bar_elsewhere(running, tmp_path):
    path = tmp_path / "big.json"
    write_big(path, 20000)
    running.drop_link(path, "big.json")
    done = running.hsctl("import", "now")
    assert "\r" not in done.stdout + done.stderr and ESCAPE not in done.stdout + done.stderr


def test_control_c_detaches(running, tmp_path):
    """The import goes on, and hsctl says so."""
    path = tmp_path / "big.json"
    write_big(path, 60000)
    running.drop_link(path, "big.json")
    terminal = on_terminal(running, "import", "now")
    terminal.wait_for("big.json")
    terminal.press("\x03")
    assert terminal.end() == 130
    assert "detached; the import goes on: see hsctl import list" in terminal.output
    running.wait_for("archive/big.json", seconds=120)
    until(lambda: running.sql("select count(*) from player_season") == "60000", 30, "the import was not whole")


def test_supervisor_dies_meanwhile(running, tmp_path):
    path = tmp_path / "big.json"
    write_big(path, 60000)
    running.drop_link(path, "big.json")
    terminal = on_terminal(running, "import", "now")
    terminal.wait_for("big.json")
    running.kill()
    assert terminal.end() == 69
    assert "the connection ended" in terminal.output or "closed the connection" in terminal.output


def test_evil_names_do_not_steer_the_terminal(running):
    running.drop_link("", "evil\x1b]0;owned\x07.json")
    running.hsctl("import", "now", check=False)
    for words in (("import", "now"), ("import", "list"), ("status",)):
        terminal = on_terminal(running, *words, NO_COLOR="1")
        terminal.end()
        assert ESCAPE not in terminal.output and "\x07" not in terminal.output


def test_words_of_the_man_page(hsctl):
    """What the page's list of commands says is what hsctl understands."""
    page = (SOURCE_DIR / "etc/man/hsctl.1").read_text(encoding="utf-8")
    words = [re.split(r" (?:Ar|Op|Oo)\b", entry)[0] for entry in re.findall(r"^\.It Nm hsctl (.*)$", page, re.M)]
    assert words == COMMANDS
    for entry in words:
        assert hsctl(*entry.split(), "--help").returncode == 0
