"""PostgreSQL servers of a test's own, one streaming from the other, and Houses that use both.

    with Servers() as servers:
        house = RemoteHouse(programs, servers)
        ...
        servers.first.power_off()
        servers.second.promote()

Both listen on one socket folder, on ports of their own. Nothing is durable here but against the death of
processes, which is all that these tests do to them.
"""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import time

import psycopg2

from house import TEST_USER, House, is_root, memory_dir, new_dir, until
from supervisors import as_user, postgres_bin

SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{run}'
port = {port}
shared_buffers = 32MB
fsync = off
max_wal_senders = 5
wal_keep_size = 256MB
wal_retrieve_retry_interval = 200ms
hot_standby_feedback = on
"""


class Server:
    def __init__(self, run, data, port):
        self.run, self.data, self.port = run, data, port
        self.name = f"{run}:{port}"
        self.process = None
        self._link = None

    def start(self):
        with open(f"{self.data}.log", "ab") as log:
            self.process = subprocess.Popen(as_user([str(postgres_bin() / "postgres"), "-D", str(self.data)]),
                                            stdout=log, stderr=log, cwd="/", start_new_session=True)
        return self.wait()

    def wait(self):
        def answers():
            with contextlib.suppress(psycopg2.Error):
                return self.sql("select 1") == "1"
            return False
        until(answers, 30, lambda: f"{self.name} does not answer: {pathlib.Path(f'{self.data}.log').read_text()[-2000:]}")
        return self

    def children(self):
        """Its processes, by what they say they are: {pid: "walsender hoopscout ..."}."""
        found = {}
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, IndexError, ValueError):
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == self.process.pid:
                    found[int(entry.name)] = (entry / "cmdline").read_text().partition("\0")[0]
        return found

    def power_off(self):
        """Everything of it is gone in one moment, as with its machine."""
        self.hang_up()
        doomed = [self.process.pid, *self.children()]
        self.process.send_signal(signal.SIGSTOP)    # or it would begin to clear up after its children
        for pid in [*doomed[1:], doomed[0]]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def stop(self):
        self.hang_up()
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(20)
            self.process = None

    def promote(self):
        return self.sql("select pg_promote()") == "t"

    def is_standby(self):
        return self.sql("select pg_is_in_recovery()") == "t"

    def sql(self, query):
        """As House.sql, from this server and as its superuser."""
        for is_last in (False, True):
            try:
                if self._link is None:
                    self._link = psycopg2.connect(host=str(self.run), port=self.port, user="postgres",
                                                  dbname="hoopscout", connect_timeout=5)
                    self._link.autocommit = True
                with self._link.cursor() as cursor:
                    cursor.execute(query)
                    rows = cursor.fetchall() if cursor.description else []
                return "\n".join("|".join("" if value is None else str(value) for value in row) for row in rows)
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                self.hang_up()
                if is_last:
                    raise
        return None

    def hang_up(self):
        if self._link is not None:
            with contextlib.suppress(psycopg2.Error):
                self._link.close()
            self._link = None


class Servers:
    """A primary and its standby; the first is the primary at the beginning."""

    def __init__(self):
        self.dir = new_dir("hs-pg-", memory_dir())
        self.run = self.dir / "run"
        self.run.mkdir()
        self.run.chmod(0o755)
        if is_root():
            user = pwd.getpwnam(TEST_USER)
            for path in (self.dir, self.run):
                os.chown(path, user.pw_uid, user.pw_gid)
        self.first = Server(self.run, self.dir / "a", 5701)
        self.second = Server(self.run, self.dir / "b", 5702)
        self.ports = f"{self.first.port},{self.second.port}"
        try:
            self._make()
        except BaseException:
            self.close()
            raise

    def _run(self, program, *words):
        done = subprocess.run(as_user([str(postgres_bin() / program), *map(str, words)]), cwd="/", check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        assert done.returncode == 0, done.stdout

    def _make(self):
        self._run("initdb", "-D", self.first.data, "--username=postgres", "--auth=trust", "--encoding=UTF8",
                  "--locale=C.UTF-8", "--no-sync", "--no-instructions")
        with open(self.first.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            conf.write(SETTINGS.format(run=self.run, port=self.first.port))
        with open(f"{self.first.data}.log", "ab") as log:
            self.first.process = subprocess.Popen(
                as_user([str(postgres_bin() / "postgres"), "-D", str(self.first.data)]),
                stdout=log, stderr=log, cwd="/", start_new_session=True)
        until(lambda: subprocess.run([str(postgres_bin() / "pg_isready"), "-q", "-h", str(self.run), "-p",
                                      str(self.first.port)], check=False).returncode == 0, 30, "no primary")
        place = ("-h", self.run, "-p", self.first.port, "-U", "postgres")
        self._run("createuser", *place, "hoopscout")    # no superuser, as on a managed server
        self._run("createdb", *place, "-O", "hoopscout", "hoopscout")
        self.follow(self.second, self.first)

    def follow(self, standby, primary):
        """Makes standby anew, from a copy of primary."""
        shutil.rmtree(standby.data, ignore_errors=True)
        self._run("pg_basebackup", "-h", self.run, "-p", primary.port, "-U", "postgres", "-D", standby.data, "-R",
                  "-X", "stream", "-c", "fast", "--no-sync")
        with open(standby.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            conf.write(f"port = {standby.port}\n")
        standby.start()

    def wait_even(self):
        """Until the standby has replayed all that the primary has."""
        position = self.first.sql("select pg_current_wal_lsn()")
        until(lambda: self.second.sql(f"select pg_last_wal_replay_lsn() >= '{position}'") in ("True", "t"), 20,
              "the standby does not follow")

    def close(self):
        for server in (self.first, self.second):
            server.stop()
        if not os.environ.get("HOOPSCOUT_KEEP_TEST_DIRS"):
            shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class RemoteHouse(House):
    """One machine of several: its database is the servers', its folders may be another House's."""

    def __init__(self, programs, servers, daemons="web,importer", folders_of=None, **env):
        self.daemons = daemons
        self.servers = servers
        super().__init__(programs)
        self.env.update({"POSTGRES_HOST": f"{servers.run},{servers.run}", "POSTGRES_PORT": servers.ports,
                         "HOOPSCOUT_RESCAN_SECONDS": 1, **env})
        if folders_of is not None:
            for name in ("incoming", "archive", "failed"):
                self.env[f"STATIC_DATASET_{name.upper()}_DIR"] = folders_of.folder(name)

    def _database(self):
        primary = next(server for server in (self.servers.first, self.servers.second)
                       if server.process is not None and not server.is_standby())
        return {"host": str(self.servers.run), "port": str(primary.port), "user": "hoopscout", "dbname": "hoopscout"}

    def hosts(self):
        """What it says of the database's hosts: {port: row}."""
        return {int(row["name"].rpartition(":")[2]): row for row in self.status()["database"]["hosts"]}


def wait_hosts(house, is_wanted, seconds=15):
    """Until what a House says of the hosts is so; how long that took."""
    begun = time.monotonic()
    until(lambda: is_wanted(house.hosts()), seconds, lambda: f"{house.hosts()}\n{house.log_tail()}")
    return time.monotonic() - begun
