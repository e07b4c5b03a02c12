/** Which of a camera's streams a viewer is shown, pure: what this browser can play, else what FFmpeg can make of it. */
import type { StreamKind } from '../engine/index.ts';

export interface Choice {
  readonly stream: StreamKind;
  readonly transcoded: boolean;
}

export interface Offer {
  readonly wanted: StreamKind | 'auto';
  /** RFC 6381; null while nothing is known of the stream. */
  readonly main: string | null;
  /** Undefined: the camera has no sub-stream. */
  readonly sub: string | null | undefined;
  readonly h265: boolean;
  /** Null: a conversion is possible now; else why not. */
  readonly noTranscode: string | null;
}

export type Chosen = Choice | { readonly refused: { readonly codec: string; readonly reason: string } };

export function chooseLive(offer: Offer): Chosen {
  const { main, sub } = offer;
  const mainPlays = plays(main, offer.h265);
  const subPlays = sub !== undefined && plays(sub, offer.h265);
  const order: readonly StreamKind[] = offer.wanted === 'sub' ? ['sub', 'main'] : ['main', 'sub'];
  for (const stream of order) {
    if (stream === 'main' ? mainPlays : subPlays) return { stream, transcoded: false };
  }
  if (offer.noTranscode === null)
    return { stream: offer.wanted === 'sub' && sub ? 'sub' : 'main', transcoded: true };
  return { refused: { codec: nameOf(main), reason: offer.noTranscode } };
}

/** A stream of which nothing is known yet is taken to be H.264: most are, and the player says so when one is not. */
export function plays(codec: string | null, h265: boolean): boolean {
  if (codec === null || /^avc[13]\./.test(codec)) return true;
  return h265 && /^(hvc1|hev1)\./.test(codec);
}

const nameOf = (codec: string | null): string =>
  codec !== null && /^(hvc1|hev1)\./.test(codec) ? 'H.265' : (codec ?? '');
