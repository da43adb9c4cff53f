"""Accounts in the browser: signing in and out, sessions, forms, waits; what is shown to whom, and what is not."""

import contextlib
import json
import re
import threading
import time

import psycopg2
import pytest

from browser import PASSWORD, Browser, make_account, signed_in
from house import until
from test_importer import record, snapshot

WRONG = "a wrong password!"


@pytest.fixture(scope="module")
def web(shared_house):
    shared_house.env["HOOPSCOUT_TRUSTED_PROXIES"] = "127.0.0.1,10.0.0.0/8"
    shared_house.start()
    for role in ("viewer", "scout", "admin"):
        make_account(shared_house, f"{role}1", role)
    return shared_house


@pytest.fixture(autouse=True)
def without_waits(request):
    """No test waits for what another one has done wrong."""
    if "web" in request.fixturenames:
        request.getfixturevalue("web").sql("delete from sign_in_throttle")


def test_signing_in_and_out(web):
    browser = Browser(web)
    assert "Sign in</a>" in browser.get("/").text
    answer = browser.sign_in("viewer1", next="/compare?player=1")
    assert (answer.status, answer.headers["Location"]) == (303, "/compare?player=1")
    page = browser.get("/")
    assert "viewer1</a>" in page.text and "Sign in</a>" not in page.text
    assert "signed in as <strong>viewer1</strong>, viewer" in browser.get("/account").text
    assert browser.get("/sign-in").headers["Location"] == "/"
    answer = browser.post("/sign-out", {"proof": browser.proof("/account")})
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert browser.session() is None
    assert "Sign in</a>" in browser.get("/").text


def test_a_name_in_capitals_and_with_blanks(web):
    assert Browser(web).sign_in(" Viewer1 ").status == 303


@pytest.mark.parametrize("name, password", [("viewer1", WRONG), ("nobody", PASSWORD), ("", PASSWORD), ("viewer1", ""),
                                            ("viewer1", PASSWORD + " "), ("viewer1", "x" * 1025), ("'--", PASSWORD),
                                            ("n" * 400, PASSWORD), ("Š" * 300, PASSWORD), ("viewer1\n", WRONG)])
def test_wrong(web, name, password):
    """The same answer, whatever was wrong; the name that was typed comes back escaped, the password never."""
    browser = Browser(web)
    answer = browser.sign_in(name, password)
    assert answer.status == 401
    assert "The name or the password is wrong." in answer.text
    assert browser.session() is None
    assert not password or password not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_wrong_takes_as_long(web):
    """Time does not tell whether there is an account of that name."""
    def span(name):
        browser = Browser(web)
        fields = {"proof": browser.proof("/sign-in"), "name": name, "password": WRONG}
        begun = time.monotonic()
        assert browser.post("/sign-in", fields).status == 401
        return time.monotonic() - begun

    # in turn, and of each the quickest: what else the machine does meanwhile falls out
    rounds = [[span(name) for name in ("viewer1", "nobody", "No such name!")] for _ in range(5)]
    known, unknown, impossible = map(min, zip(*rounds))
    assert known > 0.05, "nothing was hashed"
    assert 0.5 < unknown / known < 2 and 0.5 < impossible / known < 2


def test_what_was_typed_is_text(web):
    answer = Browser(web).sign_in('"><script>alert(1)</script>', WRONG)
    assert "<script>alert" not in answer.text and "&lt;script&gt;" in answer.text


