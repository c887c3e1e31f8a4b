// Calls to our own server. Where an administrator's token is needed it is asked for once, and
// kept for as long as the tab is open, or until it is refused.

import { button, create, texts } from "./dom.js";
import { isStaff } from "./navigation.js";

const TOKEN = "yj-token";

export class Refused extends Error {
  constructor(status, message, content) {
    super(message);
    this.status = status;
    this.code = content?.code; // names the reason, for a page in another language
    this.content = content;
  }
}

// Returns the JSON of the answer; throws Refused with the server's own words, or a TypeError when
// the server cannot be reached. `body` is sent as JSON, or as it is when it is FormData or a Blob.
export const call = async (path, { method = "GET", body, signal } = {}) => {
  const headers = {};
  const token = sessionStorage.getItem(TOKEN);
  if (token) headers.authorization = `Bearer ${token}`;
  const isRaw = body instanceof FormData || body instanceof Blob;
  if (body !== undefined && !isRaw) headers["content-type"] = "application/json";
  const sent = body === undefined || isRaw ? body : JSON.stringify(body);
  const response = await fetch(path, { method, headers, body: sent, signal });
  const isRefused = response.status === 401;
  if (token) isStaff(!isRefused); // without one nothing is known: another tab may hold it
  if (isRefused) {
    // Forgotten, or it would pass for good where none is needed.
    if (token && sessionStorage.getItem(TOKEN) === token) sessionStorage.removeItem(TOKEN);
    if (await askToken(Boolean(token))) return call(path, { method, body, signal });
  }
  const isJson = response.headers.get("content-type")?.includes("json");
  const content = isJson ? await response.json() : null;
  if (!response.ok) {
    const message = content?.error ?? content?.detail ?? `${response.status}`;
    throw new Refused(response.status, message, content);
  }
  return content;
};

// A dialog of the page, not the browser's prompt: it can be styled, translated and read aloud.
// `isAgain`: the one that was given is not it.
const askToken = (isAgain) =>
  new Promise((resolve) => {
    const dialog = create("dialog", "yj-dialog");
    const form = create("form");
    form.method = "dialog";
    const label = create("label", "", texts.nav_token);
    const field = create("input", "yj-field");
    field.type = "password";
    field.autocomplete = "off";
    field.required = true;
    label.append(field);
    const warning = create("p", "yj-wrong", isAgain ? texts.nav_token_wrong : "");
    warning.setAttribute("role", "alert");
    warning.hidden = !isAgain;
    const enter = create("button", "yj-button yj-primary", texts.nav_enter);
    const cancel = button("yj-button", texts.nav_cancel, () => dialog.close("cancel"));
    const row = create("div", "yj-dialog-actions");
    row.append(cancel, enter);
    form.append(label, warning, row);
    dialog.append(form);
    dialog.addEventListener("close", () => {
      const given = dialog.returnValue !== "cancel" && field.value.trim();
      if (given) sessionStorage.setItem(TOKEN, given);
      dialog.remove();
      resolve(Boolean(given));
    });
    document.body.append(dialog);
    dialog.showModal();
  });
