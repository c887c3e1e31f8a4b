// The panel beside the chat: shows the article behind a citation, the cited characters marked.
//
// Gradio redraws its messages while it streams, so nothing here holds on to their elements:
// links say all by themselves (#cite/ID/START/END/LABEL).

import { button, create, fill, icon, texts, write } from "./dom.js";

const CITE = /^#cite\/([^/]+)\/(\d+)\/(\d+)\/(p?)(\d+)$/;
const NARROW = window.matchMedia("(max-width: 899px)");

// ---- the panel's own elements, made once -------------------------------------------------

const backdrop = create("div", "yj-backdrop");
const panel = create("aside", "yj-panel");
panel.id = "yj-panel";
panel.setAttribute("aria-label", texts.panel_label);
const bar = create("div", "yj-bar");
const position = create("span", "yj-position");
position.setAttribute("aria-live", "polite");
const previous = icon("yj-previous", texts.panel_previous, "‹", () => step(-1));
const next = icon("yj-next", texts.panel_next, "›", () => step(1));
const close = icon("yj-close", texts.panel_close, "×", () => shut());
bar.append(position, previous, next, close);
const body = create("div", "yj-body");
body.tabIndex = 0;
panel.append(bar, body);
panel.hidden = backdrop.hidden = true;

// ---- state -------------------------------------------------------------------------------

let current = null; // the open citation, as parse() returns it
let siblings = []; // the hrefs of the answer that it belongs to, in reading order
let request = null; // the fetch under way: a newer one aborts it

export const parse = (href) => {
  const match = CITE.exec(href);
  if (!match) return null;
  try {
    return {
      href,
      id: decodeURIComponent(match[1]),
      start: Number(match[2]),
      end: Number(match[3]),
      isPassage: match[4] === "p",
      n: Number(match[5]),
    };
  } catch {
    return null; // a broken percent sequence
  }
};

const linksTo = (href) =>
  [...document.querySelectorAll('a[href^="#cite/"]')].filter(
    (link) => link.getAttribute("href") === href
  );

// ---- opening and closing -----------------------------------------------------------------

export const open = (cite, { link = null, whole = false } = {}) => {
  if (link) {
    const answer = link.closest(".yj-answer");
    const kind = cite.isPassage ? "a.yj-passage" : "a.yj-cite, a.yj-source";
    const hrefs = [...(answer ? answer.querySelectorAll(kind) : [])].map((a) =>
      a.getAttribute("href")
    );
    siblings = [...new Set(hrefs)];
  }
  current = cite;
  panel.hidden = backdrop.hidden = false;
  document.documentElement.classList.add("yj-open");
  shutBehindSheet();
  showPosition();
  mark();
  load(cite, whole);
};

export const shut = () => {
  if (!current) return;
  const { href } = current;
  request?.abort();
  current = null;
  panel.hidden = backdrop.hidden = true;
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

const showPosition = () => {
  const at = siblings.indexOf(current.href);
  const label = current.isPassage
    ? `${texts.panel_passage} ${current.n}`
    : fill(texts.panel_position, { n: current.n, at: at + 1, of: siblings.length });
  position.textContent = at < 0 ? texts.panel_label : label;
  previous.disabled = at <= 0;
  next.disabled = at < 0 || at >= siblings.length - 1;
};

const step = (by) => {
  const href = siblings[siblings.indexOf(current.href) + by];
  const cite = href && parse(href);
  if (cite) open(cite);
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
  for (const fact of [article.source, article.author, article.published, article.path]) {
    if (!fact) continue;
    if (facts.childNodes.length) facts.append(" · ");
    const piece = create("bdi");
    write(piece, fact);
    facts.append(piece);
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
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || !current) return;
      event.preventDefault();
      shut();
    },
    true
  );
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
