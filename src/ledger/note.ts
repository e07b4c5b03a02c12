/**
 * Signed notes (c2sp.org/signed-note), checkpoints (c2sp.org/tlog-checkpoint) and cosignatures of witnesses
 * (c2sp.org/tlog-cosignature, Ed25519), pure: what is signed, how it is written, and what may be believed of it.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { type Hash, hashBytes } from './tree.ts';

/** The algorithm bytes of the two kinds of Ed25519 keys. */
const algorithms = { log: 0x01, witness: 0x04 } as const;
export type KeyKind = keyof typeof algorithms;
const kinds = ['log', 'witness'] as const;

export interface VerifierKey {
  readonly kind: KeyKind;
  readonly name: string;
  /** The first four bytes of a hash over name and key; tells keys of one name apart. */
  readonly id: Uint8Array;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

export interface SignerKey extends VerifierKey {
  readonly privateKey: KeyObject;
}

const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const spki = Buffer.from('302a300506032b6570032100', 'hex');
const seedBytes = 32;
const signatureBytes = 64;
const idBytes = 4;
const timeBytes = 8;
/** No checkpoint of ours comes near it; what is larger is not read. */
const maxNoteChars = 64 * 1024;
const maxSignatures = 100;
const namePattern = /^[^\s+\p{Cc}]{1,200}$/u;
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Only the one right writing is taken. */
function fromBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}

function keyId(name: string, kind: KeyKind, publicKey: Uint8Array): Uint8Array {
  const hash = createHash('sha256').update(`${name}\n`).update(Uint8Array.of(algorithms[kind]));
  return hash.update(publicKey).digest().subarray(0, idBytes);
}

/** `name+id+key`, the form in which a key is handed to others. */
export const formatVerifierKey = ({ kind, name, id, publicKey }: VerifierKey): string =>
  `${name}+${Buffer.from(id).toString('hex')}+${base64(Uint8Array.of(algorithms[kind], ...publicKey))}`;

/** Null when it is none, of another algorithm, or does not fit its own id. */
export function parseVerifierKey(text: string): VerifierKey | null {
  const [, name = '', hex = '', key = ''] = /^([^+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text) ?? [];
  const bytes = fromBase64(key);
  if (!namePattern.test(name) || bytes?.length !== 1 + hashBytes) return null;
  const kind = kinds.find((one) => algorithms[one] === bytes[0]);
  if (kind === undefined) return null;
  const publicKey = bytes.subarray(1);
  const id = keyId(name, kind, publicKey);
  return Buffer.from(id).toString('hex') === hex ? { kind, name, id, publicKey } : null;
}

/** A name that a key may have: no blank, no plus, no control character. */
export const isKeyName = (name: string): boolean => namePattern.test(name);

export function signerOf(name: string, seed: Uint8Array, kind: KeyKind = 'log'): SignerKey {
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' });
  const der = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const publicKey = der.subarray(spki.length);
  return { kind, name, id: keyId(name, kind, publicKey), publicKey, privateKey };
}

/** The secret form, as Go's note package writes it. */
export const formatSignerKey = (name: string, seed: Uint8Array, kind: KeyKind = 'log'): string => {
  const { id } = signerOf(name, seed, kind);
  const secret = base64(Uint8Array.of(algorithms[kind], ...seed));
  return `PRIVATE+KEY+${name}+${Buffer.from(id).toString('hex')}+${secret}`;
};

export function parseSignerKey(text: string): SignerKey | null {
  const [, name = '', hex, secret = ''] =
    /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text.trim()) ?? [];
  const bytes = fromBase64(secret);
  const kind = kinds.find((one) => algorithms[one] === bytes?.[0]);
  if (!namePattern.test(name) || bytes?.length !== 1 + seedBytes || kind === undefined) return null;
  const signer = signerOf(name, bytes.subarray(1), kind);
  return Buffer.from(signer.id).toString('hex') === hex ? signer : null;
}

const publicKeyOf = (key: VerifierKey): KeyObject =>
  createPublicKey({ key: Buffer.concat([spki, key.publicKey]), format: 'der', type: 'spki' });

