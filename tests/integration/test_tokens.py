"""Tokens: made by hsctl, shown once, judged at every request; and what programs may do with them at /api/v1."""

import hashlib
import http.client
import json
import re
import socket
import urllib.parse

import jsonschema
import pytest

from browser import Browser, make_account, signed_in_as
from feed_server import FeedServer
from house import SOURCE_DIR, House, until
from test_extractor import prepare
from test_importer import record, snapshot

PROBLEM = "application/problem+json"
DOCUMENT = json.loads((SOURCE_DIR / "htdocs/openapi.json").read_text())
WRONG = "hst_" + "A" * 43


def token(house, *args, **kwargs):
    return house.hsctl("token", *args, check=False, **kwargs)


def make(house, name, account="admin", role=None, *more):
    done = token(house, "create", name, "--account", account, *(["--role", role] if role else []), *more, as_json=True)
    assert done.returncode == 0, done.stdout
    return done.json["result"]["secret"]


class Program:
    """Asks with a token."""

    def __init__(self, house, secret, **headers):
        self.house = house
        self.headers = {"Authorization": f"Bearer {secret}", **headers}

    def request(self, method, path, headers=None, body=None):
        return self.house.request(method, path, headers={**self.headers, **(headers or {})}, body=body)

    def get(self, path, headers=None):
        return self.request("GET", path, headers)

    def post(self, path, headers=None, body=None):
        return self.request("POST", path, headers, body)

    def wait(self, answer, seconds=30):
        """The request that a 202 leads to, when it is over."""
        assert answer.status == 202, answer.text
        return until(lambda: (seen := self.get(answer.headers["Location"]).json())["is_over"] and seen, seconds,
                     lambda: f"{answer.headers['Location']}: {self.house.log_tail()}")


@pytest.fixture(scope="module")
def feeds():
    with FeedServer() as server:
        yield server


@pytest.fixture(scope="module")
def web(programs, template, feeds):
    house = prepare(House(programs, template), feeds, HOOPSCOUT_DAEMONS="web,importer,extractor",
                    HOOPSCOUT_RESCAN_SECONDS="1").start()
    try:
        for role in ("viewer", "scout", "admin"):
            make_account(house, role, role)
        house.programs_of = {role: Program(house, make(house, f"of-{role}", role, role))
                             for role in ("viewer", "scout", "admin")}
        for what, name in ((snapshot(record()), "good.json"), (snapshot(record(height_cm="tall")), "bad.json")):
            house.drop(what, name)
            house.wait_imported(name)
        yield house
    finally:
        house.close()


@pytest.fixture
def admin(web):
    return web.programs_of["admin"]


@pytest.fixture
def scout(web):
    return web.programs_of["scout"]


# -- hsctl token -----------------------------------------------------------------------------

def test_life_of_a_token(house):
    house.start()
    assert "no tokens" in token(house, "list").stdout
    make_account(house, "ana", "scout")
    done = token(house, "create", "nightly", "--account", "ana", "--days", "7")
    secret, line = done.stdout.splitlines()
    assert re.fullmatch(r"hst_[A-Za-z0-9_-]{43}", secret)
    assert re.fullmatch(r"nightly: viewer of ana until \d{4}-\d\d-\d\d \d\d:\d\d UTC\. It is shown this once: keep it\.", line)
    assert house.sql("select encode(token_sha256, 'hex') from api_token") == hashlib.sha256(secret.encode()).hexdigest()
    assert house.sql("select round(extract(epoch from expires_at - created_at) / 86400) from api_token") == "7"
    shown = token(house, "list", as_json=True)
    assert secret not in shown.stdout and secret not in house.log()
    (row,) = shown.json["result"]["tokens"]
    assert (row["name"], row["account"], row["role"], row["allows"], row["state"], row["created_by"], row["last_used_at"],
            row["revoked_at"]) == ("nightly", "ana", "viewer", "viewer", "active", "hsctl", None, None)
    assert Program(house, secret).get("/api/v1/players").status == 200
    assert token(house, "list", as_json=True).json["result"]["tokens"][0]["last_used_at"] is not None
    assert token(house, "list").stdout.splitlines()[1].split()[1:4] == ["nightly", "ana", "viewer"]
    other = make(house, "other", "ana", "scout")
    number = token(house, "list", as_json=True).json["result"]["tokens"][1]["id"]
    assert token(house, "revoke", "nightly").stdout == "nightly: revoked\n"
    assert Program(house, secret).get("/api/v1/players").status == 401
    assert Program(house, other).get("/api/v1/imports").status == 200
    assert token(house, "revoke", str(number)).stdout == "other: revoked\n"
    assert Program(house, other).get("/api/v1/imports").status == 401
    assert "revoked" in token(house, "list").stdout
    assert token(house, "revoke", "nightly").returncode == 1
    make(house, "nightly", "ana")       # the name is free again
    entries = house.hsctl("user", "audit", as_json=True).json["result"]["entries"]
    assert [(e["action"], e["is_refusal"], e["actor"], e["subject"], e["detail"]) for e in entries
            if e["action"].startswith("token")] == [
        ("token-create", False, "hsctl", "nightly", "viewer of ana"), ("token", True, None, "other", "revoked"),
        ("token-revoke", False, "hsctl", "other", None), ("token", True, None, "nightly", "revoked"),
        ("token-revoke", False, "hsctl", "nightly", None), ("token-create", False, "hsctl", "other", "scout of ana"),
        ("token-create", False, "hsctl", "nightly", "viewer of ana")]


