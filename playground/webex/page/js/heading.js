/** The header of the open room: its title and its members. */

import { showMembers } from "./dialogs.js";
import { element } from "./dom.js";
import { icon } from "./icons.js";
import { avatar, botBadge, isBot } from "./people.js";
import { otherMember, pictureOf } from "./sidebar.js";

const FACES = 4;

/**
 * @param {Object|null} room with `members`; null when none is open
 * @param {import("./people.js").Person|null} me
 * @param {import("./people.js").Person[]} others everybody else
 * @param {((email: string) => Promise<void>)|null} onAdd
 */
export function renderHeading(room, me, others, onAdd) {
  const heading = document.getElementById("room-heading");
  if (room === null) {
    heading.replaceChildren(element("h1", { class: "room-title" }, "Webex playground"));
    return;
  }
  const direct = room.type === "direct";
  const other = direct ? otherMember(room, me.email) : null;
  const title = element("h1", { class: "room-title", dataset: { testid: "room-title" } }, room.title);
  const words = direct ? (other?.email ?? "") : stateOf(room);
  const open = () =>
    showMembers(
      room,
      others.filter((person) => !room.members.some((member) => member.email === person.email)),
      direct ? null : onAdd,
    );
  const members = element(
    "button",
    {
      class: "members-button",
      type: "button",
      "aria-label": `${room.members.length} members`,
      title: "Members",
      dataset: { testid: "room-members" },
      on: { click: open },
    },
    element(
      "span",
      { class: "faces" },
      ...room.members.slice(0, FACES).map((member) => avatar(member, "small")),
    ),
    element("span", { class: "members-count" }, icon("people"), String(room.members.length)),
  );
  const name = element("div", { class: "room-title-line" }, title, other && isBot(other) && botBadge());
  heading.replaceChildren(
    pictureOf(room, me.email),
    element("div", { class: "room-words" }, name, words && element("p", { class: "room-state" }, words)),
    members,
  );
}

function stateOf(room) {
  const states = [
    room.isLocked && "Moderated",
    room.isReadOnly && "Read-only",
    room.isAnnouncementOnly && "Announcements",
    room.teamId && "Team room",
  ];
  return states.filter(Boolean).join(" · ") || room.description || "Group room";
}
