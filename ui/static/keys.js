// The keyboard: a few keys for what is done often, and a list of them.
//
// None of them acts while somebody writes or an input method composes, except those with Alt.

import * as dialog from "./dialog.js";
import { button, create, texts } from "./dom.js";
import { box, control } from "./gradio.js";
import * as history from "./history.js";

const isWriting = (event) => {
  const field = event.target;
  return (
    event.isComposing ||
    event.keyCode === 229 || // Safari's way of saying the same
    (field instanceof HTMLElement &&
      (field.isContentEditable || field.matches("input, textarea, select")))
  );
};

const LIST = [
  [["/"], "keys_focus"],
  [["Enter"], "keys_send"],
  [["↑"], "keys_edit"],
  [["Alt", "N"], "keys_new"],
  [["Alt", "H"], "keys_history"],
  [["←", "→"], "keys_turn"],
  [["Esc"], "keys_close"],
  [["?"], "keys_list"],
];

export const showList = () => {
  const table = create("dl", "yj-keys");
  for (const [keys, name] of LIST) {
    const term = create("dt");
    for (const key of keys) term.append(create("kbd", "", key));
    table.append(term, create("dd", "", texts[name]));
  }
  const row = create("div", "yj-dialog-actions");
  const shown = dialog.show({ label: texts.keys_title, content: [create("h2", "", texts.keys_title), table, row] });
  row.append(button("yj-button", texts.keys_close_list, () => shown.close()));
  row.firstChild.focus();
};

// By the place of the key, not its letter: with Alt some keyboards write another character.
const WITH_ALT = { KeyN: () => control("yj-new")?.click(), KeyH: () => history.open() };

const press = (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey) return;
  const isOpen = document.querySelector("dialog[open]");
  if (event.altKey) {
    const work = !event.shiftKey && !event.isComposing && WITH_ALT[event.code];
    if (!work || (isOpen && event.code !== "KeyH")) return;
    event.preventDefault();
    work();
    return;
  }
  if (isOpen) return;
  if (event.key === "ArrowUp" && event.target === box() && !event.isComposing && !box().value) {
    const edit = control("yj-edit");
    if (!edit?.offsetParent) return;
    event.preventDefault();
    edit.click();
  } else if (!isWriting(event) && event.key === "/") {
    event.preventDefault();
    box()?.focus();
  } else if (!isWriting(event) && event.key === "?") {
    event.preventDefault();
    showList();
  }
};

export const start = () => document.addEventListener("keydown", press);
