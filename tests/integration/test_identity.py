"""Players whom an admin has said to be one person: search, pages, imports and undoing it; and who is suggested.

What the hot tables should hold after links is importer_model's DISAGREEMENTS to say."""

import json
import threading
import time
from urllib.parse import quote

import pytest

import importer_model as model
from browser import Browser, make_account, signed_in
from house import House, until
from test_importer_merge import DATES, load, quick  # noqa: F401 (a fixture)

SOURCE_TABLES = ("player", "player_season", "player_season_stats", "player_best", "player_season_history", "player_link", "person")


def record(player, name, **more):
    return {"competition_external_id": "c", "competition_name": "League", "season": "2018", "team_external_id": "t",
            "team_name": "Dallas", "player_external_id": player, "full_name": name, **more}


def snapshot(source, *records, date="2024-01-01"):
    return {"source_name": source, "snapshot_date": date, "records": list(records)}


def state(house):
    """All that unlinking gives back: the rows, and how many players search knows of."""
    tables = {table: sorted(house.sql(f"select t.*::text from {table} t").splitlines()) for table in SOURCE_TABLES}
    return {**tables, "players": house.sql("select players from data_version")}


def identity(house, *words, check=True):
    """The result of hsctl --json identity ..., or its error."""
    done = house.hsctl("--json", "identity", *words, check=False)
    last = json.loads(done.stdout.splitlines()[-1])
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return last.get("result", last.get("error"))


DONCIC = [
    snapshot("one", record("luka", "Luka Dončić", birth_date="1999-02-28", points_per_game=21.2, games_played=72,
                           nationality="Slovenia", height_cm=201),
             record("dirk", "Dirk Nowitzki", birth_date="1978-06-19", points_per_game=7.3, games_played=51)),
    snapshot("two", record("77", "L. Doncic", birth_date="1999-02-28", points_per_game=21.2, games_played=72,
                           weight_kg=104, position="Guard"), date="2024-02-01"),
    snapshot("three", record("x", "Doncic Luka", rebounds_per_game=7.8, season="2018-19"), date="2023-01-01"),
]


@pytest.fixture
def linkable(quick):  # noqa: F811
    with quick.start() as hs:
        for number, one in enumerate(DONCIC):
            load(hs, one, f"{number}.json")
        yield hs


def test_one_person_is_searched(linkable):
    """Linked, two players are one row with the figures and columns of both; unlinked, all rows are as before."""
    before = state(linkable)
    result = identity(linkable, "link", "two:77", "one:luka", "--reason", "born on one day")
    (person,) = result["people"]
    assert [side["identity"] for side in person["identities"]] == ["one:luka", "two:77"]
    assert model.disagreements(linkable) == []
    assert linkable.sql("select player_id, height, weight, ppg, split_part(name_folded, chr(1), 1), "
                        "split_part(name_folded, chr(1), 2) from player_best where name_folded like '%luka doncic%'") == \
        "1|20100|10400|2120|l doncic|luka doncic"
    assert linkable.sql("select full_name, weight, nationality from person") == "L. Doncic|10400|Slovenia"
    assert linkable.sql("select players from data_version") == "3"
    assert identity(linkable, "link", "one:luka", "two:77", check=False)["code"] == "exists"
    identity(linkable, "unlink", "two:77")
    assert state(linkable) == before
    assert [entry.split("|")[:2] for entry in linkable.sql(
        "select action, actor, subject, detail from audit_trail where action like 'identity%' "
        "order by audit_id").splitlines()] == [["identity link", "hsctl"], ["identity unlink", "hsctl"]]


