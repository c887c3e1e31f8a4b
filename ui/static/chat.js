// The chat page: starts its parts, and mends what Gradio draws.

import * as actions from "./actions.js";
import * as ask from "./ask.js";
import * as care from "./care.js";
import * as conversation from "./conversation.js";
import * as copy from "./copy.js";
import { button, texts } from "./dom.js";
import * as escape from "./escape.js";
import { appears } from "./gradio.js";
import * as history from "./history.js";
import * as keys from "./keys.js";
import * as language from "./language.js";
import * as notice from "./notice.js";
import * as panel from "./panel.js";
import * as preview from "./preview.js";
import * as speak from "./speak.js";
import * as status from "./status.js";

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
  conversation.keep();
  status.watch();
};
let tidying = 0;
const observe = () => {
  new MutationObserver(() => {
    if (!tidying) tidying = requestAnimationFrame(() => ((tidying = 0), tidy()));
  }).observe(document.body, { childList: true, subtree: true, attributeFilter: ["aria-label"] });
  tidy();
};

// Our buttons in the header that Gradio draws, as soon as it is drawn.
const fillTools = async () => {
  const tools = await appears(() => document.getElementById("yj-tools"));
  if (!tools) return;
  tools.append(button("yj-tool yj-history-button", texts.history_open, history.open));
  care.start(tools);
};

// A module runs when the document is whole.
document.documentElement.lang = texts.tag;
for (const part of [language, actions, escape, ask, notice, panel, preview, history, copy, speak, keys]) part.start();
fillTools();
observe();
conversation.start().then(status.start);
