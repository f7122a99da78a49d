/**
 * The element of that id, which index.html has.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.querySelector(`#${id}`);
  if (!(element instanceof Element)) throw new Error(`the page has no #${id}`);
  return /** @type {HTMLElement} */ (element);
}
