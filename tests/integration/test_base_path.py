"""HOOPSCOUT_BASE_PATH: everything stands below /scout, and nothing leads out of it."""

import html
import json
import re
import urllib.parse

import pytest

from browser import PASSWORD, Browser, make_account, signed_in
from test_importer import snapshot

BASE = "/scout"
ADDRESSES = re.compile(r'\s(href|src|action|formaction|hx-get|hx-post)="([^"]*)"')
BOUNDARY = "x" * 20


@pytest.fixture(scope="module")
def web(shared_house):
    house = shared_house
    house.base = BASE
    house.env.update({"HOOPSCOUT_BASE_PATH": BASE, "HOOPSCOUT_TRUSTED_PROXIES": "127.0.0.1"})
    house.start()
    make_account(house, "admin", "admin")
    house.drop(json.dumps(snapshot()), "good.json")
    house.drop("{}", "bad.json")
    house.wait_imported("good.json")
    house.wait_imported("bad.json")
    house.admin = signed_in(house, "admin")
    return house


def links_of(page):
    """[(attribute, address)] of a page, those within the page aside."""
    found = [(name, html.unescape(address)) for name, address in ADDRESSES.findall(page)]
    return [(name, address) for name, address in found if address != "" and address[0] not in "#?"]


def test_walk(web):
    """Every address on every page that can be reached begins with the base, and is there."""
    seen, left, kinds = set(), [f"{BASE}/", f"{BASE}/compare?name=a", f"{BASE}/?name=nobody", f"{BASE}/nothing",
                                f"{BASE}/?ppg_min=x&team=x"], set()
    while left and len(seen) < 250:
        path = left.pop(0)
        shape = re.sub(r"\d+", "7", path.split("?")[0]) + "?" + "&".join(sorted(
            pair.split("=")[0] for pair in path.partition("?")[2].split("&")))
        if shape in seen:
            continue
        seen.add(shape)
        answer = web.admin.get(path)
        known = path.startswith((f"{BASE}/nothing", f"{BASE}/?ppg_min=x"))
        assert answer.status in ((400, 404) if known else (200, 303)), (path, answer.status, answer.text[:300])
        assert answer.headers.get("Location", BASE).startswith(BASE), path
        if "text/html" not in answer.headers.get("Content-Type", ""):
            continue
        for name, address in links_of(answer.text):
            assert address.startswith(f"{BASE}/"), f'{path}: {name}="{address}"'
            assert not address.startswith(BASE + BASE), f'{path}: {name}="{address}"'
            kinds.add(name)
            if name in ("href", "src", "hx-get"):
                left.append(address)
    assert {"href", "src", "action", "formaction", "hx-get"} <= kinds
    for part in ("/static/", "/players/", "/compare", "/api/v7/openapi.json", "/admin/imports/files/7?",
                 "/admin/quality", "/admin/identities", "/audit", "/account", "/export.csv", "/choices/"):
        assert any(part in shape for shape in seen), (part, sorted(seen))


def test_outside(web):
    """What is not below the base is told where all is; the base alone leads in."""
    for path in ("/", "/players/1", "/scouts/", "/api/v1/players", "/health/", "/metrics", "/static/app.css"):
        answer = web.get(path)
        assert answer.status == 404 and "below /scout/" in answer.text, path
        if path.startswith(("/api/", "/health", "/metrics")):
            assert answer.headers["Content-Type"] == "application/problem+json"
        else:
            assert all(address.startswith(f"{BASE}/") for _, address in links_of(answer.text))
    answer = web.get(f"{BASE}?name=ann")
    assert (answer.status, answer.headers["Location"]) == (303, f"{BASE}/?name=ann")
    assert web.get(f"{BASE}/health/").json()["status"] == "ok"
    assert "hoopscout_build_info" in web.get(f"{BASE}/metrics").text
    assert web.request("POST", "/sign-in", {"Content-Type": "application/x-www-form-urlencoded"}, "a=b").status == 404


