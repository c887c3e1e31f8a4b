// The question box: what was sent leaves it once it stands in the chat, and not before. The server
// does not clear it: words typed in the meantime would be lost, and what it refused as well.

// What was sent and still stands in the box, the newest last: {text, had}, `had` being how often
// the chat had asked just that before.
let sent = [];

const timesAsked = (text) =>
  [...document.querySelectorAll("#yj-chat .yj-question")].filter((n) => n.textContent === text.trim()).length;

const box = () => document.querySelector("#yj-question textarea");

// Write into a field of Gradio's as a person would: its own listeners hear of it.
export const enter = (field, text) => {
  const kind = field instanceof HTMLTextAreaElement ? HTMLTextAreaElement : HTMLInputElement;
  Object.getOwnPropertyDescriptor(kind.prototype, "value").set.call(field, text);
  field.dispatchEvent(new Event("input", { bubbles: true }));
};

// Called whenever the page has changed.
export const clearSent = () => {
  const field = box();
  if (!sent.length || !field) return;
  const at = sent.findLastIndex(({ text, had }) => timesAsked(text) > had);
  if (at < 0) return;
  const { text } = sent[at];
  sent = sent.slice(at + 1);
  // What was typed behind it meanwhile stays.
  if (field.value.startsWith(text)) enter(field, field.value.slice(text.length));
};

export const start = () => {
  const note = () => {
    const text = box()?.value ?? "";
    if (!text.trim()) return;
    // What is edited takes the place of the last question.
    const isEdited = Boolean(document.querySelector("#yj-editing"));
    const last = [...document.querySelectorAll("#yj-chat .yj-question")].at(-1)?.textContent;
    const had = timesAsked(text) - (isEdited && last === text.trim());
    sent = [...sent.slice(-9), { text, had }];
  };
  document.addEventListener(
    "keydown",
    (event) => {
      const field = event.target;
      if (event.key !== "Enter" || !(field instanceof Element) || !field.closest("#yj-question")) return;
      // Enter that ends an input method's composition chooses a word; it must not send.
      if (event.isComposing || event.keyCode === 229) event.stopImmediatePropagation();
      else if (!event.shiftKey) note();
    },
    true
  );
  document.addEventListener(
    "click",
    (event) => {
      if (!(event.target instanceof Element)) return;
      if (event.target.closest("#yj-question .submit-button")) note();
      // What is edited comes into the box: so does the focus.
      if (event.target.closest("#yj-edit, #yj-leave")) box()?.focus();
    },
    true
  );
};