def test_cookies(web):
    """HttpOnly and SameSite always; Secure and bound to the host when a trusted proxy says HTTPS."""
    browser = Browser(web)
    browser.sign_in("viewer1")
    line = next(line for line in browser.lines if line.startswith("hoopscout="))
    assert re.fullmatch(r"hoopscout=[\w-]{43}; Path=/; HttpOnly; SameSite=Lax", line)
    secure = Browser(web, {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"})
    secure.get("/sign-in")
    assert re.fullmatch(r"__Host-hoopscout-form=[\w-]{43}; Path=/; HttpOnly; SameSite=Lax; Secure", secure.lines[0])
    assert secure.sign_in("viewer1").status == 303
    line = next(line for line in secure.lines if line.startswith("__Host-hoopscout="))
    assert re.fullmatch(r"__Host-hoopscout=[\w-]{43}; Path=/; HttpOnly; SameSite=Lax; Secure", line)
    assert "192.0.2.7" in secure.get("/account").text
    # over HTTPS the cookie that anybody on the way could have planted does not count
    planted = web.get("/account", {"X-Forwarded-Proto": "https", "Cookie": f"hoopscout={browser.session()}"})
    assert planted.status == 303


def test_only_the_hash_of_a_token_is_kept(web):
    browser = signed_in(web, "viewer1")
    token = browser.session()
    rows = web.sql("select encode(token_sha256, 'hex') from account_session").splitlines()
    import hashlib
    assert hashlib.sha256(token.encode()).hexdigest() in rows
    assert token not in web.sql("select * from account_session")
    assert token not in web.log() and PASSWORD not in web.log()
    assert browser.proof("/account") not in web.log()
    assert PASSWORD not in web.sql("select * from account") and PASSWORD not in web.sql("select * from audit_trail")


def test_whole_pages_for_scripts_are_kept_apart(web):
    """Pages without a fragment name in their head who asks, also when a script asks for them: nobody else gets those."""
    if web.get("/players/1").status == 404:
        web.drop(json.dumps(snapshot(record())), "kept-apart.json")
        web.wait_imported("kept-apart.json")
    browser = signed_in(web, "viewer1")
    for path in ("/players/1", "/compare?player=1"):
        mine = browser.get(path, {"HX-Request": "true"})
        assert mine.status == 200 and "viewer1" in mine.text
        theirs = web.get(path, {"HX-Request": "true"})
        assert theirs.status == 200 and "viewer1" not in theirs.text, path
        assert "viewer1" in browser.get(path, {"HX-Request": "true"}).text


def test_session_fixation(web):
    """Whatever cookies come along, signing in makes a new session; the one from before is over."""
    browser = Browser(web)
    planted = "A" * 43
    browser.cookies["hoopscout"] = planted
    assert browser.sign_in("viewer1").status == 303
    first = browser.session()
    assert first != planted and web.get("/account", {"Cookie": f"hoopscout={planted}"}).status == 303
    # signing in again in the same browser, as from an old tab: its form is refused, the session stays
    assert browser.post("/sign-in", {"proof": "0" * 64, "name": "scout1", "password": PASSWORD}).status == 403
    second = Browser(web)
    second.get("/sign-in")
    second.cookies["hoopscout"] = first[:-1] + ("A" if first[-1] != "A" else "B")
    assert second.sign_in("scout1").status == 303
    assert second.session() != first
    assert "hoopscout-form" not in second.cookies
    # over a session that is somebody's, as it was planted: the form needs that session's proof, and then it is over
    planted, third = signed_in(web, "viewer1").session(), Browser(web)
    third.get("/sign-in")
    third.cookies["hoopscout"] = planted
    proof = third.proof("/account")
    answer = third.post("/sign-in", {"proof": proof, "name": "scout1", "password": PASSWORD})
    assert answer.status == 303
    assert third.session() != planted and "scout1" in third.get("/account").text
    assert web.get("/account", {"Cookie": f"hoopscout={planted}"}).status == 303, "nobody holds the key that was planted"


def test_two_cookies_of_a_name(web):
    """Two values under one name, as planted from a neighbouring site: neither counts."""
    token = signed_in(web, "viewer1").session()
    assert web.get("/account", {"Cookie": f"hoopscout={token}"}).status == 200
    assert web.get("/account", {"Cookie": f"a=b; hoopscout={token};hoopscout={token}"}).status == 200
    assert web.get("/account", {"Cookie": f"hoopscout={'A' * 43}; hoopscout={token}"}).status == 303
    for other in ("", "x", token + "x", token[:-1], "'" * 43):
        assert web.get("/account", {"Cookie": f"hoopscout={other}"}).status == 303


PROOFLESS = {
    "no proof": {},
    "an empty one": {"proof": ""},
    "another's": {"proof": "f" * 64},
}


@pytest.mark.parametrize("what", PROOFLESS)
@pytest.mark.parametrize("path", ["/sign-out", "/account/password"])
def test_forms_without_proof(web, what, path):
    browser = signed_in(web, "viewer1")
    fields = {"current": PASSWORD, "new": "another password", "again": "another password", **PROOFLESS[what]}
    assert browser.post(path, fields).status == 403
    assert browser.get("/account").status == 200


@pytest.mark.parametrize("what", PROOFLESS)
def test_signing_in_without_proof(web, what):
    """Nobody is signed in as somebody else by a page elsewhere."""
    browser = Browser(web)
    browser.get("/sign-in")
    fields = {"name": "viewer1", "password": PASSWORD, **PROOFLESS[what]}
    assert browser.post("/sign-in", fields).status == 403
    assert Browser(web).post("/sign-in", fields).status == 403
    assert browser.session() is None


@pytest.mark.parametrize("headers, status", [
    ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-site"}, 403), ({"Sec-Fetch-Site": "same-origin"}, 303),
    ({"Origin": "http://evil.example"}, 403), ({"Origin": "null"}, 403), ({"Origin": "OWN"}, 303),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "https://behind.a.proxy"}, 303)])
