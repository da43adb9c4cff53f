"""The whole of a search as CSV, JSON and JSON Lines: all rows, in the page's order, with its figures."""

import csv
import http.client
import io
import json
import re
import socket
import time
import urllib.parse

import pytest

from house import build_dir, until

COUNT = 30000
LEAGUE = {"competition_external_id": "L", "competition_name": "League", "team_external_id": "T", "team_name": "Team"}
TRICKS = ["=1+1", "+1", "-1", "@SUM(A1)", " =2", 'He said "so"', "a,b", "Łukasz Dončić", "two\nlines", "plain",
          "a;=1+1", "a; @B1", "＝1+1", "a;＋1", "x\t-2", "\t=3", "a;b", 'b;="c"', "a\n=1"]


def records():
    for i in range(COUNT):
        trick = TRICKS[i % len(TRICKS)]
        yield {**LEAGUE, "season": f"20{i % 20 + 10}", "player_external_id": str(i), "full_name": f"{trick} {i}",
               "role": trick.strip(), "points_per_game": i % 700 / 20, "games_played": i % 82 if i % 3 else None,
               "height_cm": 180.5 if i % 7 == 0 else None}


@pytest.fixture(scope="module")
def web(shared_house):
    house = shared_house.start()
    house.drop(json.dumps({"source_name": "export", "snapshot_date": "2026-01-01", "records": list(records())}), "export.json")
    house.wait_imported("export.json")
    return house


def pages(house, query):
    """The same players through the API, page by page."""
    found, page = [], 1
    while True:
        answer = house.get(f"/api/v1/players?{query}&per_page=100&page={page}").json()
        found += answer["players"]
        if page * 100 >= answer["total"]:
            assert len(found) == answer["total"]
            return found
        page += 1


@pytest.mark.parametrize("query", ["name=plain&games_min=70&sort=-ppg", "ppg_min=34&sort=name", "season=2015&games_min=40&sort=games",
                                   "sort=-height&name=dončić", "name=nobody", "height_min=100&role=plain&sort=age"])
def test_all_rows_as_on_the_page(web, query):
    query = urllib.parse.quote(query, safe="=&")
    want = pages(web, query)
    whole = web.get(f"/export.json?{query}")
    assert whole.status == 200 and whole.headers["Content-Type"] == "application/json"
    assert whole.json() == {"players": want, "total": len(want)}
    lines = web.get(f"/export.jsonl?{query}")
    assert lines.headers["Content-Type"] == "application/jsonl"
    assert [json.loads(line) for line in lines.text.split("\n")[:-1]] == want
    sheet = web.get(f"/export.csv?{query}")
    assert sheet.headers["Content-Type"].startswith("text/csv; charset=utf-8")
    assert sheet.body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(sheet.body.decode("utf-8-sig"), newline="")))
    assert len(rows) == len(want)
    for row, player in zip(rows, want):
        last = ("source", "season", "competition", "team")
        flat = {**{key: value for key, value in player.items() if key not in ("best_eligible", *last)}, **player["best_eligible"],
                **{key: value["name"] if isinstance(value, dict) else value for key, value in ((key, player[key]) for key in last)}}
        assert list(row) == list(flat)
        for key, value in flat.items():
            if isinstance(value, str):
                value = re.sub(r"(?<=[;\t\r\n])(?= *[=+\-@＝＋－＠])|^(?= *[=+\-@\t\r\n＝＋－＠])", "'", value)
                assert row[key] == value
            else:
                assert row[key] == ("" if value is None else str(value)), key


def test_where_they_are_from(house):
    """The source of each, and season, competition and team where all of his rows that count are of one: in the
    API and in every file."""
    def row(player, season, competition, team, points):
        return {"competition_external_id": competition, "competition_name": f"League, {competition}", "season": season,
                "team_external_id": team, "team_name": f"Team {team}", "player_external_id": player, "full_name": player,
                "points_per_game": points}
    house.start()
    for source, rows in (("one", [row("A", "2023", "L", "X", 9), row("A", "2024", "L", "X", 20), row("B", "2024", "L", "X", 8), row("B", "2024", "L", "Y", 7)]),
                         ("two", [row("C", "2024", "L", "X", 6), row("C", "2024", "M", "Z", 5)])):
        house.drop({"source_name": source, "snapshot_date": "2024-06-30", "records": rows}, f"{source}.json")
        house.wait_imported(f"{source}.json")
    for query, wanted in (
            ("", [("one", None, "one:L", "one:X"), ("one", "2024", "one:L", None), ("two", "2024", None, None)]),
            ("ppg_min=10", [("one", "2024", "one:L", "one:X")]), ("season=2023", [("one", "2023", "one:L", "one:X")]),
            ("name=b&ppg_min=8", [("one", "2024", "one:L", "one:X")]), ("competition=two:M", [("two", "2024", "two:M", "two:Z")])):
        found = house.get(f"/api/v1/players?{query}").json()["players"]
        assert [(one["source"], one["season"], *((one[place] or {"id": None})["id"] for place in ("competition", "team")))
                for one in found] == wanted, query
        assert house.get(f"/export.json?{query}").json()["players"] == found
        rows = list(csv.DictReader(io.StringIO(house.get(f"/export.csv?{query}").body.decode("utf-8-sig"), newline="")))
        assert [(one["source"], one["season"], one["competition"], one["team"]) for one in rows] == \
            [(source, season or "", f"League, {competition[4:]}" if competition else "", f"Team {team[4:]}" if team else "")
             for source, season, competition, team in wanted], query
    page = house.get("/?ppg_min=10").text
    assert '>one</span><span class="about"><span>Team X, League, L, 2024</span></span></th>' in page


