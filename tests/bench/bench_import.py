#!/usr/bin/python3
"""How fast imports are, as ratios to a bare binary COPY of the same rows in the same run.

    tests/bench/bench_import.py [--records N] [--large N] [--json]

Runs the shipped programs on a private PostgreSQL of its own, as the integration tests do, and prints for a first
import, the same content again (other bytes), 2 % of it changed under a newer date, and another source
of the same size: rows/s, the ratio to the COPY, the processors' seconds likewise (they are less disturbed by
whatever else runs), and the WAL written. With --large, a file of so many records is imported too, to
see how far the importer's memory grows. make_snapshot.c makes the files, the same ones each time.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

import house as harness  # noqa: E402
from house import House, Programs, build_dir, until  # noqa: E402

COPIES = 5
BARE = """create unlogged table bare as
    select c.external_id as competition_external_id, c.name as competition_name, e.name as season,
        t.external_id as team_external_id, t.name as team_name, p.external_id as player_external_id, p.full_name,
        p.first_name, p.last_name, p.birth_date, p.nationality, p.height, p.weight, ps.position, ps.role,
        l.games, mpg, ppg, rpg, apg, spg, bpg, tov, fg_pct, three_pt_pct, ft_pct, ps.source_metadata, ps.raw_payload
    from player_season ps join player_season_stats l on l.of_player = ps.player_id
        and l.competition_id = ps.competition_id and l.season_id = ps.season_id and l.team_id = ps.team_id
    join player p on p.player_id = ps.player_id join competition c on c.competition_id = ps.competition_id
    join season e on e.season_id = ps.season_id join team t on t.team_id = ps.team_id"""
TICKS = os.sysconf("SC_CLK_TCK")


def make(house, name, *options):
    """A snapshot, made beside incoming and renamed into it. Returns its size."""
    program = build_dir() / "tests/bench/make_snapshot"
    if not program.exists():
        program = house.dir / "make_snapshot"
        subprocess.run(["cc", "-O2", "-o", str(program), str(HERE / "make_snapshot.c")], check=True)
    path = house.folder("incoming") / f".{name}"
    with open(path, "wb") as file:
        subprocess.run([str(program), *map(str, options)], stdout=file, check=True)
    path.rename(house.folder("incoming") / name)
    return (house.folder("incoming") / name).stat().st_size if (house.folder("incoming") / name).exists() else 0


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_kb(pid, what="VmRSS"):
    return int(re.search(rf"^{what}:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M).group(1))


class Bench:
    def __init__(self, house):
        self.house = house
        self.importer = house.daemon_pid("importer")
        self.results = []

    def backend(self):
        return int(self.house.sql("select pid from pg_stat_activity where application_name = 'hsd-importer'"))

    def wal(self):
        return int(self.house.sql("select pg_current_wal_insert_lsn() - '0/0'"))

    def quiet(self):
        """Waits for the vacuum that follows a large import, and settles the disk."""
        time.sleep(0.5)
        until(lambda: self.house.sql("select count(*) from pg_stat_activity where query like 'vacuum%' "
                                     "and state = 'active'") == "0", 600, "the vacuum goes on")
        self.house.sql("checkpoint", check=False)

    def load(self, title, *options):
        self.quiet()
        name = title.replace(" ", "-").replace(",", "") + ".json"
        wal, backend = self.wal(), self.backend()
        before = cpu_seconds(self.importer), cpu_seconds(backend)
        make(self.house, name, *options)
        row = self.house.wait_imported(name, seconds=3600)
        cpu = cpu_seconds(self.importer) - before[0], cpu_seconds(backend) - before[1]
        (seconds,) = self.house.rows(f"select extract(epoch from finished_at - started_at)::float8 as s "
                                     f"from import_file where file_id = {row['file_id']}")
        result = dict(title=title, seconds=seconds["s"], rows=row["records"], importer_cpu=cpu[0], backend_cpu=cpu[1],
                      wal_bytes=self.wal() - wal, **{key: row[key] for key in ("created", "updated", "unchanged", "stale")})
        self.results.append(result)
        return result

    def bare_copy(self):
        """Seconds of a binary COPY of the same rows into a bare unlogged table."""
        house, file = self.house, self.house.dir / "bare.bin"
        if not file.exists():
            file.touch()
            file.chmod(0o666)
            house.sql(BARE)
            house.sql(f"\\copy bare to '{file}' (format binary)", check=False)
        house.sql("truncate bare")
        out = house.sql(f"\\timing on\n\\copy bare from '{file}' (format binary)\n", check=False)
        return float(re.findall(r"Time: ([\d.]+) ms", out)[-1]) / 1000

    def bare(self, times=COPIES):
        return statistics.median(self.bare_copy() for _ in range(times))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=200000)
    parser.add_argument("--large", type=int, default=0)
    parser.add_argument("--place", default="/tmp", help="where the database stands")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    harness.memory_dir = lambda: options.place      # by default a disk: what imports write ahead is part of their cost
    programs = Programs()
    house = House(programs)
    house.env.update({"HOOPSCOUT_DAEMONS": "importer", "HOOPSCOUT_LOG_LEVEL": "info"})
    count = ["-n", options.records]
    try:
        with house.start():
            bench = Bench(house)
            make(house, "warm.json", "-n", 100, "-s", 99)
            house.wait_imported("warm.json")
            bench.house.sql("truncate player, player_season, player_season_stats, player_best, competition, season, team, "
                            "label, player_season_history")
            idle = memory_kb(bench.importer)
            first = bench.load("first", *count)
            bare = bench.bare()
            bench.load("unchanged again", *count, "-w")
            bench.load("unchanged again, newer date", *count, "-d", "2026-02-28")
            bench.load("2 percent changed", *count, "-d", "2026-03-31", "-c", 2)
            bench.load("another source", *count, "-s", 2)
            bare = statistics.median([bare, bench.bare()])
            if options.large:
                bench.load("large", "-n", options.large, "-s", 3)
            grown = memory_kb(bench.importer, "VmHWM") - idle
            report(bench, options, bare, first, idle, grown)
    finally:
        house.close()
        programs.remove()


def report(bench, options, bare, first, idle, grown):
    for result in bench.results:
        result["ratio"] = result["seconds"] / bare * options.records / result["rows"]
        result["rows_per_second"] = result["rows"] / result["seconds"]
    if options.json:
        print(json.dumps(dict(bare_copy_seconds=bare, idle_kb=idle, grown_kb=grown, imports=bench.results), indent=1))
        return
    print(f"bare binary COPY of {options.records:,} rows: {bare * 1000:.0f} ms")
    print(f"{'import':28} {'rows/s':>9} {'x COPY':>7} {'seconds':>8} {'cpu: ours':>9} {'server':>7} {'WAL':>9} {'of first':>8}")
    for result in bench.results:
        print(f"{result['title']:28} {result['rows_per_second']:9,.0f} {result['ratio']:7.1f} {result['seconds']:8.2f} "
              f"{result['importer_cpu']:9.2f} {result['backend_cpu']:7.2f} {result['wal_bytes'] / 1e6:6.1f} MB "
              f"{result['wal_bytes'] / first['wal_bytes'] * 100:7.2f}%")
    print(f"the importer's memory: {idle / 1024:.1f} MB idle, at most {grown / 1024:.1f} MB more")


if __name__ == "__main__":
    main()
