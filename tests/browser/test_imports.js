/* test_imports.js: the import history and uploads by hand, with a script and without one. */
"use strict";

const { assert, axe, drop, overflow, shot, signIn, test: plainTest, until } = require("./harness.js");

const test = (name, ...rest) => plainTest(`imports: ${name}`, ...rest);
const path = (page) => new URL(page.url()).pathname + new URL(page.url()).search;
const files = (page) => page.$$eval("#results tbody th a", (links) => links.map((link) => link.textContent));
const fates = (page) => page.$$eval("#results .fates li", (lines) => lines.map((line) =>
	`${line.querySelector(".name").textContent}: ${line.querySelector(".badge").textContent}`));

let made = 0;
const record = {
	competition_external_id: "c1", competition_name: "Uploaded league", season: "2024-25", team_external_id: "t1", team_name: "Club",
	player_external_id: "p1", full_name: "Uploaded player", games_played: 10, points_per_game: 3.5,
};
/* A file as a browser is given one; of a content that nobody else has. */
const file = (name, snapshot) => ({
	name, mimeType: "application/json",
	buffer: Buffer.from(JSON.stringify(snapshot ?? { source_name: `uploaded-${++made}`, snapshot_date: "2025-01-31", records: [record] })),
});
const bad = (more) => ({ source_name: `bad-${++made}`, snapshot_date: "2025-01-31", records: [{ ...record, height_cm: "tall", ...more }] });

/* Once nothing moves. */
const settled = (page, want) => until(`the fates ${want}`, async () => {
	if (!(await page.$("#poll")) && JSON.stringify(await fates(page)) === JSON.stringify(want))
		return true;
	if (await page.evaluate(() => document.querySelector("noscript a") !== null && document.querySelector("noscript").children.length > 0))
		await page.click("noscript a");
	return false;
}).catch(async (error) => { throw new Error(`${error.message}; got ${await fates(page)}`); });

/* The request that the page shows has done what was asked; without a script somebody looks again. */
const ended = (page, js) => until("the request's end", async () => {
	if (!js && await page.$("noscript a"))
		await page.reload();
	return page.$(".asked.good, .asked.bad");
});

