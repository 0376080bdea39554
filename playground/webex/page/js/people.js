/** Who somebody is, and how they look: names, the bot badge, avatars. */

import { element } from "./dom.js";
import { initials, tone } from "./format.js";

/**
 * @typedef {{id?: string, email: string, displayName: string, type: string}} Person
 */

/** @param {{emails?: string[], email?: string, displayName?: string, id?: string, type?: string}} resource
 *  a person as /playground/people or a member as /playground/rooms sends it
 *  @returns {Person} */
export function personOf(resource) {
  const email = resource.email ?? resource.emails?.[0] ?? "";
  return {
    id: resource.personId ?? resource.id,
    email,
    displayName: resource.displayName || email.split("@")[0],
    type: resource.type ?? typeOf(email),
  };
}

/** @param {string} email @returns {"bot"|"person"} Webex gives every bot an address at webex.bot */
export const typeOf = (email) => (email.endsWith("@webex.bot") ? "bot" : "person");

/** @param {Person} person @returns {boolean} */
export const isBot = (person) => person.type === "bot";

/** @param {Person} person @param {"small"|"medium"|"large"} [size] @returns {HTMLElement} decorative: the name stands beside it */
export function avatar(person, size = "medium") {
  const shape = isBot(person) ? "avatar-bot" : "avatar-person";
  return element(
    "span",
    {
      class: `avatar avatar-${size} ${shape} tone-${tone(person.email || person.displayName)}`,
      "aria-hidden": "true",
    },
    initials(person.displayName),
  );
}

/** @returns {HTMLElement} */
export const botBadge = () => element("span", { class: "badge", dataset: { testid: "bot-badge" } }, "BOT");