@pytest.mark.parametrize("args, status, says", [
    (["x"], 2, "needs --account"), (["x", "--account", "nobody-here"], 1, "there is no account nobody-here"),
    (["of-admin", "--account", "admin"], 1, "there is a token of-admin already"),
    (["x", "--account", "viewer", "--role", "scout"], 1, "viewer is a viewer: a token of that account cannot be scout"),
    (["x", "--account", "scout", "--role", "admin"], 1, "cannot be admin"),
    (["12", "--account", "admin"], 1, "not digits alone"), (["Ä", "--account", "admin"], 1, "cannot be a token's name"),
    (["x", "--account", "admin", "--days", "0"], 2, "from 1 to 3650"),
    (["x", "--account", "admin", "--role", "owner"], 2, "owner is no role")])
def test_tokens_that_cannot_be(web, args, status, says):
    done = token(web, "create", *args)
    assert says in done.stderr and done.returncode in (status, 2) and done.stdout == ""
    assert web.sql("select count(*) from api_token where name in ('x', '12')") == "0"


# -- whose right it is -----------------------------------------------------------------------

def test_the_account_takes_its_tokens_along(web):
    make_account(web, "boss", "admin")
    program = Program(web, make(web, "boss-token", "boss", "admin"))

    def may():
        return [program.request(method, path).status for method, path in (
            ("GET", "/api/v1/players"), ("GET", "/api/v1/imports"), ("POST", "/api/v1/imports/files/99/retry"))]

    assert may() == [200, 200, 404]
    web.hsctl("user", "role", "boss", "scout")
    assert may() == [200, 200, 403]
    assert [one["allows"] for one in token(web, "list", as_json=True).json["result"]["tokens"]
            if one["name"] == "boss-token"] == ["scout"]
    web.hsctl("user", "role", "boss", "viewer")
    assert may() == [200, 403, 403]
    web.hsctl("user", "role", "boss", "admin")
    web.hsctl("user", "disable", "boss")
    assert may() == [401, 401, 401] and "account disabled" in token(web, "list").stdout
    web.hsctl("user", "enable", "boss")
    assert may() == [200, 200, 404]
    web.hsctl("user", "delete", "boss")
    assert may() == [401, 401, 401] and "boss-token" not in token(web, "list").stdout


def test_an_expired_one(web):
    program = Program(web, make(web, "old", "admin"))
    assert program.get("/api/v1/players").status == 200
    web.sql("update api_token set expires_at = now() where name = 'old'")
    assert program.get("/api/v1/players").status == 401
    assert "expired" in token(web, "list").stdout


def test_least_rights_by_default(web):
    program = Program(web, make(web, "plain", "admin"))
    answer = program.get("/api/v1/imports")
    assert (answer.status, answer.headers["Content-Type"]) == (403, PROBLEM)
    assert answer.json()["detail"] == "This is for scouts and admins; your token is a viewer's."


# -- what is no token ------------------------------------------------------------------------

def forget_failures(house):
    house.sql("delete from sign_in_throttle")


@pytest.mark.parametrize("header", [f"Bearer {WRONG}", "Bearer", "Bearer ", "bearer x", "Bearer " + "x" * 5000,
                                    f"Bearer {WRONG} {WRONG}", f"Bearer hst_{'A' * 42}", f"BEARER {WRONG[:-1]}é"])
def test_wrong_tokens(web, header):
    forget_failures(web)
    for path in ("/api/v1/players", "/api/v1/imports", "/export.csv"):
        answer = web.get(path, {"Authorization": header.encode("latin-1") if "é" in header else header})
        assert (answer.status, answer.headers["Content-Type"]) == (401, PROBLEM), path
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="HoopScout", error="invalid_token"'
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_wrong_one_is_not_helped_by_a_cookie(web):
    forget_failures(web)
    browser = signed_in_as(web, "admin")
    assert browser.get("/api/v1/imports").status == 200
    assert browser.get("/api/v1/imports", {"Authorization": f"Bearer {WRONG}"}).status == 401
    viewer = web.programs_of["viewer"].headers
    assert browser.get("/api/v1/imports", viewer).status == 403
    assert browser.request("POST", "/api/v1/imports/now", headers={**viewer, "HoopScout-Proof": browser.proof("/account")}).status == 403


def test_other_schemes_are_none_of_ours(web):
    """What a proxy asks for itself."""
    for header in ("Basic dXNlcjpwYXNz", "Bearerhst_x", f"Token {WRONG}"):
        assert web.get("/api/v1/players", {"Authorization": header}).status == 200
        answer = web.get("/api/v1/imports", {"Authorization": header})
        assert answer.status == 401 and answer.headers["WWW-Authenticate"] == 'Bearer realm="HoopScout"'
    assert web.get("/", {"Authorization": "Bearer eyJhbGciOi"}).status == 200


def test_pages_are_not_for_tokens(web, admin):
    for path in ("/", "/account", "/admin/imports", "/sign-in", "/nothing"):
        assert admin.get(path).status == 403, path
    assert admin.post("/admin/imports/now").status == 403
    assert admin.get("/health").status == 200


def test_failures_are_throttled_by_address(web, admin):
    forget_failures(web)
    wrong = Program(web, WRONG)
    statuses = [wrong.get("/api/v1/players").status for _ in range(25)]
    assert statuses[:20] == [401] * 20 and 429 in statuses
    answer = until(lambda: (got := wrong.get("/api/v1/players")).status == 429 and got, 20, "a wait")
    assert int(answer.headers["Retry-After"]) >= 1 and answer.headers["Content-Type"] == PROBLEM
    assert admin.get("/api/v1/imports").status == 200, "a good one is not kept waiting"
    assert Browser(web).sign_in("viewer").status == 303, "nor is who signs in"
    entries = web.hsctl("user", "audit", "--limit", "5", as_json=True).json["result"]["entries"]
    assert [one for one in entries if one["detail"] == "unknown token" and one["is_refusal"] and one["subject"] is None]
    assert WRONG not in web.log()
    forget_failures(web)


