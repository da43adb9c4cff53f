/* test_pages.js: the scout's work in a real browser, with script and without. */
"use strict";

const { assert, axe, drop, overflow, runAll, shot, test, until } = require("./harness.js");
const league = require("./league.js");
const { choice, entries, names, query, sameWhenOpened, settled, settledList, total } = require("./scout.js");

test("main job: drop a snapshot, find the player, open him, come back", { always: true }, async (page) => {
	await page.goto("/");
	assert.equal(await total(page), "No players yet");
	assert.ok((await page.innerText("#results")).includes(process.env.HOOPSCOUT_TEST_INCOMING), "into which folder");
	assert.doesNotMatch(await page.innerText("main"), /everybody is here|Where and when/);
	await axe(page, "nobody yet");
	await shot(page, "empty-1280");

	drop("liga.json", league);
	await until("the snapshot is imported", async () => {
		await page.reload();
		return (await total(page)) === "62 players";
	});
	assert.deepEqual((await names(page)).slice(0, 2), ["Player 60", "Player 59"]);
	await page.evaluate(() => { window.stayed = true; });

	await page.click("#f-name");
	await page.keyboard.type("doncic", { delay: 30 });
	await settled(page, "1 player", "?name=doncic");
	assert.deepEqual(await names(page), ["Luka Dončić"]);
	assert.equal(await page.evaluate(() => window.stayed), true, "the page was loaded anew");
	assert.equal(await page.evaluate(() => document.activeElement.id), "f-name", "the field lost the focus");
	await page.keyboard.type("x");
	await settled(page, "No player found", "?name=doncicx");
	await page.keyboard.press("Backspace");
	await settled(page, "1 player", "?name=doncic");

	await page.click("text=Luka Dončić");
	await page.waitForURL(/\/players\/\d+$/);
	assert.equal(await page.textContent("h1"), "Luka Dončić");
	const row = await page.innerText(".seasons tbody tr");
	assert.match(await page.innerText("main h3"), /^Liga\s+1 season, as told by invented$/);
	for (const part of ["2024", "33.9", "2024-06-30", "liga.json", "#1"])
		assert.ok(row.includes(part), `${part} in ${row}`);
	assert.match(await page.innerText(".facts"), /201 cm[\s\S]*104 kg/);
	assert.equal(await page.title(), "Luka Dončić · HoopScout");
	assert.match(await page.getAttribute(".back a", "href"), /\?name=doncic$/);
	await page.goBack();
	await settled(page, "1 player", "?name=doncic");
	assert.equal(await page.inputValue("#f-name"), "doncic");
	assert.deepEqual(await names(page), ["Luka Dončić"]);
});

test("filters: results, address and chips in step", async (page, context) => {
	await page.goto("/");
	await page.fill("#f-ppg_min", "21");
	await settled(page, "42 players", "?ppg_min=21");
	await page.click("summary:has-text('Season')");
	await page.check(".choice:has(input[name=season]) .option:has-text('2023') input");
	await settled(page, "20 players", "?season=2023&ppg_min=21");
	assert.equal((await names(page))[0], "Player 60");
	assert.equal((await page.innerText(".choice:has(input[name=season]) .count")).trim(), "1");
	await page.click("summary:has-text('Position')");
	await page.check(".choice:has(input[name=position]) .option:has-text('C') input");
	await settled(page, "8 players", "?position=C&season=2023&ppg_min=21");
	await sameWhenOpened(page, context);
	await page.reload();
	/* its number of players may be there already, or not yet */
	assert.equal(await page.$eval(".choice:has(input[name=season]) .option span", (name) => name.firstChild.textContent.trim()), "2023",
		"what is chosen comes first");
	assert.deepEqual(await page.$$eval(".chip", (chips) => chips.map((chip) => chip.firstChild.textContent)),
		["Position: C", "Season: 2023", "PPG ≥ 21"]);
	await page.click(".chip:has-text('Season')");
	await settled(page, "15 players", "?position=C&ppg_min=21");
	assert.equal(await page.isChecked(".choice:has(input[name=season]) .option:has-text('2023') input"), false);
	await page.click("text=Clear all");
	await settled(page, "62 players", "");
});

