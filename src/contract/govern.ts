/** The ledger and the system's own state. */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { id, instant, instantIn, listOf, page } from './shapes.ts';

export { completeness, completenessFile, coverage } from './completeness.ts';

/** What an entry may say of persons; stands in the leaf as salted commitments. */
export const personalField = z.enum(['actor', 'from', 'subject', 'reason', 'detail']);

export const ledgerEntry = z.object({
  seq: z.number().int(),
  at: instant,
  /** Person's name, or `system`. */
  actor: z.string(),
  actorId: id.nullable(),
  from: z.string(),
  action: z.string(),
  outcome: z.enum(['done', 'refused', 'failed']),
  /** A refusal's code, when refused. */
  code: z.string().nullable(),
  subjectKind: z.string().nullable(),
  subjectId: z.string().nullable(),
  subjectName: z.string().nullable(),
  reason: z.string().nullable(),
  detail: z.record(z.string(), z.unknown()),
  /** Fields that were taken out under the law; the tree still proves the rest. */
  redacted: z.array(personalField),
});

export const ledger = endpoint({
  method: 'GET',
  path: '/api/ledger',
  action: 'ledger.read',
  ledger: 'view',
  query: page.extend({
    action: z.string().max(60).optional(),
    outcome: z.enum(['done', 'refused', 'failed']).optional(),
    actor: id.optional(),
    subject: z.string().max(60).optional(),
    from: instantIn.optional(),
    to: instantIn.optional(),
    /** `show`: with the entry of each stored segment. Left out they are hidden, unless action or subject asks for them. */
    segments: z.enum(['show']).optional(),
  }),
  reply: listOf(ledgerEntry),
  says: 'What was decided and done, newest first. Entries of single segments are shown when asked for.',
});

export const ledgerProof = endpoint({
  method: 'GET',
  path: '/api/ledger/:seq/proof',
  action: 'ledger.read',
  ledger: 'view',
  params: z.object({ seq: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) }),
  reply: z.object({
    seq: z.number().int(),
    /** Place in the tree. */
    leaf: z.number().int(),
    /** base64, 32 bytes. */
    salt: z.string(),
    /** SHA-256 of the salt's bytes and this text is the data of the leaf. */
    entry: z.string(),
    /** What the commitments in the entry hold: base64 of SHA-256 over salt and value. Without those that were redacted. */
    fields: z.array(z.object({ field: personalField, salt: z.string(), value: z.string() })),
    /** Audit path of RFC 6962, base64, from the leaf up. */
    proof: z.array(z.string()),
    /** Signed note: the tree that the path leads to. */
    checkpoint: z.string(),
    /** The key that signs checkpoints: `name+id+key`. */
    key: z.string(),
    /** The keys of the witnesses that the settings name; their lines may stand below the checkpoint. */
    witnesses: z.array(z.string()),
  }),
  says: 'Proves that an entry is in the signed ledger (docs/ledger.md).',
});

export const ledgerRedact = endpoint({
  method: 'POST',
  path: '/api/ledger/:seq/redaction',
  action: 'ledger.redact',
  ledger: 'change',
  params: z.object({ seq: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) }),
  body: z.object({
    fields: z.array(personalField).min(1).max(5),
    /** `order` of a court or an authority; `request` of the person themselves, once the law's own period is over. */
    basis: z.enum(['order', 'request']),
    /** The order's number or the request's: it stands in the ledger. */
    reference: z.string().trim().min(3).max(500),
  }),
  reply: z.object({ seq: z.number().int(), redacted: z.array(personalField) }),
  says: 'Takes personal fields out of an entry for good; that it was done is an entry of its own, and every proof still holds.',
});

export const ledgerState = endpoint({
  method: 'GET',
  path: '/api/ledger/state',
  action: 'ledger.read',
  ledger: 'none',
  reply: z.object({
    /** Leaves under the newest checkpoint. */
    size: z.number().int(),
    signed: instant.nullable(),
    /** The rows contradict what was signed: nothing is signed any more. */
    halted: z.boolean(),
    /** The key that signs checkpoints: `name+id+key`. */
    key: z.string(),
    witnesses: z.array(
      z.object({
        name: z.string(),
        /** Leaves of the newest tree that it cosigned. */
        size: z.number().int().nullable(),
        cosigned: instant.nullable(),
        /** Nothing for ten minutes: it is away, or it refuses. */
        silent: z.boolean(),
      }),
    ),
  }),
  says: 'How far the ledger is signed, and by whom it is witnessed.',
});

export const health = endpoint({
  method: 'GET',
  path: '/api/health',
  action: 'open',
  ledger: 'none',
  reply: z.object({ status: z.enum(['ok', 'degraded', 'down']) }),
  says: 'Whether Custos runs; nothing more.',
});

export const system = endpoint({
  method: 'GET',
  path: '/api/system',
  action: 'system.read',
  ledger: 'none',
  reply: z.object({
    version: z.string(),
    started: instant,
    now: instant,
    node: z.string(),
    database: z.object({ version: z.string(), embedded: z.boolean(), bytes: z.number() }),
    ffmpeg: z.object({ found: z.boolean(), version: z.string().nullable(), off: z.array(z.string()) }),
    volumes: z.array(
      z.object({
        id: z.string(),
        path: z.string(),
        totalBytes: z.number(),
        freeBytes: z.number(),
        segments: z.number().int(),
        bytes: z.number(),
        oldest: instant.nullable(),
      }),
    ),
    engine: z.array(
      z.object({
        name: z.string(),
        pid: z.number().int().nullable(),
        up: z.boolean(),
        since: instant.nullable(),
        restarts: z.number().int(),
        sources: z.number().int(),
        memoryMb: z.number().nullable(),
        cpuPercent: z.number().nullable(),
      }),
    ),
    transcodes: z.object({ running: z.number().int(), limit: z.number().int() }),
  }),
  says: 'Volumes, engine, database and versions.',
});
