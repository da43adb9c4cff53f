"""A whole HoopScout for one test: its own state folder, port, PostgreSQL and processes.

A House runs the shipped programs as a user would: the supervisor is a child of the test,
everything else is the supervisor's. Nothing is shared with another House or with an
installation on the same machine, so any number can run side by side.

    house.start()
    house.drop(shared_dir / "data/snapshots/nba-2001-2009.json")
    house.wait_for("archive/nba-2001-2009.json")
    assert house.sql("select count(*) from import_file") == "1"
    assert house.get("/api/v1/players?name=iverson").json()["total"] == 1

Folders are named "incoming", "archive" and "failed" wherever they are.
"""

import glob
import http.client
import json
import os
import pathlib
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

try:
    import psycopg2
    import psycopg2.extensions
    # values come as PostgreSQL writes them, as from psql
    psycopg2.extensions.string_types.clear()
except ImportError:
    psycopg2 = None

SOURCE_DIR = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ("hsd-supervisor", "hsd-web", "hsd-importer", "hsd-extractor", "hsctl")
TEST_USER = "hoopscout"
START_SECONDS = 60      # initdb and the sanitizers are slow on a busy machine
STOP_SECONDS = 30


def build_dir():
    """Where the programs were built: HOOPSCOUT_BUILD_DIR, else build/ of the clone."""
    return pathlib.Path(os.environ.get("HOOPSCOUT_BUILD_DIR") or SOURCE_DIR / "build").resolve()


def make_environment():
    """For a make of our own inside `make check`: nothing of the outer one."""
    return {name: value for name, value in os.environ.items()
            if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "DESTDIR", "TESTS")}


def is_root():
    return os.geteuid() == 0


