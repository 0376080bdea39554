/** The list of rooms: group rooms and direct conversations, newest activity first, with a dot on what is unread. */

import { arrange, element } from "./dom.js";
import { lastActive } from "./format.js";
import { icon } from "./icons.js";
import { avatar, isBot } from "./people.js";

export class Sidebar {
  #items = new Map();

  /**
   * @param {HTMLElement} nav
   * @param {{onOpen: (roomId: string) => void, onNewRoom: () => void, onNewDirect: () => void}} handlers
   */
  constructor(nav, handlers) {
    this.handlers = handlers;
    this.group = section("Rooms", "new-room", "New room", handlers.onNewRoom);
    this.direct = section("Direct", "new-direct", "New direct conversation", handlers.onNewDirect);
    nav.append(this.group.element, this.direct.element);
  }

  /**
   * @param {Object[]} rooms with `members`
   * @param {{email: string, openRoomId: string|null, isUnread: (room: Object) => boolean}} reader
   */
  render(rooms, reader) {
    const sorted = [...rooms].sort((one, other) => activity(other).localeCompare(activity(one)));
    this.#fill(
      this.group,
      sorted.filter((room) => room.type !== "direct"),
      reader,
      "No rooms yet",
    );
    this.#fill(
      this.direct,
      sorted.filter((room) => room.type === "direct"),
      reader,
      "No conversations yet",
    );
  }

  #fill(part, rooms, reader, emptyWords) {
    arrange(
      part.list,
      rooms.map((room) => this.#item(room, reader)),
    );
    part.empty.textContent = emptyWords;
    part.empty.hidden = rooms.length > 0;
  }

  #item(room, reader) {
    const item = this.#items.get(room.id) ?? this.#newItem(room.id);
    const open = room.id === reader.openRoomId;
    const unread = !open && reader.isUnread(room);
    item.picture.replaceChildren(pictureOf(room, reader.email));
    item.title.textContent = room.title;
    item.time.textContent = lastActive(activity(room));
    item.unread.textContent = unread ? "unread" : "";
    item.button.dataset.unread = String(unread);
    if (open) item.button.setAttribute("aria-current", "true");
    else item.button.removeAttribute("aria-current");
    return item.element;
  }

  #newItem(roomId) {
    const picture = element("span", { class: "room-picture" });
    const title = element("span", { class: "room-name" });
    const time = element("span", { class: "room-time" });
    const unread = element("span", { class: "visually-hidden" });
    const button = element(
      "button",
      {
        class: "room-item",
        type: "button",
        dataset: { testid: "room-item", roomId },
        on: { click: () => this.handlers.onOpen(roomId) },
      },
      picture,
      title,
      unread,
      time,
      element("span", { class: "dot", "aria-hidden": "true" }),
    );
    const item = { element: element("li", {}, button), button, picture, title, time, unread };
    this.#items.set(roomId, item);
    return item;
  }
}

const activity = (room) => room.lastActivity ?? room.created;

/** @param {Object} room @param {string} email the reader's @returns {HTMLElement} the other person of a direct room, else a sign for a group */
export function pictureOf(room, email) {
  const other = room.type === "direct" ? otherMember(room, email) : null;
  if (other) return avatar(other, "small");
  return element("span", { class: "room-sign", "aria-hidden": "true" }, icon("group"));
}

/** @param {Object} room @param {string} email @returns {Object|undefined} */
export const otherMember = (room, email) => room.members.find((member) => member.email !== email);

/** @param {Object} room @returns {Object[]} the bots in it */
export const botsOf = (room) => room.members.filter(isBot);

function section(title, testid, label, onAdd) {
  const add = element(
    "button",
    {
      class: "icon-button",
      type: "button",
      title: label,
      "aria-label": label,
      dataset: { testid },
      on: { click: onAdd },
    },
    icon("plus"),
  );
  const list = element("ul", { class: "room-list" });
  const empty = element("p", { class: "room-none" });
  const head = element("div", { class: "room-section-head" }, element("h2", {}, title), add);
  return { element: element("section", { class: "room-section" }, head, list, empty), list, empty };
}
