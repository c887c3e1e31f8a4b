// 转人工: a person takes over. A dialog shows what will be handed over and what happens next; at
// the end stand a reference and a copy. What was typed survives every failure.

import * as actions from "./actions.js";
import { call, Refused } from "./api.js";
import * as dialogs from "./dialog.js";
import { button, create, texts, write } from "./dom.js";
import { save } from "./download.js";
import { records } from "./records.js";

const MOST_EXCHANGES = 200;
const MOST_BYTES = 900_000; // the server takes a little more
const SAVED_AS = "youju-handoff-";

let draft = { note: "", contact: "" }; // kept while the tab is open, until it was handed over

// `id` names the exchange at which to hand over: what came after it stays out. null for the whole
// conversation, and before any question.
export const handOff = async (id = null) => {
  const all = records();
  const at = id ? all.findIndex((record) => record.id === id) : -1;
  const conversation = latest(at < 0 ? all : all.slice(0, at + 1));
  let desk = "folder";
  let questions = conversation.map((record) => record.question);
  try {
    desk = (await call("/api/feedback")).handoff;
    if (conversation.length) {
      // Masked by the server, as they will be handed over.
      questions = (await call("/api/handoff/preview", { method: "POST", body: { conversation } })).questions;
    }
  } catch {
    // Told when it is sent: the form can be filled in meanwhile.
  }
  show(conversation, questions, desk);
};

// As much of the end of a conversation as can be handed over.
const latest = (all) => {
  let left = MOST_BYTES;
  let first = all.length;
  while (first > 0 && all.length - first < MOST_EXCHANGES) {
    left -= new Blob([JSON.stringify(all[first - 1])]).size + 1;
    if (left < 0) break;
    first -= 1;
  }
  return all.slice(first);
};

const field = (name, label, { rows = 0, most, required = false }) => {
  const box = create(rows ? "textarea" : "input", "yj-field");
  if (rows) box.rows = rows;
  box.maxLength = most;
  box.required = required;
  box.autocomplete = "off";
  box.value = draft[name];
  box.addEventListener("input", () => (draft[name] = box.value));
  const holder = create("label", "yj-handoff-label", label);
  holder.append(box);
  return holder;
};

// What is handed over, as far as a person would want to know: each question and how it ended.
const contents = (conversation, questions) => {
  const box = create("div", "yj-handoff-contents");
  if (!conversation.length) {
    box.append(create("p", "", texts.handoff_nothing_yet));
    return box;
  }
  const list = create("ol");
  for (const [n, record] of conversation.entries()) {
    const line = create("li");
    const question = create("bdi");
    write(question, questions[n]);
    line.append(question, create("span", "yj-handoff-outcome", texts[`handoff_${record.outcome}`]));
    list.append(line);
  }
  list.tabIndex = 0; // a long one scrolls, by the keyboard too
  list.setAttribute("aria-label", texts.handoff_what);
  box.append(list, create("p", "yj-quiet", texts.handoff_also));
  return box;
};

const heading = (text) => {
  const node = create("h2", "", text);
  node.tabIndex = -1;
  return node;
};

const show = (conversation, questions, desk) => {
  const form = create("form", "yj-handoff-form");
  const asked = conversation.length > 0;
  const warning = create("p", "yj-handoff-error");
  warning.setAttribute("role", "alert");
  const enter = create("button", "yj-button yj-primary", texts.handoff_send);
  const row = create("div", "yj-dialog-actions");
  row.append(button("yj-button", texts.handoff_cancel, () => dialog.close("")), enter);
  form.append(
    create("h3", "", texts.handoff_what),
    contents(conversation, questions),
    create("p", "yj-quiet", texts.handoff_masked),
    field("note", asked ? texts.handoff_note_label : texts.handoff_note_needed, { rows: 3, most: 2000, required: !asked }),
    field("contact", texts.handoff_contact_label, { most: 200 }),
    warning,
    row
  );
  const dialog = dialogs.show({
    label: texts.handoff_title,
    className: "yj-handoff",
    content: [heading(texts.handoff_title), create("p", "", texts[`handoff_next_${desk}`]), form],
  });
  form.querySelector("textarea").focus();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    enter.disabled = true;
    enter.textContent = texts.handoff_sending;
    warning.textContent = "";
    try {
      const answer = await call("/api/handoff", { method: "POST", body: { conversation, language: texts.tag, ...draft } });
      finish(dialog, answer);
    } catch (error) {
      if (error.content?.pack) {
        finish(dialog, { ...error.content, taken: "busy" });
        return;
      }
      warning.textContent = error instanceof Refused ? texts.handoff_refused : texts.handoff_offline;
      enter.disabled = false;
      enter.textContent = texts.handoff_send;
    }
  });
};

// `taken` is stored, sent, waiting, busy or failed.
const finish = (dialog, { taken, pack, page }) => {
  const failed = taken === "failed" || taken === "busy";
  const told = taken === "failed" ? texts.handoff_failed_now : texts[`handoff_${taken}`];
  const said = create("p", failed ? "yj-handoff-error" : "yj-handoff-taken", told);
  said.setAttribute("role", "status");
  const parts = [heading(texts.handoff_title), said];
  if (!failed) {
    draft = { note: "", contact: "" };
    const reference = create("p", "yj-handoff-reference");
    reference.append(create("span", "yj-quiet", texts.handoff_reference), create("strong", "", pack.reference));
    const next = pack.contact ? texts.handoff_with_contact : texts.handoff_without_contact;
    parts.push(reference, create("p", "", `${next}${texts.handoff_keep}`));
  }
  const copies = create("div", "yj-handoff-copies");
  const name = SAVED_AS + pack.reference;
  copies.append(
    button("yj-button", texts.handoff_save_page, () => save(`${name}.html`, page, "text/html")),
    button("yj-button", texts.handoff_save_json, () =>
      save(`${name}.json`, JSON.stringify(pack, null, 2), "application/json")
    )
  );
  const row = create("div", "yj-dialog-actions");
  row.append(button("yj-button yj-primary", texts.handoff_done, () => dialog.close("")));
  parts.push(copies, row);
  dialog.replaceChildren(...parts);
  parts[0].focus();
};

export const start = () => actions.on("handoff", (id) => handOff(id));
