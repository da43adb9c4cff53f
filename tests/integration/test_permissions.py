"""Who may have which address: each route from each role, with the search open to all and closed; and that no
answer of one visitor is given to another."""

import json
import re

import pytest

from browser import Browser, make_account, signed_in, signed_in_as
from house import SOURCE_DIR

ROLES = ("nobody", "viewer", "scout", "admin")
TOKENS = {f"{role}'s token": role for role in ROLES[1:]}

# Who may: a stranger where the search is open; any account; these roles; anybody.
SEARCH, SIGNED_IN, SCOUT, ADMIN, ALWAYS = "search", "signed in", "scout", "admin", "always"
MAY = {"MAY_BY_SETTING": SEARCH, "MAY_SIGNED_IN": SIGNED_IN, "MAY_SCOUT": SCOUT, "MAY_ADMIN": ADMIN,
       "MAY_ANYONE": ALWAYS, "MAY_ALWAYS": ALWAYS,
       "MAY_SCRAPE": ALWAYS}    # by HOOPSCOUT_METRICS_FROM, which holds us: test_metrics.py has the others

# By a cookie a call of the API needs a proof, which comes with none of these.
CALL = {"admin": 403, "admin's token": 202}

# method, path, an address of that path, who may, what those get who may; of a POST 400, since it is sent without a
# form: who may not is told so before anybody looks at the form
ROUTES = [
    ("GET", "/", "/?ppg_min=1", SEARCH, 200),
    ("GET", "/choices/*", "/choices/team", SEARCH, 200),
    ("GET", "/players/{id}", "/players/1", SEARCH, 404),
    ("GET", "/compare", "/compare", SEARCH, 200),
    ("GET", "/api/v1/players", "/api/v1/players", SEARCH, 200),
    ("GET", "/api/v1/players/{id}", "/api/v1/players/1", SEARCH, 404),
    ("GET", "/api/v1/competitions", "/api/v1/competitions", SEARCH, 200),
    ("GET", "/api/v1/seasons", "/api/v1/seasons", SEARCH, 200),
    ("GET", "/api/v1/teams", "/api/v1/teams", SEARCH, 200),
    ("GET", "/api/v1/nationalities", "/api/v1/nationalities", SEARCH, 200),
    ("GET", "/api/v1/positions", "/api/v1/positions", SEARCH, 200),
    ("GET", "/api/v1/roles", "/api/v1/roles", SEARCH, 200),
    ("GET", "/api/v1/openapi.json", "/api/v1/openapi.json", SEARCH, 200),
    ("GET", "/api/v1/imports", "/api/v1/imports", SCOUT, 200),
    ("POST", "/api/v1/imports/now", "/api/v1/imports/now", ADMIN, CALL),
    ("GET", "/api/v1/imports/files", "/api/v1/imports/files", SCOUT, 200),
    ("GET", "/api/v1/imports/files/{id}", "/api/v1/imports/files/99", SCOUT, 404),
    ("POST", "/api/v1/imports/files/{id}/retry", "/api/v1/imports/files/99/retry", ADMIN, CALL | {"admin's token": 404}),
    ("POST", "/api/v1/imports/files/{id}/preview", "/api/v1/imports/files/99/preview", ADMIN, CALL),
    ("POST", "/api/v1/imports/files/{id}/undo", "/api/v1/imports/files/99/undo", ADMIN, CALL),
    ("POST", "/api/v1/imports/files/{id}/delete", "/api/v1/imports/files/99/delete", ADMIN, CALL | {"admin's token": 404}),
    ("POST", "/api/v1/imports/upload", "/api/v1/imports/upload", ADMIN, CALL | {"admin's token": 400}),
    ("GET", "/api/v1/extractors", "/api/v1/extractors", SCOUT, 200),
    ("POST", "/api/v1/extractors/{name}/run", "/api/v1/extractors/x/run", ADMIN, CALL),
    ("GET", "/api/v1/identities", "/api/v1/identities", SCOUT, 200),
    ("GET", "/api/v1/identities/suggestions", "/api/v1/identities/suggestions", SCOUT, 200),
    ("POST", "/api/v1/identities/look", "/api/v1/identities/look", ADMIN, CALL),
    ("POST", "/api/v1/identities/link", "/api/v1/identities/link", ADMIN, CALL | {"admin's token": 400}),
    ("POST", "/api/v1/identities/unlink", "/api/v1/identities/unlink?player=x:1", ADMIN, CALL | {"admin's token": 404}),
    ("POST", "/api/v1/identities/unlike", "/api/v1/identities/unlike", ADMIN, CALL | {"admin's token": 400}),
    ("GET", "/api/v1/requests/{id}", "/api/v1/requests/99999", SCOUT, 404),
    ("GET", "/export.*", "/export.csv", SEARCH, 200),
    ("GET", "/sign-in", "/sign-in", ALWAYS, {"nobody": 200, "viewer": 303, "scout": 303, "admin": 303}),
    ("POST", "/sign-in", "/sign-in", ALWAYS, 400),      # of no form
    ("POST", "/sign-out", "/sign-out", SIGNED_IN, 400),
    ("GET", "/account", "/account", SIGNED_IN, 200),
    ("POST", "/account/password", "/account/password", SIGNED_IN, 400),
    ("POST", "/account/tokens/{id}/revoke", "/account/tokens/99/revoke", SIGNED_IN, 400),
    ("GET", "/admin/imports", "/admin/imports", SCOUT, 200),
    ("GET", "/admin/imports/files", "/admin/imports/files", SCOUT, 200),
    ("GET", "/admin/imports/runs/{id}", "/admin/imports/runs/99", SCOUT, 404),
    ("GET", "/admin/imports/files/{id}", "/admin/imports/files/99", SCOUT, 404),
    ("GET", "/admin/imports/files/{id}/file", "/admin/imports/files/99/file", SCOUT, 404),
    ("GET", "/admin/imports/files/{id}/errors", "/admin/imports/files/99/errors", SCOUT, 404),
    ("GET", "/admin/imports/files/{id}/undo", "/admin/imports/files/99/undo", ADMIN, 404),
    ("POST", "/admin/imports/files/{id}/undo", "/admin/imports/files/99/undo", ADMIN, 400),
    ("POST", "/admin/imports/files/{id}/preview", "/admin/imports/files/99/preview", ADMIN, 400),
    ("GET", "/admin/imports/files/{id}/delete", "/admin/imports/files/99/delete", ADMIN, 404),
    ("POST", "/admin/imports/files/{id}/delete", "/admin/imports/files/99/delete", ADMIN, 400),
    ("GET", "/admin/imports/uploads", "/admin/imports/uploads", ADMIN, 200),
    ("POST", "/admin/imports/upload", "/admin/imports/upload", ADMIN, 400),
    ("POST", "/admin/imports/now", "/admin/imports/now", ADMIN, 400),
    ("POST", "/admin/imports/files/{id}/retry", "/admin/imports/files/99/retry", ADMIN, 400),
    ("GET", "/admin/quality", "/admin/quality", SCOUT, 200),
    ("POST", "/admin/quality", "/admin/quality", SCOUT, 400),
    ("GET", "/api/v1/quality", "/api/v1/quality", SCOUT, 200),
    ("GET", "/admin/extractors", "/admin/extractors", SCOUT, 200),
    ("GET", "/admin/extractors/{name}", "/admin/extractors/nobody", SCOUT, 404),
    ("GET", "/admin/extractors/runs/{id}", "/admin/extractors/runs/99", SCOUT, 404),
    ("POST", "/admin/extractors/{name}/run", "/admin/extractors/nobody/run", ADMIN, 400),
    ("POST", "/admin/extractors/{name}/dry-run", "/admin/extractors/nobody/dry-run", ADMIN, 400),
    ("POST", "/admin/extractors/{name}/cancel", "/admin/extractors/nobody/cancel", ADMIN, 400),
    ("POST", "/admin/extractors/{name}/enable", "/admin/extractors/nobody/enable", ADMIN, 400),
    ("POST", "/admin/extractors/{name}/disable", "/admin/extractors/nobody/disable", ADMIN, 400),
    ("GET", "/audit", "/audit", ADMIN, 200),
    ("GET", "/admin/identities", "/admin/identities", ADMIN, 200),
    ("POST", "/admin/identities/link", "/admin/identities/link", ADMIN, 400),
    ("POST", "/admin/identities/unlink", "/admin/identities/unlink", ADMIN, 400),
    ("POST", "/admin/identities/unlike", "/admin/identities/unlike", ADMIN, 400),
    ("POST", "/admin/identities/look", "/admin/identities/look", ADMIN, 400),
    ("GET", "/health", "/health", ALWAYS, 200),
    ("GET", "/health/", "/health/", ALWAYS, 200),
    ("GET", "/metrics", "/metrics", ALWAYS, 200),
    ("GET", "/static/*", "/static/app.css", ALWAYS, 200),
    ("GET", "/favicon.ico", "/favicon.ico", ALWAYS, 200),
]


