/* test_markup.js: every text that comes from outside holds markup, and every page that shows it is looked at: no script
 * ran, no element or attribute was made of it, and it stands there literally.
 *
 * The table at the end has a row for each route of routes.c: the texts that its page shows, by their names, no more and
 * no fewer. A route without a row fails the test, and so does a finding of the data quality page. */
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { assert, drop, signIn, test, until } = require("./harness.js");

/* All texts by their names, as they should stand on the pages. */
const texts = new Map();
const put = (name, markup) => {
	texts.set(name, process.env[markup].replace("NAME", name));
	return texts.get(name);
};
const T = (name) => put(name, "HOOPSCOUT_TEST_MARKUP");
const short = (name) => put(name, "HOOPSCOUT_TEST_SHORT_MARKUP");	/* of which a message shows the beginning */

/* What run.py's mappings and feeds have. */
["about", "about_bad", "wrong_field", "fetched_source", "fetched_league_id", "fetched_league_name", "fetched_team_id",
	"fetched_team_name", "fetched_full_name", "fetched_id", "fetched_position"].forEach(T);
short("fetched_games");

/* ---- what is brought in ---- */

const FIGURES = { games_played: 10, minutes_per_game: 20, points_per_game: 10, rebounds_per_game: 5, assists_per_game: 2,
	steals_per_game: 1, blocks_per_game: 1, turnovers_per_game: 2, fg_pct: 45, three_pt_pct: 30, ft_pct: 80 };
const NOTHING = Object.fromEntries(Object.keys(FIGURES).map((name) => [name, null]));
const SEASON = `2015-16 ${T("season")}`;

/* A player-season all of whose texts have markup; full: the player's, too. */
const record = (name, more) => ({
	competition_external_id: T("competition_id"), competition_name: T("competition"), season: SEASON,
	team_external_id: T("team_id"), team_name: T("team"), player_external_id: T(`id-${name}`), full_name: T(name),
	first_name: T("first_name"), last_name: T("last_name"), birth_date: null, nationality: T("nationality"),
	position: T("position"), role: T("role"), ...FIGURES, source_metadata: { [T("metadata_key")]: T("metadata") },
	raw_payload: { [T("payload_key")]: T("payload") }, ...more,
});
const snapshot = (source, records, date = "2016-06-01") => ({ source_name: source, snapshot_date: date, records,
	source_metadata: { [T("head_key")]: T("head") }, raw_payload: { [T("raw_key")]: T("raw") } });
const TWO = { team_external_id: T("team_2_id"), team_name: T("team_2") };
const BORN = { birth_date: "1990-01-01" };
const THREE = { team_external_id: T("team_3_id"), team_name: T("team_3") };

/* A record or two for each finding of the data quality page; see test_quality.py for what makes it one. */
const world = [
	record("player", BORN), record("infant", { birth_date: "2015-01-01" }), record("child", { birth_date: "2014-12-31" }),
	record("twin", { ...BORN, player_external_id: T("id-twin-1") }), record("twin", { ...BORN, player_external_id: T("id-twin-2") }),
	record("idle", { ...NOTHING, games_played: 0, points_per_game: 5.5 }), record("tireless", { minutes_per_game: 50 }),
	record("giant", { points_per_game: 61 }), record("blank", NOTHING), record("copied"), record("copied", TWO),
	record("summed", { points_per_game: 10 }), record("summed", { ...TWO, games_played: 20, points_per_game: 16 }),
	record("summed", { ...THREE, games_played: 30, points_per_game: 14 }),
	record("yearless", { season: T("season_without_year") }),
	record("stepped", { height_cm: 180, weight_kg: 80 }), record("renamed"),
];
const FILES = {
	world: snapshot(T("source"), world),
	later: snapshot(T("source"), [record("stepped", { height_cm: 205, weight_kg: 130 }),
		record("renamed", { full_name: T("another_name") }), record("player", { games_played: 9 })], "2016-07-01"),
	shares: snapshot(T("shares_source"), [1, 2, 3, 4, 5].map((n) => record(`share-${n}`, { fg_pct: 0.5, three_pt_pct: 0.3, ft_pct: 1 }))),
	like: snapshot(T("other_source"), [record("player", { ...BORN, player_external_id: T("like-id") })]),
	failed: snapshot(T("failed_source"), [record("player", { height_cm: short("height"), [T("unknown_key")]: 1, birth_date: short("birth") })]),
};
/* Of a link: its number. */
const numberIn = (address) => Number(/(\d+)(\?.*)?$/.exec(address)[1]);
const q = encodeURIComponent;

