/* test_look.js: what the pages promise to the eye and the hand: labels, chips, calm, paper. */
"use strict";

const { assert, axe, drop, overflow, shot, test, until } = require("./harness.js");
const league = require("./league.js");
const { choice, entries, names, query, sameWhenOpened, settled, settledList, total } = require("./scout.js");

const later = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/* Every answer comes late, so that no movement hides behind a keystroke of a moment ago. */
const slowly = (page, pattern, milliseconds) => page.route(pattern, async (route) => {
	await later(milliseconds);
	await route.continue().catch(() => {});
});

/* All that moved by itself since the page was opened, as the layout shift score counts it: not what a
 * click did within half a second. */
const watchShifts = (page) => page.addInitScript(() => {
	window.shifts = [];
	new PerformanceObserver((list) => {
		for (const one of list.getEntries().filter((entry) => !entry.hadRecentInput)) {
			for (const { node } of one.sources)
				window.shifts.push(`${one.value.toFixed(4)} ${node?.id || node?.className || node?.nodeName}`);
		}
	}).observe({ type: "layout-shift", buffered: true });
});
/* Less than a thousandth is no eye's business: Chromium draws a page while it is still being read. */
const shifts = async (page) => {
	const seen = await page.evaluate(() => window.shifts);
	return seen.reduce((sum, one) => sum + parseFloat(one), 0) < 0.001 ? [] : seen;
};

/* The texts that are wider than the cell around them. */
const spilling = (page, selector) => page.$$eval(selector, (all) => all.filter((one) => {
	const text = document.createRange();
	text.selectNodeContents(one);
	return text.getBoundingClientRect().right > one.closest("th, td").getBoundingClientRect().right;
}).map((one) => one.textContent));

/* How many of them are seen whole before a region is scrolled sideways. */
const inSightAtFirst = (page, selector) => page.$$eval(selector, (all) => all.filter((one) =>
	one.getBoundingClientRect().right <= one.closest(".scroll").getBoundingClientRect().right).length);

const figures = ["GP", "MPG", "PPG↓", "RPG", "APG", "SPG", "BPG", "TOV max", "FG%", "3P%", "FT%"];

for (const js of [true, false]) {
	const how = js ? "with script" : "without script";

	test(`Best Eligible is said over the eleven figures, and explained at hand, ${how}`, { js }, async (page) => {
		await page.goto("/");
		const under = await page.$eval(".players thead", (head) => {
			const [label] = [...head.querySelectorAll("th")].filter((one) => one.textContent.trim() === "Best Eligible");
			const { left, right } = label.getBoundingClientRect();
			return [...head.querySelectorAll("th")].filter((one) => one !== label && one.getBoundingClientRect().left >= left - 1 &&
				one.getBoundingClientRect().right <= right + 1).map((one) => one.querySelector("a").textContent);
		});
		assert.deepEqual(under, figures);
		const before = await page.$eval("table.players", (table) => table.getBoundingClientRect().top);
		assert.equal(await page.isVisible("text=A season is eligible when"), false);
		await page.click("summary:has-text('Best Eligible')");
		assert.equal(await page.isVisible("text=A season is eligible when"), true);
		assert.equal(await page.$eval("table.players", (table) => table.getBoundingClientRect().top), before, "the table moved");
		await shot(page, `meaning-1280-${js}`);
		if (js)
			await axe(page, "the explanation");
		assert.equal(await page.innerText("tbody tr:first-child td:nth-child(9)"), "-", "no assists are known");
	});

	test(`chips go one by one, and all at once, ${how}`, { js }, async (page) => {
		await page.goto("/?position=C&position=G&season=2023&ppg_min=21&name=player");
		const chips = () => page.$$eval(".chip", (all) => all.map((one) => one.firstChild.textContent));
		assert.deepEqual(await chips(), ["Name: player", "Position: C", "Position: G", "Season: 2023", "PPG ≥ 21"]);
		for (const [chip, want, address] of [
			["Position: C", "12 players", "?name=player&position=G&season=2023&ppg_min=21"],
			["Season: 2023", "26 players", "?name=player&position=G&ppg_min=21"],
			["Name: player", "27 players", "?position=G&ppg_min=21"],
			["PPG ≥ 21", "41 players", "?position=G"]]) {
			await page.click(`.chip:has-text('${chip}')`);
			await settled(page, want, address);
		}
		await page.click("#results .reset");
		await settled(page, "62 players", "");
		assert.deepEqual(await chips(), []);
	});

	test(`nothing found: which filter to loosen, with numbers that are true, ${how}`, { js }, async (page) => {
		await page.goto("/?name=player&season=2023&ppg_min=31&position=C");
		assert.equal(await total(page), "No player found");
		const advice = await page.$$eval(".loosen li", (all) => all.map((one) => one.innerText.replace(/\s+/g, " ")));
		assert.deepEqual(advice, ["without PPG ≥ 31 20 players", "without Season: 2023 10 players"]);
		await page.click(".loosen a:has-text('PPG')");
		await settled(page, "20 players", "?name=player&position=C&season=2023");
	});

	test(`bad addresses are refused by the parameter's name, with what is allowed, ${how}`, { js, expects: ["400"] }, async (page) => {
		for (const [address, ...parts] of [
			["/?ppg_min=abc", "ppg_min", "from 0 to 150", "'abc'"], ["/?ppg_mni=1", "ppg_mni", "no search parameter", "ppg_min"],
			["/?per_page=1000", "per_page", "100"], ["/?sort=points", "sort", "'points'"], ["/?name=a&name=b", "name", "twice"],
			["/compare?player=x", "player", "number of a player"], ["/compare?figures=all", "figures", "latest or best"],
			["/choices/team?height_min=tall", "height_min", "number"]]) {
			const answer = await page.goto(address);
			assert.equal(answer.status(), 400, address);
			const text = await page.innerText("main");
			for (const part of parts)
				assert.ok(text.includes(part), `${part} in: ${text}`);
			assert.equal(await page.isVisible("a:has-text('To the search')"), true);
		}
	});
}

