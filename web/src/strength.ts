/** How hard a password is to guess, said plainly. The server has the last word; this saves the way there. */

export const leastPasswordLength = 10;

export type Strength = 'empty' | 'short' | 'name' | 'repeats' | 'fair' | 'strong';

export function strengthOf(password: string, name: string): Strength {
  if (password === '') return 'empty';
  if ([...password].length < leastPasswordLength) return 'short';
  if (name && password.toLowerCase().includes(name.toLowerCase())) return 'name';
  if (new Set(password).size < 5 || isRun(password)) return 'repeats';
  return [...password].length >= 16 || kindsIn(password) >= 3 ? 'strong' : 'fair';
}

export function isGoodEnough(strength: Strength): boolean {
  return strength === 'fair' || strength === 'strong';
}

/** `1234567890`, `abcdefghij`: most steps go one up or one down. */
function isRun(password: string): boolean {
  const codes = [...password].map((each) => each.codePointAt(0) ?? 0);
  const steps = codes.slice(1).filter((code, i) => Math.abs(code - (codes[i] ?? 0)) === 1).length;
  return steps >= codes.length * 0.7;
}

function kindsIn(password: string): number {
  return [/\p{Ll}/u, /\p{Lu}/u, /\p{Lo}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) => kind.test(password))
    .length;
}

/** Without letters and digits that are mistaken for each other when read aloud or copied by hand. */
const alphabet = 'abcdefghjkmnpqrstuvwxyzACDEFGHJKLMNPQRTUVWXY34679';

/** 20 characters of 49: 112 bits, in four groups that can be dictated. */
export function makePassword(): string {
  const picked: string[] = [];
  while (picked.length < 20) {
    for (const byte of crypto.getRandomValues(new Uint8Array(32))) {
      // Bytes past the last whole multiple would favour the first letters.
      if (byte < 245 && picked.length < 20) picked.push(alphabet[byte % alphabet.length] ?? '');
    }
  }
  return [0, 5, 10, 15].map((at) => picked.slice(at, at + 5).join('')).join('-');
}