@pytest.mark.parametrize("gone, left", [("one:luka", ["two:77", "three:x"]), ("three:x", ["one:luka", "two:77"])])
def test_one_of_three_goes(linkable, gone, left):
    """Of three, also when the first one goes, the others stay linked; when they part, all is as before."""
    before = state(linkable)
    identity(linkable, "link", "two:77", "three:x")
    identity(linkable, "link", "one:luka", "three:x")       # joins both of them
    assert linkable.sql("select count(distinct person_id), count(*) from player_link") == "1|3"
    (person,) = identity(linkable, "unlink", gone)["people"]
    assert [side["identity"] for side in person["identities"]] == left
    assert model.disagreements(linkable) == []
    identity(linkable, "unlink", left[0])
    assert state(linkable) == before


def test_what_cannot_be(linkable):
    """Each refusal says what is wrong, and nothing changes."""
    before = state(linkable)
    for words, code, says in [
            (("link", "one:luka", "nobody"), "bad_argument", "SOURCE:EXTERNAL_ID"),
            (("link", "one:luka", "two:78"), "not_found", "two:78"),
            (("link", "one:luka", "one:luka"), "exists", "already"),
            (("unlink", "one:luka"), "not_found", "linked to nobody"),
            (("unlike", "one:luka", "none:1"), "not_found", "none:1"),
            (("link", "one:luka", "two:77", "--reason", "x" * 501), "bad_argument", "500")]:
        error = identity(linkable, *words, check=False)
        assert error["code"] == code and says in error["message"], words
    assert state(linkable) == before


def test_imports_follow_links(linkable):
    """A newer file of either source changes the person's columns and figures, the person stays one; unlinking
    leaves what would be there had they never been linked."""
    identity(linkable, "link", "one:luka", "two:77")
    newer = snapshot("one", record("luka", "Luka Dončić", points_per_game=25.5, games_played=60, season="2019",
                                   height_cm=203, nationality="Slovenia"), date="2024-03-01")
    row = load(linkable, newer, "newer.json")
    assert (row["created"], row["new_players"]) == (1, 0)
    assert model.disagreements(linkable) == []
    assert linkable.sql("select ppg, height, split_part(name_folded, chr(1), 1) from player_best where player_id = 1") == \
        "2550|20300|luka doncic"
    assert linkable.sql("select full_name from person") == "Luka Dončić"
    renamed = snapshot("two", record("77", "Luka Doncic Jr", points_per_game=21.3, games_played=72), date="2024-02-02")
    load(linkable, renamed, "renamed.json")
    assert model.disagreements(linkable) == []
    assert linkable.sql("select name_folded = concat('luka doncic', chr(1), 'luka doncic jr') from player_best "
                        "where player_id = 1") == "t"
    identity(linkable, "unlink", "one:luka")
    linked = state(linkable)
    linkable.reset()
    with linkable.start() as hs:
        for number, one in enumerate([*DONCIC, newer, renamed]):
            load(hs, one, f"{number}.json")
        never = state(hs)
    for table in ("player_best", "player_season_stats", "player", "players"):
        assert linked[table] == never[table], table


