// Clusters of questions, as a list: each with how often it was asked, what went wrong, and examples.

import { create, fill, texts } from "./dom.js";
import { said, t } from "./tables.js";

const FAULTS = ["declined", "failed", "unsolved", "handed_off", "abandoned"];

const tags = (cluster) => {
  const list = create("ul", "yj-tags");
  for (const fault of FAULTS) {
    if (cluster[fault]) list.append(create("li", `yj-is-${fault}`, `${t(fault)} ${cluster[fault]}`));
  }
  return list;
};

const example = (entry) => {
  const item = create("li");
  item.append(said("", entry.question));
  const facts = [new Date(entry.at).toLocaleDateString(texts.tag), t(entry.outcome)];
  if (entry.handed_off) facts.push(t("handed_off"));
  if (entry.abandoned) facts.push(t("abandoned"));
  if (entry.solved === false) facts.push(t("unsolved"), ...entry.reasons.map((reason) => texts[`rating_${reason}`] ?? reason));
  item.append(create("span", "yj-quiet", facts.join(" · ")));
  if (entry.comment) item.append(said("yj-comment", entry.comment));
  return item;
};

const clusterRow = (cluster, { chosen = null, more = () => null }) => {
  const item = create("li", "yj-cluster");
  const head = create("div", "yj-cluster-head");
  if (chosen) {
    const check = create("input");
    check.type = "checkbox";
    check.checked = chosen.has(cluster.id);
    check.setAttribute("aria-label", fill(t("choose"), { label: cluster.label }));
    check.addEventListener("change", () => {
      if (check.checked) chosen.add(cluster.id);
      else chosen.delete(cluster.id);
      item.dispatchEvent(new Event("yj-chosen", { bubbles: true }));
    });
    head.append(check);
  }
  head.append(said("yj-cluster-label", cluster.label), create("span", "yj-count", fill(t("times"), { count: cluster.count })));
  item.append(head);
  const list = tags(cluster);
  if (list.children.length) item.append(list);
  const further = more(cluster);
  if (further) item.append(further);
  const fold = create("details", "yj-behind");
  const wordings = cluster.wordings > 1 ? ` · ${fill(t("wordings"), { count: cluster.wordings })}` : "";
  const examples = create("ul", "yj-examples");
  examples.append(...cluster.examples.map(example));
  fold.append(create("summary", "", t("examples") + wordings), examples);
  item.append(fold);
  return item;
};

// `chosen` is a set of ids that checkboxes fill (each change is told by the event "yj-chosen");
// `more(cluster)` returns an element that stands below a cluster's label, or null.
export const clusterList = (rows, how = {}) => {
  const list = create("ol", "yj-clusters");
  list.append(...rows.map((row) => clusterRow(row, how)));
  return list;
};
