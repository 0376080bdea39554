/** The scrolling log of one room: keeps its elements in step with the conversation, and the reader's place. */

import { arrange, element } from "./dom.js";
import { dayKey, dayName } from "./format.js";
import { icon } from "./icons.js";
import { MessageView } from "./message.js";

const CONTINUED_WITHIN_MS = 5 * 60_000;
const NEAR_BOTTOM_PX = 60;

export class Timeline {
  #inner = element("div", { class: "timeline-inner" });
  #views = new Map();
  #groups = new Map();
  #days = new Map();
  #atBottom = true;
  #lastTop = 0;
  #unseen = null;

  /**
   * @param {HTMLElement} scroller
   * @param {HTMLButtonElement} jumpButton shown when something new is out of sight
   * @param {{onEarlier: () => void}} handlers
   */
  constructor(scroller, jumpButton, handlers) {
    this.scroller = scroller;
    this.jumpButton = jumpButton;
    this.earlier = element(
      "button",
      { class: "earlier", type: "button", on: { click: handlers.onEarlier } },
      "Show earlier messages",
    );
    scroller.append(this.#inner);
    jumpButton.append(icon("down"));
    jumpButton.addEventListener("click", () => this.#jump());
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    const follow = new ResizeObserver(() => this.#follow());
    follow.observe(scroller);
    follow.observe(this.#inner);
  }

  /** Forgets the room shown so far. @param {import("./message.js").MessageContext} context of the next one */
  reset(context) {
    this.context = context;
    for (const map of [this.#views, this.#groups, this.#days]) map.clear();
    this.#inner.replaceChildren();
    // Nothing that was said before is read aloud when a room opens.
    this.scroller.setAttribute("aria-busy", "true");
    this.#atBottom = true;
    this.#sawAll();
  }

  /** @param {HTMLElement} notice shown instead of messages */
  showNotice(notice) {
    this.#inner.replaceChildren(notice);
    this.scroller.removeAttribute("aria-busy");
  }

  /**
   * @param {import("./conversation.js").Conversation} conversation
   * @param {{hasEarlier: boolean}} options
   */
  render(conversation, { hasEarlier }) {
    const nodes = hasEarlier ? [this.earlier] : [];
    let previous = null;
    for (const thread of conversation.threads()) {
      const newDay = previous === null || dayKey(previous.created) !== dayKey(thread.created);
      if (newDay) nodes.push(this.#day(thread.created));
      nodes.push(this.#group(thread, newDay ? null : previous));
      previous = thread;
    }
    arrange(this.#inner, nodes);
    this.scroller.removeAttribute("aria-busy");
    this.#follow();
  }

  /** Keeps what is read in place while `change` puts older messages above it. @param {() => void} change */
  growUpwards(change) {
    const below = this.scroller.scrollHeight - this.scroller.scrollTop;
    change();
    this.scroller.scrollTop = this.scroller.scrollHeight - below;
  }

  /** Names or types of people have changed. */
  refreshAuthors() {
    for (const view of this.#views.values()) view.showAuthor();
  }

  /** Goes to the end and stays there. */
  toBottom() {
    this.#atBottom = true;
    this.#sawAll();
    this.#follow();
  }

  /** Shows one message, wherever it is. @param {string} id */
  reveal(id) {
    this.#views.get(id)?.element.scrollIntoView({ block: "nearest" });
  }

  /** Somebody else's message arrived: offers the way to it when it is out of sight. @param {string} id */
  announce(id) {
    const node = this.#views.get(id)?.element;
    if (!node || this.#isVisible(node)) return;
    this.#unseen = node;
    this.jumpButton.hidden = false;
  }

  #day(created) {
    const key = dayKey(created);
    if (!this.#days.has(key))
      this.#days.set(key, element("div", { class: "day" }, element("span", {}, dayName(created))));
    return this.#days.get(key);
  }

  #group(thread, previous) {
    const group = this.#groups.get(thread.id) ?? this.#newGroup(thread.id);
    const root = thread.root ? this.#view(thread.root) : null;
    const lonely = previous?.replies.length === 0 ? previous.root : null;
    root?.setContinued(follows(thread.root, lonely));
    const replies = thread.replies.map((reply, position) => {
      const view = this.#view(reply);
      view.setContinued(follows(reply, thread.replies[position - 1]));
      return view.element;
    });
    arrange(group.replies, replies);
    group.more.hidden = thread.root === null;
    const tail = replies.length ? [group.tail] : [];
    arrange(group.element, [root?.element ?? group.gone, ...tail]);
    return group.element;
  }

  #newGroup(id) {
    const replies = element("div", {
      class: "replies",
      role: "group",
      "aria-label": "Replies",
      dataset: { testid: "thread", rootId: id },
    });
    const reply = () => this.context.onReply(this.#views.get(id).message);
    const more = element(
      "button",
      { class: "thread-more", type: "button", on: { click: reply } },
      icon("reply"),
      "Reply",
    );
    const gone = element("p", { class: "gone" }, "The first message of this thread was deleted.");
    const tail = element("div", { class: "thread-tail" }, replies, more);
    const group = { element: element("section", { class: "thread-group" }), replies, more, gone, tail };
    this.#groups.set(id, group);
    return group;
  }

  #view(message) {
    const present = this.#views.get(message.id);
    if (present) {
      if (present.message !== message) present.update(message);
      return present;
    }
    const view = new MessageView(message, this.context);
    this.#views.set(message.id, view);
    return view;
  }

  #isVisible(node) {
    const frame = this.scroller.getBoundingClientRect();
    const box = node.getBoundingClientRect();
    return box.top < frame.bottom - 8 && box.bottom > frame.top;
  }

  // Only a movement upwards lets go of the bottom: content that grows is no wish to read further up.
  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const fromBottom = scrollHeight - scrollTop - clientHeight;
    if (fromBottom < NEAR_BOTTOM_PX) this.#atBottom = true;
    else if (scrollTop < this.#lastTop) this.#atBottom = false;
    this.#lastTop = scrollTop;
    if (this.#unseen && this.#isVisible(this.#unseen)) this.#sawAll();
  }

  #follow() {
    if (this.#atBottom) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  #jump() {
    const node = this.#unseen;
    this.#sawAll();
    node?.scrollIntoView({ block: "center", behavior: "smooth" });
  }

  #sawAll() {
    this.#unseen = null;
    this.jumpButton.hidden = true;
  }
}

function follows(message, previous) {
  return (
    Boolean(previous) &&
    previous.personEmail === message.personEmail &&
    new Date(message.created) - new Date(previous.created) < CONTINUED_WITHIN_MS
  );
}
