/** How long footage is kept: a site's law and policy, marks, holds, erasure, and the certificates of what went. */
import { z } from 'zod';
import { bucketProblem } from './buckets.ts';
import { endpoint } from './endpoint.ts';
import { byId, id, instant, instantIn, listOf, note, page } from './shapes.ts';

export const periodUnits = ['hour', 'day', 'month', 'year'] as const;
export const period = z.object({ n: z.number().int().min(1).max(3660), unit: z.enum(periodUnits) });
export const placeClass = z.enum([
  'art7.1-government',
  'art7.2-operator',
  'art9-other-public',
  'art33-non-public',
  'state-security',
]);

/** What a span is kept as: by a hold on it, a mark of value, the mark of an alarm, or none of them. */
export const segmentClass = z.enum(['ordinary', 'important', 'evidence', 'alarm']);

/** A rule that decided: who says it, where, and for how long. */
export const reason = z.object({
  clause: z.string(),
  profile: z.string(),
  instrument: z.string(),
  article: z.string(),
  quote: z.string(),
  rank: z.string(),
  period: z.object({ n: z.number(), unit: z.string() }),
});

/** What a person settles for a site. */
export const siteKeeping = z.object({
  profiles: z.array(z.string().max(40)).min(1).max(12),
  placeClass,
  placeType: z.string().max(40).nullable(),
  keyTarget: z.boolean(),
  /** Null: no longer than the law asks for. */
  period: period.nullable(),
  justification: note.max(1000).default(''),
  /** When a disk is full, footage past the law's floor may go before `period` is over. */
  givesWay: z.boolean().default(true),
});

const conflict = z.object({
  name: z.string(),
  floor: reason,
  ceiling: reason,
  /** Which ranks higher. */
  higher: z.enum(['floor', 'ceiling', 'none']),
});

export const keptSite = siteKeeping.extend({
  siteId: id,
  siteName: z.string(),
  /** Who said so, and when; null: nobody yet, and nothing is deleted. */
  settled: instant.nullable(),
  settledBy: z.string().nullable(),
  floor: z.array(reason),
  ceiling: z.array(reason),
  important: z.array(reason),
  /** Known from memory only: a question to counsel. */
  unverified: z.array(reason),
  /** A floor above a ceiling; `decided` once a named person chose. */
  conflict: conflict.nullable(),
  decision: z
    .object({
      keeps: z.enum(['floor', 'ceiling']),
      reason: z.string(),
      by: z.string(),
      at: instant,
    })
    .nullable(),
  holds: z.number().int(),
});

export const keeping = endpoint({
  method: 'GET',
  path: '/api/keeping',
  action: 'retention.read',
  ledger: 'none',
  reply: z.object({
    sites: z.array(keptSite),
    /** Whether the reaper works, and if not why. */
    reaper: z.object({
      lastPass: instant.nullable(),
      doubt: z.enum(['back', 'forward']).nullable(),
      /** What the clock would say had nobody set it since it was last confirmed, and were the machine never off. */
      proven: instant,
      now: instant,
      /** Certificates that are ordered and not done, and those of them that met trouble. */
      open: z.number().int(),
      troubled: z.number().int(),
    }),
    logPeriod: z.object({ n: z.number(), unit: z.string() }),
    logFloor: z.array(reason),
  }),
  says: 'For each site what the law and the unit say of keeping, and how the reaper is.',
});

export const settleSite = endpoint({
  method: 'PUT',
  path: '/api/sites/:id/keeping',
  action: 'site.configure',
  ledger: 'change',
  params: byId,
  /** `why`: of the place class, in the words of whoever decides it. */
  body: siteKeeping.extend({ why: note.max(1000).optional() }).strict(),
  reply: keptSite,
  says: 'Says what a site is and how long it keeps; less than the law is refused with the article.',
});

export const decideConflict = endpoint({
  method: 'POST',
  path: '/api/sites/:id/keeping/decision',
  action: 'retention.decide',
  ledger: 'change',
  params: byId,
  body: z
    .object({ conflict: z.string().max(300), keeps: z.enum(['floor', 'ceiling']), reason: note.min(2) })
    .strict(),
  reply: keptSite,
  says: 'Decides, by name and with a reason, which of a floor and a ceiling that contradict each other is kept.',
});

