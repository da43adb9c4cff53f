"""nginx in front of a House, with the configuration that is installed: a private instance with a port of its own.

    site = Nginx(house, "hoopscout.conf").start()
    assert site.get("/").status == 200
    assert signed_in(site, "admin").get("/account").status == 200
"""

import http.client
import os
import re
import shutil
import ssl
import subprocess

import pytest

from house import SOURCE_DIR, Answer, free_port, new_dir, until
from tls import make_certificate

CONF_DIR = SOURCE_DIR / "etc/nginx"
PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

MAIN = """
daemon off;
pid {dir}/pid;
error_log {dir}/error.log info;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
	include /etc/nginx/mime.types;
	access_log {dir}/access.log;
	client_body_temp_path {dir}/body;
	proxy_temp_path {dir}/proxy;
	fastcgi_temp_path {dir}/fastcgi;
	uwsgi_temp_path {dir}/uwsgi;
	scgi_temp_path {dir}/scgi;
	{site}
}}
"""


def need_nginx():
    if PROGRAM is None:
        pytest.skip("no nginx (Debian's package is nginx-light, which ./bootstrap check installs)")


class Nginx:
    base = ""

    def __init__(self, house, site="hoopscout.conf", wrap=None, changes=()):
        """site: a file of etc/nginx, or with wrap, its text is put around what wrap makes of it.
        changes: (what, with what) in all files, of which each must be there."""
        self.house = house
        self.port, self.tls_port = free_port(), free_port()
        self.dir = new_dir("hs-nginx-")
        self.dir.chmod(0o755)
        self.conf = self.dir / "conf"
        self.conf.mkdir()
        self.process = None
        self._place_htdocs()
        self.certificate = make_certificate(self.dir)
        changes = [("/usr/share/hoopscout/nginx/", f"{self.conf}/"), ("/usr/share/hoopscout/htdocs/", f"{self.dir}/htdocs/"),
                   ("server 127.0.0.1:8000;", f"server 127.0.0.1:{house.port};"), ("listen 80;", f"listen {self.port};"),
                   ("\tlisten [::]:80;\n", ""), ("listen 443 ssl", f"listen {self.tls_port} ssl"),
                   ("\tlisten [::]:443 ssl http2;\n", ""), ("/etc/ssl/certs/scout.example.org.pem", str(self.certificate[0])),
                   ("/etc/ssl/private/scout.example.org.key", str(self.certificate[1])), *changes]
        seen = set()
        for path in CONF_DIR.glob("*.conf"):
            text = path.read_text()
            for before, after in changes:
                if before in text:
                    seen.add(before)
                text = text.replace(before, after)
            (self.conf / path.name).write_text(text)
        assert seen == {before for before, _ in changes}, "a change found nothing to change"
        text = wrap(self) if wrap else f"include {self.conf}/{site};"
        (self.dir / "nginx.conf").write_text(MAIN.format(dir=self.dir, site=text))

    def _place_htdocs(self):
        """As an installation has them: ours, what npm gave, and the packed ones."""
        shutil.copytree(SOURCE_DIR / "htdocs", self.dir / "htdocs", ignore=shutil.ignore_patterns("npm", "node_modules"))
        shutil.copytree(self.house.programs.build / "htdocs", self.dir / "htdocs", dirs_exist_ok=True)

    def _line(self, *more):
        return [PROGRAM, "-q", "-p", str(self.dir), "-c", str(self.dir / "nginx.conf"), "-e", str(self.dir / "error.log"), *more]

    def check(self):
        """What `nginx -t` says: (exit status, text)."""
        done = subprocess.run(self._line("-t"), check=False, capture_output=True, text=True)
        return done.returncode, done.stderr + self.log()

    def log(self):
        path = self.dir / "error.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self):
        self.process = subprocess.Popen(self._line(), stdin=subprocess.DEVNULL)

        def answers():
            assert self.process.poll() is None, self.log()
            try:
                self.get("/health/")
                return True
            except OSError:
                return False
        until(answers, 10, self.log)
        return self

    def close(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
        if not os.environ.get("HOOPSCOUT_KEEP_TEST_DIRS"):
            shutil.rmtree(self.dir, ignore_errors=True)

    def connect(self, tls=False, source="127.0.0.1", seconds=30):
        if not tls:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds, source_address=(source, 0))
        context = ssl.create_default_context(cafile=str(self.certificate[0]))
        return http.client.HTTPSConnection("localhost", self.tls_port, timeout=seconds, context=context)

    def request(self, method, path, headers=None, body=None, **kwargs):
        link = self.connect(**kwargs)
        try:
            link.request(method, path, body=body, headers=headers or {})
            response = link.getresponse()
            return Answer(response, response.read())
        finally:
            link.close()

    def get(self, path, headers=None, **kwargs):
        return self.request("GET", path, headers, **kwargs)

    def sql(self, query):
        return self.house.sql(query)

    def logged(self, path):
        """How often its access log has the path."""
        return len(re.findall(f'"[A-Z]+ {re.escape(path)} HTTP', (self.dir / "access.log").read_text()))
