/**
 * Second factors: authenticator apps, passkeys, and the codes on paper for the day on which the phone is gone. What
 * was begun and not confirmed is kept in memory; a used code is used up in the database, so that two tries at once
 * cannot both have it.
 */
import { createHash } from 'node:crypto';
import type { Kysely, Selectable, Transaction } from 'kysely';
import { BoundedMap, newCode, newId, newKey, newSecret, refuse, type SecretBox } from '../base/index.ts';
import type { Tables } from '../db/index.ts';
import type { Grant } from './grant.ts';
import { fromBase64url, type PasskeyWanted, readAssertion, readRegistration } from './passkey.ts';
import { base32, stepOfCode, totpKeyBytes, totpUri } from './totp.ts';

type Trx = Transaction<Tables>;

export interface Factor {
  readonly id: string;
  readonly kind: 'totp' | 'passkey';
  readonly name: string;
  readonly createdMs: number;
  readonly lastUsedMs: number | null;
}

/** What a browser answers to a passkey's challenge; each base64url. */
export interface Assertion {
  readonly id: string;
  readonly clientData: string;
  readonly authenticatorData: string;
  readonly signature: string;
}
export type Second = string | Assertion;

/** Where the console is asked from. */
export interface ConsoleAt {
  readonly origin: string;
  readonly rpId: string;
}

const maxFactors = 10;
const recoveryCodes = 10;
const beginningMs = 600_000;
const challengeMs = 180_000;
const maxPending = 10_000;

interface Pending {
  readonly personId: string;
  readonly endsMs: number;
}

/** What was given out and waits for an answer; the oldest is forgotten when there are too many. */
export class PendingFactors {
  readonly #keys = new BoundedMap<string, Pending & { readonly key: Uint8Array }>(maxPending);
  readonly #challenges = new BoundedMap<string, Pending>(maxPending);

  beginTotp(personId: string, nowMs: number): Uint8Array {
    const key = newKey(totpKeyBytes);
    this.#keys.set(personId, { personId, key, endsMs: nowMs + beginningMs });
    return key;
  }

  totpKey(personId: string, nowMs: number): Uint8Array | null {
    const pending = this.#keys.get(personId);
    return pending && nowMs < pending.endsMs ? pending.key : null;
  }

  doneTotp(personId: string): void {
    this.#keys.delete(personId);
  }

  challenge(personId: string, nowMs: number): string {
    const challenge = newSecret(32);
    this.#challenges.set(challenge, { personId, endsMs: nowMs + challengeMs });
    return challenge;
  }

  /** The challenge that this answer names, if it was this person's, and only once. */
  take(clientData: string, personId: string, nowMs: number): string | null {
    const challenge = challengeIn(clientData);
    const pending = challenge === null ? undefined : this.#challenges.get(challenge);
    if (challenge === null || pending?.personId !== personId) return null;
    this.#challenges.delete(challenge);
    return nowMs < pending.endsMs ? challenge : null;
  }
}

function challengeIn(clientData: string): string | null {
  try {
    const { challenge } = JSON.parse(fromBase64url(clientData).toString('utf8')) as { challenge?: unknown };
    return typeof challenge === 'string' ? challenge : null;
  } catch {
    return null;
  }
}

export async function factorsOf(db: Kysely<Tables>, personId: string): Promise<Factor[]> {
  return (await rowsOf(db, personId)).map((row) => ({
    ...{ id: row.id, kind: row.kind, name: row.name, createdMs: row.created.getTime() },
    lastUsedMs: row.last_used?.getTime() ?? null,
  }));
}

const rowsOf = (db: Kysely<Tables>, personId: string): Promise<Selectable<Tables['second_factor']>[]> =>
  db
    .selectFrom('second_factor')
    .selectAll()
    .where('person_id', '=', personId)
    .where('ended', 'is', null)
    .orderBy('created')
    .orderBy('id')
    .execute();

/** What a browser needs to know of the keys that may answer. */
export async function passkeysOf(db: Kysely<Tables>, personId: string): Promise<string[]> {
  return (await rowsOf(db, personId)).flatMap(({ credential_id: id }) =>
    id === null ? [] : [Buffer.from(id).toString('base64url')],
  );
}

const contextOf = (factorId: string): string => `second_factor ${factorId} totp`;

export const sayTotp = (of: { key: Uint8Array; name: string; unit: string }) => ({
  secret: base32(of.key),
  uri: totpUri(of),
});

/** Written only once the app has shown a right code; that code is used up. */
export async function addTotp(
  trx: Trx,
  grant: Grant,
  of: { key: Uint8Array; code: string; name: string; box: SecretBox },
): Promise<string> {
  const personId = grant.by.personId ?? refuse('session.needed');
  const step = stepOfCode(of.key, of.code, grant.atMs, -1);
  if (step === null) refuse('second.wrong');
  await refuseTooMany(trx, personId);
  const id = newId('fac', grant.atMs);
  await trx
    .insertInto('second_factor')
    .values({
      ...{ id, person_id: personId, kind: 'totp', name: of.name, created: new Date(grant.atMs) },
      secret_sealed: of.box.seal(Buffer.from(of.key).toString('base64'), contextOf(id)),
      last_step: step,
    })
    .execute();
  return id;
}

