/* test_extractors.js: the extractor's pages by hand, with a script and without one. run.py serves the
 * feed of the built-in source. */
"use strict";

const { assert, axe, overflow, shot, signIn, test: plainTest, until } = require("./harness.js");

const test = (name, ...rest) => plainTest(`extractors: ${name}`, ...rest);
const SOURCE = "/admin/extractors/public_json_snapshot";
const SLOW = "/admin/extractors/slow";

/* Presses a button, and waits for the end of what it asks for; without a script by looking again. */
const press = async (page, id, js, want) => {
	await page.click(id);
	await page.waitForURL("**/admin/extractors/*?request=*");
	await until(`the end of ${id}`, async () => {
		if (await page.$(".asked.good, .asked.bad[role=status]"))
			return true;
		if (!js)
			await page.click("noscript a").catch(() => {});
		return false;
	}, 30);
	assert.match(await page.innerText(".asked[role=status]"), want);
};
const rest = (page) => until("rest", async () => (await page.$("#poll")) === null);

for (const js of [true, false]) {
	const how = js ? "with script" : "without script";

	test(`a dry run and its report, ${how}`, { js }, async (page) => {
		await signIn(page, "admin", "/admin/extractors");
		await page.click("#source-public_json_snapshot");
		await press(page, "#dry-run", js, /Dry run, asked for by admin: done: checked, 2 records/);
		assert.match(await page.innerText(".asked-run"), /What the dry run found/);
		if (js) {
			await rest(page);
			await axe(page, "a dry run");
		}
		await page.click(".asked a");
		assert.match(await page.innerText("h1"), /Extractor run \d+/);
		assert.match(await page.innerText(".facts"), /a dry run: the importer would take it/);
	});

	test(`run now, and on to the import, ${how}`, { js }, async (page) => {
		await signIn(page, "admin", SOURCE);
		await press(page, "#run-now", js, /Run now, asked for by admin: done: (emitted|unchanged)/);
		await page.click(".asked a");
		if (/emitted/.test(await page.innerText(".facts"))) {
			await until("the import", async () => {
				await page.reload();
				return page.$(".identity .badge.imported");
			});
			if (js)
				await axe(page, "a run");
			await page.click(".identity a");
			assert.match(page.url(), /\/admin\/imports\/files\/\d+$/);
		}
	});

	test(`a run that is cancelled, ${how}`, { js }, async (page) => {
		await signIn(page, "admin", SLOW);
		await page.click("#run-now");
		await page.waitForURL("**/slow?request=*");
		await until("its progress", async () => {
			if (!js)
				await page.reload();
			return (await page.$("#cancel")) !== null && /fetching/.test(await page.innerText(".under-way"));
		}, 30);
		if (js)
			await axe(page, "a run under way");
		await press(page, "#cancel", js, /Cancel, asked for by admin: done/);
		await until("its end", async () => {
			if (!js)
				await page.reload();
			return /cancelled/.test(await page.innerText("tbody tr"));
		});
	});

	test(`disable and enable, ${how}`, { js }, async (page) => {
		await signIn(page, "admin", SOURCE);
		await press(page, "#disable", js, /Disable, asked for by admin: done/);
		await page.waitForSelector("#enable");
		await press(page, "#enable", js, /Enable, asked for by admin: done/);
		await page.waitForSelector("#disable");
	});
}

test("a page follows a run by itself, keeps the focus, does not jump, and stops asking", async (page, context) => {
	await signIn(page, "admin", SLOW);
	let asked = 0;
	page.on("request", (request) => { asked += new URL(request.url()).pathname === SLOW ? 1 : 0; });
	await page.waitForTimeout(2000);
	assert.equal(asked, 0, "it asks though nothing moves");
	await page.click("#run-now");
	await page.waitForURL("**/slow?request=*");
	await until("its progress", async () => /fetching/.test(await page.innerText(".under-way")), 30);
	const top = () => page.evaluate(() => Math.round(document.querySelector("#results h2:last-of-type").getBoundingClientRect().top));
	await page.focus("#disable");
	const before = await top(), text = await page.innerText(".under-way");
	await until("more of it", async () => (await page.innerText(".under-way")) !== text, 30);
	assert.equal(await top(), before, "the page jumps");
	assert.equal(await page.evaluate(() => document.activeElement.id), "disable");
	const other = await context.newPage();
	await other.goto(SLOW);
	await other.click("#cancel");
	await other.close();
	await rest(page);
	const then = asked;
	await page.waitForTimeout(2500);
	assert.equal(asked, then, "it goes on asking");
});

test("a scout looks and has no buttons", async (page) => {
	await signIn(page, "scout", "/admin/extractors");
	await page.click("#source-public_json_snapshot");
	assert.equal(await page.$("main form"), null);
	assert.ok(await page.$("tbody tr"));
});

for (const [scheme, width] of [["light", 1280], ["dark", 1280], ["light", 390], ["dark", 390]]) {
	test(`the extractor's pages fit, ${scheme}, ${width} px`, { scheme, width }, async (page) => {
		const look = async (address, name) => {
			await page.goto(address);
			assert.equal(await overflow(page), 0, name);
			await axe(page, name);
			await shot(page, `${name}-${width}-${scheme}`);
		};
		await signIn(page, "admin", "/admin/extractors");
		await look("/admin/extractors", "extractors");
		await look(SOURCE, "extractors-source");
		await look("/admin/extractors/broken", "extractors-broken");
		await look("/admin/extractors/league", "extractors-league");
		await press(page, "#dry-run", true, /done/);
		await rest(page);
		assert.equal(await overflow(page), 0, "the report");
		await shot(page, `extractors-report-${width}-${scheme}`);
		await look(await page.getAttribute(".asked a", "href"), "extractors-run");
	});
}
