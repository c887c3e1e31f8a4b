// Reads an answer aloud by the browser's own voices, sentence by sentence, each shown as it is read.

import * as actions from "./actions.js";
import { button, create, texts } from "./dom.js";
import { find } from "./records.js";

const voices = window.speechSynthesis;
const RATE = 1;
const RATE_IN_CARE = 0.85; // slower

let reading = null; // {id, at}: which sentence of which answer
const bar = create("div", "yj-speaking-bar");
bar.hidden = true;

// Characters that only one of the two scripts has, among the most frequent ones.
const TRADITIONAL = /[們這個來時國說會對於還過關開與為業務銀機構員貸辦萬億]/g;
const SIMPLIFIED = /[们这个来时国说会对于还过关开与为业务银机构员贷办万亿]/g;
const count = (text, pattern) => text.match(pattern)?.length ?? 0;

// The language of a sentence by its own script, not by that of the page.
export const languageOf = (text) => {
  if (/[\u3040-\u30ff]/.test(text)) return "ja-JP";
  if (!/\p{Script=Han}/u.test(text)) return "en-US";
  return count(text, TRADITIONAL) > count(text, SIMPLIFIED) ? "zh-TW" : "zh-CN";
};

// Some systems have voices for one kind of Chinese only: that one is better than none.
const voiceFor = (language) => {
  const all = voices.getVoices();
  const same = (voice) => voice.lang.replace("_", "-").toLowerCase();
  return (
    all.find((voice) => same(voice) === language.toLowerCase()) ??
    all.find((voice) => same(voice).startsWith(language.slice(0, 2))) ??
    null
  );
};

const spans = (id) => [...(find(id)?.answer.querySelectorAll(".yj-prose .yj-said, .yj-sentence .yj-said") ?? [])];

const show = () => {
  for (const node of document.querySelectorAll(".yj-reading")) node.classList.remove("yj-reading");
  bar.hidden = !reading;
  if (!reading) return;
  const node = spans(reading.id)[reading.at];
  node?.classList.add("yj-reading");
  node?.scrollIntoView({ block: "nearest" });
};

export const stop = () => {
  reading = null;
  voices?.cancel();
  show();
};

const next = (id, said, at) => {
  if (at >= said.length) return stop();
  reading = { id, at };
  show();
  const mine = reading;
  const utterance = new SpeechSynthesisUtterance(said[at]);
  utterance.lang = languageOf(said[at]);
  utterance.voice = voiceFor(utterance.lang);
  utterance.rate = document.documentElement.classList.contains("yj-care") ? RATE_IN_CARE : RATE;
  // Cancelled speech reports its end too: only the sentence that is still being read goes on.
  utterance.onend = () => reading === mine && next(id, said, at + 1);
  utterance.onerror = () => reading === mine && stop();
  voices.speak(utterance);
};

const read = (id) => {
  if (!voices) return;
  const isSame = reading?.id === id;
  stop();
  if (isSame) return; // a second click stops
  const record = find(id)?.record;
  if (!record) return;
  const said = record.sentences.length ? record.sentences.map((one) => one.text) : [record.answer];
  next(id, said.filter((text) => text.trim()), 0);
};

// Voices may arrive late, or never: without one there is nothing to offer.
const offer = () =>
  document.documentElement.classList.toggle("yj-no-voices", !voices || !voices.getVoices().length);

export const start = () => {
  bar.append(create("span", "", texts.speak_reading), button("yj-button", texts.speak_stop, stop));
  document.body.append(bar);
  actions.on("speak", read);
  offer();
  voices?.addEventListener?.("voiceschanged", offer);
  window.addEventListener("pagehide", stop);
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("#yj-new")) stop();
  });
};