for (const js of [true, false]) {
	const how = js ? "with script" : "without script";

	test(`uploading several snapshots, and what becomes of them, ${how}`, { js }, async (page) => {
		await signIn(page, "admin", "/admin/imports");
		await page.setInputFiles("#upload-files", [file(`one-${how}.json`), file(`two-${how}.json`), file(`wrong-${how}.json`, bad())]);
		await page.click("#upload button");
		await page.waitForURL("**/admin/imports/uploads?*");
		await settled(page, [`one-${how}.json: imported`, `two-${how}.json: imported`, `wrong-${how}.json: failed`]);
		if (js)
			await axe(page, "the fates of uploads");
		await page.click("#results .fates a >> nth=2");
		assert.equal(await page.innerText("h1"), `wrong-${how}.json`);
		assert.match(await page.innerText(".problems"), /height_cm/);
		if (js)
			await axe(page, "a failed file");
	});

	test(`a failed file once more, ${how}`, { js }, async (page) => {
		drop(`retry-${how}.json`, bad());
		await signIn(page, "admin", "/admin/imports/files?status=failed");
		await until("it failed", async () => {
			await page.reload();
			return (await files(page)).includes(`retry-${how}.json`);
		});
		await page.click(`text=retry-${how}.json`);
		await page.click("text=Import it again");
		await ended(page, js);
		assert.match(await page.innerText(".asked"), /Import it again, asked for by admin: done: 1 failed/);
		await page.click(".asked a");
		assert.match(await page.innerText("h1"), /Import run \d+/);
		assert.deepEqual(await files(page), [`retry-${how}.json`]);
		if (js)
			await axe(page, "a run");
	});

	test(`a failed file is deleted once that was confirmed, ${how}`, { js }, async (page) => {
		drop(`delete-${how}.json`, bad());
		await signIn(page, "admin", "/admin/imports/files?q=delete-");
		await until("it failed", async () => {
			await page.reload();
			return (await files(page)).includes(`delete-${how}.json`);
		});
		await page.click(`text=delete-${how}.json`);
		await page.click("text=Delete it…");
		assert.match(await page.innerText("h1"), /^Delete delete-.*\?$/);
		if (js)
			await axe(page, "whether to delete");
		await page.click("text=Keep it");
		await page.click("text=Delete it…");
		await page.click("button:text-is('Delete it')");
		await ended(page, js);
		assert.match(await page.innerText("main"), /Deleted from the failed folder by admin/);
	});

	test(`an import is undone once its changes were seen, ${how}`, { js }, async (page) => {
		drop(`undo-${how}.json`, { source_name: `undo-${how}`, snapshot_date: "2025-01-31", records: [{ ...record, full_name: "Undone player" }] });
		await signIn(page, "admin", "/admin/imports/files?q=undo-");
		await until("it is there", async () => {
			await page.reload();
			return (await files(page)).includes(`undo-${how}.json`);
		});
		await page.click(`text=undo-${how}.json`);
		await page.click("text=Undo this import…");
		await page.waitForURL("**/undo?request=*");
		await ended(page, js);
		assert.match(await page.innerText("#results"), /Undone player[^]*removed[^]*PPG 3.5/);
		if (js) {
			await axe(page, "what undoing changes");
			await shot(page, "imports-undo-1280-light");
		}
		await page.click("button:text-is('Undo this import')");
		await page.waitForURL("**?request=*");
		await ended(page, js);
		assert.match(await page.innerText("#results"), /Undone by admin/);
	});

	test(`import now, ${how}`, { js }, async (page) => {
		await signIn(page, "admin", "/admin/imports");
		await page.click("text=Import now");
		await page.waitForURL("**/admin/imports?request=*");
		await ended(page, js);
		assert.equal(await page.$("#poll"), null, "it goes on asking");
	});

	test(`filters of files, ${how}`, { js }, async (page, context) => {
		drop(`sought-${how}.json`, { source_name: `sought-${how}`, snapshot_date: "2025-01-31", records: [record] });
		await signIn(page, "scout", "/admin/imports");
		await page.click(".modes a:text-is('Files')");
		await until("it is there", async () => {
			await page.reload();
			return (await files(page)).includes(`sought-${how}.json`);
		});
		await page.fill("#f-q", "SOUGHT");
		if (!js)
			await page.click("text=Filter");
		await until("the file alone", async () => (await files(page)).every((name) => name.startsWith("sought-")));
		if (js)
			await until("the address", async () => path(page) === "/admin/imports/files?q=SOUGHT");
		await page.focus("#f-source");
		await page.selectOption("#f-source", `sought-${how}`);
		if (!js)
			await page.click("text=Filter");
		await until("one file", async () => (await page.innerText("#total")) === "1 file");
		assert.deepEqual(await files(page), [`sought-${how}.json`]);
		if (js) {
			await axe(page, "filtered files");
			assert.equal(await page.evaluate(() => document.activeElement.id), "f-source");
		}
		const fresh = await context.newPage();
		await fresh.goto(page.url());
		assert.deepEqual(await files(fresh), await files(page));
		assert.equal(await fresh.inputValue("#f-q"), "SOUGHT");
		await fresh.close();
		await page.click("text=Clear all filters");
		await until("more files", async () => (await files(page)).length > 1);
		await page.click("#sort-name");
		await until("their order", async () => {
			const found = await files(page);
			return found.length > 1 && path(page) === "/admin/imports/files?sort=name" &&
				(await page.getAttribute("th[aria-sort]", "aria-sort")) === "ascending";
		});
		assert.equal(await page.$("text=Import now"), null);
	});
}

test("a page of runs follows an import by itself, keeps the focus, and stops asking", async (page) => {
	await signIn(page, "admin", "/admin/imports");
	const before = await files(page);
	let asked = 0;
	page.on("request", (request) => { asked += request.url().endsWith("/admin/imports") ? 1 : 0; });
	await page.waitForTimeout(2000);
	assert.equal(asked, 0, "it asks though nothing moves");
	await page.click("text=Import now");
	await page.waitForURL("**/admin/imports?request=*");
	await page.focus("#sort-files");
	await until("the new run", async () => (await files(page)).length === before.length + 1);
	await until("rest", async () => (await page.$("#poll")) === null);
	assert.equal(await page.evaluate(() => document.activeElement.id), "sort-files");
});