def test_web_shows_one_person(house):
    """Search, page, comparison, export and API have the person; addresses of his other players lead to him, and do
    not once they are unlinked. Figures stand beside each other, by source."""
    with house.start() as hs:
        for number, one in enumerate(DONCIC):
            load(hs, one, f"{number}.json")
        ids = {row["external_id"]: int(row["player_id"]) for row in hs.rows("select external_id, player_id from player")}
        luka, other = ids["luka"], ids["77"]
        identity(hs, "link", "one:luka", "two:77")

        def total(query):
            return hs.get(f"/api/v1/players?{query}").json()["total"]
        for name in ("dončić", "l doncic", "luka"):
            assert total(f"name={quote(name)}") >= 1, name
        assert [row["id"] for row in hs.get("/api/v1/players?name=luka&sort=name").json()["players"]] == [ids["x"], luka]
        assert total("") == 3 and total("ppg_min=20") == 1 and total("height_min=200&weight_min=100&ppg_min=20") == 1
        for query in ("competition=one:c&ppg_min=21", "season=2018&competition=one:c&team=one:t&ppg_min=21"):
            for row in (hs.get(f"/api/v1/players?{query}").json()["players"][0],
                        json.loads(hs.get(f"/export.jsonl?{query}").text.splitlines()[-1])):
                assert row["source"] is None, "of several"
                assert (row["competition"], row["team"]) == ({"id": "one:c", "name": "League"}, {"id": "one:t", "name": "Dallas"})
        assert total("competition=two:c&ppg_min=21") == 1 and total("competition=one:c&ppg_min=21") == 1
        (row,) = hs.get("/api/v1/players?ppg_min=20").json()["players"]
        assert (row["id"], row["full_name"], row["height_cm"], row["weight_kg"], row["position"]) == \
            (luka, "L. Doncic", 201, 104, "Guard")
        assert hs.get("/export.jsonl?ppg_min=20").text.count("\n") == 1
        assert "2 sources" in hs.get("/?ppg_min=20").text

        answer = hs.get(f"/api/v1/players/{other}")
        assert (answer.status, answer.headers["Location"]) == (303, f"/api/v1/players/{luka}")
        assert answer.headers["Cache-Control"] == "no-store"
        assert hs.get(f"/players/{other}").headers["Location"] == f"/players/{luka}"
        compared = hs.get(f"/compare?player={ids['dirk']}&player={other}&player={luka}&figures=best")
        assert compared.headers["Location"] == f"/compare?player={ids['dirk']}&player={luka}&figures=best"
        assert hs.get(compared.headers["Location"]).status == 200

        player = hs.get(f"/api/v1/players/{luka}").json()
        assert [(one["source_name"], one["external_id"]) for one in player["identities"]] == [("one", "luka"), ("two", "77")]
        assert [(season["from"]["source"], season["from"]["player"], season["figures"]["ppg"]) for season in player["seasons"]] == \
            [("one", "luka", 21.2), ("two", "77", 21.2)]
        assert player["career_bests"]["games"]["figure"] == 72, "nothing is added up"
        page = hs.get(f"/players/{luka}").text
        assert "Known to <strong>one</strong>" in page and "Known to <strong>two</strong>" in page
        assert "as told by one" in page and "as told by two" in page

        identity(hs, "unlink", "two:77")
        assert hs.get(f"/players/{other}").status == 200
        assert total("") == 4
        assert [one["id"] for one in hs.get(f"/api/v1/players/{other}").json()["identities"]] == [other]


def undo(hs, name):
    hs.hsctl("--json", "import", "undo", hs.sql(f"select file_id from import_file where name = '{name}'"))


