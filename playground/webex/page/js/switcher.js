/** "Speak as": the button with the present person and the menu of everybody one can be. */

import { element } from "./dom.js";
import { icon } from "./icons.js";
import { avatar, isBot } from "./people.js";

export class Switcher {
  #menu = element("div", { class: "switcher-menu", role: "menu", "aria-label": "Speak as", hidden: true });
  #button = element("button", {
    class: "switcher-button",
    type: "button",
    "aria-haspopup": "menu",
    "aria-expanded": "false",
    dataset: { testid: "person-switcher" },
  });

  /** @param {HTMLElement} place @param {{onSpeakAs: (email: string) => void, onAdd: () => void}} handlers */
  constructor(place, handlers) {
    this.handlers = handlers;
    place.append(this.#button, this.#menu);
    this.#button.addEventListener("click", () => this.#setOpen(this.#menu.hidden));
    place.addEventListener("keydown", (event) => this.#key(event));
    place.addEventListener("focusout", (event) => {
      if (!place.contains(event.relatedTarget)) this.#setOpen(false);
    });
  }

  /** @param {import("./people.js").Person[]} people @param {import("./people.js").Person|null} me */
  render(people, me) {
    const name = me?.displayName ?? "Nobody yet";
    this.#button.dataset.email = me?.email ?? "";
    this.#button.setAttribute("aria-label", `Speaking as ${name}. Change person`);
    this.#button.replaceChildren(
      avatar(me ?? { displayName: "?", email: "", type: "person" }),
      element(
        "span",
        { class: "switcher-words" },
        element("span", { class: "switcher-label" }, "Speaking as"),
        element("span", { class: "switcher-name" }, name),
      ),
      icon("chevron"),
    );
    const options = people
      .filter((person) => !isBot(person))
      .map((person) => this.#option(person, person.email === me?.email));
    this.#menu.replaceChildren(element("div", { class: "switcher-options" }, ...options), this.#addOption());
  }

  #option(person, current) {
    return element(
      "button",
      {
        class: "switcher-option",
        type: "button",
        role: "menuitemradio",
        "aria-checked": String(current),
        dataset: { testid: "person-option", email: person.email },
        on: { click: () => this.#choose(() => this.handlers.onSpeakAs(person.email)) },
      },
      avatar(person, "small"),
      element(
        "span",
        { class: "switcher-words" },
        element("span", { class: "switcher-name" }, person.displayName),
        element("span", { class: "switcher-label" }, person.email),
      ),
      current && icon("check"),
    );
  }

  #addOption() {
    return element(
      "button",
      {
        class: "switcher-option switcher-add",
        type: "button",
        role: "menuitem",
        dataset: { testid: "add-person" },
        on: { click: () => this.#choose(this.handlers.onAdd) },
      },
      element("span", { class: "avatar avatar-small avatar-add" }, icon("plus")),
      "Add a person",
    );
  }

  #choose(action) {
    this.#setOpen(false);
    action();
  }

  #setOpen(open) {
    this.#menu.hidden = !open;
    this.#button.setAttribute("aria-expanded", String(open));
    if (open) this.#menu.querySelector("[aria-checked=true], button")?.focus();
  }

  #key(event) {
    if (this.#menu.hidden) return;
    const options = [...this.#menu.querySelectorAll("button")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      const position = options.indexOf(document.activeElement) + step;
      options.at(position % options.length).focus();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      this.#setOpen(false);
      this.#button.focus();
    }
  }
}