def test_the_table_has_all_routes():
    text = (SOURCE_DIR / "daemons/web/routes.c").read_text()
    table = text[text.index("routes[] = {"):]
    table = table[:table.index("\n};")]
    rows = re.findall(r'^\t\{ (\w+), "([^"]+)", (MAY_\w+),', table, re.M)
    assert len(rows) == table.count("\n\t{"), "a row of routes.c is not understood here"
    found = [({"LOOK": "GET", "EVHTTP_REQ_POST": "POST"}[method], path, MAY[may]) for method, path, may in rows]
    assert sorted(found) == sorted((method, path, who) for method, path, _, who, _ in ROUTES)


def visitors(house):
    """A browser for each role, and for each a program with a token of it, which are all the admin's."""
    found = {role: Browser(house) if role == "nobody" else signed_in_as(house, role) for role in ROLES}
    for name, role in TOKENS.items():
        made = house.hsctl("token", "create", role, "--account", "admin", "--role", role, as_json=True)
        found[name] = Browser(house, {"Authorization": f"Bearer {made.json['result']['secret']}"})
    return found


@pytest.fixture(scope="module")
def open_house(shared_house):
    """(House, a browser for each role)"""
    shared_house.start()
    return shared_house, visitors(shared_house)


@pytest.fixture(scope="module")
def closed_house(programs, template):
    from house import House
    made = House(programs, template)
    made.env["HOOPSCOUT_PUBLIC_SEARCH"] = "no"
    try:
        yield made.start(), visitors(made)
    finally:
        made.close()