def test_undone_players_are_gone(house):
    """Whose files were all undone is found by no name, counts as no source, and is in no pair; his page is there only
    while somebody else of his person is. His link stays, and he comes back with the next file."""
    with house.start() as hs:
        for number, one in enumerate(DONCIC):
            load(hs, one, f"{number}.json")
        ids = {row["external_id"]: int(row["player_id"]) for row in hs.rows("select external_id, player_id from player")}
        luka, other, third, dirk = (ids[name] for name in ("luka", "77", "x", "dirk"))
        assert ("one:luka", "three:x") in pairs_of(identity(hs, "suggest"))
        identity(hs, "link", "one:luka", "two:77")

        def names(player, path="/api/v1/players/"):
            answer = hs.get(f"{path}{player}")
            return [one["source_name"] for one in answer.json()["identities"]] if answer.status == 200 else answer.status

        def total(query):
            return hs.get(f"/api/v1/players?{query}").json()["total"]

        def source_of(query):
            return [row["source"] for row in hs.get(f"/api/v1/players?{query}").json()["players"]]
        assert total("name=l+doncic") == 2 and "2 sources" in hs.get("/?ppg_min=20").text and source_of("ppg_min=20") == [None]
        undo(hs, "1.json")
        assert model.disagreements(hs) == []
        assert hs.sql("select name_folded from player_best where name_folded like 'luka%'") == "luka doncic"
        assert "2 sources" not in hs.get("/?ppg_min=20").text and source_of("ppg_min=20") == ["one"]
        assert source_of("ppg_min=20&season=2018") == ["one"]
        assert (names(luka), names(other)) == (["one"], 303)
        assert "No file states him any more" in admin(hs).get(f"/admin/identities?player={luka}").text

        load(hs, DONCIC[1], "again.json")
        assert names(luka) == ["one", "two"] and total("name=l+doncic") == 2 and model.disagreements(hs) == []
        undo(hs, "0.json")          # of who leads, and of who is linked to nobody
        assert model.disagreements(hs) == []
        assert (names(luka), names(other), names(dirk)) == (["two"], 303, 404)
        assert source_of("ppg_min=20") == ["two"] and total("name=luka") == 1 and total("") == 2
        for path in (f"/players/{dirk}", f"/compare?player={dirk}", f"/compare?player={luka}&player={dirk}"):
            assert hs.get(path).status == 404, path
        assert hs.get(f"/compare?player={luka}&player={third}").status == 200
        assert pairs_of(identity(hs, "suggest")) == pairs_of(identity(hs, "suggest", "--new")) == {("two:77", "three:x")}

        undo(hs, "again.json")
        assert (names(luka), names(other)) == (404, 404) and hs.get(f"/players/{other}").status == 404
        assert pairs_of(identity(hs, "suggest")) == pairs_of(identity(hs, "suggest", "--new")) == set()
        assert hs.sql("select count(*) from player_link") == "2" and total("") == 1
        load(hs, DONCIC[0], "back.json")
        assert (names(luka), names(other), names(dirk)) == (["one"], 303, ["one"]) and model.disagreements(hs) == []


def pairs_of(found):
    return {(pair["a"]["identity"], pair["b"]["identity"]) for pair in found["pairs"]}


def admin(hs):
    make_account(hs, "boss", "admin")
    return signed_in(hs, "boss")


def test_links_are_read_a_page_at_a_time(linkable):
    """Of many persons only those who are listed are read, however many there are."""
    load(linkable, snapshot("many", *(record(f"p{n}", f"Player {n}") for n in range(8))), "many.json")
    for n in range(0, 8, 2):
        identity(linkable, "link", f"many:p{n}", f"many:p{n + 1}")
    latest = "(select player_id from player where external_id in ('p6', 'p7'))"
    linkable.sql("alter function identity_side rename to side_read")
    linkable.sql(f"""create function identity_side(who integer) returns jsonb language plpgsql as $$ begin
        if who not in {latest} then raise exception 'player % is not shown', who; end if;
        return side_read(who); end $$;""")
    listed = identity(linkable, "list", "--limit", "1")
    assert listed["total"] == 4
    assert [[side["external_id"] for side in one["identities"]] for one in listed["people"]] == [["p6", "p7"]]
    assert "is not shown" in identity(linkable, "list", "--limit", "2", check=False)["message"]


def test_a_look_that_was_cut_short(linkable):
    """Neither a look that failed nor one that died leaves behind a step that it is not at."""
    linkable.sql("alter table identity_suggestion rename to gone")
    assert "identity_suggestion" in identity(linkable, "suggest", "--new", check=False)["message"]
    assert linkable.sql("select last_value > 0, identity_look_at() from identity_look_step") == "t|0"
    linkable.sql("alter table gone rename to identity_suggestion")
    linkable.sql("select pg_advisory_lock(1215513165, 2)")
    assert linkable.sql("select identity_look_at() = last_value from identity_look_step") == "t", "while one goes on"
    linkable.sql("select pg_advisory_unlock(1215513165, 2)")
    assert identity(linkable, "suggest", "--new")["look"]["players"] == 4
    assert linkable.sql("select identity_look_at()") == "0"


