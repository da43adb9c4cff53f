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

const boxes = (page, ids) => page.evaluate((all) => all.map((id) => {
	const box = document.getElementById(id).getBoundingClientRect();
	return [box.x, box.width].map(Math.round).join(" ");
}), ids);
const inView = (page, selector) => page.$eval(selector, (one) => {
	const box = one.getBoundingClientRect();
	return box.height > 0 && box.top >= 0 && Math.min(box.bottom, box.top + 40) <= innerHeight;
});

test("what is typed wrong is said at its field, which stays in its place", { expects: ["400"] }, async (page) => {
	await page.goto("/?sort=-rpg");
	const fields = ["f-ppg_min", "f-mpg_min", "f-rpg_min", "f-age_max", "f-age_min"];
	const before = await boxes(page, fields);
	await page.fill("#f-ppg_min", "abc");
	await page.fill("#f-age_max", "-");
	await until("both", async () => (await page.$$("#filters .wrong")).length === 2);
	assert.equal(await focus(page), "f-age_max", "who is typing stays where he is");
	assert.deepEqual(await boxes(page, fields), before, "no field moved aside");
	assert.deepEqual(await page.$$eval("#results .problems .detail", (all) => all.map((one) => one.textContent.replace(/ must.*not/, ""))),
		["PPG at least (ppg_min) 'abc'", "Age at most (age_max) '-'"]);
	assert.match(await page.textContent("#why-age_max"), /a whole number from 0 to 150, like 21, not '-'/);
	await axe(page, "two refused values");
	await page.fill("#f-age_max", "");
	await until("one", async () => (await page.$$("#filters .wrong")).length === 1);
	assert.equal(await page.getAttribute("#f-age_max", "aria-describedby"), null);
	await page.fill("#f-ppg_min", "60");
	await settled(page, "1 player", "?ppg_min=60&sort=-rpg");
	assert.equal(await page.$("#filters .wrong"), null);
});

test("narrow: whoever sends the form is led to what came of it", { width: 390, expects: ["400"] }, async (page) => {
	await page.goto("/");
	await page.click(".more > summary");
	await page.fill("#f-ppg_min", "59");
	await settled(page, "2 players", "?ppg_min=59");
	assert.equal(await focus(page), "f-ppg_min", "who is typing stays where he is");
	assert.equal(await inView(page, "#total"), false, "else this test shows nothing");
	await page.keyboard.press("Enter");
	await until("the results", async () => (await focus(page)) === "results");
	assert.equal(await inView(page, "#total"), true);
	assert.equal(await inView(page, "#results tbody tr"), true);
	await page.fill("#f-age_min", "x");
	await page.fill("#f-height_max", "tall");
	await page.click(".filters .actions button");
	await until("the first wrong field", async () => (await focus(page)) === "f-age_min");
	assert.equal(await inView(page, "#why-age_min"), true);
	await page.fill("#f-age_min", "");
	await page.fill("#f-height_max", "");
	await page.fill("#f-name", "player");
	await page.fill("#f-mpg_min", "many");
	await page.click(".more > summary");
	assert.equal(await page.isVisible("#f-mpg_min"), false);
	await page.press("#f-name", "Enter");
	await until("the closed box opens", async () => (await focus(page)) === "f-mpg_min");
	assert.equal(await inView(page, "#why-mpg_min"), true);
});

test("wide: the focus stays in the field that was sent", async (page) => {
	await page.goto("/");
	await page.fill("#f-ppg_min", "60");
	await page.press("#f-ppg_min", "Enter");
	await settled(page, "1 player", "?ppg_min=60");
	assert.equal(await focus(page), "f-ppg_min");
});

for (const [how, js] of [["with script", true], ["without script", false]]) {
	test(`a refused address shows the form with what is wrong in it, ${how}`, { js, width: 390, expects: ["400"] }, async (page) => {
		await page.goto("/?ppg_min=abc&name=player&competition=NBA&height_max=tall&wing_span=2&sort=-rpg");
		const said = await page.$$eval("#refused .detail", (all) => all.map((one) => one.textContent));
		assert.deepEqual(said.map((one) => one.match(/\((.*?)\)|'(.*?)'/).slice(1).join("")), ["ppg_min", "competition", "height_max", "wing_span"]);
		assert.equal(await inView(page, "#refused .detail"), true);
		assert.equal(await page.title(), "This request cannot be understood · HoopScout");
		for (const [name, value] of [["ppg_min", "abc"], ["height_max", "tall"]]) {
			assert.equal(await page.inputValue(`#f-${name}`), value);
			assert.equal(await page.isVisible(`#f-${name}`), true, "its box is open");
			assert.equal(await page.getAttribute(`#f-${name}`, "aria-invalid"), "true");
			assert.ok(said.includes(await page.textContent(`#${await page.getAttribute(`#f-${name}`, "aria-describedby")}`)), name);
		}
		assert.equal(await page.inputValue("#f-name"), "player");
		assert.equal(await page.getAttribute("#f-name", "aria-invalid"), null);
		assert.equal(await page.isVisible("#why-competition"), true);
		if (js) {
			/* its list stays without numbers while the search is refused */
			await page.click("summary#f-competition");
			await axe(page, "a refused address");
		}
		await page.click("#refused a[href='#f-height_max']");
		assert.equal(await page.evaluate(() => document.activeElement.id), "f-height_max");
		await page.fill("#f-ppg_min", "");
		await page.fill("#f-height_max", "");
		await page.click("#filters .actions button");
		await until("the search", async () => (await total(page)) === "60 players");
		assert.match(page.url(), /[?&]sort=-rpg/, "the order is kept");
		assert.equal(await page.$("#refused"), null);
	});
}

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
