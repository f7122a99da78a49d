import type { DataSourceRef } from "@grafana/grafana-foundation-sdk/common";

/** The one that the board's variable chooses. */
export const PROMETHEUS: DataSourceRef = { type: "prometheus", uid: "${datasource}" };
