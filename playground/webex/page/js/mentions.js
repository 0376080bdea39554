/** Between "@Ada Lovelace" as a person types it and Webex's markdown `<@personEmail:ada@example.com|Ada Lovelace>`. Pure. */

const CODE = /(```[\s\S]*?(?:```|$)|`[^`\n]*`)/;
const EVERYONE = "All";

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A RegExp that finds "@Name" of any member (longest name first), or null when there is nobody to name. */
function namePattern(names) {
  if (names.length === 0) return null;
  const alternatives = [...names]
    .sort((one, other) => other.length - one.length)
    .map(escaped)
    .join("|");
  return new RegExp(`(^|[\\s(,;:])@(${alternatives})(?![\\p{L}\\p{N}_])`, "giu");
}

function addressBook(members, picked) {
  const book = new Map(members.map((member) => [member.displayName.toLowerCase(), member.email]));
  for (const [name, email] of picked) book.set(name.toLowerCase(), email);
  return book;
}

/**
 * Text as typed → markdown for Webex. Code spans and fences stay as they are.
 * @param {string} text
 * @param {{displayName: string, email: string}[]} members who can be named
 * @param {Map<string, string>} [picked] name → e-mail chosen in the completion, decides between two of the same name
 * @param {boolean} [withEveryone] whether "@All" means everybody (group rooms)
 * @returns {string}
 */
export function toMarkdown(text, members, picked = new Map(), withEveryone = false) {
  const names = members.map((member) => member.displayName);
  const pattern = namePattern(withEveryone ? [...names, EVERYONE] : names);
  if (pattern === null) return text;
  const book = addressBook(members, picked);
  const replaced = (whole, before, name) => {
    const email = book.get(name.toLowerCase());
    return email ? `${before}<@personEmail:${email}|${name.replace(/[|>]/g, "")}>` : `${before}<@all>`;
  };
  return text
    .split(CODE)
    .map((part, index) => (index % 2 ? part : part.replace(pattern, replaced)))
    .join("");
}

/** @param {string} markdown as sent to Webex @returns {string} as a person types it, for editing */
export const fromMarkdown = (markdown) =>
  markdown
    .replace(/<@person(?:Email|Id):[^|>]*\|([^>]*)>/g, "@$1")
    .replace(/<@personEmail:([^@>]+)@[^>]*>/g, "@$1")
    .replace(/<@all>/g, `@${EVERYONE}`);

/**
 * @param {string} text @param {{displayName: string}[]} members @param {boolean} withEveryone
 * @returns {[string, boolean][]} the text cut into pieces, true for those that are a mention: for highlighting
 */
export function markedPieces(text, members, withEveryone) {
  const names = members.map((member) => member.displayName);
  const pattern = namePattern(withEveryone ? [...names, EVERYONE] : names);
  if (pattern === null) return [[text, false]];
  return text.split(CODE).flatMap((part, index) => (index % 2 ? [[part, false]] : cut(part, pattern)));
}

function cut(text, pattern) {
  const pieces = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    const start = match.index + match[1].length;
    pieces.push([text.slice(end, start), false], [text.slice(start, match.index + match[0].length), true]);
    end = match.index + match[0].length;
  }
  return [...pieces, [text.slice(end), false]];
}

/**
 * The mention being typed at the caret.
 * @param {string} text @param {number} caret
 * @returns {{start: number, query: string}|null} `start` is the place of the @
 */
export function mentionAt(text, caret) {
  const match = /(^|[\s(,;:])@([^@\n]{0,30})$/u.exec(text.slice(0, caret));
  return match ? { start: match.index + match[1].length, query: match[2] } : null;
}

/**
 * @param {string} query what follows the @
 * @param {{displayName: string, email: string, type: string}[]} members
 * @returns {Object[]} who fits, bots first: they are whom one calls by mention
 */
export function candidates(query, members) {
  const wanted = query.toLowerCase();
  const fits = (member) =>
    member.displayName.toLowerCase().startsWith(wanted) ||
    member.displayName
      .toLowerCase()
      .split(/\s+/)
      .some((word) => word.startsWith(wanted)) ||
    member.email.toLowerCase().startsWith(wanted);
  const rank = (member) => (member.type === "bot" ? 0 : 1);
  return members
    .filter(fits)
    .sort((one, other) => rank(one) - rank(other) || one.displayName.localeCompare(other.displayName));
}
