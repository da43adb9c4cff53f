"""The alerts and the dashboard in etc/: each alert fires when it should and is silent before, and both speak only of
figures that /metrics has."""

import json
import re

import pytest

from house import SOURCE_DIR
from metrics import check, scrape

RULES = SOURCE_DIR / "etc/prometheus/hoopscout.rules.yml"
DASHBOARD = SOURCE_DIR / "etc/grafana/hoopscout.json"
WORD = re.compile(r"\b(?:hoopscout|process)_[a-z0-9_]+\b")
A = 'instance="a"'
REQUESTS, TIMES = "hoopscout_http_requests_total", "hoopscout_http_request_duration_seconds_bucket"

# alert, severity, series (one figure a minute), silent at, firing at, labels that it has then
ALERTS = [
    ("HoopScoutDown", "critical", {'up{job="hoopscout"}': "1 1 0x30", 'up{job="other"}': "0x30"}, "3m", "5m",
     'job="hoopscout"'),
    ("HoopScoutDatabaseAway", "critical", {f"hoopscout_database_up{{{A}}}": "1 0x30"}, "2m", "4m", A),
    ("HoopScoutSupervisorSilent", "warning", {f"hoopscout_supervisor_up{{{A}}}": "1 0x30"}, "5m", "7m", A),
    ("HoopScoutDaemonDown", "critical", {'hoopscout_child_up{child="web"}': "1 0x30",
                                         'hoopscout_child_up{child="importer"}': "1x30"}, "5m", "7m", 'child="web"'),
    ("HoopScoutDaemonRestarts", "warning", {'hoopscout_child_restarts_total{child="web"}': "0x10 1 2 3 4x20",
                                            'hoopscout_child_restarts_total{child="importer"}': "7x40"}, "11m", "20m",
     'child="web"'),
    ("HoopScoutMigrationsPending", "warning", {f"hoopscout_migrations_pending{{{A}}}": "0 2x30"}, "10m", "12m", A),
    ("HoopScoutImportsFail", "warning", {'hoopscout_import_files_total{status="failed"}': "3x10 4x30",
                                         'hoopscout_import_files_total{status="imported"}': "0+1x40"}, "9m", "13m",
     'status="failed"'),
    ("HoopScoutFilesWait", "warning", {f"hoopscout_import_oldest_waiting_seconds{{{A}}}": "0+60x60"}, "34m", "37m", A),
    ("HoopScoutSourceFails", "warning", {'hoopscout_extractor_last_run_failed{source="x"}': "1x100",
                                         'hoopscout_extractor_last_run_failed{source="y"}': "0x100"}, "59m", "61m",
     'source="x"'),
    # the test's time begins at 0: a week must be over
    ("HoopScoutSourceStale", "warning", {'hoopscout_extractor_last_success_timestamp_seconds{source="x"}': "0x400",
                                         'hoopscout_extractor_last_success_timestamp_seconds{source="y"}':
                                         "600000x400"}, "167h", "170h", 'source="x"'),
    ("HoopScoutErrors", "critical", {f'{REQUESTS}{{{A},status="200"}}': "0+100x60",
                                     f'{REQUESTS}{{{A},status="503"}}': "0x10 0+10x60",
                                     f'{REQUESTS}{{instance="b",status="404"}}': "0+90x60"}, "15m", "30m", A),
    ("HoopScoutSlow", "warning", {f'{TIMES}{{{A},route="/",le="1"}}': "0+90x60",
                                  f'{TIMES}{{{A},route="/",le="2.5"}}': "0+100x60",
                                  f'{TIMES}{{{A},route="/",le="+Inf"}}': "0+100x60",
                                  f'{TIMES}{{{A},route="/export.*",le="+Inf"}}': "0+100x60",
                                  f'{TIMES}{{instance="b",route="/",le="1"}}': "0+99x60",
                                  f'{TIMES}{{instance="b",route="/",le="+Inf"}}': "0+100x60"}, "9m", "20m", A),
    ("HoopScoutDatabaseBusy", "warning", {f"hoopscout_db_pool_waiting_jobs{{{A}}}": "0 50x30"}, "5m", "7m", A),
    ("HoopScoutDiskNearlyFull", "warning", {'hoopscout_folder_free_bytes{folder="state"}': "50 9x30",
                                            'hoopscout_folder_size_bytes{folder="state"}': "100x30",
                                            'hoopscout_folder_free_bytes{folder="failed"}': "11x30",
                                            'hoopscout_folder_size_bytes{folder="failed"}': "100x30"}, "10m", "12m",
     'folder="state"'),
    ("HoopScoutDiskFull", "critical", {'hoopscout_folder_free_bytes{folder="state"}': "3 1x30",
                                       'hoopscout_folder_size_bytes{folder="state"}': "100x30"}, "2m", "4m",
     'folder="state"'),
]