def test_answers_to_tokens_are_not_kept(web, scout):
    for path in ("/api/v1/players", "/api/v1/imports", "/export.json"):
        assert scout.get(path).headers["Cache-Control"] == "no-store"
    assert web.get("/api/v1/players").headers["Cache-Control"] == "private, no-cache"


def test_use_is_written_to_a_minute(web, scout):
    web.sql("update api_token set last_used_at = now() - interval '30 seconds' where name = 'of-scout'")
    before = web.sql("select last_used_at from api_token where name = 'of-scout'")
    scout.get("/api/v1/imports")
    assert web.sql("select last_used_at from api_token where name = 'of-scout'") == before
    web.sql("update api_token set last_used_at = now() - interval '90 seconds' where name = 'of-scout'")
    scout.get("/api/v1/imports")
    assert web.sql("select now() - last_used_at < interval '30 seconds' from api_token where name = 'of-scout'") == "t"


# -- against the document --------------------------------------------------------------------

def routes():
    text = (SOURCE_DIR / "daemons/web/routes.c").read_text()
    rows = re.findall(r'^\t\{ (\w+), "(/api/[^"]+)", (MAY_\w+),', text, re.M)
    return {(path, "get" if method == "LOOK" else "post"): may for method, path, may in rows}


def test_the_document_has_every_route():
    described = {(path, method): operation for path, row in DOCUMENT["paths"].items() for method, operation in row.items()}
    mine = {key for key in described if key[0].startswith("/api/")}
    assert mine | {("/api/v1/openapi.json", "get")} == set(routes()) | {("/api/v1/openapi.json", "get")}
    for key, may in routes().items():
        if key in described:
            assert ("security" in described[key]) == (may != "MAY_BY_SETTING"), key
            assert ("403" in described[key]["responses"]) == (may != "MAY_BY_SETTING"), key


def validate(schema, value):
    jsonschema.Draft202012Validator({"$ref": "#/schema", "schema": schema, "components": DOCUMENT["components"]},
                                    format_checker=jsonschema.FormatChecker()).validate(value)


def closed(method):
    return [(path, row[method]) for path, row in DOCUMENT["paths"].items()
            if method in row and "security" in row[method] and path != "/api/v1/quality"]    # test_quality.py's


def file_id(web, name):
    return int(web.sql(f"select max(file_id) from import_file where name = '{name}'"))


def test_every_closed_get(web, admin, scout):
    admin.wait(admin.post("/api/v1/extractors/public_json_snapshot/run?dry_run=true"))
    number = admin.wait(admin.post("/api/v1/imports/now"))["request"]
    bad, run = file_id(web, "bad.json"), int(web.sql("select max(run_id) from extractor_run"))
    ids = {"/api/v1/imports/files/{id}": bad, "/api/v1/imports/files/{id}/file": bad, "/api/v1/imports/files/{id}/errors": bad,
           "/api/v1/imports/runs/{id}": web.sql("select max(run_id) from import_run"), "/api/v1/extractors/runs/{id}": run,
           "/api/v1/requests/{id}": number}
    assert len(closed("get")) == 13
    for path, operation in closed("get"):
        here = path.replace("{id}", str(ids.get(path))).replace("{name}", "public_json_snapshot")
        is_admins = path.startswith(("/api/v1/identities", "/api/v1/requests"))
        who, cookie = (admin, "admin") if is_admins else (scout, "scout")
        answer = who.get(here)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json"), (path, answer.text)
        validate(operation["responses"]["200"]["content"]["application/json"]["schema"], answer.json())
        assert who.request("HEAD", here).status == 200
        refused = who.get(here + "?wing_span=1")
        assert (refused.status, refused.json()["parameter"]) == (400, "wing_span"), path
        validate(DOCUMENT["components"]["schemas"]["Problem"], refused.json())
        if "{id}" in path:
            assert who.get(path.replace("{id}", "2147483647")).status == 404
        if "{name}" in path:
            assert who.get(path.replace("{name}", "nobody")).status == 404
        if is_admins:
            assert scout.get(here).status == (404 if path.startswith("/api/v1/requests") else 403)
        assert web.programs_of["viewer"].get(here).status == 403
        assert signed_in_as(web, cookie).get(here).json() == who.get(here).json(), "a cookie does, too"


def test_parameters_of_lists(web, scout):
    for path in ("/api/v1/imports", "/api/v1/imports/files"):
        for one in DOCUMENT["paths"][path]["get"]["parameters"]:
            schema = one["schema"]
            good, bad = (schema["enum"], ["x"]) if "enum" in schema else \
                (["2025-01-31"], ["2025-02-30"]) if schema.get("format") == "date" else \
                ([schema["minimum"], schema["maximum"]], [schema["minimum"] - 1, schema["maximum"] + 1]) \
                if schema["type"] == "integer" else (["x" * schema["maxLength"]], ["x" * 810])
            for value in good:
                answer = scout.get(f"{path}?{one['name']}={value}")
                assert answer.status == 200, (path, one["name"], value, answer.text)
            for value in bad:
                answer = scout.get(f"{path}?{one['name']}={value}")
                assert (answer.status, answer.json().get("parameter")) == (400, one["name"]), (path, value)
    assert scout.get("/api/v1/imports/files?request=1").json()["parameter"] == "request"


