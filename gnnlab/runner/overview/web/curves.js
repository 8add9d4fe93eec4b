// Learning curves: loss and score by epoch, the kept epoch marked.
function drawCurves(host, runs, [solid, dashed], title) {
  const lines = [];
  for (const run of runs)
    for (const curve of run.curves)
      for (const [name, style] of [[solid, ""], [dashed, " dashed"]])
        if (curve[name].length) lines.push({ run, curve, values: curve[name], name, style });
  if (!lines.length) {
    host.replaceChildren(make("p", {}, `The ticked runs kept no ${title}: tick others.`));
    return;
  }
  const height = 300, [svg, width] = canvas(host, height, title);
  const known = lines.flatMap((line) => line.values.filter((value) => value !== null));
  const cut = shownOf(known, solid === "loss");
  const x = scale(lines.flatMap((line) => line.curve.epoch), 48, width - 10, { pad: 0.01 });
  const y = scale(cut, height - 44, 24, { count: 5 });
  axisBelow(svg, x, 20, height - 44, "epoch", width - 10);
  axisLeft(svg, y, 48, width - 10, title);
  const [low, high] = [Math.min(...cut), Math.max(...cut)];
  for (const { run, curve, values, name, style } of lines) {
    const inside = (value) => Math.min(high, Math.max(low, value));
    let path = "", pen = "M";
    values.forEach((value, k) => {
      if (value === null) pen = "M";
      else { path += `${pen}${x(curve.epoch[k]).toFixed(1)} ${y(inside(value)).toFixed(1)}`; pen = "L"; }
    });
    const told = `${run.title}\n${name.replace("_", " ")}, split ${curve.split} seed ${curve.seed}`;
    tell(draw("path", { d: path, class: `curve${style}`, style: `--own:${run.colour}` }, svg), told);
    const k = curve.epoch.indexOf(curve.kept);
    if (name !== solid || k < 0 || values[k] === null) continue;
    const dot = draw("circle", { cx: x(curve.kept), cy: y(inside(values[k])), r: 3.5, class: "mark", style: `--own:${run.colour}` }, svg);
    tell(dot, `${told}\nkept epoch ${curve.kept}: ${short(values[k])}`);
  }
}

// A loss that begins at a hundred times its later values would flatten the rest.
function shownOf(values, loss) {
  if (!loss) return values;
  const sorted = [...values].sort((a, b) => a - b);
  const limit = sorted[Math.floor(0.98 * (sorted.length - 1))];
  return values.filter((value) => value <= limit);
}

function legend(host, runs) {
  const sample = (colour, text, dashed) => {
    const line = make("i", { className: dashed ? "dashed" : "" });
    if (colour) line.style.setProperty("--own", colour);
    return make("span", {}, line, text);
  };
  host.replaceChildren(
    ...runs.map((run) => sample(run.colour, run.title)),
    sample("", "loss; validation score"), sample("", "validation loss; test score", true),
    make("span", {}, "● kept epoch"),
  );
}
