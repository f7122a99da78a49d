/**
 * The colours of page.css in the theme that is on, for what CSS does not paint.
 * @param {Element} element
 */
export function readColours(element) {
  // A custom property is not computed by itself: a colour that uses it is.
  const probe = document.createElement("span");
  element.after(probe);
  const read = (/** @type {string} */ name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = {
    stages: [0, 1, 2, 3, 4, 5].map((stage) => read(`--stage-${stage}`)),
    late: read("--late"),
    failed: read("--alarm"),
    rule: read("--rule"),
  };
  probe.remove();
  return colours;
}
