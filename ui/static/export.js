// Conversations as files: Markdown for people, JSON for programs. Values in, text out.

import { fill, texts } from "./dom.js";
import { save } from "./download.js";

// Every ASCII punctuation mark behind a backslash, line breaks as spaces: what articles, questions
// and models say stays text in Markdown, at the beginning of a line and inside it.
export const escaped = (text) =>
  String(text ?? "").replace(/\s+/g, " ").trim().replace(/[!-/:-@[-`{-~]/g, "\\$&");

const WEB = /^https?:\/\/[^\s<>\\]+$/i;
const address = (url) => (WEB.test(url) ? `<${url}>` : escaped(url));

const local = (time) => {
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? "" : at.toLocaleString(texts.tag, { dateStyle: "medium", timeStyle: "short" });
};

const sentence = (said) =>
  `${said.item ? "- " : ""}${said.lead ? `（${escaped(said.lead)}）` : ""}${escaped(said.text)}` +
  said.citations.map((n) => ` \\[${n}\\]`).join("") +
  (said.verdict && said.verdict !== "supported" ? ` （${texts[`verdict_${said.verdict}`] ?? escaped(said.verdict)}）` : "");

// One source in a list: title, source, date, then the quote, then where it stands.
const source = (cited) => {
  const byline = [cited.source, cited.published].filter(Boolean).map(escaped).join(" · ");
  const lines = [
    `\\[${cited.n}\\] **${escaped(cited.title) || texts.untitled}**${byline ? ` · ${byline}` : ""}`,
    `> ${escaped(cited.quote)}`,
    fill(texts.export_place, { path: escaped(cited.path), start: cited.start, end: cited.end }),
  ];
  if (cited.url) lines.push(address(cited.url));
  return lines.join("\n\n");
};

const exchange = (record) => {
  const parts = [`## ${escaped(record.question)}`, local(record.asked)];
  if (record.searched && record.searched !== record.question) {
    parts.push(`${texts.export_searched}${escaped(record.searched)}`);
  }
  if (record.sentences.length) parts.push(...record.sentences.map(sentence));
  else if (record.answer) parts.push(escaped(record.answer));
  // Not the reason of a declined one: it is the program's own, English and of no use to a reader.
  if (record.error) parts.push(escaped(record.error));
  if (record.notice) parts.push(escaped(record.notice));
  if (record.citations.length) parts.push(`### ${texts.export_sources}`, ...record.citations.map(source));
  return parts.filter(Boolean).join("\n\n");
};

const one = (conversation) =>
  [`# ${escaped(conversation.title)}`, ...conversation.records.map(exchange)].join("\n\n");

export const asMarkdown = (conversations) => conversations.map(one).join("\n\n---\n\n") + "\n";

export const asJson = (conversations) =>
  JSON.stringify({ format: "youju-conversations", v: 1, exported: new Date().toISOString(), conversations }, null, 2) + "\n";

const KINDS = {
  md: { write: asMarkdown, type: "text/markdown" },
  json: { write: asJson, type: "application/json" },
};

// `kind` is "md" or "json". The name tells the day and, for a single one, what it is about.
export const download = (conversations, kind) => {
  const day = new Date().toISOString().slice(0, 10);
  const about = conversations.length === 1 ? `-${conversations[0].title}` : "";
  const name = `youju-${day}${about}`.replace(/[\p{C}\p{Z}<>:"/\\|?*.…]+/gu, "-").slice(0, 60);
  const { write, type } = KINDS[kind];
  save(`${name}.${kind}`, write(conversations), `${type};charset=utf-8`);
};