test("what is found is announced by one element that stays", async (page) => {
	await page.goto("/");
	await page.evaluate(() => {
		const line = document.getElementById("total");
		window.heard = [];
		window.line = line;
		new MutationObserver(() => window.heard.push(line.textContent)).observe(line, { childList: true, characterData: true, subtree: true });
	});
	assert.equal(await page.getAttribute("#total", "role"), "status");
	await page.fill("#f-ppg_min", "60");
	await settled(page, "1 player", "?ppg_min=60");
	await page.fill("#f-name", "nobody");
	await settled(page, "No player found", "?name=nobody&ppg_min=60");
	assert.equal(await page.evaluate(() => window.line === document.getElementById("total")), true);
	assert.deepEqual(await page.evaluate(() => window.heard.filter((one) => one !== "")), ["1 player", "No player found"]);
});

test("fast typing over slow and disordered answers loses no letter, no focus, no place in the word", async (page, context) => {
	let asked = 0;
	await page.route(/[?&]name=/, async (route) => {
		await later([900, 50, 600, 0, 300][asked++ % 5]);
		await route.continue().catch(() => {});
	});
	await page.goto("/");
	await page.click("#f-name");
	for (const letter of "karl towns") {
		await page.keyboard.type(letter);
		await later(letter === " " ? 400 : 90);
	}
	await settled(page, "1 player", "?name=karl+towns");
	for (let i = 0; i < 6; i++)
		await page.keyboard.press("ArrowLeft");
	await page.keyboard.type("-anthony", { delay: 70 });
	await settled(page, "1 player", "?name=karl-anthony+towns");
	await later(1000);
	assert.ok(asked >= 3, "there was nothing to disorder");
	assert.deepEqual(await page.evaluate(() => [document.activeElement.id, document.activeElement.value, document.activeElement.selectionStart]),
		["f-name", "karl-anthony towns", "karl-anthony".length]);
	assert.deepEqual(await names(page), ["Karl-Anthony Towns"]);
	await sameWhenOpened(page, context);
});

