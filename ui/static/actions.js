// What can be done with an answer: links #do/ACTION/ID in its markup, handled here by name.
// (Gradio redraws its messages while it streams: no listener may sit on their elements.)

const LINK = /^#do\/([a-z]+)\/([0-9a-f]+)$/;
const handlers = new Map();

// `handler(id, link)` is called for ACTION; `id` names the exchange (see records.js).
export const on = (action, handler) => handlers.set(action, handler);

export const start = () => {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest('a[href^="#do/"]');
    const match = link && LINK.exec(link.getAttribute("href"));
    if (!match) return;
    event.preventDefault();
    handlers.get(match[1])?.(match[2], link);
  });
};