def wanted(method, path, who_may, status, visitor, is_closed):
    role = TOKENS.get(visitor, visitor)
    if visitor in TOKENS and who_may != ALWAYS and not path.startswith(("/api/", "/export.")):
        return 403
    if visitor in TOKENS and path == "/sign-in":
        return 403
    if role == "nobody" and who_may != ALWAYS and (who_may != SEARCH or is_closed):
        return 401 if path.startswith(("/api/", "/export.")) else 303
    if (who_may == SCOUT and role == "viewer") or (who_may == ADMIN and role != "admin"):
        return 403
    return status[visitor] if isinstance(status, dict) else status


@pytest.mark.parametrize("role", ROLES + tuple(TOKENS))
@pytest.mark.parametrize("is_closed", [False, True], ids=["open", "closed"])
def test_routes_by_role(request, role, is_closed):
    _, browsers = request.getfixturevalue("closed_house" if is_closed else "open_house")
    got, want = {}, {}
    for method, path, address, who_may, status in ROUTES:
        key = f"{method} {address}"
        want[key] = wanted(method, path, who_may, status, role, is_closed)
        got[key] = browsers[role].request(method, address).status
        if method == "GET":
            want["HEAD " + key] = want[key]
            got["HEAD " + key] = browsers[role].request("HEAD", address).status
    assert got == want


def test_what_a_stranger_of_a_closed_house_hears(closed_house):
    house, _ = closed_house
    answer = house.get("/?ppg_min=20&sort=name")
    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in?next=%2F%3Fppg_min%3D20%26sort%3Dname")
    assert house.get("/").headers["Location"] == "/sign-in"
    answer = house.get("/api/v1/players")
    assert answer.headers["Content-Type"] == "application/problem+json" and answer.headers["WWW-Authenticate"]
    assert answer.json()["status"] == 401 and "/sign-in" in answer.json()["detail"]
    assert "Location" not in answer.headers
    described = json.loads((SOURCE_DIR / "htdocs/openapi.json").read_text())
    for path, row in described["paths"].items():
        (method, operation), = row.items()
        answer = house.request(method.upper(), path.replace("{id}", "1").replace("{name}", "x"))
        assert ("401" in operation["responses"]) == (answer.status == 401), path
    answer = house.get("/export.csv", {"Accept": "text/html"})
    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in?next=%2Fexport.csv")


def test_a_page_whose_session_is_over(closed_house):
    """htmx is told to leave for the sign-in page, with the way back to where the visitor is."""
    house, _ = closed_house
    answer = house.get("/choices/team?find=a", {"HX-Request": "true", "HX-Current-URL": house.url("/?ppg_min=20")})
    assert answer.status == 401
    assert answer.headers["HX-Redirect"] == "/sign-in?next=%2F%3Fppg_min%3D20"
    answer = house.get("/", {"HX-Request": "true", "HX-Current-URL": "http://evil.example//evil.example"})
    assert answer.headers["HX-Redirect"] == "/sign-in"