def test_forms_from_elsewhere(web, headers, status):
    """With the right proof, too, the browser's word on where a form came from counts."""
    own = {name: value.replace("OWN", f"http://127.0.0.1:{web.port}") for name, value in headers.items()}
    assert Browser(web).sign_in("viewer1", headers=own).status == status
    browser = signed_in(web, "viewer1")
    assert browser.post("/sign-out", {"proof": browser.proof("/account")}, own).status == status


def test_proofs_are_of_one_session(web):
    one, other = signed_in(web, "viewer1"), signed_in(web, "viewer1")
    assert one.proof("/account") != other.proof("/account")
    assert one.post("/sign-out", {"proof": other.proof("/account")}).status == 403


@pytest.mark.parametrize("kind, body", [
    ("text/plain", "proof=x"), ("multipart/form-data; boundary=x", "--x--"), (None, "proof=x"), ("application/json", "{}"),
    ("application/x-www-form-urlencoded", "proof=a&proof=b"), ("application/x-www-form-urlencoded", "proof=%00"),
    ("application/x-www-form-urlencoded", "proof=\0"), ("application/x-www-form-urlencoded", "proof=%ff"),
    ("application/x-www-form-urlencoded", "&".join(f"f{n}=1" for n in range(40))),
    ("application/x-www-form-urlencoded", "proof=" + "x" * 20000)])
def test_bodies_that_are_no_form(web, kind, body):
    answer = web.request("POST", "/sign-in", {"Content-Type": kind} if kind else {}, body)
    assert answer.status == 400


@pytest.mark.parametrize("given, leads", [
    ("/compare?player=1&player=2", "/compare?player=1&player=2"), ("//evil.example/", "/"), ("https://evil.example/", "/"),
    ("/\\evil.example", "/"), ("/a b", "/"), ("javascript:alert(1)", "/"), ("/x\r\nSet-Cookie: a=b", "/"), ("", "/"),
    ("/sign-out", "/"), ("/Š", "/"), ("/" + "x" * 3000, "/")])
def test_only_own_paths_come_next(web, given, leads):
    answer = Browser(web).sign_in("viewer1", next=given)
    assert (answer.status, answer.headers["Location"]) == (303, leads)


def test_back_to_where_one_was(web):
    """Without ?next= it is the page that the link was on, if that is ours."""
    own = f"http://127.0.0.1:{web.port}"
    for referer, want in ((f"{own}/?ppg_min=20", "/?ppg_min=20"), ("http://evil.example/?x=1", "/"), (f"{own}0/x", "/"),
                          (f"{own}/sign-in", "/")):
        page = Browser(web).get("/sign-in", {"Referer": referer}).text
        assert f'name="next" value="{want}"' in page, referer
    assert Browser(web).get("/sign-in?nxt=/").status == 400


def test_sign_out_everywhere(web):
    one, other, stranger = signed_in(web, "scout1"), signed_in(web, "scout1"), signed_in(web, "viewer1")
    assert one.get("/account").text.count("<td>127.0.0.1") >= 2
    assert one.post("/sign-out", {"proof": one.proof("/account"), "everywhere": "yes"}).status == 303
    assert other.get("/account").status == 303 and stranger.get("/account").status == 200
    assert web.sql("select count(*) from account_session s join account a using (account_id) where a.name = 'scout1'") == "0"


