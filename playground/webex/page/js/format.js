/** Turns times, sizes and names into the short words the page shows. Pure. */

const clockFormat = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const shortDayFormat = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

/** @param {string} iso a time as Webex sends it @returns {string} hours and minutes on the reader's clock */
export const clock = (iso) => clockFormat.format(new Date(iso));

/** @param {string} iso @returns {string} the whole date and time, for a tooltip */
export const fullTime = (iso) => fullFormat.format(new Date(iso));

/** @param {string} iso @returns {string} one value per calendar day of the reader */
export const dayKey = (iso) => new Date(iso).toDateString();

/** @param {string} iso @returns {string} "Today", "Yesterday" or the date */
export function dayName(iso) {
  const days = daysAgo(iso);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return dayFormat.format(new Date(iso));
}

/** @param {string} iso @returns {string} a time today, else a short date: for the list of rooms */
export const lastActive = (iso) => (daysAgo(iso) === 0 ? clock(iso) : shortDayFormat.format(new Date(iso)));

function daysAgo(iso) {
  const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((midnight(new Date()) - midnight(new Date(iso))) / 86_400_000);
}

/** @param {number} bytes @returns {string} "812 B", "14 KB", "2.3 MB" */
export function fileSize(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} KB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** @param {string} name @returns {string} one or two capital letters */
export function initials(name) {
  const words = name
    .trim()
    .split(/[\s._-]+/)
    .filter(Boolean);
  if (words.length === 0) return "?";
  const letters = words.length === 1 ? [words[0]] : [words[0], words.at(-1)];
  return letters.map((word) => [...word][0].toUpperCase()).join("");
}

/** @param {string} text @returns {number} 0–9, always the same for the same text (FNV-1a): picks an avatar colour */
export function tone(text) {
  let hash = 0x811c9dc5;
  for (const letter of text.toLowerCase()) hash = Math.imul(hash ^ letter.codePointAt(0), 0x01000193) >>> 0;
  return hash % 10;
}

/** @param {string} text @param {number} [length] @returns {string} the first line's beginning */
export function excerpt(text, length = 80) {
  const line = text.trim().split("\n", 1)[0];
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
}
