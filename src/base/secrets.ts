/** Unguessable values, from the operating system's generator: tokens, nonces, codes. */
import { randomBytes, randomInt } from 'node:crypto';

/** base64url without padding: 32 bytes are 43 characters. */
export const newSecret = (bytes: number): string => randomBytes(bytes).toString('base64url');

/** Bytes of a key or a nonce. */
export const newKey = (bytes: number): Uint8Array<ArrayBuffer> => Uint8Array.from(randomBytes(bytes));

/** For people to type: no letter or digit that is taken for another. */
const readable = 'ABCDEFGHJKMNPQRSTVWXYZ23456789';

/** `K7QX-92MD`: groups of four, 4.9 bits a character. */
export function newCode(groups: number): string {
  const letter = (): string => readable[randomInt(readable.length)]!;
  const group = (): string => Array.from({ length: 4 }, letter).join('');
  return Array.from({ length: groups }, group).join('-');
}