def test_changing_ones_password(web):
    make_account(web, "changes", password="the first password")
    browser, other = signed_in(web, "changes", "the first password"), signed_in(web, "changes", "the first password")
    before = browser.session()

    def change(current, new, again=None):
        return browser.post("/account/password", {"proof": browser.proof("/account"), "current": current, "new": new,
                                                  "again": new if again is None else again})

    for given, part in ((("the wrong password", "the second password"), "The current password is another one."),
                        (("the first password", "short"), "The new password has 5 characters: at least 12"),
                        (("the first password", "twelve\ttabs\tt"), "control character"),
                        (("the first password", "the second password", "the second passwort"), "not the same both times"),
                        (("the first password", "é" * 513), "longer than 1024 bytes")):
        answer = change(*given)
        assert answer.status == 422 and part in answer.text
    assert browser.session() == before
    answer = change("the first password", "the second password")
    assert (answer.status, answer.headers["Location"]) == (303, "/account")
    assert 'role="status">Your password is changed.' in browser.get("/account").text
    assert browser.session() != before
    assert web.get("/account", {"Cookie": f"hoopscout={before}"}).status == 303
    assert other.get("/account").status == 303
    assert Browser(web).sign_in("changes", "the first password").status == 401
    assert Browser(web).sign_in("changes", "the second password").status == 303


# -- notices: what came of a form, said once -------------------------------------------------

def change_password(browser, current, new, **headers):
    return browser.submit("/account", "/account/password", headers, current=current, new=new, again=new)


def test_a_notice_is_shown_once(web):
    """On the next page, whichever it is, also one that is kept; and by nobody else, and by none that comes later."""
    make_account(web, "noticed")
    browser = signed_in(web, "noticed")
    kept = browser.get("/?ppg_min=3")
    assert browser.get("/?ppg_min=3").headers["ETag"] == kept.headers["ETag"]
    answer = change_password(browser, PASSWORD, "the second password")
    line = next(line for line in browser.lines if line.startswith("hoopscout-notice="))
    assert line.endswith("; Path=/; HttpOnly; SameSite=Lax; Max-Age=60")
    value = browser.cookies["hoopscout-notice"]
    assert browser.get("/?ppg_min=3", {"HX-Request": "true"}).headers["ETag"], "a fragment has no place for it"
    assert browser.request("HEAD", "/account").status == 200 and "hoopscout-notice" in browser.cookies
    page = browser.get("/?ppg_min=3", {"If-None-Match": kept.headers["ETag"]})
    assert page.status == 200 and page.text.count("Your password is changed.") == 1
    assert page.headers["Cache-Control"] == "no-store" and page.headers["ETag"] is None
    assert "hoopscout-notice" not in browser.cookies
    assert browser.get("/?ppg_min=3").body == kept.body
    browser.cookies["hoopscout-notice"] = value
    assert browser.notice(answer) is not None
    browser.cookies["hoopscout-notice"] = value[:64] + ("1" if value[64] == "0" else "0") + value[65:]
    assert browser.notice(answer) is None, "of another kind than was written"
    other = signed_in(web, "viewer1")
    other.cookies["hoopscout-notice"] = value
    assert other.notice(answer) is None, "of another session"
    assert "is changed" not in web.get("/", {"Cookie": f"hoopscout-notice={value}"}).text


@pytest.mark.parametrize("value", ["", "0", "a" * 64, "a" * 65, "a" * 66, "a" * 67, "z" * 67, "A" * 67, "0" * 865, "0" * 5000])
def test_notices_that_are_none(web, value):
    browser = signed_in(web, "viewer1")
    browser.cookies["hoopscout-notice"] = value
    page = browser.get("/account")
    assert page.status == 200 and 'class="notice' not in page.text


def test_a_notice_by_htmx(web):
    """A form that htmx posts leads the whole page on, by its header."""
    make_account(web, "by-htmx")
    browser = signed_in(web, "by-htmx")
    answer = change_password(browser, PASSWORD, "the second password", **{"HX-Request": "true"})
    assert (answer.status, answer.headers["HX-Redirect"], answer.text) == (200, "/account", "")
    assert "Your password is changed." in browser.get("/account").text