export async function addPasskey(
  trx: Trx,
  grant: Grant,
  given: Parameters<typeof readRegistration>[0] & { readonly name: string },
  wanted: PasskeyWanted,
): Promise<string> {
  const personId = grant.by.personId ?? refuse('session.needed');
  const made = readRegistration(given, wanted);
  if (!made) refuse('second.wrong');
  await refuseTooMany(trx, personId);
  const id = newId('fac', grant.atMs);
  const row = await trx
    .insertInto('second_factor')
    .values({
      ...{ id, person_id: personId, kind: 'passkey', name: given.name, created: new Date(grant.atMs) },
      ...{ credential_id: made.credentialId, public_key: made.publicKey },
      ...{ algorithm: made.algorithm, sign_count: made.signCount },
    })
    .onConflict((conflict) => conflict.column('credential_id').where('ended', 'is', null).doNothing())
    .returning('id')
    .executeTakeFirst();
  if (!row) refuse('second.known');
  return id;
}

async function refuseTooMany(trx: Trx, personId: string): Promise<void> {
  if ((await rowsOf(trx, personId)).length >= maxFactors) refuse('second.too-many', { limit: maxFactors });
}

export async function endFactor(trx: Trx, grant: Grant, id: string): Promise<void> {
  const done = await trx
    .updateTable('second_factor')
    .set({ ended: new Date(grant.atMs), ended_why: 'removed' })
    .where('id', '=', id)
    .where('person_id', '=', grant.by.personId ?? '')
    .where('ended', 'is', null)
    .returning('id')
    .executeTakeFirst();
  if (!done) refuse('second.unknown');
}

/** All of them, and the codes on paper: the person left, or is recovered. */
export async function endAllFactors(trx: Trx, personId: string, why: string, nowMs: number): Promise<number> {
  const done = await trx
    .updateTable('second_factor')
    .set({ ended: new Date(nowMs), ended_why: why })
    .where('person_id', '=', personId)
    .where('ended', 'is', null)
    .returning('id')
    .execute();
  await trx.deleteFrom('recovery_code').where('person_id', '=', personId).execute();
  return done.length;
}

const digestOf = (personId: string, code: string): Buffer =>
  createHash('sha256')
    .update(`${personId} ${code.toUpperCase().replace(/[^A-Z0-9]/g, '')}`)
    .digest();

/** Shown once; those before are void. */
export async function newRecoveryCodes(trx: Trx, grant: Grant): Promise<string[]> {
  const personId = grant.by.personId ?? refuse('session.needed');
  const codes = Array.from({ length: recoveryCodes }, () => newCode(3));
  await trx.deleteFrom('recovery_code').where('person_id', '=', personId).execute();
  await trx
    .insertInto('recovery_code')
    .values(
      codes.map((code) => ({
        ...{ person_id: personId, digest: digestOf(personId, code), created: new Date(grant.atMs) },
      })),
    )
    .execute();
  return codes;
}

export async function recoveryCodesLeft(db: Kysely<Tables>, personId: string): Promise<number> {
  const rows = await db
    .selectFrom('recovery_code')
    .select('digest')
    .where('person_id', '=', personId)
    .where('used', 'is', null)
    .execute();
  return rows.length;
}

export type SecondUsed = 'totp' | 'passkey' | 'recovery-code';

/** Which factor the answer proves, used up; null: none. */
export async function spendSecond(
  trx: Trx,
  of: {
    readonly personId: string;
    readonly second: Second;
    readonly nowMs: number;
    readonly box: SecretBox;
    /** For a passkey: the challenge that was this person's, and where. */
    readonly wanted: PasskeyWanted | null;
  },
): Promise<SecondUsed | null> {
  const { second } = of;
  if (typeof second !== 'string') return (await spendAssertion(trx, { ...of, second })) ? 'passkey' : null;
  if (await spendCode(trx, { ...of, second })) return 'totp';
  return (await spendPaper(trx, { ...of, second })) ? 'recovery-code' : null;
}

type Using<S> = Omit<Parameters<typeof spendSecond>[1], 'second'> & { readonly second: S };

async function spendCode(trx: Trx, of: Using<string>): Promise<boolean> {
  for (const row of await rowsOf(trx, of.personId)) {
    if (row.secret_sealed === null) continue;
    const key = Buffer.from(of.box.open(row.secret_sealed, contextOf(row.id)), 'base64');
    const step = stepOfCode(key, of.second, of.nowMs, row.last_step ?? -1);
    if (step === null) continue;
    // Of two that bring the same code at once, one finds that it was used.
    const used = await trx
      .updateTable('second_factor')
      .set({ last_step: step, last_used: new Date(of.nowMs) })
      .where('id', '=', row.id)
      .where('last_step', '<', step)
      .returning('id')
      .executeTakeFirst();
    if (used) return true;
  }
  return false;
}

async function spendPaper(trx: Trx, of: Using<string>): Promise<boolean> {
  const used = await trx
    .updateTable('recovery_code')
    .set({ used: new Date(of.nowMs) })
    .where('person_id', '=', of.personId)
    .where('digest', '=', digestOf(of.personId, of.second))
    .where('used', 'is', null)
    .returning('person_id')
    .executeTakeFirst();
  return used !== undefined;
}

async function spendAssertion(trx: Trx, of: Using<Assertion>): Promise<boolean> {
  const { second, wanted } = of;
  if (!wanted) return false;
  const row = await trx
    .selectFrom('second_factor')
    .selectAll()
    .where('person_id', '=', of.personId)
    .where('credential_id', '=', fromBase64url(second.id))
    .where('ended', 'is', null)
    .forUpdate()
    .executeTakeFirst();
  if (!row?.public_key || row.algorithm === null) return false;
  const known = { publicKey: row.public_key, algorithm: row.algorithm, signCount: row.sign_count ?? 0 };
  const count = readAssertion(second, wanted, known);
  if (count === null) return false;
  await trx
    .updateTable('second_factor')
    .set({ sign_count: count, last_used: new Date(of.nowMs) })
    .where('id', '=', row.id)
    .execute();
  return true;
}
