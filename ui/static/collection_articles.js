// The table of articles: search, filters, order and pages, all of them worked out by the server.

import { call } from "./api.js";
import { articleLink, foreign, languageName, number, row, state, table, titleOf } from "./collection_parts.js";
import { button, create, fill, texts } from "./dom.js";

const TYPING_MS = 200;
const SIZES = [25, 50, 100];
const NUMERIC = "yj-number";
const COLUMNS = [
  { name: "title", label: texts.collection_column_title, className: "yj-first" },
  { name: "source", label: texts.collection_column_source },
  { name: "published", label: texts.collection_column_published, className: "yj-fixed" },
  { name: "language", label: texts.collection_column_language },
  { name: "chars", label: texts.collection_column_chars, className: NUMERIC },
  { name: "chunks", label: texts.collection_column_chunks, className: NUMERIC },
  { name: "encoding", label: texts.collection_column_encoding },
  { name: "duplicates", label: texts.collection_column_duplicates },
];
// What is many or new is looked for first.
const FALLING = new Set(["published", "chars", "chunks", "duplicates"]);

const labelled = (label, field) => {
  const node = create("label", "yj-labelled");
  node.append(create("span", "", label), field);
  return node;
};

const choice = (values, chosen = "") => {
  const field = create("select", "yj-field");
  for (const [value, label] of values) {
    const option = create("option", "", label);
    option.value = value;
    field.append(option);
  }
  field.value = chosen;
  return field;
};

