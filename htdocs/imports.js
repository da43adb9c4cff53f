/* imports.js: uploads with progress, one file after the other, chosen or dropped. Without it the form sends
 * them all at once.
 *
 * Listens on the document only, so that pages which htmx puts back keep working. */
"use strict";

(() => {
	const MB = 1000000;
	const home = () => document.querySelector(".brand").getAttribute("href");	/* "/", or "/scout/" */
	const size = (bytes) => bytes < MB ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / MB).toFixed(1)} MB`;
	const element = (name, className, text) => {
		const made = document.createElement(name);
		made.className = className;
		made.textContent = text;
		return made;
	};

	/* What the server would refuse need not be sent. */
	const wrongWith = (file, form) => {
		if (!file.name.endsWith(".json"))
			return "no snapshot: their names end in .json";
		if (file.size === 0)
			return "empty";
		if (file.size + 10000 > Number(form.dataset.most))
			return "too large: copy it into the incoming folder";
		return "";
	};

	/* A line for each file, with a bar while it is under way. */
	const lineFor = (file) => {
		const line = element("li", "", "");
		const bar = document.createElement("progress");
		bar.max = file.size || 1;
		bar.value = 0;
		bar.setAttribute("aria-label", file.name);
		line.append(element("span", "name", file.name), element("span", "fate", `${size(file.size)}, waits`), bar);
		return line;
	};
	const say = (line, text, isBad) => {
		line.classList.toggle("bad", isBad === true);
		line.querySelector(".fate").textContent = text;
	};

	/* Why not, of an answer that is a page. */
	const reason = (request) => {
		const page = new DOMParser().parseFromString(request.responseText, "text/html");
		return page.querySelector(".detail")?.textContent ?? "the server did not take it";
	};

	/* Gives where its fate is shown, or throws why not. The answer leads there, and the browser follows. */
	const send = (form, file, line) => new Promise((resolve, reject) => {
		const body = new FormData();
		const request = new XMLHttpRequest();
		const bar = line.querySelector("progress");
		body.append("proof", form.elements.proof.value);
		body.append("file", file, file.name);
		request.upload.addEventListener("progress", (event) => {
			bar.value = Math.min(event.loaded, file.size);
			say(line, `${size(bar.value)} of ${size(file.size)}`);
		});
		request.addEventListener("load", () => {
			const where = new URL(request.responseURL);
			if (request.status === 200 && where.searchParams.has("f"))
				resolve(where.searchParams.getAll("f"));
			else if (where.pathname === `${home()}sign-in`)
				reject(new Error("you are not signed in any more"));
			else
				reject(new Error(reason(request)));
		});
		request.addEventListener("error", () => reject(new Error("the connection was cut")));
		request.open("POST", form.action);
		request.send(body);
	});

	let isBusy = false;
	const leaving = (event) => event.preventDefault();

	const uploadAll = async (form, files) => {
		const state = form.querySelector("#upload-state");
		const list = element("ul", "fates", "");
		const total = element("p", "", "");
		const lines = files.map(lineFor);
		const taken = [];
		let failed = 0;
		list.append(...lines);
		state.replaceChildren(total);
		form.querySelector("#upload-list").replaceChildren(list);
		for (const [at, file] of files.entries()) {
			const wrong = wrongWith(file, form);
			total.textContent = `Sending file ${at + 1} of ${files.length}.`;
			try {
				if (wrong !== "")
					throw new Error(wrong);
				taken.push(...await send(form, file, lines[at]));
				lines[at].querySelector("progress").value = file.size;
				say(lines[at], `${size(file.size)}, sent`);
			} catch (error) {
				failed++;
				lines[at].querySelector("progress").remove();
				say(lines[at], error.message, true);
			}
		}
		return { failed, taken, total };
	};

	const finish = (form, { failed, taken, total }) => {
		const most = Number(form.dataset.mostFiles);
		const where = taken.length > most ? `${home()}admin/imports/files` :
			`${home()}admin/imports/uploads?${new URLSearchParams(taken.map((one) => ["f", one]))}`;
		form.reset();
		if (failed === 0) {
			location.assign(where);
			return;
		}
		total.textContent = `${failed} of ${failed + taken.length} did not come in. `;
		if (taken.length > 0) {
			const link = element("a", "", "What becomes of the others");
			link.href = where;
			total.append(link);
		}
	};

	const begin = async (form, files) => {
		if (isBusy || files.length === 0)
			return;
		isBusy = true;
		form.querySelector("button").disabled = true;
		window.addEventListener("beforeunload", leaving);
		const done = await uploadAll(form, files);
		window.removeEventListener("beforeunload", leaving);
		form.querySelector("button").disabled = false;
		isBusy = false;
		finish(form, done);
	};

	document.addEventListener("submit", (event) => {
		if (!event.target.matches("#upload"))
			return;
		event.preventDefault();
		begin(event.target, [...event.target.elements.file.files]);
	});

	/* Files may be dropped anywhere on the page that has the form; elsewhere the browser would open them. */
	const hasFiles = (event) => event.dataTransfer?.types.includes("Files") ?? false;
	for (const kind of ["dragover", "dragleave", "drop"]) {
		document.addEventListener(kind, (event) => {
			const form = document.getElementById("upload");
			if (form === null || !hasFiles(event))
				return;
			event.preventDefault();
			form.classList.toggle("over", kind === "dragover");
			if (kind === "drop")
				begin(form, [...event.dataTransfer.files]);
		});
	}
})();
