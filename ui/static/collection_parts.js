// Small parts that the collection page is made of: numbers, names, dialogs, states, tables.

import { Refused } from "./api.js";
import { button, create, texts, write } from "./dom.js";

const numbers = new Intl.NumberFormat(texts.tag);
const times = new Intl.DateTimeFormat(texts.tag, { dateStyle: "medium", timeStyle: "short" });
const names = new Intl.DisplayNames(texts.tag, { type: "language", languageDisplay: "standard" });

export const number = (value) => numbers.format(value);
export const megabytes = (bytes) => `${number(Math.round(bytes / 2 ** 20))} MB`;

export const time = (iso) => {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? String(iso) : times.format(date);
};

// A language by its name; an article may claim any text to be its language.
export const languageName = (tag) => {
  try {
    return names.of(tag) ?? tag;
  } catch {
    return tag;
  }
};

// Text from an article or a file: isolated, so that its direction reorders nothing around it.
export const foreign = (name, className, text) => {
  const node = create(name, className);
  const inner = create("bdi");
  write(inner, text);
  node.append(inner);
  return node;
};

// A sentence of ours with foreign text in its places: fill() for nodes.
export const filled = (template, values) => {
  const node = document.createDocumentFragment();
  for (const piece of template.split(/(\{\w+\})/)) {
    const name = /^\{(\w+)\}$/.exec(piece)?.[1];
    if (name in values) node.append(foreign("span", "", String(values[name])));
    else node.append(piece);
  }
  return node;
};

// Why a file or record is not indexed: in a word of the page's language, then as the indexer says it.
export const faultOf = (file) => {
  const node = create("span", "yj-fault", texts[`collection_fault_${file.fault}`] ?? texts.collection_fault_other);
  const reason = foreign("span", "yj-quiet-line", file.reason);
  reason.lang = "en";
  node.append(reason);
  return node;
};

export const adviceOf = (file) => texts[`collection_advice_${file.fault}`] ?? texts.collection_advice_other;

export const titleOf = (article) => (article.title.trim() ? article.title : texts.collection_untitled);

// A link that opens the article in the chat's panel.
export const articleLink = (article) => {
  const link = foreign("a", "yj-open-article", titleOf(article));
  link.href = `/${texts.tag.toLowerCase()}/#cite/${encodeURIComponent(article.id)}/0/0/1`;
  return link;
};

// What went wrong, in the words of the page's language where it has them.
export const explain = (error) => {
  if (error instanceof Refused) {
    const known = error.code && texts[`collection_error_${error.code}`];
    if (known) return known;
    if (error.status === 401) return texts.collection_error_token;
    if (error.status === 403) return texts.collection_off;
    return `${texts.collection_failed}：${error.message}`;
  }
  return texts.collection_unreachable;
};

// A line that says how it stands: loading, empty, or failed with a button to try again.
export const state = (text) => {
  const node = create("p", "yj-state", text);
  node.setAttribute("role", "status");
  return {
    node,
    say: (said) => node.replaceChildren(said),
    fail: (error, again) => {
      const retry = button("yj-button", texts.collection_retry, again);
      node.replaceChildren(create("span", "yj-wrong", explain(error)), " ", retry);
    },
  };
};

// Asks before something happens: resolves to true when it is to go on.
export const confirm = ({ heading, body, go, cancel = texts.collection_cancel, isDanger = false }) =>
  new Promise((resolve) => {
    const dialog = create("dialog", "yj-dialog");
    const title = create("h2", "", heading);
    title.id = "yj-dialog-title";
    dialog.setAttribute("aria-labelledby", title.id);
    const leave = button("yj-button", cancel, () => dialog.close());
    const parts = [title, ...body];
    const buttons = create("div", "yj-dialog-actions");
    buttons.append(leave);
    if (go) {
      const agree = button(`yj-button ${isDanger ? "yj-danger" : "yj-primary"}`, go, () => dialog.close("go"));
      buttons.append(agree);
    }
    dialog.append(...parts, buttons);
    dialog.addEventListener("close", () => {
      const isAgreed = dialog.returnValue === "go";
      dialog.remove();
      resolve(isAgreed);
    });
    document.body.append(dialog);
    dialog.showModal();
    leave.focus(); // Enter on a dialog that was not read does nothing
  });

// A table with a caption that is read aloud. The roles are stated, for on a narrow screen the
// style sheet shows rows as cards, and a browser then forgets that they were rows.
export const table = (caption, columns) => {
  const node = create("table", "yj-table");
  node.setAttribute("role", "table");
  node.append(create("caption", "yj-hidden", caption));
  const head = create("thead");
  head.setAttribute("role", "rowgroup");
  const row = create("tr");
  row.setAttribute("role", "row");
  for (const column of columns) {
    const cell = create("th", column.className ?? "");
    cell.scope = "col";
    cell.setAttribute("role", "columnheader");
    if (column.node) cell.append(column.node);
    else cell.textContent = column.label;
    row.append(cell);
  }
  head.append(row);
  const body = create("tbody");
  body.setAttribute("role", "rowgroup");
  node.append(head, body);
  return { node, head, body };
};

// One row: cells are nodes or texts, each under the label of its column.
export const row = (columns, cells) => {
  const node = create("tr");
  node.setAttribute("role", "row");
  cells.forEach((content, at) => {
    const cell = create("td", columns[at].className ?? "");
    cell.setAttribute("role", "cell");
    cell.dataset.label = columns[at].label;
    if (content === null || content === "") cell.classList.add("yj-blank");
    else cell.append(content);
    node.append(cell);
  });
  return node;
};

export const details = (summaryText, className, open = false) => {
  const node = create("details", className);
  node.open = open;
  node.append(create("summary", "", summaryText));
  return node;
};
