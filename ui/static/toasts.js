// What Gradio would say in a box of its own, under an English heading and over ours: said here, in
// the page's notices. Its box stays out of sight (overlays.css).

import { texts } from "./dom.js";
import { banner, hide } from "./notice.js";
import * as status from "./status.js";

const SHOWN_MS = 10_000;
let going = 0; // the timer that hides what is told
const heard = new WeakSet(); // what Gradio draws stays a while

const say = async (toast) => {
  if (heard.has(toast)) return;
  heard.add(toast);
  // Warnings are the server's words, in the page's language. Errors are Gradio's, in English; that
  // the server is gone is told by status.js.
  const isOurs = toast.matches(".warning");
  if (!isOurs && !(await status.check())) return;
  const told = isOurs && toast.querySelector('[data-testid="toast-text"]')?.textContent;
  banner("toast", told || texts.status_refused, { isWarning: true });
  clearTimeout(going);
  going = setTimeout(() => hide("toast"), SHOWN_MS);
};

// Called whenever the page has changed.
export const tell = () => document.querySelectorAll('[data-testid="toast-body"]').forEach(say);
