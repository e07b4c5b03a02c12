/** HTTP ranges of one file (RFC 9110 §14), pure. */

export type Wanted =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly from: number; readonly to: number }
  | { readonly kind: 'none' };

/**
 * What a `Range` header asks of a file of `bytes`; `to` is exclusive. Anything that is not one range of bytes is
 * ignored, as the RFC allows: then the whole file is the answer.
 */
export function readRange(header: string | undefined, bytes: number): Wanted {
  const match = /^bytes *= *(\d{0,15}) *- *(\d{0,15})$/i.exec(header?.trim() ?? '');
  const [first, last] = [match?.[1] ?? '', match?.[2] ?? ''];
  if (!match || (first === '' && last === '')) return { kind: 'whole' };
  if (first === '') {
    const suffix = Math.min(Number(last), bytes);
    return suffix === 0 ? { kind: 'none' } : { kind: 'part', from: bytes - suffix, to: bytes };
  }
  const from = Number(first);
  if (last !== '' && Number(last) < from) return { kind: 'whole' };
  if (from >= bytes) return { kind: 'none' };
  return { kind: 'part', from, to: last === '' ? bytes : Math.min(Number(last) + 1, bytes) };
}

/** `If-Range` with our strong tag keeps the range; with anything else the whole file is sent. */
export const isSameFile = (ifRange: string | undefined, tag: string): boolean =>
  ifRange === undefined || ifRange.trim() === tag;
