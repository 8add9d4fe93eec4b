// Page: the parts put together; only what is seen is drawn.
const DATA = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const filters = [...document.querySelectorAll("[data-filter]")];
const board = byId("board");
let waiting = false;

const table = new Table(byId("table"), DATA.runs, refresh);

function refresh() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; drawAll(); });
}

// Data of which the table shows runs; scores of one metric alone stand on one axis.
function fillBoard(visible) {
  const groups = [...new Set(visible.map((run) => `${run.data} · ${run.metric}`))];
  const before = board.value;
  if ([...board.options].map((option) => option.value).join() === groups.join()) return;
  board.replaceChildren(...groups.map((group) => make("option", { value: group }, group)));
  if (groups.includes(before)) board.value = before;
}

function drawAll() {
  const visible = table.visible();
  byId("count").textContent = `${visible.length} of ${DATA.runs.length} runs`;
  fillBoard(visible);
  const own = visible.filter((run) => `${run.data} · ${run.metric}` === board.value);
  const cost = byId("cost-of"), picked = table.picked.map((k) => DATA.runs[k]);
  drawBoxes(byId("boxes"), own);
  drawCost(byId("scatter"), own, cost.value, cost.selectedOptions[0].text);
  if (byId("curves")) {
    legend(byId("curves-legend"), picked);
    drawCurves(byId("loss-curves"), picked, ["loss", "valid_loss"], "loss");
    drawCurves(byId("score-curves"), picked, ["valid", "test"], "score");
  }
  if (byId("confusion")) drawConfusion(byId("confusion-charts"), picked);
  if (byId("papers")) drawPapers(byId("paper-chart"), visible);
  settingsTable(byId("settings-table"), picked, byId("only-differing").checked);
}

function filter() {
  table.filter(byId("find").value, Object.fromEntries(filters.map((select) => [select.dataset.filter, select.value])));
}

byId("find").addEventListener("input", filter);
for (const select of filters) select.addEventListener("change", filter);
for (const id of ["board", "cost-of", "only-differing"]) byId(id).addEventListener("change", refresh);
byId("add-column").append(...DATA.settings.map((name) => make("option", { value: name }, name)));
byId("add-column").addEventListener("change", (event) => {
  if (event.target.value) table.addColumn(event.target.value);
  event.target.value = "";
});
if (DATA.settings.length <= 4) DATA.settings.forEach((name) => table.addColumn(name));
addEventListener("resize", refresh);

const tip = byId("tip");
document.addEventListener("pointermove", (event) => {
  const told = event.target.closest?.("[data-tip]");
  tip.hidden = !told;
  if (!told) return;
  tip.textContent = told.dataset.tip;
  const { offsetWidth: wide, offsetHeight: high } = tip;
  tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - wide - 4))}px`;
  tip.style.top = `${event.clientY + 18 + high > innerHeight ? event.clientY - high - 8 : event.clientY + 18}px`;
});

// The best runs of the first data are ticked at the start, those with curves first.
const first = DATA.runs.filter((run) => run.data === DATA.runs[0].data && run.metric === DATA.runs[0].metric);
first.sort((a, b) => (b.curves.length > 0) - (a.curves.length > 0) || b.chosen - a.chosen || byQuality(a, b));
for (const run of first.slice(0, 3)) table.pick(DATA.runs.indexOf(run), true);
refresh();
