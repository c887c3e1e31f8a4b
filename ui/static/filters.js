// Filters: which articles may answer. Built here, kept here; what is chosen is written as JSON into
// a field of Gradio's, with which every question goes to the server.

import * as actions from "./actions.js";
import { call } from "./api.js";
import { enter } from "./ask.js";
import { button, create, fill, texts, write } from "./dom.js";

const GROUPS = ["sources", "languages", "tags"];
const MANY = 10; // from so many values on there is a field to find one

const chosen = { since: "", until: "", sources: new Set(), languages: new Set(), tags: new Set() };
const boxes = new Map(); // "group value" → its check box
let asked = null; // the request for the facets

// ---- the elements, made once ----------------------------------------------------------------

const root = create("div", "yj-filters");
const bar = create("div", "yj-filter-bar");
const toggle = button("yj-filter-toggle", texts.filter_title, () => open(panel.hidden));
const chips = create("div", "yj-chips");
chips.setAttribute("role", "group");
chips.setAttribute("aria-label", texts.filter_title);
const panel = create("div", "yj-filter-panel");
panel.id = "yj-filter-panel";
panel.hidden = true;
toggle.setAttribute("aria-expanded", "false");
toggle.setAttribute("aria-controls", panel.id);
bar.append(toggle, chips);
root.append(bar, panel);

const day = (name, label) => {
  const field = create("label", "yj-filter-day");
  const input = create("input", "yj-field");
  input.type = "date";
  input.name = name;
  input.max = "9999-12-31"; // else the year may have six digits
  input.addEventListener("change", readDays);
  input.addEventListener("blur", readDays);
  field.append(create("span", "", label), input);
  return { field, input };
};
const since = day("since", texts.filter_since);
const until = day("until", texts.filter_until);
const wrong = create("p", "yj-filter-wrong");
wrong.setAttribute("role", "alert");
const days = create("div", "yj-filter-days");
days.append(since.field, until.field);
const groups = create("div", "yj-filter-groups");
panel.append(days, wrong, groups);

// ---- choosing ----------------------------------------------------------------------------------

function readDays() {
  const bad = since.input.validity.badInput || until.input.validity.badInput;
  const swapped = since.input.value && until.input.value && until.input.value < since.input.value;
  wrong.textContent = bad ? texts.filter_bad_day : swapped ? texts.filter_swapped : "";
  for (const { input } of [since, until]) input.setAttribute("aria-invalid", String(Boolean(bad || swapped)));
  // Days that make no sense filter nothing; the message says so while they stand there.
  chosen.since = bad || swapped ? "" : since.input.value;
  chosen.until = bad || swapped ? "" : until.input.value;
  changed();
}

const choose = (group, value, isChosen) => {
  if (isChosen) chosen[group].add(value);
  else chosen[group].delete(value);
  const box = boxes.get(`${group} ${value}`);
  if (box) box.checked = isChosen;
  changed();
};

export const clear = () => {
  since.input.value = until.input.value = "";
  for (const group of GROUPS) chosen[group].clear();
  for (const box of boxes.values()) box.checked = false;
  readDays();
};

const named = (group, value) => (group === "languages" && texts[`filter_${value}`]) || value;

const active = () => {
  const all = [];
  if (chosen.since || chosen.until) {
    const remove = () => {
      since.input.value = until.input.value = "";
      readDays();
    };
    all.push({ name: `${chosen.since || "…"} – ${chosen.until || "…"}`, remove });
  }
  for (const group of GROUPS) {
    for (const value of chosen[group]) {
      all.push({ name: named(group, value), remove: () => choose(group, value, false) });
    }
  }
  return all;
};

