/**
 * The pack that goes from a unit to the desk of an organ, and the answer that comes back: files, so that no network is
 * needed between the two. Each is signed (a C2SP signed note over a digest) by a key that the other side knows: nothing
 * of a pack is believed, or even read as a filing, before its signature is.
 */
import { join } from 'node:path';
import { type Clock, newId, refuse } from '../base/index.ts';
import { filing as form } from '../contract/index.ts';
import {
  formatVerifierKey,
  openKey,
  openNote,
  parseVerifierKey,
  type SignerKey,
  signNote,
  type VerifierKey,
} from '../ledger/index.ts';
import { type Content, digestOf } from './filing-content.ts';
import { fromBase64, isPdf } from './pdf.ts';

export type { SignerKey } from '../ledger/index.ts';

/** Signs packs and answers; apart from the ledger's key, so that none can be taken for the other. */
export const openFilingKey = (keysDir: string, clock: Clock): Promise<SignerKey> =>
  openKey(join(keysDir, 'filing.key'), 'log', () => `custos/filing/${newId('key', clock.wallMs())}`);

export const sayKey = (key: VerifierKey): string => formatVerifierKey(key);

/** Null: none that could sign a pack. */
export function readKey(text: string): VerifierKey | null {
  // Copied from paper it may have been broken into lines.
  const key = parseVerifierKey(text.replace(/[\s\u200b]/g, ''));
  return key?.kind === 'log' ? key : null;
}

const packForm = 'custos.filing-pack/1';
const answerForm = 'custos.filing-answer/1';

/** What is signed: the form, the filing, its digest. */
const packText = (id: string, digest: string): string => `${packForm}\n${id}\n${digest}\n`;

export function makePack(
  id: string,
  content: string,
  documents: ReadonlyMap<string, Uint8Array>,
  key: SignerKey,
): string {
  return JSON.stringify({
    form: packForm,
    note: signNote(packText(id, digestOf(content)), key),
    content,
    documents: [...documents].map(([sha256, bytes]) => ({
      sha256,
      pdf: Buffer.from(bytes).toString('base64'),
    })),
  });
}

export interface OpenedPack {
  readonly content: Content;
  /** As it was signed. */
  readonly text: string;
  readonly digest: string;
  readonly key: VerifierKey;
  readonly documents: ReadonlyMap<string, Buffer>;
}

/** Whole and signed by one of `keys`, or refused with what is wrong. */
export function openPack(file: string, keys: readonly VerifierKey[]): OpenedPack {
  if (Buffer.byteLength(file) > form.maxPackBytes) refuse('request.too-large');
  const { note, content: text, documents } = partsOf(file);
  const digest = digestOf(text);
  const signed = openNote(note, keys);
  if (!signed) return refuse('desk.altered');
  const [key] = signed.signedBy;
  if (!key) return refuse('desk.unknown-key', { key: nameIn(note) });
  const [kind, id, signedDigest, ...rest] = signed.text.split('\n');
  if (kind !== packForm || signedDigest !== digest || rest.join('') !== '') refuse('desk.altered');
  const content = readContent(text);
  if (content.filing.id !== id) refuse('desk.altered');
  // The key that is named inside is the one that signed: a copy of another's content under one's own name is none.
  if (content.key !== formatVerifierKey(key.key)) refuse('desk.other-unit');
  return { content, text, digest, key: key.key, documents: documentsIn(content, documents) };
}

function partsOf(file: string): { note: string; content: string; documents: unknown } {
  const parsed = readJson(file) as Record<string, unknown> | null;
  const { form: kind, note, content, documents } = typeof parsed === 'object' && parsed ? parsed : {};
  if (kind !== packForm || typeof note !== 'string' || typeof content !== 'string') refuse('desk.no-pack');
  return { note, content, documents };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // Refused as no pack, like any other file that is none.
  }
}

/** The name of a key that nobody here knows: a clerk can ask the unit for it. */
const nameIn = (note: string): string => /\n\n— (\S{1,200}) /.exec(note)?.[1] ?? '';

function readContent(text: string): Content {
  const parsed = form.content.safeParse(readJson(text));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    refuse('desk.content', { what: [...(issue?.path ?? [])].map(String).join('.').slice(0, 100) });
  }
  const { system, devices } = parsed.data;
  const turning = devices.filter(({ turns }) => turns).length;
  const counts = [system.cameras, system.turning, system.fixed];
  if (counts.join() !== [devices.length, turning, devices.length - turning].join())
    refuse('desk.content', { what: 'system.cameras' });
  if (new Set(devices.map(({ id }) => id)).size !== devices.length)
    refuse('desk.content', { what: 'devices.id' });
  return parsed.data;
}

/** Exactly those that the content names, in the bytes that it names, each a PDF. */
function documentsIn(content: Content, given: unknown): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  if (!Array.isArray(given) || given.length > form.maxDocuments) return refuse('desk.documents');
  for (const each of given as readonly { sha256?: unknown; pdf?: unknown }[]) {
    const bytes = typeof each?.pdf === 'string' ? fromBase64(each.pdf) : null;
    if (!bytes || bytes.length > form.maxDocumentBytes || !isPdf(bytes)) return refuse('desk.documents');
    const sha256 = digestOf(bytes);
    if (sha256 !== each.sha256) return refuse('desk.documents');
    found.set(sha256, bytes);
  }
  const named = new Set(content.documents.map(({ sha256 }) => sha256));
  const isWhole = named.size === found.size && [...named].every((sha256) => found.has(sha256));
  return isWhole ? found : refuse('desk.documents');
}

// ---- the answer

export interface PackAnswer {
  /** Of the filing's content. */
  readonly digest: string;
  readonly outcome: 'received' | 'returned';
  /** The receipt's number, or the reasons. */
  readonly says: string;
  readonly on: string;
  readonly by: string;
}

export function makeAnswer(answer: PackAnswer, key: SignerKey): string {
  const { digest, outcome, on, by, says } = answer;
  const lines = says.split('\n').map((line) => `  ${line}`);
  return signNote(`${[answerForm, digest, outcome, on, by, ...lines].join('\n')}\n`, key);
}

/** Who signed it is looked for by `keyFor`, once it is known which filing it is of. */
export async function openAnswer(
  note: string,
  keyFor: (digest: string) => Promise<string | null>,
): Promise<PackAnswer> {
  const [kind, digest = '', outcome = '', on = '', by = ''] = note.split('\n');
  const isForm = kind === answerForm && /^[0-9a-f]{64}$/.test(digest);
  if (!isForm || (outcome !== 'received' && outcome !== 'returned')) return refuse('filing.no-answer');
  const said = await keyFor(digest);
  const key = said === null ? null : readKey(said);
  if (!key) return refuse('filing.organ-key');
  const opened = openNote(note, [key]);
  if (!opened || opened.signedBy.length === 0) return refuse('filing.answer-altered');
  const says = opened.text.split('\n').slice(5, -1);
  return { digest, outcome, on, by, says: says.map((line) => line.slice(2)).join('\n') };
}
