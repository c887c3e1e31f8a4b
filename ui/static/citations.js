// Links to cited places: #cite/ARTICLE/START/END/LABEL, offsets in code points; "p3" is a passage.

import { recordOf } from "./records.js";

const CITE = /^#cite\/([^/]+)\/(\d+)\/(\d+)\/(p?)(\d+)$/;
export const LINKS = 'a[href^="#cite/"]';

// {href, id, start, end, isPassage, n}, or null for what is no such link.
export const parse = (href) => {
  const match = CITE.exec(href);
  if (!match) return null;
  try {
    return {
      href,
      id: decodeURIComponent(match[1]),
      start: Number(match[2]),
      end: Number(match[3]),
      isPassage: match[4] === "p",
      n: Number(match[5]),
    };
  } catch {
    return null; // a broken percent sequence
  }
};

// All places of the same kind that the answer around a link leads to, in reading order.
export const siblingsOf = (link, { isPassage }) => {
  const answer = link.closest(".yj-answer");
  const kind = isPassage ? "a.yj-passage" : "a.yj-cite, a.yj-source";
  const hrefs = [...(answer?.querySelectorAll(kind) ?? [])].map((a) => a.getAttribute("href"));
  return [...new Set(hrefs)].map(parse).filter(Boolean);
};

// What is known of a cited place without asking the server: {title, quote, source, published,
// verdict}, all but the title perhaps missing. A finished answer carries its record; while one is
// being written, the link's own hint and its row among the sources say a little.
export const citationOf = (cite) => {
  const links = [...document.querySelectorAll(LINKS)].filter((a) => a.getAttribute("href") === cite.href);
  for (const link of links) {
    const record = recordOf(link.closest(".yj-answer"));
    const known = (cite.isPassage ? record?.passages : record?.citations)?.find(
      (one) => one.article_id === cite.id && one.start === cite.start && one.end === cite.end
    );
    if (known) return { ...known, quote: known.quote ?? known.excerpt ?? "" };
  }
  const rows = links.map((link) => link.querySelector(".yj-source-title")?.textContent);
  const hints = links.map((link) => link.dataset.hint || link.title);
  return { title: rows.find(Boolean) ?? hints.find(Boolean) ?? "", quote: "" };
};
