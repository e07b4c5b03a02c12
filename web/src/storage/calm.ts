/** How loud a forecast is: said above every page only when it is near, and not again to whoever put it away. */
import type { Warning } from './warnings.ts';

/** Two working days to buy a disk. */
const nearMs = 48 * 3_600_000;
const remembered = 'custos.storage-put-away';
/** Persons and cameras that come and go must not fill the browser's memory. */
const mostRemembered = 500;

type Put = Readonly<Record<string, string>>;

export const isNear = ({ due }: Pick<Warning, 'due'>, nowMs: number): boolean =>
  due !== null && Date.parse(due) - nowMs < nearMs;

const keyOf = ({ cameraId }: Warning, personId: string): string => `${personId} ${cameraId}`;
/** By the day: a forecast moves by hours whenever it is made anew. */
const dayOf = ({ due }: Warning): string => (due ?? '').slice(0, 10);

function read(): Put {
  try {
    return JSON.parse(localStorage.getItem(remembered) ?? '{}') as Put;
  } catch {
    return {}; // Somebody else's words under our name.
  }
}

/** A day that came nearer since is said again. */
export function isPutAway(warning: Warning, personId: string): boolean {
  const day = read()[keyOf(warning, personId)];
  return day !== undefined && day <= dayOf(warning);
}

export function putAway(warnings: readonly Warning[], personId: string): void {
  const known = Object.entries(read()).slice(-mostRemembered);
  const more = warnings.map((warning) => [keyOf(warning, personId), dayOf(warning)]);
  localStorage.setItem(remembered, JSON.stringify(Object.fromEntries([...known, ...more])));
}
