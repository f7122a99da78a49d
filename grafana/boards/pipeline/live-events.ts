import type { RowSpec } from "../panel.ts";
import { grown, highest, orZero, perSecond, series } from "../promql.ts";

export const liveEvents: RowSpec = {
  title: "Live events",
  panels: [
    {
      kind: "lines",
      title: "Outcomes without a number",
      shows: "How long the oldest outcome has waited to be told as a live event.",
      bad: "Above some seconds: nobody numbers, and who is connected hears nothing. Payments go on.",
      next: "“Who does the work”: the lease `relay`.",
      runbook: "PaymentsLiveEventsLate",
      unit: "s",
      limits: { direction: "above", doubtful: 5, bad: 30 },
      queries: [{ expr: highest("liveUnnumberedAge"), legend: "oldest" }],
      width: 6,
    },
    {
      kind: "lines",
      title: "Who is connected",
      shows: "Streams of live events, instance by instance.",
      bad: "A flat line at SSE_MAX_CONNECTIONS: others are turned away.",
      next: "“Streams that ended”: do they come back all the time?",
      runbook: "PaymentsLiveEventsLate",
      unit: "short",
      limits: null,
      queries: [{ expr: series("liveClients"), legend: "{{instance}}" }],
      width: 6,
    },
    {
      kind: "lines",
      title: "Live events sent",
      shows: "Events a second by type, once for each who got them.",
      bad: "Nothing while payments end and somebody is connected.",
      next: "“Outcomes without a number”.",
      runbook: "PaymentsLiveEventsLate",
      unit: "cps",
      limits: null,
      queries: [
        { expr: perSecond("liveSent", { by: ["type"] }), legend: "{{type}}" },
        { expr: perSecond("liveReplayReads"), legend: "pages read again" },
      ],
      width: 6,
    },
    {
      kind: "bars",
      title: "Streams that ended",
      shows: "By reason, within the time shown.",
      bad: "`slow` again and again: a client that does not keep up. `failed`: the database.",
      next: "The log names nobody: ask whoever has the key.",
      runbook: "PaymentsLiveEventsLate",
      unit: "short",
      limits: null,
      min: 0,
      queries: [
        {
          expr: orZero(`${grown("liveEnded", { by: ["reason"] }, "$__range")} > 0`, {
            name: "reason",
            value: "none",
          }),
          legend: "{{reason}}",
        },
      ],
      width: 6,
    },
  ],
};