const changed = () => {
  const filters = active();
  const sent = { since: chosen.since || null, until: chosen.until || null };
  for (const group of GROUPS) sent[group] = [...chosen[group]];
  const field = document.querySelector("#yj-filters-value textarea, #yj-filters-value input");
  if (field) enter(field, filters.length ? JSON.stringify(sent) : "");
  const hadFocus = chips.contains(document.activeElement);
  chips.replaceChildren(...filters.map(chip));
  if (filters.length > 1) chips.append(button("yj-chip-clear", texts.filter_clear, clear));
  if (hadFocus) (chips.querySelector("button") ?? toggle).focus();
  toggle.classList.toggle("yj-active", filters.length > 0);
};

const chip = ({ name, remove }) => {
  const node = button("yj-chip", undefined, remove);
  node.setAttribute("aria-label", fill(texts.filter_remove, { name }));
  const text = create("bdi");
  write(text, name);
  const sign = create("span", "yj-chip-sign", "×");
  sign.setAttribute("aria-hidden", "true");
  node.append(text, sign);
  return node;
};

// ---- the values --------------------------------------------------------------------------------

const open = (isOpen) => {
  panel.hidden = !isOpen;
  toggle.setAttribute("aria-expanded", String(isOpen));
  // Asked for anew each time: the collection may have changed.
  if (isOpen) load();
};

const load = async () => {
  asked?.abort();
  asked = new AbortController();
  const { signal } = asked;
  if (!boxes.size) groups.replaceChildren(create("p", "yj-state", texts.filter_loading));
  try {
    show(await call("/api/facets", { signal }));
  } catch {
    if (!signal.aborted) groups.replaceChildren(create("p", "yj-state", texts.filter_error));
  }
};

const show = (facets) => {
  boxes.clear();
  const shown = GROUPS.filter((group) => facets[group].length).map((group) => fieldset(group, facets[group]));
  groups.replaceChildren(...(shown.length ? shown : [create("p", "yj-state", texts.filter_none)]));
};

const fieldset = (group, values) => {
  const set = create("fieldset", "yj-filter-group");
  const list = create("div", "yj-filter-values");
  const rows = values.map((facet) => row(group, facet));
  list.append(...rows.map(({ label }) => label));
  set.append(create("legend", "", texts[`filter_${group}`]));
  if (values.length > MANY) {
    const find = create("input", "yj-field yj-filter-find");
    find.type = "search";
    find.placeholder = texts.filter_find;
    find.setAttribute("aria-label", texts.filter_find);
    find.addEventListener("input", () => {
      const wanted = find.value.trim().toLowerCase();
      for (const { label, text } of rows) label.hidden = !text.includes(wanted);
    });
    set.append(find);
  }
  set.append(list);
  return set;
};

const row = (group, { value, articles }) => {
  const label = create("label", "yj-filter-value");
  const box = create("input");
  box.type = "checkbox";
  box.checked = chosen[group].has(value);
  box.addEventListener("change", () => choose(group, value, box.checked));
  boxes.set(`${group} ${value}`, box);
  const name = create("bdi");
  write(name, named(group, value));
  label.append(box, name, create("span", "yj-filter-count", String(articles)));
  return { label, text: named(group, value).toLowerCase() };
};

// ---- on the page ---------------------------------------------------------------------------------

// Gradio draws the place when it is ready, and might draw it again.
export const place = () => {
  const there = document.getElementById("yj-filters");
  if (there && !there.contains(root)) there.append(root);
};

// From an answer that the filters left empty: without them, once more.
const unfilter = async (id, link) => {
  clear();
  const answers = [...document.querySelectorAll("#yj-chat .yj-answer")];
  const at = answers.indexOf(link.closest(".yj-answer"));
  await new Promise(requestAnimationFrame); // Gradio has heard of the empty field by then
  const again = document.querySelector("#yj-retry");
  if (at === answers.length - 1 && again) {
    again.click();
    return;
  }
  const box = document.querySelector("#yj-question textarea");
  enter(box, document.querySelectorAll("#yj-chat .yj-question")[at]?.textContent ?? "");
  box.focus();
};

export const start = () => {
  actions.on("unfilter", unfilter);
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    open(false);
    toggle.focus();
  });
};
