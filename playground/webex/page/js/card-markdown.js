/** The small markdown of Adaptive Card text (bold, italic, links, lists) as HTML. Pure; everything else is escaped. */

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escaped = (text) => text.replace(/[&<>"']/g, (character) => ESCAPES[character]);

const inline = (text) =>
  escaped(text)
    .replace(
      /\[([^\]]+)\]\((https?:[^\s)]+|mailto:[^\s)]+)\)/g,
      '<a href="$2" target="_blank" rel="noopener noreferrer">$1</a>',
    )
    .replace(/\*\*([^*\s](?:[^*]*[^*\s])?)\*\*/g, "<strong>$1</strong>")
    .replace(/(^|[^*\w])\*([^*\s](?:[^*]*[^*\s])?)\*(?![*\w])/g, "$1<em>$2</em>")
    .replace(/(^|[^_\w])_([^_\s](?:[^_]*[^_\s])?)_(?![_\w])/g, "$1<em>$2</em>");

const LIST_ITEM = { ul: /^\s*[-*]\s+(.*)$/, ol: /^\s*\d+[.)]\s+(.*)$/ };

/**
 * The subset that the Adaptive Cards documentation names for TextBlock (learn.microsoft.com/adaptive-cards/authoring-cards/text-features).
 * @param {string} text
 * @returns {string} HTML made only of strong, em, a, ul, ol, li, p and br
 */
export function cardMarkdown(text) {
  const blocks = [];
  for (const line of text.split(/\r?\n/)) {
    const kind = Object.keys(LIST_ITEM).find((name) => LIST_ITEM[name].test(line)) ?? "p";
    const content = inline(kind === "p" ? line : LIST_ITEM[kind].exec(line)[1]);
    const last = blocks.at(-1);
    if (last?.kind === kind) last.lines.push(content);
    else blocks.push({ kind, lines: [content] });
  }
  return blocks.map(blockHtml).join("");
}

function blockHtml({ kind, lines }) {
  if (kind === "p") return `<p>${lines.join("<br>")}</p>`;
  return `<${kind}>${lines.map((line) => `<li>${line}</li>`).join("")}</${kind}>`;
}
