"""hsctl doctor: a sound house has nothing wrong, and each thing that can be wrong is named, with what to do."""

import os
import resource
import shutil
import signal
import subprocess

import pytest

from house import SOURCE_DIR, House, is_root, new_dir
from tls import make_certificate

needs_root = pytest.mark.skipif(not is_root(), reason="only root may do this")


def doctor(house, status, env=None, **kwargs):
    """{name: [check, ...]} of a run that ends with that exit status."""
    before, house.env = house.env, house.env | (env or {})
    try:
        done = house.hsctl("doctor", check=False, as_json=True, **kwargs)
    finally:
        house.env = before
    assert done.returncode == status, done.stdout
    result = done.json["result"]
    found = {}
    for check in result["checks"]:
        found.setdefault(check["name"], []).append(check)
    for state, key in (("ok", "ok"), ("warning", "warnings"), ("failed", "failed")):
        assert result[key] == sum(check["state"] == state for check in result["checks"])
    return found


def wrong(found, state="failed"):
    """Those in that state; each has a message and says what to do."""
    rows = [check for checks in found.values() for check in checks if check["state"] == state]
    return rows


def only(found, name, says, state="failed"):
    rows = wrong(found, state)
    assert [row["name"] for row in rows] == [name], rows
    assert says in rows[0]["message"], rows
    return rows[0]


@pytest.fixture(scope="module")
def sound(programs, template, all_daemons):
    made = House(programs, template)
    made.env["EXTRACTOR_MAPPINGS_DIR"] = made.dir / "extractors"
    (made.dir / "extractors").mkdir()
    try:
        yield made.start()
    finally:
        made.close()


def test_a_sound_house(sound):
    found = doctor(sound, 0)
    assert wrong(found) == [] and {"settings", "user", "supervisor", "control socket", "open files", "data folder",
                                   "state folder", "incoming folder", "archive folder", "failed folder", "inotify",
                                   "clock", "time zones", "PostgreSQL", "database", "encoding", "extensions",
                                   "migrations", "mappings"} <= set(found)
    assert str(sound.process.pid) in found["supervisor"][0]["message"]


def test_as_text(sound):
    done = sound.hsctl("doctor")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("ok       settings: right") and done.stderr == ""
    sound.env["SCHEDULER_TIMEZONE"] = "Mars/Olympus"
    try:
        done = sound.hsctl("doctor", check=False)
    finally:
        del sound.env["SCHEDULER_TIMEZONE"]
    assert done.returncode == 1
    at = [i for i, line in enumerate(done.stdout.splitlines()) if line.startswith("failed   time zones:")]
    assert len(at) == 1 and done.stdout.splitlines()[at[0] + 1].startswith("         install tzdata")
    assert "1 check failed" in done.stdout.splitlines()[-1]


def test_a_bad_setting_ends_it(bare_house):
    found = doctor(bare_house, 1, {"HOOPSCOUT_RESCAN_SECONDS": "often"})
    row = only(found, "settings", "HOOPSCOUT_RESCAN_SECONDS")
    assert "hoopscout.conf" in row["advice"] and len(found) == 1


@needs_root
def test_no_such_user(bare_house):
    row = only(doctor(bare_house, 1, {"HOOPSCOUT_USER": "nobody-of-this-name"}), "user", "nobody-of-this-name")
    assert "useradd" in row["advice"]


def test_before_the_first_start(bare_house):
    shutil.rmtree(bare_house.state)
    found = doctor(bare_house, 0)
    assert wrong(found, "warning") == [] and "first start makes" in found["PostgreSQL"][0]["message"]
    assert "first start makes" in found["state folder"][0]["message"] and "database" not in found


@needs_root
def test_rights(sound):
    closed = new_dir("hs-closed-")
    closed.chmod(0o700)
    try:
        row = only(doctor(sound, 1, {"STATIC_DATASET_FAILED_DIR": closed}), "failed folder", "may not read and write")
        assert "chown" in row["advice"]
    finally:
        closed.rmdir()


def test_a_folder_that_is_gone(sound):
    only(doctor(sound, 1, {"STATIC_DATASET_ARCHIVE_DIR": sound.dir / "none"}), "archive folder", "is gone")


def mount(kind, where, options):
    done = subprocess.run(["mount", "-t", kind, "-o", options, kind, str(where)], check=False, capture_output=True)
    if done.returncode:
        pytest.skip("this machine lets nobody mount")


@needs_root
@pytest.mark.parametrize("options, says", [("size=64k", "are left"), ("size=64m,nr_inodes=1", "no more files"),
                                           ("size=64m,ro", "read-only")])
def test_a_file_system_that_is_full_or_closed(sound, options, says):
    where = new_dir("hs-small-")
    mount("tmpfs", where, options + ",mode=0777")
    try:
        found = doctor(sound, 1, {"STATIC_DATASET_ARCHIVE_DIR": where})
        only(found, "archive folder", says)
    finally:
        subprocess.run(["umount", str(where)], check=True)
        where.rmdir()


@needs_root
def test_another_file_system(sound):
    where = new_dir("hs-other-")
    mount("tmpfs", where, "size=64m,mode=0777")
    try:
        found = doctor(sound, 0, {"STATIC_DATASET_ARCHIVE_DIR": where})
        assert any("another file system" in check["message"] for check in found["archive folder"])
    finally:
        subprocess.run(["umount", str(where)], check=True)
        where.rmdir()