def test_the_trail_as_a_page(web):
    """Admins see what hsctl shows; what comes from elsewhere is text there."""
    make_account(web, "ada", "admin")
    admin = signed_in(web, "ada")
    web.sql("insert into audit_trail (action, is_refusal, actor, subject, detail) "
            "values ('test', true, 'viewer1', '<i>x</i>', '\"><script>alert(1)</script>')")
    page = admin.get("/audit")
    assert "<td>sign-in</td><td>ada</td><td>127.0.0.1</td><td>ada</td>" in page.text
    assert "test, <strong>refused</strong>" in page.text and "&lt;i&gt;x&lt;/i&gt;" in page.text
    assert "<script>alert" not in page.text and "the latest 200" not in page.text
    web.sql("insert into audit_trail (action) select 'test' from generate_series(1, 300)")
    page = admin.get("/audit")
    assert page.text.count('<tr><td class="stamp">') == 200 and "the latest 200" in page.text
    assert admin.get("/audit?x=1").status == 400
    web.sql("delete from audit_trail where action = 'test'")


def test_limits_of_sessions(web):
    """One that is idle, or old, is over; the row of an old one goes when somebody signs in."""
    browser = signed_in(web, "scout1")
    where = "where account_id = (select account_id from account where name = 'scout1')"
    web.sql(f"update account_session set seen_at = now() - interval '11 hours' {where}")
    assert browser.get("/account").status == 200
    assert web.sql(f"select bool_and(seen_at > now() - interval '1 minute') from account_session {where}") == "t"
    web.sql(f"update account_session set seen_at = now() - interval '13 hours' {where}")
    assert browser.get("/account").status == 303
    web.sql(f"update account_session set seen_at = now() {where}")
    assert browser.get("/account").status == 200
    web.sql(f"update account_session set ends_at = now() - interval '1 second' {where}")
    assert browser.get("/account").status == 303
    signed_in(web, "viewer1")
    assert web.sql(f"select count(*) from account_session {where}") == "0"


def test_a_weaker_hash_is_made_anew(web):
    """A password that was hashed with less than is usual today is hashed again when it is used."""
    make_account(web, "old-hash")
    import base64
    import hashlib
    salt = b"0123456789abcdef"
    key = hashlib.scrypt(PASSWORD.encode(), salt=salt, n=1 << 14, r=8, p=1, maxmem=64 << 20, dklen=32)
    weak = f"$scrypt$ln=14,r=8,p=1${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"
    web.sql(f"update account set password_hash = '{weak}' where name = 'old-hash'")
    assert Browser(web).sign_in("old-hash", WRONG).status == 401
    assert web.sql("select password_hash from account where name = 'old-hash'") == weak
    signed_in(web, "old-hash")
    assert web.sql("select password_hash from account where name = 'old-hash'").startswith("$scrypt$ln=15,r=8,p=3$")
    signed_in(web, "old-hash")


def test_disabled(web):
    """Disabling ends what is open; the right password gets the answer of a wrong one."""
    make_account(web, "leaves")
    browser = signed_in(web, "leaves")
    web.hsctl("user", "disable", "leaves")
    assert browser.get("/account").status == 303
    answer = Browser(web).sign_in("leaves")
    assert answer.status == 401 and "The name or the password is wrong." in answer.text
    web.hsctl("user", "enable", "leaves")
    assert browser.get("/account").status == 303
    assert Browser(web).sign_in("leaves").status == 303


def test_another_role_counts_at_once(web):
    make_account(web, "rises")
    browser = signed_in(web, "rises")
    web.hsctl("user", "role", "rises", "scout")
    assert ", scout." in browser.get("/account").text


@pytest.mark.parametrize("ends", ["password", "disable"])
def test_signing_in_while_it_ends(web, ends):
    """A session that is made with the old password, in a transaction that ends after the operator's has begun, is none."""
    name, token = f"races-{ends}", "C" * 42 + ("A" if ends == "password" else "E")
    make_account(web, name)

    def sign_in(cursor):
        """As sign_in_sql.c does."""
        cursor.execute(f"with done as (update account set signed_in_at = now() where name = '{name}' and not is_disabled "
                       "returning account_id) insert into account_session (token_sha256, account_id, created_at, ends_at, "
                       f"address) select sha256('{token}'), account_id, now(), now() + interval '1 hour', 'x' from done")

    def is_in():
        return web.get("/account", {"Cookie": f"hoopscout={token}"}).status == 200
    with contextlib.closing(psycopg2.connect(**web._database())) as link, link.cursor() as cursor:
        sign_in(cursor)
        link.commit()
        assert is_in()
        cursor.execute("delete from account_session where token_sha256 = sha256(%s)", (token,))
        link.commit()
        more = {"input": "another good password\n", "stdin": None} if ends == "password" else {}
        operator = threading.Thread(target=lambda: web.hsctl("user", ends, name, **more))
        if ends == "password":      # whose statement begins before the session does
            cursor.execute("update account set signed_in_at = now() where name = %s", (name,))
        else:
            sign_in(cursor)
        operator.start()
        until(lambda: web.sql("select count(*) from pg_stat_activity where wait_event_type = 'Lock'") == "1", 10, "it waits")
        if ends == "password":
            time.sleep(0.05)
            cursor.execute(f"insert into account_session select sha256('{token}'), account_id, clock_timestamp(), now(), "
                           f"now() + interval '1 hour', 'x' from account where name = '{name}'")
        link.commit()
        operator.join()
        assert not is_in()
        if ends == "disable":
            web.hsctl("user", "enable", name)
            assert not is_in()


