/** Server-Sent Events of one person, kept open: reconnects with growing pauses and tells when it had to. */

import { eventsAddress } from "./api.js";

const EVENTS = [
  "messages.created",
  "messages.updated",
  "messages.deleted",
  "memberships.created",
  "memberships.updated",
  "memberships.deleted",
  "rooms.created",
  "rooms.updated",
  "rooms.deleted",
  "rooms.migrated",
  "people.created",
  "playground.reset",
];
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8000;

export class LiveEvents {
  #source = null;
  #timer = null;
  #pause = FIRST_PAUSE_MS;
  #interrupted = false;
  #settle = null;

  /** Resolves when events flow for the first time, or when the first try was in vain: what is read after it misses nothing. */
  settled = new Promise((resolve) => {
    this.#settle = resolve;
  });

  /**
   * @param {string} email whose events
   * @param {{onEvent: (name: string, data: Object) => void, onInterrupted: () => void, onResumed: () => void}} handlers
   *   `onResumed` comes after a gap: whatever happened meanwhile must be read again
   */
  constructor(email, handlers) {
    this.email = email;
    this.handlers = handlers;
    this.#open();
  }

  /** Ends it for good. */
  close() {
    clearTimeout(this.#timer);
    this.#source?.close();
  }

  #open() {
    const source = new EventSource(eventsAddress(this.email));
    this.#source = source;
    source.onopen = () => this.#opened();
    source.onerror = () => this.#lost();
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => this.handlers.onEvent(name, JSON.parse(event.data)));
    }
  }

  #opened() {
    this.#pause = FIRST_PAUSE_MS;
    this.#settle();
    if (!this.#interrupted) return;
    this.#interrupted = false;
    this.handlers.onResumed();
  }

  // The browser's own retry gives up after an answer that is not an event stream, so the page retries by itself.
  #lost() {
    this.#source.close();
    this.#settle();
    if (!this.#interrupted) this.handlers.onInterrupted();
    this.#interrupted = true;
    this.#timer = setTimeout(() => this.#open(), this.#pause);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
  }
}