test("sorting: by any column, kept while filtering", async (page, context) => {
	await page.goto("/");
	assert.equal(await page.getAttribute("th:has(#sort-ppg)", "aria-sort"), "descending");
	await page.click("#sort-ppg");
	await settled(page, "62 players", "?sort=ppg");
	assert.equal((await names(page))[0], "Player 01");
	assert.equal(await page.getAttribute("th:has(#sort-ppg)", "aria-sort"), "ascending");
	assert.equal(await page.evaluate(() => document.activeElement.id), "sort-ppg", "the head lost the focus");
	await page.focus("#sort-name");
	await page.keyboard.press("Enter");
	await settled(page, "62 players", "?sort=name");
	assert.equal((await names(page))[0], "Karl-Anthony Towns");
	await page.fill("#f-ppg_min", "59");
	await settled(page, "2 players", "?ppg_min=59&sort=name");
	assert.deepEqual(await names(page), ["Player 59", "Player 60"]);
	await sameWhenOpened(page, context);
	for (const clear of ["#results .reset", "#filters .actions a"]) {
		await page.click(clear);
		await settled(page, "62 players", "?sort=name");
		await page.fill("#f-ppg_min", "59");
		await settled(page, "2 players", "?ppg_min=59&sort=name");
	}
	await page.goto("/?ppg_min=59");
	await page.click("#sort-apg");
	await settled(page, "2 players", "?ppg_min=59&sort=-apg");
	await page.click("#filters .actions a");
	await settled(page, "62 players", "?sort=-apg");
	await page.goto("/?sort=name");
	await page.click("#sort-apg");
	await settled(page, "62 players", "?sort=-apg");
	assert.ok((await page.innerText("#results tbody tr")).includes("-"), "nothing known is shown as -");
});

test("a click just after typing counts, however slow the answers", async (page) => {
	for (const pause of [0, 400]) {
		await page.goto("/?ppg_min=59&sort=name");
		await page.route(/sort=/, async (route) => {
			await new Promise((resolve) => setTimeout(resolve, 700));
			await route.continue();
		});
		await page.fill("#f-ppg_min", "");
		await page.waitForTimeout(pause);	/* the form's own request is not sent, or under way */
		await page.click("#sort-apg");
		await settled(page, "62 players", "?sort=-apg");
		await page.unroute(/sort=/);
	}
});

test("pages: onwards and back, with the browser's buttons too", async (page, context) => {
	await page.goto("/");
	await page.click("#page-next");
	await settled(page, "62 players", "?page=2");
	assert.equal((await names(page)).length, 25);
	await sameWhenOpened(page, context);
	await page.click("#page-last");
	await settled(page, "62 players", "?page=3");
	assert.equal((await names(page)).length, 12);
	await page.goBack();
	await settled(page, "62 players", "?page=2");
	await page.goBack();
	await settled(page, "62 players", "");
	await page.goForward();
	await settled(page, "62 players", "?page=2");
	await page.click("#per-page-50");
	await settled(page, "62 players", "?per_page=50");
	await page.fill("#f-name", "player");
	await settled(page, "60 players", "?name=player&per_page=50");
	await sameWhenOpened(page, context);
});

test("history: back brings the form along", async (page, context) => {
	await page.goto("/");
	await page.fill("#f-ppg_min", "50");
	await settled(page, "11 players", "?ppg_min=50");
	await page.fill("#f-ppg_min", "60");
	await settled(page, "1 player", "?ppg_min=60");
	await page.goBack();
	await settled(page, "11 players", "?ppg_min=50");
	assert.equal(await page.inputValue("#f-ppg_min"), "50");
	await sameWhenOpened(page, context);
	/* and what came back still works */
	await page.fill("#f-ppg_min", "59");
	await settled(page, "2 players", "?ppg_min=59");
	await page.reload();
	await settled(page, "2 players", "?ppg_min=59");
	assert.equal(await page.inputValue("#f-ppg_min"), "59");
});

test("Enter searches at once, and one search is one step back", async (page) => {
	await page.goto("/");
	await page.fill("#f-name", "towns");
	await page.press("#f-name", "Enter");
	await settled(page, "1 player", "?name=towns");
	await page.press("#f-name", "Enter");
	await page.waitForTimeout(400);
	await page.goBack();
	await settled(page, "62 players", "");
});

