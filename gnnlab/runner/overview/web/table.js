// Table of runs: sorting, filters, columns of settings, and the ticks that colour the charts.
const COLOURS = 8;

function valueOf(run, key) {
  if (key.startsWith("settings.")) return run.settings[key.slice(9)] ?? null;
  if (key === "paper") return run.paper ? run.paper.mean : null;
  if (key === "apart") return run.paper ? run.paper.apart : null;
  return run[key];
}

// Numbers by size, then words; what is missing comes last whichever way.
function compare(a, b, turned) {
  if (a === null || b === null) return (a === null) - (b === null);
  const both = typeof a === "number" && typeof b === "number";
  return (turned ? -1 : 1) * (both ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true }));
}

class Table {
  constructor(root, runs, changed) {
    Object.assign(this, { root, runs, changed, picked: [] });
    this.body = root.tBodies[0];
    this.rows = [...this.body.rows];
    this.words = runs.map((run) => `${run.title} ${run.run} ${Object.entries(run.settings).map(([k, v]) => `${k}=${v}`).join(" ")}`.toLowerCase());
    root.tHead.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-sort]");
      if (button) this.sort(button);
    });
    this.body.addEventListener("change", (event) => this.pick(this.runOf(event.target), event.target.checked));
  }

  runOf(element) { return Number(element.closest("tr").dataset.run); }

  sort(button) {
    const head = button.closest("th"), turned = head.ariaSort === "ascending";
    for (const other of this.root.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", turned ? "descending" : "ascending");
    const value = (row) => valueOf(this.runs[row.dataset.run], button.dataset.sort);
    this.rows.sort((a, b) => compare(value(a), value(b), turned));
    this.body.append(...this.rows);
    this.changed();
  }

  // Words may stand in any order; each must be there.
  filter(text, choices) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of this.rows) {
      const k = Number(row.dataset.run), run = this.runs[k];
      const chosen = Object.entries(choices).every(([key, value]) => !value || String(run[key]) === value);
      row.hidden = !chosen || !words.every((word) => this.words[k].includes(word));
    }
    this.changed();
  }

  visible() { return this.rows.filter((row) => !row.hidden).map((row) => this.runs[row.dataset.run]); }

  // Colours are taken in turn; the oldest tick goes when there are more runs than colours.
  pick(k, on) {
    this.picked = this.picked.filter((other) => other !== k);
    if (on) this.picked.push(k);
    if (this.picked.length > COLOURS) this.picked.shift();
    const taken = new Set(this.picked.map((other) => this.runs[other].slot).filter((slot) => slot !== undefined));
    this.runs.forEach((run, number) => {
      if (!this.picked.includes(number)) { delete run.slot; delete run.colour; }
    });
    for (const number of this.picked) {
      const run = this.runs[number];
      if (run.slot === undefined) {
        run.slot = [...Array(COLOURS).keys()].find((slot) => !taken.has(slot)) ?? 0;
        taken.add(run.slot);
      }
      run.colour = `var(--c${run.slot})`;
    }
    for (const row of this.rows) {
      const run = this.runs[row.dataset.run], ticked = run.colour !== undefined;
      row.classList.toggle("picked", ticked);
      row.style.setProperty("--own", run.colour ?? "");
      row.cells[0].firstElementChild.checked = ticked;
    }
    this.changed();
  }

  addColumn(name) {
    const key = `settings.${name}`;
    if (this.root.querySelector(`[data-sort="${CSS.escape(key)}"]`)) return;
    const button = make("button", { type: "button" }, name);
    button.dataset.sort = key;
    this.root.tHead.rows[0].append(make("th", {}, button));
    for (const row of this.rows) {
      const value = valueOf(this.runs[row.dataset.run], key);
      row.append(make("td", { className: value === null ? "missing" : "" }, value === null ? "-" : String(value)));
    }
  }
}

function settingsTable(host, runs, differingOnly) {
  if (!runs.length) { host.replaceChildren(make("caption", {}, "Tick runs in the table.")); return; }
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.settings)))];
  const told = (run, name) => (name in run.settings ? String(run.settings[name]) : "-");
  const shown = names.filter((name) => !differingOnly || runs.length === 1 || new Set(runs.map((run) => told(run, name))).size > 1);
  const head = make("tr", {}, make("th", { className: "name" }, "setting"), ...runs.map((run) => {
    const cell = make("th", { title: run.folder }, `▉ ${run.title}`);
    cell.style.color = run.colour;
    return cell;
  }));
  const lines = shown.map((name) => make("tr", {}, make("th", { className: "name", scope: "row" }, name), ...runs.map((run) => make("td", {}, told(run, name)))));
  const none = make("tr", {}, make("td", { colSpan: runs.length + 1, className: "missing" }, "They do not differ."));
  host.replaceChildren(make("thead", {}, head), make("tbody", {}, ...(lines.length ? lines : [none])));
}
