// The panel beside the chat: the citations of an answer, and the article behind one of them with
// the cited characters marked. On a narrow screen it is a sheet over the chat.
//
// Gradio redraws its messages while it streams, so nothing here holds on to their elements:
// links say all by themselves (#cite/ID/START/END/LABEL, see citations.js).

import { button, create, fill, icon, texts, write } from "./dom.js";
import { citationOf, parse, siblingsOf } from "./citations.js";
import { onEscape } from "./escape_key.js";
import { check } from "./status.js";

const NARROW = window.matchMedia("(max-width: 899px)");

// ---- the panel's own elements, made once -------------------------------------------------

const backdrop = create("div", "yj-backdrop");
const panel = create("aside", "yj-panel");
panel.id = "yj-panel";
panel.setAttribute("aria-label", texts.panel_label);
const handle = create("div", "yj-handle"); // drawn on the sheet: pulled down it closes
const bar = create("div", "yj-bar");
const position = create("span", "yj-position");
position.setAttribute("aria-live", "polite");
const previous = icon("yj-previous", texts.panel_previous, "‹", () => step(-1));
const next = icon("yj-next", texts.panel_next, "›", () => step(1));
const close = icon("yj-close", texts.panel_close, "×", () => shut());
bar.append(position, previous, next, close);
const list = create("ol", "yj-list");
list.setAttribute("aria-label", texts.panel_list);
const body = create("div", "yj-body");
body.tabIndex = 0;
body.setAttribute("role", "region");
body.setAttribute("aria-label", texts.panel_label);
panel.append(handle, bar, list, body);
panel.hidden = backdrop.hidden = true;

// ---- state -------------------------------------------------------------------------------

let current = null; // the open citation, as parse() returns it
let siblings = []; // the citations of the answer that it belongs to, in reading order
let request = null; // the fetch under way: a newer one aborts it
let stopListening = () => {}; // for Escape

const linksTo = (href) =>
  [...document.querySelectorAll('a[href^="#cite/"]')].filter(
    (link) => link.getAttribute("href") === href
  );

// ---- opening and closing -----------------------------------------------------------------

export const open = (cite, { link = null, whole = false } = {}) => {
  if (link) siblings = siblingsOf(link, cite);
  if (!current) stopListening = onEscape(shut);
  current = cite;
  panel.hidden = backdrop.hidden = false;
  document.documentElement.classList.add("yj-open");
  shutBehindSheet();
  showPosition();
  showList();
  mark();
  load(cite, whole);
};

export const shut = () => {
  if (!current) return;
  const { href } = current;
  stopListening();
  request?.abort();
  current = null;
  panel.hidden = backdrop.hidden = true;
  panel.style.transform = "";
  document.documentElement.classList.remove("yj-open");
  shutBehindSheet();
  mark();
  // The link that was followed may have been redrawn since: its twin takes the focus.
  linksTo(href)[0]?.focus();
};

// On a narrow screen the panel covers the chat: what lies behind it must not take the focus.
const shutBehindSheet = () => {
  const app = document.querySelector("gradio-app");
  if (app) app.inert = Boolean(current) && NARROW.matches;
  panel.setAttribute("role", current && NARROW.matches ? "dialog" : "complementary");
};

const mark = () => {
  for (const link of document.querySelectorAll('a[href^="#cite/"][aria-current]')) {
    link.removeAttribute("aria-current");
  }
  if (current) for (const link of linksTo(current.href)) link.setAttribute("aria-current", "true");
};

const indexOf = (href) => siblings.findIndex((cite) => cite.href === href);

const showPosition = () => {
  const at = indexOf(current.href);
  const kind = current.isPassage ? texts.panel_passage : texts.panel_citation;
  const place = fill(texts.panel_position, { at: at + 1, of: siblings.length });
  // Which of one goes without saying, and what leads nowhere without a sign.
  const isOne = siblings.length < 2;
  const label = `${kind} ${current.n}` + (isOne || current.isPassage ? "" : ` · ${place}`);
  previous.hidden = next.hidden = isOne;
  position.textContent = at < 0 ? texts.panel_label : label;
  previous.disabled = at <= 0;
  next.disabled = at < 0 || at >= siblings.length - 1;
};