def test_the_search_opens_and_closes_by_reload(house):
    house.start()
    assert house.get("/").status == 200
    house.conf.write_text("HOOPSCOUT_PUBLIC_SEARCH=no\n")
    house.hsctl("reload")
    assert house.get("/").status == 303
    assert house.get("/", {"If-None-Match": "*"}).status == 303


@pytest.mark.parametrize("role", ROLES)
def test_the_masthead(open_house, role):
    """Every page, also one that is not there, names its visitor, and links to what his role may see."""
    _, browsers = open_house
    links = {"/admin/identities": ADMIN, "/audit": ADMIN, "/admin/imports": SCOUT, "/admin/quality": SCOUT,
             "/admin/extractors": SCOUT}
    for path in ("/", "/compare", "/players/1", "/nothing-here", "/?nonsense=1"):
        text = browsers[role].get(path).text
        head = text[text.index("<header"):text.index("</header>")]
        assert ("Sign in</a>" in head) == (role == "nobody") and ("Your account" in head) == (role != "nobody")
        for link, who in links.items():
            assert (f'href="{link}"' in head) == (role == "admin" or (who == SCOUT and role == "scout")), (path, link)
    here = re.search(r'<a href="/audit"([^>]*)>', browsers["admin"].get("/audit").text).group(1)
    assert here == ' aria-current="page"'


def test_who_may_not_is_told_why(open_house):
    _, browsers = open_house
    for role in ("viewer", "scout"):
        assert "This is for admins" in browsers[role].get("/audit").text
    assert browsers["nobody"].get("/audit").headers["Location"] == "/sign-in?next=%2Faudit"


# -- answers that are kept ----------------------------------------------------------------

PAGES = ("/", "/?ppg_min=1", "/compare", "/choices/team")


@pytest.mark.parametrize("path", PAGES)
def test_pages_name_only_who_asks(open_house, path):
    """Each sees his own name, in whatever order they come, also from what is kept; no tag stands for another's."""
    house, browsers = open_house
    tags = {}
    for _ in range(2):
        for role in ("admin", "nobody", "viewer", "nobody", "scout", "admin"):
            answer = browsers[role].get(path)
            shown = re.findall(r'Your account: </span>(\w+)<', answer.text)
            assert shown == ([] if role == "nobody" else [role])
            assert "Cookie" in answer.headers["Vary"] and answer.headers["Cache-Control"] == "private, no-cache"
            tags[role] = answer.headers["ETag"]
    assert len(set(tags.values())) == 4
    for role in ROLES:
        for other in ROLES:
            answer = browsers[role].get(path, {"If-None-Match": tags[other]})
            assert answer.status == (304 if role == other else 200)


def test_fragments_and_the_api_are_the_same_for_all(open_house):
    house, browsers = open_house
    for path, headers in (("/?ppg_min=1", {"HX-Request": "true"}), ("/api/v1/players", {}), ("/export.json", {})):
        assert len({browsers[role].get(path, headers).body for role in ROLES}) == 1


@pytest.mark.parametrize("path", PAGES + ("/api/v1/players", "/api/v1/openapi.json", "/export.csv"))
def test_a_closed_house_leaves_nothing_behind(closed_house, path):
    """What only some may see is kept by no browser, and never given to a stranger who knows its tag."""
    house, browsers = closed_house
    answer = browsers["viewer"].get(path)
    assert answer.status == 200 and answer.headers["Cache-Control"] == "no-store"
    again = house.get(path, {"If-None-Match": answer.headers.get("ETag") or "*"})
    assert again.status in (303, 401) and again.headers["Cache-Control"] == "no-store"


def test_pages_of_ones_own_are_never_kept(open_house):
    house, browsers = open_house
    for browser, path in ((browsers["nobody"], "/sign-in"), (browsers["viewer"], "/account"),
                          (browsers["admin"], "/audit")):
        answer = browser.get(path)
        assert answer.headers["Cache-Control"] == "no-store" and answer.headers["ETag"] is None


def test_without_the_database(house):
    """A visitor with a cookie gets what is open to all, or "not at the moment", and soon."""
    house.start()
    make_account(house, "viewer")
    browser = signed_in(house, "viewer")
    house.sql("alter table account_session rename to gone")
    answer = browser.get("/")
    assert answer.status == 200 and "Sign in</a>" in answer.text
    assert "a visitor counts as not signed in" in house.log()
    assert browser.get("/account").status == 503
    house.sql("alter table gone rename to account_session")
    assert "viewer</a>" in browser.get("/").text
