// The language of the interface: a click on another one is remembered, and keeps the question's
// place: what stands after the page's name in the address goes along.

export const start = () => {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("a.yj-language");
    if (!link) return;
    const year = 365 * 24 * 3600;
    document.cookie = `yj-language=${link.lang}; path=/; max-age=${year}; samesite=lax`;
    const { search, hash } = window.location;
    link.href = link.pathname + search + hash;
  });
};
