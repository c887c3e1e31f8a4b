// Questions that are under way, and words that are not sent yet: kept for this tab, so that neither
// a reload nor the death of the server loses them.

import { enter } from "./ask.js";
import { texts } from "./dom.js";
import { appears, box, isRunning } from "./gradio.js";
import { tab } from "./kept.js";
import { banner, hide } from "./notice.js";

const ASKING = "yj-asking"; // {questions, after}: `after` is the exchange that ended before them
const DRAFT = "yj-draft"; // what stands in the box
const SENDING_MS = 4000; // from Enter to the first word of the server nothing shows a question

let sentAt = 0;
let isDone = false; // nothing more is offered: what is asked next takes the banner away
let isResumed = false; // until then what is kept is of the page before this one
let before = { asking: null, draft: null }; // as that page left it

export const isSending = () => Date.now() - sentAt < SENDING_MS;

const note = (questions, after) => tab.set(ASKING, JSON.stringify({ questions, after }));

export const forget = () => {
  sentAt = 0;
  tab.set(ASKING, null);
};

// Questions on the page whose answers have not ended, what waits for its turn included.
const open = () => {
  const answers = document.querySelectorAll("#yj-chat .yj-answer");
  return [...document.querySelectorAll("#yj-chat .yj-question")]
    .filter((_, at) => !answers[at]?.querySelector(".yj-record"))
    .map((question) => question.textContent);
};

// Called whenever the chat may have changed; `after` is the last exchange that is stored.
export const watch = (after) => {
  if (!isResumed) return;
  const questions = open();
  if (questions.length) {
    sentAt = 0;
    note(questions, after);
  } else if (!isRunning() && !isSending() && tab.get(ASKING) !== null) forget();
};

// ---- after a reload -----------------------------------------------------------------------

const lost = (last) => {
  try {
    const { questions, after } = JSON.parse(before.asking);
    return after === last ? questions : []; // else an answer came in time and is stored
  } catch {
    return [];
  }
};

// Puts back what was not answered: the first question into the box, the others at a click.
// `last` is the last exchange of the conversation as it is stored.
export const resume = async (last) => {
  const [first, ...others] = lost(last);
  const { draft } = before;
  // A question may have been asked since this page came: that one is not taken for lost.
  if (tab.get(ASKING) === before.asking) tab.set(ASKING, null);
  isResumed = true;
  const field = await appears(box);
  if (!field) return;
  const isFree = !field.value.trim();
  const putBack = (question) => [`${texts.status_put_back}：${question}`, () => enter(box(), question)];
  if (first && isFree) {
    enter(field, first);
    banner("resumed", texts.status_resumed, { actions: others.map(putBack) });
    isDone = !others.length;
  } else if (first) {
    banner("resumed", texts.status_interrupted, { actions: [first, ...others].map(putBack) });
  } else if (draft && isFree) enter(field, draft);
};

// `after()` tells the last exchange that is stored.
export const start = (after) => {
  before = { asking: tab.get(ASKING), draft: tab.get(DRAFT) };
  const sent = () => {
    const question = box()?.value.trim();
    if (!question || isRunning()) return; // what waits for its turn is seen on the page
    sentAt = Date.now();
    if (isDone) hide("resumed");
    note([question], after());
    tab.set(DRAFT, null);
  };
  document.addEventListener("input", (event) => {
    if (event.target === box()) tab.set(DRAFT, event.target.value.trim() ? event.target.value : null);
  });
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target === box()) sent();
    },
    true
  );
  document.addEventListener(
    "click",
    (event) => {
      if (event.target instanceof Element && event.target.closest("#yj-question .submit-button")) sent();
    },
    true
  );
};
