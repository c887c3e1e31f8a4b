// The operations page: what the log comes to in a range of days. Everything is drawn from
// /api/operations; texts of questions, titles and comments are written as text.

import { call, Refused } from "./api.js";
import { clusterList } from "./clusters.js";
import { button, create, fill, texts } from "./dom.js";
import { save } from "./download.js";
import * as frame from "./frame.js";
import { bars, shares } from "./plot.js";
import { said, t, table } from "./tables.js";

const OUTCOMES = ["answered", "declined", "stopped", "failed"];
const PRESETS = [
  ["today", 1],
  ["week", 7],
  ["month", 30],
  ["quarter", 90],
];

const main = document.getElementById("yj-main");
const content = create("div", "yj-ops");
content.setAttribute("aria-live", "polite");
let range = { since: "", until: "" };
let chosen = new Set(); // ids of clusters of failing questions
let request = null; // a newer one aborts it

const iso = (date) =>
  `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
const daysBack = (days) => {
  const day = new Date();
  day.setDate(day.getDate() - days + 1);
  return iso(day);
};
// The server's own words are for its log: a code of theirs is said in the language of the page.
const REASONS = { range: "bad_range", stale: "stale" };
const plainly = (error) => t(error instanceof Refused ? (REASONS[error.code] ?? "error") : "offline");
const percent = (part, whole) => (whole ? `${Math.round((100 * part) / whole)}%` : "–");
const number = (value) => (value === null ? "–" : value.toLocaleString(texts.tag, { maximumFractionDigits: 1 }));

// ---- the range of days -------------------------------------------------------------------

const controls = create("form", "yj-range");
const sinceField = create("input", "yj-field");
const untilField = create("input", "yj-field");
const presets = new Map();

const buildControls = () => {
  controls.setAttribute("aria-label", t("range"));
  const row = create("div", "yj-presets");
  for (const [name, days] of PRESETS) {
    const preset = button("yj-preset", t(name), () => choose({ since: daysBack(days), until: iso(new Date()) }));
    presets.set(name, [preset, days]);
    row.append(preset);
  }
  const custom = create("div", "yj-custom");
  for (const [field, name] of [
    [sinceField, "since"],
    [untilField, "until"],
  ]) {
    field.type = "date";
    field.required = true;
    const label = create("label", "", t(name));
    label.append(field);
    custom.append(label);
  }
  custom.append(create("button", "yj-button", t("apply")));
  controls.append(row, custom);
  controls.addEventListener("submit", (event) => {
    event.preventDefault();
    choose({ since: sinceField.value, until: untilField.value });
  });
};

const choose = (wanted) => {
  range = wanted;
  chosen = new Set();
  sinceField.value = range.since;
  untilField.value = range.until;
  for (const [, [preset, days]] of presets) {
    const isThis = range.until === iso(new Date()) && range.since === daysBack(days);
    preset.setAttribute("aria-pressed", String(isThis));
  }
  // In the address: a reload and a change of language keep it.
  history.replaceState(null, "", `#${new URLSearchParams(range)}`);
  load();
};

const fromAddress = () => {
  const given = new URLSearchParams(location.hash.slice(1));
  const isDay = (text) => /^\d{4}-\d{2}-\d{2}$/.test(text ?? "");
  const [since, until] = [given.get("since"), given.get("until")];
  return isDay(since) && isDay(until) ? { since, until } : { since: daysBack(30), until: iso(new Date()) };
};

// ---- loading, and what can go wrong ------------------------------------------------------

const state = (title, text, action) => {
  const box = create("div", "yj-blank");
  box.append(create("h2", "", title));
  if (text) box.append(create("p", "", text));
  if (action) box.append(action);
  content.replaceChildren(box);
};

const load = async () => {
  request?.abort();
  const mine = (request = new AbortController());
  const slow = setTimeout(() => state(t("loading")), 200);
  try {
    const found = await call(`/api/operations?${new URLSearchParams(range)}`, { signal: mine.signal });
    clearTimeout(slow);
    show(found);
  } catch (error) {
    clearTimeout(slow);
    if (mine.signal.aborted) return;
    if (error instanceof Refused && error.status === 401) {
      state(t("no_token"), "", button("yj-button yj-primary", t("enter_token"), load));
    } else if (error instanceof Refused && error.status === 403) {
      state(t("forbidden"));
    } else {
      const text = plainly(error);
      state(text, "", button("yj-button", t("retry"), load));
    }
  }
};

