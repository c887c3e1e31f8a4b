// Saves a text of the page as a file.

import { create } from "./dom.js";

export const save = (name, text, type) => {
  const link = create("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // The download has begun by then, or never will.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
};
