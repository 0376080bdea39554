/** One message as an element: author, time, body, card, files and what can be done with it. */

import { cardElement, cardOf } from "./card.js";
import { isEditable } from "./conversation.js";
import { element } from "./dom.js";
import { fileElement } from "./files.js";
import { clock, fullTime } from "./format.js";
import { icon } from "./icons.js";
import { avatar, botBadge, isBot } from "./people.js";
import { sanitise } from "./sanitise.js";

/**
 * @typedef {Object} MessageContext
 * @property {string} email the reader's
 * @property {string|undefined} ownId the reader's person id
 * @property {import("./api.js").Webex} api
 * @property {(message: Object) => import("./people.js").Person} authorOf
 * @property {(message: Object) => void} onReply
 * @property {(message: Object) => void} onEdit
 * @property {(message: Object) => void} onDelete
 * @property {(messageId: string, inputs: Object) => Promise<void>} submitCard
 * @property {(text: string) => void} notify
 */

export class MessageView {
  #shown = "";
  #body = element("div", { class: "body", dataset: { testid: "message-body" } });
  #edited = element(
    "span",
    { class: "edited", dataset: { testid: "message-edited" }, hidden: true },
    "edited",
  );
  #avatarPlace = element("div", { class: "message-avatar" });
  #author = element("span", { class: "author", dataset: { testid: "message-author" } });
  #badgePlace = element("span", { class: "badge-place" });

  /** @param {Object} message @param {MessageContext} context */
  constructor(message, context) {
    this.context = context;
    this.message = message;
    const time = element(
      "time",
      {
        class: "time",
        datetime: message.created,
        title: fullTime(message.created),
        dataset: { testid: "message-time" },
      },
      clock(message.created),
    );
    const head = element(
      "header",
      { class: "message-head" },
      this.#author,
      this.#badgePlace,
      time,
      this.#edited,
    );
    const content = element(
      "div",
      { class: "message-content" },
      head,
      this.#body,
      ...extras(message, context),
    );
    const margin = element("span", { class: "margin-time", "aria-hidden": "true" }, clock(message.created));
    this.element = element(
      "article",
      { class: "message", dataset: datasetOf(message, context) },
      this.#avatarPlace,
      margin,
      content,
      this.#tools(),
    );
    this.element.addEventListener("click", (event) => this.#tapped(event));
    this.update(message);
  }

  /** @param {Object} message the same message as it is now */
  update(message) {
    this.message = message;
    this.showAuthor();
    this.#edited.hidden = !message.updated;
    const version = message.html ?? message.text ?? "";
    if (version === this.#shown) return;
    this.#shown = version;
    this.#body.replaceChildren(...bodyOf(message, this.context.ownId));
    this.#body.hidden = Boolean(cardOf(message)) || version === "";
    for (const block of this.#body.querySelectorAll("pre")) addCopyButton(block, this.context);
  }

  /** Draws the author again: a name may become known after the message. */
  showAuthor() {
    const author = this.context.authorOf(this.message);
    if (
      this.#author.textContent === author.displayName &&
      this.#badgePlace.childElementCount === Number(isBot(author))
    )
      return;
    this.#author.textContent = author.displayName;
    this.#avatarPlace.replaceChildren(avatar(author));
    this.#badgePlace.replaceChildren(...(isBot(author) ? [botBadge()] : []));
    this.element.setAttribute("aria-label", `${author.displayName}, ${clock(this.message.created)}`);
  }

  /** @param {boolean} continued whether it follows its author's previous message closely and needs no head */
  setContinued(continued) {
    this.element.classList.toggle("continued", continued);
  }

  #tools() {
    const { context } = this;
    const mine = this.message.personEmail === context.email;
    return element(
      "div",
      { class: "tools", role: "group", "aria-label": "What to do with this message" },
      tool("reply", "Reply in thread", "thread-reply", () => context.onReply(this.message)),
      isEditable(this.message, context.email) &&
        tool("pencil", "Edit message", "message-edit", () => context.onEdit(this.message)),
      mine && tool("trash", "Delete message", "message-delete", () => context.onDelete(this.message)),
    );
  }

  // On a touch screen nothing hovers: a tap on the message shows its tools.
  #tapped(event) {
    if (event.target.closest(".tool")) this.element.classList.remove("touched");
    if (
      window.matchMedia("(hover: hover)").matches ||
      event.target.closest("a, button, input, select, textarea, .card")
    )
      return;
    const shown = this.element.classList.contains("touched");
    for (const other of document.querySelectorAll(".message.touched")) other.classList.remove("touched");
    this.element.classList.toggle("touched", !shown);
  }
}

function datasetOf(message, context) {
  return {
    testid: "message",
    messageId: message.id,
    personEmail: message.personEmail,
    parentId: message.parentId,
    own: String(message.personEmail === context.email),
  };
}

function bodyOf(message, ownId) {
  if (message.html) return [sanitise(message.html, ownId)];
  return [element("p", { class: "plain" }, message.text ?? "")];
}

function extras(message, context) {
  const card = cardOf(message) ? [cardElement(message, context)] : [];
  const files = (message.files ?? []).map((url) => fileElement(url, context));
  return [...card, ...files];
}

function tool(iconName, label, testid, onClick) {
  return element(
    "button",
    {
      class: "tool",
      type: "button",
      title: label,
      "aria-label": label,
      dataset: { testid },
      on: { click: onClick },
    },
    icon(iconName),
  );
}

function addCopyButton(block, context) {
  const frame = element("div", { class: "code-frame" });
  const button = element(
    "button",
    { class: "copy", type: "button", title: "Copy", "aria-label": "Copy this block" },
    icon("copy"),
  );
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(block.textContent);
      button.replaceChildren(icon("check"));
      setTimeout(() => button.replaceChildren(icon("copy")), 1500);
    } catch (refused) {
      context.notify(`Copying: the browser refused (${refused.message}). Select the text instead.`);
    }
  });
  block.replaceWith(frame);
  frame.append(block, button);
}
