/** The page's dialogs: add a person, new room, new direct conversation, members, confirm. Native <dialog> elements. */

import { element } from "./dom.js";
import { icon } from "./icons.js";
import { avatar, botBadge, isBot } from "./people.js";

/**
 * Shows a dialog until its form is sent or it is closed.
 * @param {{title: string, content: Node[], submit: string|null, danger?: boolean, onSubmit?: (form: FormData) => Promise<void>}} parts
 *   when `onSubmit` rejects, its error is shown and the dialog stays
 * @returns {HTMLDialogElement}
 */
function open({ title, content, submit, danger = false, onSubmit }) {
  const problem = element("p", { class: "dialog-error", role: "alert", dataset: { testid: "dialog-error" } });
  const close = element(
    "button",
    { class: "icon-button", type: "button", "aria-label": "Close" },
    icon("close"),
  );
  const cancel = element("button", { class: "button", type: "button" }, submit ? "Cancel" : "Done");
  const send =
    submit &&
    element(
      "button",
      {
        class: danger ? "button button-danger" : "button button-main",
        type: "submit",
        dataset: { testid: "dialog-submit" },
      },
      submit,
    );
  const form = element(
    "form",
    { class: "dialog-form" },
    element("header", { class: "dialog-head" }, element("h2", { id: "dialog-title" }, title), close),
    element("div", { class: "dialog-body" }, ...content, problem),
    element("footer", { class: "dialog-foot" }, cancel, send),
  );
  const dialog = element(
    "dialog",
    { class: "dialog", "aria-labelledby": "dialog-title", dataset: { testid: "dialog" } },
    form,
  );
  for (const button of [close, cancel]) button.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("pointerdown", (event) => event.target === dialog && dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.textContent = "";
    try {
      await onSubmit?.(new FormData(form));
      dialog.close();
    } catch (refused) {
      problem.textContent = refused.message;
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

function field(label, input, hint) {
  input.id = `field-${input.name}`;
  const description = hint && element("p", { class: "field-hint", id: `${input.id}-hint` }, hint);
  if (description) input.setAttribute("aria-describedby", description.id);
  return element(
    "div",
    { class: "field" },
    element("label", { class: "field-label", for: input.id }, label),
    input,
    description,
  );
}

/** @param {(email: string, name: string) => Promise<void>} onAdd */
export function askForPerson(onAdd) {
  const email = element("input", {
    name: "email",
    type: "email",
    required: true,
    autocomplete: "off",
    placeholder: "ada@example.com",
    pattern: "[\\x21-\\x7e]+",
  });
  const name = element("input", {
    name: "name",
    type: "text",
    autocomplete: "off",
    placeholder: "Ada Lovelace",
  });
  open({
    title: "Add a person",
    content: [field("E-mail", email), field("Name", name, "Left empty, it is taken from the e-mail.")],
    submit: "Add and speak as",
    onSubmit: (form) => onAdd(form.get("email").trim(), form.get("name").trim()),
  });
}

/** @param {import("./people.js").Person[]} others whom one can invite @param {(title: string, emails: string[]) => Promise<void>} onCreate */
export function askForRoom(others, onCreate) {
  const title = element("input", {
    name: "title",
    type: "text",
    required: true,
    maxlength: "128",
    autocomplete: "off",
    placeholder: "Deployments",
  });
  const choices = element(
    "fieldset",
    { class: "choices" },
    element("legend", { class: "field-label" }, "People and bots"),
    ...others.map((person) => choice(person, "checkbox", false)),
  );
  const more = element("input", {
    name: "more",
    type: "email",
    multiple: true,
    autocomplete: "off",
    placeholder: "linus@example.com, …",
  });
  open({
    title: "New room",
    content: [field("Title", title), others.length > 0 && choices, field("Others by e-mail", more)],
    submit: "Create room",
    onSubmit: (form) =>
      onCreate(form.get("title").trim(), [...form.getAll("person"), ...addresses(form.get("more"))]),
  });
}

/** @param {import("./people.js").Person[]} others @param {(email: string) => Promise<void>} onChoose */
export function askForDirect(others, onChoose) {
  const choices = element(
    "fieldset",
    { class: "choices" },
    element("legend", { class: "field-label" }, "With"),
    ...others.map((person, position) => choice(person, "radio", position === 0)),
  );
  open({
    title: "New direct conversation",
    content: [
      others.length > 0
        ? choices
        : element("p", { class: "field-hint" }, "There is nobody else yet: add a person first."),
    ],
    submit: others.length > 0 ? "Start" : null,
    onSubmit: (form) => onChoose(form.get("person")),
  });
}

/**
 * @param {Object} room with `members`
 * @param {import("./people.js").Person[]} others people who are not in it
 * @param {((email: string) => Promise<void>)|null} onAdd null in a direct room, which always has two
 */
export function showMembers(room, others, onAdd) {
  const members = element("ul", { class: "member-list" }, ...room.members.map(memberItem));
  const known = element(
    "datalist",
    { id: "known-people" },
    ...others.map((person) => element("option", { value: person.email }, person.displayName)),
  );
  const input = element("input", {
    name: "email",
    type: "email",
    required: true,
    autocomplete: "off",
    list: "known-people",
    placeholder: "grace@example.com",
  });
  open({
    title: `Members of ${room.title}`,
    content: [members, onAdd && field("Add a person or a bot", input), known],
    submit: onAdd ? "Add" : null,
    onSubmit: (form) => onAdd(form.get("email").trim()),
  });
}

/** @param {{title: string, words: string, submit: string}} question @param {() => Promise<void>} onYes */
export function confirm(question, onYes) {
  open({
    title: question.title,
    content: [element("p", { class: "dialog-words" }, question.words)],
    submit: question.submit,
    danger: true,
    onSubmit: onYes,
  });
}

const addresses = (text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);

function choice(person, type, checked) {
  return element(
    "label",
    { class: "choice" },
    element("input", { type, name: "person", value: person.email, checked }),
    avatar(person, "small"),
    element("span", { class: "choice-name" }, person.displayName),
    isBot(person) && botBadge(),
    element("span", { class: "choice-email" }, person.email),
  );
}

function memberItem(member) {
  return element(
    "li",
    { class: "member" },
    avatar(member, "small"),
    element("span", { class: "choice-name" }, member.displayName),
    isBot(member) && botBadge(),
    member.isModerator && element("span", { class: "badge badge-quiet" }, "MODERATOR"),
    element("span", { class: "choice-email" }, member.email),
  );
}
