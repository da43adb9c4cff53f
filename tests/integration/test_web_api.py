"""The API as its OpenAPI document says it: every address, parameter, bound and member, both ways."""

import json
import re
import urllib.parse

import jsonschema
import pytest

from house import SOURCE_DIR

PROBLEM = "application/problem+json"
DIALECT = jsonschema.Draft202012Validator


def snapshot(source, date, players=40):
    """Players of whom much is known, little, and next to nothing."""
    records = []
    for i in range(players):
        record = {"competition_external_id": "LM"[i % 2], "competition_name": "Liga" if i % 2 == 0 else "Major",
                  "season": f"20{i % 9 + 10}", "team_external_id": f"T:{i % 11}", "team_name": f"Täam {i % 11}",
                  "player_external_id": f"p{i // 2}", "full_name": f"Đorđe Čović {i // 2}"}
        if i % 3:
            record |= {"games_played": 10 + i, "minutes_per_game": 20.5, "points_per_game": i / 4, "rebounds_per_game": 3,
                       "assists_per_game": 1.25, "steals_per_game": 0, "blocks_per_game": 0.5, "turnovers_per_game": 1,
                       "fg_pct": 45.5, "three_pt_pct": 33.33, "ft_pct": 80}
        if i % 4 > 1:
            record |= {"first_name": "Đorđe", "last_name": "Čović", "birth_date": "2000-02-29", "nationality": "SRB", "position": "C",
                       "role": "Rim Protector", "height_cm": 205.5, "weight_kg": 104}
        records.append(record)
    return {"source_name": source, "snapshot_date": date, "records": records}


@pytest.fixture(scope="module")
def web(shared_house):
    house = shared_house.start()
    for name, content in (("a.json", snapshot("one", "2024-01-01")), ("b.json", snapshot("two", "2024-01-01", 9))):
        house.drop(content, name)
        house.wait_imported(name)
    later = snapshot("one", "2024-02-01", 12)
    for record in later["records"]:
        record["points_per_game"] = 30
    house.drop(later, "c.json")
    house.wait_imported("c.json")
    return house


@pytest.fixture(scope="module")
def document(web):
    """As the server gives it: the file of the repository."""
    answer = web.get("/api/v1/openapi.json")
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
    assert answer.body == (SOURCE_DIR / "htdocs/openapi.json").read_bytes()
    return answer.json()


def look_up(document, thing):
    while "$ref" in thing:
        node = document
        for step in thing["$ref"].removeprefix("#/").split("/"):
            node = node[step]
        thing = {**node, **{key: value for key, value in thing.items() if key != "$ref"}}
    return thing


def validate(document, schema, value):
    DIALECT({"$ref": "#/schema", "schema": schema, "components": document["components"]},
            format_checker=jsonschema.FormatChecker()).validate(value)


def operations(document):
    """What is open to all: the rest has "security" of its own, and is test_tokens.py's."""
    return {path: row["get"] for path, row in document["paths"].items() if "get" in row and "security" not in row["get"]}


def parameters(document, operation, place="query"):
    found = [look_up(document, one) for one in operation["parameters"]]
    return {one["name"]: one for one in found if one["in"] == place}


def address(web, path):
    """With a player's number in the place of {id}."""
    return path.replace("{id}", str(web.get("/api/v1/players").json()["players"][0]["id"]))


def refusal(answer):
    """The parameter that a 400 names."""
    assert answer.status == 400, answer.text[:300]
    if answer.headers["Content-Type"] != PROBLEM:
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        return None
    return answer.json().get("parameter")


# -- the document itself -------------------------------------------------------------

