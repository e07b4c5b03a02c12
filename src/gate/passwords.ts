/** Passwords: the rules for a new one, argon2id, and how many hashes may run at once. */
import { hash, verify } from '@node-rs/argon2';
import { refuse } from '../base/index.ts';

/** OWASP's first choice: 19 MiB, two passes, one lane; 42 ms here. The library's default algorithm is argon2id. */
const argon2id = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export const minPasswordLength = 10;

/** What guessers try first, of ten characters and more, folded; shorter ones are refused by length already. */
const common = new Set(
  (
    '1234567890 0123456789 0987654321 9876543210 1234567891 12345678910 123456789a 123456789q a123456789 aa123456789 ' +
    'q123456789 123456789abc abc123456789 qwertyuiop qwertyuiop123 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc qazwsxedcrfv ' +
    'zaq12wsxcde3 qwerty12345 qwerty123456 asdfghjkl123 asdfghjkl; zxcvbnm123 password12 password123 password1234 ' +
    'password12345 password123456 passw0rd123 p@ssw0rd123 p@ssword123 passwordpassword administrator administrator1 ' +
    'admin12345 admin123456 admin1234567 adminadmin admin@12345 admin@123456 root123456 welcome123 welcome1234 ' +
    'letmein123 changeme123 iloveyou123 iloveyou1314 woaini1314 woaini520 woaini1314520 5201314520 1314520520 ' +
    'woaini123456 a1b2c3d4e5 1a2b3c4d5e abcdefghij abcdefghijk abcd123456 abcd1234567 abc1234567 hikvision123 hik12345678 ' +
    'dahua12345 custos12345 custos123456 custoscustos default123 test123456 guest12345 secret12345 superadmin camera12345 ' +
    'monitor123 changeit123 11111111111 football123 baseball123 dragon12345 monkey12345 qq123456789 wang123456 ' +
    'zhang123456 li123456789 china12345 beijing2008 shanghai123'
  ).split(' '),
);

export const fold = (text: string): string => text.normalize('NFKC').toLowerCase();

/** Refuses a new password that is short, the name, or a common one. */
export function checkNewPassword(password: string, name: string): void {
  const folded = fold(password);
  const tooShort = [...password.normalize('NFKC')].length < minPasswordLength;
  const foldedName = fold(name);
  const isName = folded === foldedName || folded === [...foldedName].reverse().join('');
  const fewCharacters = new Set(folded).size < 4;
  if (tooShort || isName || fewCharacters || common.has(folded)) {
    refuse('password.weak', { length: minPasswordLength });
  }
}

const maxAtOnce = 3;
const maxWaiting = 64;
let running = 0;
const waiting: (() => void)[] = [];

/** A hash costs 19 MiB and a core: few run at once, some wait, the rest is told to come again. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= maxAtOnce) {
    if (waiting.length >= maxWaiting) refuse('request.too-many', { seconds: 5 });
    // Whoever finishes hands its place over, so `running` stays as it is.
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running++;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}

export const hashPassword = (password: string): Promise<string> =>
  inTurn(() => hash(password.normalize('NFKC'), argon2id));

let nobodysHash: Promise<string> | undefined;

/** `stored` is null when there is no such person: the work is the same, the answer is no. */
export async function passwordMatches(stored: string | null, password: string): Promise<boolean> {
  nobodysHash ??= hashPassword('there is no such person');
  const against = stored ?? (await nobodysHash);
  const matches = await inTurn(() => verify(against, password.normalize('NFKC')));
  return matches && stored !== null;
}