def test_lists_say_what_the_database_has(web, scout):
    found = scout.get("/api/v1/imports/files?status=failed&q=bad").json()
    assert found["total"] == len(found["files"]) >= 1
    row = found["files"][0]
    assert (row["name"], row["problem_total"], row["stored_as"]) == ("bad.json", 1, "bad.json")
    one = scout.get(f"/api/v1/imports/files/{row['id']}").json()
    assert {key: one[key] for key in row if key != "seconds"} == {key: row[key] for key in row if key != "seconds"}
    assert one["problems"][0]["pointer"] == "/records/0/height_cm"
    good = scout.get("/api/v1/imports/files?q=good").json()["files"][0]
    assert (good["status"], good["created"], good["snapshot_date"]) == ("imported", 1, snapshot(record())["snapshot_date"])
    assert scout.get(f"/api/v1/imports/files?run={good['run']}").json()["total"] >= 1
    runs = scout.get("/api/v1/imports?sort=started").json()
    assert runs["total"] == int(web.sql("select count(*) from import_run"))
    assert [run["id"] for run in runs["runs"]] == sorted(run["id"] for run in runs["runs"])


def test_a_scout_reads_his_own_requests(web, admin):
    """Of others' he is told what he would be of none at all; an admin reads all."""
    make_account(web, "once-admin", "admin")
    own = Program(web, make(web, "of-once-admin", "once-admin", "admin"))
    mine, his = own.post("/api/v1/imports/now").json()["url"], admin.post("/api/v1/imports/now").json()["url"]
    assert admin.get(mine).json()["asked_by"] == "once-admin"
    less = Program(web, make(web, "less", "once-admin", "scout"))
    assert less.get(mine).json()["asked_by"] == "once-admin"
    refused, none = less.get(his), less.get("/api/v1/requests/2147483647")
    assert refused.status == none.status == 404 and refused.json() == none.json()
    assert refused.headers["Content-Type"] == PROBLEM and "admin" not in refused.text


def test_a_file_and_its_errors(web, scout):
    """Byte by byte; and what is wrong with it, of a failed one alone."""
    good, bad = file_id(web, "good.json"), file_id(web, "bad.json")
    answer = scout.get(f"/api/v1/imports/files/{good}/file")
    assert hashlib.sha256(answer.body).hexdigest() == scout.get(f"/api/v1/imports/files/{good}").json()["sha256"]
    assert "good.json" in answer.headers["Content-Disposition"]
    errors = scout.get(f"/api/v1/imports/files/{bad}/errors").json()
    assert (errors["file"], errors["problem_total"], errors["problems"][0]["pointer"]) == ("bad.json", 1, "/records/0/height_cm")
    answer = scout.get(f"/api/v1/imports/files/{good}/errors")
    assert (answer.status, answer.headers["Content-Type"]) == (404, PROBLEM) and "no errors" in answer.json()["detail"]


def test_runs_of_the_extractor(web, admin, scout):
    """A page of them at a time; of one, its report, without an address that was fetched."""
    for _ in range(2):
        asked = admin.wait(admin.post("/api/v1/extractors/public_json_snapshot/run?dry_run=true"))
    first = scout.get("/api/v1/extractors/public_json_snapshot/runs?per_page=1").json()
    second = scout.get("/api/v1/extractors/public_json_snapshot/runs?per_page=1&page=2").json()
    assert first["total"] == second["total"] >= 2 and len(first["runs"]) == len(second["runs"]) == 1
    assert first["runs"][0]["run"] == asked["result"]["run"] > second["runs"][0]["run"]
    one = scout.get(f"/api/v1/extractors/runs/{asked['result']['run']}")
    url = web.sql(f"select url from extractor_run where run_id = {asked['result']['run']}")
    assert url.endswith("/feed.json") and "feed.json" not in one.text
    one = one.json()
    assert {key: one[key] for key in first["runs"][0]} == first["runs"][0] and one["source"] == "public_json_snapshot"
    for query in ("page=0", "per_page=201", "page=1&page=1", "x=1"):
        answer = scout.get(f"/api/v1/extractors/public_json_snapshot/runs?{query}")
        assert (answer.status, answer.json()["parameter"]) == (400, query.split("=")[0]), query


def test_switching_a_source(web, admin, scout):
    """As the page's buttons do; who may not is told so, and a source that nobody knows is none."""
    def is_enabled():
        return next(one["is_enabled"] for one in scout.get("/api/v1/extractors").json()["extractors"]
                    if one["name"] == "public_json_snapshot")
    for what, state in (("disable", False), ("enable", True)):
        here = f"/api/v1/extractors/public_json_snapshot/{what}"
        assert scout.post(here).status == 403
        asked = admin.post(here)
        validate(DOCUMENT["components"]["schemas"]["Asked"], asked.json())
        assert admin.wait(asked)["is_good"] and is_enabled() is state
        assert admin.post(f"/api/v1/extractors/nobody/{what}").status == 404
        assert admin.post(here + "?x=1").json()["parameter"] == "x"
    over = admin.wait(admin.post("/api/v1/extractors/public_json_snapshot/cancel"))
    assert over["is_good"] and over["result"]["cancelled"] is False, "nothing runs"


def test_the_quality_anew(web, scout):
    answer = scout.post("/api/v1/quality")
    assert (answer.status, answer.json()) == (202, {"is_computing": True})
    report = until(lambda: not (seen := scout.get("/api/v1/quality").json())["is_computing"] and seen, 20, "it never ends")
    scout.post("/api/v1/quality")
    until(lambda: scout.get("/api/v1/quality").json()["as_of"] > report["as_of"] or (scout.post("/api/v1/quality") and None), 20,
          "no newer one is made")
    assert scout.post("/api/v1/quality?x=1").json()["parameter"] == "x"
    assert web.programs_of["viewer"].post("/api/v1/quality").status == 403


