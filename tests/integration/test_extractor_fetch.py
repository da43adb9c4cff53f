"""Servers that misbehave in every way: what becomes of a run, what is said, and that the extractor lives on."""

import gzip
import json
import os
import pathlib
import shutil
import socket
import threading
import time

import pytest

from feed_server import (Answer, FeedServer, bomb, cut_chunks, cut_off, dribble, endless, make_certificate,
                         silence, stall, zipped)
from house import House, new_dir, until
from test_extractor import NAME, incoming, prepare, run
from test_importer import record, snapshot


@pytest.fixture(scope="module")
def feeds():
    with FeedServer() as server:
        yield server


@pytest.fixture(autouse=True)
def forgotten(feeds):
    with feeds.lock:
        feeds.requests.clear()


@pytest.fixture(scope="module")
def hs(programs, template, feeds):
    """One extractor for all of them: it has to survive each."""
    house = House(programs, template)
    prepare(house, feeds, EXTRACTOR_HTTP_TIMEOUT_SECONDS="2", EXTRACTOR_HTTP_RETRIES="1",
            EXTRACTOR_MAX_BYTES="3M", EXTRACTOR_RETRY_MAX_SECONDS="5").start()
    pid = house.daemon_pid("extractor")
    yield house
    assert house.daemon_pid("extractor") == pid, "it died on the way"
    house.close()


def body(count=1):
    return json.dumps(snapshot(*[record(player_external_id=f"p{n}") for n in range(count)])).encode()


def fails(house, feeds, path, code, *says):
    """The run fails with that code and those words, and nothing is left."""
    before = incoming(house)
    error = run(house, "--url", feeds.url(path), check=False)
    error = error.get("error") or error
    assert error["code"] == code, error
    for words in says:
        assert words in error["message"], error
    assert incoming(house) == before
    return error


# -- slow and broken --------------------------------------------------------------------------------

def test_dribbling_is_waited_for(hs, feeds):
    whole = body(50)
    feeds.script("/dribble", lambda link: dribble(link, whole, pause=0.1, pieces=40))
    assert run(hs, "--url", feeds.url("/dribble"))["records"] == 50


def test_dribbling_without_end_is_given_up(house, feeds):
    """Never silent for long, but far too slow."""
    prepare(house, feeds, EXTRACTOR_HTTP_TIMEOUT_SECONDS="2", EXTRACTOR_HTTP_RETRIES="0",
            EXTRACTOR_MIN_BYTES_PER_SECOND="1000").start()
    feeds.script("/crawl", lambda link: dribble(link, body(50), pause=0.2, pieces=4000))
    fails(house, feeds, "/crawl", "timeout", "too slow")


def test_total_time_is_bounded(house, feeds):
    prepare(house, feeds, EXTRACTOR_HTTP_TOTAL_SECONDS="2", EXTRACTOR_HTTP_RETRIES="0",
            EXTRACTOR_MIN_BYTES_PER_SECOND="1").start()
    feeds.script("/long", lambda link: dribble(link, body(50), pause=0.2, pieces=200))
    fails(house, feeds, "/long", "timeout", "too slow")


def test_silence(hs, feeds):
    feeds.script("/silent", silence)
    fails(hs, feeds, "/silent", "timeout", "too slow", "tried 2 times")
    assert len(feeds.asked("/silent")) == 2


def test_stalls_in_the_middle(hs, feeds):
    feeds.script("/stall", lambda link: stall(link, body(50)))
    fails(hs, feeds, "/stall", "timeout", "too slow")


def test_cut_off(hs, feeds):
    feeds.script("/cut", lambda link: cut_off(link, body(50)))
    fails(hs, feeds, "/cut", "fetch_failed", "ended its answer too early", "tried 2 times")


def test_cut_off_once_is_tried_again(hs, feeds):
    whole = body(50)
    feeds.serve("/cut-once", lambda link: cut_off(link, whole), Answer(whole))
    assert run(hs, "--url", feeds.url("/cut-once"))["records"] == 50


def test_chunks_without_an_end(hs, feeds):
    feeds.script("/chunks", lambda link: cut_chunks(link, body(50)))
    fails(hs, feeds, "/chunks", "fetch_failed", "tried 2 times")


