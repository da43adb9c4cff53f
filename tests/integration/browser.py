"""A browser without a screen: keeps cookies, fills in the forms of pages, follows nothing by itself.

    admin = signed_in_as(house, "admin")
    answer = admin.submit("/account", "/account/password", current=PASSWORD, new=other, again=other)
    assert (answer.status, admin.notice(answer)) == (303, "Your password is changed. ...")
"""

import html
import re
import urllib.parse

PASSWORD = "a right good password"


def make_account(house, name, role="viewer", password=PASSWORD):
    """An account, made by hsctl as an operator does."""
    done = house.hsctl("user", "create", name, "--role", role, check=False, as_json=True,
                       stdin=None, input=password + "\n")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.json["result"]["account"]


class Browser:
    def __init__(self, house, headers=None):
        self.house = house
        self.cookies = {}
        self.headers = headers or {}
        self.lines = []         # of Set-Cookie, of the latest answer

    def request(self, method, path, body=None, headers=None):
        sent = {**self.headers, **(headers or {})}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.house.request(method, path, headers=sent, body=body)
        self.lines = answer.headers.get_all("Set-Cookie") or []
        for line in self.lines:
            name, _, value = line.partition(";")[0].partition("=")
            if "Max-Age=0" in line:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer

    def get(self, path, headers=None):
        return self.request("GET", path, headers=headers)

    def post(self, path, fields, headers=None):
        return self.request("POST", path, urllib.parse.urlencode(fields),
                            {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})})

    def proof(self, path):
        """What the forms of a page carry."""
        page = self.get(path)
        assert page.status == 200, (path, page.status, page.text[:500])
        return html.unescape(re.search(r'name="proof" value="([^"]+)"', page.text).group(1))

    def submit(self, page, path, headers=None, **fields):
        """Posts a form of page to path, with page's proof."""
        return self.post(path, {"proof": self.proof(page), **fields}, headers)

    def notice(self, answer):
        """The sentence on the page that answer, a redirect, leads to."""
        text = self.get(answer.headers["Location"]).text
        found = re.search(r'<p class="notice[^>]*>([^<]*)<', text)
        return html.unescape(found.group(1)) if found else None

    def sign_in(self, name, password=PASSWORD, headers=None, **fields):
        path = f"{self.house.base}/sign-in"
        return self.post(path, {"proof": self.proof(path), "name": name, "password": password, **fields}, headers)

    def session(self):
        return next((self.cookies[f"{prefix}hoopscout"] for prefix in ("", "__Host-", "__Secure-")
                     if f"{prefix}hoopscout" in self.cookies), None)


def signed_in(house, name, password=PASSWORD, headers=None):
    browser = Browser(house, headers)
    answer = browser.sign_in(name, password)
    assert answer.status == 303, (answer.status, answer.text)
    return browser


def signed_in_as(house, role, headers=None):
    """One of that role, whose account has the role's name and is made when it is not there."""
    if house.sql(f"select count(*) from account where name = '{role}'") == "0":
        make_account(house, role, role)
    return signed_in(house, role, headers=headers)
