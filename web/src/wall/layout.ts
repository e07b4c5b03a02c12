/** Where tiles go: pure arithmetic, so that it can be tried for any window and any number of cameras. */

export const layouts = ['auto', '1', '4', '9', '16'] as const;
export type Layout = (typeof layouts)[number];

/** More pictures at once than this are not watched by anyone, and a browser has to decode them all. */
export const mostTiles = 16;

export const tilesOf = (layout: Layout): number => (layout === 'auto' ? mostTiles : Number(layout));

export interface Box {
  readonly width: number;
  readonly height: number;
}

const narrowPx = 640;
const ratio = 16 / 9;

/** Columns that make the pictures largest; one where the window is narrow. */
export function columnsFor(layout: Layout, count: number, box: Box): number {
  if (box.width < narrowPx) return 1;
  if (layout !== 'auto') return Math.sqrt(Number(layout));
  let best = 1;
  let bestWidth = 0;
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.ceil(count / columns);
    const width = Math.min(box.width / columns, (box.height / rows) * ratio);
    if (width <= bestWidth + 0.5) continue;
    best = columns;
    bestWidth = width;
  }
  return best;
}

/** The wanted ones first, in their order, then the rest as the register has them. */
export function inOrder<T extends { readonly id: string }>(all: readonly T[], order: string): readonly T[] {
  const wanted = order.split(',').filter(Boolean);
  const place = new Map(wanted.map((id, index) => [id, index]));
  return all.toSorted((a, b) => (place.get(a.id) ?? wanted.length) - (place.get(b.id) ?? wanted.length));
}

/** The order as it stands in the address after one tile was put in another's place. */
export function moved(ids: readonly string[], from: number, to: number): string {
  if (from === to || from < 0 || to < 0 || from >= ids.length || to >= ids.length) return ids.join(',');
  const next = ids.toSpliced(from, 1).toSpliced(to, 0, ids[from] as string);
  return next.join(',');
}

/** Where an arrow key leads from a tile; the same place where there is nothing. */
export function neighbour(at: number, key: string, columns: number, count: number): number {
  const step: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
  };
  const next = at + (step[key] ?? 0);
  return next >= 0 && next < count ? next : at;
}
