#!/usr/bin/python3
"""How fast a page that is kept is answered, beside evhttp answering with the same bytes from memory.

    tests/bench/bench_http.py [--rounds N] [--seconds N] [--connections N]

Needs wrk (Debian's package) and the test programs: make tests/bench/bare_http. The same page by HTTPS, and behind
nginx where that is installed, stands beside it. All are loaded in alternation; printed are requests/s and latencies of
each, their medians, and the ratios.
"""

import argparse
import pathlib
import re
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

from house import SOURCE_DIR, House, Programs, build_dir, until  # noqa: E402
from nginx import PROGRAM, Nginx  # noqa: E402
from tls import serve_tls  # noqa: E402

UNITS = {"us": 0.001, "ms": 1, "s": 1000}


def load(url, options):
    """(requests/s, p50 ms, p99 ms) of wrk; fails when anything was answered wrongly."""
    out = subprocess.run(["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}s", "--latency", url],
                         capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in out and "Socket errors" not in out, out

    def latency(percent):
        value, unit = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)\n", out).groups()
        return float(value) * UNITS[unit]
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)), latency(50), latency(99)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    programs = Programs()
    house = House(programs)
    house.env["HOOPSCOUT_LOG_LEVEL"] = "info"
    bare = nginx = None
    secure = serve_tls(house)
    try:
        with house.start():
            sample = next((SOURCE_DIR / "etc/examples").glob("*.json"))
            house.drop(sample.read_bytes(), "sample.json")
            house.wait_imported("sample.json")
            until(lambda: house.get("/").headers.get("ETag"), 10, "no page")
            page = house.get("/").body
            (house.dir / "page").write_bytes(page)
            bare = subprocess.Popen([str(build_dir() / "tests/bench/bare_http"), str(house.dir / "page")],
                                    stdout=subprocess.PIPE, text=True)
            urls = {"bare evhttp": f"http://127.0.0.1:{int(bare.stdout.readline())}/", "HoopScout": house.url("/"),
                    "HoopScout by HTTPS": f"https://127.0.0.1:{secure.port}/"}
            if PROGRAM:
                nginx = Nginx(house, changes=[("limit_conn hoopscout_visitor 100;", "")]).start()
                urls["HoopScout behind nginx"] = f"http://127.0.0.1:{nginx.port}/"
            results = {name: [] for name in urls}
            for turn in range(options.rounds + 1):
                for name, url in urls.items():
                    result = load(url, options)
                    if turn > 0:        # the first warms up
                        results[name].append(result)
            report(page, results)
    finally:
        if nginx:
            nginx.close()
        if bare:
            bare.kill()
            bare.wait()
        house.close()
        programs.remove()


def report(page, results):
    print(f"a page of {len(page):,} bytes{'':16} {'requests/s':>12} {'p50 ms':>8} {'p99 ms':>8}")
    middle = {}
    for name, runs in results.items():
        middle[name] = [statistics.median(column) for column in zip(*runs)]
        print(f"{name:36} {middle[name][0]:12,.0f} {middle[name][1]:8.2f} {middle[name][2]:8.2f}")
    for name, other in (("HoopScout", "bare evhttp"), *((name, "HoopScout") for name in list(results)[2:])):
        rate, _, p99 = (ours / theirs for ours, theirs in zip(middle[name], middle[other]))
        print(f"{name}, beside {other}: {rate:.2f} of the rate, p99 {p99:.2f} times")


if __name__ == "__main__":
    main()