# -- doing things ----------------------------------------------------------------------------

def test_import_now(web, admin, scout):
    answer = admin.post("/api/v1/imports/now")
    body = answer.json()
    assert answer.headers["Location"] == body["url"] == f"/api/v1/requests/{body['request']}"
    validate(DOCUMENT["components"]["schemas"]["Asked"], body)
    seen = admin.wait(answer)
    validate(DOCUMENT["components"]["schemas"]["Request"], seen)
    assert (seen["command"], seen["status"], seen["is_good"], seen["asked_by"]) == ("import.now", "done", True, "admin")
    assert scout.post("/api/v1/imports/now").status == 403
    entry = web.hsctl("user", "audit", "--limit", "1", as_json=True).json["result"]["entries"][0]
    assert (entry["action"], entry["actor"], entry["detail"]) == (
        "import.now", "admin", f"request {body['request']}, by token of-admin")


def test_retry(web, admin):
    bad, good = file_id(web, "bad.json"), file_id(web, "good.json")
    seen = admin.wait(admin.post(f"/api/v1/imports/files/{bad}/retry"))
    assert seen["args"] == {"file": "bad.json", "id": bad} and seen["status"] == "done"
    assert admin.post(f"/api/v1/imports/files/{good}/retry").status == 422
    assert admin.post("/api/v1/imports/files/2147483647/retry").status == 404
    assert admin.post(f"/api/v1/imports/files/{bad}/retry?force=1").json()["parameter"] == "force"


def test_delete_from_failed(web, admin, scout):
    web.drop("[]", "deleted.json")
    web.wait_imported("deleted.json")
    path = f"/api/v1/imports/files/{file_id(web, 'deleted.json')}"
    assert scout.post(path + "/delete").status == 403
    seen = admin.wait(admin.post(path + "/delete"))
    assert seen["is_good"] and seen["command"] == "import.delete", seen
    assert not {"deleted.json", "deleted.json.errors.json"} & set(web.ls("failed"))
    file = scout.get(path).json()
    validate(DOCUMENT["components"]["schemas"]["ImportFile"], file)
    assert file["deleted_by"] == "admin" and file["deleted_at"]
    answer = admin.post(path + "/delete")
    assert (answer.status, answer.headers["Content-Type"]) == (422, PROBLEM)
    assert admin.post("/api/v1/imports/files/2147483647/delete").status == 404


def test_undo(web, admin, scout):
    """A look changes nothing; then it is undone, and a second time refused, each in the request's words."""
    web.drop(snapshot(record(player_external_id="undone", points_per_game=10), source="undone"), "undone.json")
    web.wait_imported("undone.json")
    path = f"/api/v1/imports/files/{file_id(web, 'undone.json')}"
    for what in ("/preview", "/undo"):
        assert scout.post(path + what).status == 403
        assert admin.post(path + what + "?force=1").json()["parameter"] == "force"
    shown = "select count(*) from player_season_figures where player_external_id = 'undone'"
    preview = admin.wait(admin.post(path + "/preview"))
    validate(DOCUMENT["components"]["schemas"]["Request"], preview)
    assert preview["is_good"] and preview["result"]["counts"]["removed"] == 1 and preview["result"]["preview"] is True
    assert web.sql(shown) == "1"
    version = preview["result"]["data_version"]
    assert admin.post(path + "/undo?version=x").json()["parameter"] == "version"
    late = admin.wait(admin.post(f"{path}/undo?version={version - 1}"))
    assert late["status"] == "failed" and "look again; nothing was undone" in late["error"]["message"] and web.sql(shown) == "1"
    done = admin.wait(admin.post(f"{path}/undo?version={version}"))
    assert done["result"] == {**preview["result"], "preview": False} and web.sql(shown) == "0"
    file = scout.get(path).json()
    validate(DOCUMENT["components"]["schemas"]["ImportFile"], file)
    assert (file["status"], file["undone_by"]) == ("undone", "admin") and file["undone_at"]
    again = admin.wait(admin.post(path + "/undo"))
    assert again["status"] == "failed" and "undone already" in again["error"]["message"]
    trail = web.rows("select detail from audit_trail where action = 'import.undo' order by audit_id")
    assert re.fullmatch(r"request \d+, preview, by token of-admin", trail[0]["detail"])


UPLOAD = "/api/v1/imports/upload"
TYPE = {"Content-Type": "application/json"}


def test_upload(web, admin, scout):
    body = json.dumps(snapshot(record(player_external_id="sent"), source="sent")).encode()
    answer = admin.post(f"{UPLOAD}?name=sent.json", TYPE, body)
    assert answer.status == 202, answer.text
    found = answer.json()
    validate(DOCUMENT["components"]["schemas"]["Uploaded"], found)
    digest = hashlib.sha256(body).hexdigest()
    assert found == {"name": "sent.json", "sha256": digest, "size_bytes": len(body), "url": answer.headers["Location"]}
    files = until(lambda: scout.get(found["url"]).json()["files"], 20, web.log_tail)
    assert [(file["name"], file["status"], file["sha256"]) for file in files] == [("sent.json", "imported", digest)]
    until(lambda: "sent.json" in web.ls("archive"), 20, web.log_tail)
    assert web.folder("archive/sent.json").read_bytes() == body
    again = admin.post(f"{UPLOAD}?name=a%2Fb%2Fagain.json", {"Content-Type": "application/json; charset=utf-8"}, body).json()
    assert again["name"] == "again.json" and again["sha256"] == digest, "folders are left away"
    web.wait_imported("again.json")
    trail = web.rows("select * from audit_trail where action = 'import.upload' order by audit_id")[0]
    assert (trail["actor"], trail["subject"], trail["detail"]) == ("admin", "sent.json", "1 file, by token of-admin")


