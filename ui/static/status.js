// Whether the server is there, is the same as before, and serves the same index.
//
// It is asked while an answer is being written, after something failed, and when somebody comes
// back to the page; a quiet or hidden page asks nothing.

import { isSending } from "./asking.js";
import * as conversation from "./conversation.js";
import { texts } from "./dom.js";
import { box, isRunning } from "./gradio.js";
import { tab } from "./kept.js";
import { banner, hide } from "./notice.js";

const BOOT = "yj-boot";
const RUNNING_MS = 2000; // between two looks while an answer is being written
const RETRY_MS = [1000, 1000, 2000, 3000, 5000, 10_000]; // after failures; the last one repeats
const STALE_MS = 20_000; // somebody comes back: what was seen longer ago is looked at again
const PATIENCE_MS = 5000;

let failures = 0;
let checkedAt = 0;
let generation; // of the index, as first seen
let timer = 0;
let checking = null;

// Resolves with whether the server is there.
export const check = () => {
  checking ??= look().finally(() => {
    checking = null;
    plan();
  });
  return checking;
};

const look = async () => {
  let health;
  try {
    const response = await fetch("/api/health", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    health = await response.json();
  } catch {
    failures += 1;
    // One failure may be a hiccup of the network; without a network there is no doubt.
    if (failures > 1 || !navigator.onLine) showDown();
    return false;
  }
  checkedAt = Date.now();
  const wasDown = failures > 1;
  failures = 0;
  hide("down");
  see(health, wasDown);
  return true;
};

const showDown = () =>
  banner("down", navigator.onLine ? texts.status_down : texts.status_offline, { isWarning: true });

const see = (health, wasDown) => {
  const boot = tab.get(BOOT);
  if (boot && boot !== health.boot) {
    conversation.serverForgot();
    // What is being written by the new server may end; what the old one wrote will not.
    if (wasDown || !(isRunning() || isSending())) {
      window.location.reload(); // the page that comes says so: `boot` stays for it to compare
      return;
    }
    banner("restarted", texts.status_restarted);
  }
  tab.set(BOOT, health.boot);
  generation ??= health.generation;
  if (health.generation && health.generation !== generation) {
    generation = health.generation;
    banner("updated", texts.status_updated);
  }
};

const plan = () => {
  clearTimeout(timer);
  timer = 0;
  if (document.hidden) return;
  if (failures) timer = setTimeout(check, RETRY_MS[Math.min(failures, RETRY_MS.length) - 1]);
  else if (isRunning()) timer = setTimeout(check, RUNNING_MS);
};

// Called whenever the chat may have changed: an answer that begins is watched.
export const watch = () => {
  if (!timer && !checking && isRunning()) plan();
};

const cameBack = () => {
  if (!document.hidden && Date.now() - checkedAt > STALE_MS) check();
};

export const start = async () => {
  // A page that was loaded before and finds another server says what became of the conversation.
  const boot = tab.get(BOOT);
  tab.set(BOOT, null);
  window.addEventListener("offline", () => ((failures = 2), showDown(), plan()));
  window.addEventListener("online", check);
  document.addEventListener("visibilitychange", () => (failures ? check() : cameBack()));
  document.addEventListener("focusin", (event) => event.target === box() && cameBack());
  document.addEventListener("input", (event) => event.target === box() && cameBack());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === box()) check();
  });
  await check();
  if (boot && tab.get(BOOT) && boot !== tab.get(BOOT) && conversation.isBegun()) {
    banner("restarted", texts.status_restarted);
  }
};
