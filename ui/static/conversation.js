// The conversation of this tab: kept as it grows, drawn again after a reload.
//
// Its id lives as long as the tab. What is shown is what is kept: an answer that replaces another
// on the page replaces it in the store. Nothing that the page could not draw is overwritten.

import { enter } from "./ask.js";
import * as asking from "./asking.js";
import { sure } from "./dialog.js";
import { fill, texts } from "./dom.js";
import { appears, control, isRunning } from "./gradio.js";
import { newId, tab } from "./kept.js";
import { banner, hide } from "./notice.js";
import { records } from "./records.js";
import * as store from "./store.js";

const ID = "yj-conversation";
const FROM = "yj-from"; // the conversation that this one goes on from, until it is stored itself
const TITLE_CHARS = 60;
const DRAWN = 200; // as many exchanges as the server keeps of a conversation (ui/conversation.py)
const DRAWN_BYTES = 4_000_000; // well below what it takes at a time
const FREED = 5; // how many of the oldest conversations are offered for deletion at a time

const me = newId();
const channel = "BroadcastChannel" in window ? new BroadcastChannel("youju") : null;
const listeners = [];
let left = new Set(); // ids of exchanges still on the page that belong to the conversation before
let keptIds = []; // ids of the records that were stored last
let restoring = true; // nothing is kept until what was kept is drawn
let forgotten = false; // the server was restarted: it knows only what was asked since

export const currentId = () => {
  let id = tab.get(ID);
  if (!/^[0-9a-f]{16}$/.test(id ?? "")) tab.set(ID, (id = fallbackId ??= newId()));
  return id;
};
let fallbackId = null; // where nothing can be kept for the tab

const use = (id) => {
  fallbackId = id;
  tab.set(ID, id);
  tab.set(FROM, null);
  keptIds = [];
};

// Another tab goes on with this conversation: what is asked here goes into one of its own, which
// begins with the same exchanges and is stored when the next one ends.
const fork = () => {
  const from = currentId();
  const ids = keptIds;
  use(newId());
  keptIds = ids;
  tab.set(FROM, from);
};

// Whoever has this conversation open answers, see listen().
const claim = () => channel?.postMessage({ kind: "whose", id: currentId(), from: me });

// `listener()` is called when the store changed, here or in another tab.
export const onChange = (listener) => listeners.push(listener);
const changed = () => {
  for (const listener of listeners) listener();
};
export const announce = () => {
  changed();
  channel?.postMessage({ kind: "changed" });
};

// ---- keeping ------------------------------------------------------------------------------

const isOurs = (record) => !left.has(record.id);

// Called whenever the chat may have changed. While an answer is being written the store is left
// alone: an answer that is asked for again stays until the new one is there.
export const keep = () => {
  if (restoring) return;
  asking.watch(lastKept());
  if (!isRunning()) queue = queue.then(keepShown).catch(() => {});
};
let queue = Promise.resolve(); // one at a time: each reads what the one before it wrote

const keepShown = async () => {
  const shown = records().filter(isOurs);
  const ids = shown.map((record) => record.id);
  if (!shown.length || ids.join() === keptIds.join()) return;
  keptIds = ids;
  const id = currentId();
  let kept = null;
  let lost = false;
  await put(id, (before) => {
    const stored = before?.records ?? [];
    // What stands before the first that is shown is older than the chat goes back: it stays.
    const at = Math.max(0, stored.findIndex((record) => record.id === ids[0]));
    const [older, since] = [stored.slice(0, at), stored.slice(at)];
    const missing = since.filter((record) => !ids.includes(record.id));
    // Asking again replaces the last exchange; where others are missing too, the server lost them.
    lost = missing.length > 1 || (missing.length && (forgotten || missing[0] !== since.at(-1)));
    const records = [...older, ...(lost ? missing : []), ...shown];
    kept = {
      id,
      title: before?.renamed ? before.title : titleOf(records[0]),
      renamed: before?.renamed ?? false,
      started: before?.started ?? (Date.parse(shown[0].asked) || Date.now()),
      updated: Date.now(),
      language: shown[0].language,
      records,
    };
    return kept;
  });
  forgotten = false;
  if (lost) await open(kept);
};

// The server does not know this conversation any more.
export const serverForgot = () => {
  forgotten = true;
};

