// Escape closes what was opened last. One listener for all, so that one key closes one thing.

const open = [];

// `close` is called on Escape, once; the function that is returned takes it off again.
export const onEscape = (close) => {
  open.push(close);
  return () => {
    const at = open.lastIndexOf(close);
    if (at >= 0) open.splice(at, 1);
  };
};

export const start = () => {
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || event.isComposing || !open.length) return;
      if (document.querySelector("dialog[open]")) return; // a dialog closes by itself
      event.preventDefault();
      event.stopPropagation();
      open.pop()();
    },
    true
  );
};
