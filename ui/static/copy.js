// An answer for elsewhere: its sentences with their numbers, and the sources with their places.

import * as actions from "./actions.js";
import * as dialog from "./dialog.js";
import { button, create, fill, texts } from "./dom.js";
import { brief } from "./notice.js";
import { find } from "./records.js";

const marks = (said) => said.citations.map((n) => `[${n}]`).join("");
const words = (said) => `${said.item ? "• " : ""}${said.lead ? `（${said.lead}）` : ""}${said.text}${marks(said)}`;
const lines = (record) => (record.sentences.length ? record.sentences.map(words) : [record.answer]);

const heading = (cited) =>
  [`[${cited.n}] ${cited.title.trim() || texts.untitled}`, cited.source, cited.published].filter(Boolean).join(" · ");
const place = (cited) => fill(texts.export_place, { path: cited.path, start: cited.start, end: cited.end });

export const asText = (record) => {
  const sources = record.citations.map((cited) =>
    [heading(cited), `    “${cited.quote}”`, `    ${place(cited)}`, cited.url && `    ${cited.url}`].filter(Boolean).join("\n")
  );
  return [lines(record).join("\n"), ...(sources.length ? [texts.export_sources, ...sources] : [])].join("\n\n");
};

// Built as elements and written out by the browser: whatever the text holds stays text.
export const asHtml = (record) => {
  const whole = create("div");
  for (const line of lines(record)) whole.append(create("p", "", line));
  if (record.citations.length) {
    const list = create("ul");
    for (const cited of record.citations) {
      const item = create("li");
      item.append(create("strong", "", heading(cited)), create("blockquote", "", cited.quote));
      item.append(create("small", "", [place(cited), cited.url].filter(Boolean).join(" · ")));
      list.append(item);
    }
    whole.append(create("p", "", texts.export_sources), list);
  }
  return whole.innerHTML;
};

// Both flavours at once; where the browser refuses, the older way; where that fails too, by hand.
const copy = async (text, html) => {
  try {
    const parts = { "text/plain": new Blob([text], { type: "text/plain" }), "text/html": new Blob([html], { type: "text/html" }) };
    await navigator.clipboard.write([new ClipboardItem(parts)]);
    return true;
  } catch {
    return copyByCommand(text, html);
  }
};

const copyByCommand = (text, html) => {
  let isSet = false;
  const fillIn = (event) => {
    event.clipboardData.setData("text/plain", text);
    event.clipboardData.setData("text/html", html);
    event.preventDefault();
    isSet = true;
  };
  document.addEventListener("copy", fillIn, { once: true });
  const isDone = document.execCommand("copy");
  document.removeEventListener("copy", fillIn);
  return isDone && isSet;
};

const byHand = (text) => {
  const field = create("textarea", "yj-field yj-by-hand");
  field.value = text;
  field.readOnly = true;
  field.setAttribute("aria-label", texts.copy_by_hand);
  const row = create("div", "yj-dialog-actions");
  const shown = dialog.show({ label: texts.copy_by_hand, content: [create("p", "", texts.copy_by_hand), field, row] });
  row.append(button("yj-button", texts.copy_close, () => shown.close()));
  field.focus();
  field.select();
};

export const start = () => {
  actions.on("copy", async (id) => {
    const record = find(id)?.record;
    if (!record) return;
    const text = asText(record);
    if (await copy(text, asHtml(record))) brief(texts.copy_done);
    else byHand(text);
  });
};