export const confirmClock = endpoint({
  method: 'POST',
  path: '/api/keeping/clock',
  action: 'retention.decide',
  ledger: 'change',
  body: z.object({ now: instantIn, reason: note.min(2) }).strict(),
  reply: z.object({ now: instant }),
  says: 'Confirms that the clock is right after it jumped, so that what is due may be deleted. `now` must be within five minutes of it.',
});

export const setLogPeriod = endpoint({
  method: 'PUT',
  path: '/api/keeping/logs',
  action: 'unit.configure',
  ledger: 'change',
  body: z
    .object({
      period: z.object({ n: z.number().int().min(1).max(3660), unit: z.enum(['day', 'month', 'year']) }),
    })
    .strict(),
  reply: z.object({ period: z.object({ n: z.number(), unit: z.string() }) }),
  says: 'How long address and browser of a sign-in are kept; less than the law is refused with the article.',
});

// ---- marks and holds

const within = { from: instantIn, to: instantIn };
/** A span of a camera, named as a person knows it. */
const spanOfCamera = {
  cameraId: id,
  cameraName: z.string(),
  siteName: z.string(),
  from: instant,
  to: instant,
};
/** `all`: also what is over. */
const ofCameras = page.extend({ camera: id.optional(), all: z.enum(['true', 'false']).default('false') });
const withReason = z.object({ reason: note.min(2) }).strict();

export const hold = z.object({
  id,
  ...spanOfCamera,
  /** Null: until it is released. */
  until: instant.nullable(),
  reason: z.string(),
  authority: z.string(),
  reference: z.string(),
  created: instant,
  createdBy: z.string(),
  released: instant.nullable(),
  releasedBy: z.string().nullable(),
  releasedReason: z.string().nullable(),
  inForce: z.boolean(),
});
export const holds = endpoint({
  method: 'GET',
  path: '/api/holds',
  action: 'retention.read',
  ledger: 'none',
  query: ofCameras,
  reply: listOf(hold),
  says: 'Holds, newest first; `all` with those that are over.',
});
export const addHold = endpoint({
  method: 'POST',
  path: '/api/cameras/:id/holds',
  action: 'footage.hold',
  ledger: 'change',
  params: byId,
  body: z
    .object({
      ...within,
      until: instantIn.nullish(),
      reason: note.min(2),
      authority: note.max(200).default(''),
      reference: note.max(200).default(''),
    })
    .strict(),
  reply: hold,
  says: 'Holds a span: nothing of it is deleted, whatever the reason, until the hold ends.',
});
export const releaseHold = endpoint({
  method: 'POST',
  path: '/api/holds/:id/release',
  action: 'footage.hold',
  ledger: 'change',
  params: byId,
  body: withReason,
  reply: hold,
  says: 'Ends a hold before its time.',
});

export const mark = z.object({
  id,
  ...spanOfCamera,
  kind: z.enum(['important', 'alarm']),
  period: period.nullable(),
  reason: z.string(),
  created: instant,
  createdBy: z.string(),
  removed: instant.nullable(),
  removedBy: z.string().nullable(),
});
export const marks = endpoint({
  method: 'GET',
  path: '/api/marks',
  action: 'retention.read',
  ledger: 'none',
  query: ofCameras,
  reply: listOf(mark),
  says: 'Spans of important value and records of alarms, newest first.',
});
export const addMark = endpoint({
  method: 'POST',
  path: '/api/cameras/:id/marks',
  action: 'footage.mark',
  ledger: 'change',
  params: byId,
  body: z
    .object({
      ...within,
      kind: z.enum(['important', 'alarm']).default('important'),
      /** Absent: as long as the law asks for its kind; needed where the law says nothing. */
      period: period.nullish(),
      reason: note.min(2),
    })
    .strict(),
  reply: mark,
  says: 'Marks a span as of important value, or as the record of an alarm.',
});
export const removeMark = endpoint({
  method: 'POST',
  path: '/api/marks/:id/remove',
  action: 'footage.mark',
  ledger: 'change',
  params: byId,
  body: withReason,
  reply: mark,
  says: 'Takes a mark away.',
});

// ---- why it is still there, and until when

