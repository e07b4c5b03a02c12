/** Still pictures and clips: taken through a view, handed to the browser as files with readable names. */

import { Problem } from '../api.ts';
import { closeSpan, openSpan, renewSpan } from '../player/door.ts';
import { timeParts } from '../time.ts';
import { language } from '../useWords.ts';

/** A file name that every system takes, with the camera and the local time in it. */
export function fileName(camera: string, atMs: number, zone: string, ending: string): string {
  const at = timeParts(atMs, zone);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are among what no file name may hold.
  const safe = camera.replace(/[\u0000-\u001f\\/:*?"<>|]+/g, '-').slice(0, 60);
  return `${safe} ${at.date} ${at.time.replaceAll(':', '-')}.${ending}`;
}

function offer(href: string, name: string): void {
  const link = document.createElement('a');
  link.href = href;
  link.download = name;
  link.click();
}

async function problemOf(response: Response): Promise<Problem> {
  const said = (await response.json().catch(() => ({}))) as Partial<Problem>;
  const code = typeof said.code === 'string' ? said.code : 'network.garbled';
  return new Problem(code, response.status, said.values ?? { status: response.status }, said.because ?? []);
}

async function get(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, { ...init, headers: { 'accept-language': language() } }).catch(() => {
    throw new Problem('network.down', 0);
  });
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** The picture that an open view shows, as a JPEG. `atMs` null: the newest of a live view. */
export async function saveStill(viewUrl: string, atMs: number | null, name: string): Promise<void> {
  const query = atMs === null ? '' : `?at=${encodeURIComponent(new Date(atMs).toISOString())}`;
  const response = await get(`${viewUrl}/still.jpg${query}`);
  const url = URL.createObjectURL(await response.blob());
  offer(url, name);
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A long clip on a slow line: its view is kept open for so long, and given back then. */
const keepEveryMs = 4 * 60_000;
const keepTimes = 15;

/** What a clip does not hold although it was recorded: `missing.json` of its view. */
export interface Lacking {
  readonly seconds: number;
  readonly items: readonly { readonly from: string; readonly to: string; readonly cause: string }[];
}

/**
 * What was changed on the disk is found while the file is sent, and the browser does not say when it has all of it: so
 * it is asked for now and then, at the end as often as the view is kept open.
 */
const askAfterMs = [0, 3_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 240_000] as const;

async function watchLacking(url: string, onLacking: (lacking: Lacking) => void): Promise<void> {
  let known = 0;
  for (let i = 0; i < askAfterMs.length + keepTimes; i++) {
    await new Promise((resolve) => setTimeout(resolve, askAfterMs[i] ?? keepEveryMs));
    const response = await get(url).catch(() => null);
    // The view has ended, or the page is going.
    if (response === null) return;
    const lacking = (await response.json()) as Lacking;
    if (lacking.items.length > known) onLacking(lacking);
    known = lacking.items.length;
  }
}

/** Opens a view of the span for its file, and lets the browser download it. Throws the refusal before it begins. */
export async function saveClip(
  camera: { readonly id: string; readonly name: string },
  purpose: string,
  span: { readonly fromMs: number; readonly toMs: number },
  zone: string,
  onLacking: (lacking: Lacking) => void,
): Promise<void> {
  const view = await openSpan(camera.id, purpose, span.fromMs, span.toMs);
  const url = `${view.url}/footage.mp4`;
  try {
    // A refused download would leave the page for an error; asked for its head alone, it says why.
    await get(url, { method: 'HEAD' });
  } catch (error) {
    await closeSpan(view.ticket).catch(() => undefined);
    throw error;
  }
  offer(`${url}?download=1`, fileName(camera.name, span.fromMs, zone, 'mp4'));
  keepOpen(view.ticket, keepTimes);
  void watchLacking(`${view.url}/missing.json`, onLacking);
}

function keepOpen(ticket: string, times: number): void {
  setTimeout(() => {
    const next = times > 0 ? renewSpan(ticket) : closeSpan(ticket);
    next.then(() => times > 0 && keepOpen(ticket, times - 1)).catch(() => undefined);
  }, keepEveryMs);
}
