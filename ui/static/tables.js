// Texts and tables of the operations page.

import { create, texts, write } from "./dom.js";

export const t = (name) => texts[`operations_${name}`];

// A text that somebody else wrote.
export const said = (className, text) => {
  const node = create("bdi", className);
  write(node, text);
  return node;
};

// A table with named columns; a cell is a text, a number or an element.
export const table = (caption, heads, rows) => {
  const holder = create("div", "yj-scroll");
  holder.tabIndex = 0;
  holder.setAttribute("role", "region");
  holder.setAttribute("aria-label", caption);
  const node = create("table");
  const head = create("tr");
  for (const name of heads) {
    const cell = create("th", "", name);
    cell.scope = "col";
    head.append(cell);
  }
  const top = create("thead");
  top.append(head);
  const body = create("tbody");
  for (const row of rows) {
    const line = create("tr");
    row.forEach((value, n) => {
      const cell = create(n ? "td" : "th");
      if (!n) cell.scope = "row";
      cell.append(value instanceof Node ? value : String(value));
      if (typeof value === "number") cell.className = "yj-number";
      line.append(cell);
    });
    body.append(line);
  }
  const hidden = create("caption", "yj-hidden", caption);
  node.append(hidden, top, body);
  holder.append(node);
  return holder;
};
