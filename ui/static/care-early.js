// A classic script in the head, before anything is painted: the elder-friendly mode (care.js)
// must not appear a moment after the page.
(function () {
  var asked = new URLSearchParams(window.location.search).get("care");
  var kept = null;
  try {
    if (asked === "1" || asked === "0") localStorage.setItem("yj-care", asked);
    kept = localStorage.getItem("yj-care");
    document.documentElement.dataset.yjSize = localStorage.getItem("yj-care-size") || "1";
  } catch (refused) {
    // Storage can be switched off: then the address alone decides.
  }
  document.documentElement.classList.toggle("yj-care", (asked || kept) === "1");
})();
