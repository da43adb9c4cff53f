"""Uploads when the machine does not do its part: a disk that fills up, a folder that cannot be flushed, a stop."""

import contextlib
import threading
import time

import pytest

from browser import make_account, signed_in
from house import House, until
from test_importer_faults import fault_library  # noqa: F401 (a fixture)
from test_uploads import answer_of, content, fates, form, parts_left, text_of, upload, wire

SPARE = 64 << 20


@pytest.fixture(scope="module")
def web(programs, template, fault_library):  # noqa: F811
    """A House whose hsd-web can be told to fail, and how much room its disks have: web.fault(...), web.room(bytes)."""
    house = House(programs, template)
    fault, free = house.dir / "fault", house.dir / "free"
    house.env.update({"LD_PRELOAD": str(fault_library), "HS_FAULT_FILE": str(fault), "HS_FREE_FILE": str(free),
                      "ASAN_OPTIONS": f"verify_asan_link_order=0:log_path={house.reports}/asan",
                      "HOOPSCOUT_RESCAN_SECONDS": "1", "HOOPSCOUT_STOP_SECONDS": "20"})
    house.dir.chmod(0o777)      # the library removes the file

    def write(path, text):
        part = path.with_suffix(".part")
        part.write_text(text)
        part.rename(path)
    house.fault = lambda call, turn, what: write(fault, f"web:{call}:{turn}:{what}:{time.monotonic_ns()}")
    house.fault_fired = lambda: not fault.exists()
    house.room = lambda size: write(free, str(size))
    house.start()
    make_account(house, "admin", "admin")
    house.admin = signed_in(house, "admin")
    yield house
    house.close()


@pytest.fixture
def admin(web):
    return web.admin


@contextlib.contextmanager
def half_sent(web, admin, size, name="slow.json"):
    """An upload that has begun and promises size bytes; gives the connection, and what follows."""
    head, tail = form(admin.proof("/admin/imports"), (name, b"\0")).split(b"\0")
    with wire(web, admin, "", len(head) + size + len(tail)) as link:
        before = len(parts_left(web))
        link.sendall(head + b"[")
        until(lambda: len(parts_left(web)) > before, 10, "the upload does not begin")
        yield link, tail


def test_room_that_others_were_promised(web, admin):
    """Four at once: each alone would fit."""
    size = 10 << 20
    web.room(SPARE + 2 * size + 200000)
    with half_sent(web, admin, size), contextlib.ExitStack() as second:
        second.enter_context(half_sent(web, admin, size, "second.json"))
        answer = upload(admin, ("third.json", b"[" + b" " * size + b"]"))
        assert answer.status == 503 and "not enough room" in text_of(answer) and "under way" in text_of(answer)
        second.close()
        until(lambda: len(parts_left(web)) == 1, 10, "the second one stays")
        answer = upload(admin, ("third.json", b"[" + b" " * size + b"]"))
        assert answer.status == 303
    until(lambda: not parts_left(web), 10, "the first one stays")
    web.room(SPARE + size)      # nothing of what was promised is left
    assert upload(admin, ("fourth.json", b"[" + b" " * (size - 100000) + b"]")).status == 303
    web.room(1 << 40)


def test_a_folder_that_cannot_be_flushed(web, admin):
    """The file has its name, and the importer takes it: so it is told as what it is, an upload that came in."""
    web.fault("fsync", 2, "EIO")
    answer = upload(admin, ("unflushed.json", content()))
    assert web.fault_fired(), "fsync is not called twice: the test proves nothing"
    assert answer.status == 303, text_of(answer)
    assert fates(admin, answer.headers["Location"]) == [("imported", "unflushed.json")]
    assert "an upload came in, but a power cut may lose it" in web.log()


def test_a_file_that_cannot_be_flushed(web, admin):
    """It has no name yet: nothing came in, and that is told."""
    web.fault("fsync", 1, "EIO")
    answer = upload(admin, ("unwritten.json", content()))
    assert web.fault_fired() and answer.status == 503 and "cannot make the file durable" in text_of(answer)
    assert parts_left(web) == [] and "unwritten.json" not in web.ls("incoming") + web.ls("archive")


def stopping(web):
    """Stops hsd-web beside the caller; gives the thread, and afterwards how long it took."""
    took = []

    def stop():
        began = time.monotonic()
        web.hsctl("stop", "web")
        took.append(time.monotonic() - began)
    thread = threading.Thread(target=stop)
    thread.start()
    return thread, took


def test_a_stop_waits_for_no_silent_upload(web, admin):
    with half_sent(web, admin, 1000000) as (link, _):
        thread, took = stopping(web)
        answer = answer_of(link)
        thread.join()
    assert answer.startswith("HTTP/1.1 503") and "hsd-web stops: send it again" in answer, answer
    assert took[0] < 10, "HOOPSCOUT_STOP_SECONDS are 20"
    assert "an upload ended early" in web.log() and parts_left(web) == []
    web.hsctl("start", "web")
    web.wait_ready()


def test_a_stop_lets_an_upload_end_that_goes_on(web, admin):
    size, pieces = 60001, 10       # one byte was sent by half_sent
    with half_sent(web, admin, size, "goes-on.json") as (link, tail):
        thread, took = stopping(web)
        for _ in range(pieces):
            time.sleep(0.4)
            link.sendall(b" " * (size // pieces))
        link.sendall(tail)
        answer = answer_of(link)
        thread.join()
    assert answer.startswith("HTTP/1.1 303"), answer
    assert 3 < took[0] < 10
    web.hsctl("start", "web")
    web.wait_ready()
    web.wait_imported("goes-on.json")
