// What stands beside the table: quarantine, duplicates, generations. Each is read when it is
// first looked at, and again when the collection changed.

import { call } from "./api.js";
import { adviceOf, articleLink, faultOf, foreign, number, row, state, table, time, titleOf } from "./collection_parts.js";
import { button, create, fill, texts } from "./dom.js";

const about = (text) => create("p", "yj-about", text);

export const startLists = ({ jobs }) => {
  const nodes = {};
  const read = {}; // what the overview was when a view was read

  // ---- quarantine --------------------------------------------------------------------------

  const quarantine = ({ files }) => {
    if (!files.length) return [create("p", "yj-state", texts.collection_quarantine_none)];
    const columns = [
      { label: texts.collection_column_file, className: "yj-first" },
      { label: texts.collection_column_reason },
      { label: texts.collection_column_advice },
      { label: "", className: "yj-last" },
    ];
    const { node, body } = table(texts.collection_view_quarantine, columns);
    for (const file of files) {
      const reason = faultOf(file);
      if (file.was_read) {
        const still = create("span", "yj-quiet-line", texts.collection_was_read);
        reason.append(still);
      }
      let remove = "";
      if (file.file) {
        remove = button("yj-button", texts.collection_remove, () => jobs.remove({ files: [file.file] }));
      }
      body.append(row(columns, [foreign("span", "yj-path", file.path), reason, adviceOf(file), remove]));
    }
    return [about(texts.collection_quarantine_about), node];
  };

  // ---- duplicates --------------------------------------------------------------------------

  const named = (article) => {
    const node = create("div", "yj-named");
    node.append(articleLink(article), foreign("span", "yj-path", article.path));
    return node;
  };

  const more = (total, shown) =>
    total > shown ? [create("p", "yj-about", fill(texts.collection_more, { count: number(total - shown) }))] : [];

  const duplicates = ({ groups, groups_total: groupsTotal, copies, copies_total: copiesTotal }) => {
    if (!groups.length && !copies.length) return [create("p", "yj-state", texts.collection_duplicates_none)];
    const parts = [];
    if (groups.length) {
      parts.push(create("h2", "", fill(texts.collection_groups, { count: number(groupsTotal) })));
      parts.push(about(texts.collection_groups_about));
      for (const { representative, members } of groups) {
        const group = create("div", "yj-group");
        const list = create("ul", "");
        for (const member of members) {
          const item = create("li", "");
          item.append(named(member));
          list.append(item);
        }
        group.append(named(representative), list);
        parts.push(group);
      }
      parts.push(...more(groupsTotal, groups.length));
    }
    if (copies.length) {
      parts.push(create("h2", "", fill(texts.collection_copies, { count: number(copiesTotal) })));
      const list = create("ul", "yj-copies");
      for (const copy of copies) {
        const item = create("li", "");
        const same = fill(texts.collection_copy_of, { title: titleOf(copy) });
        item.append(foreign("span", "yj-path", copy.path), " ", foreign("span", "", same));
        list.append(item);
      }
      parts.push(list, ...more(copiesTotal, copies.length));
    }
    return parts;
  };

  // ---- generations -------------------------------------------------------------------------

  const generations = ({ generations: all }) => {
    const columns = [
      { label: texts.collection_column_generation, className: "yj-first" },
      { label: texts.collection_column_created },
      { label: texts.collection_view_articles, className: "yj-number" },
      { label: texts.collection_column_chunks, className: "yj-number" },
      { label: texts.collection_column_files, className: "yj-number" },
    ];
    const { node, body } = table(texts.collection_view_generations, columns);
    for (const one of all) {
      const name = create("span", "", one.name);
      if (one.is_current) name.append(" ", create("span", "yj-badge", texts.collection_current));
      if (one.is_damaged) name.append(" ", create("span", "yj-badge yj-amber", texts.collection_damaged));
      const counts = [one.articles, one.chunks, one.files].map((n) => (n === undefined ? "" : number(n)));
      body.append(row(columns, [name, one.created ? time(one.created) : "", ...counts]));
    }
    const parts = [about(texts.collection_generations_about), node];
    const previous = all.find((one) => one.is_previous && !one.is_damaged);
    const buttons = create("div", "yj-buttons");
    buttons.append(button("yj-button", texts.collection_rebuild, () => jobs.rebuild()));
    if (previous) {
      const label = fill(texts.collection_rollback, { name: previous.name });
      buttons.append(button("yj-button", label, () => jobs.rollback(previous)));
    }
    return [...parts, buttons];
  };

  const build = { quarantine, duplicates, generations };
  for (const name of Object.keys(build)) nodes[name] = create("div", "yj-list");

  const load = async (name) => {
    const waiting = state(texts.collection_loading);
    if (!nodes[name].hasChildNodes()) nodes[name].append(waiting.node);
    try {
      const content = await call(`/api/collection/${name}`);
      nodes[name].replaceChildren(...build[name](content));
    } catch (error) {
      waiting.fail(error, () => load(name));
      nodes[name].replaceChildren(waiting.node);
    }
  };

  return {
    nodes,
    shown: (name, overview) => {
      if (!(name in build) || read[name] === overview) return;
      read[name] = overview;
      load(name);
    },
  };
};
