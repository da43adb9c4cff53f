"""Starts a House for the browser's tests and hands it to node.

run.py BUILD_DIR_WITH_NODE_MODULES. HOOPSCOUT_TEST_SHOTS names a folder for the screenshots;
without it they go with the House. The exit status is node's.
"""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

from browser import PASSWORD, make_account  # noqa: E402
from house import House, Programs  # noqa: E402

# One for each role, named like it; and some that tests change.
ACCOUNTS = {"viewer": "viewer", "scout": "scout", "admin": "admin", "changes": "scout", "changes2": "scout",
            "a-very-long-name.of-somebody@a-very-long-name.example.org": "admin"}


def main(modules):
    programs = Programs()
    house = House(programs)
    shots = pathlib.Path(os.environ.get("HOOPSCOUT_TEST_SHOTS") or house.dir / "shots")
    shots.mkdir(parents=True, exist_ok=True)
    try:
        house.start()
        for name, role in ACCOUNTS.items():
            make_account(house, name, role)
        done = subprocess.run([os.environ.get("NODE") or "node", str(HERE / "test_pages.js")], check=False, env={
            **os.environ, "NODE_PATH": f"{modules}/node_modules", "HOOPSCOUT_TEST_URL": house.url(""),
            "HOOPSCOUT_TEST_INCOMING": str(house.folder("incoming")), "HOOPSCOUT_TEST_SHOTS": str(shots),
            "HOOPSCOUT_TEST_PASSWORD": PASSWORD, "HOOPSCOUT_TEST_CONF": str(house.conf),
            "HOOPSCOUT_TEST_RELOAD": f"{programs.path('hsctl')} --socket {house.socket_path} reload"})
        if done.returncode != 0:
            print(house.log_tail(60), file=sys.stderr)
        return done.returncode
    finally:
        house.close()
        programs.remove()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
