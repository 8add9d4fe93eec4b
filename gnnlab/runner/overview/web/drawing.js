// Drawing: SVG elements, scales with round ticks, and the frame of a chart.
const SVG = "http://www.w3.org/2000/svg";

function draw(name, attributes = {}, parent = null, text = null) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== null) element.textContent = text;
  if (parent) parent.append(element);
  return element;
}

function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

// Round numbers from low to high, about `count` of them.
function ticks(low, high, count) {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) found.push(k * step);
  return found;
}

function logTicks(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    for (const times of [1, 2, 5]) found.push(times * 10 ** power);
  const inside = found.filter((value) => value >= low && value <= high);
  return inside.length > 6 ? inside.filter((value) => Number.isInteger(Math.log10(value) + 1e-9) || /^1/.test(value.toExponential())) : inside;
}

// A map from values to pixels; `pad` widens the span by that share on both sides.
function scale(values, from, to, { log = false, pad = 0.04, count = 6 } = {}) {
  const f = log ? Math.log10 : (value) => value;
  let low = Math.min(...values), high = Math.max(...values);
  const gap = (f(high) - f(low)) * pad || (log ? 0.1 : Math.abs(high) * 0.02 || 0.5);
  const start = f(low) - gap, end = f(high) + gap;
  const at = (value) => from + ((f(value) - start) / (end - start)) * (to - from);
  [low, high] = log ? [10 ** start, 10 ** end] : [start, end];
  at.ticks = log ? logTicks(low, high) : ticks(low, high, count);
  return at;
}

function short(value) {
  if (value === null || value === undefined) return "-";
  const size = Math.abs(value);
  for (const [unit, letter] of [[1e9, "G"], [1e6, "M"], [1e4, "k"]])
    if (size >= unit) return `${+(value / (unit === 1e4 ? 1e3 : unit)).toPrecision(3)}${letter}`;
  return String(+value.toPrecision(4));
}

function canvas(host, height, title) {
  const width = Math.max(300, Math.floor(host.clientWidth - 16));
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title });
  host.replaceChildren(svg);
  return [svg, width];
}

// Lines and numbers below a chart, and to its left.
function axisBelow(svg, at, top, bottom, title, right) {
  for (const tick of at.ticks) {
    draw("line", { class: "grid", x1: at(tick), x2: at(tick), y1: top, y2: bottom }, svg);
    draw("text", { x: at(tick), y: bottom + 16, "text-anchor": "middle" }, svg, short(tick));
  }
  draw("text", { x: right, y: bottom + 34, "text-anchor": "end" }, svg, title);
}

function axisLeft(svg, at, left, right, title) {
  for (const tick of at.ticks) {
    draw("line", { class: "grid", x1: left, x2: right, y1: at(tick), y2: at(tick) }, svg);
    draw("text", { x: left - 6, y: at(tick) + 4, "text-anchor": "end" }, svg, short(tick));
  }
  draw("text", { x: left, y: 12, class: "label" }, svg, title);
}

const measure = document.createElement("canvas").getContext("2d");
measure.font = '12px system-ui, -apple-system, "Segoe UI", sans-serif';

// What fits; the end is kept, since names of runs begin alike.
function clipped(text, pixels) {
  if (measure.measureText(text).width <= pixels) return text;
  let start = 1;
  while (start < text.length && measure.measureText(`…${text.slice(start)}`).width > pixels) start++;
  return `…${text.slice(start)}`;
}

function tell(element, text) {
  element.dataset.tip = text;
  return element;
}
