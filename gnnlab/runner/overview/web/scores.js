// Charts of scores: boxes over splits and seeds, cost against quality, papers against ours.
const MOST_BOXES = 30;

function quantile(sorted, share) {
  const place = share * (sorted.length - 1), below = Math.floor(place);
  const next = sorted[Math.min(below + 1, sorted.length - 1)];
  return sorted[below] + (place - below) * (next - sorted[below]);
}

// The better first: by test scores, or by validation where one of them may not be seen.
function byQuality(a, b) {
  const part = a.mean === null || b.mean === null ? "valid" : "mean";
  return (a.lower ? 1 : -1) * ((a[part] ?? 0) - (b[part] ?? 0));
}

function labelWidth(width) {
  return Math.min(260, Math.floor(width * 0.36));
}

function drawBoxes(host, runs) {
  const all = runs.filter((run) => run.mean !== null).sort(byQuality);
  const shown = all.slice(0, MOST_BOXES);
  if (!shown.length) {
    host.replaceChildren(make("p", {}, "None of the runs in the table has a test score on these data."));
    return;
  }
  const row = 24, top = 8, height = top + row * shown.length + 44;
  const [svg, width] = canvas(host, height, "test scores over splits and seeds");
  const left = labelWidth(width), bottom = height - 44;
  const x = scale(shown.flatMap((run) => run.scores), left + 8, width - 12);
  axisBelow(svg, x, top, bottom, `test ${shown[0].metric}${shown[0].lower ? " (lower is better)" : ""}`, width - 12);
  shown.forEach((run, k) => {
    const middle = top + row * (k + 0.5), sorted = [...run.scores].sort((a, b) => a - b);
    const [q1, q2, q3] = [0.25, 0.5, 0.75].map((share) => quantile(sorted, share));
    const group = draw("g", { style: run.colour ? `--own:${run.colour}` : "" }, svg);
    tell(group, `${run.title}\n${short(run.mean)}${run.std === null ? "" : ` ± ${short(run.std)}`}, n = ${run.n}\nmedian ${short(q2)}`);
    draw("rect", { x: 0, y: middle - row / 2, width, height: row, class: "hit" }, group);
    draw("text", { x: left, y: middle + 4, "text-anchor": "end", class: "label" }, group, clipped(run.title, left));
    draw("line", { x1: x(sorted[0]), x2: x(sorted.at(-1)), y1: middle, y2: middle, class: "mark" }, group);
    if (sorted.length > 1) {
      draw("rect", { x: x(q1), y: middle - 7, width: Math.max(1, x(q3) - x(q1)), height: 14, class: "box" }, group);
      draw("line", { x1: x(q2), x2: x(q2), y1: middle - 7, y2: middle + 7, class: "mark thick" }, group);
    }
    for (const score of sorted) draw("circle", { cx: x(score), cy: middle, r: 2, class: "mark" }, group);
  });
  if (all.length > shown.length)
    host.append(make("p", {}, `The best ${shown.length} of ${all.length} runs; filter the table to see others.`));
}

function drawCost(host, runs, cost, name) {
  const shown = runs.filter((run) => run.mean !== null && run[cost] > 0);
  if (!shown.length) {
    host.replaceChildren(make("p", {}, "None of the runs in the table has both on these data."));
    return;
  }
  const height = 340, [svg, width] = canvas(host, height, `test score by ${name}`);
  const x = scale(shown.map((run) => run[cost]), 52, width - 14, { log: true });
  const y = scale(shown.map((run) => run.mean), height - 44, 26, { count: 5 });
  axisBelow(svg, x, 20, height - 44, `${name} (log)`, width - 14);
  axisLeft(svg, y, 52, width - 14, `test ${shown[0].metric}${shown[0].lower ? " (lower is better)" : ""}`);
  const front = frontOf(shown, cost).map((run) => `${x(run[cost]).toFixed(1)},${y(run.mean).toFixed(1)}`);
  draw("polyline", { points: front.join(" "), class: "front" }, svg);
  for (const run of [...shown].sort((a, b) => Boolean(a.colour) - Boolean(b.colour))) {
    const dot = draw("circle", { cx: x(run[cost]), cy: y(run.mean), r: run.colour ? 6 : 4, class: "box", style: run.colour ? `--own:${run.colour}` : "" }, svg);
    tell(dot, `${run.title}\n${run.model}: ${short(run.mean)}${run.std === null ? "" : ` ± ${short(run.std)}`}\n${name} ${short(run[cost])}`);
  }
  host.append(make("p", {}, "The dotted line joins the runs that no cheaper one beats."));
}

// Runs better than every one that is cheaper.
function frontOf(runs, cost) {
  const found = [];
  for (const run of [...runs].sort((a, b) => a[cost] - b[cost] || byQuality(a, b)))
    if (!found.length || byQuality(run, found.at(-1)) < 0) found.push(run);
  return found;
}

function drawPapers(host, runs) {
  const shown = runs.filter((run) => run.paper);
  if (!shown.length) {
    host.replaceChildren(make("p", {}, "None of the runs in the table has a paper's score to stand beside."));
    return;
  }
  const row = 22, top = 8, height = top + row * shown.length + 44;
  const [svg, width] = canvas(host, height, "papers against ours");
  const left = labelWidth(width), right = width - (width > 640 ? 250 : 12), bottom = height - 44;
  const x = scale([-1.5, 1.5, ...shown.map((run) => run.paper.apart).filter((value) => value !== null)], left + 8, right);
  draw("rect", { x: x(-1), y: top, width: x(1) - x(-1), height: bottom - top, class: "band" }, svg);
  axisBelow(svg, x, top, bottom, "ours less the paper's, in its std", right);
  shown.forEach((run, k) => {
    const middle = top + row * (k + 0.5), { mean, std, apart, title, venue, differs } = run.paper;
    const group = draw("g", { style: run.colour ? `--own:${run.colour}` : "" }, svg);
    const both = `ours ${short(run.mean)}, paper ${short(mean)}${std === null ? "" : ` ± ${short(std)}`}`;
    tell(group, `${run.title}: ${both}\n${title} (${venue})\n${differs.join("\n")}`);
    draw("rect", { x: 0, y: middle - row / 2, width, height: row, class: "hit" }, group);
    draw("text", { x: left, y: middle + 4, "text-anchor": "end", class: "label" }, group, clipped(run.title, left));
    if (width > 640) draw("text", { x: right + 8, y: middle + 4 }, group, both);
    if (apart === null) return;
    draw("line", { x1: x(0), x2: x(apart), y1: middle, y2: middle, class: "mark" }, group);
    draw("circle", { cx: x(apart), cy: middle, r: 4, class: "mark" }, group);
  });
}