def free_port():
    """A port nobody listens on, below those the kernel hands out to clients."""
    for _ in range(200):
        port = random.randint(15000, 31000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port between 15000 and 31000")


def memory_dir():
    """Where Houses stand: in memory when there is room, since every one makes PostgreSQL sync a disk."""
    try:
        room = os.statvfs("/dev/shm")
    except OSError:
        return "/tmp"
    return "/dev/shm" if room.f_bavail * room.f_frsize > 2 << 30 and os.access("/dev/shm", os.W_OK) else "/tmp"


def new_dir(prefix, parent="/tmp"):
    """A folder with a short name (a socket's path has at most 107 bytes) that the daemons' user can enter."""
    path = pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    path.chmod(0o711)
    return path


def until(condition, seconds, what):
    """Calls condition until it gives something true, and returns that; fails the test after seconds."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain: {what() if callable(what) else what}")
        time.sleep(0.02)


def _user_can_read(path):
    """Whether the daemons' user can run what lies under path."""
    if not is_root():
        return True
    return subprocess.run(["setpriv", f"--reuid={TEST_USER}", f"--regid={TEST_USER}", "--clear-groups",
                           "test", "-x", str(path / "hsd-web")], check=False).returncode == 0


class Programs:
    """The programs under test: in the build, or, when asked for or when the daemons' user cannot reach
    the build, in an installation of it in a temporary folder."""

    def __init__(self, installed=False):
        self.build = build_dir()
        missing = [name for name in PROGRAMS if not (self.build / name).exists()]
        if missing:
            raise RuntimeError(f"{self.build} has no {', '.join(missing)}: build first, or set HOOPSCOUT_BUILD_DIR")
        if is_root():
            try:
                pwd.getpwnam(TEST_USER)
            except KeyError:
                raise RuntimeError(f"no user {TEST_USER}: ./bootstrap check makes it, or run: "
                                   f"useradd --system --no-create-home {TEST_USER}") from None
        self.stage = None
        self.dir = self.build
        self.env = {}
        if installed or not _user_can_read(self.build):
            self._install()

    def _install(self):
        self.stage = new_dir("hs-app-")
        done = subprocess.run(["make", "-s", "-C", str(self.build), "install", f"DESTDIR={self.stage}",
                               "prefix=/usr"], check=False, capture_output=True, text=True, env=make_environment())
        assert done.returncode == 0, done.stdout + done.stderr
        self.dir = self.stage / "usr/sbin"
        self.env["HOOPSCOUT_DATA_DIR"] = str(self.stage / "usr/share/hoopscout")

    def path(self, name):
        if self.stage and name == "hsctl":
            return str(self.stage / "usr/bin/hsctl")
        return str(self.dir / name)

    def remove(self):
        if self.stage:
            shutil.rmtree(self.stage, ignore_errors=True)


class Answer:
    """What came back over HTTP."""

    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8")

    def json(self):
        return json.loads(self.body)


class House:
    base = ""       # HOOPSCOUT_BASE_PATH, when a test has set that
    daemons = "web,importer"    # what most tests need; None: those that HoopScout starts by itself

    def __init__(self, programs, template=None):
        self.programs = programs
        self.template = template        # a stopped House whose state is copied, so that initdb runs once
        self.dir = new_dir("hs-", memory_dir())
        self.state = self.dir / "s"
        self.reports = self.dir / "reports"     # of the sanitizers
        self.reports.mkdir()
        self.reports.chmod(0o777)
        self.log_path = self.dir / "log"
        self.conf = self.dir / "hoopscout.conf"     # empty; a test may write settings into it
        self.conf.touch()
        self.port = free_port()
        self.process = None
        self._link = None               # to its PostgreSQL,
        self._link_to = None            # and which database there
        self.env = {}                   # a test may add settings before start
        self._fill()

    # -- its place ---------------------------------------------------------------

    def _fill(self):
        if self.template:
            subprocess.run(["cp", "-a", str(self.template.state), str(self.state)], check=True)
        else:
            self.state.mkdir()
            self.state.chmod(0o755)
            if is_root():
                user = pwd.getpwnam(TEST_USER)
                os.chown(self.state, user.pw_uid, user.pw_gid)

    def reset(self):
        """Stops it and puts it back to how it was when new."""
        self.stop()
        shutil.rmtree(self.state)
        self._fill()

    @property
    def socket_path(self):
        return self.state / "control.sock"

    @property
    def postgres_socket_dir(self):
        return self.state / "run"

    def folder(self, name):
        """The path of "incoming", "archive", "failed", or of "archive/NAME"."""
        first, _, rest = name.partition("/")
        setting = f"STATIC_DATASET_{first.upper()}_DIR"
        if first not in ("incoming", "archive", "failed"):
            raise ValueError(f"{name} begins with no folder of ours")
        base = pathlib.Path(self.env.get(setting, self.state / "snapshots" / first))
        return base / rest if rest else base

    def environment(self, extra=None):
        """What the programs see: nothing of the caller's settings, all of ours."""
        env = {name: value for name, value in os.environ.items()
               if not name.startswith(("HOOPSCOUT_", "POSTGRES_", "STATIC_DATASET_", "PG", "EXTRACTOR_", "SCHEDULER_"))
               and name not in ("NOTIFY_SOCKET", "JOURNAL_STREAM")}
        env.update({
            "HOOPSCOUT_CONF": str(self.conf),
            "HOOPSCOUT_STATE_DIR": str(self.state),
            "HOOPSCOUT_LISTEN": f"127.0.0.1:{self.port}",
            "HOOPSCOUT_LOG_LEVEL": "debug",
            **({"HOOPSCOUT_DAEMONS": self.daemons} if self.daemons else {}),
            "ASAN_OPTIONS": f"log_path={self.reports}/asan:abort_on_error=0:detect_leaks=1",
            "UBSAN_OPTIONS": f"log_path={self.reports}/ubsan:print_stacktrace=1",
        })
        if is_root():
            env["HOOPSCOUT_USER"] = TEST_USER
        env.update(self.programs.env)
        env.update(self.env)
        env.update(extra or {})
        return {name: str(value) for name, value in env.items()}

    # -- its life ----------------------------------------------------------------

    def start(self, wait=True, env=None, program=None):
        """Starts the supervisor and, unless told otherwise, waits until everything is up. Returns self."""
        assert self.process is None, "it runs already"
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(program or [self.programs.path("hsd-supervisor")],
                                            env=self.environment(env), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, cwd="/", start_new_session=True)
        if wait:
            self.wait_ready()
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def is_ready(self):
        """Whether all daemons that should run are up; fails when the supervisor has ended."""
        if self.process.poll() is not None:
            raise AssertionError(f"the supervisor ended with status {self.process.returncode}:\n{self.log_tail()}")
        try:
            daemons = self.status()["daemons"]
        except (OSError, ControlError):
            return False
        return bool(daemons) and all(row["state"] in ("up", "stopped", "down") for row in daemons) \
            and any(row["state"] == "up" for row in daemons)

    def wait_ready(self, seconds=START_SECONDS):
        until(self.is_ready, seconds, lambda: f"it does not come up:\n{self.log_tail()}")
        return self

    def stop(self, sig=signal.SIGTERM, seconds=STOP_SECONDS):
        """Stops it politely and returns its exit status; None when it did not run."""
        self._hang_up()
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(sig)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"it does not stop within {seconds} s:\n{self.log_tail()}") from None
        finally:
            self.process = None

    def kill(self, sig=signal.SIGKILL):
        """Kills the supervisor alone, as a crash or the kernel would."""
        self.process.send_signal(sig)
        if sig == signal.SIGKILL:
            self.process.wait()
            self.process = None

    def processes(self):
        """Every living process that belongs to this House: {pid: command line}."""
        mark = str(self.dir).encode() + b"/"
        found = {}
        for entry in glob.glob("/proc/[0-9]*"):
            try:
                with open(f"{entry}/cmdline", "rb") as file:
                    line = file.read()
                with open(f"{entry}/environ", "rb") as file:
                    environ = file.read()
                cwd = os.readlink(f"{entry}/cwd").encode() + b"/"
                with open(f"{entry}/stat", "rb") as file:
                    dead = file.read().rpartition(b")")[2].split()[0] in (b"Z", b"X")
            except (OSError, IndexError):
                continue
            ours = mark in line or f"HOOPSCOUT_STATE_DIR={self.state}".encode() in environ.split(b"\0") \
                or cwd.startswith(mark)
            if ours and not dead:
                found[int(entry[6:])] = line.replace(b"\0", b" ").decode(errors="replace").strip()
        return found

    def daemon_pid(self, name):
        """The process of "web" or "importer", or None."""
        for row in self.status()["daemons"]:
            if row["name"] == name:
                return row.get("pid")
        return None

    def close(self):
        """Stops and removes it; fails when something of it survives or a sanitizer complained."""
        complaints = []
        try:
            self.stop()
        except AssertionError as error:
            complaints.append(str(error))
        end = time.monotonic() + 10
        while self.processes() and time.monotonic() < end:
            time.sleep(0.05)
        for pid, line in self.processes().items():
            complaints.append(f"process {pid} survived: {line}")
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for report in sorted(self.reports.iterdir()):
            complaints.append(f"{report.name}:\n{report.read_text(errors='replace')[:6000]}")
        if not os.environ.get("HOOPSCOUT_KEEP_TEST_DIRS"):
            shutil.rmtree(self.dir, ignore_errors=True)
        assert not complaints, "\n".join(complaints)

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def log_tail(self, lines=40):
        return "\n".join(self.log().splitlines()[-lines:])

    # -- talking to it -----------------------------------------------------------

    def hsctl(self, *args, check=True, as_json=False, seconds=60, **kwargs):
        """Runs hsctl against it. With as_json, its lines are in .lines, the last of
        them, {"result": ...} or {"error": ...}, in .json. check: an exit status but 0 fails."""
        line = [self.programs.path("hsctl"), *map(str, args)] + (["--json"] if as_json else [])
        kwargs.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run(line, env=self.environment(), timeout=seconds, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kwargs)
        if check:
            assert done.returncode == 0, f"{line} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        if as_json:
            lines = [json.loads(text) for text in done.stdout.splitlines() if text.strip()]
            done.lines = lines
            done.json = lines[-1] if lines else None
        return done

    def control(self, cmd, seconds=30, **args):
        """One command over the control socket, without hsctl: (events, result). Raises ControlError."""
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(seconds)
            link.connect(str(self.socket_path))
            link.sendall(json.dumps({"id": 1, "cmd": cmd, "args": args}).encode() + b"\n")
            events = []
            with link.makefile("r", encoding="utf-8") as lines:
                for line in lines:
                    message = json.loads(line)
                    if "error" in message:
                        raise ControlError(message["error"])
                    if "result" in message:
                        return events, message["result"]
                    events.append(message)
        raise ControlError({"code": "closed", "message": "the connection ended without a result"})

    def status(self):
        return self.control("status", seconds=10)[1]

    def sql(self, query, check=True):
        """Runs SQL in its PostgreSQL; columns come back with | between them, as text, as psql -A -t shows them.
        One statement goes over a connection that is kept, since opening one takes PostgreSQL longer than most
        queries; several, or check=False, go through psql."""
        if psycopg2 is None or ";" in query.strip().rstrip(";") or not check:
            return self._psql(query, check)
        try:
            rows = self._ask(query)
        except psycopg2.Error as error:
            raise AssertionError(f"{query}\n{error}") from None
        return "\n".join("|".join("" if value is None else value for value in row) for row in rows)

    def _ask(self, query):
        for is_last in (False, True):
            if self._link_to != self._database():
                self._hang_up()
            if self._link is None:
                self._link_to = self._database()
                self._link = psycopg2.connect(**self._link_to)
                self._link.autocommit = True
            try:
                with self._link.cursor() as cursor:
                    cursor.execute(query)
                    return cursor.fetchall() if cursor.description else []
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                was_lost = self._link.closed        # by a PostgreSQL that was stopped since the last query
                if was_lost:
                    self._hang_up()
                if is_last or not was_lost:
                    raise
        return None

    def _hang_up(self):
        if self._link is not None:
            self._link.close()
            self._link = None

    def _database(self):
        env = self.environment()
        return {"host": str(self.postgres_socket_dir), "port": env.get("POSTGRES_PORT", "5432"),
                "user": env.get("POSTGRES_USER", "hoopscout"), "dbname": env.get("POSTGRES_DB", "hoopscout")}

    def _psql(self, query, check):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/psql"))
        place = self._database()
        line = [found[-1] if found else "psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h", place["host"],
                "-p", place["port"], "-U", place["user"], "-d", place["dbname"], "-f", "-"]
        if is_root():
            line = ["setpriv", f"--reuid={TEST_USER}", f"--regid={TEST_USER}", "--clear-groups", *line]
        done = subprocess.run(line, input=query, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False, timeout=120, cwd="/")
        if check:
            assert done.returncode == 0, f"{query}\n{done.stderr}"
        return done.stdout.rstrip("\n")

    def rows(self, query):
        """The same, as a list of dictionaries with typed values."""
        text = self.sql(f"select coalesce(json_agg(q), '[]') from ({query}) q")
        return json.loads(text)

    def request(self, method, path, headers=None, body=None, seconds=30):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            link.request(method, path, body=body, headers=headers or {})
            response = link.getresponse()
            return Answer(response, response.read())
        finally:
            link.close()

    def get(self, path, headers=None, seconds=30):
        return self.request("GET", path, headers=headers, seconds=seconds)

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"

    # -- files -------------------------------------------------------------------

    def ls(self, folder):
        """Names in a folder, sorted; dot files too."""
        return sorted(path.name for path in self.folder(folder).iterdir())

    @staticmethod
    def _content(what):
        """Bytes of a path, of bytes, of text, or of anything that JSON can say."""
        if isinstance(what, bytes):
            return what
        if isinstance(what, str):
            return what.encode("utf-8")
        if isinstance(what, os.PathLike):
            return pathlib.Path(what).read_bytes()
        return json.dumps(what, ensure_ascii=False).encode("utf-8")

    def drop(self, what, name=None):
        """Puts a file into incoming as a careful program does: written under a dot name, then renamed.
        what: a path, bytes, text, or a value for JSON. Returns the file's name."""
        name = name or pathlib.Path(what).name
        part = self.folder("incoming") / f".{name}.dropping"
        part.write_bytes(self._content(what))
        part.rename(self.folder("incoming") / name)
        return name

    def drop_plainly(self, what, name):
        """Opens, writes and closes the file in incoming, as cp does."""
        (self.folder("incoming") / name).write_bytes(self._content(what))
        return name

    def drop_slowly(self, what, name, pieces=5, pause=0.3):
        """Writes the file in pieces, with pauses, keeping it open all the while."""
        content = self._content(what)
        step = max(1, -(-len(content) // pieces))
        with open(self.folder("incoming") / name, "wb", buffering=0) as file:
            for at in range(0, len(content), step):
                file.write(content[at:at + step])
                time.sleep(pause)
        return name

    def drop_link(self, what, name):
        """Makes the file outside and hard-links it into incoming: no event tells of its content."""
        elsewhere = self.state / f"linked-{name}"
        elsewhere.write_bytes(self._content(what))
        elsewhere.chmod(0o644)
        os.link(elsewhere, self.folder("incoming") / name)
        elsewhere.unlink()
        return name

    def wait_for(self, path, seconds=30):
        """Waits until "archive/NAME" is there, and returns its path."""
        where = self.folder(path)
        until(where.exists, seconds, lambda: f"no {path}; incoming: {self.ls('incoming')}, archive: "
              f"{self.ls('archive')}, failed: {self.ls('failed')}\n{self.log_tail()}")
        return where

    def wait_imported(self, name, seconds=30):
        """Waits until a file is shelved, and returns its newest row of import_file."""
        def shelved():
            rows = self.rows("select * from import_file where name = " + "$q$" + name + "$q$" +
                             " and stored_as is not null order by file_id desc limit 1")
            return rows[0] if rows else None
        return until(shelved, seconds, lambda: f"{name} is not imported\n{self.log_tail()}")


class ControlError(Exception):
    """An {"error": ...} over the control socket."""

    def __init__(self, error):
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.code = error.get("code")
        self.error = error
