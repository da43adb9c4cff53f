#!/usr/bin/python3
"""How fast a large feed becomes a snapshot, and how much memory that takes.

    tests/bench/bench_extract.py [--megabytes N] [--json]

A server on loopback makes a feed of so many megabytes (1000 if not told) as JSON Lines, as one long array, as
pages, and in the snapshot's own shape; the shipped extractor fetches, maps and checks it (a dry run: the
importer's validator sees every byte that would be written). Beside it, in the same run, stands the
ceiling: curl takes the same feed to a file, and `hsctl snapshot check` validates the result, which
both have to happen in any case. Memory is what the extractor's processes grow by over idle.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

from feed_server import FeedServer  # noqa: E402
from house import House, Programs  # noqa: E402

PAGE_RECORDS = 2000
FIELDS = {
    "competition_external_id": {"constant": "L"}, "competition_name": {"constant": "League"}, "season": "/season",
    "team_external_id": "/team/code", "team_name": "/team/name", "player_external_id": "/code",
    "full_name": {"at": "/name", "convert": ["name_order", "title_case"]},
    "height_cm": {"at": "/height", "convert": "feet_inches_to_cm"},
    "weight_kg": {"at": "/weight", "convert": "pounds_to_kg"},
    "games_played": "/games", "points_per_game": {"quotient": ["/points", "/games"], "places": 1},
    "fg_pct": {"percent": ["/made", "/attempted"]},
}


def record(number):
    """As a feed has it: about 300 bytes."""
    return json.dumps({
        "code": f"p{number}", "name": f"LASTNAME{number % 9973}, FIRST", "season": str(1990 + number % 35),
        "team": {"code": f"T{number % 300}", "name": f"Team of number {number % 300}"}, "height": "6-7",
        "weight": "215", "games": 20 + number % 60, "points": 100 + number % 1500, "made": 50 + number % 300,
        "attempted": 400, "notes": "of no use to a snapshot, as much in a feed", "rank": number, "active": True,
    }).encode()


def snapshot_record(number):
    return json.dumps({
        "competition_external_id": "L", "competition_name": "League", "season": str(1990 + number % 35),
        "team_external_id": f"T{number % 300}", "team_name": f"Team of number {number % 300}",
        "player_external_id": f"p{number}", "full_name": f"First Lastname{number % 9973}", "height_cm": 201,
        "weight_kg": 98, "games_played": 20 + number % 60, "points_per_game": 12.3, "fg_pct": 45.5,
    }).encode()


class Feed:
    """Serves about so many bytes, made as they are sent."""

    def __init__(self, total, make):
        self.make = make
        self.count = total // (len(make(1000)) + 1)

    def pieces(self, joint):
        buffer = []
        for number in range(self.count):
            buffer.append(self.make(number))
            if len(buffer) == 500:
                yield (joint if number > 500 else b"") + joint.join(buffer)
                buffer.clear()
        yield joint + joint.join(buffer) if buffer else b""

    def send(self, link, before, joint, after):
        link.head(Content_Type="application/json")
        link.send(before)
        for piece in self.pieces(joint):
            link.send(piece)
        link.send(after)

    def page(self, link):
        number = int(link.request.path.rpartition("=")[2]) - 1
        rows = range(number * PAGE_RECORDS, min((number + 1) * PAGE_RECORDS, self.count))
        body = b'{"players":[' + b",".join(map(self.make, rows)) + b"]}"
        link.head(Content_Type="application/json", Content_Length=len(body))
        link.send(body)
        return "keep"


def memory_kb(pid, what):
    return int(re.search(rf"^{what}:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M).group(1))


def forget_peak(pid):
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ceiling(house, url, snapshot):
    """Seconds that curl takes for the feed, and the validator for the snapshot."""
    started = time.monotonic()
    subprocess.run(["curl", "-sS", "-o", str(house.dir / "fetched"), url], check=True)
    fetched = time.monotonic() - started
    (house.dir / "fetched").unlink()
    started = time.monotonic()
    house.hsctl("snapshot", "check", snapshot, seconds=3600)
    return fetched, time.monotonic() - started


def measure(house, feeds, name, url_of_all):
    pid = house.daemon_pid("extractor")
    idle = memory_kb(pid, "VmRSS")
    forget_peak(pid)
    cpu, started = cpu_seconds(pid), time.monotonic()
    run = house.hsctl("extractor", "run", name, "--dry-run", as_json=True, seconds=7200).json["result"]
    took = time.monotonic() - started
    found = {"shape": name, "bytes": run["bytes"], "records": run["records"], "pages": run["pages"],
             "seconds": round(took, 1), "cpu_seconds": round(cpu_seconds(pid) - cpu, 1),
             "megabytes_per_second": round(run["bytes"] / took / 1e6, 1),
             "grew_kb": memory_kb(pid, "VmHWM") - idle, "idle_kb": idle}
    place = house.dir / "made.json"
    house.hsctl("extractor", "run", name, "--output-path", place, seconds=7200)
    fetched, checked = ceiling(house, url_of_all, place)
    place.unlink()
    found.update(fetch_seconds=round(fetched, 1), check_seconds=round(checked, 1),
                 ratio=round(took / (fetched + checked), 2))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--only", help="one shape: lines, array, pages or own")
    parser.add_argument("--json", action="store_true", help="print a line of JSON for each shape")
    args = parser.parse_args()
    programs = Programs()
    house = House(programs)
    mappings = house.dir / "extractors"
    mappings.mkdir()
    mappings.chmod(0o755)
    house.dir.chmod(0o777)
    feed, own = (Feed(args.megabytes * 1000000, make) for make in (record, snapshot_record))
    with FeedServer() as feeds:
        feeds.script("/lines", lambda link: feed.send(link, b"", b"\n", b"\n"))
        feeds.script("/array", lambda link: feed.send(link, b'{"players":[', b",", b"]}"))
        feeds.script("/pages", feed.page)
        feeds.script("/own", lambda link: own.send(
            link, b'{"source_name":"s","snapshot_date":"2025-01-01","records":[', b",", b"]}"))
        shapes = {"lines": {"records": {"shape": "lines"}}, "array": {"records": "/players"},
                  "pages": {"records": "/players", "paging": {"kind": "page", "size": PAGE_RECORDS, "limit": 100000}}}
        for name, shape in shapes.items():
            (mappings / f"{name}.json").write_text(json.dumps({"url": feeds.url(f"/{name}"), "fields": FIELDS, **shape}))
        house.env.update({
            "HOOPSCOUT_DAEMONS": "extractor", "EXTRACTOR_MAPPINGS_DIR": str(mappings), "EXTRACTOR_MAX_BYTES": "100G",
            "EXTRACTOR_ALLOW_PRIVATE_HOSTS": "127.0.0.1", "EXTRACTOR_REQUEST_DELAY_SECONDS": "0",
            "EXTRACTOR_PUBLIC_JSON_URL": feeds.url("/own")})
        try:
            house.start()
            for name in (*shapes, "own"):
                if args.only and args.only != name:
                    continue
                found = measure(house, feeds, name if name != "own" else "public_json_snapshot",
                                feeds.url("/own" if name == "own" else "/lines"))
                print(json.dumps(found) if args.json else "{shape:22} {megabytes_per_second} MB/s, {ratio} times fetching "
                      "({fetch_seconds} s) and checking ({check_seconds} s), grew by {grew_kb} KiB over {idle_kb}: "
                      "{bytes} bytes, {records} records, {pages} pages, {seconds} s".format(**found), flush=True)
        finally:
            house.close()
            programs.remove()


if __name__ == "__main__":
    main()
