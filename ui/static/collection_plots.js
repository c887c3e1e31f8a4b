// Two small plots: articles per year and per source. Each is drawn as SVG for the eyes, and stands
// as a table for everybody else.

import { details, foreign, number, row, table } from "./collection_parts.js";
import { create, fill, texts } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const MOST_SOURCES = 8;
const HEIGHT = 96;

const draw = (name, attributes) => {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
};

// The years from the first to the last, those without articles too: a gap is to be seen.
const everyYear = (years) => {
  const counts = new Map(years.map(({ value, count }) => [Number(value), count]));
  const known = [...counts.keys()];
  const [first, last] = [Math.min(...known), Math.max(...known)];
  if (last - first > 60) return years; // a wrong date must not make a thousand bars
  return Array.from({ length: last - first + 1 }, (_, at) => ({
    value: String(first + at),
    count: counts.get(first + at) ?? 0,
  }));
};

const columnsPlot = (bars) => {
  const step = 100 / bars.length;
  const most = Math.max(...bars.map(({ count }) => count));
  const svg = draw("svg", { class: "yj-columns", viewBox: `0 0 100 ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  bars.forEach(({ value, count }, at) => {
    const height = count ? Math.max(2, (count / most) * (HEIGHT - 2)) : 0;
    const bar = draw("rect", { x: at * step + step * 0.14, y: HEIGHT - height, width: step * 0.72, height, rx: 0.6 });
    const title = draw("title", {});
    title.textContent = `${value}: ${number(count)}`;
    bar.append(title);
    svg.append(bar);
  });
  return svg;
};

const barsPlot = (bars) => {
  const most = Math.max(...bars.map(({ count }) => count));
  const list = create("div", "yj-bars");
  list.setAttribute("aria-hidden", "true");
  for (const { value, count } of bars) {
    const line = create("div", "yj-bar-line");
    const svg = draw("svg", { class: "yj-bar-plot", viewBox: "0 0 100 8", preserveAspectRatio: "none" });
    svg.append(draw("rect", { x: 0, y: 0, width: (count / most) * 100, height: 8 }));
    line.append(foreign("span", "yj-bar-name", value), svg, create("span", "yj-bar-count", number(count)));
    list.append(line);
  }
  return list;
};

// The same numbers, for a screen reader.
const asTable = (caption, label, bars) => {
  const columns = [{ label }, { label: texts.collection_count }];
  const made = table(caption, columns);
  made.body.append(...bars.map(({ value, count }) => row(columns, [foreign("span", "", value), number(count)])));
  const hidden = create("div", "yj-hidden");
  hidden.append(made.node);
  return hidden;
};

const figure = (caption, note, ...parts) => {
  const node = create("figure", "yj-figure");
  node.append(create("figcaption", "", caption), ...parts);
  if (note) node.append(create("p", "yj-figure-note", note));
  return node;
};

export const startPlots = () => {
  const wide = window.matchMedia("(min-width: 700px)");
  const node = details(texts.collection_overview, "yj-overview", wide.matches);
  const body = create("div", "yj-plots");
  node.append(body);
  return {
    node,
    follow: ({ facets }) => {
      const figures = [];
      if (facets.years.length) {
        const years = everyYear(facets.years);
        const axis = create("div", "yj-axis");
        axis.setAttribute("aria-hidden", "true");
        axis.append(create("span", "", years[0].value), create("span", "", years.length > 1 ? years.at(-1).value : ""));
        const note = facets.undated && fill(texts.collection_no_date, { count: number(facets.undated) });
        figures.push(
          figure(
            texts.collection_by_year,
            note,
            columnsPlot(years),
            axis,
            asTable(texts.collection_by_year, texts.collection_year, facets.years)
          )
        );
      }
      if (facets.sources.length) {
        const most = facets.sources.slice(0, MOST_SOURCES);
        const left = facets.sources.length - most.length;
        const note = left && fill(texts.collection_more_sources, { count: number(left) });
        figures.push(
          figure(
            texts.collection_by_source,
            note,
            barsPlot(most),
            asTable(texts.collection_by_source, texts.collection_column_source, facets.sources)
          )
        );
      }
      node.hidden = figures.length === 0;
      body.replaceChildren(...figures);
    },
  };
};
