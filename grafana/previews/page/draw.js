// Draws the board that window.board holds: rough shapes of Grafana's panels, for a picture and not for work.
const { uPlot, board } = globalThis;

const COLOURS = [
  "#3b7d23",
  "#c48a00",
  "#1f78c1",
  "#d04a02",
  "#b3261e",
  "#6d1f9c",
  "#0a8f8f",
  "#7a5c3e",
  "#5470c6",
  "#91a7b4",
];
const NAMED = { green: "#2f8f3a", yellow: "#c48a00", red: "#c4162a", text: "#24292e" };
const HEATMAP_STEPS = 6;
const TINY = 1e-7;

const element = (name, attributes = {}, ...children) => {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
};
const lastOf = ({ values }) => values.findLast((value) => value !== null);
const colourOf = (steps, value) =>
  NAMED[steps.findLast((step) => step.value === null || value >= step.value)?.color ?? "text"];

function short(value, digits = 3) {
  if (Math.abs(value) >= 1e6) return `${(value / 1e6).toPrecision(digits)} M`;
  if (Math.abs(value) >= 1e4) return `${(value / 1e3).toPrecision(digits)} K`;
  return String(Number(value.toPrecision(digits)));
}

function format(unit, exact) {
  // What is left of a difference of two equal numbers.
  const value = Math.abs(exact) < TINY ? 0 : exact;
  if (value === undefined || value === null) return "–";
  switch (unit) {
    case "s":
      if (Math.abs(value) >= 120) return `${short(value / 60)} min`;
      return Math.abs(value) < 1 && value !== 0
        ? `${short(value * 1_000)} ms`
        : `${short(value)} s`;
    case "percentunit":
      return `${short(value * 100, 4)} %`;
    case "cps":
      return `${short(value)} /s`;
    case "bytes":
      return `${short(value / 1_048_576)} MiB`;
    case "h":
    case "d":
      return `${short(value)} ${unit}`;
    default:
      return short(value);
  }
}

function stacked(series) {
  const sums = board.times.map(() => 0);
  return series.map(({ values }) => values.map((value, i) => (sums[i] += value ?? 0)));
}