def test_two_of_one_source(house):
    """Two players of one source who are one person, in one season with one team: both rows are shown, and say whose
    they are."""
    with house.start() as hs:
        load(hs, snapshot("one", record("a", "Ann Lee", points_per_game=10, games_played=10),
                          record("b", "Ann Lee", points_per_game=12, games_played=20)), "1.json")
        identity(hs, "link", "one:a", "one:b")
        player = hs.get("/api/v1/players/1").json()
        assert [(season["from"]["player"], season["figures"]["ppg"]) for season in player["seasons"]] == [("b", 12), ("a", 10)]
        page = hs.get("/players/1").text
        assert "as a<" in page and "as b<" in page and "1 season," in page
        assert hs.get("/api/v1/players?team=one:t").json()["total"] == 1


def test_links_that_wait_hold_nobody_up(house):
    """While an import holds the merge's lock, links wait for it, more than there are connections; all others go on: who is
    signed in is known, signing in works, an admin's pages come. The answer says that it may have been done."""
    with house.start() as hs:
        for number, one in enumerate(DONCIC):
            load(hs, one, f"{number}.json")
        boss = admin(hs)
        proof, answers = boss.proof("/admin/identities"), []

        def link():
            answers.append(boss.post("/admin/identities/link", {"proof": proof, "player": "one:luka", "other": "two:77"}))
        hs.sql("select pg_advisory_lock(1215513165, 1)")
        links = [threading.Thread(target=link) for _ in range(4)]
        for one in links:
            one.start()
        until(lambda: int(hs.sql("select count(*) from pg_locks where locktype = 'advisory' and not granted")) > 0, 10, "a wait")
        begun = time.monotonic()
        for path in ("/account", "/admin/imports", "/admin/identities", "/audit"):
            assert boss.get(path).status == 200, path
        assert Browser(hs).sign_in("boss").status == 303
        assert time.monotonic() - begun < 10, "nobody waited for a link to give up, which takes 20 seconds"
        for one in links:
            one.join(40)
        hs.sql("select pg_advisory_unlock(1215513165, 1)")
        assert [answer.status for answer in answers] == [303] * 4
        said = boss.notice(answers[-1])
        assert said.startswith("No answer came in time") and "It may have been done" in said


def test_admin_page(house):
    """An admin finds pairs, links, tells apart and unlinks by forms alone; texts of sources stand there as texts."""
    evil = "Luka Doncic <b>&\""
    with house.start() as hs:
        for number, one in enumerate([*DONCIC, snapshot("four", record("z<i>", evil, birth_date="1999-02-28", games_played=72,
                                                                       points_per_game=21.2, season="<u>2018"))]):
            load(hs, one, f"{number}.json")
        boss = admin(hs)
        page = boss.get("/admin/identities").text
        assert "Nobody has looked yet" in page and "Nobody is linked to anybody" in page

        def post(what, path="/admin/identities", **fields):
            answer = boss.post(f"/admin/identities/{what}", {"proof": boss.proof(path), **fields})
            assert answer.status == 303, answer.text
            return boss.get(answer.headers["Location"]).text
        assert "All players are being looked through" in post("look")
        until(lambda: "three:x" in boss.get("/admin/identities").text, 20, "no pairs are suggested")
        page = boss.get("/admin/identities").text
        assert "the same games and points in the same season" in page and "<b>&" not in page and "<u>2018" not in page
        assert "Luka Doncic &lt;b&gt;" in page and "z&lt;i&gt;" in page
        before = state(hs)
        assert "one:luka and two:77 are one person now." in post("link", player="one:luka", other="two:77", reason="sure")
        page = boss.get("/admin/identities?player=2").text
        assert "Linked by boss on" in page
        for page in (page, boss.get("/admin/identities").text):
            assert page.count("<h") >= 3 and "Luka Dončić (one), L. Doncic (two)" in page, "each by his own name and source"
            assert ">L. Doncic</a></h3>" in page or "<h2>L. Doncic</h2>" in page, "as his page calls him"
        luka = hs.sql("select player_id from player where external_id = 'luka'")
        assert f"/admin/identities?player={luka}" in boss.get(f"/players/{luka}").text
        assert f"/admin/identities?player={luka}" not in hs.get(f"/players/{luka}").text
        assert "Nothing was changed: one:luka and two:77 are linked already." in \
            post("link", player="one:luka", other="two:77", back=luka)
        assert "Nothing was changed: there is no player one:nobody" in post("unlink", player="one:nobody")
        assert "Nothing was changed: &#39;nonsense&#39;" in post("unlike", player="nonsense", other="one:luka").replace("&#x27;", "&#39;")
        assert "two:77 stands alone again." in post("unlink", player="two:77", back="x")
        assert state(hs) == before
        assert "are not suggested again." in post("unlike", player="three:x", other="one:luka")
        assert boss.get("/admin/identities?player=999").status == 200
        assert boss.get("/admin/identities?what=1").status == 400
        assert hs.sql("select action, actor, address, subject, detail from audit_trail where action = 'identity link'") == \
            "identity link|boss|127.0.0.1|one:luka and two:77|sure"


