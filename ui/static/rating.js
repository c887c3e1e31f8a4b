// Whether an answer helped: links #do/solved/ID and #do/unsolved/ID under it, and what is said then.
//
// Gradio redraws its messages, so nothing of ours lasts there: what was said is kept here and in
// the tab's storage, and put back whenever it is missing.

import * as actions from "./actions.js";
import { call, Refused } from "./api.js";
import { button, create, texts } from "./dom.js";

const KEPT = "yj-ratings";
const MOST = 300; // ratings that a tab remembers
const REASONS = ["wrong", "outdated", "not_found", "citation", "other"];

// id -> { solved, reasons, text } as the server took it
let said = {};
const places = new Map(); // id -> the element under the answer's links: a form, thanks or an error
let isKept = false; // whether the server takes ratings

const remember = (id, rating) => {
  delete said[id]; // the latest goes last
  said[id] = rating;
  said = Object.fromEntries(Object.entries(said).slice(-MOST));
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(said));
  } catch {
    // No storage, or it is full: the page itself still remembers.
  }
};

const recall = () => {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
    if (kept && typeof kept === "object") said = kept;
  } catch {
    said = {};
  }
};

// ---- what stands under an answer ---------------------------------------------------------

const place = (id) => {
  if (!places.has(id)) {
    const node = create("div", "yj-rating");
    node.dataset.id = id;
    places.set(id, node);
  }
  return places.get(id);
};

const clear = (id) => {
  places.get(id)?.remove();
  places.delete(id);
};

const thank = (id) => {
  const { solved } = said[id];
  const line = create("p", "yj-rating-thanks", solved ? texts.rating_thanks_solved : texts.rating_thanks_unsolved);
  line.setAttribute("role", "status");
  const parts = [line];
  if (!solved) {
    const links = create("p", "yj-rating-links");
    links.append(button("yj-link", texts.rating_change, () => open(id, true)));
    const person = create("a", "yj-link", texts.rating_person);
    person.href = `#do/handoff/${id}`;
    person.setAttribute("role", "button");
    links.append(person);
    parts.push(links);
  }
  place(id).replaceChildren(...parts);
};

const send = async (id, rating, warn) => {
  try {
    await call("/api/ratings", { method: "POST", body: { id, ...rating } });
  } catch (error) {
    const words = { 404: texts.rating_gone, 429: texts.rating_too_often };
    warn((error instanceof Refused && words[error.status]) || texts.rating_failed);
    return;
  }
  remember(id, rating);
  thank(id);
  draw();
};

const warnUnder = (id) => (message) => {
  const line = create("p", "yj-rating-error", message);
  line.setAttribute("role", "alert");
  place(id).replaceChildren(line);
  draw();
};

const open = (id, withFocus = false) => {
  const before = said[id]?.solved === false ? said[id] : { reasons: [], text: "" };
  const form = create("form", "yj-rating-form");
  const group = create("fieldset");
  group.append(create("legend", "", texts.rating_question));
  for (const reason of REASONS) {
    const label = create("label", "yj-chip");
    const check = create("input");
    check.type = "checkbox";
    check.name = reason;
    check.checked = before.reasons.includes(reason);
    label.append(check, create("span", "", texts[`rating_${reason}`]));
    group.append(label);
  }
  const comment = create("textarea", "yj-field");
  comment.rows = 2;
  comment.maxLength = 500;
  comment.value = before.text;
  const hint = create("span", "yj-rating-hint", texts.rating_hint);
  hint.id = `yj-rating-hint-${id}`;
  comment.setAttribute("aria-describedby", hint.id);
  const label = create("label", "yj-rating-comment", texts.rating_comment);
  label.append(comment);
  const warning = create("p", "yj-rating-error");
  warning.setAttribute("role", "alert");
  const enter = create("button", "yj-button yj-primary", texts.rating_send);
  const row = create("div", "yj-rating-actions");
  const close = button("yj-button", texts.rating_close, () => (said[id] ? thank(id) : clear(id), draw()));
  row.append(enter, close);
  form.append(group, label, hint, warning, row);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    enter.disabled = true;
    const reasons = REASONS.filter((reason) => form.elements[reason].checked);
    await send(id, { solved: false, reasons, text: comment.value.trim() }, (message) => (warning.textContent = message));
    enter.disabled = false;
  });
  place(id).replaceChildren(form);
  draw();
  if (withFocus) group.querySelector("input").focus({ preventScroll: true });
  form.scrollIntoView({ block: "nearest" });
};

// ---- the links ---------------------------------------------------------------------------

// Puts everything where it belongs in what Gradio has drawn; changes only what is not so already.
const draw = () => {
  for (const link of document.querySelectorAll('#yj-chat a[href^="#do/solved/"], #yj-chat a[href^="#do/unsolved/"]')) {
    const [, , action, id] = /^#(do)\/(\w+)\/(\w+)$/.exec(link.getAttribute("href")) ?? [];
    if (!id) continue;
    const pressed = String(Boolean(said[id]) && said[id].solved === (action === "solved"));
    if (link.getAttribute("aria-pressed") !== pressed) link.setAttribute("aria-pressed", pressed);
    const row = link.closest(".yj-actions");
    const below = places.get(id);
    if (below && row && row.nextElementSibling !== below) row.after(below);
  }
};

let drawing = 0;
const watch = () => {
  new MutationObserver(() => {
    if (!drawing) drawing = requestAnimationFrame(() => ((drawing = 0), draw()));
  }).observe(document.body, { childList: true, subtree: true });
  draw();
};

export const start = async () => {
  recall();
  actions.on("solved", (id) => {
    if (!isKept) return;
    if (said[id]?.solved === true) thank(id), draw();
    else send(id, { solved: true, reasons: [], text: "" }, warnUnder(id));
  });
  actions.on("unsolved", (id) => {
    if (isKept) open(id, true);
  });
  try {
    isKept = (await call("/api/feedback")).ratings;
  } catch {
    isKept = true; // whoever clicks will be told what is wrong
  }
  // Without a log nobody would hear: the links go.
  document.documentElement.classList.toggle("yj-unrated", !isKept);
  watch();
};