test("a bad value is explained where the results were", { expects: ["400"] }, async (page) => {
	await page.goto("/");
	await page.fill("#f-ppg_min", "abc");
	await until("the explanation", async () => (await page.textContent("#results")).includes("PPG at least (ppg_min) must be a number"));
	assert.equal(query(page), "", "a search that cannot be is no address");
	await page.click("text=Go to the field");
	await page.fill("#f-ppg_min", "60");
	await settled(page, "1 player", "?ppg_min=60");
});

test("an older answer never lands last", async (page) => {
	let held = null;
	await page.route(/name=player&/, async (route) => {
		held = route;	/* not answered until the newer one is there */
	});
	await page.goto("/");
	await page.fill("#f-name", "player");
	await until("the first search is on its way", async () => held !== null);
	await page.fill("#f-name", "player 60");
	await settled(page, "1 player", "?name=player+60");
	await held.continue().catch(() => {});
	await page.waitForTimeout(500);
	await settled(page, "1 player", "?name=player+60");
});

test("narrowing a list of choices is no search", async (page) => {
	await page.goto("/");
	await page.click("summary:has-text('Team')");
	await until("the counts", async () => (await entries(page, "team"))[1] === "Team B 5");
	const asked = [];
	page.on("request", (request) => asked.push(request.url()));
	await page.fill(`${choice("team")} .find`, "TÉAM b");
	await page.press(`${choice("team")} .find`, "Enter");
	assert.deepEqual(await entries(page, "team"), ["Team B 5"]);
	assert.equal(await page.textContent("#status-team"), "1 found");
	await page.waitForTimeout(500);
	assert.deepEqual(asked, []);
	await page.check(`${choice("team")} .option:has-text('Team B') input`);
	await settled(page, "5 players", "?team=invented:T1");
});

test("lists count for the filters in force, and move nothing when counts come", async (page, context) => {
	await page.goto("/");
	const top = () => page.$eval("legend:has-text('The player')", (legend) => legend.getBoundingClientRect().top);
	let release;
	const released = new Promise((resolve) => { release = resolve; });
	await page.route("**/choices/**", async (route) => {
		await released;
		await route.continue();
	});
	await page.click("summary:has-text('Nationality')");
	const before = await top();
	assert.deepEqual(await entries(page, "nationality"), ["France", "Serbia"]);
	release();
	await settledList(page, "nationality", ["France 30", "Serbia 30"]);
	assert.equal(await top(), before, "the page moved");
	await page.fill("#f-ppg_min", "40");
	await settledList(page, "nationality", ["France 11", "Serbia 10"]);
	await page.check(`${choice("nationality")} .option:has-text('Serbia') input`);
	await settled(page, "10 players", "?nationality=Serbia&ppg_min=40");
	await settledList(page, "nationality", ["France 11", "Serbia 10"]);	/* what else there would be */
	await page.click("summary:has-text('Position')");
	await settledList(page, "position", ["C 3", "G 7"]);
	await sameWhenOpened(page, context);
	await page.goBack();
	await settled(page, "21 players", "?ppg_min=40");
});

test("a list that cannot be counted keeps what is chosen, and shows no old numbers", { expects: ["400"] }, async (page) => {
	await page.goto("/?nationality=Serbia");
	await settledList(page, "nationality", ["Serbia 30", "France 30"]);
	await page.fill("#f-ppg_min", "abc");
	await until("the explanation", async () => (await page.textContent("#results")).includes("PPG at least (ppg_min) must be a number"));
	await until("no numbers", () => page.$eval(`${choice("nationality")} .players`, (one) => getComputedStyle(one).opacity === "0"));
	assert.equal(await page.isChecked(`${choice("nationality")} .option:has-text('Serbia') input`), true);
	await page.fill("#f-ppg_min", "60");
	await settledList(page, "nationality", ["Serbia 0", "France 1"]);
	await until("numbers", () => page.$eval(`${choice("nationality")} .players`, (one) => getComputedStyle(one).opacity === "1"));
});

test("the server away is said, and forgotten when it is back", { expects: ["ERR_", "Failed to fetch"] }, async (page) => {
	await page.goto("/");
	await page.route("**/*", (route) => route.abort());
	await page.fill("#f-name", "towns");
	await until("the message", async () => (await total(page)).includes("does not answer"));
	await page.unroute("**/*");
	await page.press("#f-name", "Enter");
	await settled(page, "1 player", "?name=towns");
});

