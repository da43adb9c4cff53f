/* test_base_path.js: the scout's work where HoopScout stands below a path of its host; run.py has set
 * HOOPSCOUT_BASE_PATH. */
"use strict";

const { assert, fillSignIn, PASSWORD, runAll, test, until } = require("./harness.js");
const { names, query, total } = require("./scout.js");

const BASE = process.env.HOOPSCOUT_TEST_BASE_PATH;
const path = (page) => new URL(page.url()).pathname;

/* Nothing that a page loads or leads to is outside. */
const staysInside = async (page) => {
	const outside = await page.evaluate((base) => [...document.querySelectorAll("[href], [src], [action], [hx-get]")]
		.map((one) => one.getAttribute("href") ?? one.getAttribute("src") ?? one.getAttribute("hx-get") ??
			one.getAttribute("action"))
		.filter((address) => address.startsWith("/") && !address.startsWith(`${base}/`)), BASE);
	assert.deepEqual(outside, []);
};

test("below a path: search, sort, a player, history, clearing", { always: true }, async (page) => {
	const outside = [];
	page.on("request", (request) => {
		if (!new URL(request.url()).pathname.startsWith(`${BASE}/`))
			outside.push(request.url());
	});
	await page.goto(`${BASE}/`);
	const all = await total(page);
	assert.match(all, /^[\d,]+ players$/);
	await staysInside(page);
	await page.evaluate(() => { window.stayed = true; });
	await page.click("#f-name");
	await page.keyboard.type("doncic", { delay: 30 });
	await until("a search by typing", async () => query(page) === "?name=doncic" && /^\d players?$/.test(await total(page)));
	assert.equal(path(page), `${BASE}/`);
	await page.fill("#f-name", "player");
	await until("a search by name", async () => query(page) === "?name=player");
	await page.click("#sort-rpg");
	await until("the order", async () => query(page) === "?name=player&sort=-rpg");
	const sorted = await names(page);
	assert.equal(await page.evaluate(() => window.stayed), true, "the page was loaded anew");
	assert.equal(path(page), `${BASE}/`);
	await page.click("#results tbody .who a");
	await page.waitForURL(new RegExp(`${BASE}/players/\\d+$`));
	await staysInside(page);
	assert.equal(await page.getAttribute(".back a", "href"), `${BASE}/?name=player&sort=-rpg`);
	await page.goBack();
	await until("the results are back", async () => query(page) === "?name=player&sort=-rpg");
	assert.deepEqual(await names(page), sorted);
	await page.goBack();
	await until("the order before", async () => query(page) === "?name=player");
	await page.click("#filters [data-clear]");
	await until("all players", async () => (await total(page)) === all);
	assert.equal(path(page), `${BASE}/`);
	await page.click("summary:has-text('Competition')");
	await page.locator("#filters .choice[data-choice=competition] .option .players").first().waitFor();
	assert.deepEqual(outside, []);
});

test("below a path: comparing the ticked", async (page) => {
	await page.goto(`${BASE}/`);
	await page.locator("#results .pick input").nth(0).check();
	await page.locator("#results .pick input").nth(1).check();
	await page.click("#compare [type=submit]");
	await page.waitForURL(/\/compare\?player=\d+&player=\d+/);
	assert.equal(path(page), `${BASE}/compare`);
	await staysInside(page);
});

test("below a path: signing in and out, an upload", async (page, context) => {
	await page.goto(`${BASE}/admin/imports`);
	assert.equal(path(page), `${BASE}/sign-in`);
	await fillSignIn(page, "admin", PASSWORD);
	await page.waitForURL(`**${BASE}/admin/imports`);
	const cookies = (await context.cookies()).filter((cookie) => cookie.name === "hoopscout");
	assert.deepEqual(cookies.map((cookie) => cookie.path), [BASE]);
	await staysInside(page);
	await page.setInputFiles("#upload input[type=file]", [{ name: "based.json", mimeType: "application/json",
		buffer: Buffer.from("{}") }]);
	await page.click("#upload button");
	await page.waitForURL(`**${BASE}/admin/imports/uploads?f=*`);
	await page.locator(".badge", { hasText: "failed" }).first().waitFor();
	await page.click(".masthead .visitor");
	await page.locator("form[action$='/sign-out'] button").first().click();
	await page.waitForURL(`**${BASE}/`);
	await page.locator(".masthead a", { hasText: "Sign in" }).waitFor();
});

runAll().catch((error) => {
	console.log(error.stack);
	console.log("browser: 0 passed, 1 failed");
	process.exitCode = 1;
});