def test_the_rules_are_right():
    done = check(None, "check", "rules", "--lint-fatal", RULES)
    assert done.returncode == 0 and f"{len(ALERTS)} rules found" in done.stdout, done.stdout + done.stderr


def test_each_alert_fires_in_time(tmp_path):
    assert re.findall(r"alert: (\w+)", RULES.read_text()) == [row[0] for row in ALERTS]
    quick, slow = [], []    # one that takes a week need not look every minute
    for name, severity, series, silent_at, firing_at, labels in ALERTS:
        firing = f'ALERTS{{alertname="{name}",alertstate="firing"}}'
        found = f'ALERTS{{alertname="{name}",alertstate="firing",severity="{severity}",{labels}}}'
        is_slow = silent_at.endswith("h")
        (slow if is_slow else quick).append({"interval": "30m" if is_slow else "1m", "name": name,
                       "input_series": [{"series": key, "values": values} for key, values in series.items()],
                       "promql_expr_test": [
                           {"expr": firing, "eval_time": silent_at, "exp_samples": []},
                           {"expr": firing, "eval_time": firing_at, "exp_samples": [{"labels": found, "value": 1}]}]})
    for every, groups in (("1m", quick), ("30m", slow)):
        path = tmp_path / f"alerts-{every}.json"    # JSON is YAML, too
        path.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": every, "tests": groups}))
        done = check(None, "test", "rules", path)
        assert groups and done.returncode == 0, done.stdout + done.stderr


def expressions():
    board = json.loads(DASHBOARD.read_text())
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for variable in board["templating"]["list"]:
        if "definition" in variable:
            yield variable["name"], variable["definition"]


@pytest.fixture(scope="module")
def figures(shared_house, all_daemons):
    shared_house.start()
    shared_house.get("/")
    return scrape(shared_house)


@pytest.mark.parametrize("where", ["rules", "dashboard"])
def test_only_figures_that_are(figures, where):
    known = set()
    for name, kind in figures.types.items():
        known.add(name)
        if kind in ("histogram", "summary"):
            known |= {name + end for end in ("_bucket", "_sum", "_count")}
    texts = re.findall(r"expr: (.*(?:\n {10,}.*)*)", RULES.read_text()) if where == "rules" else \
        [text for _, text in expressions()]
    named = {word for text in texts for word in WORD.findall(text)} - {"hoopscout"}
    assert len(named) > 12 and named - known == set()


def test_the_dashboards_queries_are_promql(tmp_path):
    """promtool reads them as rules, with Grafana's variables filled in."""
    rules = [{"record": f"panel:{i}", "expr": text.replace("$__rate_interval", "5m").replace("$instance", ".*")}
             for i, (_, text) in enumerate(expressions()) if not text.startswith("label_values")]
    path = tmp_path / "board.json"
    path.write_text(json.dumps({"groups": [{"name": "board", "rules": rules}]}))
    done = check(None, "check", "rules", path)
    assert len(rules) > 20 and done.returncode == 0, done.stdout + done.stderr


def test_panels_do_not_overlap():
    taken = {}
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        at = panel["gridPos"]
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert x < 24 and (x, y) not in taken, f"{panel['title']} lies on {taken.get((x, y))}"
                taken[x, y] = panel["title"]