def test_refused_uploads(web, admin):
    body = json.dumps(snapshot()).encode()
    before = web.sql("select count(*) from import_file")
    for query, headers, content, status, says in (
            ("", TYPE, body, 400, "name is needed"), ("?name=", TYPE, body, 400, "end in .json"),
            ("?name=x.txt", TYPE, body, 400, "end in .json"), ("?name=.x.json", TYPE, body, 400, "begins with a dot"),
            ("?name=x.json&name=y.json", TYPE, body, 400, "given twice"), ("?name=x.json&to=failed", TYPE, body, 400, "no parameter 'to'"),
            ("?name=" + "x" * 200 + ".json", TYPE, body, 400, "more than 200 bytes"),
            ("?name=x.json", {"Content-Type": "text/plain"}, body, 415, "application/json"),
            ("?name=x.json", {"Content-Type": "application/jsonl"}, body, 415, "application/json"),
            ("?name=x.json", TYPE, b"", 422, "is empty"),
            ("?name=x.json", {**TYPE, "Transfer-Encoding": "chunked"}, b"2\r\n{}\r\n0\r\n\r\n", 400, "Transfer-Encoding")):
        answer = admin.post(UPLOAD + query, headers, content)
        assert (answer.status, answer.headers["Content-Type"]) == (status, PROBLEM), (query, answer.text)
        assert says in answer.json()["detail"], answer.text
        validate(DOCUMENT["components"]["schemas"]["Problem"], answer.json())
        if "?" in query and status == 400 and "Encoding" not in says:
            assert answer.json()["parameter"] in ("name", "to")
    for role in ("viewer", "scout"):
        assert web.programs_of[role].post(f"{UPLOAD}?name=x.json", TYPE, body).status == 403
    assert Program(web, WRONG).post(f"{UPLOAD}?name=x.json", TYPE, body).status == 401
    assert web.request("POST", f"{UPLOAD}?name=x.json", TYPE, body).status == 401
    browser = signed_in_as(web, "admin")
    assert browser.request("POST", f"{UPLOAD}?name=x.json", body, TYPE).status == 403
    proof = {"HoopScout-Proof": browser.proof("/account")}
    assert browser.request("POST", f"{UPLOAD}?name=x.json", body, {**TYPE, **proof, "Sec-Fetch-Site": "cross-site"}).status == 403
    assert [name for name in web.ls("incoming") if "x.json" in name or name.startswith(".upload")] == []
    assert web.sql("select count(*) from import_file") == before
    assert browser.request("POST", f"{UPLOAD}?name=by-cookie.json", body, {**TYPE, **proof}).status == 202


def test_an_upload_is_streamed(web, admin):
    """60 MB, sent slowly enough to look: nothing lies in incoming under its name before it is whole."""
    size = 60 << 20
    parts = urllib.parse.urlsplit(web.url(f"{UPLOAD}?name=streamed.json"))
    link = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    piece, seen = b" " * (1 << 20), []

    def pieces():
        for _ in range(size >> 20):
            seen.append("streamed.json" in web.ls("incoming"))
            yield piece
    link.request("POST", f"{parts.path}?{parts.query}", pieces(), {**admin.headers, **TYPE, "Content-Length": str(size)})
    answer = link.getresponse()
    assert answer.status == 202 and json.loads(answer.read())["size_bytes"] == size and not any(seen)
    assert web.wait_imported("streamed.json")["status"] == "failed"
    with open(f"/proc/{web.daemon_pid('web')}/status", encoding="ascii") as status:
        peak_kb = int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1))
    assert peak_kb < 50000 or "asan" in str(web.programs.build), peak_kb
    link.close()


def test_extractors(web, admin, scout):
    seen = admin.wait(admin.post("/api/v1/extractors/public_json_snapshot/run?dry_run=true"))
    assert seen["args"] == {"name": "public_json_snapshot", "dry-run": True} and seen["owner"] == "extractor"
    found = {one["name"]: one for one in scout.get("/api/v1/extractors").json()["extractors"]}
    assert found["public_json_snapshot"]["is_enabled"] is True
    assert found["public_json_snapshot"]["latest_run"]["trigger"] == "admin"
    assert web.env["EXTRACTOR_PUBLIC_JSON_URL"] not in scout.get("/api/v1/extractors").text
    seen = admin.wait(admin.post("/api/v1/extractors/no_such-one.2/run"))
    assert seen["status"] == "failed" and seen["args"] == {"name": "no_such-one.2"} and not seen["is_good"]
    for path, name in (("x/run?dry_run=yes", "dry_run"),
                       ("x/run?dry_run=true&dry_run=true", "dry_run"), ("x/run?url=http://x/", "url")):
        answer = admin.post("/api/v1/extractors/" + path)
        assert (answer.status, answer.json().get("parameter")) == (400, name), path
    for path in ("/run", "a/b/run", "x", "x/run/", "x" * 65 + "/run", "%00/run", "a%2Fb/run", ".x/run"):
        assert admin.post("/api/v1/extractors/" + path).status in (404, 405), path


