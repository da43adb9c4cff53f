#!/usr/bin/python3
"""How fast searches are answered over all the world's basketball, each beside its ceiling in the same run.

    tests/bench/bench_search.py [--players N] [--state DIR] [--rounds N] [--only TEXT] [--json]

Runs the shipped programs with answers kept off, on a private PostgreSQL filled by search_world.sql (400,000 players
make two million player-seasons and some minutes of work; --state keeps them for the next run). Every query goes
through HTTP, in alternation with the ceiling: one serial count of player_season_stats with a filter. The first page
without filters is beside the least question that goes the same way instead: /health/, which reads one small row.
"""

import argparse
import http.client
import json
import os
import pathlib
import pwd
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

import house as harness  # noqa: E402
from house import TEST_USER, House, Programs, is_root  # noqa: E402

CEILING = "select count(*) from player_season_stats where games >= 0 and ppg >= 0"
THRESHOLDS = "games mpg ppg rpg apg spg bpg fg_pct three_pt_pct ft_pct"
QUERIES = {     # title: query; at most one ceiling, unless LIMITS says otherwise
    "no filter, by PPG": "",
    "nationality": "nationality=Nation+7",
    "competition + season": "competition=world:C7&season=2015-16",
    "PPG >= 20": "ppg_min=20",
    "PPG >= 10, by APG": "ppg_min=10&sort=-apg",
    "four thresholds": "games_min=20&mpg_min=15&ppg_min=10&apg_min=3",
    "name doncic": "name=doncic",
    "name, accents": "name=Don%C4%8Di%C4%87+dr%C4%99",
    "name, 3 letters": "name=dor",
    "name, 2 letters": "name=li",
    "name, 1 letter": "name=z",
    "age 18-21, 205 cm and up": "age_min=18&age_max=21&height_min=205",
    "no filter, page 5000": "page=5000",
    "no filter, page 15000": "page=15000",
    **{f"no filter, page 15000, by {key}": f"page=15000&sort={key}" for key in ("name", "age", "-age", "height", "apg", "-tov")},
    "nationality, page 200, by height": "nationality=Nation+7&page=200&sort=height",
    "rare combination": "nationality=Nation+120&season=2015-16&ppg_min=15&three_pt_pct_min=45",
    "season, TOV <= 3, by name": "season=2015-16&tov_max=3&sort=name",
    "games >= 5, by RPG": "games_min=5&sort=-rpg",
    "games, MPG, TOV lax, page 200": "games_min=5&mpg_min=5&tov_max=4&page=200",
    **{f"games >= 5, page {page}{by and ', by '}{by}": f"games_min=5&page={page}&sort={by or '-ppg'}"
       for page in (390, 801, 15996) for by in ("", "name", "age", "apg")},
    "contradicting order": "apg_min=8&bpg_min=1.2&sort=-rpg",
    "two that nobody meets": "rpg_min=24&apg_min=17",
    "name + threshold": "name=dor&ppg_min=15",
    "nationality + threshold": "nationality=Nation+120&ppg_min=20",
    "competition": "competition=world:C7", "season": "season=2015-16", "team": "team=world:T77",
    "position": "position=C", "role": "role=bench", "age": "age_max=20", "height": "height_min=210",
    "weight": "weight_max=80", "TOV <= 1": "tov_max=1",
    **{f"{name} alone": f"{name}_min={number}" for name, number in zip(THRESHOLDS.split(), (60, 30, 15, 8, 6, 1, 1, 60, 50, 90))},
    **{f"sort {way}{key}": f"sort={way}{key}" for way in ("", "-") for key in
       ("name age height weight " + THRESHOLDS + " tov").split()},
    **{f"games >= 5, sort {way}{key}": f"games_min=5&sort={way}{key}" for way in ("", "-") for key in
       ("name age height weight " + THRESHOLDS + " tov").split()},
}
LIMITS = {title: 3 for title in QUERIES if title.startswith(("games, MPG, TOV lax, page", "games >= 5, page"))}


