/** Builds DOM elements. Text always enters as text nodes, so nothing said in a room becomes markup by accident. */

/**
 * Makes an element.
 * @param {string} tag
 * @param {Object} [properties] attributes by name; `class`, `dataset` (object) and `on` (event name → listener) are special;
 *   `true` sets an empty attribute, `false`, `null` and `undefined` leave it out
 * @param {...(Node|string|null|undefined|false)} children strings become text nodes
 * @returns {HTMLElement}
 */
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "dataset") assignDataset(node, value);
    else if (name === "on") listen(node, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function assignDataset(node, values) {
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== null) node.dataset[name] = value;
  }
}

function listen(node, listeners) {
  for (const [name, listener] of Object.entries(listeners)) node.addEventListener(name, listener);
}

/**
 * Makes `container` hold exactly `nodes` in that order and moves no node that already stands right,
 * so that focus, scroll positions and half-filled card inputs survive an update.
 * @param {Element} container
 * @param {Element[]} nodes
 */
export function arrange(container, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...container.children]) {
    if (!wanted.has(child)) child.remove();
  }
  nodes.forEach((node, position) => {
    const present = container.children[position];
    if (present !== node) container.insertBefore(node, present ?? null);
  });
}