// What is wrong with the log, or that it is off; an empty list where all is well.
const notices = ({ log }) => {
  const notes = [];
  const note = (title, text) => {
    const box = create("div", "yj-note-box");
    box.append(create("strong", "", title));
    if (text) box.append(create("p", "", text));
    notes.push(box);
  };
  if (!log.on) {
    const old = log.exists ? ` ${fill(t("off_old"), { file: log.file })}` : "";
    note(t("off"), t("off_text") + old);
  }
  if (log.problem) note(fill(t("problem"), { problem: log.problem }));
  if (log.dropped) note(fill(t("dropped"), { count: log.dropped }));
  return notes;
};

const show = (found) => {
  const { totals, log } = found;
  const parts = notices(found);
  if (!totals.questions) {
    const box = create("div", "yj-blank");
    box.append(create("h2", "", t("empty")), create("p", "", t("empty_text")));
    parts.push(box);
  } else {
    parts.push(
      figures(totals),
      volume(found),
      satisfaction(found),
      failing(found),
      columns([top(found), latency(found)], [gaps(found), oldest(found)])
    );
  }
  if (log.on) parts.push(create("p", "yj-quiet", fill(t("kept"), { days: log.days })));
  content.replaceChildren(...parts);
};

// Two columns on a wide screen; one is as long as it is.
const columns = (...lists) => {
  const node = create("div", "yj-columns");
  for (const sections of lists) {
    const column = create("div", "yj-column");
    column.append(...sections);
    node.append(column);
  }
  return node;
};

// ---- parts of the page -------------------------------------------------------------------

const section = (name, title, text) => {
  const node = create("section", `yj-card yj-card-${name}`);
  const heading = create("h2", "", title);
  heading.id = `yj-${name}`;
  node.setAttribute("aria-labelledby", heading.id);
  node.append(heading);
  if (text) node.append(create("p", "yj-quiet", text));
  return node;
};

const figures = (totals) => {
  const list = create("dl", "yj-figures");
  const figure = (name, value, detail, hint) => {
    const box = create("div", `yj-figure yj-is-${name}`);
    box.append(create("dt", "", t(name)), create("dd", "", value));
    if (detail) box.append(create("dd", "yj-quiet", detail));
    if (hint) box.title = hint;
    list.append(box);
  };
  const all = totals.questions;
  const share = (count) => fill(t("of_all"), { share: percent(count, all) });
  figure("questions", number(all));
  figure("satisfaction", percent(totals.solved, totals.rated), fill(t("of_rated"), { count: totals.rated }));
  figure("answered", number(totals.answered), share(totals.answered));
  figure("declined", number(totals.declined), share(totals.declined));
  figure("stopped", number(totals.stopped), share(totals.stopped));
  figure("failed", number(totals.failed), share(totals.failed));
  figure("handed_off", number(totals.handed_off), share(totals.handed_off));
  figure("abandoned", number(totals.abandoned), share(totals.abandoned), t("abandoned_hint"));
  return list;
};

const saveTable = (name) =>
  button("yj-button", t("save_csv"), async (event) => {
    const pressed = event.currentTarget;
    pressed.disabled = true;
    try {
      const file = await call("/api/operations/table", { method: "POST", body: { ...range, table: name } });
      save(file.name, file.text, "text/csv");
    } catch (error) {
      pressed.textContent = plainly(error);
    }
    pressed.disabled = false;
  });

const behind = (name, content) => {
  const node = create("details", "yj-behind");
  const row = create("div", "yj-row");
  row.append(saveTable(name));
  node.append(create("summary", "", t("table")), content, row);
  return node;
};

const stepName = ({ step }) => (step === "day" ? "" : ` · ${t(step === "week" ? "by_week" : "by_month")}`);

const volume = (found) => {
  const { series, totals } = found;
  const node = section("volume", t("volume") + stepName(found));
  const legend = create("ul", "yj-legend");
  for (const kind of [...OUTCOMES, "handed_off"]) {
    const item = create("li", `yj-is-${kind}`, t(kind));
    legend.append(item);
  }
  const most = Math.max(...series.map((row) => row.questions));
  const label = fill(t("volume_label"), { count: totals.questions, most });
  const names = ["questions", ...OUTCOMES, "handed_off", "abandoned", "rated", "solved"];
  const rows = series.map((row) => [row.day, ...names.map((name) => row[name])]);
  node.append(
    legend,
    bars(label, series, OUTCOMES, { line: "handed_off" }),
    behind("series", table(t("volume"), [t("day"), ...names.map(t)], rows))
  );
  return node;
};

