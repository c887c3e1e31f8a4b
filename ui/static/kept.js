// Small things kept by the browser: for this tab (until it closes) or for this browser.
//
// Storage can be switched off or full; then nothing is kept, and nothing breaks.

const keeper = (storage) => ({
  get(name) {
    try {
      return window[storage].getItem(name);
    } catch {
      return null;
    }
  },
  // null forgets.
  set(name, value) {
    try {
      if (value === null) window[storage].removeItem(name);
      else window[storage].setItem(name, value);
    } catch {
      // Not kept: the page works without.
    }
  },
});

export const tab = keeper("sessionStorage");
export const browser = keeper("localStorage");

// 16 hex digits. (crypto.randomUUID is not there on a plain http address of another machine.)
export const newId = () =>
  [...crypto.getRandomValues(new Uint8Array(8))].map((n) => n.toString(16).padStart(2, "0")).join("");
