/** The list that opens after an @ in the composer. Keyboard: arrows choose, Enter or Tab takes, Escape closes. */

import { element } from "./dom.js";
import { candidates, mentionAt } from "./mentions.js";
import { avatar, botBadge, isBot } from "./people.js";

const MOST = 7;
const EVERYONE = { displayName: "All", email: "", type: "everyone" };

export class Completion {
  #list = element("ul", {
    class: "completion",
    role: "listbox",
    id: "mention-list",
    "aria-label": "People to mention",
    hidden: true,
    dataset: { testid: "mention-list" },
  });
  #found = [];
  #chosen = 0;
  #start = 0;

  /**
   * @param {HTMLElement} place where the list hangs
   * @param {HTMLTextAreaElement} input
   * @param {(member: import("./people.js").Person, start: number) => void} onTake with the place of the @
   */
  constructor(place, input, onTake) {
    this.input = input;
    this.onTake = onTake;
    this.members = [];
    this.withEveryone = false;
    place.append(this.#list);
    for (const [name, value] of Object.entries({
      "aria-autocomplete": "list",
      "aria-controls": "mention-list",
      "aria-expanded": "false",
      role: "combobox",
    })) {
      input.setAttribute(name, value);
    }
  }

  /** Opens, narrows or closes the list after what is typed. */
  update() {
    const { value, selectionStart, selectionEnd } = this.input;
    const mention = selectionStart === selectionEnd ? mentionAt(value, selectionStart) : null;
    if (mention === null) return this.close();
    const everyone = this.withEveryone && "all".startsWith(mention.query.toLowerCase()) ? [EVERYONE] : [];
    this.#found = [...candidates(mention.query, this.members), ...everyone].slice(0, MOST);
    this.#start = mention.start;
    // A name typed to its end needs no list: Enter sends.
    if (this.#found.length === 1 && this.#found[0].displayName.toLowerCase() === mention.query.toLowerCase())
      return this.close();
    this.#chosen = 0;
    return this.#render();
  }

  close() {
    this.#found = [];
    this.#render();
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the list has used it */
  key(event) {
    if (this.#found.length === 0) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.#choose((this.#chosen + step + this.#found.length) % this.#found.length);
    else if (event.key === "Enter" || event.key === "Tab") this.#take(this.#found[this.#chosen]);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    return true;
  }

  #take(member) {
    const start = this.#start;
    this.close();
    this.onTake(member, start);
  }

  #choose(position) {
    this.#chosen = position;
    this.#render();
  }

  #render() {
    const open = this.#found.length > 0;
    this.#list.replaceChildren(...this.#found.map((member, position) => this.#option(member, position)));
    this.#list.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
    if (open) this.input.setAttribute("aria-activedescendant", `mention-${this.#chosen}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  #option(member, position) {
    const everyone = member === EVERYONE;
    return element(
      "li",
      {
        class: "completion-option",
        role: "option",
        id: `mention-${position}`,
        "aria-selected": String(position === this.#chosen),
        dataset: { testid: "mention-option", email: member.email },
        // The text area keeps the focus: pointerdown comes before it would lose it.
        on: {
          pointerdown: (event) => {
            event.preventDefault();
            this.#take(member);
          },
        },
      },
      avatar(member, "small"),
      element("span", { class: "choice-name" }, member.displayName),
      isBot(member) && botBadge(),
      element("span", { class: "choice-email" }, everyone ? "everybody in this room" : member.email),
    );
  }
}
