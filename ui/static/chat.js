// The chat page: starts its parts, and mends what Gradio draws.

import * as actions from "./actions.js";
import * as ask from "./ask.js";
import { texts } from "./dom.js";
import * as filters from "./filters.js";
import * as language from "./language.js";
import * as panel from "./panel.js";

// A new question comes to the top of the view, wherever one had scrolled to.
let asked = 0;
const followQuestion = () => {
  const questions = document.querySelectorAll("#yj-chat .yj-question");
  if (questions.length > asked) {
    questions[questions.length - 1].scrollIntoView({ block: "start", inline: "nearest" });
  }
  asked = questions.length;
};

// Gradio labels each message with its source, markup included; a screen reader would read it.
const tidy = () => {
  for (const message of document.querySelectorAll('[data-testid="bot"][aria-label], [data-testid="user"][aria-label]')) {
    message.removeAttribute("aria-label");
  }
  const box = document.querySelector("#yj-question textarea:not([aria-label])");
  if (box) box.setAttribute("aria-label", box.placeholder);
  followQuestion();
  ask.clearSent();
  filters.place();
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
