/* test_identities.js: an admin links two players of two sources and parts them again, by hand. Last of all tests, since
 * it drops another source's snapshot. */
"use strict";

const { assert, axe, drop, overflow, shot, signIn, test, until } = require("./harness.js");
const { total } = require("./scout.js");

const other = {
	source_name: "other", snapshot_date: "2024-07-01", records: [{
		competition_external_id: "O", competition_name: "Other League of a Rather Long Name", season: "2023-24",
		team_external_id: "t", team_name: "Team F", player_external_id: "an-external-identifier-that-is-rather-long-0077",
		full_name: "Doncic Luka", birth_date: "1999-02-28", games_played: 40, points_per_game: 33.9,
	}],
};

const rest = async (page) => {
	await page.waitForLoadState();
	return page.innerText("main");
};

for (const [js, width, scheme] of [[true, 1280, "light"], [false, 1280, "light"], [true, 390, "dark"]]) {
	const how = `${js ? "with" : "without"} script, ${width} px`;

	test(`linking two players and parting them, ${how}`, { js, width, scheme }, async (page) => {
		drop("other.json", other);
		await until("the other source is imported", async () => {
			await page.goto("/?name=doncic");
			return (await total(page)) === "2 players";
		});
		await signIn(page, "admin", "/admin/identities");
		assert.equal(await page.innerText("h1"), "Who is who");
		await page.click("button:has-text('Look through all players')");
		await until("the pair is suggested", async () => {
			await page.goto("/admin/identities");
			return (await rest(page)).includes("born on the same day");
		});
		const pair = page.locator(".pair", { hasText: "born on the same day" });
		assert.match(await pair.innerText(), /an-external-identifier-that-is-rather-long-0077[^]*p77|p77[^]*an-external-id/);
		assert.equal(await overflow(page), 0);
		if (js)
			await axe(page, "a pair");
		await shot(page, `identities-${width}${js ? "" : "-plain"}`);
		await pair.locator("button", { hasText: "Link" }).click();
		await page.locator(".notice", { hasText: "are one person now" }).waitFor();
		if (js)
			await axe(page, "a link");

		await page.goto("/?name=luka");
		assert.equal(await total(page), "1 player");
		assert.match(await page.innerText(".players tbody"), /2 sources/);
		await page.click(".players tbody a");
		await page.locator("h1", { hasText: "Luka" }).waitFor();
		assert.match(await page.innerText("ul.identity"), /invented[^]*other/);
		assert.match(await rest(page), /as told by invented[^]*as told by other|as told by other[^]*as told by invented/);
		assert.equal(await overflow(page), 0);
		if (js)
			await axe(page, "one person of two sources");
		await shot(page, `person-${width}${js ? "" : "-plain"}`);

		await page.click("text=Links of this person");
		await page.locator("button", { hasText: "Unlink" }).first().click();
		await page.locator(".notice", { hasText: "stands alone again" }).waitFor();
		await page.goto("/?name=luka");
		assert.equal(await total(page), "2 players");
	});
}
