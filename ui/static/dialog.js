// Dialogs of the page: the browser's own <dialog> traps the focus, gives it back and closes on Escape.

import { button, create, texts } from "./dom.js";

// Shows `content` under a heading until it is closed. `onClose` gets what close() was given.
export const show = ({ label, className = "", content, onClose = () => {} }) => {
  const dialog = create("dialog", `yj-dialog ${className}`);
  dialog.setAttribute("aria-label", label);
  dialog.append(...content);
  // A click on the backdrop has the dialog itself as its target, at a place outside its box.
  dialog.addEventListener("click", (event) => {
    if (event.target !== dialog) return;
    const box = dialog.getBoundingClientRect();
    const inside =
      event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) dialog.close("");
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    onClose(dialog.returnValue);
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
};

// Asks before something is done that cannot be taken back. Resolves with true or false.
export const sure = (question, action) =>
  new Promise((resolve) => {
    const row = create("div", "yj-dialog-actions");
    const dialog = show({
      label: question,
      content: [create("p", "", question), row],
      onClose: (value) => resolve(value === "yes"),
    });
    row.append(
      button("yj-button", texts.nav_cancel, () => dialog.close("")),
      button("yj-button yj-danger", action, () => dialog.close("yes"))
    );
    row.firstChild.focus();
  });
