// The collection page: what is indexed, what is not and why, and what changes it.
//
// Starts the parts and passes the overview to them; each part builds its own elements once.

import { call } from "./api.js";
import { startArticles } from "./collection_articles.js";
import { startJobs } from "./collection_jobs.js";
import { startLists } from "./collection_lists.js";
import { startPlots } from "./collection_plots.js";
import { startUploads } from "./collection_uploads.js";
import { number, state } from "./collection_parts.js";
import { create, fill, texts } from "./dom.js";
import * as frame from "./frame.js";

const VIEWS = ["articles", "quarantine", "duplicates", "generations"];

const main = document.getElementById("yj-main");
const summary = create("p", "yj-summary");
const content = create("div", "yj-content");
const waiting = state(texts.collection_loading);

// ---- views: tabs, remembered in the address ------------------------------------------------

const tabs = create("div", "yj-tabs");
tabs.setAttribute("role", "tablist");
tabs.setAttribute("aria-label", texts.collection_views);
const views = new Map();

const addView = (name, node) => {
  const tab = create("button", "yj-tab");
  tab.type = "button";
  tab.id = `yj-tab-${name}`;
  tab.setAttribute("role", "tab");
  tab.setAttribute("aria-controls", `yj-view-${name}`);
  const count = create("span", "yj-count");
  tab.append(create("span", "", texts[`collection_view_${name}`]), count);
  tab.addEventListener("click", () => show(name));
  tabs.append(tab);
  const view = create("section", "yj-view");
  view.id = `yj-view-${name}`;
  view.setAttribute("role", "tabpanel");
  view.setAttribute("aria-labelledby", tab.id);
  view.append(node);
  views.set(name, { tab, view, count });
  content.append(view);
};

const show = (name, { focus = false } = {}) => {
  for (const [other, { tab, view }] of views) {
    const isShown = other === name;
    tab.setAttribute("aria-selected", String(isShown));
    tab.tabIndex = isShown ? 0 : -1;
    view.hidden = !isShown;
    if (isShown && focus) tab.focus();
    if (isShown) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  const { pathname, search } = location;
  history.replaceState(null, "", pathname + search + (name === VIEWS[0] ? "" : `#${name}`));
  if (overview) lists.shown(name, overview);
};

tabs.addEventListener("keydown", (event) => {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  const at = VIEWS.findIndex((name) => views.get(name).tab === document.activeElement);
  if (at < 0) return;
  event.preventDefault();
  show(VIEWS[(at + by + VIEWS.length) % VIEWS.length], { focus: true });
});

// ---- the whole -----------------------------------------------------------------------------

let overview = null;

// Reads the overview and lets every part follow it.
const refresh = async () => {
  try {
    overview = await call("/api/collection");
  } catch (error) {
    if (!overview) waiting.fail(error, refresh);
    return;
  }
  waiting.node.remove();
  main.removeAttribute("aria-busy");
  const { counts, generation } = overview;
  summary.textContent = fill(texts.collection_summary, {
    articles: number(counts.articles),
    chunks: number(counts.chunks),
    generation,
  });
  const shown = {
    articles: counts.articles,
    quarantine: counts.quarantined,
    duplicates: counts.groups + counts.copies,
  };
  for (const [name, { count }] of views) count.textContent = name in shown ? number(shown[name]) : "";
  content.hidden = tabs.hidden = false;
  plots.follow(overview);
  uploads.follow(overview);
  jobs.follow(overview);
  articles.follow(overview);
  const current = VIEWS.find((name) => views.get(name).view.hidden === false);
  lists.shown(current, overview);
};

const jobs = startJobs({ onChange: refresh });
const uploads = startUploads({ jobs });
const plots = startPlots();
const articles = startArticles({ jobs });
const lists = startLists({ jobs });

const heading = create("h1", "yj-heading", texts.collection_heading);
const head = create("div", "yj-headline");
const titles = create("div", "");
titles.append(heading, summary);
head.append(titles, jobs.actions);

const articlesView = create("div", "");
articlesView.append(plots.node, articles.node);
addView("articles", articlesView);
for (const name of VIEWS.slice(1)) addView(name, lists.nodes[name]);
content.hidden = tabs.hidden = true;
main.setAttribute("aria-busy", "true");
main.append(head, jobs.node, uploads.node, waiting.node, tabs, content);

frame.start();
const named = location.hash.slice(1);
show(VIEWS.includes(named) ? named : VIEWS[0]);
refresh();