def test_a_file_to_save(web):
    for extension in ("csv", "json", "jsonl"):
        answer = web.get(f"/export.{extension}?name=plain")
        assert re.fullmatch(rf'attachment; filename="hoopscout-players-\d{{4}}-\d\d-\d\d\.{extension}"',
                            answer.headers["Content-Disposition"])
        head = web.request("HEAD", f"/export.{extension}?name=plain")
        assert head.status == 200 and head.body == b""
        assert head.headers["Content-Disposition"] == answer.headers["Content-Disposition"]
        assert f'href="/export.{extension}?name=plain&amp;sort=name" download' in web.get("/?name=plain&sort=name&page=2").text


@pytest.mark.parametrize("path, status, part", [
    ("/export.csv?page=2", 400, "An export has all rows: leave page out."),
    ("/export.csv?per_page=50", 400, "leave per_page out"), ("/export.csv?colour=red", 400, "colour"),
    ("/export.csv?ppg_min=many", 400, "ppg_min"), ("/export.xml", 404, "/export.jsonl"),
])
def test_what_is_refused(web, path, status, part):
    answer = web.get(path)
    assert answer.status == status and part in answer.text
    assert answer.headers["Content-Type"] == "application/problem+json" and answer.json()["status"] == status
    for accept in ("*/*", "application/json", ""):
        assert web.get(path, {"Accept": accept}).headers["Content-Type"] == "application/problem+json", accept
    page = web.get(path, {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.status == status and part in page.text and page.headers["Content-Type"].startswith("text/html")


def backends(house):
    return int(house.sql("select count(*) from pg_stat_activity where application_name = 'hsd-web exporting'"))


def slow_reader(house, path="/export.json"):
    """A client that reads nothing: what it cannot take, nobody reads from the database."""
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.connect(("127.0.0.1", house.port))
    wire.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return wire


def web_memory_kb(house):
    with open(f"/proc/{house.daemon_pid('web')}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))


def test_slow_clients_cost_little_and_are_bounded(web):
    """Four at once, no more; searches go on; whoever leaves frees his place and his connection."""
    wires = []
    try:
        before = web_memory_kb(web)
        for _ in range(4):
            wires.append(slow_reader(web))
        until(lambda: backends(web) == 4, 10, "the exports do not begin")
        time.sleep(1)
        if "sanitize" not in (build_dir() / "config.status").read_text():    # they keep what was freed
            assert web_memory_kb(web) - before < 8 << 10
        busy = web.get("/export.csv")
        assert busy.status == 503 and busy.headers["Retry-After"] and "try again" in busy.text
        assert web.get("/api/v1/players?name=plain").status == 200
        wires.pop().close()
        until(lambda: backends(web) == 3, 5, "a client that left keeps its connection")
        assert web.get("/export.csv?name=nobody").status == 200
        rest = wires.pop(0)     # one that has waited gets all of it
        data = b""
        while not data.endswith(b"0\r\n\r\n"):
            more = rest.recv(1 << 16)
            assert more, "it was cut off"
            data += more
        rest.close()
        body = re.sub(rb"\r\n[0-9a-f]+\r\n", b"", data.partition(b"\r\n\r\n")[2].partition(b"\r\n")[2])
        assert body.count(b'"full_name":') == COUNT
    finally:
        for wire in wires:
            wire.close()
    until(lambda: backends(web) == 0, 5, "connections are left")


def test_a_failure_midway_is_seen(web):
    """The connection ends without the last chunk."""
    wire = slow_reader(web)
    until(lambda: backends(web) == 1, 10, "the export does not begin")
    wire.recv(1, socket.MSG_PEEK)       # it answers already
    web.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'hsd-web exporting'")
    data = b""
    try:
        while more := wire.recv(1 << 16):
            data += more
    except ConnectionResetError:
        pass
    wire.close()
    assert data.startswith(b"HTTP/1.1 200 ") and not data.endswith(b"0\r\n\r\n")
    assert web.get("/health/").status == 200


def test_old_clients(web):
    """HTTP/1.0 knows no chunks: the end of the connection is the end of the file."""
    connection = http.client.HTTPConnection("127.0.0.1", web.port)
    connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"
    connection.request("GET", "/export.jsonl?name=plain")
    answer = connection.getresponse()
    assert answer.headers.get("Transfer-Encoding") is None
    assert len(answer.read().split(b"\n")) == sum(TRICKS[i % len(TRICKS)] == "plain" for i in range(COUNT)) + 1
