// The parts of Gradio's page that our scripts use: its question box and its buttons.
//
// Gradio redraws what it likes when it likes: elements are looked up anew each time.

export const box = () => document.querySelector("#yj-question textarea");

export const isRunning = () =>
  Boolean(document.querySelector("#yj-question .stop-button, #yj-chat .yj-progress"));

// A button by its id: Gradio gives the id to the button itself or to what wraps it.
export const control = (id) => {
  const found = document.getElementById(id);
  return found?.matches("button") ? found : (found?.querySelector("button") ?? null);
};

// Resolves with what `find` returns once it is something; null after `limit_ms`.
export const appears = (find, limit_ms = 10_000) =>
  new Promise((resolve) => {
    const found = find();
    if (found) return resolve(found);
    const finish = (result) => {
      observer.disconnect();
      clearTimeout(timer);
      resolve(result);
    };
    const observer = new MutationObserver(() => {
      const late = find();
      if (late) finish(late);
    });
    observer.observe(document.body, { childList: true, subtree: true });
    const timer = setTimeout(() => finish(null), limit_ms);
  });