export const startArticles = ({ jobs }) => {
  const asked = { q: "", source: "", language: "", tag: "", sort: "path", order: "asc", page: 1, size: SIZES[0] };
  const selected = new Map(); // id → title, across pages
  let generation = null;
  let request = null;

  // ---- what is asked for -------------------------------------------------------------------

  const search = create("input", "yj-field yj-search");
  search.type = "search";
  search.maxLength = 200;
  search.placeholder = texts.collection_search;
  search.setAttribute("aria-label", texts.collection_search);
  const language = choice([]);
  const source = choice([]);
  const tag = choice([]);
  const sort = choice([
    ["path", texts.collection_column_path],
    ...COLUMNS.map(({ name, label }) => [name, label]),
  ]);
  const order = button("yj-button yj-order", "", () => {
    asked.order = asked.order === "asc" ? "desc" : "asc";
    ask({ page: 1 });
  });
  const clear = button("yj-button", texts.collection_clear, () => {
    search.value = language.value = source.value = tag.value = "";
    ask({ q: "", language: "", source: "", tag: "", page: 1 });
    search.focus();
  });
  const sorting = create("div", "yj-sorting");
  sorting.append(labelled(texts.collection_sort, sort), order);
  const filters = create("div", "yj-filters");
  filters.append(
    labelled(texts.collection_filter_language, language),
    labelled(texts.collection_filter_source, source),
    labelled(texts.collection_filter_tag, tag),
    sorting,
    clear
  );
  const tools = create("div", "yj-toolbar");
  tools.setAttribute("role", "search");
  tools.append(search, filters);

  let typing = 0;
  search.addEventListener("input", (event) => {
    if (event.isComposing) return; // half-typed pinyin is no search
    clearTimeout(typing);
    typing = setTimeout(() => ask({ q: search.value, page: 1 }), TYPING_MS);
  });
  search.addEventListener("compositionend", () => ask({ q: search.value, page: 1 }));
  for (const [name, field] of Object.entries({ language, source, tag })) {
    field.addEventListener("change", () => ask({ [name]: field.value, page: 1 }));
  }
  sort.addEventListener("change", () => sortBy(sort.value));

  const sortBy = (name) => {
    const isSame = asked.sort === name;
    const fresh = FALLING.has(name) ? "desc" : "asc";
    ask({ sort: name, order: isSame ? (asked.order === "asc" ? "desc" : "asc") : fresh, page: 1 });
  };

  // ---- the table ---------------------------------------------------------------------------

  const all = create("input", "");
  all.type = "checkbox";
  all.setAttribute("aria-label", texts.collection_select_page);
  const columns = [{ name: "", label: "", className: "yj-select", node: all }];
  for (const column of COLUMNS) {
    const sorter = button("yj-sorter", column.label, () => sortBy(column.name));
    columns.push({ ...column, node: sorter });
  }
  const { node: grid, head, body } = table(texts.collection_table, columns);
  grid.classList.add("yj-articles");
  const waiting = state("");
  const count = create("p", "yj-total");
  count.setAttribute("role", "status");

  const previous = button("yj-button", texts.collection_previous, () => ask({ page: asked.page - 1 }));
  const next = button("yj-button", texts.collection_next, () => ask({ page: asked.page + 1 }));
  const place = create("span", "yj-place");
  const size = choice(SIZES.map((n) => [String(n), String(n)]), String(SIZES[0]));
  size.addEventListener("change", () => ask({ size: Number(size.value), page: 1 }));
  const pager = create("nav", "yj-pager");
  pager.setAttribute("aria-label", texts.collection_table);
  pager.append(previous, place, next, labelled(texts.collection_size, size));

  // ---- what is selected --------------------------------------------------------------------

  const chosen = create("span", "");
  const bar = create("div", "yj-selection");
  bar.append(
    chosen,
    button("yj-button yj-danger", texts.collection_remove, () => jobs.remove({ ids: [...selected.keys()] })),
    button("yj-button", texts.collection_unselect, () => {
      selected.clear();
      showSelection();
    })
  );
  const boxes = () => [...body.querySelectorAll("input[type=checkbox]")];
  const showSelection = () => {
    bar.hidden = selected.size === 0;
    chosen.textContent = fill(texts.collection_selected, { count: number(selected.size) });
    for (const box of boxes()) box.checked = selected.has(box.value);
    const ticked = boxes().filter((box) => box.checked).length;
    all.checked = ticked > 0 && ticked === boxes().length;
    all.indeterminate = ticked > 0 && !all.checked;
  };
  const select = (box, isOn) => (isOn ? selected.set(box.value, true) : selected.delete(box.value));
  body.addEventListener("change", (event) => {
    if (event.target.type !== "checkbox") return;
    select(event.target, event.target.checked);
    showSelection();
  });
  all.addEventListener("change", () => {
    for (const box of boxes()) select(box, all.checked);
    showSelection();
  });

  // ---- asking and showing ------------------------------------------------------------------

  const ask = async (changes = {}) => {
    Object.assign(asked, changes);
    request?.abort();
    const mine = (request = new AbortController());
    grid.setAttribute("aria-busy", "true");
    try {
      const query = new URLSearchParams(asked);
      const page = await call(`/api/collection/articles?${query}`, { signal: mine.signal });
      if (mine === request) show(page);
    } catch (error) {
      if (mine.signal.aborted) return;
      grid.hidden = pager.hidden = true;
      waiting.node.hidden = false;
      waiting.fail(error, () => ask());
    } finally {
      if (mine === request) grid.removeAttribute("aria-busy");
    }
  };

  const show = (page) => {
    asked.page = page.page;
    const isFiltered = Boolean(asked.q || asked.source || asked.language || asked.tag);
    count.textContent = fill(texts.collection_found, { total: number(page.total) });
    clear.hidden = !isFiltered;
    sort.value = asked.sort;
    const isFalling = asked.order === "desc";
    order.textContent = isFalling ? "↓" : "↑";
    order.setAttribute("aria-label", isFalling ? texts.collection_descending : texts.collection_ascending);
    order.title = order.getAttribute("aria-label");
    head.querySelectorAll("th").forEach((cell, at) => {
      const isSorted = at > 0 && columns[at].name === asked.sort;
      if (isSorted) cell.setAttribute("aria-sort", isFalling ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
    body.replaceChildren(...page.rows.map(toRow));
    grid.hidden = pager.hidden = page.total === 0;
    waiting.node.hidden = page.total > 0;
    waiting.say(isFiltered ? texts.collection_found_none : texts.collection_empty);
    place.textContent = fill(texts.collection_page_of, { page: number(page.page), pages: number(page.pages) });
    previous.disabled = page.page <= 1;
    next.disabled = page.page >= page.pages;
    showSelection();
  };

  const toRow = (article) => {
    const box = create("input", "");
    box.type = "checkbox";
    box.value = article.id;
    box.setAttribute("aria-label", fill(texts.collection_select, { title: titleOf(article) }));

    const title = create("div", "yj-named");
    const path = foreign("span", "yj-path", article.path);
    if (article.is_uploaded) path.prepend(create("span", "yj-badge", texts.collection_uploaded), " ");
    title.append(articleLink(article), path);

    const encoding = create("span", "", article.encoding);
    if (article.repaired) {
      const badge = create("span", "yj-badge yj-amber", texts.collection_repaired);
      badge.title = article.repaired;
      encoding.append(" ", badge);
    }
    if (article.damages) {
      const said = fill(texts.collection_damages, { count: number(article.damages) });
      encoding.append(" ", create("span", "yj-badge yj-amber", said));
    }

    let duplicates = "";
    if (article.representative) {
      const said = fill(texts.collection_like, { title: titleOf(article.representative) });
      duplicates = foreign("span", "yj-like", said);
    } else if (article.duplicates) {
      const said = fill(texts.collection_stands_for, { count: number(article.duplicates) });
      duplicates = create("span", "yj-badge", said);
    }

    return row(columns, [
      box,
      title,
      article.source ? foreign("span", "yj-clipped", article.source) : "",
      article.published ?? "",
      foreign("span", "", languageName(article.language)),
      number(article.chars),
      number(article.chunks),
      encoding,
      duplicates,
    ]);
  };

  const offer = (field, everything, values, nameOf = (value) => value) => {
    const kept = field.value;
    const option = (value, label) => {
      const node = create("option", "", label);
      node.value = value;
      return node;
    };
    field.replaceChildren(
      option("", everything),
      ...values.map(({ value, count: n }) => option(value, `${nameOf(value)} (${number(n)})`))
    );
    field.value = kept;
    if (field.selectedIndex < 0) field.value = "";
  };

  const node = create("div", "yj-list");
  const summary = create("div", "yj-found");
  summary.append(count, bar);
  bar.hidden = pager.hidden = grid.hidden = true;
  node.append(tools, summary, grid, waiting.node, pager);

  return {
    node,
    follow: (overview) => {
      offer(language, texts.collection_all_languages, overview.facets.languages, languageName);
      offer(source, texts.collection_all_sources, overview.facets.sources);
      offer(tag, texts.collection_all_tags, overview.facets.tags);
      if (generation !== overview.generation) selected.clear();
      generation = overview.generation;
      ask({ language: language.value, source: source.value, tag: tag.value });
    },
  };
};
