// The drawer of earlier conversations: by day, searchable; open, rename, delete, export.

import * as conversation from "./conversation.js";
import * as dialog from "./dialog.js";
import { button, create, fill, texts } from "./dom.js";
import { download } from "./export.js";
import * as store from "./store.js";

let drawer = null; // the open dialog
let found = null; // where its list stands
let wanted = ""; // what is searched for

export const open = () => {
  if (drawer) return drawer.close();
  wanted = "";
  const head = create("div", "yj-drawer-head");
  head.append(create("h2", "", texts.history_title));
  const close = button("yj-icon", "×", () => drawer.close());
  close.setAttribute("aria-label", texts.history_close);
  head.append(close);
  const search = create("input", "yj-field");
  search.type = "search";
  search.placeholder = texts.history_search;
  search.setAttribute("aria-label", texts.history_search);
  search.addEventListener("input", () => {
    wanted = search.value.trim().toLowerCase();
    list();
  });
  found = create("div", "yj-history");
  const hint = create("p", "yj-hint", texts.history_where);
  const foot = create("div", "yj-drawer-foot");
  foot.append(
    button("yj-button", texts.export_all_markdown, () => exportAll("md")),
    button("yj-button", texts.export_all_json, () => exportAll("json")),
    button("yj-button yj-danger", texts.history_delete_all, removeAll)
  );
  drawer = dialog.show({
    label: texts.history_title,
    className: "yj-drawer",
    content: [head, search, found, hint, foot],
    onClose: () => (drawer = found = null),
  });
  list();
};

const exportAll = async (kind) => {
  const all = await store.all();
  if (all.length) download(all, kind);
};

const removeAll = async () => {
  const all = await store.all();
  if (!all.length) return;
  if (!(await dialog.sure(fill(texts.history_delete_all_sure, { count: all.length }), texts.history_delete))) return;
  await store.remove(all.map((one) => one.id));
  conversation.forget(all.map((one) => one.id));
  conversation.announce();
};

const matches = (kept) =>
  !wanted ||
  kept.title.toLowerCase().includes(wanted) ||
  kept.records.some((record) => `${record.question}\n${record.answer}`.toLowerCase().includes(wanted));

const dayOf = (time) => new Date(time).toLocaleDateString(texts.tag, { dateStyle: "full" });

const dayLabel = (time) => {
  const today = new Date();
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (dayOf(time) === dayOf(today)) return texts.history_today;
  return dayOf(time) === dayOf(yesterday) ? texts.history_yesterday : dayOf(time);
};

const list = async () => {
  if (!drawer) return;
  const all = await store.all().catch(() => []);
  if (!drawer) return; // closed meanwhile
  const chosen = all.filter(matches);
  const parts = [];
  let day = null;
  for (const kept of chosen) {
    const label = dayLabel(kept.updated);
    if (label !== day) {
      day = label;
      parts.push(create("h3", "yj-day", label), create("ul", "yj-day-list"));
    }
    parts.at(-1).append(row(kept));
  }
  if (!parts.length) {
    parts.push(create("p", "yj-state", all.length ? texts.history_none_found : texts.history_empty));
  }
  found.replaceChildren(...parts);
  for (const control of drawer.querySelectorAll(".yj-drawer-foot button")) control.disabled = !all.length;
};

const row = (kept) => {
  const item = create("li", "yj-history-row");
  const isCurrent = kept.id === conversation.currentId();
  const title = button("yj-history-open", undefined, () => choose(kept.id));
  if (isCurrent) title.setAttribute("aria-current", "true");
  const time = new Date(kept.updated).toLocaleTimeString(texts.tag, { timeStyle: "short" });
  title.append(
    create("bdi", "yj-history-title", kept.title),
    create("span", "yj-history-facts", fill(texts.history_facts, { time, count: kept.records.length }))
  );
  const more = create("details", "yj-more");
  const summary = create("summary", "", "⋯");
  summary.setAttribute("aria-label", fill(texts.history_more, { title: kept.title }));
  const menu = create("div", "yj-menu");
  menu.append(
    button("", texts.history_rename, () => rename(kept.id, item)),
    button("", texts.export_markdown, () => exportOne(kept.id, "md")),
    button("", texts.export_json, () => exportOne(kept.id, "json")),
    button("yj-danger", texts.history_delete, () => removeOne(kept))
  );
  more.append(summary, menu);
  // One menu at a time, and none that stays behind.
  more.addEventListener("toggle", () => {
    if (!more.open) return;
    for (const other of found.querySelectorAll("details[open]")) if (other !== more) other.open = false;
  });
  item.append(title, more);
  return item;
};

const choose = async (id) => {
  const kept = await store.get(id);
  drawer.close();
  if (kept && id !== conversation.currentId()) await conversation.open(kept);
};

const exportOne = async (id, kind) => {
  const kept = await store.get(id);
  if (kept) download([kept], kind);
};

const removeOne = async (kept) => {
  if (!(await dialog.sure(fill(texts.history_delete_sure, { title: kept.title }), texts.history_delete))) return;
  await store.remove([kept.id]);
  conversation.forget([kept.id]);
  conversation.announce();
};

// The title becomes a field in its place; Enter keeps, Escape gives up.
const rename = (id, item) => {
  const field = create("input", "yj-field yj-rename");
  const before = item.querySelector(".yj-history-title").textContent;
  field.value = before;
  field.setAttribute("aria-label", texts.history_rename);
  field.maxLength = 120;
  let done = false;
  const end = async (isKept) => {
    if (done) return;
    done = true;
    const title = field.value.trim();
    if (isKept && title && title !== before) {
      await store.update(id, (kept) => kept && { ...kept, title, renamed: true });
    }
    conversation.announce();
  };
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") end(true);
    if (event.key !== "Escape") return;
    event.preventDefault(); // not the drawer
    end(false);
  });
  field.addEventListener("blur", () => end(true));
  item.replaceChildren(field);
  field.focus();
  field.select();
};

export const start = () => conversation.onChange(list);
