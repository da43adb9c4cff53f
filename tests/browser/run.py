"""Starts a House for the browser's tests and hands it to node.

run.py BUILD_DIR_WITH_NODE_MODULES. HOOPSCOUT_TEST_SHOTS names a folder for the screenshots;
without it they go with the House. The exit status is node's.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

from browser import PASSWORD, make_account  # noqa: E402
from feed_server import FeedServer, dribble  # noqa: E402
from house import House, Programs  # noqa: E402

# One for each role, named like it; and some that tests change.
ACCOUNTS = {"viewer": "viewer", "scout": "scout", "admin": "admin", "changes": "scout", "changes2": "scout",
            "a-very-long-name.of-somebody@a-very-long-name.example.org": "admin"}


RECORD = {"competition_external_id": "c9", "competition_name": "Fetched league", "season": "2024-25",
          "team_external_id": "t9", "team_name": "Club", "full_name": "Fetched player", "games_played": 10}


# What test_markup.js puts into every text, with the text's own name for NAME; and where texts are cut.
MARKUP = """[NAME]"'><img src=x onerror=hsRan(1)><b hs-made=1>&lt;{{x}}"""
SHORT_MARKUP = "[NAME]<b hs-made=1>&lt;"


def marked(name, markup=MARKUP):
    return markup.replace("NAME", name)


def marked_mappings(feeds):
    """Of a good feed, one with mistakes, and one that is wrong itself: each text of them has markup."""
    record = {key: marked("fetched_" + key.replace("external_", "").replace("competition", "league"))
              if isinstance(value, str) and key != "season" else value for key, value in RECORD.items()}
    record |= {"player_external_id": marked("fetched_id"), "position": marked("fetched_position")}
    feeds.serve("/marked.json", {"players": [record]})
    feeds.serve("/marked-bad.json", {"players": [record, {**record, "games_played": marked("fetched_games", SHORT_MARKUP)}]})
    fields = {name: f"/{name}" for name in record}
    return {
        "marked": {"about": marked("about"), "source_name": marked("fetched_source"), "url": feeds.url("/marked.json"),
                   "records": "/players", "fields": fields},
        "marked-bad": {"about": marked("about_bad"), "url": feeds.url("/marked-bad.json"), "records": "/players", "fields": fields},
        "marked-wrong": {"about": "Wrong", "url": feeds.url("/marked.json"), "fields": {marked("wrong_field"): 7}},
    }


def prepare_extractor(house, feeds):
    """Feeds on loopback: a good one, one that takes its time, one by a mapping; and a mapping with mistakes."""
    records = [{**RECORD, "player_external_id": f"fetched-{n}", "full_name": f"Fetched player {n}"} for n in range(400)]
    feeds.serve("/feed.json", {"source_name": "fetched", "snapshot_date": "2025-01-31", "records": records[:2]})
    whole = json.dumps({"source_name": "slow", "snapshot_date": "2025-01-31", "records": records}).encode()
    feeds.script("/slow.json", lambda link: dribble(link, whole, pause=0.2, pieces=600))
    feeds.serve("/league.json", {"players": records[:5] + records[:2]})
    fields = {name: f"/{name}" for name in RECORD} | {"player_external_id": "/player_external_id", "nationality": "/from"}
    folder = house.dir / "extractors"
    folder.mkdir()
    folder.chmod(0o755)
    mappings = {
        "slow": {"about": "A feed that takes its time", "url": feeds.url("/slow.json"), "records": "/records",
                 "fields": fields},
        "league": {"about": "Players of a league, every night", "url": feeds.url("/league.json"), "records": "/players",
                   "schedule": "30 2 * * mon-fri", "timezone": "Europe/Berlin", "duplicates": "drop", "fields": fields},
        "broken": {"about": "Nothing", "fields": 7},
        **marked_mappings(feeds),
    }
    for name, mapping in mappings.items():
        (folder / f"{name}.json").write_text(json.dumps(mapping))
    house.env.update({"EXTRACTOR_ALLOW_PRIVATE_HOSTS": "127.0.0.1", "EXTRACTOR_REQUEST_DELAY_SECONDS": "0",
                      "EXTRACTOR_PUBLIC_JSON_URL": feeds.url("/feed.json"), "EXTRACTOR_MAPPINGS_DIR": str(folder),
                      "SCHEDULER_ENABLED": "yes"})
    house.daemons = None


def run(tests, env):
    """Shows what node says; (its exit status, [passed, failed])."""
    counts = [0, 1]
    with subprocess.Popen([os.environ.get("NODE") or "node", str(HERE / tests)], env=env, text=True,
                          stdout=subprocess.PIPE) as node:
        for line in node.stdout:
            print(line, end="", flush=True)
            found = re.match(r"browser: (\d+) passed, (\d+) failed$", line)
            counts = [int(number) for number in found.groups()] if found else counts
    return node.returncode, counts


def main(modules):
    programs = Programs()
    house = House(programs)
    feeds = FeedServer()
    shots = pathlib.Path(os.environ.get("HOOPSCOUT_TEST_SHOTS") or house.dir / "shots")
    shots.mkdir(parents=True, exist_ok=True)
    try:
        prepare_extractor(house, feeds)
        house.start()
        for name, role in ACCOUNTS.items():
            make_account(house, name, role)
        env = {**os.environ, "NODE_PATH": f"{modules}/node_modules", "HOOPSCOUT_TEST_URL": house.url(""),
               "HOOPSCOUT_TEST_INCOMING": str(house.folder("incoming")), "HOOPSCOUT_TEST_SHOTS": str(shots),
               "HOOPSCOUT_TEST_PASSWORD": PASSWORD, "HOOPSCOUT_TEST_MARKUP": MARKUP,
               "HOOPSCOUT_TEST_SHORT_MARKUP": SHORT_MARKUP, "HOOPSCOUT_TEST_SOURCE": str(HERE.parents[1]),
               "HOOPSCOUT_TEST_CONF": str(house.conf),
               "HOOPSCOUT_TEST_RELOAD": f"{programs.path('hsctl')} --socket {house.socket_path} reload"}
        status, counts = run("test_pages.js", env)
        house.stop()
        house.env["HOOPSCOUT_BASE_PATH"] = "/scout"
        house.start()
        below_status, below = run("test_base_path.js", {**env, "HOOPSCOUT_TEST_BASE_PATH": "/scout"})
        if status != 0 or below_status != 0:
            print(house.log_tail(60), file=sys.stderr)
        print(f"browser: {counts[0] + below[0]} passed, {counts[1] + below[1]} failed")
        return status or below_status
    finally:
        house.close()
        feeds.close()
        programs.remove()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
