// The elder-friendly mode (关爱版): one switch, remembered; three sizes of text; a way to a person.
//
// How it looks is care.css, under the class yj-care; care-early.js sets it before the first paint.

import { button, create, icon, texts } from "./dom.js";
import { brief } from "./notice.js";
import { browser } from "./kept.js";

const root = document.documentElement;
const SIZES = ["1", "2", "3"];

export const isOn = () => root.classList.contains("yj-care");

const toggle = button("yj-tool yj-care-switch", "", () => turn(!isOn()));
const sizes = create("span", "yj-sizes");
const person = button("yj-person", texts.care_person, () => handOff());

export const turn = (on) => {
  root.classList.toggle("yj-care", on);
  browser.set("yj-care", on ? "1" : "0");
  // The address must not turn it back at the next reload.
  const url = new URL(window.location.href);
  if (url.searchParams.has("care")) {
    url.searchParams.set("care", on ? "1" : "0");
    history.replaceState(history.state, "", url);
  }
  show();
};

const resize = (size) => {
  root.dataset.yjSize = size;
  browser.set("yj-care-size", size);
  show();
};

const show = () => {
  toggle.textContent = isOn() ? texts.care_off : texts.care_on;
  sizes.hidden = person.hidden = !isOn();
  for (const choice of sizes.children) {
    choice.setAttribute("aria-pressed", String(choice.dataset.size === root.dataset.yjSize));
  }
};

// The last answer is handed on; before the first question, the person's wish alone.
const handOff = async () => {
  const links = document.querySelectorAll('#yj-chat a[href^="#do/handoff/"]');
  if (links.length) return links[links.length - 1].click();
  try {
    const { handOff: begin } = await import("./handoff.js");
    await begin(null);
  } catch {
    brief(texts.care_person_failed);
  }
};

export const start = (tools) => {
  if (!SIZES.includes(root.dataset.yjSize)) root.dataset.yjSize = "1";
  sizes.setAttribute("role", "group");
  sizes.setAttribute("aria-label", texts.care_sizes);
  for (const size of SIZES) {
    const choice = icon("yj-size", texts[`care_size_${size}`], "A", () => resize(size));
    choice.dataset.size = size;
    sizes.append(choice);
  }
  tools.append(sizes);
  document.body.append(person);
  offer(tools);
};

// The switch alone: for pages whose text has one size, and where no answer is handed on.
export const offer = (tools) => {
  tools.append(toggle);
  show();
};