// All citations of the answer: number, quote, verdict. Passages have a list of their own below
// the answer; one citation alone needs none.
const showList = () => {
  list.hidden = siblings.length < 2 || current.isPassage;
  if (list.hidden) return list.replaceChildren();
  const isSame = list.childElementCount === siblings.length &&
    siblings.every((cite, at) => list.children[at].dataset.href === cite.href);
  if (!isSame) list.replaceChildren(...siblings.map(row));
  for (const item of list.children) {
    const isCurrent = item.dataset.href === current.href;
    item.firstChild.toggleAttribute("aria-current", isCurrent);
    if (isCurrent) {
      item.firstChild.setAttribute("aria-current", "true");
      list.scrollTop = item.offsetTop - list.clientHeight / 2 + item.offsetHeight / 2;
    }
  }
};

const row = (cite) => {
  const { quote, title, verdict } = citationOf(cite);
  const item = create("li");
  item.dataset.href = cite.href;
  const choose = button("yj-row", undefined, () => open(cite));
  choose.append(create("span", "yj-row-number", String(cite.n)));
  const said = create("bdi", "yj-row-quote");
  write(said, quote || title);
  choose.append(said);
  if (verdict && verdict !== "supported") {
    choose.append(create("span", `yj-row-verdict yj-${verdict}`, texts[`verdict_${verdict}`] ?? verdict));
  } else if (verdict) {
    choose.append(create("span", "yj-row-verdict", texts.verdict_supported));
  }
  item.append(choose);
  return item;
};

const step = (by) => {
  const cite = siblings[indexOf(current.href) + by];
  if (cite && indexOf(current.href) >= 0) open(cite);
};

// ---- the article -------------------------------------------------------------------------

const load = async (cite, whole) => {
  request?.abort();
  const mine = (request = new AbortController());
  const slow = setTimeout(() => body.replaceChildren(create("p", "yj-state", texts.panel_loading)), 150);
  const query = new URLSearchParams({ id: cite.id, start: cite.start, end: cite.end, whole });
  try {
    const response = await fetch(`/api/article?${query}`, { signal: mine.signal });
    if (response.status === 404) {
      clearTimeout(slow);
      body.replaceChildren(create("p", "yj-state", texts.panel_gone));
      return;
    }
    if (!response.ok) throw new Error(`status ${response.status}`);
    const article = await response.json();
    clearTimeout(slow);
    show(article, cite);
  } catch (error) {
    clearTimeout(slow);
    if (mine.signal.aborted) return;
    const retry = button("yj-button", texts.panel_retry, () => load(cite, whole));
    body.replaceChildren(create("p", "yj-state", texts.panel_error), retry);
    check(); // perhaps all of the server is gone
  }
};

const writeRuns = (parent, runs) => {
  for (const run of runs) {
    if (!run.heading && !run.damage) {
      write(parent, run.text);
      continue;
    }
    const span = create("span", run.damage ? "yj-damage" : "");
    if (run.damage) span.title = `${texts.panel_damage}：${run.damage}`;
    if (run.heading) {
      span.classList.add("yj-heading");
      span.setAttribute("role", "heading");
      span.setAttribute("aria-level", String(Math.min(run.heading + 2, 6)));
    }
    write(span, run.text);
    parent.append(span);
  }
};

const cut = (chars, cite) => {
  const note = create("p", "yj-cut", fill(texts.panel_cut, { chars }));
  const all = button("yj-button", texts.panel_show_all, () => open(cite, { whole: true }));
  note.append(" ", all);
  return note;
};