test("without script: the same work by forms and links", { js: false }, async (page, context) => {
	await page.goto("/");
	await page.fill("#f-name", "doncic");
	await page.click("#filters button");
	assert.equal(await total(page), "1 player");
	await page.click("#results tbody a");
	assert.equal(await page.textContent("h1"), "Luka Dončić");
	await page.click(".back a");
	assert.equal(query(page), "?name=doncic");
	assert.equal(await page.inputValue("#f-name"), "doncic");
	await page.click("text=Clear all");
	await page.fill("#f-ppg_min", "21");
	await page.click("summary:has-text('Season')");
	await page.check(".option:has-text('2023') input");
	await page.click("#filters button >> nth=0");
	assert.equal(await total(page), "20 players");
	await page.click("#sort-rpg");
	assert.match(query(page), /sort=-rpg/);
	assert.equal(await total(page), "20 players");
	await page.fill("#f-name", "player");
	await page.click("#filters button >> nth=0");
	assert.match(query(page), /sort=-rpg/, "the order is lost when the form is sent");
	await page.click(".filters .actions a");
	assert.equal(query(page), "?sort=-rpg", "clearing the filters keeps the order");
	await page.goto("/");
	await page.click("#page-next");
	assert.equal(query(page), "?page=2");
	await page.click("#per-page-100");
	assert.equal((await names(page)).length, 62);
});

test("without script: what was typed beside a bad number is not lost", { js: false, expects: ["400"] }, async (page) => {
	await page.goto("/?sort=-rpg&position=C");
	await page.fill("#f-name", "player");
	await page.fill("#f-ppg_min", "abc");
	await page.fill("#f-rpg_min", " 2,5 ");
	await page.click("#filters button >> nth=0");
	assert.match(await page.innerText("main"), /This request cannot be understood\s+PPG at least \(ppg_min\) must be a number from 0 to 150, like 12\.5, not 'abc'/);
	await page.click("text=Back to the search without it");
	assert.equal(query(page), "?name=player&position=C&rpg_min=2.5&sort=-rpg");
	assert.equal(await page.inputValue("#f-rpg_min"), "2.5");
});

test("without script, narrow: filters in their box", { js: false, width: 390 }, async (page) => {
	await page.goto("/");
	assert.equal(await page.isVisible("#f-ppg_min"), false);
	await page.click(".more > summary");
	await page.fill("#f-ppg_min", "60");
	await page.click(".filters .actions button");
	assert.equal(await total(page), "1 player");
	assert.equal(await overflow(page), 0);
});

test("without script: tick, compare, add, choose a season, take away", { js: false }, async (page) => {
	const compared = () => page.$$eval(".side-by-side thead th > a:first-child", (links) => links.map((link) => link.textContent));
	const best = (head) => page.$$eval(".side-by-side tbody tr", (rows, wanted) => rows.filter((row) => row.cells[0].innerText === wanted)
		.flatMap((row) => [...row.cells].map((cell) => cell.innerText.includes("★"))), head);
	await page.goto("/?ppg_min=59");
	for (const box of await page.$$("#results .pick input"))
		await box.check();
	await page.click("#compare button");
	assert.deepEqual(await compared(), ["Player 60", "Player 59"]);
	assert.deepEqual(await best("PPG"), [false, true, false]);
	await page.fill("#f-name", "doncic");
	await page.click(".add button");
	await page.click("text=Add Luka Dončić");
	assert.deepEqual(await compared(), ["Player 60", "Player 59", "Luka Dončić"]);
	await page.click(".by-season summary");
	await page.click(".by-season a:has-text('2023')");
	assert.match(await page.innerText(".side-by-side thead"), /no season 2023/);
	await page.click("text=Career bests");
	await page.click("text=Remove Player 59");
	assert.deepEqual(await compared(), ["Player 60", "Luka Dončić"]);
	await page.click(".side-by-side thead a:has-text('Player 60')");
	await page.click("text=Compare with others");
	assert.deepEqual(await compared(), ["Player 60"]);
});

