// The links of the header: to the pages, and to this page in other languages.
//
// A click on another language is remembered, and keeps one's place: what stands after the page's
// name in the address goes along, and the tab stays the same one, so that its conversation is drawn
// again (conversation.js).

import { texts } from "./dom.js";
import { browser } from "./kept.js";

// Somebody has entered the administrator's token in this browser (api.js): the links to what it
// opens are shown, also where customers do not see them.
const STAFF = "yj-staff";
export const isStaff = (is) => {
  browser.set(STAFF, is ? "1" : null);
  document.documentElement.classList.toggle(STAFF, is);
};

// Gradio's sanitiser takes the labels away, and lets every link open a new tab, which knows nothing
// of this one. Called whenever the chat's page has changed.
export const tidy = () => {
  for (const nav of document.querySelectorAll("#yj-navigation nav:not([aria-label])")) {
    nav.setAttribute("aria-label", nav.matches(".yj-nav") ? texts.nav_label : texts.language_label);
    for (const link of nav.querySelectorAll("a")) {
      link.removeAttribute("target");
      const isLanguage = link.classList.contains("yj-language");
      const isHere = isLanguage ? link.lang === texts.tag : link.pathname === window.location.pathname;
      if (isHere) link.setAttribute("aria-current", "page");
    }
  }
};

export const start = () => {
  isStaff(browser.get(STAFF) === "1");
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest(".yj-nav a, .yj-languages a");
    if (!link) return;
    tidy(); // should it have been drawn in this very moment
    if (!link.matches(".yj-language")) return;
    const year = 365 * 24 * 3600;
    document.cookie = `yj-language=${link.lang}; path=/; max-age=${year}; samesite=lax`;
    const { search, hash } = window.location;
    link.href = link.pathname + search + hash;
  });
};
