"""Fixtures of the integration tests; house.py says what a House is."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from house import SOURCE_DIR, House, Programs  # noqa: E402


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failing test shows the end of its House's log."""
    report = (yield).get_result()
    if report.failed:
        for name in ("house", "shared_house"):
            found = getattr(item, "funcargs", {}).get(name)
            if found is not None:
                report.sections.append((f"log of {name}", found.log_tail(80)))


def pytest_unconfigure(config):
    """The last line, as every test program of ours ends; errors of fixtures are failures."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or config.option.collectonly:
        return
    failed = len(reporter.stats.get("failed", [])) + len(reporter.stats.get("error", []))
    print(f"integration: {len(reporter.stats.get('passed', []))} passed, {failed} failed")


@pytest.fixture(scope="session")
def programs():
    found = Programs()
    yield found
    found.remove()


@pytest.fixture(scope="session")
def template(programs):
    """A House that was started once: its cluster and tables are made, nothing is in them."""
    made = House(programs)
    try:
        made.start()
        made.stop()
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def all_daemons():
    """Houses run all daemons, as an installation does that sets nothing."""
    before, House.daemons = House.daemons, None
    yield
    House.daemons = before


@pytest.fixture
def bare_house(programs):
    """A House that was never started: for tests of the first start."""
    house = House(programs)
    yield house
    house.close()


@pytest.fixture
def house(programs, template):
    """A fresh House for this test alone, not yet started."""
    house = House(programs, template)
    yield house
    house.close()


@pytest.fixture(scope="module")
def shared_house(programs, template):
    """One House for all tests of a module, not yet started: for tests that only look."""
    house = House(programs, template)
    yield house
    house.close()


@pytest.fixture(scope="session")
def shared_dir():
    """The folder of shared test data: HOOPSCOUT_SHARED_DIR, else ../shared beside the clone."""
    path = pathlib.Path(os.environ.get("HOOPSCOUT_SHARED_DIR") or SOURCE_DIR.parent / "shared")
    if not path.is_dir():
        pytest.skip(f"no {path}: HOOPSCOUT_SHARED_DIR names it elsewhere")
    return path