@pytest.mark.parametrize("seed", range(2))
def test_random_links(quick, seed):  # noqa: F811
    """Random imports, links and unlinks in any order: the hot tables always follow from the cold ones and the links, and
    the cold ones are what they would be without links."""
    dice, expected = model.dice(100 + seed), model.Model()
    with quick.start() as hs:
        for number in range(20):
            one = model.random_snapshot(dice, dice.choice(DATES))
            one["source_metadata"] = {"number": number}
            counts = expected.load(one, f"{number}.json")
            row = load(hs, one, f"{number}.json")
            assert {key: row[key] for key in counts} == counts
            assert model.dump(hs) == expected.tables()
            assert model.disagreements(hs) == [], f"after {number}.json"
            names = sorted(f"{source}:{player}" for source, player in expected.players)
            for _ in range(2 if len(names) > 1 else 0):
                if dice.random() < .6:
                    words = ("link", *dice.sample(names, 2))
                else:
                    words = ("unlink", dice.choice(names))
                identity(hs, *words, check=False)
                assert model.disagreements(hs) == [], words
        assert hs.sql("select count(*) > 0 from audit_trail where action = 'identity unlink'") == "t"
        for name in names:
            identity(hs, "unlink", name, check=False)
        assert hs.sql("select count(*) from player_link") == "0"
        assert model.disagreements(hs) == []


def test_random_links_and_undos(quick):  # noqa: F811
    """Imports undone while players are linked, so that some of a person have no seasons any more, or come back."""
    dice, names = model.dice(300), set()
    with quick.start() as hs:
        for number in range(24):
            one = model.random_snapshot(dice, dice.choice(DATES))
            one["source_metadata"] = {"number": number}
            load(hs, one, f"{number}.json")
            names |= {f"{one['source_name']}:{record['player_external_id']}" for record in one["records"]}
            if len(names) > 1:
                identity(hs, "link", *dice.sample(sorted(names), 2), check=False)
            assert model.disagreements(hs) == [], f"after {number}.json"
            if dice.random() < .7:
                files = hs.sql("select file_id from import_file where status = 'imported'").split()
                hs.hsctl("--json", "import", "undo", dice.choice(files))
                assert model.disagreements(hs) == [], "after undoing"
            if dice.random() < .5:
                identity(hs, "unlink", dice.choice(sorted(names)), check=False)
                assert model.disagreements(hs) == [], "after unlinking"
        assert hs.sql("select count(*) > 3 from import_file where status = 'undone'") == "t"


def test_a_look_that_is_behind_says_so(quick):  # noqa: F811
    """What came in since the last look is not in it: not "nobody looks alike", but "look again"."""
    with quick.start() as hs:
        load(hs, snapshot("one", record("a1", "Luka Dončić", birth_date="1999-02-28")), "1.json")
        assert identity(hs, "suggest")["look"]["is_behind"] is False
        load(hs, snapshot("two", record("b1", "Luka Doncic", birth_date="1999-02-28")), "2.json")
        found = identity(hs, "suggest")
        assert found["pairs"] == [] and found["look"]["is_behind"] is True
        assert "the data has changed since: --new looks again" in hs.hsctl("identity", "suggest").stdout
        assert len(identity(hs, "suggest", "--new")["pairs"]) == 1
        assert identity(hs, "suggest")["look"]["is_behind"] is False


