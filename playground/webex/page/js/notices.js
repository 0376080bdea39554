/** What the page tells outside the log: toasts for errors, and the calm words where there are no messages yet. */

import { element } from "./dom.js";
import { icon } from "./icons.js";
import { avatar } from "./people.js";
import { botsOf } from "./sidebar.js";

const SHOWN_MS = 8000;

/** Shows an error or a notice for a few seconds; the same words are not shown twice at once. @param {string} text */
export function notify(text) {
  const place = document.getElementById("toasts");
  if ([...place.children].some((toast) => toast.firstChild.textContent === text)) return;
  const close = element(
    "button",
    { class: "icon-button icon-button-small", type: "button", "aria-label": "Dismiss" },
    icon("close"),
  );
  const toast = element(
    "div",
    { class: "toast", dataset: { testid: "toast" } },
    element("span", {}, text),
    close,
  );
  close.addEventListener("click", () => toast.remove());
  place.append(toast);
  setTimeout(() => toast.remove(), SHOWN_MS);
}

/** @param {Object} room with `members` @returns {HTMLElement} for a room in which nothing was said yet */
export function emptyRoom(room) {
  const [bot] = botsOf(room);
  const words = bot
    ? `${bot.displayName} is here. ${room.type === "direct" ? "Write to it" : `Mention it with @${bot.displayName}`}, or pick one of the commands below.`
    : "Say the first word: it is seen by everybody in this room at once.";
  return element(
    "div",
    { class: "notice" },
    element(
      "div",
      { class: "notice-faces" },
      ...room.members.slice(0, 4).map((member) => avatar(member, "large")),
    ),
    element("h2", {}, room.type === "direct" ? `You and ${room.title}` : room.title),
    element("p", {}, words),
  );
}

/** @param {string} title @param {string} words @param {{label: string, onClick: () => void}} action @returns {HTMLElement} */
export function invitation(title, words, action) {
  const button = element(
    "button",
    { class: "button button-main", type: "button", on: { click: action.onClick } },
    action.label,
  );
  return element("div", { class: "notice" }, element("h2", {}, title), element("p", {}, words), button);
}