# -- waits ---------------------------------------------------------------------------------

def at(address):
    return {"X-Forwarded-For": address}


def hold_waits(web):
    """What waits now, waits for a minute: on a busy machine a second is over before the next attempt."""
    web.sql("update sign_in_throttle set waits_until = now() + interval '1 minute' where failures > 0 and waits_until > failed_at")


def wrong_from(web, address, name="viewer1", times=1):
    return [Browser(web, at(address)).sign_in(name, WRONG).status for _ in range(times)]


def attack(web, name="viewer1"):
    """As if many networks had tried a name."""
    hold(web, f"account {name} ", "0")


def hold(web, key, seconds="60"):
    """As if a thousand attempts had failed; see throttle_key."""
    web.sql(f"insert into sign_in_throttle select sha256(convert_to('{key}', 'UTF8')), 1000, now(), now() + interval "
            f"'{seconds} seconds' on conflict (key_sha256) do update set failures = 1000, waits_until = excluded.waits_until")


def test_waits_by_account_and_network(web):
    """After five failures a name waits where those came from, of IPv6 a network of 48 bits; nowhere else, and others do not
    wait there. The wait has an end, and signing in ends the count."""
    for n in range(5):
        assert wrong_from(web, f"2001:db8:1:{n}::1") == [401]
    waits = "select waits_until - failed_at from sign_in_throttle where failures > 0 and waits_until > failed_at"
    assert web.sql(waits) == ""
    assert wrong_from(web, "2001:db8:1:6::1") == [401]
    assert web.sql(waits) == "00:00:01"
    hold_waits(web)
    answer = Browser(web, at("2001:db8:1:7::1")).sign_in("viewer1", PASSWORD)
    assert answer.status == 429 and 50 < int(answer.headers["Retry-After"]) <= 60
    assert f"too many attempts. Please wait {answer.headers['Retry-After']} seconds," in answer.text
    assert Browser(web, at("2001:db8:1:8::1")).sign_in("scout1").status == 303, "others do not wait"
    web.sql("update sign_in_throttle set waits_until = now()")
    assert Browser(web, at("2001:db8:1:9::1")).sign_in("viewer1").status == 303


def test_strangers_keep_nobody_out(web):
    """Whoever polls a name, from one address or from many, the owner gets in at an address where he never was, at once;
    but there is one attempt for each network then, and minutes until the next. What is refused changes nothing."""
    assert wrong_from(web, "203.0.113.9", times=6) == [401] * 6
    hold_waits(web)
    before = web.sql("select * from sign_in_throttle order by key_sha256")
    assert wrong_from(web, "203.0.113.9", times=5) == [429] * 5
    assert web.sql("select * from sign_in_throttle order by key_sha256") == before
    assert Browser(web, at("198.51.100.17")).sign_in("viewer1").status == 303
    web.sql("delete from sign_in_throttle")
    attack(web)
    assert wrong_from(web, "203.0.113.10") == [401]
    answer = Browser(web, at("203.0.113.10")).sign_in("viewer1")
    assert answer.status == 429 and 20 < int(answer.headers["Retry-After"]) <= 32
    assert Browser(web, at("198.51.100.18")).sign_in("viewer1").status == 303


