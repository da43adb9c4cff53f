/* harness.js: a small runner: named tests in order, a fresh browser context for each.
 *
 *	test("what is promised", { js: false, width: 390 }, async (page) => { ... });
 *
 * Any message on the browser's console and any refused resource fails the test that caused
 * it, unless the test expects it. The last line is "browser: N passed, M failed". */
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { chromium } = require("playwright-core");

const base = process.env.HOOPSCOUT_TEST_URL;
const incoming = process.env.HOOPSCOUT_TEST_INCOMING;
const shots = process.env.HOOPSCOUT_TEST_SHOTS;
const only = process.env.HOOPSCOUT_TESTS || "";
const axeSource = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

const PASSWORD = process.env.HOOPSCOUT_TEST_PASSWORD;	/* of all of run.py's accounts */

const tests = [];

const test = (name, options, run) => {
	tests.push(typeof options === "function" ? { name, run: options } : { name, run, ...options });
};

/* Puts a snapshot into incoming as a careful program does. */
const drop = (name, snapshot) => {
	const part = path.join(incoming, `.${name}.part`);
	fs.writeFileSync(part, JSON.stringify(snapshot));
	fs.renameSync(part, path.join(incoming, name));
};

/* Calls check until it gives something true. */
const until = async (what, check, seconds = 15) => {
	const end = Date.now() + seconds * 1000;
	for (;;) {
		const found = await check();
		if (found)
			return found;
		if (Date.now() > end)
			throw new Error(`waited ${seconds} s in vain: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
};

/* What is half faded in or out has colours of no meaning: axe looks when nothing is under way. */
const axe = async (page, what) => {
	await until(`${what} is at rest`, () => page.evaluate(() => document.getAnimations().length === 0 &&
		document.querySelector("[open][data-stale]") === null));
	await page.evaluate(axeSource);
	const result = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags }), WCAG);
	assert.deepEqual(result.violations.map((v) => `${v.id}: ${v.nodes[0].html}`), [], `axe, ${what}`);
};

/* On the sign-in page. */
const fillSignIn = async (page, name, password) => {
	await page.fill("#name", name);
	await page.fill("#password", password);
	await page.click("main button");
};

/* As viewer, scout or admin, and on to path, one of ours. */
const signIn = async (page, role, path = "/") => {
	await page.goto(`/sign-in?next=${encodeURIComponent(path)}`);
	await fillSignIn(page, role, PASSWORD);
	await page.locator(".masthead .visitor", { hasText: role }).waitFor();
};

const shot = (page, name) => page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: false });

/* By how much a page is wider than it may be: the room for a scroll bar is not its own. */
const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - Math.round(document.documentElement.getBoundingClientRect().width));

const runOne = async (browser, one) => {
	const complaints = [];
	const context = await browser.newContext({
		baseURL: base, javaScriptEnabled: one.js !== false, colorScheme: one.scheme || "light",
		viewport: { width: one.width || 1280, height: one.width === 390 ? 844 : 900 },
	});
	context.setDefaultTimeout(15000);
	const page = await context.newPage();
	page.on("console", (message) => {
		if (!(one.expects || []).some((part) => message.text().includes(part)))
			complaints.push(`console: ${message.text()}`);
	});
	page.on("pageerror", (error) => complaints.push(`script: ${error.message}`));
	try {
		await one.run(page, context);
		assert.deepEqual(complaints, []);
	} catch (error) {
		await shot(page, `failed-${one.name.replace(/[^a-z0-9]+/gi, "-")}`).catch(() => {});
		throw error;
	} finally {
		await context.close();
	}
};

const runAll = async () => {
	const browser = await chromium.launch({
		executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
		args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
			"--disable-background-networking", "--disable-component-update", "--disable-sync"],
	});
	let passed = 0, failed = 0;
	for (const one of tests.filter((t) => t.name.includes(only) || t.always)) {
		const begun = Date.now();
		try {
			await runOne(browser, one);
			passed++;
			console.log(`ok: ${one.name} (${Date.now() - begun} ms)`);
		} catch (error) {
			failed++;
			console.log(`FAILED: ${one.name}\n${error.stack}`);
		}
	}
	await browser.close();
	console.log(`browser: ${passed} passed, ${failed} failed`);
	process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
};

module.exports = { PASSWORD, assert, axe, drop, fillSignIn, overflow, runAll, shot, signIn, test, until };
