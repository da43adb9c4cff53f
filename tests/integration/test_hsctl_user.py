"""hsctl user: accounts from the command line; the password on a terminal or standard input, never an argument."""

import os
import pty
import re
import select
import signal
import time

import pytest

from browser import PASSWORD, Browser, make_account, signed_in


@pytest.fixture(scope="module")
def web(shared_house):
    return shared_house.start()


def user(house, *args, password=None, **kwargs):
    given = {"stdin": None, "input": password} if password is not None else {}
    return house.hsctl("user", *args, check=False, **given, **kwargs)


def test_life_of_an_account(house):
    house.start()
    assert "no accounts" in user(house, "list").stdout
    done = user(house, "create", "ana", "--role", "admin", password=PASSWORD + "\n")
    assert (done.returncode, done.stdout) == (0, "ana: done; admin\n")
    shown = user(house, "create", "ben", password=PASSWORD, as_json=True).json["result"]["account"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", shown.pop("created_at"))
    assert shown == {"name": "ben", "role": "viewer", "is_disabled": False, "signed_in_at": None}
    signed_in(house, "ben")
    accounts = user(house, "list", as_json=True).json["result"]["accounts"]
    assert [(a["name"], a["role"], a["sessions"]) for a in accounts] == [("ana", "admin", 0), ("ben", "viewer", 1)]
    assert accounts[1]["signed_in_at"] is not None
    text = user(house, "list").stdout.splitlines()
    assert text[0].split()[:2] == ["NAME", "ROLE"] and text[2].split()[:3] == ["ben", "viewer", "1"]
    assert user(house, "disable", "ben").stdout == "ben: done; viewer, disabled\n"
    assert "disabled" in user(house, "list").stdout
    assert user(house, "list", as_json=True).json["result"]["accounts"][1]["sessions"] == 0
    assert user(house, "enable", "ben").returncode == 0
    assert user(house, "role", "ben", "scout").stdout == "ben: done; scout\n"
    assert user(house, "delete", "ben").returncode == 0
    assert Browser(house).sign_in("ben").status == 401
    entries = user(house, "audit", as_json=True).json["result"]["entries"]
    mine = [(e["action"], e["subject"], e["detail"], e["actor"], e["address"]) for e in entries if e["actor"] == "hsctl"]
    assert mine == [(f"account-{action}", name, detail, "hsctl", None) for action, name, detail in (
        ("delete", "ben", None), ("role", "ben", "scout"), ("enable", "ben", None), ("disable", "ben", None),
        ("create", "ben", "viewer"), ("create", "ana", "admin"))]


def test_another_password_ends_the_sessions(web):
    make_account(web, "forgot")
    browser = signed_in(web, "forgot")
    assert user(web, "password", "forgot", password="an altogether new one").returncode == 0
    assert browser.get("/account").status == 303
    assert Browser(web).sign_in("forgot").status == 401
    assert Browser(web).sign_in("forgot", "an altogether new one").status == 303


@pytest.mark.parametrize("password, part", [
    ("short", "has 5 characters: at least 12"), ("elf Zeichen", "has 11 characters"), ("", "no password was given"),
    ("\n", "has 0 characters"), ("x" * 1025, "longer than 1024 bytes"), ("x" * 5000, "longer than 1024 bytes"),
    ("twelve\tcharacters", "control character"), ("twelve\0characters", "control character")])
def test_passwords_that_cannot_be(web, password, part):
    done = user(web, "create", "nobody-yet", password=password)
    assert done.returncode == 2 and part in done.stderr and done.stdout == ""
    assert password == "" or password.strip() == "" or password not in done.stderr
    assert web.sql("select count(*) from account where name = 'nobody-yet'") == "0"


@pytest.mark.parametrize("password", ["ž" * 12, "x" * 1024, "  blanks at both ends  ", "пароль из двенадцати", "🏀" * 12])
def test_passwords_that_can_be(web, password):
    make_account(web, "various", password=password)
    assert Browser(web).sign_in("various", password).status == 303
    assert Browser(web).sign_in("various", password + "x").status == 401
    user(web, "delete", "various")


def test_one_spelling_of_an_accent_is_as_good_as_another(web):
    make_account(web, "composed", password="caf\u00e9 caf\u00e9 caf\u00e9")
    assert Browser(web).sign_in("composed", "cafe\u0301 cafe\u0301 cafe\u0301").status == 303


def test_bad_utf8(web):
    import subprocess
    done = subprocess.run([web.programs.path("hsctl"), "user", "create", "x"], env=web.environment(), check=False,
                          input=b"\xff" * 20, capture_output=True)
    assert done.returncode == 2 and b"not valid UTF-8" in done.stderr


@pytest.mark.parametrize("args, status, part", [
    (("create", "Ana"), 2, "cannot be an account's name"), (("create", "-x"), 2, "no option -x"),
    (("create", ".x"), 2, "cannot be an account's name"), (("create", "a" * 65), 2, "1 to 64"),
    (("create", "a b"), 2, "cannot be"), (("create", "ana", "--role", "king"), 2, "say viewer, scout or admin"),
    (("create",), 2, "needs name"), (("create", "ana", PASSWORD), 2, "one word too many"),
    (("create", "ana", "--password", PASSWORD), 2, "no option --password"),
    (("create", "ana", "--password_hash", PASSWORD), 2, "no option --password_hash"),
    (("password", "unknown"), 1, "there is no account unknown"), (("delete", "unknown"), 1, "there is no account unknown"),
    (("disable", "unknown"), 1, "there is no account"), (("enable", "unknown"), 1, "there is no account"),
    (("role", "unknown", "admin"), 1, "there is no account"), (("role", "unknown"), 2, "needs role"),
    (("audit", "--limit", "0"), 2, "from 1 to 1000")])
def test_what_is_refused(web, args, status, part):
    done = user(web, *args, password=PASSWORD)
    assert done.returncode == status and part in done.stderr, done.stderr
    shown = user(web, *args, password=PASSWORD, as_json=True)
    assert shown.returncode == status and "error" in shown.json


def test_a_name_once(web):
    make_account(web, "once")
    done = user(web, "create", "once", "--role", "admin", password=PASSWORD, as_json=True)
    assert done.returncode == 1 and done.json["error"]["code"] == "exists"
    assert web.sql("select role from account where name = 'once'") == "viewer"


def test_the_last_admin(house):
    """Nobody is left without an admin by mistake; on purpose, one is."""
    house.start()
    make_account(house, "first", "admin")
    make_account(house, "asleep", "admin")
    user(house, "disable", "asleep")
    for line in (("delete", "first"), ("disable", "first"), ("role", "first", "scout")):
        done = user(house, *line, as_json=True)
        assert done.returncode == 1 and done.json["error"]["code"] == "last_admin"
        assert "last admin" in done.json["error"]["message"] and "--force" in done.json["error"]["message"]
    assert user(house, "role", "first", "admin").returncode == 0
    assert user(house, "delete", "asleep").returncode == 0, "one who is disabled is no admin to lose"
    make_account(house, "second", "admin")
    assert user(house, "role", "first", "scout").returncode == 0
    assert user(house, "disable", "second").returncode == 1
    assert user(house, "disable", "second", "--force").returncode == 0
    assert house.sql("select detail from audit_trail where action = 'account-disable' and subject = 'second'") == "forced"


def test_two_admins_who_disable_each_other(house):
    """Whatever is asked at the same time, one admin stays."""
    import threading
    house.start()
    for round_number in range(5):
        for name in ("one", "two"):
            make_account(house, f"{name}{round_number}", "admin")
        names = [f"one{round_number}", f"two{round_number}"]
        threads = [threading.Thread(target=user, args=(house, "disable", name)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert house.sql("select count(*) from account where role = 'admin' and not is_disabled") == "1"
        for name in names:
            user(house, "delete", name, "--force")


def test_a_hash_that_is_none_is_refused(web):
    """Whoever speaks to the control socket without hsctl cannot write nonsense, or ask for all the memory."""
    from house import ControlError
    for given in ({}, {"password_hash": "secret"}, {"password_hash": "$scrypt$ln=30,r=8,p=1$" + "A" * 24 + "$" + "A" * 44}):
        with pytest.raises(ControlError, match="hash of a password"):
            web.control("user.create", name="direct", **given)


# -- the terminal --------------------------------------------------------------------------

class Terminal:
    """hsctl with a terminal of its own."""

    def __init__(self, house, *args):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(house.programs.path("hsctl"), ["hsctl", "user", *args], house.environment())
        self.seen = ""

    def read_until(self, text, seconds=15):
        end = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < end, self.seen
            if select.select([self.fd], [], [], 0.2)[0]:
                self.seen += os.read(self.fd, 4096).decode()
        return self

    def echoes(self):
        import termios
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def type(self, text):
        os.write(self.fd, text.encode())
        return self

    def end(self):
        """(what was seen, the exit status)"""
        while True:
            try:
                data = os.read(self.fd, 4096)
            except OSError:
                break
            if not data:
                break
            self.seen += data.decode()
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return self.seen, os.waitstatus_to_exitcode(status)


def test_asked_on_a_terminal(web):
    terminal = Terminal(web, "create", "typist").read_until("Password for typist: ")
    assert not terminal.echoes()
    terminal.type(PASSWORD + "\n").read_until("The same again, for typist: ").type(PASSWORD + "\n")
    seen, status = terminal.end()
    assert status == 0 and "typist: done" in seen and PASSWORD not in seen
    assert Browser(web).sign_in("typist").status == 303


def test_mistyped_on_a_terminal(web):
    terminal = Terminal(web, "create", "mistypist").read_until("Password for mistypist: ").type(PASSWORD + "\n")
    seen, status = terminal.read_until("The same again, for mistypist: ").type(PASSWORD + "!\n").end()
    assert status == 2 and "not the same" in seen
    seen, status = Terminal(web, "create", "mistypist").read_until("Password for mistypist: ").type("short\n").end()
    assert status == 2 and "at least 12" in seen and "again" not in seen
    assert web.sql("select count(*) from account where name = 'mistypist'") == "0"


def test_given_up_on_a_terminal(web):
    terminal = Terminal(web, "create", "gives-up").read_until("Password for gives-up: ")
    assert not terminal.echoes()
    terminal.type("half a pass")
    os.kill(terminal.pid, signal.SIGINT)
    terminal.read_until("interrupted")
    assert terminal.echoes(), "the terminal stays silent"
    assert terminal.end()[1] == 1


def test_nobody_there(bare_house):
    done = user(bare_house, "create", "ana", password=PASSWORD)
    assert done.returncode == 69