def test_a_known_device_has_its_own_count(web):
    """Where a device of the account's is known, what others fail beside it is not in its way: not at its address, and not
    in its network. A cookie that is none, or of another account's device, is of no use, and no cookie lasts that was
    planted."""
    owner = signed_in(web, "viewer1", headers=at("198.51.100.30"))
    line = next(line for line in owner.lines if line.startswith("hoopscout-device="))
    assert re.fullmatch(r"hoopscout-device=[\w-]{43}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000", line)
    device = owner.cookies["hoopscout-device"]
    assert device not in web.sql("select * from account_address")

    def attempt(cookie, password=PASSWORD, name="viewer1", address="198.51.100.30"):
        browser = Browser(web, at(address))
        browser.cookies["hoopscout-device"] = cookie
        return browser.sign_in(name, password), browser
    hold(web, "pair viewer1 198.51.100.30")
    hold(web, "address  198.51.100.30")
    assert Browser(web, at("198.51.100.30")).sign_in("viewer1").status == 429
    assert attempt("A" * 43)[0].status == 429
    assert attempt(device, name="scout1")[0].status == 429, "scout1 is not known there, and the address waits"
    answer, browser = attempt(device)
    assert answer.status == 303 and browser.cookies["hoopscout-device"] == device
    assert [attempt(device, WRONG)[0].status for _ in range(9)] == [401] * 9
    hold_waits(web)
    assert attempt(device)[0].status == 429, "a stolen one has no more attempts than others"
    answer, browser = attempt("B" * 43, address="198.51.100.31")
    assert answer.status == 303 and browser.cookies["hoopscout-device"] not in ("B" * 43, device)


def test_one_address_of_many(web):
    """Behind one address that fails all the time, whoever signed in there before still gets in."""
    signed_in(web, "viewer1", headers=at("198.51.100.40"))
    hold(web, "address  198.51.100.40")
    assert Browser(web, at("198.51.100.40")).sign_in("scout1").status == 429
    assert Browser(web, at("198.51.100.40")).sign_in("viewer1").status == 303


def test_an_operator_lets_in(web):
    """A new password, or enabling, clears an account's waits, and for a while the address's, for whoever has not failed
    since."""
    make_account(web, "locked")
    hold(web, "address  198.51.100.50")
    hold(web, "network locked 198.51.100.51")
    attack(web, "locked")
    for address in ("198.51.100.50", "198.51.100.51"):
        assert Browser(web, at(address)).sign_in("locked").status == 429
    web.hsctl("user", "password", "locked", input=PASSWORD + "!\n", stdin=None)
    assert Browser(web, at("198.51.100.50")).sign_in("scout1").status == 429, "of others the address's wait stays"
    assert Browser(web, at("198.51.100.51")).sign_in("locked", PASSWORD + "!").status == 303
    assert Browser(web, at("198.51.100.50")).sign_in("locked", PASSWORD + "!").status == 303
    make_account(web, "locked2")
    hold(web, "network locked2 198.51.100.52")
    assert Browser(web, at("198.51.100.52")).sign_in("locked2").status == 429
    browser = signed_in(web, "locked2", headers=at("198.51.100.53"))
    web.hsctl("user", "enable", "locked2")
    assert browser.get("/account").status == 200, "it was enabled already: nobody is signed out"
    assert Browser(web, at("198.51.100.52")).sign_in("locked2").status == 303


def test_waits_where_one_is_known(web):
    signed_in(web, "viewer1", headers=at("198.51.100.8"))
    for _ in range(9):
        assert Browser(web, at("198.51.100.8")).sign_in("viewer1", WRONG).status == 401
    hold_waits(web)
    assert Browser(web, at("198.51.100.8")).sign_in("viewer1").status == 429
    assert Browser(web, at("198.51.100.9")).sign_in("viewer1").status == 303, "the account's own count is untouched"


def test_waits_by_address(web):
    """One who tries many names waits; an IPv6 network of 64 bits is one."""
    for n in range(21):
        assert Browser(web, at(f"2001:db8::{n + 1:x}")).sign_in(f"nobody{n}", WRONG).status == 401
    hold_waits(web)
    assert Browser(web, at("2001:db8::ffff")).sign_in("viewer1").status == 429
    assert Browser(web, at("2001:db8:0:1::1")).sign_in("viewer1").status == 303


