/* scout.js: what a scout sees and waits for on the search's page. */
"use strict";

const { assert, until } = require("./harness.js");

const total = (page) => page.textContent("#total");
const names = (page) => page.$$eval("#results tbody .who a", (links) => links.map((link) => link.textContent));
const query = (page) => new URL(page.url()).search;

/* Waits until the results and the address are those of a search. */
const settled = (page, wantTotal, wantQuery) => until(`${wantTotal} at ${wantQuery}`, async () =>
	(await total(page)) === wantTotal && query(page) === wantQuery &&
	(await page.$("#results.htmx-request")) === null).catch(async (error) => {
	throw new Error(`${error.message}; got ${await total(page)} at ${query(page)}`);
});

/* What a visitor sees and has filled in. */
const state = (page) => page.evaluate(() => ({
	total: document.getElementById("total").textContent,
	rows: [...document.querySelectorAll("#results tbody tr")].map((row) => row.innerText),
	sorted: document.querySelector("#results [aria-sort]")?.textContent,
	fields: [...document.getElementById("filters").elements].filter((field) => field.name !== "")
		.map((field) => `${field.name}=${field.value}${field.checked ? " chosen" : ""}`).sort(),
}));

/* The page at this very address, opened afresh, is the same. */
const sameWhenOpened = async (page, context) => {
	const fresh = await context.newPage();
	await fresh.goto(page.url());
	assert.deepEqual(await state(page), await state(fresh));
	await fresh.close();
};

const choice = (name) => `.choice[data-choice=${name}]`;

/* The list's entries that are seen, as "Serbia 30". */
const entries = (page, name) => page.$$eval(`${choice(name)} .option:not([hidden])`, (all) => all.map((one) =>
	[one.querySelector("span").firstChild.textContent.trim(), one.querySelector(".players").firstChild?.textContent].join(" ").trim()));
const settledList = (page, name, want) => until(`${name}: ${want}`, async () =>
	JSON.stringify(await entries(page, name)) === JSON.stringify(want)).catch(async (error) => {
	throw new Error(`${error.message}; got ${await entries(page, name)}`);
});

module.exports = { choice, entries, names, query, sameWhenOpened, settled, settledList, state, total };
