/** A file in a message: name, size, download, and a preview of pictures and short texts. */

import { element } from "./dom.js";
import { fileSize } from "./format.js";
import { icon } from "./icons.js";

// SVG is left out: opened on its own it could run scripts in this origin.
const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
const TEXT = /^(text\/(?!html)|application\/(json|xml|yaml))/;
const LARGEST_PICTURE_BYTES = 10_000_000;
const LARGEST_TEXT_BYTES = 64_000;
const TEXT_LINES = 12;

/**
 * @param {string} url as in a message's `files`
 * @param {{api: import("./api.js").Webex, notify: (text: string) => void}} context
 * @returns {HTMLElement} filled in when the server has answered
 */
export function fileElement(url, context) {
  const name = element("span", { class: "file-name" }, "…");
  const size = element("span", { class: "file-size" }, " ");
  const button = element(
    "button",
    { class: "file-tile", type: "button", disabled: true },
    element("span", { class: "file-icon" }, icon("file")),
    element("span", { class: "file-words" }, name, size),
    icon("download"),
  );
  const file = element(
    "div",
    { class: "file", dataset: { testid: "message-file", state: "loading" } },
    button,
  );
  describe(url, context, { file, button, name, size });
  return file;
}

async function describe(url, context, parts) {
  let info;
  try {
    info = await context.api.contentInfo(url);
  } catch (refused) {
    parts.name.textContent = "File is not available";
    parts.size.textContent = refused.message;
    parts.file.dataset.state = "gone";
    return;
  }
  parts.name.textContent = info.name;
  parts.size.textContent = fileSize(info.size);
  parts.button.disabled = false;
  parts.button.setAttribute("aria-label", `Download ${info.name}, ${fileSize(info.size)}`);
  parts.button.addEventListener("click", () => download(url, info.name, context));
  parts.file.dataset.state = "ready";
  await preview(url, info, context, parts.file);
}

async function preview(url, info, context, file) {
  try {
    if (PICTURES.has(info.type) && info.size <= LARGEST_PICTURE_BYTES)
      await showPicture(url, info, context, file);
    else if (TEXT.test(info.type) && info.size <= LARGEST_TEXT_BYTES) await showText(url, context, file);
  } catch (refused) {
    context.notify(refused.message);
  }
}

async function showPicture(url, info, context, file) {
  const picture = element("img", {
    class: "file-picture",
    alt: info.name,
    dataset: { testid: "file-preview" },
  });
  const address = URL.createObjectURL(await context.api.content(url));
  picture.src = address;
  try {
    await picture.decode();
  } catch {
    // Named a picture but not one: the tile for the download is there all the same.
    return;
  } finally {
    URL.revokeObjectURL(address);
  }
  picture.style.aspectRatio = `${picture.naturalWidth} / ${picture.naturalHeight}`;
  file.prepend(picture);
}

async function showText(url, context, file) {
  const lines = (await (await context.api.content(url)).text()).trimEnd().split("\n");
  const shown = lines.slice(0, TEXT_LINES).join("\n");
  file.prepend(
    element("pre", { class: "file-text", tabindex: "0", dataset: { testid: "file-preview" } }, shown),
  );
  if (lines.length > TEXT_LINES) file.classList.add("file-cut");
}

async function download(url, name, context) {
  try {
    const address = URL.createObjectURL(await context.api.content(url));
    element("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  } catch (refused) {
    context.notify(refused.message);
  }
}