const satisfaction = ({ series, totals, reasons }) => {
  const node = section("satisfaction", t("satisfaction"));
  if (!totals.rated) {
    node.append(create("p", "yj-quiet", t("none")));
    return node;
  }
  const label = fill(t("satisfaction_label"), { count: totals.rated, share: percent(totals.solved, totals.rated) });
  const points = series.map(({ day, rated, solved }) => ({ day, share: rated ? solved / rated : null }));
  const rows = series.filter((row) => row.rated).map((row) => [row.day, row.solved, row.rated, percent(row.solved, row.rated)]);
  node.append(
    shares(label, points),
    behind("series", table(t("satisfaction"), [t("day"), t("solved"), t("rated"), t("satisfaction")], rows))
  );
  const named = Object.entries(reasons).sort((a, b) => b[1] - a[1]);
  if (named.length) {
    node.append(create("h3", "", t("reasons")));
    const list = create("ul", "yj-reasons");
    for (const [reason, count] of named) {
      const item = create("li");
      const bar = create("span", "yj-meter");
      bar.style.setProperty("--yj-share", count / named[0][1]);
      item.append(create("span", "", texts[`rating_${reason}`] ?? reason), bar, create("span", "yj-number", String(count)));
      list.append(item);
    }
    node.append(list);
  }
  return node;
};

const latency = ({ latency: rows }) => {
  const node = section("latency", t("latency"));
  const cells = rows.map(({ moment, p50, p95, n }) => [t(moment), ...[p50, p95].map((v) => (v === null ? "–" : Math.round(v))), n]);
  const row = create("div", "yj-row");
  row.append(saveTable("latency"));
  node.append(table(t("latency"), [t("moment"), "p50", "p95", t("measured")], cells), row);
  return node;
};

// ---- clusters ----------------------------------------------------------------------------

// Clusters with a button that saves them, or a line that says there are none.
const clusters = (name, rows, none, how) => {
  if (!rows.length) return [create("p", "yj-quiet", none)];
  const row = create("div", "yj-row");
  row.append(saveTable(name));
  return [clusterList(rows, how), row];
};

const failing = ({ failing: rows }) => {
  const node = section("failing", t("failing"), t("failing_text"));
  const parts = clusters("failing", rows, t("failing_none"), { chosen });
  node.append(...parts);
  if (!rows.length) return node;
  const row = parts[1];
  const told = create("span", "yj-quiet", t("export_hint"));
  told.setAttribute("role", "status");
  const label = () => fill(t("export"), { count: chosen.size });
  const exportThem = button("yj-button yj-primary", label(), async () => {
    try {
      const body = { ...range, clusters: [...chosen] };
      const file = await call("/api/operations/drafts", { method: "POST", body });
      save(file.name, file.text, "application/x-ndjson");
      told.textContent = fill(t("exported"), { name: file.name });
    } catch (error) {
      told.textContent = plainly(error);
    }
  });
  exportThem.disabled = !chosen.size;
  node.addEventListener("yj-chosen", () => {
    exportThem.disabled = !chosen.size;
    exportThem.textContent = label();
  });
  row.prepend(exportThem);
  row.append(told);
  return node;
};

const top = ({ questions }) => {
  const node = section("questions", t("top"));
  node.append(...clusters("questions", questions.slice(0, 12), t("none")));
  return node;
};

const gaps = ({ gaps: rows }) => {
  const node = section("gaps", t("gaps"), t("gaps_text"));
  const nearest = (row) => {
    if (!row.nearest.length) return null;
    const line = create("p", "yj-quiet", `${t("nearest")}：`);
    row.nearest.forEach((article, n) => {
      if (n) line.append("；");
      line.append(said("", article.title.trim() || texts.untitled));
    });
    return line;
  };
  node.append(...clusters("gaps", rows, t("gaps_none"), { more: nearest }));
  return node;
};

const oldest = ({ oldest: rows }) => {
  const node = section("oldest", t("oldest"));
  if (!rows.length) {
    node.append(create("p", "yj-quiet", t("oldest_none")));
    return node;
  }
  const cells = rows.map((row) => [said("", row.title.trim() || texts.untitled), row.published, row.cited, row.outdated]);
  const row = create("div", "yj-row");
  row.append(saveTable("oldest"));
  node.append(table(t("oldest"), [t("article"), t("published"), t("cited"), t("outdated")], cells), row);
  return node;
};

// A module runs when the document is whole.
frame.start();
buildControls();
const heading = create("h1", "", t("heading"));
const head = create("div", "yj-head");
head.append(heading, controls);
main.append(head, content);
choose(fromAddress());
