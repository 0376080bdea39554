/** Starts the page and ties its parts together: who speaks, which room is open, what happens live. */

import { addPerson, listPeople, Webex } from "./api.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { askForDirect, askForPerson, askForRoom, confirm } from "./dialogs.js";
import { Drawer } from "./drawer.js";
import { renderHeading } from "./heading.js";
import { LiveEvents } from "./live.js";
import * as memory from "./memory.js";
import { emptyRoom, invitation, notify } from "./notices.js";
import { personOf, typeOf } from "./people.js";
import { otherMember, Sidebar } from "./sidebar.js";
import { Switcher } from "./switcher.js";
import { Timeline } from "./timeline.js";

const PAGE_OF_MESSAGES = 100;

class ChatPage {
  people = [];
  me = null;
  api = null;
  rooms = [];
  room = null;
  conversation = new Conversation();
  earlier = null;
  live = null;
  sending = Promise.resolve();

  constructor() {
    const place = (id) => document.getElementById(id);
    this.drawer = new Drawer();
    this.switcher = new Switcher(place("switcher"), {
      onSpeakAs: (email) => this.guard(this.speakAs(email)),
      onAdd: () => this.askForPerson(),
    });
    this.sidebar = new Sidebar(place("rooms"), {
      onOpen: (roomId) => this.guard(this.openRoom(roomId)),
      onNewRoom: () => askForRoom(this.others(), (title, emails) => this.createRoom(title, emails)),
      onNewDirect: () => askForDirect(this.others(), (email) => this.openDirect(email)),
    });
    this.timeline = new Timeline(place("timeline"), place("new-messages"), {
      onEarlier: () => this.guard(this.loadEarlier()),
    });
    this.composer = new Composer(place("composer"), {
      onSend: (draft) => this.send(draft),
      onEditLast: () => this.editLast(),
    });
    this.connection = place("connection");
    document.addEventListener("visibilitychange", () => this.sawRoom());
  }

  /** Opens the person and the room of the address, else those of last time, else the first. */
  async start() {
    const wanted = new URLSearchParams(location.search);
    await this.refreshPeople();
    const first = this.people.find((person) => person.type === "person")?.email;
    const known = (email) => this.people.some((person) => person.email === email);
    const remembered = memory.lastSpeaker();
    const email = wanted.get("as") ?? (known(remembered) ? remembered : first);
    if (email) await this.speakAs(email, wanted.get("room"));
    else this.welcome();
  }

  /** Shows a refused call to the person instead of losing it. */
  guard(promise) {
    return promise.catch((refused) => notify(refused.message));
  }

  async refreshPeople() {
    this.people = (await listPeople()).map(personOf);
    this.switcher.render(this.people, this.me);
    this.timeline.refreshAuthors();
  }

  others() {
    return this.people.filter((person) => person.email !== this.me?.email);
  }

  welcome() {
    this.closeRoom(
      invitation("Welcome to the Webex playground", "Add the first person, then speak as them.", {
        label: "Add a person",
        onClick: () => this.askForPerson(),
      }),
    );
    this.sidebar.render([], { email: "", openRoomId: null, isUnread: () => false });
  }

  askForPerson() {
    askForPerson(async (email, name) => {
      await addPerson(email, name);
      await this.speakAs(email);
    });
  }

  async speakAs(email, wantedRoom = null) {
    const api = new Webex(email);
    this.me = personOf(await api.me());
    this.api = api;
    const stay = wantedRoom ?? this.room?.id ?? memory.lastRoom(email);
    memory.rememberSpeaker(email);
    this.room = null;
    this.live?.close();
    this.live = new LiveEvents(email, {
      onEvent: (name, data) => this.happened(name, data),
      onInterrupted: () => {
        this.connection.hidden = false;
      },
      onResumed: () => {
        this.connection.hidden = true;
        this.guard(this.catchUp());
      },
    });
    await this.live.settled;
    await Promise.all([this.refreshPeople(), this.refreshRooms()]);
    const byTitle = this.rooms.find((room) => room.title === stay);
    const room = this.findRoom(stay) ?? byTitle ?? this.findRoom(memory.lastRoom(email)) ?? this.rooms[0];
    if (room) await this.openRoom(room.id);
    else
      this.closeRoom(
        invitation("No room yet", `${this.me.displayName} is in no room. Make one and invite others.`, {
          label: "New room",
          onClick: () => this.sidebar.handlers.onNewRoom(),
        }),
      );
  }