def test_few_open_files(bare_house):
    few = (300, 300)
    found = doctor(bare_house, 0, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, few))
    assert "LimitNOFILE" in only(found, "open files", "at most 300", "warning")["advice"]


def data_copy(where):
    for name in ("sql", "templates", "htdocs"):
        shutil.copytree(SOURCE_DIR / name, where / name)
    return where


@pytest.mark.parametrize("what, name, says", [
    ("edited", "migrations", "was edited"), ("more", "migrations", "still to be applied"),
    ("fewer", "migrations", "a newer HoopScout"), ("template", "data folder", "health"), ("gone", "data folder", "htdocs")])
def test_what_was_installed(sound, tmp_path, what, name, says):
    where = data_copy(sound.dir / f"data-{what}")
    last = sorted((where / "sql").glob("*.sql"))[-1]
    if what == "edited":
        last.write_text(last.read_text() + "-- edited\n")
    elif what == "more":
        (where / "sql" / f"{int(last.name[:3]) + 1:03}_more.sql").write_text("select 1;\n")
    elif what == "fewer":
        last.unlink()
    elif what == "template":
        (where / "templates/health.mustache").write_text("{{#open}}")
    else:
        shutil.rmtree(where / "htdocs")
    only(doctor(sound, 1, {"HOOPSCOUT_DATA_DIR": where}), name, says)


def test_a_database_that_is_away(bare_house):
    found = doctor(bare_house, 1, {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": "1"})
    assert "POSTGRES_HOST" in only(found, "database", "127.0.0.1")["advice"]


def test_a_database_of_another_encoding(sound):
    sound.sql("create database latin encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C' template template0")
    found = doctor(sound, 1, {"POSTGRES_HOST": sound.postgres_socket_dir, "POSTGRES_DB": "latin"})
    assert {row["name"] for row in wrong(found)} == {"encoding", "migrations"}
    assert found["encoding"][0]["message"].endswith("SQL_ASCII")


def test_programs_of_another_place(bare_house):
    found = doctor(bare_house, 1, {"HOOPSCOUT_POSTGRES_BIN_DIR": "/nowhere/bin"})
    only(found, "PostgreSQL", "/nowhere/bin")


def test_a_cluster_of_another_version(house):
    (house.state / "postgres/PG_VERSION").write_text("9\n")
    only(doctor(house, 1), "PostgreSQL", "PostgreSQL 9")


@pytest.mark.parametrize("what, status, state, says", [
    ("good", 0, "ok", "localhost holds until"), ("soon", 0, "warning", "ends soon"), ("over", 1, "failed", "ended at"),
    ("another's key", 1, "failed", "not the key of the certificate"), ("gone", 1, "failed", "none.pem"),
    pytest.param("closed", 1, "failed", "cannot be read by the user", marks=needs_root)])
def test_https(bare_house, what, status, state, says):
    folder = bare_house.dir / "tls"
    folder.mkdir()
    folder.chmod(0o755)
    cert, key = make_certificate(folder, days=2 if what == "soon" else 60)
    if what == "over":
        subprocess.run(["openssl", "x509", "-in", str(cert), "-signkey", str(key), "-days", "-1", "-out", str(cert)],
                       check=True, capture_output=True)
    elif what == "another's key":
        key = make_certificate(folder, "other")[1]
    elif what == "gone":
        cert = folder / "none.pem"
    key.chmod(0o600 if what == "closed" else 0o644)
    found = doctor(bare_house, status, {"HOOPSCOUT_TLS_CERTIFICATE": cert, "HOOPSCOUT_TLS_KEY": key})
    assert [row["state"] for row in found["HTTPS"]] == [state] and says in found["HTTPS"][0]["message"]
    assert wrong(found, state) == found["HTTPS"] or state == "ok"


def test_a_bad_mapping(sound):
    path = sound.dir / "extractors/odd.json"
    path.write_text('{"fields": {}}')
    try:
        assert "extractor check" in only(doctor(sound, 1), "mappings", "odd")["advice"]
    finally:
        path.unlink()


def test_a_socket_with_other_rights(sound):
    sound.socket_path.chmod(0o666)
    try:
        only(doctor(sound, 0), "control socket", "0666", "warning")
    finally:
        sound.socket_path.chmod(0o660)


def test_what_a_killed_one_leaves(house):
    house.start()
    postmaster = int((house.state / "postgres/postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGSTOP)     # it would end with the supervisor
    house.kill()
    try:
        found = doctor(house, 0)
        assert {row["name"] for row in wrong(found, "warning")} == {"supervisor", "PostgreSQL"}
        assert f"process {postmaster}" in found["PostgreSQL"][1]["message"]
    finally:
        os.kill(postmaster, signal.SIGCONT)


def test_one_that_does_not_answer(house):
    house.start()
    os.kill(house.process.pid, signal.SIGSTOP)
    try:
        found = doctor(house, 1)
        assert "does not answer" in only({"supervisor": found["supervisor"]}, "supervisor", "5 seconds")["message"]
    finally:
        os.kill(house.process.pid, signal.SIGCONT)