/* Presses what leads to another page, which is whole then. */
const follow = (page, selector) => Promise.all([page.waitForEvent("domcontentloaded"), page.click(selector)]).then(() => undefined);

/* Presses a button whose page shows the request that it made, and waits for its end. */
const press = async (page, button) => {
	await page.click(button);
	await page.waitForURL("**request=*");
	await until(`the end of ${button}`, async () => {
		await page.reload();
		return page.$(".asked.good, .asked.bad[role=status]");
	}, 30);
};

/* What the rows below need to know of the data: numbers of files, players, runs. */
const numbers = {};
const learn = async (page) => {
	for (const name of Object.keys(FILES)) {
		numbers[`file-${name}`] = await until(`the file ${name}`, async () => {
			await page.goto(`/admin/imports/files?q=${q(`file-${name}]`)}`);
			const link = page.locator("#results tbody th a");
			return await link.count() === 1 && numberIn(await link.getAttribute("href"));
		});
	}
	const answer = await page.request.get("/api/v1/players?per_page=100&season=" + q(SEASON));
	for (const one of (await answer.json()).players)
		numbers[[...texts.keys()].find((name) => texts.get(name) === one.full_name) + (one.source === T("other_source") ? "-other" : "")] = one.id;
	await until("the report on quality", async () => {
		await page.goto("/admin/quality");
		return (await page.innerText("#quality-state")).includes("As of") &&
			!/on its way|has changed/.test(await page.innerText("#quality-state"));
	});
};

/* ---- what is looked at ---- */

/* Before the first page: whoever runs a script of ours is heard. */
const watch = (page) => page.addInitScript(() => {
	window.hsCalls = [];
	window.hsRan = (what) => window.hsCalls.push(what);
});

/* The names of the texts that stand on the page, whole; fails when one of them became more than text. */
const look = async (page, what) => {
	const { made, ran, text } = await page.evaluate(() => ({
		made: [...document.querySelectorAll("[hs-made], [onerror], img[src=x]")].map((one) => one.outerHTML),
		ran: window.hsCalls,
		text: [document.title, document.documentElement.textContent, ...[...document.querySelectorAll("*")].flatMap((one) =>
			[...one.attributes].filter((each) => each.name !== "href").map((each) => each.value))].join("\n"),
	}));
	assert.deepEqual(made, [], `${what}: made of a text`);
	assert.deepEqual(ran, [], `${what}: a script ran`);
	return [...texts.keys()].filter((name) => text.includes(texts.get(name))).sort();
};

/* A fragment, put into the page that is there as htmx does. */
const fragment = (address) => async (page) => {
	await page.goto("/account");
	await page.evaluate(async (url) => {
		const answer = await fetch(url, { headers: { "HX-Request": "true" } });
		document.querySelector("main").innerHTML = await answer.text();
	}, typeof address === "function" ? address() : address);
};

/* What no browser takes for a page, and a sniffing one may not either. */
const data = (address) => async (page) => {
	const answer = await page.request.get(typeof address === "function" ? address() : address);
	const headers = answer.headers();
	assert.equal(answer.status(), 200, address);
	assert.match(headers["content-type"], /^(application\/(json|x-ndjson|problem\+json|octet-stream)|text\/(csv|css|plain)|image\/)/);
	assert.equal(headers["x-content-type-options"], "nosniff", address);
	return [];
};

/* Sends one of our forms with what nobody would type. */
const form = (selector, fields) => async (page) => {
	await page.evaluate(([where, values]) => {
		for (const [name, value] of Object.entries(values)) {
			const field = document.querySelector(`${where} [name=${name}]`);
			field.removeAttribute("maxlength");
			field.value = value;
		}
	}, [selector, fields]);
	await follow(page, `${selector} button`);
};
const go = (address, then) => async (page) => {
	await page.goto(typeof address === "function" ? address() : address);
	return then === undefined ? undefined : then(page);
};
const player = (name) => () => `/players/${numbers[name]}`;
const fileAt = (name, rest = "") => () => `/admin/imports/files/${numbers[`file-${name}`]}${rest}`;
const side = (source, id) => `${T(source)}:${T(id)}`;
const LINK = { player: side("source", "id-player"), other: side("other_source", "like-id") };
const filters = () => "/?" + Object.entries({ competition: side("source", "competition_id"), season: SEASON,
	team: side("source", "team_id"), nationality: T("nationality"), position: T("position"), role: T("role"),
	name: T("typed") }).map(([name, value]) => `${name}=${q(value)}`).join("&");
