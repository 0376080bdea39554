/** What the page remembers in localStorage: the last speaker, the last room and how far each person has read. */

const PREFIX = "playground.webex.";

const read = (key) => localStorage.getItem(PREFIX + key);
const write = (key, value) => localStorage.setItem(PREFIX + key, value);

/** @returns {string|null} an e-mail */
export const lastSpeaker = () => read("speaker");

/** @param {string} email */
export const rememberSpeaker = (email) => write("speaker", email);

/** @param {string} email @returns {string|null} a room id */
export const lastRoom = (email) => read(`room.${email}`);

/** @param {string} email @param {string} roomId */
export const rememberRoom = (email, roomId) => write(`room.${email}`, roomId);

/** @param {string} email @param {Object} room read up to its last activity */
export function markRead(email, room) {
  write(
    `read.${email}`,
    JSON.stringify({ ...readMarks(email), [room.id]: room.lastActivity ?? room.created }),
  );
}

/** @param {string} email @param {Object} room @returns {boolean} whether something was said since that person last looked */
export function isUnread(email, room) {
  // A direct room comes into being with its first message, so its own birth is no sign of having read it.
  const upTo = readMarks(email)[room.id] ?? (room.type === "direct" ? "" : room.created);
  return (room.lastActivity ?? room.created) > upTo;
}

const readMarks = (email) => JSON.parse(read(`read.${email}`) ?? "{}");
