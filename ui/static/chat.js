// The chat page: starts its parts, and mends what Gradio draws.

import * as actions from "./actions.js";
import * as ask from "./ask.js";
import * as care from "./care.js";
import * as conversation from "./conversation.js";
import * as copy from "./copy.js";
import { button, texts } from "./dom.js";
import * as escape from "./escape_key.js";
import * as filters from "./filters.js";
import { appears } from "./gradio.js";
import * as handoff from "./handoff.js";
import * as history from "./history.js";
import * as keys from "./keys.js";
import * as meant from "./meant.js";
import * as navigation from "./navigation.js";
import * as notice from "./notice.js";
import * as panel from "./panel.js";
import * as preview from "./preview.js";
import * as rating from "./rating.js";
import * as speak from "./speak.js";
import * as status from "./status.js";
import * as toasts from "./toasts.js";

// A question that is being answered comes to the top of the view, be it new or asked again, and
// stays there while its answer grows below it, until the person scrolls.
const SETTLED_MS = 500; // what is still added when an answer has ended
let asked = 0;
let isAnswering = false;
let following = false;
const followQuestion = () => {
  const questions = document.querySelectorAll("#yj-chat .yj-question");
  const answers = [...document.querySelectorAll("#yj-chat .yj-answer")];
  const running = answers.findIndex((answer) => answer.querySelector(".yj-progress"));
  if (questions.length > asked || (running >= 0 && !isAnswering)) following = true;
  asked = questions.length;
  isAnswering = running >= 0;
  if (!following || !asked) return;
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
  navigation.tidy();
  followQuestion();
  ask.clearSent();
  filters.place();
  conversation.keep();
  status.watch();
  toasts.tell();
};

// Once for each picture that is drawn; a tab in the background draws none, and must not miss an
// answer that ends there.
const BACKGROUND_MS = 250;
let isPlanned = false;
const plan = () => {
  if (isPlanned) return;
  isPlanned = true;
  const once = () => {
    if (!isPlanned) return;
    isPlanned = false;
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    tidy();
  };
  const frame = requestAnimationFrame(once);
  const timer = setTimeout(once, BACKGROUND_MS);
};
const observe = () => {
  // Gradio writes the browser's language there, at a time of its own.
  const tell = () => {
    if (document.documentElement.lang !== texts.tag) document.documentElement.lang = texts.tag;
  };
  new MutationObserver(tell).observe(document.documentElement, { attributeFilter: ["lang"] });
  tell();
  new MutationObserver(plan).observe(document.body, { childList: true, subtree: true, attributeFilter: ["aria-label"] });
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
for (const part of [navigation, actions, escape, ask, meant, filters, notice, panel, preview, history, copy, speak, keys, rating, handoff]) part.start();
fillTools();
observe();
conversation.start().then(status.start);