const show = (article, cite) => {
  const title = create("h2", "yj-title");
  title.tabIndex = -1;
  title.dir = "auto";
  write(title, article.title.trim() ? article.title : texts.untitled);

  const facts = create("p", "yj-facts");
  for (const name of ["source", "author", "published", "path"]) {
    if (!article[name]) continue;
    const fact = create("span", `yj-fact-${name}`, facts.childNodes.length ? " · " : "");
    const piece = create("bdi");
    write(piece, article[name]);
    fact.append(piece);
    facts.append(fact);
  }
  const parts = [title, facts];
  if (article.url) {
    const line = create("p", "yj-original");
    const link = create("a", "", texts.panel_original);
    link.href = article.url; // http or https: the server says which URLs may be links
    link.rel = "noopener noreferrer";
    link.target = "_blank";
    link.referrerPolicy = "no-referrer";
    const address = create("bdi", "yj-address");
    write(address, article.url);
    line.append(link, " ", address);
    parts.push(line);
  } else if (article.url_text) {
    const line = create("p", "yj-original yj-address");
    write(line, article.url_text);
    parts.push(line);
  }

  const text = create("div", "yj-text");
  text.lang = article.language;
  writeRuns(text, article.before);
  let quote = null;
  if (article.quote.length) {
    quote = create("mark", "yj-mark");
    quote.tabIndex = -1;
    writeRuns(quote, article.quote);
    text.append(quote);
  }
  writeRuns(text, article.after);

  if (article.cut_before_chars) parts.push(cut(article.cut_before_chars, cite));
  parts.push(text);
  if (article.cut_after_chars) parts.push(cut(article.cut_after_chars, cite));
  body.replaceChildren(...parts);
  body.scrollTop = 0;
  const target = quote || title;
  target.focus({ preventScroll: true });
  if (quote) {
    const fits = quote.getBoundingClientRect().height < body.clientHeight * 0.8;
    quote.scrollIntoView({ block: fits ? "center" : "start", inline: "nearest" });
  }
};

// ---- listening -----------------------------------------------------------------------------

export const start = () => {
  document.body.append(backdrop, panel);
  backdrop.addEventListener("click", shut);
  NARROW.addEventListener("change", shutBehindSheet);
  document.addEventListener("click", follow, true);
  panel.addEventListener("keydown", turn);
  listenToHandle();
  const cite = parse(window.location.hash);
  if (cite) open(cite);
};

const follow = (event) => {
  const link = event.target instanceof Element && event.target.closest('a[href^="#cite/"]');
  if (link) {
    const cite = parse(link.getAttribute("href"));
    const wantsTab = event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0;
    if (!cite || wantsTab) return; // a new tab opens the same citation from its address
    event.preventDefault();
    open(cite, { link });
  } else if (event.target instanceof Element && event.target.closest("#yj-new")) {
    shut();
  }
};

const TURNS = { ArrowLeft: -1, k: -1, ArrowRight: 1, j: 1 };
const turn = (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Tab") return wrap(event);
  if (!(event.key in TURNS)) return;
  event.preventDefault();
  step(TURNS[event.key]);
};

// Behind the last control of the sheet comes its first one again: the chat behind it is inert.
const wrap = (event) => {
  if (!NARROW.matches) return;
  const stops = [...panel.querySelectorAll("button:not(:disabled), a[href], [tabindex='0']")].filter(
    (node) => node.getClientRects().length
  );
  const [first, last] = [stops[0], stops.at(-1)];
  if (event.target !== (event.shiftKey ? first : last)) return;
  event.preventDefault();
  (event.shiftKey ? last : first).focus();
};

// The sheet follows the finger; let go far enough down, it closes.
const CLOSING_PX = 90;
const listenToHandle = () => {
  let from = null;
  const pull = (event) => Math.max(0, event.clientY - from);
  handle.addEventListener("pointerdown", (event) => {
    from = event.clientY;
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener("pointermove", (event) => {
    if (from !== null) panel.style.transform = `translateY(${pull(event)}px)`;
  });
  const release = (event) => {
    if (from === null) return;
    const isFar = event.type === "pointerup" && pull(event) > CLOSING_PX;
    from = null;
    panel.style.transform = "";
    if (isFar) shut();
  };
  handle.addEventListener("pointerup", release);
  handle.addEventListener("pointercancel", release);
};
