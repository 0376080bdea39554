/** Draws the Adaptive Card of a message with the vendored renderer and sends what is submitted. */

import { cardMarkdown } from "./card-markdown.js";
import { element } from "./dom.js";
import { clock } from "./format.js";

export const CARD_TYPE = "application/vnd.microsoft.card.adaptive";

/** Submits of this visit, "<e-mail> <message id>" → what the line under the card says. Webex keeps no such list to ask for. */
const sent = new Map();

const colour = (name) => ({ default: `var(--${name})`, subtle: `var(--${name}-subtle, var(--${name}))` });

const foregroundColors = {
  default: { default: "var(--text)", subtle: "var(--muted)" },
  dark: { default: "var(--text)", subtle: "var(--muted)" },
  light: { default: "var(--muted)", subtle: "var(--muted)" },
  accent: colour("accent-text"),
  good: colour("good"),
  warning: colour("warning"),
  attention: colour("danger"),
};

const fontSizes = { small: 12, default: 14, medium: 16, large: 19, extraLarge: 24 };
const fontWeights = { lighter: 300, default: 400, bolder: 600 };
const container = (backgroundColor) => ({ backgroundColor, foregroundColors });

/** Colours are the page's CSS variables, so a card follows the light and the dark theme without being drawn again. */
const HOST_CONFIG = {
  fontTypes: {
    default: { fontFamily: "inherit", fontSizes, fontWeights },
    monospace: { fontFamily: "var(--mono)", fontSizes: { ...fontSizes, default: 13 }, fontWeights },
  },
  spacing: { small: 4, default: 10, medium: 16, large: 24, extraLarge: 32, padding: 12 },
  separator: { lineThickness: 1, lineColor: "var(--line)" },
  containerStyles: {
    default: container("transparent"),
    emphasis: container("var(--wash)"),
    accent: container("var(--accent-wash)"),
    good: container("var(--good-wash)"),
    warning: container("var(--warning-wash)"),
    attention: container("var(--danger-wash)"),
  },
  actions: {
    maxActions: 20,
    spacing: "medium",
    buttonSpacing: 8,
    actionsOrientation: "horizontal",
    actionAlignment: "left",
    showCard: { actionMode: "inline", inlineTopMargin: 12, style: "emphasis" },
  },
  factSet: { title: { weight: "bolder", wrap: true, maxWidth: 160 }, value: { wrap: true }, spacing: 16 },
  inputs: {
    label: {
      inputSpacing: "small",
      requiredInputs: { weight: "bolder", size: "small", suffix: " *", suffixColor: "attention" },
      optionalInputs: { weight: "bolder", size: "small" },
    },
    errorMessage: { color: "attention", size: "small", weight: "default", spacing: "small" },
  },
};

/** @param {Object} message @returns {Object|undefined} its card's JSON */
export const cardOf = (message) =>
  message.attachments?.find((attachment) => attachment.contentType === CARD_TYPE)?.content;

/**
 * @param {Object} message one with a card
 * @param {{email: string, submitCard: (messageId: string, inputs: Object) => Promise<void>, notify: (text: string) => void}} context
 * @returns {HTMLElement}
 */
export function cardElement(message, context) {
  const frame = element("div", {
    class: "card",
    role: "group",
    "aria-label": "Card",
    dataset: { testid: "card", sent: "false" },
  });
  const status = element("p", { class: "card-status", role: "status", dataset: { testid: "card-status" } });
  const drawn = draw(cardOf(message), (action) => perform(action, message, context, frame, status));
  if (drawn === null)
    return element("p", { class: "card-unreadable" }, message.text || "This card cannot be shown.");
  frame.append(drawn, status);
  const earlier = sent.get(sentKey(message, context));
  if (earlier) settle(frame, status, earlier);
  return frame;
}

function draw(json, onExecuteAction) {
  const { AdaptiveCards } = window;
  AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
    result.outputHtml = cardMarkdown(text);
    result.didProcess = true;
  };
  const card = new AdaptiveCards.AdaptiveCard();
  card.hostConfig = new AdaptiveCards.HostConfig(HOST_CONFIG);
  card.onExecuteAction = onExecuteAction;
  card.parse(json);
  return card.render() ?? null;
}

async function perform(action, message, context, frame, status) {
  const { AdaptiveCards } = window;
  if (action instanceof AdaptiveCards.OpenUrlAction) {
    if (/^https?:/i.test(action.url ?? "")) window.open(action.url, "_blank", "noopener,noreferrer");
    return;
  }
  if (!(action instanceof AdaptiveCards.SubmitAction)) return;
  const controls = liveControls(frame);
  setDisabled(controls, true);
  status.textContent = "Sending…";
  try {
    await context.submitCard(message.id, inputsOf(action));
  } catch (refused) {
    setDisabled(controls, false);
    status.textContent = "";
    context.notify(refused.message);
    return;
  }
  const words = `Sent: ${action.title || "card"}, ${clock(new Date().toISOString())}`;
  sent.set(sentKey(message, context), words);
  settle(frame, status, words);
}

const sentKey = (message, context) => `${context.email} ${message.id}`;

// Webex merges the action's `data` and the values of the inputs into one flat object; the renderer does the same.
const inputsOf = (action) => (typeof action.data === "object" && action.data !== null ? action.data : {});

const liveControls = (frame) =>
  [...frame.querySelectorAll("button, input, select, textarea")].filter((control) => !control.disabled);

function setDisabled(controls, disabled) {
  for (const control of controls) control.disabled = disabled;
}

function settle(frame, status, words) {
  setDisabled(liveControls(frame), true);
  frame.dataset.sent = "true";
  status.textContent = words;
}
