import type { GridPos } from "@grafana/grafana-foundation-sdk/dashboard";
import type { PanelSpec, RowSpec } from "../panel.ts";

const COLUMNS = 24;
const HEIGHT = 8;

export interface PlacedRow {
  readonly title: string;
  readonly heading: GridPos;
  readonly panels: readonly (readonly [PanelSpec, GridPos])[];
}

/** Puts each panel at the highest place of its row that has room, from the left, as one would by hand. */
export function placePanels(rows: readonly RowSpec[]): readonly PlacedRow[] {
  let top = 0;
  return rows.map(({ title, panels }) => {
    const heading = { x: 0, y: top, w: COLUMNS, h: 1 };
    const taken: GridPos[] = [heading];
    const placed = panels.map((panel) => {
      const place = firstFree(taken, { w: panel.width, h: panel.height ?? HEIGHT }, top + 1);
      taken.push(place);
      return [panel, place] as const;
    });
    top = Math.max(...taken.map(({ y, h }) => y + h));
    return { title, heading, panels: placed };
  });
}

function firstFree(
  taken: readonly GridPos[],
  size: { w: number; h: number },
  top: number,
): GridPos {
  const bottom = Math.max(top, ...taken.map(({ y, h }) => y + h));
  for (let y = top; y < bottom; y += 1) {
    for (let x = 0; x + size.w <= COLUMNS; x += 1) {
      const place = { x, y, ...size };
      if (taken.every((other) => areBeside(place, other))) return place;
    }
  }
  return { x: 0, y: bottom, ...size };
}

/** Neither lies upon the other. */
export function areBeside(a: GridPos, b: GridPos): boolean {
  return a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
}
