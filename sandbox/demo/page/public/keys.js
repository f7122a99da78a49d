/** @import { Frame } from "../../board/frame.ts" */

/**
 * The demo's keys as buttons, and on the keyboard as in the terminal.
 * @param {HTMLElement} group
 */
export function createKeys(group) {
  /** @type {Set<string>} */
  const offered = new Set();

  const press = (/** @type {string} */ key) => {
    // A demo that has just ended does not answer; the page says so by itself.
    void fetch(`keys/${key}`, { method: "POST" }).catch(() => undefined);
  };

  document.addEventListener("keydown", (event) => {
    const isBare = !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;
    if (isBare && offered.has(event.key)) press(event.key);
  });

  return {
    /** @param {Frame["keys"]} keys */
    offer(keys) {
      if (keys.map(({ key }) => key).join("") === [...offered].join("")) return;
      offered.clear();
      group.replaceChildren(
        ...keys.map(({ key, does }) => {
          offered.add(key);
          const button = document.createElement("button");
          button.type = "button";
          const cap = document.createElement("kbd");
          cap.textContent = key;
          button.append(cap, " ", does);
          button.addEventListener("click", () => press(key));
          return button;
        }),
      );
    },
  };
}