def test_suggestions(quick):  # noqa: F811
    """A made world with right answers: who is one, who only looks so, and why."""
    one = snapshot(
        "one", record("a1", "Luka Dončić", birth_date="1999-02-28", games_played=72, points_per_game=21.2, height_cm=201),
        record("a2", "Nikola Jokić", birth_date="1995-02-19", games_played=80, points_per_game=20.1, team_name="Denver",
               team_external_id="d"),
        record("a3", "Mike James", games_played=30, points_per_game=17, team_external_id="p", team_name="Phoenix"),
        record("a4", "Brook Lopez", birth_date="1988-04-01", team_external_id="m", team_name="Milwaukee"),
        record("a5", "Robin Lopez", birth_date="1988-04-01", team_external_id="k", team_name="Chicago"),
        record("a6", "Anna Schmidt", birth_date="2000-03-04", height_cm=181), record("a7", "Old Smith", birth_date="1950-01-01"),
        record("a8", "Juan Carlos Navarro", birth_date="1980-06-13"))
    two = snapshot(
        "two", record("b1", "L. Doncic", games_played=72, points_per_game=21.2, season="2018-19", team_name="DALLAS"),
        record("b2", "Jokic, Nikola".replace(",", ""), birth_date="1995-02-19", height_cm=211),
        record("b3", "Mike James", games_played=30, points_per_game=17, team_name="PHOENIX", team_external_id="p"),
        record("b6", "Anna Schmitt", birth_date="2000-04-03", team_name="Berlin", team_external_id="e", height_cm=180),
        record("b7", "Old Smith", birth_date="1981-12-24"),
        record("b8", "Juan Navarro", birth_date="1980-06-13", team_name="Barcelona", team_external_id="f"), record("b9", "Nobody Else", birth_date="1999-02-28"))
    with quick.start() as hs:
        load(hs, one, "1.json")
        load(hs, two, "2.json")
        found = identity(hs, "suggest")
        pairs = {(pair["a"]["external_id"], pair["b"]["external_id"]): pair for pair in found["pairs"]}
        assert set(pairs) == {("a1", "b1"), ("a2", "b2"), ("a3", "b3"), ("a6", "b6"), ("a8", "b8")}
        assert found["look"]["players"] == 15 and found["total"] == 5 and not found["look"]["is_behind"]
        codes = {key: {reason["code"] for reason in pair["reasons"]} for key, pair in pairs.items()}
        assert codes["a1", "b1"] == {"initials", "same_team", "same_figures"}
        assert codes["a2", "b2"] == {"swapped_name", "same_birth_date"}
        assert codes["a3", "b3"] == {"same_name", "same_team", "same_figures"}
        assert codes["a6", "b6"] == {"similar_name", "swapped_birth_date", "height"}
        assert codes["a8", "b8"] == {"part_of_name", "same_birth_date"}
        for pair in pairs.values():
            assert pair["score"] == min(100, sum(reason["points"] for reason in pair["reasons"]))
        identity(hs, "link", "one:a1", "two:b1")
        identity(hs, "unlike", "two:b3", "one:a3")
        left = identity(hs, "suggest")
        assert {pair["a"]["external_id"] for pair in left["pairs"]} == {"a2", "a6", "a8"}
        again = identity(hs, "suggest", "--new")
        assert {pair["a"]["external_id"] for pair in again["pairs"]} == {"a2", "a6", "a8"}
        identity(hs, "unlink", "one:a1")
        assert {pair["a"]["external_id"] for pair in identity(hs, "suggest", "--limit", "200")["pairs"]} == {"a1", "a2", "a6", "a8"}
        text = hs.hsctl("identity", "suggest").stdout
        assert "one:a2" in text and "born on the same day +45" in text


