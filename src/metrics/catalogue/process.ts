import { counter, gauge } from "../definition.ts";
import { LOG_LEVELS, SAMPLERS } from "./labels.ts";

export const processMetrics = {
  leases: gauge({
    name: "payments_lease_held",
    unit: "0 or 1",
    help: "1 where this instance does the work: following, publishing, or sending from a wallet. One per lease of the deployment.",
    labels: { lease: null },
  }),
  poolConnections: gauge({
    name: "payments_database_connections",
    help: "Connections of the pool.",
    labels: { state: ["in_use", "idle", "waiting"] },
  }),
  sampled: gauge({
    name: "payments_sampler_last_success_timestamp_seconds",
    help: "When figures that are gathered beside the line were last gathered; older means frozen.",
    labels: { sampler: SAMPLERS },
  }),
  samplerFailures: counter({
    name: "payments_sampler_failures_total",
    help: "Times that they could not be gathered.",
    labels: { sampler: SAMPLERS },
  }),
  logMessages: counter({
    name: "payments_log_messages_total",
    help: "Lines in the log, by level.",
    labels: { level: LOG_LEVELS },
  }),
  build: gauge({
    name: "payments_build_info",
    unit: "1",
    help: "Always 1: what is running.",
    labels: { version: null, commit: null, node_version: null, rail: null },
  }),
} as const;