test("a chip just after typing takes its filter away and keeps what was typed", async (page) => {
	await page.goto("/?ppg_min=21&position=C");
	await page.fill("#f-name", "player");
	await page.click(".chip:has-text('PPG')");
	await settled(page, "20 players", "?name=player&position=C");
	assert.equal(await page.inputValue("#f-ppg_min"), "");
	await page.fill("#f-rpg_min", "5");
	await page.click(".chip:has-text('Position')");
	await until("the chip is gone", async () => !query(page).includes("position"));
	assert.equal(query(page), "?name=player&rpg_min=5");
	assert.equal(await page.isChecked(`${choice("position")} .option:has-text('C') input`), false);
});

for (const width of [1280, 390]) {
	test(`nothing moves by itself while typing and while lists come, ${width} px`, { width }, async (page) => {
		await watchShifts(page);
		await slowly(page, /\?/, 700);
		await slowly(page, "**/choices/**", 800);
		await page.goto("/");
		if (width === 390)
			await page.click(".more > summary");
		await page.click("summary:has-text('Nationality')");
		await settledList(page, "nationality", ["France 30", "Serbia 30"]);
		await page.click("summary:has-text('Team')");
		await until("the counts", async () => (await entries(page, "team"))[1] === "Team B 5");
		await page.click("#f-name");
		await page.keyboard.type("player 6", { delay: 120 });
		await settled(page, "7 players", "?name=player+6");
		await page.fill("#f-name", "");
		await settled(page, "62 players", "");
		await page.fill("#f-ppg_min", "59");
		await settled(page, "2 players", "?ppg_min=59");
		await settledList(page, "nationality", ["France 1", "Serbia 1"]);
		await later(400);
		assert.deepEqual(await shifts(page), []);
	});
}

test("lists are counted however late the page's own script comes", async (page) => {
	await slowly(page, /app.*\.js/, 700);
	await page.goto("/?nationality=France");
	await settledList(page, "nationality", ["France 30", "Serbia 30"]);
});

test("nothing moves when any page is opened", async (page) => {
	await watchShifts(page);
	for (const address of ["/?ppg_min=21", "/players/1", "/compare?player=1&player=2", "/choices/team"]) {
		await page.goto(address);
		await later(300);
		assert.deepEqual(await shifts(page), [], address);
	}
});

test("the ticked stay ticked while searching on; six are the most", async (page) => {
	const bar = () => page.innerText("#compare [role=status]");
	await page.goto("/?sort=name");
	for (const n of [1, 2, 3])
		await page.check(`#results .pick input >> nth=${n}`);
	await page.fill("#f-name", "player 60");
	await settled(page, "1 player", "?name=player+60&sort=name");
	assert.equal(await bar(), "Luka Dončić, Player 01, Player 02");
	await page.check("#results .pick input");
	await page.goto("/?sort=ppg&ppg_min=3");
	await page.check("#results .pick input >> nth=0");
	await page.check("#results .pick input >> nth=1");
	assert.match(await bar(), /Player 03, Player 04: six are the most$/);
	assert.equal(await page.isDisabled("#results .pick input >> nth=2"), true);
	await page.uncheck("#results .pick input >> nth=0");
	assert.equal(await page.isDisabled("#results .pick input >> nth=2"), false);
	assert.equal(await page.$eval("#compare", (one) => one.getBoundingClientRect().bottom <= innerHeight), true, "the bar is out of sight");
	await axe(page, "ticked");
	await shot(page, "ticked-1280");
	await page.click("#compare [type=submit]");
	assert.equal((await page.$$(".side-by-side thead th")).length, 5);
	await page.goBack();
	await until("still ticked", async () => (await bar()).includes("Dončić"));
	await page.click("text=Untick all");
	assert.equal(await bar(), "");
	assert.equal(await page.isChecked("#results .pick input >> nth=1"), false);
});

test("what has the focus is not hidden under what stays in sight", async (page) => {
	await page.goto("/");
	await page.check("#results .pick input >> nth=0");
	for (const direction of ["Tab", "Shift+Tab"]) {
		for (let i = 0; i < 60; i++) {
			await page.keyboard.press(direction);
			const hidden = await page.evaluate(() => {
				const at = document.activeElement, box = at.getBoundingClientRect();
				if (!at.closest("tbody"))
					return "";
				const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
				return at === top || at.contains(top) || top?.contains(at) ? "" : at.textContent || at.ariaLabel;
			});
			assert.equal(hidden, "");
		}
	}
});

