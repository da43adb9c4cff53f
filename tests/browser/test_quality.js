/* test_quality.js: the data quality page, with a script and without one; after all others, since it imports more. */
"use strict";

const { assert, axe, drop, overflow, shot, signIn, test, until } = require("./harness.js");

const record = (id, more) => ({
	competition_external_id: "ODD", competition_name: "A league with a rather long name, Second Division", season: "2015-16",
	team_external_id: "T1", team_name: "Team One", player_external_id: `p${id}`, full_name: `Odd ${id}`,
	birth_date: "1990-01-01", games_played: 20, points_per_game: 12, ...more,
});
const odd = { source_name: "odd", snapshot_date: "2016-06-30", records: [
	...[1, 2, 3, 4, 5, 6].map((id) => record(id)),
	record("minutes", { minutes_per_game: 61.5, full_name: "A Tireless Player With A Long Name" }),
	record("child", { birth_date: "2010-05-05" }),
	...[1, 2, 3].map((id) => record(`small${id}`, { team_external_id: "T2", team_name: "Team Two", nationality: "Atlantis" })),
] };

/* Without a script one looks again. */
const known = (page) => until("the newest report", async () => {
	await page.goto("/admin/quality");
	const state = await page.innerText("#quality-state");
	return state.includes("As of") && !/on its way|has changed/.test(state) &&
		await page.locator(".sources a:text-is('odd')").count() > 0;
});

for (const js of [true, false]) {
	const how = js ? "with script" : "without script";

	test(`data quality: findings lead to the rows, ${how}`, { js }, async (page) => {
		if (js)
			drop("odd.json", odd);
		await signIn(page, "scout", "/admin/quality");
		await known(page);
		assert.equal(await page.getAttribute(".masthead nav a[aria-current]", "href"), "/admin/quality");
		await shot(page, `quality-1280-${js}`);
		if (js)
			await axe(page, "data quality");
		await page.click(".findings a:text-is('Too many minutes')");
		assert.equal(await page.innerText("h1"), "Too many minutes");
		assert.match(await page.innerText(".items"), /61.5 minutes per game/);
		if (js)
			await axe(page, "a finding");
		await shot(page, `quality-finding-1280-${js}`);
		await page.click(".items a:has-text('Tireless')");
		assert.equal(await page.innerText("h1"), "A Tireless Player With A Long Name");
		await page.goBack();
		await page.click(".back a");
		await page.click(".findings a:text-is('Unknown nationalities')");
		await page.click(".items a:text-is('Atlantis')");
		assert.equal(await page.innerText("#total"), "3 players");
		await page.waitForLoadState("networkidle");		/* the form's lists are counted */
		await page.goto("/admin/quality");
		await page.click("a:has-text('By competition and season')");
		await page.click(".modes a:text-is('least known first')");
		assert.equal(await page.innerText(".modes [aria-current]"), "least known first");
		assert.match(await page.innerText(".coverage tbody tr:first-child"), /Height 0 %|Weight 0 %/);
		assert.equal(await overflow(page), 0);
		await shot(page, `quality-coverage-1280-${js}`);
		if (js)
			await axe(page, "coverage");
	});

	test(`data quality: found out anew by a button, ${how}`, { js }, async (page) => {
		await signIn(page, "scout", "/admin/quality");
		await known(page);
		const before = await page.innerText("#quality-state strong");
		await new Promise((resolve) => setTimeout(resolve, 1100));
		await page.click("button:text-is('Find out anew')");
		assert.match(await page.innerText(".notice"), /found out anew/);
		if (js && await page.locator("#quality-state:has-text('on its way')").count() > 0) {
			await until("the link to it", async () => (await page.innerText("#quality-state")).includes("It is there now"));
			await page.click("#quality-state a");
		}
		await until("a newer one", async () => {
			await page.goto("/admin/quality");
			return await page.innerText("#quality-state strong") > before;
		});
	});
}

for (const [scheme, width] of [["light", 390], ["dark", 390], ["dark", 1280]]) {
	test(`data quality fits, ${scheme}, ${width} px`, { scheme, width }, async (page) => {
		await signIn(page, "scout", "/admin/quality");
		await known(page);
		for (const [name, address] of [["all", "/admin/quality"], ["coverage", "/admin/quality?show=coverage"],
			["finding", "/admin/quality?show=minutes"]]) {
			await page.goto(address);
			assert.equal(await overflow(page), 0, address);
			await axe(page, `${address}, ${scheme}`);
			await shot(page, `quality-${name}-${width}-${scheme}`);
		}
		if (width === 390) {
			await page.goto("/admin/quality?show=coverage");
			const scroll = await page.locator(".coverage .least b").first().boundingBox();
			assert.ok(scroll.x + scroll.width <= 390, "what is known least is in sight before the table is scrolled");
			await page.goto("/admin/quality");
			await page.locator("#coverage").scrollIntoViewIfNeeded();
			await shot(page, `quality-sources-${width}-${scheme}`);
		}
	});
}

test("data quality is not for viewers", { expects: ["403"] }, async (page) => {
	await signIn(page, "viewer", "/");
	assert.equal(await page.locator(".masthead a[href='/admin/quality']").count(), 0);
	await page.goto("/admin/quality");
	assert.match(await page.innerText("main"), /for scouts and admins/);
});