class Bench:
    def __init__(self, house):
        self.house = house
        self.web = http.client.HTTPConnection("127.0.0.1", house.port, timeout=120)
        for setting in ("jit = off", "max_parallel_workers_per_gather = 0", "work_mem = '32MB'"):
            house.sql(f"set {setting}")

    def ask(self, query):
        """(milliseconds, total) of a search."""
        begun = time.perf_counter()
        self.web.request("GET", f"/api/v1/players?{query}")
        answer = self.web.getresponse()
        body = answer.read()
        taken = (time.perf_counter() - begun) * 1000
        if answer.status != 200:
            raise RuntimeError(f"{query}: {answer.status} {body[:200]}")
        return taken, json.loads(body)["total"]

    def serial(self):
        begun = time.perf_counter()
        self.house.sql(CEILING)
        return (time.perf_counter() - begun) * 1000

    def least(self):
        begun = time.perf_counter()
        self.web.request("GET", "/health/")
        answer = self.web.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"/health/: {answer.status}")
        return (time.perf_counter() - begun) * 1000

    def measure(self, query, rounds):
        ours, theirs, total = [], [], 0
        for turn in range(rounds + 1):
            taken, total = self.ask(query)
            other = self.serial() if query else self.least()
            if turn > 0:        # the first warms up
                ours.append(taken)
                theirs.append(other)
        worst = sorted(ours)[max(0, round(0.95 * len(ours)) - 1)]
        return dict(total=total, median=statistics.median(ours), p95=worst, beside=statistics.median(theirs),
                    ratio=worst / statistics.median(theirs))


def fill(house, players):
    line = ["psql", "-q", "-X", "-h", str(house.postgres_socket_dir), "-U", "hoopscout", "-v", f"players={players}",
            "-f", "-", "hoopscout"]
    if is_root():
        line = ["setpriv", f"--reuid={TEST_USER}", f"--regid={TEST_USER}", "--clear-groups", *line]
    with open(HERE / "search_world.sql", encoding="utf-8") as world:
        subprocess.run(line, stdin=world, check=True, stdout=sys.stderr, cwd="/")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--players", type=int, default=400000)
    parser.add_argument("--state", type=pathlib.Path, help="a state folder that is kept, and used again")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--only", default="", help="only the queries whose title has this text")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    harness.memory_dir = lambda: "/tmp"
    programs = Programs()
    house = House(programs)
    house.env.update({"HOOPSCOUT_WEB_CACHE_BYTES": "0", "HOOPSCOUT_LOG_LEVEL": "info", "HOOPSCOUT_SEARCH_SECONDS": "60"})
    if options.state:
        house.state = options.state.resolve()
        house.state.mkdir(exist_ok=True)
        if is_root():
            user = pwd.getpwnam(TEST_USER)
            os.chown(house.state, user.pw_uid, user.pw_gid)
        house.env["HOOPSCOUT_STATE_DIR"] = str(house.state)
    try:
        with house.start():
            if int(house.sql("select players from data_version")) != options.players:
                fill(house, options.players)
            bench = Bench(house)
            results = {title: bench.measure(query, options.rounds * (1 if query else 10))
                       for title, query in QUERIES.items() if options.only in title}
            report(results, options)
    finally:
        house.close()
        programs.remove()


def report(results, options):
    if options.json:
        print(json.dumps(results, indent=1))
        return
    print(f"{'search':32} {'players':>9} {'median ms':>10} {'p95 ms':>8} {'beside ms':>10} {'p95 / beside':>13}")
    for title, one in results.items():
        limit = LIMITS.get(title, 1) if QUERIES[title] else 3
        print(f"{title:32} {one['total']:9,} {one['median']:10.1f} {one['p95']:8.1f} {one['beside']:10.2f} "
              f"{one['ratio']:13.2f}{'' if one['ratio'] <= limit else f'   over {limit}'}")
    print("beside: a serial filtered count of player_season_stats; of the search without filter, /health/")


if __name__ == "__main__":
    main()
