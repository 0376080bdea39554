/** Where one writes: text with mentions, a file, replies and edits; Enter sends, Shift+Enter is a new line. */

import { Completion } from "./completion.js";
import { element } from "./dom.js";
import { excerpt, fileSize } from "./format.js";
import { icon } from "./icons.js";
import { fromMarkdown, markedPieces, toMarkdown } from "./mentions.js";
import { botsOf } from "./sidebar.js";

const SUGGESTIONS = ["help", "ping", "jenkins jobs"];

/**
 * @typedef {{kind: "new"}|{kind: "reply", rootId: string, name: string, words: string}|{kind: "edit", message: Object}} Purpose
 * @typedef {{purpose: Purpose, markdown: string, file: File|null}} Draft
 */

export class Composer {
  #purpose = { kind: "new" };
  #file = null;
  #room = null;
  #picked = new Map();
  #kept = new Map();

  #mirror = element("div", { class: "composer-mirror", "aria-hidden": "true" });
  #input = element("textarea", {
    class: "composer-input",
    rows: "1",
    "aria-label": "Message",
    enterkeyhint: "send",
    dataset: { testid: "composer" },
  });
  #context = element("div", {
    class: "composer-context",
    dataset: { testid: "composer-context" },
    hidden: true,
  });
  #pending = element("div", { class: "file-pending", dataset: { testid: "file-pending" }, hidden: true });
  #chips = element("div", { class: "chips" });
  #picker = element("input", {
    type: "file",
    class: "visually-hidden",
    tabindex: "-1",
    "aria-label": "File to attach",
    dataset: { testid: "file-input" },
  });
  #attach = element(
    "button",
    {
      class: "icon-button",
      type: "button",
      title: "Attach a file",
      "aria-label": "Attach a file",
      dataset: { testid: "attach" },
    },
    icon("clip"),
  );
  #send = element(
    "button",
    { class: "send", type: "button", title: "Send", "aria-label": "Send", dataset: { testid: "send" } },
    icon("send"),
  );

  /**
   * @param {HTMLElement} place
   * @param {{onSend: (draft: Draft) => Promise<void>, onEditLast: () => void}} handlers a rejected `onSend` gives the text back
   */
  constructor(place, handlers) {
    this.handlers = handlers;
    const field = element("div", { class: "composer-field" }, this.#mirror, this.#input);
    const box = element(
      "div",
      { class: "composer-box" },
      this.#context,
      this.#pending,
      element("div", { class: "composer-row" }, this.#attach, field, this.#send),
      this.#picker,
    );
    place.append(element("div", { class: "composer-inner" }, this.#chips, box));
    this.completion = new Completion(box, this.#input, (member, start) => this.#takeMention(member, start));
    this.#listen(place);
    this.#typed();
  }

  /** @param {Object} room with `members` @param {string} key keeps what is half written per person and room */
  setRoom(room, key) {
    if (this.key !== key) this.#changeDraft(key);
    this.#room = room;
    const group = room.type !== "direct";
    this.completion.members = room.members;
    this.completion.withEveryone = group;
    this.#input.placeholder = `Message ${room.title}`;
    this.#chips.replaceChildren(...this.#chipsOf(room, group));
    this.#chips.hidden = this.#chips.childElementCount === 0;
    this.#typed();
  }

  /** @param {string} rootId @param {string} name whom one answers @param {string} words what they said */
  reply(rootId, name, words) {
    this.#begin(
      { kind: "reply", rootId, name, words },
      this.#purpose.kind === "edit" ? "" : this.#input.value,
    );
  }

  /** @param {Object} message one's own */
  edit(message) {
    this.#begin(
      { kind: "edit", message },
      message.markdown ? fromMarkdown(message.markdown) : (message.text ?? ""),
    );
  }

  focus() {
    this.#input.focus({ preventScroll: true });
  }

  #listen(place) {
    this.#input.addEventListener("input", () => {
      this.#typed();
      this.completion.update();
    });
    this.#input.addEventListener("click", () => this.completion.update());
    this.#input.addEventListener("blur", () => this.completion.close());
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#input.addEventListener("paste", (event) => this.#takeFile(event.clipboardData?.files[0], event));
    this.#send.addEventListener("click", () => this.#submit());
    this.#attach.addEventListener("click", () => this.#picker.click());
    this.#picker.addEventListener("change", () => this.#setFile(this.#picker.files[0] ?? null));
    const target = place.parentElement;
    target.addEventListener("dragover", (event) => event.preventDefault());
    target.addEventListener("drop", (event) => this.#takeFile(event.dataTransfer?.files[0], event));
  }

  #key(event) {
    if (event.isComposing || this.completion.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "Escape" && this.#purpose.kind !== "new") {
      this.#begin({ kind: "new" }, "");
    } else if (event.key === "ArrowUp" && this.#input.value === "" && this.#purpose.kind === "new") {
      event.preventDefault();
      this.handlers.onEditLast();
    }
  }

  async #submit() {
    const text = this.#input.value.trimEnd();
    if (this.#room === null || (text === "" && this.#file === null)) return;
    const draft = { purpose: this.#purpose, markdown: this.#markdownOf(text), file: this.#file };
    const key = this.key;
    this.#begin({ kind: "new" }, "");
    this.#setFile(null);
    try {
      await this.handlers.onSend(draft);
    } catch {
      // Whoever sends has told the person why; what was written must not be lost.
      this.#giveBack(key, text, draft);
    }
  }

  #giveBack(key, text, draft) {
    if (this.key !== key || this.#input.value !== "") {
      this.#kept.set(key, text);
      return;
    }
    this.#begin(draft.purpose, text);
    this.#setFile(draft.file);
  }

  #markdownOf(text) {
    return toMarkdown(text, this.#room.members, this.#picked, this.#room.type !== "direct");
  }

  #begin(purpose, text) {
    this.#purpose = purpose;
    this.#input.value = text;
    this.#showPurpose();
    this.#typed();
    this.completion.close();
    this.focus();
    this.#input.setSelectionRange(text.length, text.length);
  }

  #showPurpose() {
    const { kind, name, words } = this.#purpose;
    this.#context.hidden = kind === "new";
    this.#attach.disabled = kind === "edit";
    if (kind === "new") return;
    const title = kind === "edit" ? "Editing your message" : `Replying to ${name}`;
    const cancel = element(
      "button",
      {
        class: "icon-button icon-button-small",
        type: "button",
        "aria-label": "Cancel",
        title: "Cancel (Esc)",
        on: { click: () => this.#begin({ kind: "new" }, "") },
      },
      icon("close"),
    );
    this.#context.replaceChildren(
      icon(kind === "edit" ? "pencil" : "reply"),
      element(
        "span",
        { class: "composer-context-words" },
        element("strong", {}, title),
        words ? ` ${excerpt(words)}` : "",
      ),
      cancel,
    );
  }

  // Highlights mentions behind the text, and gives the text area its height.
  #typed() {
    const text = this.#input.value;
    const pieces = this.#room
      ? markedPieces(text, this.#room.members, this.#room.type !== "direct")
      : [[text, false]];
    this.#mirror.replaceChildren(
      ...pieces.map(([piece, marked]) => (marked ? element("mark", {}, piece) : piece)),
      "\u200b",
    );
    this.#send.disabled = text.trim() === "" && this.#file === null;
  }

  #takeMention(member, start) {
    if (member.email) this.#picked.set(member.displayName, member.email);
    this.#input.setRangeText(`@${member.displayName} `, start, this.#input.selectionStart, "end");
    this.#typed();
    this.focus();
  }

  #takeFile(file, event) {
    if (!file || this.#purpose.kind === "edit") return;
    event.preventDefault();
    this.#setFile(file);
  }

  #setFile(file) {
    this.#file = file;
    this.#picker.value = "";
    this.#pending.hidden = file === null;
    this.#typed();
    if (file === null) return;
    const remove = element(
      "button",
      {
        class: "icon-button icon-button-small",
        type: "button",
        "aria-label": `Remove ${file.name}`,
        on: { click: () => this.#setFile(null) },
      },
      icon("close"),
    );
    this.#pending.replaceChildren(
      icon("file"),
      element("span", { class: "file-name" }, file.name),
      element("span", { class: "file-size" }, fileSize(file.size)),
      remove,
    );
    this.focus();
  }

  #changeDraft(key) {
    if (this.key !== undefined && this.#purpose.kind !== "edit") this.#kept.set(this.key, this.#input.value);
    this.key = key;
    this.#picked.clear();
    this.#purpose = { kind: "new" };
    this.#input.value = this.#kept.get(key) ?? "";
    this.#showPurpose();
    this.#setFile(null);
  }

  #chipsOf(room, group) {
    const [bot] = botsOf(room);
    if (!bot) return [];
    const call = group ? `@${bot.displayName} ` : "";
    const mention =
      group &&
      element(
        "button",
        {
          class: "chip chip-mention",
          type: "button",
          dataset: { testid: "mention-chip" },
          on: { click: () => this.#call(call) },
        },
        call.trim(),
      );
    const suggestions = SUGGESTIONS.map((words) =>
      element(
        "button",
        {
          class: "chip",
          type: "button",
          "aria-label": `Send ${call}${words}`,
          dataset: { testid: "suggestion" },
          on: { click: () => this.#suggest(call + words) },
        },
        words,
      ),
    );
    return [mention, element("span", { class: "chips-label" }, "Try"), ...suggestions].filter(Boolean);
  }

  #call(words) {
    const text = this.#input.value;
    if (!text.startsWith(words)) this.#input.value = words + text;
    this.#typed();
    this.focus();
    this.#input.setSelectionRange(this.#input.value.length, this.#input.value.length);
  }

  #suggest(words) {
    this.handlers
      .onSend({ purpose: { kind: "new" }, markdown: this.#markdownOf(words), file: null })
      .catch(() => this.#call(words));
    this.focus();
  }
}
