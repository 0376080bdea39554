/** The page's line icons, 20 × 20, drawn in the colour of the text around them. */

const STROKES = {
  plus: "M10 4v12M4 10h12",
  close: "M5 5l10 10M15 5L5 15",
  menu: "M3 6h14M3 10h14M3 14h10",
  chevron: "M6 8l4 4 4-4",
  people:
    "M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 16.5c0-3 2.4-4.8 5.5-4.8s5.5 1.8 5.5 4.8M13 3.8a3 3 0 0 1 0 5.4M14.8 12c2 .6 3.2 2.2 3.2 4.5",
  reply: "M8 5L3.5 9.5 8 14M4 9.5h7.5c3 0 5 2 5 5.5",
  pencil: "M4 16l.8-3.6L13 4.2a1.7 1.7 0 0 1 2.4 0l.4.4a1.7 1.7 0 0 1 0 2.4l-8.2 8.2z",
  trash: "M4 6h12M8 6V4.2h4V6M5.5 6l.7 10h7.6l.7-10M8.5 9v4.5M11.5 9v4.5",
  clip: "M15.5 9.3l-5.6 5.6a3.6 3.6 0 0 1-5.1-5.1l6-6a2.4 2.4 0 0 1 3.4 3.4l-5.9 5.9a1.2 1.2 0 0 1-1.7-1.7l5.2-5.2",
  send: "M17 3L9 11M17 3l-5 14-3-6-6-3z",
  download: "M10 3.5v9M6.5 9.5L10 13l3.5-3.5M4 16.5h12",
  file: "M5 2.8h6.5L15 6.3v10.9H5zM11.5 2.8v3.5H15",
  copy: "M7 7h9v9H7zM4 13V4h9",
  check: "M4 10.5l4 4 8-9",
  down: "M10 4v11M5.5 10.5L10 15l4.5-4.5",
  group: "M7.5 3.5L6 16.5M14 3.5l-1.5 13M3.5 7.5h13.5M3 12.5h13.5",
};

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {keyof typeof STROKES} name
 * @returns {SVGElement} hidden from assistive technology: the button around it carries the label
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", STROKES[name]);
  svg.append(path);
  return svg;
}
