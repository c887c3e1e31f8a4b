// A card over a citation that the pointer or the focus rests on: whose words, which words.
//
// As WCAG 1.4.13 asks: Escape dismisses it, the pointer may move onto it, and it stays until
// pointer and focus are gone. (The browser's own tooltip does none of this.)

import { citationOf, parse } from "./citations.js";
import { create, texts, write } from "./dom.js";
import { onEscape } from "./escape_key.js";

const SELECTOR = "a.yj-cite";
const REST_MS = 120; // a pointer that only passes by opens nothing
const LINGER_MS = 220; // time to move from the link onto the card
const QUOTE_CHARS = 220;
const MARGIN = 8;

const card = create("div", "yj-preview");
card.id = "yj-preview";
card.setAttribute("role", "tooltip");
card.hidden = true;

let shown = null; // the link it stands at
let timer = 0;
let stopListening = () => {};
let pointer = ""; // where it was last: what comes to lie under one that rests was not pointed at
let lastKey = ""; // a focus that a script gave back is nobody's wish to look closer

const later = (work, ms) => {
  clearTimeout(timer);
  timer = setTimeout(work, ms);
};

const show = (link) => {
  const cite = link.isConnected && parse(link.getAttribute("href"));
  if (!cite || shown === link) return;
  hide();
  const { title, quote, source, published, verdict } = citationOf(cite);
  const head = create("div", "yj-preview-title");
  write(head, `[${cite.n}] ${title.trim() || texts.untitled}`);
  card.replaceChildren(head);
  if (quote) {
    const said = create("div", "yj-preview-quote");
    const chars = [...quote];
    write(said, chars.length > QUOTE_CHARS ? chars.slice(0, QUOTE_CHARS).join("") + "…" : quote);
    card.append(said);
  }
  const facts = [source, published, verdict && texts[`verdict_${verdict}`]].filter(Boolean);
  if (facts.length) {
    const line = create("div", "yj-preview-facts");
    for (const [at, fact] of facts.entries()) {
      if (at) line.append(" · ");
      const piece = create("bdi");
      write(piece, fact);
      line.append(piece);
    }
    card.append(line);
  }
  shown = link;
  link.setAttribute("aria-describedby", card.id);
  card.hidden = false;
  stand(link);
  stopListening = onEscape(hide);
};

// Above the link where there is room, else below; never over the edge.
const stand = (link) => {
  const at = link.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = card;
  const middle = at.left + at.width / 2 - width / 2;
  const left = Math.max(MARGIN, Math.min(middle, document.documentElement.clientWidth - width - MARGIN));
  const above = at.top - height - MARGIN;
  card.style.left = `${left}px`;
  card.style.top = `${above >= MARGIN ? above : at.bottom + MARGIN}px`;
};

export const hide = () => {
  clearTimeout(timer);
  if (!shown) return;
  shown.removeAttribute("aria-describedby");
  shown = null;
  card.hidden = true;
  stopListening();
};

const placeOf = (event) => `${event.clientX} ${event.clientY}`;

const linkOf = (event) => (event.target instanceof Element ? event.target.closest(SELECTOR) : null);

// The link's hint moves out of the way of our card; citations.js still reads it.
const takeHint = (link) => {
  if (!link.title) return;
  link.dataset.hint = link.title;
  link.removeAttribute("title");
};

export const start = () => {
  document.body.append(card);
  document.addEventListener("keydown", (event) => (lastKey = event.key), true);
  for (const type of ["pointermove", "pointerdown"]) {
    document.addEventListener(type, (event) => (pointer = placeOf(event)), { capture: true, passive: true });
  }
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return; // a tap opens the article itself
    const link = linkOf(event);
    if (link && placeOf(event) === pointer) return;
    if (link) {
      takeHint(link);
      later(() => show(link), shown ? 0 : REST_MS);
    } else if (card.contains(event.target)) clearTimeout(timer);
    else if (shown && document.activeElement !== shown) later(hide, LINGER_MS);
    else if (!shown) clearTimeout(timer);
  });
  document.addEventListener("focusin", (event) => {
    const link = linkOf(event);
    if (lastKey === "Tab" && link?.matches(":focus-visible")) {
      takeHint(link);
      show(link);
    } else if (shown && !card.contains(event.target)) hide();
  });
  document.addEventListener("focusout", (event) => shown && linkOf(event) === shown && later(hide, LINGER_MS));
  document.addEventListener("click", (event) => !card.contains(event.target) && hide(), true);
  document.addEventListener("scroll", (event) => !card.contains(event.target) && hide(), true);
};