/** One instant of a camera: until when it is kept and because of whom. */
export const whyKept = endpoint({
  method: 'GET',
  path: '/api/cameras/:id/keeping',
  action: 'camera.read',
  ledger: 'none',
  params: byId,
  query: z.object({ at: instantIn }),
  reply: z.object({
    at: instant,
    settled: z.boolean(),
    earliest: instant,
    earliestBecause: z.array(reason),
    due: instant.nullable(),
    dueBecause: z.array(reason),
    latest: instant.nullable(),
    latestBecause: z.array(reason),
    class: segmentClass,
    isHeld: z.boolean(),
    isImportant: z.boolean(),
    isUndecided: z.boolean(),
  }),
  says: 'The ruling for what a camera records at an instant: the earliest and the latest moment of deletion, each with its source.',
});

export const erasurePiece = z.object({
  from: instant,
  to: instant,
  /** suspended: a hold keeps it; kept: a floor keeps it; erased: it goes now; nothing: there is none. */
  outcome: z.enum(['suspended', 'kept', 'erased', 'nothing']),
  /** When a floor ends, or a hold that has an end. */
  until: instant.nullable(),
  because: z.array(reason),
});
export const erasure = z.object({
  id,
  ...spanOfCamera,
  requester: z.string(),
  reason: z.string(),
  created: instant,
  createdBy: z.string(),
  closed: instant.nullable(),
  pieces: z.array(erasurePiece),
});
export const erasures = endpoint({
  method: 'GET',
  path: '/api/erasures',
  action: 'retention.read',
  ledger: 'none',
  query: page,
  reply: listOf(erasure),
  says: 'Requests for erasure and what was answered, newest first.',
});
export const addErasure = endpoint({
  method: 'POST',
  path: '/api/cameras/:id/erasures',
  action: 'footage.erase',
  ledger: 'change',
  params: byId,
  body: z.object({ ...within, requester: note.min(1).max(200), reason: note.min(2) }).strict(),
  reply: erasure,
  says: 'Asks that a span be erased: what neither a hold nor a floor keeps goes now, the rest when it may; the answer explains.',
});

// ---- certificates

export const certificateHead = z.object({
  id,
  no: z.number().int(),
  cameraId: id,
  cameraName: z.string(),
  siteName: z.string(),
  /** UTC day of the segments' start. */
  day: z.string(),
  state: z.enum(['ordered', 'done']),
  /** key: nothing but the day's key, which had to stay when the footage went. */
  why: z.enum(['served', 'ceiling', 'erasure', 'room', 'key']),
  ordered: instant,
  orderedBy: z.string(),
  finished: instant.nullable(),
  count: z.number().int(),
  bytes: z.number(),
  trouble: z.string().nullable(),
  /** The trouble as a code of the catalogue, when a bucket is what stands in the way: it locks what is to go. */
  problem: bucketProblem.nullable(),
  /** It is tried again then; null: at the next look. */
  again: instant.nullable(),
});
export const certificate = certificateHead.extend({
  because: z.array(reason),
  /** SHA-256 of the canonical JSON (RFC 8785) of `segments`, hex; stands in the ledger. */
  digest: z.string(),
  seq: z.number().int(),
  timeZone: z.string(),
  segments: z.array(
    z.object({
      id,
      stream: z.enum(['main', 'sub']),
      startMs: z.number(),
      endMs: z.number(),
      bytes: z.number(),
      digest: z.string(),
      volume: z.string(),
      path: z.string(),
      /** What it was kept as when its deletion was ordered. */
      class: segmentClass.optional(),
    }),
  ),
  /** Segments whose file was gone before. */
  missing: z.array(z.string()),
  keys: z.array(z.object({ source: z.string(), keyId: z.string(), atMs: z.number() })),
  keysKept: z.array(z.object({ source: z.string(), why: z.string() })),
});
export const certificates = endpoint({
  method: 'GET',
  path: '/api/certificates',
  action: 'retention.read',
  ledger: 'none',
  query: page.extend({ camera: id.optional() }),
  reply: listOf(certificateHead),
  says: 'Certificates of deletion, newest first.',
});
export const certificateById = endpoint({
  method: 'GET',
  path: '/api/certificates/:id',
  action: 'retention.read',
  ledger: 'none',
  params: byId,
  reply: certificate,
  says: 'One certificate: the segments, their digests, the destroyed keys, and the rules that ordered it.',
});
export const certificatePaper = endpoint({
  method: 'GET',
  path: '/api/certificates/:id/certificate.pdf',
  action: 'retention.read',
  ledger: 'none',
  params: byId,
  reply: z.unknown(),
  says: 'One certificate on paper, in both languages.',
});