def test_longer_than_announced(hs, feeds):
    """What lies behind the announced length is not of this answer: half a feed is no feed."""
    whole = body(50)
    feeds.serve("/long-body", Answer(whole, headers={"Content-Length": str(len(whole) // 2)}))
    fails(hs, feeds, "/long-body", "truncated", "column")


def test_shorter_than_announced(hs, feeds):
    whole = body(1)
    feeds.script("/short-body", lambda link: cut_off(link, whole + whole, announced=len(whole) * 3))
    fails(hs, feeds, "/short-body", "fetch_failed", "too early")


def test_connection_closed_without_an_answer(hs, feeds):
    feeds.script("/close", lambda link: None)
    fails(hs, feeds, "/close", "fetch_failed", "without an answer")


def test_not_http(hs, feeds):
    feeds.script("/noise", lambda link: link.send(b"\x00\x01SSH-2.0-hello\r\n\r\n"))
    fails(hs, feeds, "/noise", "protocol_error")


def test_headers_without_end(hs, feeds):
    def send(link):
        link.send(b"HTTP/1.1 200 OK\r\n")
        while not link.closing.is_set():
            link.send(b"X-Filler: " + b"x" * 1000 + b"\r\n")
    feeds.script("/headers", send)
    fails(hs, feeds, "/headers", "too_big", "headers")


def test_nobody_listens(hs, feeds):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    done = run(hs, "--url", f"http://127.0.0.1:{port}/x", check=False)
    assert done["error"]["code"] == "fetch_failed" and "connected" in done["error"]["message"], done


# -- too much ---------------------------------------------------------------------------------------

def test_endless(hs, feeds):
    feeds.script("/endless", endless)
    fails(hs, feeds, "/endless", "too_big", "EXTRACTOR_MAX_BYTES")


def test_announces_too_much(hs, feeds):
    feeds.serve("/huge", Answer(b"{}", headers={"Content-Length": str(4 << 20)}))
    fails(hs, feeds, "/huge", "too_big", "EXTRACTOR_MAX_BYTES")


def test_gzip(hs, feeds):
    feeds.serve("/zipped", zipped(body(50)))
    assert run(hs, "--url", feeds.url("/zipped"))["records"] == 50
    assert "gzip" in feeds.asked("/zipped")[0].headers["accept-encoding"]


def test_gzip_bomb(hs, feeds):
    feeds.serve("/bomb", bomb(200))
    fails(hs, feeds, "/bomb", "too_big", "EXTRACTOR_MAX_BYTES")
    peak = int(next(line for line in open(f"/proc/{hs.daemon_pid('extractor')}/status")
                    if line.startswith("VmHWM")).split()[1])
    if "asan" not in str(hs.programs.build):
        assert peak < 100 << 10, f"{peak} KiB"


def test_gzip_that_is_none(hs, feeds):
    feeds.serve("/no-gzip", Answer(body(), headers={"Content-Encoding": "gzip"}))
    fails(hs, feeds, "/no-gzip", "protocol_error", "unpacked")


def test_more_behind_the_end_of_what_is_packed(hs, feeds):
    feeds.serve("/twice", Answer(gzip.compress(body()) * 2, headers={"Content-Encoding": "gzip"}))
    fails(hs, feeds, "/twice", "protocol_error", "cannot be unpacked: more follows its end")


# -- redirects and addresses ------------------------------------------------------------------------

def test_redirect_is_followed(hs, feeds):
    feeds.serve("/old", status=301, headers={"Location": "/new?x=1"})
    feeds.serve("/new", body())
    assert run(hs, "--url", feeds.url("/old"))["status"] == "emitted"
    assert [path for path in feeds.paths() if path != "/robots.txt"] == ["/old", "/new?x=1"]


def test_redirect_loop(hs, feeds):
    feeds.serve("/loop", status=302, headers={"Location": "/loop"})
    fails(hs, feeds, "/loop", "bad_redirect")
    assert len(feeds.asked("/loop")) <= 7


def test_redirect_to_a_private_address(hs, feeds):
    """Only 127.0.0.1 is let through here: any other way to this machine is refused, and nobody is asked."""
    for number, host in enumerate(("localhost", "127.0.0.2", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]",
                                   "10.0.0.1", "169.254.169.254")):
        feeds.serve(f"/to-private-{number}", status=302, headers={"Location": feeds.url("/secret", host=host)})
        fails(hs, feeds, f"/to-private-{number}", "address_refused", "EXTRACTOR_ALLOW_PRIVATE_HOSTS")


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1"])
def test_loopback_in_disguise_is_judged_as_what_it_is(hs, house, feeds, host):
    """127.0.0.1, however it is written: let through where that is, refused where nothing is."""
    url = feeds.url("/disguised", host=host)
    feeds.serve("/disguised", body())
    feeds.serve("/to-disguised", status=302, headers={"Location": url})
    for asked in (url, feeds.url("/to-disguised")):
        result = run(hs, "--url", asked)
        assert result["status"] in ("emitted", "unchanged"), result
    assert feeds.asked("/disguised")
    prepare(house, feeds, EXTRACTOR_ALLOW_PRIVATE_HOSTS="").start()
    feeds.requests.clear()
    error = run(house, "--url", url, check=False)
    error = error.get("error") or error
    assert error["code"] == "address_refused" and "EXTRACTOR_ALLOW_PRIVATE_HOSTS" in error["message"], error
    assert feeds.requests == [] and incoming(house) == []


def test_redirect_to_another_scheme(hs, feeds):
    for number, target in enumerate(("file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1:1/x")):
        feeds.serve(f"/scheme-{number}", status=302, headers={"Location": target})
        fails(hs, feeds, f"/scheme-{number}", "bad_redirect")


def test_redirect_without_a_target(hs, feeds):
    feeds.serve("/nowhere", status=302)
    fails(hs, feeds, "/nowhere", "bad_redirect", "leads nowhere")


def test_loopback_is_refused_unless_named(house, feeds):
    prepare(house, feeds, EXTRACTOR_ALLOW_PRIVATE_HOSTS="").start()
    feeds.serve("/feed.json", body())
    error = fails(house, feeds, "/feed.json", "address_refused", "EXTRACTOR_ALLOW_PRIVATE_HOSTS")
    assert error["where"] == feeds.url("/feed.json") and feeds.requests == []


def test_name_that_leads_to_a_private_address(hs, feeds):
    """A name looks harmless, its address is judged when it is connected to."""
    name = socket.gethostname()
    try:
        address = socket.gethostbyname(name)
    except OSError:
        pytest.skip("this machine's name has no address")
    if not address.startswith(("127.", "10.", "192.168.", "172.", "169.254.")):
        pytest.skip(f"{name} is at the public address {address}")
    done = run(hs, "--url", f"http://{name}:{feeds.port}/feed.json", check=False)
    assert done["error"]["code"] == "address_refused" and address in done["error"]["message"], done
    assert feeds.requests == []


def test_proxies_of_the_environment_are_ignored(house, feeds):
    prepare(house, feeds, http_proxy="http://127.0.0.1:1", ALL_PROXY="http://127.0.0.1:1").start()
    feeds.serve("/feed.json", body())
    assert run(house)["status"] == "emitted"


def test_bad_urls(hs, feeds):
    for url in ("ftp://example.org/x", "file:///etc/passwd", "example", "http://", "http://a b/"):
        done = run(hs, "--url", url, check=False)
        error = done.get("error") or done
        assert (error["code"], error["where"]) == ("bad_argument", "url"), (url, done)
        assert "://" in url or "write it whole, beginning with https://" in error["message"], error


# -- statuses ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("status,times", [(404, 1), (403, 1), (410, 1), (500, 2), (502, 2)])
def test_status(hs, feeds, status, times):
    feeds.serve(f"/status-{status}", Answer(b"<html>no</html>", status=status))
    error = fails(hs, feeds, f"/status-{status}", "http_status", str(status))
    assert len(feeds.asked(f"/status-{status}")) == times, error


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_kept(hs, feeds, status):
    path = f"/busy-{status}"
    feeds.serve(path, Answer(status=status, headers={"Retry-After": "2"}), Answer(body()))
    assert run(hs, "--url", feeds.url(path))["status"] == "emitted"
    first, second = feeds.asked(path)
    assert second.when - first.when >= 1.9


def test_retry_after_as_a_date(hs, feeds):
    when = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 3))
    feeds.serve("/busy-date", Answer(status=503, headers={"Retry-After": when}), Answer(body()))
    assert run(hs, "--url", feeds.url("/busy-date"))["status"] == "emitted"
    first, second = feeds.asked("/busy-date")
    assert second.when - first.when >= 1.5


def test_retry_after_too_long(house, feeds):
    """A server that wants to be left alone for an hour is not asked by the next run either, another one is."""
    prepare(house, feeds, EXTRACTOR_RETRY_MAX_SECONDS="5").start()
    feeds.serve("/busy-long", status=429, headers={"Retry-After": "3600"})
    fails(house, feeds, "/busy-long", "http_status", "429", "3600 seconds", "EXTRACTOR_RETRY_MAX_SECONDS")
    until_when = time.gmtime(time.time() + 3600)
    feeds.serve("/feed.json", body())
    for path in ("/busy-long", "/feed.json"):
        fails(house, feeds, path, "http_status", f"127.0.0.1:{feeds.port} asked to be left alone until "
              + time.strftime("%Y-%m-%dT", until_when),
              "EXTRACTOR_RETRY_MAX_SECONDS")
    assert len(feeds.asked("/busy-long")) == 1 and not feeds.asked("/feed.json")
    with FeedServer() as other:
        other.serve("/feed.json", body())
        assert run(house, "--url", other.url("/feed.json"))["status"] == "emitted"


def test_retry_after_holds_for_the_next_run(house, feeds):
    """What the last attempt was told counts, too: the next run waits for its turn."""
    prepare(house, feeds, EXTRACTOR_RETRY_MAX_SECONDS="5", EXTRACTOR_HTTP_RETRIES="0").start()
    feeds.serve("/busy-last", Answer(status=503, headers={"Retry-After": "3"}), Answer(body()))
    fails(house, feeds, "/busy-last", "http_status", "503")
    assert run(house, "--url", feeds.url("/busy-last"))["status"] == "emitted"
    first, second = feeds.asked("/busy-last")
    assert second.when - first.when >= 2.9


def test_pauses_grow(house, feeds):
    prepare(house, feeds, EXTRACTOR_HTTP_RETRIES="2", EXTRACTOR_RETRY_SLEEP_SECONDS="1").start()
    feeds.serve("/feed.json", status=500)
    run(house, check=False)
    first, second, third = (request.when for request in feeds.asked("/feed.json"))
    assert 0.4 < second - first < third - second


def test_delay_between_requests(house, feeds):
    prepare(house, feeds, EXTRACTOR_REQUEST_DELAY_SECONDS="1").start()
    feeds.serve("/feed.json", body())
    run(house)
    run(house)
    times = [request.when for request in feeds.requests]
    assert len(times) == 3 and all(b - a > 0.9 for a, b in zip(times, times[1:])), times


# -- robots.txt -------------------------------------------------------------------------------------

def robots(feeds, text, **kwargs):
    feeds.serve("/robots.txt", text, headers={"Content-Type": "text/plain"}, **kwargs)


def test_robots(house, feeds):
    prepare(house, feeds).start()
    feeds.serve("/feed.json", body())
    feeds.serve("/open/feed.json", body())
    robots(feeds, "User-agent: *\nDisallow: /\n\nUser-agent: HoopScout\nDisallow: /feed\nCrawl-delay: 1\n")
    fails(house, feeds, "/feed.json", "robots_refused", "EXTRACTOR_IGNORE_ROBOTS_HOSTS")
    assert run(house, "--url", feeds.url("/open/feed.json"))["status"] == "emitted"
    assert feeds.paths() == ["/robots.txt", "/open/feed.json"]
    with feeds.lock:
        del feeds.routes["/robots.txt"]


def test_robots_in_trouble(house, feeds):
    prepare(house, feeds, EXTRACTOR_HTTP_RETRIES="0").start()
    feeds.serve("/feed.json", body())
    robots(feeds, "", status=503)
    fails(house, feeds, "/feed.json", "robots_refused", "robots.txt cannot be had")
    assert feeds.asked("/feed.json") == []
    with feeds.lock:
        del feeds.routes["/robots.txt"]


def test_robots_ignored_where_allowed(house, feeds):
    prepare(house, feeds, EXTRACTOR_IGNORE_ROBOTS_HOSTS="127.0.0.1").start()
    robots(feeds, "User-agent: *\nDisallow: /\n")
    feeds.serve("/feed.json", body())
    assert run(house)["status"] == "emitted"
    with feeds.lock:
        del feeds.routes["/robots.txt"]


# -- content ----------------------------------------------------------------------------------------

def test_charsets(hs, feeds):
    whole = json.dumps(snapshot(record(full_name="Ömer Aşık")), ensure_ascii=False)
    feeds.serve("/utf8-bom", whole.encode("utf-8-sig"))
    made = run(hs, "--url", feeds.url("/utf8-bom"))
    assert "Ömer Aşık" in pathlib.Path(made["file"]).read_text(encoding="utf-8")
    latin = json.dumps(snapshot(record(full_name="Ömer Asik")), ensure_ascii=False).encode("latin-1")
    feeds.serve("/latin", latin, headers={"Content-Type": "application/json; charset=ISO-8859-1"})
    made = run(hs, "--url", feeds.url("/latin"))
    assert "Ömer Asik" in pathlib.Path(made["file"]).read_text(encoding="utf-8")


def test_wrong_charsets(hs, feeds):
    feeds.serve("/undeclared-latin", b'{"records": [{"full_name": "\xd6mer"}]}')
    fails(hs, feeds, "/undeclared-latin", "bad_utf8", "not UTF-8", "names no other encoding")
    feeds.serve("/utf16", "\ufeff{}".encode("utf-16-le"))
    fails(hs, feeds, "/utf16", "bad_encoding", "UTF-16")
    feeds.serve("/koi8", b"{}", headers={"Content-Type": "application/json; charset=KOI8-R"})
    fails(hs, feeds, "/koi8", "bad_encoding", "KOI8-R")


def test_html_instead(hs, feeds):
    feeds.serve("/html", b"<!doctype html><title>Sign in</title>", headers={"Content-Type": "text/html"})
    fails(hs, feeds, "/html", "bad_json", "a web page (HTML)", "Sign in")


# -- TLS --------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def certificates():
    folder = new_dir("hs-tls-")
    yield folder
    shutil.rmtree(folder)


def test_tls_with_a_certificate_that_nobody_trusts(hs, certificates):
    with FeedServer(make_certificate(certificates, name="unknown")) as secure:
        secure.serve("/feed.json", body())
        fails(hs, secure, "/feed.json", "tls_error", "certificate")
        assert secure.requests == []


def test_tls_with_a_certificate_of_another_host(house, feeds, certificates):
    pair = make_certificate(certificates, host="other.example", name="other")
    prepare(house, feeds, EXTRACTOR_CA_FILE=pair[0], EXTRACTOR_HTTP_RETRIES="0").start()
    with FeedServer(pair) as secure:
        secure.serve("/feed.json", body())
        fails(house, secure, "/feed.json", "tls_error", "certificate")
        assert secure.requests == []


def test_tls_with_a_good_certificate(house, feeds, certificates):
    pair = make_certificate(certificates, name="good")
    prepare(house, feeds, EXTRACTOR_CA_FILE=pair[0]).start()
    with FeedServer(pair) as secure:
        secure.serve("/feed.json", body())
        assert run(house, "--url", secure.url("/feed.json"))["status"] == "emitted"
        feeds.serve("/plain", body())
        secure.serve("/down", status=302, headers={"Location": feeds.url("/plain")})
        fails(house, secure, "/down", "bad_redirect")
        assert feeds.asked("/plain") == []


# -- the daemon stays awake ---------------------------------------------------------------------------

def test_answers_while_a_server_is_silent(hs, feeds):
    feeds.script("/silent-long", silence)
    thread = threading.Thread(target=run, args=(hs, "--url", feeds.url("/silent-long")), kwargs={"check": False})
    thread.start()
    until(lambda: feeds.asked("/silent-long"), 10, "it is not asked")
    started = time.monotonic()
    for _ in range(5):
        hs.control("extractor.list")
    assert time.monotonic() - started < 2
    thread.join(30)
    assert os.path.isdir(f"/proc/{hs.daemon_pid('extractor')}")
