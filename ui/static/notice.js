// What the page has to say beside the answers: banners that stay, and short messages that go.

import { button, create, icon, texts } from "./dom.js";

const SHORT_MS = 2600;

const place = create("div", "yj-notices");
place.setAttribute("role", "status"); // read aloud when it changes, without taking the focus
const shown = new Map(); // name -> banner

// One banner for each name: a second one replaces the first. `actions` are [label, handler] pairs;
// a handler's click closes the banner. `isWarning` colours it.
export const banner = (name, text, { actions = [], isWarning = false } = {}) => {
  hide(name);
  const node = create("div", "yj-banner" + (isWarning ? " yj-warning" : ""));
  node.dataset.name = name;
  node.append(create("span", "yj-banner-text", text));
  for (const [label, handler] of actions) {
    node.append(button("yj-button", label, () => (hide(name), handler())));
  }
  node.append(icon("yj-dismiss", texts.status_dismiss, "×", () => hide(name)));
  shown.set(name, node);
  place.append(node);
};

export const hide = (name) => {
  shown.get(name)?.remove();
  shown.delete(name);
};

let going = 0;
export const brief = (text) => {
  clearTimeout(going);
  hide("brief");
  const node = create("div", "yj-banner yj-brief", text);
  shown.set("brief", node);
  place.append(node);
  going = setTimeout(() => hide("brief"), SHORT_MS);
};

export const start = () => document.body.append(place);
