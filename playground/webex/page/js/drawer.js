/** On a narrow window the sidebar is a drawer: opened by a button, closed by the scrim, Escape or a choice. */

import { icon } from "./icons.js";

const narrow = window.matchMedia("(max-width: 760px)");

export class Drawer {
  #sidebar = document.getElementById("sidebar");
  #scrim = document.getElementById("scrim");
  #opener = document.getElementById("open-drawer");
  #closer = document.getElementById("close-drawer");

  constructor() {
    this.#opener.append(icon("menu"));
    this.#closer.append(icon("close"));
    this.#opener.addEventListener("click", () => this.open());
    this.#closer.addEventListener("click", () => this.close());
    this.#scrim.addEventListener("click", () => this.close());
    this.#sidebar.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    narrow.addEventListener("change", () => this.#set(false));
    this.#set(false);
  }

  open() {
    this.#set(true);
    if (narrow.matches) this.#closer.focus();
  }

  close() {
    const hadFocus = this.#sidebar.contains(document.activeElement);
    this.#set(false);
    if (narrow.matches && hadFocus) this.#opener.focus();
  }

  // A closed drawer is inert, so that neither Tab nor a screen reader wanders into what is not seen.
  #set(open) {
    document.body.classList.toggle("drawer-open", open && narrow.matches);
    this.#sidebar.inert = narrow.matches && !open;
    this.#scrim.hidden = !(open && narrow.matches);
    this.#opener.setAttribute("aria-expanded", String(open));
  }
}
