/**
 * Ids: opaque, sortable by birth, safe in a path and a URL. 10 characters of time (ms, Crockford base 32) and 12
 * of randomness; the prefix says of what kind, for the eye only.
 */

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** `cam_01kabc…`: prefix, underscore, 22 characters. */
export function newId(prefix: string, nowMs: number = Date.now()): string {
  let time = '';
  for (let left = nowMs, i = 0; i < 10; i++) {
    time = alphabet[left % 32] + time;
    left = Math.floor(left / 32);
  }
  const noise = crypto.getRandomValues(new Uint8Array(12));
  return `${prefix}_${time}${Array.from(noise, (byte) => alphabet[byte % 32]).join('')}`;
}

/** What any of our ids looks like; everything else is refused before it reaches a path or a query. */
export const idPattern = /^[a-z]{2,6}_[0-9a-hjkmnp-tv-z]{22}$/;

/** The time that an id was made with, UTC in ms; null when it is none of ours. */
export function timeOfId(id: string): number | null {
  if (!idPattern.test(id)) return null;
  const time = id.slice(id.indexOf('_') + 1).slice(0, 10);
  return [...time].reduce((ms, digit) => ms * 32 + alphabet.indexOf(digit), 0);
}