def test_failures_are_forgotten(web):
    web.sql("insert into sign_in_throttle select sha256(convert_to(key, 'UTF8')), 1000, now() - interval '61 minutes', "
            "now() - interval '56 minutes' from unnest(array['account viewer1 ', 'network viewer1 192.0.2.50']) key")
    assert Browser(web, at("192.0.2.50")).sign_in("viewer1", WRONG).status == 401
    assert web.sql("select max(failures) from sign_in_throttle") == "1"


def test_many_at_a_time(web):
    """Attempts at the same moment are counted, too, and what does not fit is refused, not kept waiting."""
    statuses = []

    def attempt():
        statuses.append(Browser(web, at("192.0.2.77")).sign_in("viewer1", WRONG).status)

    threads = [threading.Thread(target=attempt) for _ in range(40)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        begun = time.monotonic()
        assert web.get("/health/").status == 200
        assert time.monotonic() - begun < 2, "the event loop waits for passwords"
    for thread in threads:
        thread.join()
    assert len(statuses) == 40 and set(statuses) <= {401, 429, 503}, statuses
    assert statuses.count(401) <= 8, statuses


def test_who_left_while_the_password_was_judged(web):
    import socket
    browser = Browser(web)
    body = f"proof={browser.proof('/sign-in')}&name=viewer1&password=x"
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", web.port)) as link:
            link.sendall(f"POST /sign-in HTTP/1.1\r\nHost: x\r\nCookie: hoopscout-form={browser.cookies['hoopscout-form']}\r\n"
                         f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            time.sleep(0.05)
    assert web.get("/health/").status == 200
    web.sql("delete from sign_in_throttle")
    until(lambda: Browser(web).sign_in("viewer1").status == 303, 20, "the queue is empty again")


@pytest.mark.parametrize("forwarded, want", [("198.51.100.1", "198.51.100.1"), ("evil, 198.51.100.2", "198.51.100.2"),
                                             ("198.51.100.66, 198.51.100.3, 10.1.2.3", "198.51.100.3"),
                                             ("198.51.100.4, nonsense", "127.0.0.1"), ("::ffff:198.51.100.5", "198.51.100.5")])
def test_where_one_comes_from(web, forwarded, want):
    """A proxy's word counts from its end; what the asker wrote himself does not."""
    signed_in(web, "viewer1", headers={"X-Forwarded-For": forwarded})
    entry = web.hsctl("user", "audit", "--limit", 1, as_json=True).json["result"]["entries"][0]
    assert (entry["action"], entry["actor"], entry["address"]) == ("sign-in", "viewer1", want)


def test_nobody_else_is_believed(house):
    house.start()
    make_account(house, "viewer1")
    browser = signed_in(house, "viewer1", headers={"X-Forwarded-For": "198.51.100.1", "X-Forwarded-Proto": "https"})
    assert set(browser.cookies) == {"hoopscout", "hoopscout-device"}
    assert house.sql("select distinct address from account_session") == "127.0.0.1"


def test_the_trail(web):
    """Who came in, who did not and why; of names that are none, which may be passwords, nothing."""
    web.sql("delete from audit_trail")
    browser = signed_in(web, "viewer1")
    Browser(web).sign_in("viewer1", WRONG)
    Browser(web).sign_in("my secret password", WRONG)
    browser.post("/sign-out", {"proof": browser.proof("/account")})
    entries = web.hsctl("user", "audit", as_json=True).json["result"]["entries"]
    assert [(e["action"], e["is_refusal"], e["actor"], e["subject"], e["detail"]) for e in entries] == [
        ("sign-out", False, "viewer1", "viewer1", None),
        ("sign-in", True, None, None, "unknown name"),
        ("sign-in", True, None, "viewer1", "wrong password"),
        ("sign-in", False, "viewer1", "viewer1", None)]
    assert "my secret password" not in web.sql("select * from audit_trail") + web.log()
    text = web.hsctl("user", "audit").stdout
    assert "sign-in refused" in text and "127.0.0.1" in text


def test_the_trail_has_an_end(web):
    web.sql("insert into audit_trail (action, is_refusal) select 'sign-in', n % 2 = 0 from generate_series(1, 22000) n")
    Browser(web).sign_in("viewer1", WRONG)
    signed_in(web, "viewer1")
    for is_refusal in ("true", "false"):
        assert 9999 <= int(web.sql(f"select count(*) from audit_trail where is_refusal = {is_refusal}")) <= 10002
    web.sql("delete from audit_trail")
