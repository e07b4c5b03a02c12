/**
 * What the witnesses of this log cosigned: the newest checkpoint of each, kept in `DATA/ledger/cosigned/`. Taken from
 * whoever brings it, since the signature says whose it is; of witnesses that the settings name, and of no one else.
 */
import { type Clock, Fault, type Log, refuse } from '../base/index.ts';
import type { LedgerFiles } from './files.ts';
import {
  type Checkpoint,
  formatVerifierKey,
  openCheckpoint,
  openNote,
  parseVerifierKey,
  signaturesOf,
  type VerifierKey,
} from './note.ts';

const maxWitnesses = 16;
/** Clocks of two houses may differ by this much. */
const aheadS = 600;
/** A witness comes by the minute or oftener; one that stays away for this long is said loudly. */
export const silentMs = 10 * 60_000;

/** `name+id+key`, separated by commas. */
export function readWitnessKeys(text: string): VerifierKey[] {
  const keys = text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .map((one) => {
      const key = parseVerifierKey(one);
      if (key?.kind !== 'witness') throw new Fault(`this is not the key of a witness: ${one}`);
      return key;
    });
  if (keys.length > maxWitnesses)
    throw new Fault(`at most ${maxWitnesses} witnesses, and ${keys.length} were given`);
  return keys;
}

export interface WitnessState {
  readonly name: string;
  /** Leaves of the newest tree that it cosigned; null before the first. */
  readonly size: number | null;
  readonly cosignedAtMs: number | null;
  /** It has not cosigned anything for ten minutes: it is away, or it refuses. */
  readonly isSilent: boolean;
}

interface Cosigned extends Checkpoint {
  /** Text and the log's own signature, as it was signed. */
  readonly note: string;
  readonly line: string;
  readonly timeS: number;
}

export class Cosignatures {
  readonly #files: LedgerFiles;
  readonly #log: VerifierKey;
  readonly #witnesses: readonly VerifierKey[];
  readonly #clock: Clock;
  readonly #out: Log;
  readonly #newest = new Map<VerifierKey, Cosigned>();
  readonly #sinceMs: number;
  #taking: Promise<unknown> = Promise.resolve();

  constructor(at: {
    files: LedgerFiles;
    log: VerifierKey;
    witnesses: readonly VerifierKey[];
    clock: Clock;
    out: Log;
  }) {
    this.#files = at.files;
    this.#log = at.log;
    this.#witnesses = at.witnesses;
    this.#clock = at.clock;
    this.#out = at.out;
    this.#sinceMs = at.clock.wallMs();
  }

  async load(): Promise<void> {
    for (const witness of this.#witnesses) {
      const note = await this.#files.cosigned(idOf(witness));
      const read = note === null ? null : this.#read(note, witness);
      if (read) this.#newest.set(witness, read);
    }
  }

  /** Refuses what no witness of ours signed, what is of another log, and what we never signed. */
  take(note: string, isOurs: (checkpoint: Checkpoint) => Promise<boolean>): Promise<void> {
    const taken = this.#taking.then(() => this.#take(note, isOurs));
    this.#taking = taken.catch(() => undefined);
    return taken;
  }

  async #take(note: string, isOurs: (checkpoint: Checkpoint) => Promise<boolean>): Promise<void> {
    const read = this.#witnesses.flatMap((witness) => {
      const one = this.#read(note, witness);
      return one ? [{ witness, ...one }] : [];
    });
    if (read.length === 0 || !(await isOurs(read[0]!))) refuse('ledger.no-witness');
    for (const { witness, ...one } of read) {
      const before = this.#newest.get(witness);
      if (before && (before.size > one.size || before.timeS >= one.timeS)) continue;
      await this.#files.keepCosigned(idOf(witness), one.note + one.line);
      this.#newest.set(witness, one);
      this.#out.debug({ witness: witness.name, size: one.size }, 'a checkpoint was cosigned');
    }
  }

  #read(note: string, witness: VerifierKey): Cosigned | null {
    const opened = openNote(note, [this.#log, witness]);
    const signed = opened?.signedBy.find(({ key }) => key === witness);
    const checkpoint = openCheckpoint(note, this.#log);
    if (!opened || !checkpoint || signed?.timeS == null) return null;
    if (signed.timeS * 1000 > this.#clock.wallMs() + aheadS * 1000) return null;
    const [own, line] = [this.#log, witness].map((key) => lineOf(note, key));
    if (own === undefined || line === undefined) return null;
    return { ...checkpoint, note: `${opened.text}\n${own}`, line, timeS: signed.timeS };
  }

  /** The same checkpoint with the lines of all witnesses that cosigned it. */
  withLines(note: string): string {
    const lines = [...this.#newest.values()].filter((one) => one.note === note).map(({ line }) => line);
    return note + lines.join('');
  }

  /** The newest checkpoint that at least one witness cosigned, with the lines of all who did; null when there is none. */
  best(): { size: number; note: string } | null {
    const [best] = [...this.#newest.values()].sort((a, b) => b.size - a.size);
    return best ? { size: best.size, note: this.withLines(best.note) } : null;
  }

  /** `name+id+key` of those that the settings name. */
  keys(): string[] {
    return this.#witnesses.map(formatVerifierKey);
  }

  states(): WitnessState[] {
    const nowMs = this.#clock.wallMs();
    return this.#witnesses.map((witness) => {
      const seen = this.#newest.get(witness);
      const lastMs = Math.max(seen ? seen.timeS * 1000 : 0, this.#sinceMs);
      return {
        name: witness.name,
        size: seen?.size ?? null,
        cosignedAtMs: seen ? seen.timeS * 1000 : null,
        isSilent: nowMs - lastMs > silentMs,
      };
    });
  }
}

const idOf = ({ id }: VerifierKey): string => Buffer.from(id).toString('hex');

/** The line that this very key signed: by name and by the id in its first bytes. */
function lineOf(note: string, { name, id }: VerifierKey): string | undefined {
  return signaturesOf(note).find((line) => {
    const [, signer, blob = ''] = line.trimEnd().split(' ');
    return signer === name && Buffer.from(blob, 'base64').subarray(0, 4).equals(id);
  });
}