def test_extractors_that_never_ran(web, scout):
    """Every source that the extractor tells of is there, as on the page, with what it tells."""
    web.sql("insert into extractor_known (host, source, about, url_host, schedule, is_scheduler_on, problem) select host, "
            "'never-ran.2', 'of none', 'x.example', '@daily', true, 'no columns' from extractor_known limit 1")
    found = {one["name"]: one for one in scout.get("/api/v1/extractors").json()["extractors"]}
    assert set(found) >= set(web.sql("select distinct source from extractor_known").splitlines())
    one = found["never-ran.2"]
    assert (one["about"], one["url_host"], one["schedule"], one["problem"], one["latest_run"], one["next_due_at"]) == \
        ("of none", "x.example", "@daily", "no columns", None, None)
    assert one["told_at"] and one["host"]
    page = signed_in_as(web, "scout").get("/admin/extractors").text
    assert all(f'/admin/extractors/{name}"' in page for name in found)


def test_identities(web, admin, scout):
    """Links by a program: as a page's forms have them, with what it was by in the audit trail."""
    people = [{**record(), "player_external_id": name, "full_name": "Ann Lee", "birth_date": "1990-01-01"} for name in ("ann", "lee")]
    for one, source in zip(people, ("a 1", "b&2")):
        web.drop({**snapshot(one), "source_name": source}, f"{one['player_external_id']}.json")
        web.wait_imported(f"{one['player_external_id']}.json")
    ann, lee = (urllib.parse.quote(name, safe="") for name in ("a 1:ann", "b&2:lee"))

    def call(what, status=200, who=admin):
        answer = who.post(f"/api/v1/identities/{what}")
        assert answer.status == status, answer.text
        body = answer.json()
        if status == 200:
            validate(DOCUMENT["components"]["schemas"]["IdentityChange"], body)
        else:
            assert answer.headers["Content-Type"] == PROBLEM
            validate(DOCUMENT["components"]["schemas"]["Problem"], body)
        return body
    assert admin.wait(admin.post("/api/v1/identities/look"))["is_good"]

    def suggested():
        """Whether the two are; other tests have players who are alike, too."""
        found = admin.get("/api/v1/identities/suggestions").json()
        validate(DOCUMENT["components"]["schemas"]["Suggestions"], found)
        assert found["total"] == len(found["pairs"]) and found["look"]["players"] >= 2 and not found["is_looking"]
        return [{pair[side]["identity"] for side in "ab"} for pair in found["pairs"]].count({"a 1:ann", "b&2:lee"})
    assert suggested() == 1
    assert admin.get("/api/v1/identities").json() == {"total": 0, "page": 1, "per_page": 50, "people": []}

    call(f"link?player={ann}&other={lee}", 403, scout)
    done = call(f"link?player={ann}&other={lee}&reason=sure")
    assert (done["player"], done["other"], done["url"]) == ("a 1:ann", "b&2:lee", f"/api/v1/players/{done['person']}")
    assert {one["external_id"] for one in scout.get(done["url"]).json()["identities"]} == {"ann", "lee"}
    listed = admin.get("/api/v1/identities?per_page=1").json()
    validate(DOCUMENT["components"]["schemas"]["Identities"], listed)
    assert listed["total"] == 1 and [one["linked_by"] for one in listed["people"][0]["identities"]] == ["admin"] * 2
    assert admin.get("/api/v1/identities?page=2").json() == {"total": 1, "page": 2, "per_page": 50, "people": []}
    assert suggested() == 0
    assert "linked already" in call(f"link?player={ann}&other={lee}", 422)["detail"]
    assert "linked already" in call(f"link?player={ann}&other={ann}", 422)["detail"]
    assert "unlink" in call(f"unlike?player={ann}&other={lee}", 422)["detail"]
    assert call(f"unlink?player={lee}")["person"] == done["person"]
    call(f"unlink?player={lee}", 404)
    assert call(f"unlike?player={ann}&other={lee}") == {"player": "a 1:ann", "other": "b&2:lee", "person": None, "url": None}
    assert suggested() == 0
    apart = admin.get("/api/v1/identities/apart").json()
    validate(DOCUMENT["components"]["schemas"]["Apart"], apart)
    assert apart["total"] == 1 and apart["pairs"][0]["said_by"] == "admin"
    assert {apart["pairs"][0][side]["identity"] for side in "ab"} == {"a 1:ann", "b&2:lee"}
    assert "a 1:ann and b&2:lee were told apart: take that back first" in call(f"link?player={ann}&other={lee}", 422)["detail"]
    call(f"take-back?player={lee}&other={ann}", 403, scout)
    assert call(f"take-back?player={lee}&other={ann}")["person"] is None
    assert "were never told apart" in call(f"take-back?player={lee}&other={ann}", 404)["detail"]
    assert admin.get("/api/v1/identities/apart").json() == {"total": 0, "page": 1, "per_page": 50, "pairs": []}
    assert suggested() == 1

    for what, parameter in (("link", "player"), (f"link?player={ann}", "other"), (f"link?player={ann}&other=x", "other"),
                            (f"link?player={ann}&player={ann}", "player"), (f"unlink?player={ann}&other={lee}", "other"),
                            (f"link?player={ann}&other={lee}&reason={'x' * 501}", "reason"), ("look?new=1", "new"),
                            (f"unlike?player={ann}&other={lee}&reason=x", "reason")):
        assert call(what, 400)["parameter"] == parameter, what
    assert "a 1:nobody" in call("unlink?player=a+1:nobody", 404)["detail"]
    for query in ("page=0", "page=x", "per_page=201", "per_page=1&per_page=2"):
        answer = admin.get(f"/api/v1/identities?{query}")
        assert (answer.status, answer.json()["parameter"]) == (400, query.split("=")[0]), query
    entries = web.hsctl("user", "audit", "--limit", "20", as_json=True).json["result"]["entries"]
    assert [(one["action"], one["actor"], one["detail"]) for one in entries if one["action"].startswith("identity ")] == [
        ("identity take-back", "admin", "by token of-admin"),
        ("identity unlike", "admin", "by token of-admin"), ("identity unlink", "admin", "by token of-admin"),
        ("identity link", "admin", "sure; by token of-admin")]