/** The limits of the panel, as dashed lines. */
function limitsOf({ steps }) {
  return (plot) => {
    const { ctx, bbox } = plot;
    for (const { value, color } of steps) {
      if (value === null) continue;
      const y = plot.valToPos(value, "y", true);
      if (y < bbox.top || y > bbox.top + bbox.height) continue;
      ctx.save();
      ctx.strokeStyle = NAMED[color];
      ctx.setLineDash([6, 5]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      ctx.restore();
    }
  };
}

function drawLines(body, panel) {
  const rows = panel.isStacked
    ? stacked(panel.series).toReversed()
    : panel.series.map(({ values }) => values);
  const names = panel.isStacked ? panel.series.toReversed() : panel.series;
  const highest = Math.max(0, ...rows.flat().filter((value) => value !== null));
  const lowest = Math.min(0, ...rows.flat().filter((value) => value !== null));
  const colour = (i) => COLOURS[(panel.isStacked ? names.length - 1 - i : i) % COLOURS.length];
  return new uPlot(
    {
      width: body.clientWidth,
      height: body.clientHeight,
      legend: { show: false },
      cursor: { show: false },
      scales: { y: { range: [lowest, highest === lowest ? lowest + 1 : highest * 1.08] } },
      series: [
        {},
        ...names.map((_, i) => ({
          stroke: colour(i),
          width: 1.2,
          points: { show: false },
          ...(panel.isStacked && { fill: colour(i) }),
        })),
      ],
      axes: [
        { size: 32, font: "10px sans-serif", grid: { stroke: "#eceeef", width: 1 } },
        {
          size: 58,
          font: "10px sans-serif",
          grid: { stroke: "#eceeef", width: 1 },
          values: (_, ticks) => ticks.map((tick) => format(panel.unit, tick)),
        },
      ],
      hooks: { draw: [limitsOf(panel)] },
    },
    [board.times, ...rows],
    body,
  );
}

function legendOf({ series, unit }) {
  const legend = element("div", { className: "legend" });
  series.forEach((each, i) => {
    const mark = element("i");
    mark.style.background = COLOURS[i % COLOURS.length];
    legend.append(mark, `${each.name} ${format(unit, lastOf(each))}`);
  });
  return legend;
}

function drawStats(body, { series, unit, steps }) {
  const stats = element("div", { className: `stats ${series.length > 1 ? "many" : ""}` });
  for (const each of series) {
    const value = element("b", { textContent: format(unit, lastOf(each)) });
    value.style.color = colourOf(steps, lastOf(each));
    stats.append(element("div", {}, value, element("span", { textContent: each.name })));
  }
  body.append(stats);
}

function drawBars(body, { series, unit, steps, max }) {
  const end = max ?? Math.max(1, ...series.map((each) => lastOf(each) ?? 0));
  for (const each of series) {
    const value = lastOf(each) ?? 0;
    const fill = element("div");
    fill.style.width = `${Math.min(100, Math.max(0, (100 * value) / end))}%`;
    fill.style.background = colourOf(steps, value);
    body.append(
      element(
        "div",
        { className: "bar" },
        element("span", { textContent: each.name }),
        element("div", {}, fill),
        element("span", { textContent: format(unit, value) }),
      ),
    );
  }
}

function drawTable(body, { series, unit }) {
  const labels = [...new Set(series.flatMap((each) => Object.keys(each.labels)))];
  const cells = (tag, texts) =>
    element("tr", {}, ...texts.map((textContent) => element(tag, { textContent })));
  body.append(
    element(
      "table",
      {},
      cells("th", [...labels, "Value"]),
      ...series.map((each) =>
        cells("td", [
          ...labels.map((label) => each.labels[label] ?? ""),
          format(unit, lastOf(each)),
        ]),
      ),
    ),
  );
}

/** Buckets hold all that is below them; a cell shows what is in it alone. */
function drawHeatmap(body, { series }) {
  const rows = series
    .filter(({ labels }) => labels.le !== "+Inf")
    .toSorted((a, b) => Number(a.labels.le) - Number(b.labels.le));
  const counts = rows.map(({ values }, i) =>
    values.map((value, at) => Math.max(0, (value ?? 0) - (rows[i - 1]?.values[at] ?? 0))),
  );
  const most = Math.max(1e-9, ...counts.flat());
  const [width, height, left] = [body.clientWidth, body.clientHeight, 44];
  const canvas = element("canvas", { width, height });
  const paint = canvas.getContext("2d");
  const [across, up] = [(width - left) / board.times.length, height / rows.length];
  counts.forEach((row, i) => {
    row.forEach((count, at) => {
      if (count <= 0) return;
      const strength = Math.ceil((HEATMAP_STEPS * count) / most) / HEATMAP_STEPS;
      paint.fillStyle = `rgba(208, 90, 2, ${strength})`;
      paint.fillRect(
        left + at * across,
        height - (i + 1) * up,
        Math.ceil(across),
        Math.ceil(up) - 1,
      );
    });
  });
  paint.fillStyle = "#56606a";
  paint.font = "10px sans-serif";
  rows.forEach(({ labels }, i) => {
    if (i % 2 === 0)
      paint.fillText(format("s", Number(labels.le)), 0, height - i * up - up / 2 + 3);
  });
  body.append(canvas);
}

const DRAW = {
  timeseries: drawLines,
  stat: drawStats,
  gauge: drawBars,
  bargauge: drawBars,
  table: drawTable,
  heatmap: drawHeatmap,
};

function place(made, { x, y, w, h }) {
  made.style.gridColumn = `${x + 1} / span ${w}`;
  made.style.gridRow = `${y + 1} / span ${h}`;
  return made;
}

document.querySelector("h1").textContent = board.title;
document.querySelector("header p").textContent = board.question;
const main = document.querySelector("main");
for (const row of board.rows)
  main.append(place(element("h2", { textContent: row.title }), row.place));
for (const panel of board.panels) {
  const body = element("div", { className: "body" });
  const section = place(
    element("section", {}, element("h3", { textContent: panel.title }), body),
    panel.place,
  );
  if (panel.type === "timeseries" && panel.series.length > 0) section.append(legendOf(panel));
  main.append(section);
  if (panel.series.length > 0) DRAW[panel.type](body, panel);
  else body.append(element("div", { className: "empty", textContent: panel.noValue ?? "No data" }));
}
