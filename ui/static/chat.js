// The chat page: starts its parts, and mends what Gradio draws.

import * as actions from "./actions.js";
import * as ask from "./ask.js";
import { texts } from "./dom.js";
import * as filters from "./filters.js";
import * as language from "./language.js";
import * as panel from "./panel.js";

// A new question comes to the top of the view and stays there while its answer grows below it,
// until the person scrolls.
const SETTLED_MS = 500; // what is still added when an answer has ended
let asked = 0;
let following = false;
const followQuestion = () => {
  const questions = document.querySelectorAll("#yj-chat .yj-question");
  if (questions.length > asked) following = true;
  asked = questions.length;
  if (!following || !asked) return;
  const answers = [...document.querySelectorAll("#yj-chat .yj-answer")];
  const running = answers.findIndex((answer) => answer.querySelector(".yj-progress"));
  questions[running < 0 ? asked - 1 : running]?.scrollIntoView({ block: "start", inline: "nearest" });
  if (running < 0) setTimeout(() => (following = false), SETTLED_MS);
};
const SCROLLING = new Set(["PageUp", "PageDown", "Home", "End", "ArrowUp", "ArrowDown"]);
const leave = (event) => {
  const isHere = event.target instanceof Element && event.target.closest("#yj-chat");
  if (isHere && (event.type !== "keydown" || SCROLLING.has(event.key))) following = false;
};
for (const type of ["wheel", "touchmove", "pointerdown", "keydown"]) {
  document.addEventListener(type, leave, { capture: true, passive: true });
}

// Gradio labels each message with its source, markup included, and its examples in English: a
// screen reader would read that. Its lists of buttons are no lists.
const LABELLED = '#yj-chat :is([data-testid="bot"], [data-testid="user"], .example)[aria-label]';
const tidy = () => {
  for (const node of document.querySelectorAll(LABELLED)) node.removeAttribute("aria-label");
  document.querySelector('#yj-chat .examples[role="list"]')?.setAttribute("role", "group");
  const box = document.querySelector("#yj-question textarea:not([aria-label])");
  if (box) box.setAttribute("aria-label", box.placeholder);
  tidyNavigation();
  followQuestion();
  ask.clearSent();
  filters.place();
};

// Gradio's sanitiser opens every link in a tab of its own and takes the labels away.
const tidyNavigation = () => {
  const links = document.querySelectorAll("#yj-navigation a[target]");
  for (const link of links) {
    link.removeAttribute("target");
    const isLanguage = link.classList.contains("yj-language");
    const isHere = isLanguage ? link.lang === texts.tag : link.pathname === window.location.pathname;
    if (isHere) link.setAttribute("aria-current", "page");
  }
  if (!links.length) return;
  document.querySelector("#yj-navigation .yj-nav").setAttribute("aria-label", texts.nav_label);
  document.querySelector("#yj-navigation .yj-languages").setAttribute("aria-label", texts.language_label);
};

let tidying = 0;
const observe = () => {
  new MutationObserver(() => {
    if (!tidying) tidying = requestAnimationFrame(() => ((tidying = 0), tidy()));
  }).observe(document.body, { childList: true, subtree: true, attributeFilter: ["aria-label"] });
  tidy();
};

// A module runs when the document is whole.
document.documentElement.lang = texts.tag;
language.start();
actions.start();
ask.start();
filters.start();
panel.start();
observe();
