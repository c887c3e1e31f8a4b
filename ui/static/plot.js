// Plots as inline SVG: bars that stand on one another, and lines. Each has a name that says what
// it shows; the figures themselves stand in a table beside it.

import { create } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 190;
const MARGIN = { top: 10, right: 8, bottom: 26, left: 40 };

const element = (name, attributes = {}, text) => {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
};

// Round steps of an axis from 0: 1, 2 or 5 times a power of ten, at most five of them.
const ticks = (most) => {
  const rough = Math.max(most, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough));
  return Array.from({ length: Math.ceil(Math.max(most, 1) / step) + 1 }, (_, n) => n * step);
};

// A plot that is drawn anew when its width changes: text keeps its size. `paint(svg, frame)` draws
// into it; the frame has width, height and the edges of the area.
const plot = (label, paint) => {
  const holder = create("div", "yj-plot");
  const draw = () => {
    const width = Math.max(240, Math.round(holder.clientWidth));
    const svg = element("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": label });
    paint(svg, {
      left: MARGIN.left,
      right: width - MARGIN.right,
      top: MARGIN.top,
      bottom: HEIGHT - MARGIN.bottom,
    });
    holder.replaceChildren(svg);
  };
  let drawn = 0;
  new ResizeObserver(() => {
    if (holder.clientWidth !== drawn) {
      drawn = holder.clientWidth;
      draw();
    }
  }).observe(holder);
  return holder;
};

const axes = (svg, frame, values, write, days) => {
  const most = values[values.length - 1];
  const y = (value) => frame.bottom - ((frame.bottom - frame.top) * value) / most;
  for (const value of values) {
    svg.append(
      element("line", { x1: frame.left, x2: frame.right, y1: y(value), y2: y(value), class: value ? "yj-grid" : "yj-axis" }),
      element("text", { x: frame.left - 7, y: y(value) + 4, "text-anchor": "end", class: "yj-tick" }, write(value))
    );
  }
  // As many days as fit beside one another; the year only where it says something.
  const isOneYear = days[0].slice(0, 4) === days[days.length - 1].slice(0, 4);
  const room = Math.max(1, Math.floor((frame.right - frame.left) / (isOneYear ? 66 : 84)));
  const every = Math.max(1, Math.ceil(days.length / room));
  const slot = (frame.right - frame.left) / days.length;
  days.forEach((day, n) => {
    if (n % every) return;
    const x = frame.left + slot * (n + 0.5);
    const anchor = n === 0 && days.length > 1 ? "start" : "middle";
    svg.append(
      element("text", { x: anchor === "start" ? frame.left : x, y: frame.bottom + 17, "text-anchor": anchor, class: "yj-tick" }, day.slice(isOneYear ? 5 : 2))
    );
  });
  return { y, x: (n) => frame.left + slot * (n + 0.5), slot };
};

// `rows` have a `day` and a number for each of `kinds`, which become the classes of its bars.
export const bars = (label, rows, kinds, { line } = {}) =>
  plot(label, (svg, frame) => {
    const totals = rows.map((row) => kinds.reduce((sum, kind) => sum + row[kind], 0));
    const values = ticks(Math.max(...totals));
    const { x, y, slot } = axes(svg, frame, values, String, rows.map((row) => row.day));
    const width = Math.max(1, Math.min(34, slot * 0.72));
    rows.forEach((row, n) => {
      let below = 0;
      for (const kind of kinds) {
        if (!row[kind]) continue;
        const top = y(below + row[kind]);
        svg.append(
          element("rect", { x: x(n) - width / 2, y: top, width, height: y(below) - top, class: `yj-bar yj-is-${kind}` })
        );
        below += row[kind];
      }
    });
    if (!line) return;
    for (const [n, row] of rows.entries()) {
      if (row[line]) svg.append(element("circle", { cx: x(n), cy: y(row[line]), r: 4, class: `yj-dot yj-is-${line}` }));
    }
  });

// `points` are { day, share } with a share from 0 to 1, or null where there was nothing to count.
export const shares = (label, points) =>
  plot(label, (svg, frame) => {
    const percent = (value) => `${Math.round(value * 100)}%`;
    const { x, y } = axes(svg, frame, [0, 0.25, 0.5, 0.75, 1], percent, points.map((point) => point.day));
    const known = points.flatMap(({ share }, n) => (share === null ? [] : [[x(n), y(share)]]));
    svg.append(element("polyline", { points: known.map((point) => point.join(",")).join(" "), class: "yj-line" }));
    for (const [cx, cy] of known) svg.append(element("circle", { cx, cy, r: known.length > 60 ? 2 : 3.5, class: "yj-dot yj-is-solved" }));
  });
