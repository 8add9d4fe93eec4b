// Confusion matrices: true classes by predicted ones, shaded by the share of the row.
function drawConfusion(host, runs) {
  const shown = runs.filter((run) => run.confusion);
  if (!shown.length) {
    host.replaceChildren(make("p", { className: "note" }, "The ticked runs kept none."));
    return;
  }
  host.replaceChildren(...shown.map((run) => make("div", { className: "chart" })));
  shown.forEach((run, k) => drawMatrix(host.children[k], run));
}

function drawMatrix(host, run) {
  const counts = run.confusion, size = counts.length, top = 42, left = 44;
  const side = Math.min(56, Math.max(8, Math.floor((Math.min(host.clientWidth, 520) - left - 24) / size)));
  const [svg] = canvas(host, top + side * size + 8, `confusion of ${run.title}`);
  draw("text", { x: 4, y: 14, class: "label" }, svg, clipped(run.title, host.clientWidth - 24));
  const every = Math.ceil(18 / side);
  counts.forEach((row, truth) => {
    const total = row.reduce((sum, count) => sum + count, 0), y = top + side * truth;
    if (truth % every === 0) {
      draw("text", { x: left - 6, y: y + side / 2 + 4, "text-anchor": "end" }, svg, truth);
      draw("text", { x: left + side * (truth + 0.5), y: top - 6, "text-anchor": "middle" }, svg, truth);
    }
    row.forEach((count, told) => {
      const share = total ? count / total : 0, x = left + side * told;
      const cell = draw("rect", { x, y, width: side - 1, height: side - 1, class: "cell", "fill-opacity": (0.06 + 0.94 * share).toFixed(3), style: `--own:${run.colour}` }, svg);
      tell(cell, `class ${truth} taken for ${told}: ${count} of ${total} (${(100 * share).toFixed(1)}%)`);
      if (side >= 34) draw("text", { x: x + side / 2, y: y + side / 2 + 4, "text-anchor": "middle", class: share > 0.5 ? "on" : "label" }, svg, short(count));
    });
  });
}
