"""Undoing imports: all is as if the undone files had never been imported, whatever their order."""

import os

import pytest

import importer_model as model
import undo_model as undoing

SEEDS = [int(seed) for seed in os.environ.get("HOOPSCOUT_UNDO_SEEDS", "1 2 3").split()]


@pytest.fixture
def quick(house):
    house.env["HOOPSCOUT_DAEMONS"] = "importer"
    return house


def differences(one, other):
    """The tables that differ, with what is only in either."""
    found = {}
    for name, left in one.items():
        right = other[name]
        if left != right:
            left, right = (set(map(repr, table.items() if isinstance(table, dict) else table)) for table in (left, right))
            found[name] = {"has": sorted(left - right)[:5], "should": sorted(right - left)[:5]}
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_undone_files_never_were(quick, seed):
    """Random snapshots, much of them said before, days in any order; random undos, previewed before."""
    dice = model.dice(seed)
    work = undoing.random_work(dice, 30)
    with quick.start() as hs:
        undoing.play(hs, work, check_preview=seed % 2 == 0)
        got = undoing.state(hs)
        undoing.forget(hs)
        undoing.play(hs, undoing.without_undone(work))
        assert differences(got, undoing.state(hs)) == {}, [step[:2] for step in work]
