/* app.js: the small comforts that need a script. Everything works without it.
 *
 * Listens on the document only, so that pages which htmx puts back keep working. */
"use strict";

(() => {
	const home = () => document.querySelector(".brand").getAttribute("href");	/* "/", or "/scout/" */

	/* As names are folded on the server, near enough for a list that is all here. */
	const letters = { "đ": "d", "ł": "l", "ø": "o", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe", "-": " " };
	const folded = (text) => text.toLowerCase().normalize("NFD").replace(/[\p{M}'’.]/gu, "")
		.replace(/[đłøıßæœ-]/g, (letter) => letters[letter]).trim();

	/* Short lists of choices are narrowed here; that is no filter of the search. */
	const narrow = (field) => {
		const words = folded(field.value).split(/\s+/);
		const choice = field.closest(".choice");
		let found = 0;
		for (const option of choice.querySelectorAll(".option")) {
			const name = `${folded(option.querySelector("span").textContent)} ${option.dataset.also ?? ""}`;
			const suits = words.every((word) => name.includes(word));
			option.hidden = !suits && !option.querySelector("input").checked;
			found += suits ? 1 : 0;
		}
		choice.querySelector("[role=status]").textContent = field.value.trim() !== "" ? `${found} found` : "";
	};

	document.addEventListener("input", (event) => {
		if (event.target.matches("[data-narrow]"))
			narrow(event.target);
	});

	document.addEventListener("keydown", (event) => {
		if (event.key === "Enter" && event.target.matches("#filters .find"))
			event.preventDefault();
		const shown = event.key === "Escape" ? document.querySelector(".meaning[open]") : null;
		if (shown !== null) {
			shown.open = false;
			shown.querySelector("summary").focus();
		}
	});

	document.addEventListener("change", (event) => {
		const choice = event.target.closest(".choice");
		if (choice === null || event.target.type !== "checkbox")
			return;
		/* How many are chosen in each list. */
		const count = choice.querySelectorAll("input:checked").length;
		choice.querySelector("[data-count]").textContent = count > 0 ? String(count) : "";
		/* A list that is on its way does not know of this one: it is asked for again. */
		if (choice.classList.contains("htmx-request")) {
			choice.dispatchEvent(new Event("htmx:abort"));
			choice.dataset.counted = "?";
		}
	});

	/* A link of the results changes their order or number. The form keeps these too, and what
	 * was typed a moment before is about to be sent with them. */
	const keep = (form, name, value) => {
		let field = form.querySelector(`input[type="hidden"][name="${name}"]`) ??
			document.querySelector(`input[type="hidden"][name="${name}"][form="${form.id}"]`);
		if (value === null) {
			field?.remove();
			return;
		}
		if (field === null) {
			field = document.createElement("input");
			field.type = "hidden";
			field.name = name;
			field.setAttribute("form", form.id);
			document.getElementById("results").append(field);
		}
		field.value = value;
	};

	/* The filters, as "name=value" in order. */
	const filters = (entries) => [...entries]
		.filter(([name, value]) => value !== "" && !["sort", "page", "per_page"].includes(name))
		.map(([name, value]) => `${name}=${value}`).sort().join("&");

	/* The links were made for the filters of then: when more was typed since, the form goes. */
	document.addEventListener("click", (event) => {
		const link = event.target.closest("#results a[hx-get]");
		const form = document.getElementById("filters");
		if (link === null || form === null || event.ctrlKey || event.metaKey || event.shiftKey)
			return;
		const wanted = new URL(link.href).searchParams;
		keep(form, "sort", wanted.get("sort"));
		keep(form, "per_page", wanted.get("per_page"));
		if (filters(wanted) !== filters(new FormData(form))) {
			event.preventDefault();
			event.stopPropagation();
			form.requestSubmit();
		}
	}, true);

	/* The form stays while the order changes: what clears it keeps the order of now. */
	document.addEventListener("click", (event) => {
		const link = event.target.closest("#filters [data-clear]");
		if (link === null)
			return;
		const kept = new URLSearchParams([...new FormData(document.getElementById("filters"))]
			.filter(([name]) => name === "sort" || name === "per_page"));
		link.href = kept.size > 0 ? `${home()}?${kept}` : home();
	}, true);

	/* A chip, too, was made for the filters of then: it takes its own one out of the newer form. */
	document.addEventListener("click", (event) => {
		const link = event.target.closest("#results .chip, #results .loosen a");
		const form = document.getElementById("filters");
		if (link === null || form === null || event.ctrlKey || event.metaKey || event.shiftKey)
			return;
		const shown = new URL(location.href).searchParams;
		const left = new Set([...new URL(link.href).searchParams].map(String));
		if (filters(shown) === filters(new FormData(form)))
			return;
		for (const [name, value] of [...shown].filter((one) => !left.has(String(one)))) {
			for (const field of form.querySelectorAll(`[name="${name}"]`)) {
				if (field.type !== "checkbox")
					field.value = "";
				else if (field.value === value)
					field.checked = false;
			}
		}
		event.preventDefault();
		form.requestSubmit();
	});

	/* Who is ticked stays so while one searches on, for as long as this tab is open. */
	const MOST_TICKED = 6;
	const storeKey = () => `ticked ${home()}`;	/* another HoopScout may stand beside this one */
	const ticked = () => {
		try {
			return new Map(JSON.parse(sessionStorage.getItem(storeKey())));
		} catch {
			return new Map();	/* nobody yet, or no storage for us */
		}
	};
	const keepTicked = (players) => {
		try {
			sessionStorage.setItem(storeKey(), JSON.stringify([...players]));
		} catch {
			/* then only the page in sight knows */
		}
	};
	const showTicked = () => {
		const form = document.getElementById("compare");
		if (form === null)
			return;
		const players = ticked();
		const elsewhere = new Set(players.keys());
		for (const box of document.querySelectorAll("#results .pick input")) {
			box.checked = players.has(box.value);
			box.disabled = !box.checked && players.size >= MOST_TICKED;
			elsewhere.delete(box.value);
		}
		form.querySelectorAll("input").forEach((field) => field.remove());
		for (const id of elsewhere) {
			const field = document.createElement("input");
			field.type = "hidden";
			field.name = "player";
			field.value = id;
			form.append(field);
		}
		form.toggleAttribute("data-ticked", players.size > 0);
		form.querySelector("[data-untick]").hidden = players.size === 0;
		form.querySelector("[role=status]").textContent = [...players.values()].join(", ") +
			(players.size >= MOST_TICKED ? ": six are the most" : "");
	};

	document.addEventListener("change", (event) => {
		if (!event.target.matches("#results .pick input"))
			return;
		const players = ticked();
		const name = event.target.closest(".who").querySelector("a").textContent;
		if (!event.target.checked)
			players.delete(event.target.value);
		else if (players.size < MOST_TICKED)
			players.set(event.target.value, name);
		keepTicked(players);
		showTicked();
	});
	document.addEventListener("click", (event) => {
		if (!event.target.matches("[data-untick]"))
			return;
		keepTicked(new Map());
		showTicked();
		document.querySelector("#compare [type=submit]").focus();
	});
	window.addEventListener("pageshow", showTicked);	/* after the browser filled in its boxes */

	let listening = false;	/* htmx, to what count asks for: not before it has looked through the page */

	/* Open lists show how many players each entry would give with the other filters: they are
	 * counted anew whenever those have changed. */
	const count = (choice) => {
		const others = [...new FormData(choice.closest("form"))]
			.filter(([name]) => name !== choice.dataset.choice);
		const wanted = filters(others);
		if (!listening || !choice.open || choice.dataset.counted === wanted)
			return;
		choice.dataset.counted = wanted;
		choice.dataset.stale = "";
		choice.dispatchEvent(new Event("wanted"));
	};
	const countAll = () => document.querySelectorAll("#filters .choice").forEach(count);
	const forget = (choice) => {
		choice.dataset.counted = "?";
		choice.dataset.stale = "";
	};

	/* Why a list has no numbers stands in the list: the search has its own place for what it says. */
	const uncounted = (choice, why) => {
		forget(choice);
		choice.querySelector("[role=status]").textContent = `No numbers of players: ${why}`;
	};
	document.addEventListener("htmx:before:swap", (event) => {
		const { sourceElement, response, text } = event.detail.ctx;
		if (!sourceElement.matches(".choice") || response === undefined || response.status < 400)
			return;
		event.preventDefault();
		const said = new DOMParser().parseFromString(text, "text/html").querySelector(".detail");
		uncounted(sourceElement, response.status < 500 ? "one of the filters is refused." :
			said?.textContent ?? "HoopScout cannot count them just now.");
	});

	/* Each field whose value was refused says so, too, and why, as on a page that came refused. */
	const markRefused = () => {
		document.getElementById("refused")?.remove();
		for (const message of document.querySelectorAll("#filters .wrong")) {
			const field = document.querySelector(`#filters [aria-describedby="${message.id}"]`);
			field?.removeAttribute("aria-invalid");
			field?.removeAttribute("aria-describedby");
			message.remove();
		}
		for (const link of document.querySelectorAll("#results .problem a[href^='#f-']")) {
			const field = document.getElementById(link.hash.slice(1));
			const id = link.hash.replace("#f-", "why-");
			if (field === null || document.getElementById(id) !== null)
				continue;
			const message = document.createElement("p");
			message.className = "wrong";
			message.id = id;
			message.textContent = link.closest("li").querySelector(".detail").textContent;
			field.setAttribute("aria-describedby", id);
			if (field.nodeName === "SUMMARY") {
				field.after(message);
				continue;
			}
			field.setAttribute("aria-invalid", "true");
			field.closest(".field, .range").append(message);
		}
	};

	/* What a link or the focus leads to is in no closed box. */
	const open = (field) => {
		for (let box = field.closest("details"); box !== null; box = box.parentElement.closest("details"))
			box.open = true;
	};
	document.addEventListener("click", (event) => {
		const link = event.target.closest("a[href^='#f-']");
		const field = link !== null ? document.getElementById(link.hash.slice(1)) : null;
		if (field !== null) {
			event.preventDefault();
			open(field);
			field.focus();
		}
	});

	/* Whoever sends the form himself is led to what came of it: to the first field that is wrong, or,
	 * where the results lie below the form, to these. Who is typing stays where he is. */
	let sent = false;
	document.addEventListener("submit", (event) => {
		if (event.target.id === "filters" && event.submitter !== null)
			sent = true;
	});
	document.addEventListener("input", (event) => {
		if (event.target.closest("#filters") !== null)
			sent = false;
	});
	const land = () => {
		const wrong = document.querySelector("#filters [aria-describedby^='why-']");
		const results = document.getElementById("results");
		if (wrong !== null) {
			open(wrong);
			wrong.focus({ preventScroll: true });
			wrong.scrollIntoView({ block: "center" });
		} else if (results !== null && !matchMedia("(min-width: 64rem)").matches) {
			results.focus({ preventScroll: true });
			document.querySelector(".found").scrollIntoView();
		}
	};
	const landOnce = () => {
		if (sent)
			land();
		sent = false;
	};

	/* What had the focus may be gone with the old results: it goes to what stands in its place. */
	let focused = null;
	document.addEventListener("htmx:before:swap", () => {
		focused = document.activeElement?.closest("#results") ? document.activeElement.id : null;
	});
	const keepFocus = () => {
		if (focused === null || (document.activeElement ?? document.body) !== document.body)
			return;
		const place = focused.startsWith("page-") ? "page-now" : focused.startsWith("by-") ? "sorted-by" : "results";
		(document.getElementById(place) ?? document.getElementById("results"))?.focus({ preventScroll: true });
		focused = null;
	};

	document.addEventListener("toggle", (event) => {
		if (event.target.matches("#filters .choice"))
			count(event.target);
	}, true);
	document.addEventListener("htmx:after:process", (event) => {
		if (event.target === document.body) {
			listening = true;
			countAll();
		}
	});
	document.addEventListener("htmx:config:request", (event) => {
		const { sourceElement, request } = event.detail.ctx;
		if (sourceElement.matches(".choice.large"))
			request.body.set("find", sourceElement.querySelector(".find").value);
	});
	document.addEventListener("htmx:after:swap", (event) => {
		const { sourceElement, response } = event.detail.ctx;
		const wrong = response !== undefined && response.status >= 400;
		if (!sourceElement.matches(".choice")) {
			markRefused();
			keepFocus();
			landOnce();
			if (wrong)
				document.querySelectorAll("#filters .choice").forEach(forget);
			else
				countAll();
		} else {
			delete sourceElement.dataset.stale;
			for (const field of sourceElement.querySelectorAll("[data-narrow]"))
				narrow(field);
		}
	});

	document.addEventListener("DOMContentLoaded", showTicked);
	document.addEventListener("htmx:after:swap", showTicked);

	/* No answer at all: the server is away, or the network is. */
	document.addEventListener("htmx:error", (event) => {
		if (event.target instanceof Element && event.target.matches(".choice")) {
			uncounted(event.target, "HoopScout does not answer.");
			return;
		}
		const total = document.getElementById("total");
		if (total !== null) {
			total.textContent = "HoopScout does not answer; please try again.";
			landOnce();
		}
	});
})();