test("ticking is no search", async (page) => {
	await page.goto("/?ppg_min=59");
	const asked = [];
	page.on("request", (request) => asked.push(request.url()));
	await page.waitForLoadState("networkidle");
	asked.length = 0;
	await page.check("#results .pick input >> nth=0");
	await page.waitForTimeout(500);
	assert.deepEqual(asked.filter((address) => !address.includes("/static/")), [], "but for the icon, which may come late");
});

test("narrow: every compared figure can be reached beside its name", { width: 390 }, async (page) => {
	await page.goto("/compare?player=1&player=2&player=3&player=4&player=5&player=6");
	await page.$eval(".compare .scroll", (region) => { region.scrollIntoView(); region.scrollLeft = region.scrollWidth; });
	const inSight = (selector) => page.$eval(selector, (cell) => {
		const box = cell.getBoundingClientRect();
		return box.left >= 0 && box.right <= innerWidth && cell.contains(document.elementFromPoint(box.left + box.width / 2, box.top + 4));
	});
	assert.ok(await inSight(".side-by-side tbody tr:nth-child(3) td:last-child"));
	assert.ok(await inSight(".side-by-side tbody tr:nth-child(3) th"));
});

const pages = [
	["search", "/"], ["choices", "/choices/team?ppg_min=21&find=team"], ["filtered", "/?ppg_min=21&season=2023&sort=-rpg&team=invented:T1&team=invented:T2"],
	["nobody", "/?name=nobody"], ["beyond", "/?page=99"], ["player", "/players/1"],
	["compare", "/compare?player=1&player=2&player=3&name=player"], ["bests", "/compare?player=1&player=2&figures=best"], ["compare-none", "/compare"],
	["compare-six", "/compare?player=1&player=2&player=3&player=4&player=5&player=6"], ["compare-bad", "/compare?player=x"],
	["bad", "/?ppg=1"], ["missing", "/nothing"], ["nobody-known", "/players/999999"],
];

for (const width of [1280, 390, 320]) {
	for (const scheme of ["light", "dark"]) {
		test(`every page at ${width} px, ${scheme}: nothing spills, axe finds nothing`,
			{ width, scheme, expects: ["400", "404"] }, async (page) => {
				for (const [name, address] of pages) {
					await page.goto(address);
					assert.equal(await overflow(page), 0, `${name} is wider than the screen`);
					await axe(page, name);
					await shot(page, `${name}-${width}-${scheme}`);
				}
				await page.goto("/");
				if (width < 1280)
					await page.click(".more > summary");
				for (const summary of await page.$$(".choice summary"))
					await summary.click();
				assert.equal(await overflow(page), 0, "the open form is wider than the screen");
				await axe(page, "the open form");
				await shot(page, `form-${width}-${scheme}`);
			});
	}
}

test("narrow: every figure can be reached, and the sorted one is in sight", { width: 390 }, async (page) => {
	await page.goto("/?sort=-rpg");
	const inSight = (selector) => page.$eval(selector, (cell) => {
		const box = cell.getBoundingClientRect();
		const top = document.elementFromPoint(box.left + box.width / 2, box.top + 4);
		return box.left >= 0 && box.right <= innerWidth && cell.contains(top);
	});
	await page.$eval("#results", (results) => results.scrollIntoView());
	assert.ok(await inSight("#results tbody tr td.sorted"), "the sorted figure is out of sight");
	assert.ok(await inSight("#results tbody tr .who"));
	await page.$eval("#results .scroll", (region) => { region.scrollLeft = region.scrollWidth; });
	assert.ok(await inSight("#results tbody tr td:last-child"), "the last figure cannot be reached");
	assert.ok(await inSight("#results tbody tr .who"), "the name scrolls away");
	const hidden = await page.$$eval("#results tbody tr:first-child td:nth-last-child(-n+4)", (cells) => cells.filter((cell) => {
		const box = cell.getBoundingClientRect();
		return !cell.contains(document.elementFromPoint(box.right - 8, box.top + 4));
	}).length);
	assert.equal(hidden, 0, "the sorted figure lies over others");
	await page.$eval("#results .scroll", (region) => { region.scrollLeft = 0; });
	assert.equal(await page.$eval(".players .span span", (one) => one.getClientRects().length === 1 &&
		one.getBoundingClientRect().height < 24 && one.getBoundingClientRect().right <= innerWidth - 16), true, "Best Eligible in one line");
});