  findRoom(id) {
    return this.rooms.find((room) => room.id === id);
  }

  async refreshRooms() {
    const { api } = this;
    const rooms = (await api.rooms()).map((room) => ({
      ...room,
      members: room.members.map((member) => ({ ...personOf(member), isModerator: member.isModerator })),
    }));
    if (api !== this.api) return;
    this.rooms = rooms;
    const present = this.room && this.findRoom(this.room.id);
    if (present) this.showRoom(present);
    else this.showRooms();
  }

  showRooms() {
    const email = this.me.email;
    const isUnread = (room) => memory.isUnread(email, room);
    this.sidebar.render(this.rooms, { email, openRoomId: this.room?.id ?? null, isUnread });
    const unread = this.rooms.filter((room) => room.id !== this.room?.id && isUnread(room)).length;
    document.title = `${unread ? `(${unread}) ` : ""}${this.room ? `${this.room.title} · ` : ""}Webex playground`;
  }

  showRoom(room) {
    this.room = room;
    const onAdd = async (email) => {
      await this.api.addMember(room.id, email);
      await Promise.all([this.refreshRooms(), this.refreshPeople()]);
    };
    renderHeading(room, this.me, this.others(), onAdd);
    this.composer.setRoom(room, `${this.me.email} ${room.id}`);
    document.body.classList.remove("no-room");
    this.sawRoom();
  }

  closeRoom(notice) {
    this.room = null;
    document.body.classList.add("no-room");
    renderHeading(null, this.me, [], null);
    this.timeline.reset(this.messageContext());
    this.timeline.showNotice(notice);
  }

  sawRoom() {
    if (!this.room || !this.me) return;
    if (!this.room.isDraft && document.visibilityState === "visible")
      memory.markRead(this.me.email, this.room);
    this.showRooms();
  }

  async openRoom(roomId) {
    const { api } = this;
    this.drawer.close();
    this.show(this.findRoom(roomId));
    memory.rememberRoom(this.me.email, roomId);
    history.replaceState(null, "", `?${new URLSearchParams({ as: this.me.email, room: roomId })}`);
    await this.readMessages(api, roomId);
    if (window.matchMedia("(hover: hover)").matches) this.composer.focus();
  }

  show(room) {
    this.conversation = new Conversation();
    this.earlier = null;
    this.timeline.reset(this.messageContext());
    this.showRoom(room);
  }

  async readMessages(api, roomId) {
    const { conversation } = this;
    const page = await api.messages(
      `/v1/messages?${new URLSearchParams({ roomId, max: String(PAGE_OF_MESSAGES) })}`,
    );
    if (conversation !== this.conversation) return;
    await this.addPage(page);
    this.renderMessages();
  }

  async addPage(page) {
    const { api, conversation } = this;
    for (const message of page.items) conversation.upsert(message);
    this.earlier = page.next;
    const found = await Promise.allSettled(conversation.missingRoots().map((id) => api.message(id)));
    for (const { value } of found) if (value) conversation.upsert(value);
  }

  async loadEarlier() {
    const page = await this.api.messages(this.earlier);
    await this.addPage(page);
    this.timeline.growUpwards(() => this.renderMessages());
  }

  renderMessages() {
    if (this.conversation.isEmpty && this.room) this.timeline.showNotice(emptyRoom(this.room));
    else this.timeline.render(this.conversation, { hasEarlier: this.earlier !== null });
  }

  messageContext() {
    const { api, me } = this;
    return {
      api,
      notify,
      email: me?.email ?? "",
      ownId: me?.id,
      authorOf: (message) => this.authorOf(message),
      onReply: (message) => this.reply(message),
      onEdit: (message) => this.composer.edit(message),
      onDelete: (message) => this.askToDelete(message),
      submitCard: (messageId, inputs) => api.submitCard(messageId, inputs),
    };
  }

  authorOf({ personId, personEmail }) {
    const known = this.people.find((person) => person.id === personId || person.email === personEmail);
    return known ?? { email: personEmail, displayName: personEmail.split("@")[0], type: typeOf(personEmail) };
  }

  reply(message) {
    const rootId = message.parentId ?? message.id;
    const root = this.conversation.get(rootId) ?? message;
    this.composer.reply(rootId, this.authorOf(root).displayName, root.text ?? "");
  }

