// The chat page: starts its parts, and mends what Gradio draws.

import * as actions from "./actions.js";
import { texts } from "./dom.js";
import * as language from "./language.js";
import * as panel from "./panel.js";

// Enter that ends an input method's composition chooses a word; it must not send.
document.addEventListener(
  "keydown",
  (event) => {
    if (event.key === "Enter" && (event.isComposing || event.keyCode === 229)) {
      event.stopImmediatePropagation();
    }
  },
  true
);

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
panel.start();
observe();