test("names and what is known of a player break only between words", async (page) => {
	await page.goto("/?ppg_min=60");
	await page.evaluate(() => {
		const texts = (parts) => parts.map((part) => Object.assign(document.createElement("span"), { textContent: part }));
		document.querySelector("tbody .who a").textContent = "Giannis Antetokounmpo";
		document.querySelector("tbody .who .about").replaceChildren(...texts(["SG", "United States", "1 season"]));
		const cells = [...document.querySelectorAll("tbody td")].slice(-2);
		[cells[0].textContent, cells[1].textContent] = ["38.3", "100.0"];
	});
	const lines = (selector) => page.$eval(selector, (one) => {
		const text = document.createRange();
		text.selectNodeContents(one);
		return new Set([...text.getClientRects()].map((box) => Math.round(box.bottom))).size;
	});
	assert.equal(await lines("tbody .who .about"), 1, "SG · United States · 1 season");
	assert.ok(await page.$$eval("tbody td", (cells) => {
		const [left, right] = cells.slice(-2).map((cell) => {
			const text = document.createRange();
			text.selectNodeContents(cell);
			return text.getBoundingClientRect();
		});
		return right.left - left.right >= 9;
	}), "38.3 and 100.0 nearly touch");
	await page.setViewportSize({ width: 390, height: 844 });
	assert.equal(await lines("tbody .who a"), 2, "Giannis / Antetokounmpo");
});

test("beyond the last page, no page is said to be there", async (page) => {
	await page.goto("/?page=4");
	assert.match(await page.innerText(".empty"), /There is no page 4: the last one is 3/);
	assert.doesNotMatch(await page.innerText(".pager"), /Page \d/);
	await page.click("#page-previous");
	await settled(page, "62 players", "?page=3");
});

for (const width of [1280, 390]) {
	test(`a found player's source is named, without a line of its own, at ${width} px`, { width }, async (page) => {
		await page.goto("/");
		const heights = await page.evaluate(() => {
			const row = document.querySelector("#results tbody tr");
			const source = row.querySelector(".source");
			const [text, shown, whole] = [source.innerText, source.getBoundingClientRect().width, row.offsetHeight];
			source.remove();
			return { text, shown, whole, without: row.offsetHeight };
		});
		assert.equal(heights.text, "invented");
		assert.ok(heights.shown > 20 && heights.whole === heights.without, JSON.stringify(heights));
	});
}

test("narrow: a list sorts", { width: 390 }, async (page) => {
	await page.goto("/");
	await page.click(".sort-by summary");
	await page.click("#by-rpg");
	await settled(page, "62 players", "?sort=-rpg");
	assert.match(await page.innerText(".sort-by summary"), /Rebounds per game/);
});

test("the keyboard reaches everything, visibly", async (page) => {
	await page.goto("/");
	await page.keyboard.press("Tab");
	assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
	assert.ok((await page.evaluate(() => document.activeElement.getBoundingClientRect().top)) >= 0);
	const seen = new Set();
	for (let i = 0; i < 80; i++) {
		await page.keyboard.press("Tab");
		const focus = await page.evaluate(() => {
			const style = getComputedStyle(document.activeElement);
			return [document.activeElement.id || document.activeElement.className, style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2];
		});
		seen.add(focus[0]);
		assert.ok(focus[1] || focus[0] === "", `${focus[0]} does not show its focus`);
	}
	for (const id of ["f-name", "f-ppg_min", "f-age_min", "sort-ppg", "scroll"])
		assert.ok(seen.has(id), `Tab never came to ${id}`);
});

require("./test_accounts.js");
require("./test_hands.js");
require("./test_look.js");

const teams = [];
for (let i = 0; i < 8000; i++)
	teams.push({ competition_external_id: "W", competition_name: "World", season: "2022", team_external_id: `w${i}`,
		team_name: `Łódź ${String(i).padStart(4, "0")}`, player_external_id: `w${i % 7000}`, full_name: `World ${i % 7000}`, points_per_game: 1 });

