/** What the page asks of the server: Webex's REST API under /v1 and the playground's own calls under /playground. */

import { typeOf } from "./people.js";

/** A call that was refused or not answered. `message` says what came back, in the server's words. */
export class RequestError extends Error {
  /** @param {string} attempted what the person wanted @param {number} status 0 when nothing answered @param {string} detail
   *  @param {ErrorOptions} [options] */
  constructor(attempted, status, detail, options) {
    super(`${attempted}: ${detail}`, options);
    this.name = "RequestError";
    this.status = status;
  }
}

async function call(attempted, method, path, { email, json, form } = {}) {
  const headers = {};
  if (email) headers.Authorization = `Bearer ${typeOf(email)}:${email}`;
  if (json !== undefined) headers["Content-Type"] = "application/json";
  const body = json === undefined ? form : JSON.stringify(json);
  let response;
  try {
    response = await fetch(path, { method, headers, body });
  } catch (cause) {
    throw new RequestError(attempted, 0, "the playground did not answer. Is it still running?", { cause });
  }
  if (!response.ok) throw new RequestError(attempted, response.status, await refusal(response));
  return response;
}

async function refusal(response) {
  const text = await response.text();
  const wait = response.headers.get("Retry-After");
  const hint = response.status === 429 && wait ? `. Try again in ${wait} s.` : "";
  return `${response.status} ${describe(text) || response.statusText}${hint}`;
}

function describe(text) {
  try {
    const body = JSON.parse(text);
    return body.errors?.[0]?.description ?? body.message ?? "";
  } catch {
    // A proxy or an injected fault may answer in HTML; its status alone is worth showing.
    return "";
  }
}

const itemsOf = async (response) => (await response.json()).items;

/** @returns {Promise<Object[]>} everybody the playground knows, bots too */
export const listPeople = async () => itemsOf(await call("Listing people", "GET", "/playground/people"));

/** @param {string} email @param {string} displayName may be empty: the server then takes it from the address */
export async function addPerson(email, displayName) {
  const json = displayName ? { email, displayName } : { email };
  return (await call(`Adding ${email}`, "POST", "/playground/people", { json })).json();
}

/** @param {string} email @returns {string} the address of that person's Server-Sent Events */
export const eventsAddress = (email) => `/playground/events?as=${encodeURIComponent(email)}`;

/** The API as one person sees it. */
export class Webex {
  /** @param {string} email */
  constructor(email) {
    this.email = email;
  }

  #call(attempted, method, path, content = {}) {
    return call(attempted, method, path, { email: this.email, ...content });
  }

  /** @returns {Promise<Object>} */
  async me() {
    return (await this.#call("Signing in", "GET", "/v1/people/me")).json();
  }

  /** @returns {Promise<Object[]>} this person's rooms, each with `members` */
  async rooms() {
    return itemsOf(
      await call("Listing rooms", "GET", `/playground/rooms?as=${encodeURIComponent(this.email)}`),
    );
  }

  /** @param {string} title @returns {Promise<Object>} */
  async createRoom(title) {
    return (await this.#call("Creating the room", "POST", "/v1/rooms", { json: { title } })).json();
  }

  /** @param {string} roomId @param {string} personEmail */
  async addMember(roomId, personEmail) {
    await this.#call(`Adding ${personEmail}`, "POST", "/v1/memberships", { json: { roomId, personEmail } });
  }

  /**
   * One page of a room's messages, newest first.
   * @param {string} address "/v1/messages?roomId=…" or the `next` of an earlier page
   * @returns {Promise<{items: Object[], next: string|null}>} `next` is null on the last page
   */
  async messages(address) {
    const response = await this.#call("Reading messages", "GET", address);
    return { items: await itemsOf(response), next: nextPage(response.headers.get("Link")) };
  }

  /** @param {string} id @returns {Promise<Object>} */
  async message(id) {
    return (await this.#call("Reading a message", "GET", `/v1/messages/${id}`)).json();
  }

  /**
   * @param {Object} fields roomId or toPersonEmail, markdown, parentId
   * @param {File|null} file sent as multipart when there is one
   * @returns {Promise<Object>} the message as Webex stored it
   */
  async post(fields, file) {
    const content = file ? { form: multipart(fields, file) } : { json: fields };
    return (await this.#call("Sending the message", "POST", "/v1/messages", content)).json();
  }

  /** @param {Object} message @param {string} markdown the new text @returns {Promise<Object>} */
  async edit(message, markdown) {
    const json = { roomId: message.roomId, markdown };
    return (await this.#call("Editing the message", "PUT", `/v1/messages/${message.id}`, { json })).json();
  }

  /** @param {string} id */
  async remove(id) {
    await this.#call("Deleting the message", "DELETE", `/v1/messages/${id}`);
  }

  /** @param {string} messageId @param {Object} inputs the card's data and input values, merged and flat */
  async submitCard(messageId, inputs) {
    const json = { type: "submit", messageId, inputs };
    await this.#call("Sending the card", "POST", "/v1/attachment/actions", { json });
  }

  /** @param {string} url as in a message's `files` @returns {Promise<{name: string, type: string, size: number}>} size in bytes */
  async contentInfo(url) {
    const { headers } = await this.#call("Reading the file's name", "HEAD", contentPath(url));
    const type = (headers.get("Content-Type") ?? "").split(";", 1)[0];
    return {
      name: fileName(headers.get("Content-Disposition")),
      type,
      size: Number(headers.get("Content-Length")),
    };
  }

  /** @param {string} url as in a message's `files` @returns {Promise<Blob>} */
  async content(url) {
    return (await this.#call("Fetching the file", "GET", contentPath(url))).blob();
  }
}

// The server may know itself by another host name than the one this page was opened with.
const contentPath = (url) => new URL(url, location.href).pathname;

function multipart(fields, file) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) form.append(name, value);
  }
  form.append("files", file, file.name);
  return form;
}

/** @param {string|null} link a Link header @returns {string|null} path and query of rel="next" on this server */
export function nextPage(link) {
  const match = /<([^>]+)>\s*;\s*rel="?next"?/.exec(link ?? "");
  if (!match) return null;
  const address = new URL(match[1], location.href);
  return address.pathname + address.search;
}

/** @param {string|null} disposition a Content-Disposition header (RFC 6266) @returns {string} */
export function fileName(disposition) {
  const extended = /filename\*=(?:UTF-8|utf-8)''([^;]+)/.exec(disposition ?? "");
  if (extended) return decodeURIComponent(extended[1]);
  const plain = /filename="?([^";]+)"?/.exec(disposition ?? "");
  return plain ? plain[1] : "file";
}