def refs(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from refs(value)
    elif isinstance(node, list):
        for value in node:
            yield from refs(value)


def test_document(document):
    assert document["openapi"].startswith("3.1.") and document["info"]["title"] == "HoopScout"
    used = set(refs(document))
    there = {f"#/components/{kind}/{name}" for kind, all_ in document["components"].items() for name in all_
             if kind != "securitySchemes"}
    assert document["security"] == [{}, {"token": []}, {"session": []}]
    assert set(document["components"]["securitySchemes"]) == {"token", "session", "proof"}
    assert used == there, "a reference leads nowhere, or a component is not used"
    for name, schema in document["components"]["schemas"].items():
        DIALECT.check_schema(schema)
        if name == "ImportProblem":
            continue        # what is kept of a file's problems depends on the version that imported it
        for inner in [schema, *(one for one in schema.get("properties", {}).values() if "properties" in one)]:
            if "object" in inner.get("type", "") or "object" == inner.get("type"):
                assert inner["additionalProperties"] is False, name
                if name != "Problem":
                    assert set(inner["required"]) == set(inner["properties"]), name
    for one in document["components"]["parameters"].values():
        DIALECT.check_schema(one["schema"])
        assert one["description"].endswith(".")
    ids = [operation["operationId"] for row in document["paths"].values() for operation in row.values()]
    assert len(set(ids)) == len(ids)
    assert all(set(row) <= {"get", "post"} for row in document["paths"].values())


def test_the_pages_lead_to_it(web):
    assert '<link rel="service-desc" href="/api/v1/openapi.json" type="application/json">' in web.get("/").text
    assert "/api/v1/openapi.json" in web.get("/api/v1/nothing").json()["detail"]


# -- the server against it -----------------------------------------------------------

def test_every_address(web, document):
    """Its answer is as its schema says, HEAD has the same head, and it is not sent to whom has it."""
    for path, operation in operations(document).items():
        here = address(web, path)
        answer = web.get(here)
        (content_type, content), = operation["responses"]["200"]["content"].items()
        assert (answer.status, answer.headers["Content-Type"]) == (200, content_type), path
        if content_type == "application/json":
            validate(document, content["schema"], answer.json())
        head = web.request("HEAD", here)
        assert (head.status, head.headers["Content-Type"], head.body) == (200, content_type, b""), path
        assert ("304" in operation["responses"]) == (answer.headers.get("ETag") is not None), path
        if "304" in operation["responses"]:
            assert web.get(here, {"If-None-Match": answer.headers["ETag"]}).status == 304, path


def test_json_lines(web, document):
    for line in web.get("/export.jsonl").text.splitlines():
        validate(document, document["components"]["schemas"]["FoundPlayer"], json.loads(line))


def test_all_players_and_lists(web, document):
    """Not only the first of each."""
    schemas = document["components"]["schemas"]
    found = web.get("/api/v1/players?per_page=100").json()["players"]
    assert len(found) == 25
    superseded = 0
    for one in found:
        player = web.get(f"/api/v1/players/{one['id']}").json()
        validate(document, schemas["Player"], player)
        superseded += len(player["superseded"])
        for kind in ("Season", "SupersededSeason"):
            for season in player["seasons" if kind == "Season" else "superseded"]:
                validate(document, schemas[kind], season)
    assert superseded == 12, "some figures were replaced"


def test_real_figures(house, shared_dir, document):
    house.start()
    for name in ("nba-2018-traded-players.json", "euroleague-us-2024-12-31.json", "euroleague-us-2025-05-26.json"):
        house.drop(shared_dir / "data/snapshots" / name)
        house.wait_imported(name)
    schemas = document["components"]["schemas"]
    for page in range(1, 8):
        answer = house.get(f"/api/v1/players?per_page=100&page={page}").json()
        validate(document, schemas["FoundPlayers"], answer)
        for one in answer["players"][::10]:
            validate(document, schemas["Player"], house.get(f"/api/v1/players/{one['id']}").json())


def test_parameters_are_those_that_the_server_knows(web, document):
    said = web.get("/api/v1/players?wing_span=200").json()
    known = set(re.search(r"There are: (.*)\.$", said["detail"]).group(1).split(", "))
    find = operations(document)["/api/v1/players"]
    assert set(parameters(document, find)) == known
    for path, operation in operations(document).items():
        mine = set(parameters(document, operation))
        if path.startswith("/export."):
            assert mine == known - {"page", "per_page"}
        elif path.startswith("/api/v1/") and "{" not in path and path != "/api/v1/players":
            assert mine == known | {"find"}
        elif path != "/api/v1/players":
            assert mine == set()


def test_unknown_parameters_are_refused(web, document):
    for path in operations(document):
        if path == "/health":
            continue        # a monitor may add what it likes
        here = address(web, path)
        name = refusal(web.get(f"{here}?wing_span=200"))
        assert name == "wing_span", path
    page = web.get(address(web, "/players/{id}") + "?wing_span=200")
    assert page.status == 400 and "wing_span" in page.text
    assert refusal(web.get("/api/v1/players?find=x")) == "find"
    assert refusal(web.get("/api/v1/teams?done=1")) == "done"


def allowed(schema):
    """Values at the bounds, or typical ones."""
    if "enum" in schema:
        return schema["enum"]
    if schema["type"] in ("integer", "number"):
        return [schema["minimum"], schema["maximum"], *([] if schema["type"] == "integer" else [schema["maximum"] - 0.25, " 1,5 "])]
    if schema.get("format") == "date":
        return ["1900-01-01", "2199-12-31"]
    if "pattern" in schema:
        return ["one:T:1", "x:y"]
    return ["x", "ž" * schema["maxLength"]]


def refused(schema):
    """Values just outside."""
    if "enum" in schema:
        return ["shoe_size", "--ppg", "PPG"]
    if schema["type"] in ("integer", "number"):
        return [schema["minimum"] - 1, schema["maximum"] + 1, "x", "1,5,", *(["1.5", "1,5", "1e1"] if schema["type"] == "integer" else [])]
    if schema.get("format") == "date":
        return ["1899-12-31", "2200-01-01", "2023-02-29", "today"]
    if "pattern" in schema:
        return ["one", ":x", "x:"]
    return ["ž" * (schema["maxLength"] + 1)]


def test_values(web, document):
    """Every parameter of every list, at its bounds and just outside; one that may stand once stands once."""
    for path in ("/api/v1/players", "/api/v1/teams"):
        for name, one in parameters(document, operations(document)[path]).items():
            schema = one["schema"]
            many = schema["type"] == "array"
            schema = schema["items"] if many else schema
            for value in allowed(schema):
                answer = web.get(f"{path}?" + urllib.parse.urlencode({name: value}))
                assert answer.status == 200, (name, value, answer.text)
            for value in refused(schema):
                answer = web.get(f"{path}?" + urllib.parse.urlencode({name: value}))
                assert refusal(answer) == name, (name, value)
                validate(document, document["components"]["schemas"]["Problem"], answer.json())
            twice = web.get(f"{path}?" + urllib.parse.urlencode([(name, value) for value in allowed(schema)[:2]]))
            assert (twice.status == 200) == many, name
            assert web.get(f"{path}?{name}=").status == 200, "an empty one is not given"
    default = {name: one["schema"]["default"] for name, one in document["components"]["parameters"].items()
               if "default" in one["schema"]}
    assert default == {"sort": "-ppg", "page": 1, "per_page": 25}
    assert web.get("/api/v1/players?" + urllib.parse.urlencode(default)).json() == web.get("/api/v1/players").json()


@pytest.mark.parametrize("path", ["/api/v1/players", "/api/v1/teams", "/export.csv"])
def test_all_that_is_wrong_is_named(web, document, path):
    """The first as of any problem, and a list of all; of a list of values where it is."""
    answer = web.get(f"{path}?ppg_min=abc&season=2011&competition=NBA&wing_span=1&age_min=1.5&team=LAL&sort=%ff&name=a&name=b")
    problem = answer.json()
    assert refusal(answer) == problem["errors"][0]["parameter"]
    validate(document, document["components"]["schemas"]["Problem"], problem)
    assert sorted(one["parameter"] for one in problem["errors"]) == \
        ["age_min", "competition", "name", "ppg_min", "sort", "team", "wing_span"]
    assert problem["errors_total"] == 7 and problem["detail"] == problem["errors"][0]["detail"]
    values = {one["parameter"]: one["values"] for one in problem["errors"] if one["values"]}
    assert values == {"competition": "/api/v1/competitions", "team": "/api/v1/teams"}
    for name, example in (("competition", "nba-stats:NBA"), ("team", "nba-stats:LAL")):
        detail, = [one["detail"] for one in problem["errors"] if one["parameter"] == name]
        assert example in detail and values[name] in detail
        assert web.get(values[name]).status == 200
        assert values[name] in web.get(f"{path}?{name}=X").json()["detail"], "alone, too"
    nameless = web.get(f"{path}?%ff=1").json()
    assert "parameter" not in nameless and nameless["errors"][0]["parameter"] is None
    validate(document, document["components"]["schemas"]["Problem"], nameless)
    most = web.get(f"{path}?" + "&".join(f"x{i}=1" for i in range(25))).json()
    assert (len(most["errors"]), most["errors_total"]) == (20, 25)


def test_what_else_a_list_and_an_export_refuse(web):
    for path, wrong in (("/api/v1/teams?find=a&find=b&ppg_min=x", ["find", "ppg_min"]),
                        ("/export.json?ppg_min=x&page=2&per_page=50", ["ppg_min", "page", "per_page"])):
        assert [one["parameter"] for one in web.get(path).json()["errors"]] == wrong


def test_too_many(web, document):
    most = document["components"]["parameters"]["position"]["schema"]["maxItems"]
    assert web.get("/api/v1/players?" + "&".join(f"position={i}" for i in range(most))).status == 200
    assert refusal(web.get("/api/v1/players?" + "&".join(f"position={i}" for i in range(most + 1)))) == "position"


def test_problems(web, document):
    """Every problem is one, with the right status, whatever the asker said that he reads."""
    number = 2147483647
    for path, status in ((f"/api/v1/players/{number}", 404), ("/api/v1/players/0", 404), ("/api/v1/players/x", 404), ("/api/", 404),
                         ("/api/v2/players", 404), ("/api/v1/coaches", 404), ("/api/v1/players/", 404), ("/api/v1/players?page=0", 400)):
        for headers in ({}, {"HX-Request": "true"}, {"Accept": "text/html"}):
            answer = web.get(path, headers)
            assert (answer.status, answer.headers["Content-Type"]) == (status, PROBLEM), path
            validate(document, document["components"]["schemas"]["Problem"], answer.json())
            assert answer.json()["status"] == status
    for method in ("POST", "PUT", "DELETE"):
        answer = web.request(method, "/api/v1/players")
        assert (answer.status, answer.headers["Content-Type"], answer.headers["Allow"]) == (405, PROBLEM, "GET, HEAD")


# -- the lists -----------------------------------------------------------------------

def listed(web, plural, query=""):
    entries, page = [], 1
    while True:
        answer = web.get(f"/api/v1/{plural}?per_page=10&page={page}&{query}").json()
        entries += answer[plural]
        if page * 10 >= answer["total"]:
            assert len(entries) == answer["total"] and answer["uncounted"] is None
            return entries
        page += 1


@pytest.mark.parametrize("plural, param", [("competitions", "competition"), ("seasons", "season"), ("teams", "team"),
                                           ("nationalities", "nationality"), ("positions", "position"), ("roles", "role")])
@pytest.mark.parametrize("query", ["", "ppg_min=3", "name=covic&games_min=12&sort=name", "season=2011&season=2012"])
def test_counts(web, plural, param, query):
    """Each entry has as many players as the search finds with it and the other filters."""
    entries = listed(web, plural, query)
    assert entries
    others = [pair for pair in query.split("&") if pair and not pair.startswith(f"{param}=")]
    for entry in entries:
        search = "&".join([*others, urllib.parse.urlencode({param: entry["id"]})])
        assert web.get(f"/api/v1/players?{search}").json()["total"] == entry["players"], entry
        assert ("source" in entry) == (param in ("competition", "team"))


def test_order_and_find(web):
    assert [(one["id"], one["name"], one["source"]) for one in listed(web, "competitions")] == [
        (id_, name, id_[:3]) for id_, name in (("one:L", "Liga"), ("two:L", "Liga"), ("one:M", "Major"), ("two:M", "Major"))]
    assert [one["id"] for one in listed(web, "seasons")] == [f"20{i}" for i in range(18, 9, -1)]
    assert [one["name"] for one in listed(web, "nationalities")] == ["Serbia"]
    found = listed(web, "teams", "find=" + urllib.parse.quote("TÄAM 10"))
    assert [one["id"] for one in found] == ["one:T:10"]
    assert listed(web, "teams", "find=nobody") == []


def test_they_change_with_the_data(web):
    before = web.get("/api/v1/seasons")
    web.drop(snapshot("three", "2024-03-01", 1) | {"records": [{**snapshot("x", "y", 1)["records"][0], "season": "2031"}]}, "d.json")
    web.wait_imported("d.json")
    after = web.get("/api/v1/seasons", {"If-None-Match": before.headers["ETag"]})
    assert after.status == 200 and after.json()["seasons"][0]["id"] == "2031"
