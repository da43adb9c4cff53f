/* app.js: the small comforts that need a script. Everything works without it.
 *
 * Listens on the document only, so that pages which htmx puts back keep working. */
"use strict";

(() => {
	/* Lists of choices can be narrowed by typing; that is no filter of the search. */
	const narrow = (field) => {
		const wanted = field.value.trim().toLocaleLowerCase();
		for (const option of field.parentElement.querySelectorAll(".option")) {
			const chosen = option.querySelector("input").checked;
			option.hidden = !chosen && !option.textContent.toLocaleLowerCase().includes(wanted);
		}
	};

	document.addEventListener("input", (event) => {
		if (event.target.matches("[data-narrow]")) {
			event.stopPropagation();
			narrow(event.target);
		}
	}, true);

	document.addEventListener("keydown", (event) => {
		if (event.key === "Enter" && event.target.matches("[data-narrow]"))
			event.preventDefault();
	});

	/* How many are chosen in each list. */
	document.addEventListener("change", (event) => {
		const choice = event.target.closest(".choice");
		if (choice !== null && event.target.type === "checkbox") {
			const count = choice.querySelectorAll("input:checked").length;
			choice.querySelector("[data-count]").textContent = count > 0 ? String(count) : "";
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

	const prepare = () => {
		for (const field of document.querySelectorAll("[data-narrow]"))
			field.hidden = false;
		/* A player's page leads back to the very search it was opened from. */
		for (const link of document.querySelectorAll("[data-back]")) {
			const from = document.referrer !== "" ? new URL(document.referrer) : null;
			if (from !== null && from.origin === location.origin && from.pathname === "/")
				link.href = from.pathname + from.search;
		}
	};

	document.addEventListener("DOMContentLoaded", prepare);
	document.addEventListener("htmx:after:swap", prepare);

	/* No answer at all: the server is away, or the network is. */
	document.addEventListener("htmx:error", () => {
		const total = document.getElementById("total");
		if (total !== null)
			total.textContent = "HoopScout does not answer; please try again.";
	});
})();
