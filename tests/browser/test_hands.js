/* test_hands.js: the focus never falls out of the page, and what went wrong is said where it went wrong. */
"use strict";

const { assert, axe, test, until } = require("./harness.js");
const { choice, entries, settled, total } = require("./scout.js");

const focus = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.nodeName);
const status = (page, name) => page.textContent(`#status-${name}`);
const press = async (page, selector) => {
	await page.focus(selector);
	await page.keyboard.press("Enter");
};

test("the focus stays when what had it is replaced", async (page) => {
	await page.goto("/?page=2");
	await press(page, "#page-next");
	await settled(page, "62 players", "?page=3");
	assert.equal(await focus(page), "page-now", "the last page has no next one");
	await press(page, "#page-first");
	await settled(page, "62 players", "");
	assert.equal(await focus(page), "page-now", "the first page has no one before it");
	await press(page, "#per-page-100");
	await settled(page, "62 players", "?per_page=100");
	assert.equal(await focus(page), "per-page-100");
	await press(page, "#sort-rpg");
	await settled(page, "62 players", "?sort=-rpg&per_page=100");
	assert.equal(await focus(page), "sort-rpg");
});

test("the focus stays when a chip is gone", async (page) => {
	await page.goto("/?ppg_min=21&season=2023");
	await page.route("**/*", async (route) => {
		await new Promise((resolve) => setTimeout(resolve, 300));
		await route.continue().catch(() => {});
	});
	await page.fill("#f-name", "player");
	await press(page, ".chip:has-text('PPG')");
	await settled(page, "60 players", "?name=player&season=2023");
	assert.equal(await focus(page), "results");
});

test("the focus stays when a narrow list sorts", { width: 390 }, async (page) => {
	await page.goto("/");
	await page.click(".sort-by summary");
	await press(page, "#by-rpg");
	await settled(page, "62 players", "?sort=-rpg");
	assert.equal(await focus(page), "sorted-by");
});

test("Escape closes the explanation", async (page) => {
	await page.goto("/");
	await page.click(".meaning summary");
	await page.keyboard.press("Tab");
	await page.keyboard.press("Escape");
	assert.equal(await page.isVisible("text=A season is eligible when"), false);
	assert.equal(await page.evaluate(() => document.activeElement.parentElement.className), "meaning");
});

test("a refused value is told to all: by the live region, and by its field", { expects: ["400"] }, async (page) => {
	await page.goto("/");
	await page.fill("#f-ppg_min", "abc");
	await until("the explanation", async () => (await total(page)).includes("(ppg_min) must be a number from 0 to 150"));
	assert.equal(await page.getAttribute("#f-ppg_min", "aria-invalid"), "true");
	assert.match(await page.textContent(`#${await page.getAttribute("#f-ppg_min", "aria-describedby")}`), /not 'abc'/);
	await axe(page, "a refused value");
	await page.fill("#f-ppg_min", "60");
	await settled(page, "1 player", "?ppg_min=60");
	assert.equal(await page.getAttribute("#f-ppg_min", "aria-invalid"), null);
});

test("a list without numbers says why, and the search's total stays", { expects: ["503", "ERR_", "Failed to fetch"] }, async (page) => {
	await page.goto("/");
	await page.route("**/choices/team*", (route) => route.fulfill({ status: 503, contentType: "text/html",
		body: '<p hx-swap-oob="innerHTML:#total">Not at the moment</p><section id="results"><p class="detail">The database is away.</p></section>' }));
	await page.click("summary:has-text('Team')");
	await until("why", async () => (await status(page, "team")) === "No numbers of players: The database is away.");
	assert.equal(await total(page), "62 players");
	await page.route("**/choices/position*", (route) => route.abort());
	await page.click("summary:has-text('Position')");
	await until("why", async () => (await status(page, "position")) === "No numbers of players: HoopScout does not answer.");
	assert.equal(await total(page), "62 players");
	await page.unrouteAll();
	await page.click("summary:has-text('Position')");
	await page.click("summary:has-text('Position')");
	await until("numbers again", async () => (await status(page, "position")) === "" && (await entries(page, "position"))[0] === "C 21");
});

test("a short list of countries is narrowed by any spelling", async (page) => {
	await page.goto("/");
	await page.click("summary:has-text('Nationality')");
	await until("the list", async () => (await entries(page, "nationality")).length === 2);
	await page.$eval(`${choice("nationality")} summary`, (summary) =>
		summary.insertAdjacentHTML("afterend", '<input class="find" data-narrow aria-label="narrow">'));
	for (const [typed, found] of [["SRB", "Serbia"], ["fra", "France"]]) {
		await page.fill(`${choice("nationality")} .find`, typed);
		assert.deepEqual((await entries(page, "nationality")).map((one) => one.split(" ")[0]), [found]);
	}
});
