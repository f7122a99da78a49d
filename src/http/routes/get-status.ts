import { NO_CONTRACT } from "../../payment/method.ts";
import { readStatus } from "../../queries/read-status.ts";
import { defineRoute } from "../route.ts";
import { deploymentStatus } from "../schemas/status.ts";

export const getStatus = defineRoute({
  method: "GET",
  path: "/v1/status",
  operationId: "getStatus",
  tag: "Operating",
  summary: "Show how the deployment stands",
  description:
    "What is open and held and for how long, what is paused and why, what waits for Kafka or for a person. The figures of `/metrics`, of all platforms.",
  access: { scope: "operate", allPlatforms: true },
  answers: { 200: { description: "How it stands", body: deploymentStatus } },
  problems: [],
})(async ({ deps }) => {
  const { payOnce, ...deployment } = deps.deployment;
  const [status, readiness] = await Promise.all([
    readStatus(deps.pool, deps.deployment),
    deps.readiness(),
  ]);
  const shownInstance = payOnce === NO_CONTRACT ? null : payOnce;
  return { status: 200, body: { ...deployment, payOnce: shownInstance, readiness, ...status } };
});