@pytest.mark.parametrize("one, other, codes", [
    ("2018", "2018", {"same_team": 25, "same_figures": 30}),
    ("2018", "2018-19", {"same_team": 25, "same_figures": 30}),     # named by the year in which it began,
    ("2018", "2017-18", {"same_team": 25, "same_figures": 30}),     # or ended
    ("2017/2018", "2017–18", {"same_team": 25, "same_figures": 30}),
    ("Season 2018", "NBA 2018 playoffs", {"same_team": 25, "same_figures": 30}),
    ("2017", "2018", {"same_team": 15, "same_figures": 20}),        # maybe, of two sources
    ("2017-18", "2018-19", {}),                                     # one after the other
    ("2017", "2019", {}),
    ("2018-2021", "2018", {"same_team": 25, "same_figures": 30}),   # no two years, one after the other: 2018
    ("2018-2021", "2019", {"same_team": 15, "same_figures": 20}),
    ("Spring", "Spring", {"same_team": 25, "same_figures": 30}),
    ("Spring", "Autumn", {}),
])
def test_seasons_that_are_the_same(seasons, one, other, codes):
    """Sources name a season by both years, the first or the last; see identity_is_season."""
    assert seasons[one, other] == codes


@pytest.fixture(scope="module")
def seasons(programs, template):
    """What the seasons of two players with one name and birth date count, by their names."""
    cases = [mark.args[1] for mark in test_seasons_that_are_the_same.pytestmark][0]
    files = [snapshot(source, *(record(f"p{n}", f"Player {chr(97 + n)}", birth_date=f"1990-01-{n + 1:02}", games_played=40,
                                       points_per_game=9, season=case[at], team_external_id=f"t{n}", team_name=f"Team {n}")
                                for n, case in enumerate(cases)))
             for at, source in enumerate(("one", "two"))]
    house = House(programs, template)
    with house.start() as hs:
        for number, file in enumerate(files):
            load(hs, file, f"{number}.json")
        found = {pair["a"]["external_id"]: pair for pair in identity(hs, "suggest", "--limit", "200")["pairs"]
                 if pair["a"]["external_id"] == pair["b"]["external_id"]}
    house.close()
    assert len(found) == len(cases)
    return {case[:2]: {reason["code"]: reason["points"] for reason in found[f"p{n}"]["reasons"]
                       if reason["code"] in ("same_team", "same_figures")} for n, case in enumerate(cases)}


def test_seasons_of_one_source(linkable):
    """A source names its seasons in one way: of it, years next to each other are two seasons."""
    load(linkable, snapshot("four", record("a", "Al Oz", birth_date="1990-01-01", games_played=40, points_per_game=9, season="2017"),
                            record("b", "Al Oz", birth_date="1990-01-01", games_played=40, points_per_game=9, season="2018")), "4.json")
    [codes] = [{reason["code"] for reason in pair["reasons"]} for pair in identity(linkable, "suggest")["pairs"]
               if pair["a"]["identity"] == "four:a"]
    assert codes == {"same_name", "same_birth_date", "same_source"}


def test_suggestions_of_real_players(quick, shared_dir):  # noqa: F811
    """Real snapshots of ten sources (in ../shared): the same people stand in several; known ones are found."""
    with quick.start() as hs:
        for name in ("euroleague-2024-25.json", "euroleague-us-2025-05-26.json", "wnba-1997-2019-minutes.json",
                     "wnba-rookie-seasons.json", "wnba-rosters-2026.json", "france-pro-a-2022-23.json"):
            hs.drop(shared_dir / "data/snapshots" / name)
            hs.wait_imported(name, 60)
        found = identity(hs, "suggest", "--limit", "200")
        names = {(pair["a"]["full_name"].lower(), pair["b"]["full_name"].lower()) for pair in found["pairs"]}
        assert ("carsen edwards", "carsen edwards") in names
        assert model.disagreements(hs) == []