test("heads of the table stay in sight on a desk", async (page) => {
	await page.goto("/?per_page=50");
	await page.$eval("#results tbody tr:nth-child(40)", (row) => row.scrollIntoView({ block: "center" }));
	assert.equal(await page.$eval("#sort-ppg", (link) => {
		const box = link.getBoundingClientRect();
		return link.contains(document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2));
	}), true);
	await page.click("#sort-ppg");
	await settled(page, "62 players", "?sort=ppg&per_page=50");
});

for (const scheme of ["light", "dark"]) {
	test(`on paper, from a ${scheme} screen: everything on the sheet, nothing to click`, { scheme }, async (page) => {
		for (const [address, shown] of [["/?ppg_min=21", "table.players"], ["/players/1", ".seasons"],
			["/compare?player=1&player=2&player=3&player=4&player=5&player=6", ".side-by-side"]]) {
			await page.goto(address);
			await page.emulateMedia({ media: "print" });
			await page.setViewportSize({ width: 703, height: 1000 });	/* A4 less its margins */
			assert.equal(await overflow(page), 0, `${address} is wider than the sheet`);
			assert.ok(await page.$eval(shown, (table) => table.scrollWidth <= table.closest(".scroll").clientWidth), `${address}: the table is cut`);
			for (const unwanted of [".masthead", ".filters", ".pager", "button", "input", ".remove", ".modes"])
				assert.equal(await page.$$eval(unwanted, (all) => all.filter((one) => one.checkVisibility({ visibilityProperty: true })).length), 0,
					`${unwanted} on ${address}`);
			assert.equal(await page.evaluate(() => getComputedStyle(document.body).color), "rgb(0, 0, 0)");
			await page.emulateMedia({ media: null });
			await page.setViewportSize({ width: 1280, height: 900 });
		}
	});
}

test("where one is, the head of the page says", async (page) => {
	const current = () => page.$$eval(".masthead [aria-current=page]", (all) => all.map((one) => one.textContent));
	for (const [address, want] of [["/", ["Players"]], ["/compare?player=1", ["Compare"]], ["/players/1", []]]) {
		await page.goto(address);
		assert.deepEqual(await current(), want);
	}
});

test("superseded figures on request; a season of two games does not stretch a trend", async (page) => {
	const [first, second] = league.records.filter((one) => one.player_external_id === "p1");
	drop("liga-later.json", { ...league, snapshot_date: "2024-07-31", records: [
		{ ...first, season: "2022", games_played: 2, points_per_game: 90 }, { ...second, rebounds_per_game: 11 }] });
	const address = await page.goto("/?name=player+01").then(() => page.getAttribute("#results tbody .who a", "href"));
	await until("the later snapshot", async () => {
		await page.goto(address);
		return (await page.innerText("main")).includes("liga-later.json");
	});
	assert.match(await page.innerText("h3"), /3 seasons, as told by invented$/);
	assert.equal(await page.isVisible(".history table"), false);
	await page.click(".history summary");
	const old = await page.innerText(".history tbody tr");
	for (const part of ["2024", "7.0", "invented", "2024-06-30", "liga.json", "superseded by liga-later.json"])
		assert.ok(old.includes(part), `${part} in ${old}`);
	assert.match(await page.innerText(".seasons tbody"), /not ranked: under 5 GP/);
	const points = page.locator(".trends figure:has(figcaption:text-is('Points per game'))");
	assert.deepEqual(await points.locator(".tick").allTextContents(), ["1", "0", "2022", "2024"]);
	assert.match(await points.locator("path.few title").textContent(), /^2022: 90\.0, .* \(2 GP\)$/);
	assert.match(await page.innerText(".trends .note"), /an arrow lies beyond the scale/);
	await axe(page, "the player's page with all that is on request");
	for (const width of [1280, 390]) {
		await page.setViewportSize({ width, height: 900 });
		assert.equal(await overflow(page), 0);
		assert.deepEqual(await spilling(page, ".ranked .when .about"), [], `under the season at ${width} px`);
		if (width === 390)
			assert.ok(await inSightAtFirst(page, ".ranked tbody tr:first-child .number") >= 3, "figures beside the season");
		await page.$eval(".trends", (one) => one.scrollIntoView());
		await shot(page, `trends-${width}`);
	}
});