const line = (key: VerifierKey, signature: Uint8Array): string =>
  `— ${key.name} ${base64(Buffer.concat([key.id, signature]))}\n`;

/** The lines of a note that stand below its text. */
export const signaturesOf = (note: string): string[] =>
  note
    .slice(note.lastIndexOf('\n\n') + 2)
    .split(/(?<=\n)/)
    .filter((one) => one !== '');

/** `text` ends with a newline. */
export const signNote = (text: string, signer: SignerKey): string =>
  `${text}\n${line(signer, sign(null, Buffer.from(text), signer.privateKey))}`;

const cosigned = (text: string, timeS: number): Buffer =>
  Buffer.from(`cosignature/v1\ntime ${timeS}\n${text}`);

/** The signature line of a witness for the text of a checkpoint, to be put below the log's own. */
export function cosignature(text: string, witness: SignerKey, timeS: number): string {
  const time = Buffer.alloc(timeBytes);
  time.writeBigUInt64BE(BigInt(timeS));
  const signature = sign(null, cosigned(text, timeS), witness.privateKey);
  return line(witness, Buffer.concat([time, signature]));
}

export interface OpenedNote {
  readonly text: string;
  /** Those of the given keys whose signature is there and right; a witness with its time, in seconds since 1970. */
  readonly signedBy: readonly { readonly key: VerifierKey; readonly timeS: number | null }[];
}

/** Null when it is no note, or a signature of one of the given keys is wrong; those of others are passed over. */
export function openNote(note: string, keys: readonly VerifierKey[]): OpenedNote | null {
  const end = note.lastIndexOf('\n\n');
  if (note.length > maxNoteChars || end < 0 || !note.endsWith('\n')) return null;
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2, -1).split('\n');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a note holds no control character but the newline
  if (lines.length > maxSignatures || /[\0-\x09\x0b-\x1f]/.test(text)) return null;
  const signedBy: { key: VerifierKey; timeS: number | null }[] = [];
  for (const one of lines) {
    const [, name = '', blob = ''] = /^— (\S+) (\S+)$/.exec(one) ?? [];
    const bytes = fromBase64(blob);
    if (!namePattern.test(name) || bytes === null || bytes.length <= idBytes) return null;
    const id = bytes.subarray(0, idBytes);
    const key = keys.find((known) => known.name === name && Buffer.compare(known.id, id) === 0);
    if (!key || signedBy.some((seen) => seen.key === key)) continue;
    const timeS = timeOfSignature(text, key, bytes.subarray(idBytes));
    if (timeS === false) return null;
    signedBy.push({ key, timeS });
  }
  return { text, signedBy };
}

/** False when the signature is wrong. */
function timeOfSignature(text: string, key: VerifierKey, bytes: Buffer): number | null | false {
  if (key.kind === 'log') return verify(null, Buffer.from(text), publicKeyOf(key), bytes) ? null : false;
  if (bytes.length !== timeBytes + signatureBytes) return false;
  const timeS = Number(bytes.readBigUInt64BE());
  return verify(null, cosigned(text, timeS), publicKeyOf(key), bytes.subarray(timeBytes)) ? timeS : false;
}

export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Hash;
}

export const formatCheckpoint = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${base64(root)}\n`;

export function parseCheckpoint(text: string): Checkpoint | null {
  const [, origin = '', digits = '', hash = ''] =
    /^(.+)\n(0|[1-9]\d{0,15})\n(.+)\n(?:.+\n)*$/.exec(text) ?? [];
  const root = fromBase64(hash);
  const size = Number(digits);
  if (origin === '' || root?.length !== hashBytes || !Number.isSafeInteger(size)) return null;
  return { origin, size, root };
}

/** The checkpoint of this log in the note, when its own signature is there and right. */
export function openCheckpoint(note: string, log: VerifierKey): Checkpoint | null {
  const opened = openNote(note, [log]);
  if (!opened || opened.signedBy.length === 0) return null;
  const checkpoint = parseCheckpoint(opened.text);
  return checkpoint?.origin === log.name ? checkpoint : null;
}
