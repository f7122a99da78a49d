/** @import { AuditFigures } from "../../board/frame.ts" */
import { byId } from "./by-id.js";

/** @param {AuditFigures | null} audit */
export function showAudit(audit) {
  byId("end").hidden = audit === null;
  if (!audit) return;
  const verdict = byId("verdict");
  verdict.textContent = audit.balanced ? "It balances." : "IT DOES NOT BALANCE.";
  verdict.classList.toggle("bad", !audit.balanced);
  byId("audit").replaceChildren(
    ...audit.rows.map(({ name, value }) => {
      const group = document.createElement("div");
      const term = document.createElement("dt");
      const figure = document.createElement("dd");
      term.textContent = name;
      figure.textContent = value;
      group.append(term, figure);
      return group;
    }),
  );
  byId("offenders").replaceChildren(
    ...audit.offenders.map((offender) => {
      const item = document.createElement("li");
      item.textContent = offender;
      return item;
    }),
  );
}