const titleOf = (record) => {
  const line = record.question.replace(/\s+/g, " ").trim();
  const chars = [...line];
  return chars.length > TITLE_CHARS ? chars.slice(0, TITLE_CHARS).join("") + "…" : line;
};

const put = async (id, change) => {
  try {
    await store.update(id, change);
    hide("full");
    announce();
  } catch (error) {
    const text = error?.name === "QuotaExceededError" ? texts.history_full : texts.history_failed;
    banner("full", text, { isWarning: true, actions: [[texts.history_make_room, () => makeRoom(id, change)]] });
  }
};

// The space is used up: the oldest conversations go, if the person says so; then it is kept.
const makeRoom = async (id, change) => {
  const others = (await store.all()).filter((other) => other.id !== id);
  const oldest = others.slice(-FREED);
  const titles = oldest.map((other) => `「${other.title}」`).join("");
  const question = fill(texts.history_make_room_sure, { count: oldest.length, titles });
  if (oldest.length && (await sure(question, texts.history_delete))) {
    await store.remove(oldest.map((other) => other.id));
  }
  await put(id, change);
};

// ---- drawing again ------------------------------------------------------------------------

const areShown = (kept) => {
  const shown = new Set(records().map((record) => record.id));
  return kept.every((record) => shown.has(record.id));
};

// The last records, as many as the server takes.
const drawable = (records) => {
  let first = records.length;
  for (let bytes = 0; first > 0 && records.length - first < DRAWN; first--) {
    bytes += new TextEncoder().encode(JSON.stringify(records[first - 1])).length;
    if (bytes > DRAWN_BYTES) break;
  }
  return records.slice(first);
};

// Draws the records in the chat by way of the server, which checks them. False where it does not.
const draw = async (kept) => {
  const field = await appears(() => document.querySelector("#yj-restore textarea, #yj-restore input"));
  const go = field && (await appears(() => control("yj-restore-go")));
  if (!go) return false;
  enter(field, JSON.stringify(kept));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  go.click();
  return Boolean(await appears(() => areShown(kept) || null));
};

export const open = async (conversation) => {
  restoring = true;
  await drawAgain(conversation);
  restoring = false;
};

const drawAgain = async (conversation) => {
  document.documentElement.classList.add("yj-restoring");
  left = new Set();
  if (conversation.id !== currentId()) {
    use(conversation.id);
    claim();
  }
  const drawn = drawable(conversation.records);
  const isDrawn = await draw(drawn).catch(() => false);
  document.documentElement.classList.remove("yj-restoring");
  if (isDrawn) {
    keptIds = drawn.map((record) => record.id);
    return;
  }
  // What could not be drawn stays as it is in the history; what is asked now is kept apart from it.
  use(newId());
  left = new Set(records().map((record) => record.id));
  banner("partly", texts.history_partly, { isWarning: true });
};

const lastKept = () => keptIds.at(-1) ?? null;

export const isBegun = () => keptIds.length > 0;

// These were deleted: where one of them is shown, the page begins anew.
export const forget = (ids) => {
  if (ids.includes(currentId())) control("yj-new")?.click();
};

export const startOver = () => {
  left = new Set(records().map((record) => record.id));
  asking.forget();
  use(newId());
};

// ---- after a reload -----------------------------------------------------------------------

const resume = async () => {
  let kept = await store.get(currentId()).catch(() => null);
  const from = tab.get(FROM);
  if (!kept && from) kept = await store.get(from).catch(() => null);
  if (kept?.records.length) {
    await drawAgain({ ...kept, id: currentId() });
    tab.set(FROM, from);
  }
  await asking.resume(kept?.records.at(-1)?.id ?? null);
};

const listen = () => {
  document.addEventListener(
    "click",
    (event) => {
      if (event.target instanceof Element && event.target.closest("#yj-new")) startOver();
    },
    true
  );
  // A tab that was duplicated starts with the other's id: the newcomer takes one of its own.
  channel?.addEventListener("message", ({ data }) => {
    if (data.kind === "changed") changed();
    else if (data.kind === "whose" && data.id === currentId()) {
      channel.postMessage({ kind: "mine", id: data.id, to: data.from });
    } else if (data.kind === "mine" && data.to === me && data.id === currentId()) {
      fork();
    }
  });
};

export const start = async () => {
  listen();
  asking.start(lastKept);
  claim();
  await resume();
  restoring = false;
  if (!(await store.isLasting())) banner("memory", texts.history_memory);
  keep();
};