const choose = async (page, name, type) => {
	await page.goto("/admin/imports");
	await page.setInputFiles("#upload-files", [{ name, mimeType: type, buffer: Buffer.from("{}") }]);
	await page.click("#upload button");
};

/* The page of signing in, of a browser where nobody is. */
const strange = (then) => async (page) => {
	const context = await page.context().browser().newContext({ baseURL: process.env.HOOPSCOUT_TEST_URL });
	const other = await context.newPage();
	await watch(other);
	await other.goto(`/sign-in?next=${q("/" + T("typed_next").replaceAll(" ", "+"))}`);
	await then(other);
	const found = await look(other, "signing in");
	await context.close();
	return found;
};

/* By the proof that a page's forms carry. */
const call = (what, query = `player=${q(LINK.player)}&other=${q(LINK.other)}&reason=${q(T("typed_reason"))}`) => async (page) => {
	await page.goto("/account");
	const type = await page.evaluate(async (address) => {
		const proof = document.querySelector("[name=proof]").value;
		return (await fetch(address, { method: "POST", headers: { "HoopScout-Proof": proof } })).headers.get("Content-Type");
	}, `/api/v1/${typeof what === "function" ? what() : what}?${query}`);
	assert.match(type, /^application\/(problem\+)?json$/);
	return [];
};

const AT_LEAST = Symbol("and others, as the lists beside it have them");
const ROW = ["competition", "season", "source", "team"];
const PARTICULARS = ["nationality", "position"];
const FOUND = [AT_LEAST, ...PARTICULARS, "role"];
const WORLD = ["file-world", ...ROW];
const IMPORTED = ["failed_source", "other_source", "shares_source", "source"];
const NAMES = Object.keys(FILES).map((name) => `file-${name}`);
const FETCHED = ["fetched_full_name", "fetched_id", "fetched_league_id", "fetched_league_name", "fetched_position", "fetched_team_id",
	"fetched_team_name"];
const PAIRS = ["id-twin-1", "id-twin-2", "twin"];
const LINKED = ["id-player", "like-id", "other_source", "player", ...ROW, ...PARTICULARS];
const TEAMS = ["team", "team_id", "team_2", "team_2_id", "team_3", "team_3_id"];
const FAILED = ["birth", "failed_source", "file-failed", "height", "unknown_key"];

/* Each finding of the data quality page. */
const FINDINGS = {
	"born-after-season": ["infant", ...WORLD],
	"age": ["child", ...WORLD],
	"height-changed": ["file-later", "source", "stepped"],
	"weight-changed": ["file-later", "source", "stepped"],
	"name-changed": ["another_name", "file-later", "renamed", "source"],
	"twins": ["source", "twin"],
	"percentage-scale": ["file-shares", "shares_source"],
	"no-games": ["idle", ...WORLD],
	"minutes": ["tireless", ...WORLD],
	"points": ["giant", ...WORLD],
	"games-fell": ["file-later", "player", ...ROW],
	"same-figures": ["copied", "team_2", ...WORLD],
	"total-row": ["competition", "file-world", "season", "source", "summed", "team_3"],
	"nationality": ["nationality"],
	"season-year": ["season_without_year"],
	"small-team": ["other_source", "season_without_year", "team_2", "team_3", ...ROW],
	"no-figures": ["blank", ...WORLD],
};