test("files that are dropped; some that are refused, each with why", { expects: ["422"] }, async (page) => {
	await signIn(page, "admin", "/admin/imports");
	const kept = file("dropped.json");
	await page.evaluate(([name, text]) => {
		const data = new DataTransfer();
		data.items.add(new File([text], name));
		data.items.add(new File(["x"], "picture.png"));
		data.items.add(new File([], "nothing.json"));
		data.items.add(new File(["{}"], ".hidden.json"));
		document.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
	}, [kept.name, kept.buffer.toString()]);
	await until("the end", async () => /3 of 4 did not come in/.test(await page.innerText("#upload-state")));
	assert.deepEqual(await page.$$eval("#upload-list .fate", (all) => all.map((one) => one.textContent.replace(/^[\d.]+ kB/, "n kB"))),
		["n kB, sent", "no snapshot: their names end in .json", "empty",
			"'.hidden.json' begins with a dot: the importer passes over such files."]);
	await axe(page, "refused uploads");
	await page.click("#upload-state a");
	await settled(page, ["dropped.json: imported"]);
});

test("a bar shows how far an upload is", async (page) => {
	await signIn(page, "admin", "/admin/imports");
	const long = { source_name: `uploaded-${++made}`, snapshot_date: "2025-01-31", records: [record], raw_payload: { note: "x".repeat(600000) } };
	const network = await page.context().newCDPSession(page);
	await network.send("Network.enable");
	await network.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 150000 });
	await page.setInputFiles("#upload-files", [file("long.json", long)]);
	await page.click("#upload button");
	const seen = new Set();
	await until("the bar between empty and full", async () => {
		const [value, max] = await page.$eval("#upload-list progress", (bar) => [bar.value, bar.max]);
		if (value > 0 && value < max)
			seen.add(value);
		return seen.size >= 2;
	});
	assert.match(await page.innerText("#upload-list .fate"), /^\d+ kB of 60\d kB$/);
	await network.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
	await page.waitForURL("**/admin/imports/uploads?*");
	await settled(page, ["long.json: imported"]);
});

test("the keyboard uploads, too", async (page) => {
	await signIn(page, "admin", "/admin/imports");
	await page.setInputFiles("#upload-files", [file("by-keyboard.json")]);
	await page.focus("#upload-files");
	await page.keyboard.press("Tab");
	await page.keyboard.press("Enter");
	await page.waitForURL("**/admin/imports/uploads?*");
	await settled(page, ["by-keyboard.json: imported"]);
});

test("an imported file and its errors are saved", async (page) => {
	await signIn(page, "scout", "/admin/imports/files?q=wrong-with&status=failed");
	await page.click("#results tbody th a");
	for (const [text, name] of [["Download the file", /^wrong-with.*\.json$/], ["Download its errors", /^wrong-with.*\.json\.errors\.json$/]]) {
		const [download] = await Promise.all([page.waitForEvent("download"), page.click(`text=${text}`)]);
		assert.match(download.suggestedFilename(), name);
	}
});

for (const [scheme, width] of [["light", 1280], ["dark", 1280], ["light", 390], ["dark", 390]]) {
	test(`the import pages fit, ${scheme}, ${width} px`, { scheme, width }, async (page) => {
		const look = async (address, name) => {
			await page.goto(address);
			assert.equal(await overflow(page), 0, name);
			await axe(page, name);
			await shot(page, `${name}-${width}-${scheme}`);
		};
		const long = `a-long-name-${"x".repeat(120)}-${scheme}-${width}.json`;
		drop(long, bad({ colour: "red", nonsense: 1 }));
		await signIn(page, "admin", "/admin/imports");
		await until("the long name", async () => {
			await page.goto("/admin/imports/files");
			return (await files(page)).includes(long);
		});
		await look("/admin/imports", "imports");
		await look("/admin/imports/files", "imports-files");
		await look(await page.getAttribute(`a:text-is("${long}")`, "href"), "imports-failed");
		await page.goto("/admin/imports/files?status=imported");
		await look(await page.getAttribute("#results tbody th a", "href"), "imports-imported");
		await page.goto("/admin/imports");
		await look(await page.getAttribute("#results tbody th a", "href"), "imports-run");
		await look("/admin/imports/files?q=nothing-of-this-name", "imports-none");
		await look("/admin/imports/uploads?f=0123456789abcdef:gone.json", "imports-uploads");
	});
}
