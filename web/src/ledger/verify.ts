/**
 * One entry verified where it is read: by the browser's own cryptography, from what docs/ledger.md says, without a word
 * of the server's. Each step says what was held against what, so that a person can see which one fails.
 */
export interface ProofFile {
  /** The row that was asked for. */
  readonly seq: number;
  readonly entry: string;
  /** base64, as all below. */
  readonly salt: string;
  readonly fields: readonly { readonly field: string; readonly salt: string; readonly value: string }[];
  readonly leaf: number;
  readonly proof: readonly string[];
  readonly checkpoint: string;
  /** `name+id+key` of the log, and of each witness that it names. */
  readonly key: string;
  readonly witnesses: readonly string[];
}

/** `unknown`: this browser cannot check Ed25519. */
export type Outcome = 'right' | 'wrong' | 'unknown';
export interface Cosigned {
  readonly name: string;
  readonly atMs: number;
  readonly outcome: Outcome;
}

export interface Verified {
  /** The words shown are those that the leaf commits to. */
  readonly fields: Outcome;
  /** The entry leads to the root of the signed tree. */
  readonly path: Outcome;
  /** The log signed that tree. */
  readonly signature: Outcome;
  readonly witnesses: readonly Cosigned[];
  readonly size: number;
}

const hashBytes = 32;
const maxPath = 64;

export async function verifyProof(of: ProofFile): Promise<Verified> {
  const head = readHead(of.checkpoint);
  const leafData = await sha256(from64(of.salt), utf8(of.entry));
  const leaf = await sha256(Uint8Array.of(0), leafData);
  const root = await rootOf(of.leaf, head.size, leaf, of.proof);
  return {
    fields: (await fieldsHold(of)) ? 'right' : 'wrong',
    path: root !== null && same(root, head.root) && saysSeq(of) ? 'right' : 'wrong',
    signature: await signedBy(head, of.key),
    witnesses: await cosignatures(head, of.witnesses),
    size: head.size,
  };
}

interface Head {
  /** What is signed: up to and with the last newline before the blank line. */
  readonly text: string;
  readonly lines: readonly string[];
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array<ArrayBuffer>;
}

/** c2sp.org/tlog-checkpoint; throws when it is none. */
function readHead(note: string): Head {
  const end = note.lastIndexOf('\n\n');
  const text = note.slice(0, end + 1);
  const [origin = '', size = '', root = ''] = text.split('\n');
  if (end < 0 || !/^\d{1,15}$/.test(size) || from64(root).length !== hashBytes)
    throw new Error('no checkpoint');
  const lines = note
    .slice(end + 2)
    .split('\n')
    .filter((line) => line !== '');
  return { text, lines, origin, size: Number(size), root: from64(root) };
}

const saysSeq = ({ seq, entry }: ProofFile): boolean => JSON.parse(entry).seq === seq;

/** Where each field stands in the entry; entries without `form` hold the values themselves. */
async function fieldsHold({ entry, fields }: ProofFile): Promise<boolean> {
  const said = JSON.parse(entry);
  const committed: Record<string, unknown> = {
    actor: said.actor?.name,
    from: said.from,
    subject: said.subject?.name,
    reason: said.reason,
    detail: said.detail,
  };
  for (const { field, salt, value } of fields) {
    if (to64(await sha256(from64(salt), utf8(value))) !== committed[field]) return false;
  }
  return true;
}

/** RFC 9162 §2.1.3.2; null when the path is not one of such a tree. */
async function rootOf(
  leaf: number,
  size: number,
  hash: Uint8Array<ArrayBuffer>,
  proof: readonly string[],
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (leaf < 0 || leaf >= size || proof.length > maxPath) return null;
  let [at, last] = [leaf, size - 1];
  let root = hash;
  for (const one of proof) {
    const sibling = from64(one);
    if (last === 0 || sibling.length !== hashBytes) return null;
    if (at % 2 === 1 || at === last) {
      root = await sha256(Uint8Array.of(1), sibling, root);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else root = await sha256(Uint8Array.of(1), root, sibling);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 ? root : null;
}

interface Key {
  readonly name: string;
  readonly id: Uint8Array<ArrayBuffer>;
  readonly algorithm: number | undefined;
  readonly publicKey: Uint8Array<ArrayBuffer>;
}

function readKey(vkey: string): Key {
  const [name = '', id = '', ...rest] = vkey.trim().split('+');
  const bytes = from64(rest.join('+'));
  const idBytes = Uint8Array.from(id.match(/../g) ?? [], (two) => Number.parseInt(two, 16));
  return { name, id: idBytes, algorithm: bytes[0], publicKey: bytes.slice(1) };
}

/** The bytes behind the key's id, of the line that this key made. */
function signatureOf(head: Head, key: Key): Uint8Array<ArrayBuffer> | null {
  for (const line of head.lines) {
    const [dash, name, blob = ''] = line.split(' ');
    const bytes = from64(blob);
    if (dash === '—' && name === key.name && same(bytes.slice(0, 4), key.id)) return bytes.slice(4);
  }
  return null;
}

async function signedBy(head: Head, vkey: string): Promise<Outcome> {
  const key = readKey(vkey);
  const signature = signatureOf(head, key);
  if (key.algorithm !== 1 || head.origin !== key.name || signature === null) return 'wrong';
  return ed25519(key.publicKey, signature, utf8(head.text));
}

/** c2sp.org/tlog-cosignature: eight bytes of time, then the signature over time and checkpoint. */
async function cosignatures(head: Head, vkeys: readonly string[]): Promise<Cosigned[]> {
  const found: Cosigned[] = [];
  for (const key of vkeys.map(readKey)) {
    const bytes = signatureOf(head, key);
    if (key.algorithm !== 4 || bytes === null || bytes.length !== 72) continue;
    const timeS = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0));
    const signed = utf8(`cosignature/v1\ntime ${timeS}\n${head.text}`);
    const outcome = await ed25519(key.publicKey, bytes.slice(8), signed);
    found.push({ name: key.name, atMs: timeS * 1000, outcome });
  }
  return found;
}

async function ed25519(
  publicKey: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
  signed: Uint8Array<ArrayBuffer>,
): Promise<Outcome> {
  try {
    const key = await crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']);
    return (await crypto.subtle.verify('Ed25519', key, signature, signed)) ? 'right' : 'wrong';
  } catch {
    return 'unknown'; // An older browser without Ed25519.
  }
}

async function sha256(...parts: Uint8Array[]): Promise<Uint8Array<ArrayBuffer>> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', all));
}

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text));

/** Empty when it is not base64. */
function from64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

const to64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

const same = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);
