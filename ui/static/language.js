// The language of the interface: a click on another one is remembered, and keeps one's place:
// what stands after the page's name in the address goes along, and the tab stays the same one, so
// that its conversation is drawn again (conversation.js).

export const start = () => {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest(".yj-nav a, .yj-languages a");
    if (!link) return;
    // Gradio lets every link in its Markdown open a new tab; what it opens knows nothing of this one.
    link.removeAttribute("target");
    if (!link.matches(".yj-language")) return;
    const year = 365 * 24 * 3600;
    document.cookie = `yj-language=${link.lang}; path=/; max-age=${year}; samesite=lax`;
    const { search, hash } = window.location;
    link.href = link.pathname + search + hash;
  });
};
