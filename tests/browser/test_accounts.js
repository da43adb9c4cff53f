/* test_accounts.js: signing in and out by hand, with a script and without one. run.py made the accounts. */
"use strict";

const { execSync } = require("node:child_process");
const fs = require("node:fs");
const { PASSWORD, assert, axe, fillSignIn, overflow, shot, signIn, test, until } = require("./harness.js");

const path = (page) => new URL(page.url()).pathname + new URL(page.url()).search;
const seen = (page) => page.$$eval(".masthead nav a", (all) => all.map((one) => one.innerText));

const setting = (line) => {
	fs.writeFileSync(process.env.HOOPSCOUT_TEST_CONF, line);
	execSync(process.env.HOOPSCOUT_TEST_RELOAD);
};

for (const js of [true, false]) {
	const how = js ? "with script" : "without script";

	test(`signing in, back to the search one was at, and out again, ${how}`, { js, expects: ["401"] }, async (page, context) => {
		await page.goto("/?ppg_min=21");
		assert.deepEqual((await seen(page)).slice(-1), ["Sign in"]);
		await page.click(".masthead nav >> text=Sign in");
		assert.equal(await page.innerText("h1"), "Sign in");
		if (js)
			await axe(page, "signing in");
		await fillSignIn(page, "scout", "not the right one");
		assert.equal(await page.innerText("[role=alert]"), "The name or the password is wrong.");
		assert.equal(await page.inputValue("#name"), "scout");
		assert.equal(await page.inputValue("#password"), "");
		if (js)
			await axe(page, "a wrong password");
		await fillSignIn(page, "scout", PASSWORD);
		assert.equal(path(page), "/?ppg_min=21");
		assert.match((await seen(page)).slice(-1)[0], /scout$/);
		const cookies = await context.cookies();
		assert.deepEqual(cookies.map(({ name, httpOnly, sameSite, path: of }) => [name, httpOnly, sameSite, of]).sort(),
			[["hoopscout", true, "Lax", "/"], ["hoopscout-device", true, "Lax", "/"]]);
		await page.click(".masthead .visitor");
		assert.equal(path(page), "/account");
		if (js)
			await axe(page, "the account's page");
		assert.match(await page.innerText("tbody"), /this one/);
		await page.click("button:text-is('Sign out')");
		assert.equal(path(page), "/");
		assert.deepEqual((await seen(page)).slice(-1), ["Sign in"]);
		assert.deepEqual((await context.cookies()).map(({ name }) => name), ["hoopscout-device"]);
		await page.goBack();
		await page.reload();
		assert.equal(path(page), "/sign-in?next=%2Faccount", "the page of an account stays after its session");
	});

	test(`another password, and everywhere out, ${how}`, { js, expects: ["422"] }, async (page) => {
		const next = js ? "another password, by script" : "another password, without";
		await page.goto("/sign-in?next=/account");
		await fillSignIn(page, js ? "changes" : "changes2", PASSWORD);
		const change = async (current, wanted, again) => {
			await page.fill("#current", current);
			await page.fill("#new", wanted);
			await page.fill("#again", again);
			await page.click("button:text-is('Change the password')");
		};
		await change(PASSWORD, "too short", "too short");
		assert.match(await page.innerText("[role=alert]"), /at least 12/);
		await change("not the current one", next, next);
		assert.match(await page.innerText("[role=alert]"), /current password is another one/);
		await change(PASSWORD, next, next);
		assert.match(await page.innerText("header [role=status]"), /is changed/);
		if (js)
			await axe(page, "a changed password");
		await page.reload();
		assert.equal(await page.locator(".notice").count(), 0, "what was done is said again");
		await page.click("button:text-is('Sign out everywhere')");
		assert.equal(path(page), "/");
		await page.goto("/sign-in");
		await fillSignIn(page, js ? "changes" : "changes2", next);
		assert.match((await seen(page)).slice(-1)[0], /changes/);
	});
}

for (const [scheme, width, js] of [["light", 1280, true], ["dark", 390, true], ["light", 1280, false], ["light", 390, false]]) {
	const name = `${scheme}, ${width} px, ${js ? "with" : "without"} script`;

	test(`the sheets of accounts fit, ${name}`, { scheme, width, js }, async (page) => {
		const look = async (what) => {
			assert.equal(await overflow(page), 0, what);
			if (js)
				await axe(page, what);
			await shot(page, `${what}-${width}${js ? "" : "-no-script"}`);
		};

		await page.goto("/sign-in?next=/account");
		await look("sign-in");
		await fillSignIn(page, "a-very-long-name.of-somebody@a-very-long-name.example.org", PASSWORD);
		assert.equal(path(page), "/account");
		await look("account");
		await page.goto("/");
		await look("signed-in");
		await page.click(".masthead nav >> text=Audit trail");
		assert.equal(path(page), "/audit");
		assert.equal(await page.innerText(".masthead [aria-current=page]"), "Audit trail");
		await look("audit");
	});
}

test("the search goes on when the session ends: it is open to all", async (page, context) => {
	await page.goto("/sign-in");
	await fillSignIn(page, "scout", PASSWORD);
	await context.clearCookies();
	await page.fill("#f-name", "doncic");
	await until("the results", async () => (await page.innerText("#total")) === "1 player");
});

test("where the search is closed, an ended session leads to the sign-in page and back", { expects: ["401"] }, async (page, context) => {
	setting("HOOPSCOUT_PUBLIC_SEARCH=no\n");
	try {
		await page.goto("/?ppg_min=21");
		assert.equal(path(page), "/sign-in?next=%2F%3Fppg_min%3D21");
		await fillSignIn(page, "scout", PASSWORD);
		assert.equal(path(page), "/?ppg_min=21");
		await context.clearCookies();
		await page.fill("#f-name", "player");
		await until("the sign-in page", async () => path(page) === "/sign-in?next=%2F%3Fppg_min%3D21");
		await fillSignIn(page, "scout", PASSWORD);
		await page.waitForURL("**/?ppg_min=21");
	} finally {
		setting("");
	}
});

test("links in the head are those of the role", async (page, context) => {
	for (const [role, links] of [["viewer", []], ["scout", ["Imports", "Extractors", "Quality"]],
		["admin", ["Imports", "Extractors", "Quality", "Who is who", "Audit trail"]]]) {
		await signIn(page, role);
		assert.deepEqual((await seen(page)).slice(2, -1), links, role);
		await context.clearCookies();
	}
});