test("8,000 teams: found by typing", { always: true }, async (page) => {
	drop("world.json", { source_name: "world", snapshot_date: "2024-06-30", records: teams });
	await page.goto("/");
	await until("the world is imported", async () => {
		await page.reload();
		return (await total(page)) === "7,062 players";
	}, 60);
	assert.equal(await page.$$eval(`${choice("team")} .option`, (all) => all.length), 0, "the list was sent");
	const top = () => page.$eval(".choice[data-choice=position]", (one) => one.getBoundingClientRect().top);
	await page.click("summary:has-text('Team')");
	const before = await top();
	await until("the teams with the most players", async () => (await entries(page, "team"))[0] === "Team F 6");
	assert.equal((await entries(page, "team")).length, 50);
	assert.match(await page.textContent("#status-team"), /^50 of 8,012 teams, those with the most players/);
	assert.equal(await top(), before, "the page moved");
	assert.ok(await page.evaluate(() => document.documentElement.scrollHeight - document.body.getBoundingClientRect().bottom - scrollY) < 1,
		"the page is longer than what is on it");
	await shot(page, "teams-1280-light");

	/* an older answer never lands last; nothing typed is lost; it is no search */
	let held = null;
	await page.route(/find=lodz\+79&|find=lodz\+79$/, async (route) => {
		held = route;
	});
	await page.click(`${choice("team")} .find`);
	await page.keyboard.type("lodz 79", { delay: 20 });
	await until("the first is on its way", async () => held !== null);
	await page.keyboard.type("99", { delay: 20 });
	await settledList(page, "team", ["Łódź 7999 1"]);
	assert.ok(await page.$eval("#options-team", (one) => one.getBoundingClientRect().height) < 60, "a hole under the one that is found");
	await held.continue().catch(() => {});
	await page.waitForTimeout(400);
	await settledList(page, "team", ["Łódź 7999 1"]);
	assert.equal(await page.evaluate(() => document.activeElement.value), "lodz 7999", "the field lost letters or the focus");
	assert.equal(await page.textContent("#status-team"), "1 found");
	assert.equal(query(page), "");
	await page.keyboard.press("Enter");
	await page.keyboard.press("Tab");
	await page.keyboard.press("Space");
	await settled(page, "1 player", "?team=world:w7999");
	await page.focus(`${choice("team")} .find`);
	await page.keyboard.press("Escape");
	await until("all again, the chosen one first", async () => (await entries(page, "team")).length === 51);
	assert.equal((await entries(page, "team"))[0], "Łódź 7999 1");
	await axe(page, "the list of teams");
	await page.fill(`${choice("team")} .find`, "nobody");
	await until("none", async () => (await page.textContent("#status-team")) === "None of the teams is called so.");
	await settledList(page, "team", ["Łódź 7999"]);
});

for (const [width, scheme] of [[1280, "light"], [390, "dark"]]) {
	test(`8,000 teams without script, ${width} px, ${scheme}`, { js: false, width, scheme }, async (page) => {
		await page.goto("/?ppg_min=1&sort=-rpg");
		if (width === 390)
			await page.click(".more > summary");
		await page.click("summary:has-text('Team')");
		assert.equal(await page.isVisible(`${choice("team")} .find`), false, "a field that does nothing");
		await page.click("button:has-text('Find teams')");
		assert.equal(await page.textContent("h1"), "Choose teams");
		await shot(page, `choose-${width}-${scheme}`);
		await page.fill("#find", "łódź 1234");
		await page.click("button:has-text('Find')");
		await page.check(".option:has-text('Łódź 1234') input");
		await page.fill("#find", "lodz 4321");
		await page.click("button:has-text('Find')");
		await page.check(".option:has-text('Łódź 4321') input");
		assert.equal(await page.isChecked(".option:has-text('Łódź 1234') input"), true);
		await page.click("button:has-text('Show the players')");
		assert.equal(await total(page), "2 players");
		assert.equal(query(page), "?team=world:w1234&team=world:w4321&ppg_min=1&sort=-rpg");
	});
	test(`choosing on a page of its own, ${width} px, ${scheme}: axe finds nothing`, { width, scheme }, async (page) => {
		await page.goto("/choices/team?find=lodz+12");
		assert.equal(await overflow(page), 0);
		await axe(page, "choosing");
	});
}

require("./test_identities.js");
require("./test_quality.js");
/* Last, since they bring in players whom nobody above expects. */
require("./test_extractors.js");
require("./test_imports.js");
require("./test_markup.js");

runAll().catch((error) => {
	console.log(error.stack);
	console.log("browser: 0 passed, 1 failed");
	process.exitCode = 1;
});