/* The method and the path in routes.c; how one gets there; which texts the page shows then. In this order. */
const ROWS = [
	["GET /sign-in", strange(async () => {}), []],
	["POST /sign-in", strange(form("main form", { name: short("typed_account"), password: "x" })), ["typed_account"]],
	["GET /", go(`/?per_page=100&sort=name&season=${q(SEASON)}`), [...FOUND, "another_name", "blank", "child", "competition", "copied",
		"giant", "idle", "infant", "player", "season", "share-1", "share-5", "shares_source", "source", "stepped", "summed", "team",
		"tireless", "twin"]],
	["GET /", go(filters), [AT_LEAST, "competition", "nationality", "position", "role", "season", "team", "typed"]],
	["GET /", go("/?ppg_min=60&sort=-ppg"), [...FOUND, "giant"]],
	["GET /", go(`/?ppg_min=${q(T("typed_number"))}&season=x`), [AT_LEAST, "typed_number"]],
	["GET /", go(`/?sort=${q(T("typed_sort"))}`), [AT_LEAST]],
	["GET /", fragment(filters), ["competition", "nationality", "position", "role", "season", "team", "typed"]],
	["GET /", fragment(`/?per_page=100&sort=name&season=${q(SEASON)}`), [...FOUND, "competition", "giant", "player", "season", "team"]],
	...[["competition", ["competition", "competition_id", "other_source", "shares_source", "source"]],
		["season", ["season", "season_without_year"]], ["team", [...TEAMS, "other_source", "shares_source", "source"]],
		["nationality", ["nationality"]], ["position", ["position"]], ["role", ["role"]]].flatMap(([one, shows]) => [
		["GET /choices/*", go(`/choices/${one}?find=img`), shows], ["GET /choices/*", fragment(`/choices/${one}?find=img`), shows]]),
	["GET /choices/*", go(`/choices/team?find=${q(T("typed_find"))}`), ["typed_find"]],
	["GET /players/{id}", go(player("player")), ["file-later", "id-player", "player", ...PARTICULARS, "role", ...WORLD]],
	["GET /players/{id}", go(player("summed")), ["id-summed", "summed", "team_2", "team_3", ...PARTICULARS, "role", ...WORLD]],
	["GET /compare", go(() => `/compare?player=${numbers.player}&player=${numbers.stepped}`), ["competition", "player", "season",
		"stepped", "team", ...PARTICULARS]],
	["GET /compare", go(() => `/compare?player=${numbers.player}&player=${numbers.copied}&figures=best`), ["copied", "player", "season",
		"team", ...PARTICULARS]],
	["GET /compare", go(() => `/compare?player=${numbers.player}&season=${q(SEASON)}&name=giant`), ["competition", "giant", "player",
		"season", "team", ...PARTICULARS]],
	["GET /compare", go(() => `/compare?player=${numbers.player}&season=${q(T("typed_season"))}&name=${q(T("typed_name"))}`), ["player",
		"season", "typed_name", "typed_season", ...PARTICULARS]],
	["GET /account", go("/account"), []],
	["GET /admin/imports", go("/admin/imports"), []],
	["GET /admin/imports", fragment("/admin/imports"), []],
	["GET /admin/imports/files", go("/admin/imports/files?q=hs-made"), [...IMPORTED, ...NAMES]],
	["GET /admin/imports/files", go(`/admin/imports/files?q=${q(T("typed_q"))}`), [...IMPORTED, "typed_q"]],
	["GET /admin/imports/files", fragment("/admin/imports/files?q=hs-made"), [...IMPORTED, ...NAMES]],
	["GET /admin/imports/files/{id}", go(fileAt("world")), ["file-world", "source"]],
	["GET /admin/imports/files/{id}", go(fileAt("failed")), FAILED],
	["GET /admin/imports/files/{id}", fragment(fileAt("failed")), FAILED],
	["GET /admin/imports/runs/{id}", go(fileAt("failed"), (page) => follow(page, ".facts a")), [AT_LEAST, "file-failed", "failed_source"]],
	["GET /admin/imports/files/{id}/undo", go(fileAt("later", "/undo")), ["file-later"]],
	["POST /admin/imports/files/{id}/preview", (page) => press(page, "#results form button"), ["another_name", "competition",
		"file-later", "player", "renamed", "season", "stepped", "team"]],
	["GET /admin/imports/uploads", async (page) => {
		await choose(page, `${T("uploaded")}.json`, "application/json");
		await page.waitForURL("**/admin/imports/uploads*");
		await until("its fate", async () => !(await page.$("#poll")));
	}, ["uploaded"]],
	["POST /admin/imports/upload", async (page) => {		/* what the page's script says of it */
		await choose(page, `${T("uploaded_text")}.txt`, "text/plain");
		await until("a refusal", async () => (await page.innerText("#upload")).includes("uploaded_text"));
	}, ["uploaded_text"]],

	["GET /admin/quality", go("/admin/quality"), ["file-later", "file-like", "file-shares", "other_source", "shares_source", "source"]],
	["GET /admin/quality", fragment("/admin/quality"), []],
	["GET /admin/quality", go("/admin/quality?show=coverage&per_page=500"), ["competition", "other_source", "season",
		"season_without_year", "shares_source", "source"]],
	["GET /admin/quality", go(`/admin/quality?show=coverage&source=${q(T("source"))}`), ["competition", "season", "season_without_year",
		"source"]],
	...Object.entries(FINDINGS).map(([kind, shows]) => ["GET /admin/quality", go(`/admin/quality?show=${kind}&per_page=500`), shows]),

	["GET /admin/quality/missing", go(`/admin/quality?show=coverage&source=${q(T("source"))}`, (page) => follow(page, "td a[href*='/missing?']")),
		[AT_LEAST, "source"]],
	["GET /admin/quality/shares/{id}", go("/admin/quality?show=percentage-scale", (page) => follow(page, "a[href*='/shares/']")),
		[AT_LEAST, "file-shares"]],
	["GET /admin/quality/players/{id}", go("/admin/quality?show=height-changed", (page) => follow(page, "a[href*='/quality/players/']")),
		[AT_LEAST, "file-later", "stepped"]],

	["GET /admin/extractors", go("/admin/extractors"), ["about", "about_bad", "wrong_field"]],
	["GET /admin/extractors", fragment("/admin/extractors"), ["about", "about_bad", "wrong_field"]],
	["GET /admin/extractors/{name}", go("/admin/extractors/marked-wrong"), ["wrong_field"]],
	["POST /admin/extractors/{name}/dry-run", go("/admin/extractors/marked", (page) => press(page, "#dry-run")), ["about", ...FETCHED]],
	["GET /admin/extractors/runs/{id}", (page) => follow(page, ".asked a"), ["fetched_source", ...FETCHED]],
	["POST /admin/extractors/{name}/run", go("/admin/extractors/marked-bad", (page) => press(page, "#run-now")), ["about_bad"]],
	["GET /admin/extractors/runs/{id}", (page) => follow(page, ".asked a"), ["fetched_games"]],

	["POST /admin/identities/look", go("/admin/identities", async (page) => {
		await page.click(".look button");
		await until("the pair", async () => {
			await page.goto("/admin/identities");
			return (await page.innerText("main")).includes("[like-id]");
		});
	}), [...LINKED, ...PAIRS]],
	["POST /admin/identities/link", form(".acts form[action$='/link']", { player: `${T("typed_source")}:x`, other: `${T("typed_other")}:x` }),
		[...LINKED, ...PAIRS, "typed_source"]],
	["GET /admin/identities", go(() => `/admin/identities?player=${numbers.player}`), [...LINKED, ...PAIRS]],
	["POST /admin/identities/link", form("form.link", { other: LINK.other, reason: T("why") }), [...LINKED, ...PAIRS, "why"]],
	["GET /players/{id}", go(player("player")), [AT_LEAST, "id-player", "like-id", "other_source", "player"]],
	["POST /admin/identities/unlink", go("/admin/identities", (page) => follow(page, "#linked ~ .pair button")), [...LINKED, ...PAIRS]],
	["POST /admin/identities/unlike", go("/admin/identities", (page) => follow(page, ".acts form[action$='/unlike'] button")),
		[AT_LEAST, "source"]],
	["POST /admin/identities/take-back", go("/admin/identities", (page) => follow(page, "#apart ~ .pair button")),
		[AT_LEAST, "source"]],
	["GET /audit", go("/audit"), [AT_LEAST, "id-player", "like-id", "other_source", "source", "uploaded", "why"]],

	["GET /admin/imports/files/{id}/delete", go(fileAt("failed", "/delete")), ["file-failed"]],
	["POST /admin/imports/files/{id}/delete", (page) => press(page, "main form button"), FAILED],
	["POST /admin/imports/files/{id}/undo", go(fileAt("later", "/undo"), async (page) => {
		await press(page, "#results form button");
		await press(page, "#results form button.danger");
	}), ["file-later", "source"]],
	["GET /admin/imports/files/{id}/file", data(fileAt("world", "/file")), []],
	["GET /export.*", data("/export.csv?name=img"), []],
	["GET /export.*", data("/export.json?name=img"), []],
	["GET /export.*", data("/export.jsonl?name=img"), []],
	...["players?name=img", "players/{id}", "competitions?find=img", "seasons?find=img", "teams?find=img", "nationalities?find=img",
		"positions?find=img", "roles?find=img", "openapi.json", "imports", "imports/files?q=hs-made", "imports/files/{id}", "extractors",
		"identities", "identities/suggestions", "identities/apart", "quality?show=minutes", "requests/{id}"].map((one) => [`GET /api/v1/${one.split("?")[0]}`,
		data(() => `/api/v1/${one.replace("{id}", one.startsWith("players") ? numbers.player :
			one.startsWith("imports") ? numbers["file-world"] : 1)}`), []]),
	...["imports/files/{id}/file", "imports/files/{id}/errors", "imports/runs/{id}", "extractors/{name}/runs",
		"extractors/runs/{id}"].map((one) => [`GET /api/v1/${one}`, data(() => `/api/v1/${one.replace("{name}", "marked")
		.replace("{id}", one.endsWith("file") ? numbers["file-world"] : one.endsWith("errors") ? numbers["file-failed"] : 1)}`), []]),
	...["link", "unlink", "unlike", "take-back"].map((one) => [`POST /api/v1/identities/${one}`, call(`identities/${one}`), []]),
	...["preview", "undo", "delete"].map((one) => [`POST /api/v1/imports/files/{id}/${one}`,
		call(() => `imports/files/${numbers["file-world"]}/${one}`, `${q(T("typed_name"))}=1`), []]),
	["POST /api/v1/imports/upload", call("imports/upload", `name=${q(T("typed_name"))}`), []],
];

