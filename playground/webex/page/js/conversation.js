/** The messages of one room as roots with their replies. Pure: knows no DOM and no server. */

/**
 * @typedef {{id: string, root: Object|null, replies: Object[], created: string}} Thread
 *   `root` is null when the root message was deleted or is not readable
 */

const byCreated = (one, other) => (one.created < other.created ? -1 : one.created > other.created ? 1 : 0);

export class Conversation {
  #messages = new Map();

  /** @param {Object} message added, or put in place of the one with its id */
  upsert(message) {
    this.#messages.set(message.id, message);
  }

  /** @param {string} id */
  remove(id) {
    this.#messages.delete(id);
  }

  /** @param {string} id @returns {Object|undefined} */
  get(id) {
    return this.#messages.get(id);
  }

  /** @returns {boolean} */
  get isEmpty() {
    return this.#messages.size === 0;
  }

  /** @returns {Thread[]} oldest first, each with its replies oldest first */
  threads() {
    const threads = new Map();
    for (const message of [...this.#messages.values()].sort(byCreated)) {
      const id = message.parentId ?? message.id;
      const thread = threads.get(id) ?? { id, root: null, replies: [], created: message.created };
      threads.set(id, thread);
      if (message.parentId) thread.replies.push(message);
      else Object.assign(thread, { root: message, created: message.created });
    }
    return [...threads.values()].sort(byCreated);
  }

  /** @returns {string[]} ids of roots that have replies here but are not here themselves */
  missingRoots() {
    return this.threads()
      .filter((thread) => thread.root === null)
      .map((thread) => thread.id);
  }

  /** @param {string} email @returns {Object|undefined} that person's newest message that can be edited */
  lastEditable(email) {
    return [...this.#messages.values()].sort(byCreated).findLast((message) => isEditable(message, email));
  }
}

/** @param {Object} message @param {string} email @returns {boolean} Webex refuses to edit a message with a file or a card */
export function isEditable(message, email) {
  return message.personEmail === email && !message.files?.length && !message.attachments?.length;
}