def test_tokens_on_the_accounts_page(web):
    """Each sees his own: what they are for, never what they are; he revokes them by a form of that page alone."""
    make_account(web, "own", "scout")
    secret = make(web, "mine", "own", "scout")
    make(web, "other", "scout")
    browser = signed_in_as(web, "own")
    page = browser.get("/account").text
    row = page[page.index("<tr><td>mine</td>"):]
    row = row[:row.index("</tr>")]
    made, until_day = web.sql("select to_char(created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI'), to_char(expires_at at time zone "
                              "'UTC', 'YYYY-MM-DD HH24:MI') from api_token where name = 'mine'").split("|")
    assert f"<td>scout</td><td>{made}, by hsctl</td><td>never</td><td>{until_day}</td>" in row
    assert "<td>other</td>" not in page and "hst_" not in page and secret[4:] not in page
    assert Program(web, secret).get("/api/v1/imports").status == 200
    web.hsctl("user", "role", "own", "viewer")
    assert "<td>scout; viewer now, as this account</td>" in browser.get("/account").text
    assert "<td>never</td>" not in browser.get("/account").text

    [path] = re.findall(r'action="(/account/tokens/\d+/revoke)"', page)
    proof = browser.proof("/account")
    assert browser.post(path, {"proof": "x" * 64}).status == 403 and browser.post(path, {}).status == 403
    foreign = path.replace(re.search(r"\d+", path).group(), web.sql("select token_id from api_token where name = 'other'"))
    for strange in (foreign, "/account/tokens/2147483647/revoke"):
        answer = browser.post(strange, {"proof": proof})
        assert answer.status == 303 and "is revoked already, or is not yours" in browser.get("/account").text
    assert web.sql("select count(*) from api_token where name in ('mine', 'other') and revoked_at is null") == "2"
    answer = browser.post(path, {"proof": proof})
    assert (answer.status, answer.headers["Location"]) == (303, "/account")
    page = browser.get("/account").text
    assert "The token mine is revoked" in page and "<td>mine</td>" not in page and "hsctl token create" in page
    assert Program(web, secret).get("/api/v1/players").status == 401
    browser.post(path, {"proof": proof})
    entries = web.hsctl("user", "audit", "--limit", "10", as_json=True).json["result"]["entries"]
    assert [(one["actor"], one["address"], one["subject"]) for one in entries if one["action"] == "token-revoke"][:1] == [
        ("own", "127.0.0.1", "mine")]


def test_a_call_by_cookie_needs_the_proof(web):
    browser = signed_in_as(web, "admin")
    assert browser.request("POST", "/api/v1/imports/now").status == 403
    assert browser.request("POST", "/api/v1/imports/now", headers={"HoopScout-Proof": "x" * 64}).status == 403
    proof = {"HoopScout-Proof": browser.proof("/account")}
    assert browser.request("POST", "/api/v1/imports/now", headers=proof).status == 202
    assert browser.request("POST", "/api/v1/imports/now", headers={**proof, "Sec-Fetch-Site": "cross-site"}).status == 403
    assert signed_in_as(web, "scout").request("POST", "/api/v1/imports/now", headers=proof).status == 403
    assert browser.post("/api/v1/imports/now", {"proof": proof["HoopScout-Proof"]}).status == 403, "a form may come from elsewhere"


def test_bodies(web, admin):
    answer = admin.post("/api/v1/imports/now", body='{"x": 1}', headers={"Content-Type": "application/json"})
    assert answer.status == 400 and "no body" in answer.json()["detail"]
    # as curl -X POST sends it: without a length
    parts = urllib.parse.urlsplit(web.url("/api/v1/imports/now"))
    with socket.create_connection((parts.hostname, parts.port), 20) as plain:
        plain.sendall(f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n"
                      f"Authorization: {admin.headers['Authorization']}\r\n\r\n".encode())
        response = http.client.HTTPResponse(plain)
        response.begin()
        assert response.status == 202
    for method in ("GET", "DELETE", "PUT"):
        answer = admin.request(method, "/api/v1/imports/now")
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")


def test_a_token_opens_a_closed_house(programs, template):
    house = House(programs, template)
    house.env["HOOPSCOUT_PUBLIC_SEARCH"] = "no"
    try:
        house.start()
        make_account(house, "viewer")
        program = Program(house, make(house, "reader", "viewer"))
        for path in ("/api/v1/players", "/api/v1/teams", "/api/v1/openapi.json", "/export.csv", "/export.jsonl"):
            assert house.get(path).status == 401
            assert (answer := program.get(path)).status == 200 and answer.headers["Cache-Control"] == "no-store"
        assert "hsctl token create" in house.get("/api/v1/players").json()["detail"]
    finally:
        house.close()


def test_without_the_database(house):
    house.start()
    make_account(house, "ana", "admin")
    program = Program(house, make(house, "x", "ana", "admin"))
    house.sql("alter table api_token rename to gone")
    assert program.get("/api/v1/imports").status in (500, 503)
    house.sql("alter table gone rename to api_token")
    assert program.get("/api/v1/imports").status == 200
