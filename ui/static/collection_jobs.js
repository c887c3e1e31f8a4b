// Jobs: what changes the collection, one at a time; their progress and their reports.

import { call } from "./api.js";
import { adviceOf, confirm, details, explain, faultOf, filled, foreign, number, time } from "./collection_parts.js";
import { button, create, fill, texts } from "./dom.js";

const POLL_MS = 400;
const STATUSES = ["quarantined", "added", "changed", "removed", "duplicate"];
const COUNTED = [...STATUSES, "skipped", "unchanged"];

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const startJobs = ({ onChange }) => {
  let isWatching = false;
  const listeners = [];

  // ---- the buttons beside the heading ------------------------------------------------------

  const update = button("yj-button", texts.collection_update, () => start("update"));
  const actions = create("div", "yj-buttons");
  actions.setAttribute("role", "group");
  actions.setAttribute("aria-label", texts.collection_actions);
  actions.append(update);
  actions.hidden = true;

  const setBusy = (isBusy) => {
    update.disabled = isBusy;
    for (const listener of listeners) listener(isBusy);
  };

  // ---- progress ----------------------------------------------------------------------------

  const node = create("section", "yj-job");
  node.setAttribute("aria-label", texts.collection_report);
  node.hidden = true;
  const said = create("p", "yj-job-said");
  said.setAttribute("role", "status");
  const counts = create("span", "yj-job-counts");
  const bar = create("progress", "yj-progress");
  const line = create("div", "yj-job-line");
  line.append(said, counts);
  const body = create("div", "yj-job-body");
  node.append(line, bar, body);

  let running = null;
  const stop = button("yj-button", texts.collection_stop, async () => {
    stop.disabled = true;
    try {
      await call("/api/collection/jobs/stop", { method: "POST", body: { id: running.id } });
    } catch {
      // It has ended meanwhile, or it is told of in a moment: whoever watches it says so.
    }
  });

  // What somebody began far down the page is answered up here.
  const reveal = () => node.scrollIntoView({ block: "nearest" });

  // The stage is read aloud when it changes; the numbers beside it would be read ten times a second.
  const say = (text) => {
    if (said.textContent !== text) said.textContent = text;
  };

  const showRunning = (job) => {
    node.hidden = false;
    node.dataset.state = "running";
    running = job;
    stop.hidden = job.stage === "opening";
    stop.disabled = job.stopping;
    stop.textContent = job.stopping ? texts.collection_stopping : texts.collection_stop;
    if (body.firstChild !== stop) body.replaceChildren(stop);
    const stage = texts[`collection_stage_${job.stage.replaceAll(" ", "_")}`] ?? job.stage;
    const name = texts[`collection_job_${job.kind}`];
    say(stage ? `${name} · ${stage}` : name);
    bar.hidden = false;
    bar.setAttribute("aria-label", name);
    if (job.total) {
      bar.max = job.total;
      bar.value = job.done;
    } else bar.removeAttribute("value");
    const done = job.total ? `${number(job.done)} / ${number(job.total)} · ` : "";
    counts.textContent = done + fill(texts.collection_seconds, { seconds: number(Math.floor(job.seconds)) });
  };

  const showEnded = (job) => {
    node.hidden = false;
    node.dataset.state = job.state;
    bar.hidden = true;
    const name = texts[`collection_job_${job.kind}`];
    const ended = { done: texts.collection_done, stopped: texts.collection_stopped };
    const told = ended[job.state];
    say(told ? fill(told, { job: name }) : `${name}：${texts.collection_failed}`);
    counts.textContent = fill(texts.collection_seconds, { seconds: number(job.seconds) });
    const parts = [];
    if (job.report) parts.push(...reportOf(job));
    if (job.error) parts.push(...failureOf(job));
    if (job.state === "stopped") {
      if (job.kind === "uploads") parts.push(create("p", "yj-about", texts.collection_stopped_uploads));
    } else if (!job.report && !job.error) {
      parts.push(button("yj-button", texts.collection_show_report, fetchReport));
    }
    const close = button("yj-icon yj-job-close", "×", () => (node.hidden = true));
    close.setAttribute("aria-label", texts.collection_close);
    close.title = texts.collection_close;
    body.replaceChildren(close, ...parts);
  };

  const failureOf = (job) => {
    const known = job.code && texts[`collection_error_${job.code}`];
    const detail = foreign("p", known ? "yj-about" : "yj-wrong", job.error);
    detail.lang = "en";
    return known ? [create("p", "yj-wrong", known), detail] : [detail];
  };

  // ---- the report --------------------------------------------------------------------------

  const fileRow = (file) => {
    const item = create("li", "");
    item.append(foreign("span", "yj-path", file.path));
    if (file.fault) item.append(" ", faultOf(file), create("span", "yj-quiet-line", adviceOf(file)));
    else if (file.reason) {
      const reason = foreign("span", "yj-reason", file.reason);
      reason.lang = "en";
      item.append(" ", reason);
    }
    return item;
  };

  const listOf = (heading, items, isOpen) => {
    const list = create("ul", "");
    list.append(...items);
    const part = details(heading, "yj-report-part", isOpen);
    part.append(list);
    return part;
  };

  const reportOf = ({ kind, report }) => {
    if (kind === "rollback") {
      return [create("p", "", fill(texts.collection_report_back, { generation: report.generation }))];
    }
    const chips = create("ul", "yj-chips");
    for (const status of COUNTED) {
      const n = report.counts[status];
      if (!n) continue;
      const chip = create("li", "yj-chip", fill(texts[`collection_status_${status}`], { count: number(n) }));
      chip.dataset.status = status;
      chips.append(chip);
    }
    const now = create(
      "p",
      "",
      fill(texts.collection_report_now, { articles: number(report.articles), generation: report.generation })
    );
    const parts = [now, chips];
    if (!report.is_new_generation && kind !== "removal") parts.unshift(create("p", "", texts.collection_report_nothing));
    for (const note of report.notes) {
      const told = foreign("p", "yj-about", note);
      told.lang = "en";
      parts.push(told);
    }
    for (const status of STATUSES) {
      const files = report.files.filter((file) => file.status === status);
      if (!files.length) continue;
      const heading = fill(texts[`collection_status_${status}`], { count: number(report.counts[status]) });
      const items = files.map(fileRow);
      const left = report.counts[status] - files.length;
      if (left > 0) items.push(create("li", "yj-about", fill(texts.collection_more, { count: number(left) })));
      parts.push(listOf(heading, items, status === "quarantined" || files.length <= 5));
    }
    const warned = report.files.flatMap(({ path, warnings }) => warnings.map((warning) => ({ path, reason: warning })));
    if (warned.length) {
      const heading = fill(texts.collection_warnings, { count: number(warned.length) });
      parts.push(listOf(heading, warned.map(fileRow), false));
    }
    return parts;
  };

  const fetchReport = async () => {
    try {
      const { job } = await call("/api/collection/job");
      if (job) showEnded(job);
    } catch (error) {
      body.append(create("p", "yj-wrong", explain(error)));
    }
  };

  // ---- starting and watching ---------------------------------------------------------------

  const refuse = (error, kind) => {
    node.hidden = false;
    node.dataset.state = "failed";
    bar.hidden = true;
    counts.textContent = "";
    say(kind ? `${texts[`collection_job_${kind}`]}：${explain(error)}` : explain(error));
    const close = button("yj-icon yj-job-close", "×", () => (node.hidden = true));
    close.setAttribute("aria-label", texts.collection_close);
    body.replaceChildren(close);
    reveal();
  };

  // `isOurs`: this page started it, so it may ask for the report, which takes the token.
  const watch = async (isOurs) => {
    if (isWatching) return;
    isWatching = true;
    setBusy(true);
    let job = null;
    let misses = 0;
    let isShown = false;
    for (;;) {
      try {
        job = (await call(isOurs ? "/api/collection/job" : "/api/collection")).job;
        misses = 0;
      } catch (error) {
        // A restart of the service takes a while; what it did not finish it has forgotten.
        if (++misses > 25) {
          refuse(error);
          break;
        }
        await wait(POLL_MS * 2);
        continue;
      }
      if (job?.state !== "running") break;
      showRunning(job);
      if (isOurs && !isShown) reveal();
      isShown = true;
      await wait(isOurs ? POLL_MS : POLL_MS * 4);
    }
    isWatching = false;
    setBusy(false);
    if (job) {
      showEnded(job);
      if (isOurs && !isShown) reveal();
    } else if (isShown && !misses) node.hidden = true; // not what was said before
    await onChange();
  };

  const start = async (kind, what = {}) => {
    setBusy(true);
    try {
      await call("/api/collection/jobs", { method: "POST", body: { kind, ...what } });
    } catch (error) {
      setBusy(isWatching);
      refuse(error, kind);
      if (error.code === "busy") watch(false);
      if (error.code === "gone") onChange();
      return false;
    }
    await watch(true);
    return true;
  };

  // ---- what is asked before ----------------------------------------------------------------

  const rebuild = async () => {
    const isMeant = await confirm({
      heading: texts.collection_rebuild_heading,
      body: [create("p", "", texts.collection_rebuild_text)],
      go: texts.collection_rebuild_go,
    });
    if (isMeant) await start("rebuild");
  };

  const rollback = async (previous) => {
    const isMeant = await confirm({
      heading: fill(texts.collection_rollback_heading, { name: previous.name }),
      body: [
        create(
          "p",
          "",
          fill(texts.collection_rollback_text, {
            created: time(previous.created),
            articles: number(previous.articles),
          })
        ),
      ],
      go: texts.collection_rollback_go,
    });
    if (isMeant) await start("rollback");
  };

  const listed = (text, items) => {
    const list = create("ul", "yj-files");
    list.append(
      ...items.map((item) => {
        const node = create("li", "");
        node.append(item);
        return node;
      })
    );
    return [create("p", "", text), list];
  };

  const remove = async ({ ids = [], files = [] }) => {
    let plan;
    try {
      plan = await call("/api/collection/removal", { method: "POST", body: { ids, files } });
    } catch (error) {
      refuse(error, "removal");
      if (error.code === "gone") onChange();
      return;
    }
    const parts = [];
    if (plan.uploaded.length) {
      const items = plan.uploaded.map(({ path, articles }) =>
        articles > 1
          ? filled(texts.collection_remove_holds, { path, articles: number(articles) })
          : foreign("span", "", path)
      );
      parts.push(...listed(texts.collection_remove_uploaded, items));
    }
    if (plan.elsewhere.length) {
      const items = plan.elsewhere.map((file) => filled(texts.collection_remove_in, file));
      parts.push(...listed(texts.collection_remove_elsewhere, items));
    }
    const isMeant = await confirm({
      heading: texts.collection_remove_heading,
      body: parts,
      go: plan.uploaded.length ? texts.collection_remove_go : null,
      cancel: plan.uploaded.length ? texts.collection_cancel : texts.collection_close,
      isDanger: true,
    });
    if (isMeant) await start("removal", { ids, files });
  };

  return {
    node,
    actions,
    start,
    remove,
    rebuild,
    rollback,
    onBusy: (listener) => listeners.push(listener),
    follow: ({ job }) => {
      actions.hidden = false;
      if (job?.state === "running") watch(false);
    },
  };
};
