/** @import { Frame } from "../../board/frame.ts" */
import { byId } from "./by-id.js";

/**
 * SERVICE DEAD while it is, with how many payments stand still and how many wait.
 * @param {Pick<Frame, "service" | "figures" | "atMs">} frame
 */
export function showService({ service, figures, atMs }) {
  const banner = byId("banner");
  banner.hidden = service.kind === "up";
  if (service.kind === "up") return;
  const title = byId("banner-title");
  const text = service.kind === "dead" ? "SERVICE DEAD" : "SERVICE DEAD, starting again";
  // Once: it is read out whenever it is written.
  if (title.textContent !== text) title.textContent = text;
  const count = (/** @type {number} */ value) => value.toLocaleString("en");
  const seconds = ((atMs - service.sinceMs) / 1_000).toFixed(1);
  byId("banner-detail").textContent =
    `for ${seconds} s · ${count(service.frozen)} payments frozen · ${count(service.paidMeanwhile)} in flight already paid on the chain · ${count(figures.kafkaLag ?? 0)} waiting in Kafka`;
}