def test_session(web):
    """Cookies are of the base; one is led to where one wanted to go, and out again, within it."""
    browser = Browser(web)
    answer = browser.get(f"{BASE}/admin/imports?status=failed")
    assert answer.status == 303
    where = answer.headers["Location"]
    assert where == f"{BASE}/sign-in?next=/admin/imports%3Fstatus%3Dfailed" or \
        urllib.parse.unquote(where) == f"{BASE}/sign-in?next=/admin/imports?status=failed"
    answer = browser.post(f"{BASE}/sign-in", {"proof": browser.proof(where), "name": "admin", "password": PASSWORD,
                                              "next": "/admin/imports?status=failed"})
    assert (answer.status, answer.headers["Location"]) == (303, f"{BASE}/admin/imports?status=failed")
    assert re.fullmatch(r"hoopscout=[\w-]{43}; Path=/scout; HttpOnly; SameSite=Lax", browser.lines[0])
    page = browser.get(f"{BASE}/sign-in", {"Referer": f"http://127.0.0.1:{web.port}{BASE}/players/1"})
    assert page.headers.get("Location") == f"{BASE}/players/1"
    assert browser.get(f"{BASE}/sign-in", {"Referer": f"http://127.0.0.1:{web.port}/elsewhere"}) \
        .headers.get("Location") == f"{BASE}/"
    answer = browser.submit(f"{BASE}/account", f"{BASE}/sign-out")
    assert (answer.status, answer.headers["Location"]) == (303, f"{BASE}/")
    gone = Browser(web).get(f"{BASE}/admin/imports", {
        "HX-Request": "true", "HX-Current-URL": f"http://127.0.0.1:{web.port}{BASE}/admin/imports?page=2"})
    assert urllib.parse.unquote(gone.headers["HX-Redirect"]) == f"{BASE}/sign-in?next=/admin/imports?page=2"


def test_https_cookie(web):
    """A browser takes __Host- for a whole host alone, so that it is __Secure- here."""
    browser = signed_in(web, "admin", headers={"X-Forwarded-Proto": "https"})
    assert any(re.fullmatch(r"__Secure-hoopscout=[\w-]{43}; Path=/scout; HttpOnly; SameSite=Lax; Secure", line)
               for line in browser.lines)
    assert browser.get(f"{BASE}/account").status == 200


def test_search(web):
    """The address that htmx shows, the way back from a player, and what a script reads of the addresses."""
    answer = web.get(f"{BASE}/?ppg_min=1&name=", headers={"HX-Request": "true"})
    assert answer.headers["HX-Push-Url"] == f"{BASE}/?ppg_min=1"
    player = re.search(r'href="(/scout/players/\d+)"', web.get(f"{BASE}/").text).group(1)
    page = web.get(player, headers={"Referer": f"http://127.0.0.1:{web.port}{BASE}/?ppg_min=1"})
    assert f'<p class="back"><a href="{BASE}/?ppg_min=1"' in page.text
    assert f'class="brand" href="{BASE}/"' in page.text
    problem = web.get(f"{BASE}/api/v1/players?team=nonsense").json()
    assert problem["errors"][0]["values"] == f"{BASE}/api/v1/teams"
    assert f"{BASE}/api/v1/teams has all" in problem["detail"]
    assert f"{BASE}/api/v1/openapi.json says" in web.get(f"{BASE}/api/nothing").json()["detail"]
    assert f"signed in, at {BASE}/sign-in," in web.get(f"{BASE}/api/v1/imports").json()["detail"]
    assert web.get(f"{BASE}/api/v1/openapi.json").json()["servers"] == [{"url": BASE}]


def test_actions(web):
    """An action's answer, by form and by API, and an upload, whose body evhttp never sees."""
    admin = web.admin
    answer = admin.submit(f"{BASE}/admin/imports", f"{BASE}/admin/imports/now")
    assert answer.status == 303 and answer.headers["Location"].startswith(f"{BASE}/admin/imports?request=")
    answer = admin.request("POST", f"{BASE}/api/v1/imports/now",
                           headers={"HoopScout-Proof": admin.proof(f"{BASE}/admin/imports")})
    assert answer.status == 202 and answer.json()["url"].startswith(f"{BASE}/api/v1/requests/")
    assert answer.headers["Location"] == answer.json()["url"]
    assert admin.get(answer.json()["url"]).status == 200
    record = json.dumps(snapshot()).encode() + b" " * (3 << 20)     # more than any other body may have
    body = "".join(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n{text}\r\n'
                   for name, file, text in (("proof", "", admin.proof(f"{BASE}/admin/imports")),
                                            ("file", '; filename="up.json"', record.decode()))) + f"--{BOUNDARY}--\r\n"
    answer = admin.request("POST", f"{BASE}/admin/imports/upload", body.encode(),
                           {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})
    assert answer.status == 303 and answer.headers["Location"].startswith(f"{BASE}/admin/imports/uploads?f=")
    web.wait_imported("up.json")
    answer = admin.request("POST", f"{BASE}/api/v1/imports/upload?name=api.json", record + b" ",
                           {"Content-Type": "application/json", "HoopScout-Proof": admin.proof(f"{BASE}/admin/imports")})
    assert answer.status == 202 and answer.json()["url"].startswith(f"{BASE}/api/v1/imports/files?q=")
    assert answer.headers["Location"] == answer.json()["url"] and admin.get(answer.json()["url"]).status == 200


def test_says_where(web):
    """What an operator is told are addresses that can be opened."""
    assert f"http://127.0.0.1:{web.port}{BASE}/" in web.hsctl("status").stdout
