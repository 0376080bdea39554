/** Turns a message's `html` into DOM nodes through an allow-list. The server escapes raw HTML already; this is the second lock. */

import { element } from "./dom.js";

const KEPT = new Set([
  "P",
  "BR",
  "STRONG",
  "B",
  "EM",
  "I",
  "DEL",
  "S",
  "CODE",
  "PRE",
  "BLOCKQUOTE",
  "UL",
  "OL",
  "LI",
  "HR",
  "H1",
  "H2",
  "H3",
  "H4",
  "H5",
  "H6",
  "TABLE",
  "THEAD",
  "TBODY",
  "TR",
  "TH",
  "TD",
]);
const DROPPED = new Set([
  "SCRIPT",
  "STYLE",
  "TEMPLATE",
  "IFRAME",
  "OBJECT",
  "EMBED",
  "NOSCRIPT",
  "SVG",
  "MATH",
  "TITLE",
  "HEAD",
  "TEXTAREA",
  "SELECT",
  "XMP",
  "NOEMBED",
  "NOFRAMES",
]);
const SAFE_ADDRESS = /^(https?|mailto):/i;
const SAFE_ALIGNMENT = new Set(["left", "center", "right"]);

/**
 * @param {string} html
 * @param {string} [ownId] the reader's person id: mentions of them stand out
 * @returns {DocumentFragment} only allow-listed elements, no attribute but the ones set here
 */
export function sanitise(html, ownId) {
  // A document made by DOMParser runs no scripts and loads no pictures.
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const fragment = document.createDocumentFragment();
  fragment.append(...childrenOf(parsed.body, ownId));
  return fragment;
}

const childrenOf = (node, ownId) => [...node.childNodes].flatMap((child) => cleaned(child, ownId));

function cleaned(node, ownId) {
  if (node.nodeType === Node.TEXT_NODE) return [document.createTextNode(node.data)];
  if (node.nodeType !== Node.ELEMENT_NODE || DROPPED.has(node.tagName.toUpperCase())) return [];
  const children = childrenOf(node, ownId);
  if (node.tagName === "SPARK-MENTION") return [mention(node, children, ownId)];
  if (node.tagName === "A") return [link(node, children)];
  if (!KEPT.has(node.tagName)) return children;
  const kept = element(node.tagName.toLowerCase(), {}, ...children);
  if (node.tagName === "PRE") kept.tabIndex = 0;
  if (node.tagName === "OL" && node.start > 1) kept.start = node.start;
  if (SAFE_ALIGNMENT.has(node.style.textAlign)) kept.style.textAlign = node.style.textAlign;
  if (node.tagName === "TABLE") return [element("div", { class: "table-frame", tabindex: "0" }, kept)];
  return [kept];
}

function mention(node, children, ownId) {
  const everyone = node.dataset.objectType === "groupMention";
  const mine = everyone || (ownId && node.dataset.objectId === ownId);
  return element("span", { class: mine ? "mention mention-me" : "mention" }, ...children);
}

function link(node, children) {
  const address = node.getAttribute("href") ?? "";
  if (!SAFE_ADDRESS.test(address)) return element("span", {}, ...children);
  return element("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, ...children);
}
