// Uploading: files are chosen or dropped, looked at before they are sent, sent one after another,
// and then taken into the index by one job.

import { call } from "./api.js";
import { confirm, explain, foreign, megabytes } from "./collection_parts.js";
import { button, create, fill, texts } from "./dom.js";

export const startUploads = ({ jobs }) => {
  let limits = { suffixes: [], max_file_bytes: 0 };
  let isBusy = false;

  const input = create("input", "");
  input.type = "file";
  input.multiple = true;
  input.hidden = true; // the button stands for it
  const choose = button("yj-button yj-primary", texts.collection_choose, () => input.click());
  const hint = create("p", "yj-limits");
  const line = create("p", "yj-drop-line");
  line.append(create("span", "yj-drop-words", texts.collection_drop), " ", choose);
  const list = create("ul", "yj-sent");
  list.setAttribute("aria-live", "polite");
  list.setAttribute("aria-label", texts.collection_upload);
  const node = create("section", "yj-drop");
  node.setAttribute("aria-label", texts.collection_upload);
  node.append(line, hint, input, list);
  node.hidden = true;

  const show = (item, said, state) => {
    item.node.dataset.state = state;
    item.said.textContent = said;
  };

  const listed = (file) => {
    const item = { file, node: create("li", ""), said: create("span", "yj-sent-state") };
    item.node.append(foreign("span", "yj-path", file.name), item.said);
    show(item, texts.collection_file_waiting, "waiting");
    list.append(item.node);
    return item;
  };

  // What the server would refuse is told before anything is sent; it checks all the same.
  const wrongWith = ({ name, size }) => {
    const dot = name.lastIndexOf(".");
    const suffix = dot < 0 ? "" : name.slice(dot).toLowerCase();
    if (name.startsWith(".") || name.startsWith("~$")) return "name";
    if (!limits.suffixes.includes(suffix)) return "suffix";
    if (size > limits.max_file_bytes) return "size";
    return null;
  };

  const send = async (item, replace = false) => {
    show(item, texts.collection_file_sending, "sending");
    const query = new URLSearchParams({ name: item.file.name, replace });
    try {
      await call(`/api/collection/uploads?${query}`, { method: "POST", body: item.file });
      show(item, texts.collection_file_stored, "stored");
      return "stored";
    } catch (error) {
      show(item, explain(error), "refused");
      return error.code ?? "failed";
    }
  };

  const take = async (files) => {
    if (isBusy || !files.length) return;
    setBusy(true);
    list.replaceChildren();
    const ready = [];
    for (const file of files) {
      const item = listed(file);
      const wrong = wrongWith(file);
      if (wrong) show(item, texts[`collection_error_${wrong}`], "refused");
      else ready.push(item);
    }
    let stored = 0;
    const existing = [];
    for (const item of ready) {
      const outcome = await send(item);
      if (outcome === "stored") stored += 1;
      if (outcome === "exists") existing.push(item);
    }
    if (existing.length) {
      const names = create("ul", "yj-files");
      for (const { file } of existing) names.append(foreign("li", "", file.name));
      const isMeant = await confirm({
        heading: texts.collection_replace_heading,
        body: [names, create("p", "", texts.collection_replace_text)],
        go: texts.collection_replace,
        cancel: texts.collection_keep,
        isDanger: true,
      });
      if (isMeant) {
        for (const item of existing) if ((await send(item, true)) === "stored") stored += 1;
      }
    }
    setBusy(false);
    input.value = "";
    if (stored && (await jobs.start("uploads"))) {
      // The report tells the rest; what was refused stays to be read.
      for (const done of list.querySelectorAll('[data-state="stored"]')) done.remove();
    }
  };

  const setBusy = (busy) => {
    isBusy = busy;
    choose.disabled = busy;
    node.classList.toggle("yj-busy", busy);
  };
  jobs.onBusy(setBusy);

  input.addEventListener("change", () => take([...input.files]));

  // Dropped anywhere on the page; a file that misses must not take the page's place.
  let inside = 0;
  const carriesFiles = (event) => !node.hidden && [...(event.dataTransfer?.types ?? [])].includes("Files");
  const mark = () => node.classList.toggle("yj-over", inside > 0 && !isBusy);
  document.addEventListener("dragenter", (event) => {
    if (!carriesFiles(event)) return;
    inside += 1;
    mark();
  });
  document.addEventListener("dragleave", (event) => {
    if (!carriesFiles(event)) return;
    inside = Math.max(0, inside - 1);
    mark();
  });
  document.addEventListener("dragover", (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    inside = 0;
    mark();
    take([...event.dataTransfer.files]);
  });

  return {
    node,
    follow: (overview) => {
      limits = overview;
      node.hidden = false;
      input.accept = overview.suffixes.join(",");
      const suffixes = overview.suffixes.map((suffix) => suffix.slice(1)).join(" ");
      hint.textContent = fill(texts.collection_limits, { suffixes, size: megabytes(overview.max_file_bytes) });
    },
  };
};
