"""Figures in Prometheus' text format, and promtool, which judges them."""

import os
import re
import shutil
import subprocess

import pytest

from house import SOURCE_DIR, build_dir

SAMPLE = re.compile(r'([a-z_][a-z0-9_]*)(?:\{(.*)\})? (\S+)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


def promtool():
    """The program's path: on PATH, or where bootstrap put it; without it the test is skipped."""
    for path in (shutil.which("promtool"), build_dir() / "tools/promtool", SOURCE_DIR / "build/tools/promtool"):
        if path and os.access(path, os.X_OK):
            return str(path)
    pytest.skip("promtool is not installed: ./bootstrap check fetches it")


def check(text, *words):
    """promtool's verdict on a text or on files."""
    return subprocess.run([promtool(), *map(str, words)], input=text, capture_output=True, text=True, check=False)


class Figures:
    """A scrape: the value of a sample by its name and labels."""

    def __init__(self, text):
        self.text = text
        self.types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
        self.samples = {}
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            name, labels, value = SAMPLE.fullmatch(line).groups()
            key = name, frozenset(LABEL.findall(labels or ""))
            assert key not in self.samples, f"{line} comes twice"
            self.samples[key] = float(value)

    def __call__(self, name, **labels):
        """One figure; None when it is not there."""
        return self.samples.get((name, frozenset(labels.items())))

    def names(self):
        return {name for name, _ in self.samples}


def scrape(house, **kwargs):
    answer = house.get("/metrics", **kwargs)
    assert answer.status == 200, answer.text
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    return Figures(answer.text)