/* Nothing of ours on them; or they lead to a page that is above. */
const OTHERS = ["GET /health", "GET /health/", "GET /metrics", "GET /static/*", "GET /favicon.ico", "POST /sign-out", "POST /account/password",
	"POST /account/tokens/{id}/revoke", "GET /admin/imports/files/{id}/errors", "POST /admin/imports/now",
	"POST /admin/imports/files/{id}/retry", "POST /admin/quality", "POST /admin/extractors/{name}/cancel",
	"POST /admin/extractors/{name}/enable", "POST /admin/extractors/{name}/disable", "POST /api/v1/imports/now",
	"POST /api/v1/imports/files/{id}/retry", "POST /api/v1/extractors/{name}/run",
	"POST /api/v1/extractors/{name}/cancel", "POST /api/v1/extractors/{name}/enable", "POST /api/v1/extractors/{name}/disable",
	"POST /api/v1/quality", "POST /api/v1/identities/look"];

test("markup: the table has all routes and findings", async () => {
	const table = (name, row, from) => [...fs.readFileSync(path.join(process.env.HOOPSCOUT_TEST_SOURCE, name), "utf8").split(from)[1]
		.split("\n};")[0].matchAll(row)];
	const routes = table("daemons/web/routes.c", /^\t\{ (\w+), "([^"]+)"/gm, "routes[] = {")
		.map(([, method, one]) => `${method === "LOOK" ? "GET" : "POST"} ${one}`);
	assert.ok(routes.length > 60);
	const here = [...new Set([...ROWS.map(([route]) => route), ...OTHERS])];
	assert.deepEqual(here.sort(), routes.sort());
	const kinds = table("daemons/web/quality_sql.c", /^\t\{ "([a-z-]+)", "/gm, "quality_kinds[QUALITY_KINDS] = {").map(([, kind]) => kind);
	assert.deepEqual(Object.keys(FINDINGS), kinds);
});

/* It leaves pages while they fetch their lists. */
test("markup in every text is text on every page", { expects: ["400", "422", "Failed to fetch"] }, async (page) => {
	await watch(page);
	for (const [name, one] of Object.entries(FILES))
		drop(`${T(`file-${name}`)}.json`, one);
	await signIn(page, "admin", "/admin/imports");
	await learn(page);
	for (const [route, get, shows] of ROWS) {
		const found = await get(page) || await look(page, route);
		const what = `${route}, at ${decodeURIComponent(new URL(page.url()).pathname + new URL(page.url()).search).slice(0, 60)}`;
		const wanted = [...new Set(shows)].filter((name) => name !== AT_LEAST).sort();
		assert.deepEqual(shows.includes(AT_LEAST) ? found.filter((name) => wanted.includes(name)) : found, wanted, what);
	}
});