  editLast() {
    const message = this.conversation.lastEditable(this.me.email);
    if (message) this.composer.edit(message);
  }

  askToDelete(message) {
    confirm(
      { title: "Delete this message?", words: "It disappears for everybody in this room.", submit: "Delete" },
      async () => {
        await this.api.remove(message.id);
        this.happened("messages.deleted", message);
      },
    );
  }

  /** One message after the other, so that two quick ones keep their order. */
  send(draft) {
    const { api, room } = this;
    const sent = this.sending.catch(() => undefined).then(() => this.deliver(api, room, draft));
    this.sending = sent;
    sent.catch((refused) => notify(refused.message));
    return sent;
  }

  async deliver(api, room, { purpose, markdown, file }) {
    if (purpose.kind === "edit") {
      this.happened("messages.updated", await api.edit(purpose.message, markdown));
      return;
    }
    const target = room.isDraft ? { toPersonEmail: otherMember(room, api.email).email } : { roomId: room.id };
    const parentId = purpose.kind === "reply" ? purpose.rootId : undefined;
    const message = await api.post({ ...target, parentId, markdown: markdown || undefined }, file);
    if (room.isDraft) {
      await this.refreshRooms();
      await this.openRoom(message.roomId);
      return;
    }
    this.happened("messages.created", message);
    if (this.room?.id !== room.id) return;
    if (parentId) this.timeline.reveal(message.id);
    else this.timeline.toBottom();
  }

  async createRoom(title, emails) {
    const room = await this.api.createRoom(title);
    const added = await Promise.allSettled(emails.map((email) => this.api.addMember(room.id, email)));
    for (const { reason } of added) if (reason) notify(reason.message);
    await Promise.all([this.refreshRooms(), this.refreshPeople()]);
    await this.openRoom(room.id);
  }

  /** Webex makes a direct room with its first message; until then the page shows a draft of it. */
  async openDirect(email) {
    const present = this.rooms.find(
      (room) => room.type === "direct" && otherMember(room, this.me.email)?.email === email,
    );
    if (present) {
      await this.openRoom(present.id);
      return;
    }
    const other = this.people.find((person) => person.email === email);
    this.drawer.close();
    this.show({
      id: `draft ${email}`,
      isDraft: true,
      type: "direct",
      title: other.displayName,
      members: [this.me, other],
    });
    this.renderMessages();
    this.composer.focus();
  }

  happened(name, data) {
    const [resource, event] = name.split(".");
    if (resource === "messages") this.messageHappened(event, data);
    else if (name === "playground.reset") location.assign(location.pathname);
    else if (name === "people.created") this.guard(this.refreshPeople());
    else this.guard(this.roomsHappened(name, data));
  }

  messageHappened(event, message) {
    const room = this.findRoom(message.roomId);
    if (!room) this.guard(this.refreshRooms());
    else if (event === "created")
      room.lastActivity = message.created > (room.lastActivity ?? "") ? message.created : room.lastActivity;
    if (room && event === "created" && message.personEmail === this.me.email)
      memory.markRead(this.me.email, room);
    if (message.roomId !== this.room?.id) {
      if (room) this.showRooms();
      return;
    }
    const isNew = event === "created" && !this.conversation.get(message.id);
    if (event === "deleted") this.conversation.remove(message.id);
    else this.conversation.upsert(message);
    this.renderMessages();
    if (isNew && message.personEmail !== this.me.email) this.timeline.announce(message.id);
    this.sawRoom();
  }

  async roomsHappened(name, data) {
    const openId = this.room?.isDraft ? null : this.room?.id;
    await this.refreshRooms();
    if (!openId || this.findRoom(openId)) return;
    const next = (name === "rooms.migrated" && this.findRoom(data.id)) || this.rooms[0];
    if (next) await this.openRoom(next.id);
    else await this.speakAs(this.me.email);
  }

  /** After a gap in the live updates everything may have changed. */
  async catchUp() {
    await Promise.all([this.refreshPeople(), this.roomsHappened("rooms.updated", {})]);
    if (!this.room || this.room.isDraft) return;
    this.conversation = new Conversation();
    await this.readMessages(this.api, this.room.id);
  }
}

const page = new ChatPage();
page.guard(page.start());
