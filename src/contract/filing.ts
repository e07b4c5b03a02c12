/** Filing: what a filing tells, its states, its clocks, and what differs now from what was filed. */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { byId, id, instant, listOf, nothing } from './shapes.ts';

export const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);
/** A line that a person wrote: no control characters, and nothing that turns the direction of the text. */
const line = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\p{Cc}\p{Cf}]*$/u);
const trimmed = (max: number) =>
  z
    .string()
    .trim()
    .max(max)
    .regex(/^[^\p{Cc}\p{Cf}]*$/u);
/** Several lines. */
export const paragraph = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^(?:[^\p{Cc}\p{Cf}]|\n)*$/u);

export const kinds = ['first', 'change', 'stop'] as const;
export const states = ['draft', 'submitted', 'received', 'returned'] as const;
export const ways = ['portal', 'paper', 'pack'] as const;
export const fields = [
  ...(['unit', 'address', 'camera-added', 'camera-removed', 'camera-moved', 'camera-type'] as const),
  ...(['storage-period', 'person-responsible', 'stop'] as const),
] as const;
export const documentKinds = [
  ...(['authorisation-letter', 'licence-and-code', 'builder-qualifications'] as const),
  ...(['implementation-plan', 'test-report', 'acceptance-report', 'registration-form'] as const),
] as const;

// ---- what a filing tells

const finite = z.number().min(-1e6).max(1e6).nullable();
export const device = z.strictObject({
  id,
  name: line(80),
  room: line(60).nullable(),
  zone: z.enum(['public', 'private']),
  purpose: z.enum(['public-safety', 'enforcement', 'other']),
  turns: z.boolean(),
  sound: z.boolean(),
  capabilities: z.array(line(60)).max(20),
  lat: finite,
  lon: finite,
  azimuthDeg: finite,
  angleDeg: finite,
  rangeM: finite,
  /** First day of operating. */
  since: day.nullable(),
});

const unitFacts = {
  name: line(80),
  creditCode: line(40),
  address: line(200),
  legalPerson: line(80),
  contact: line(80),
  phone: line(40),
};
const period = z.strictObject({
  n: z.number().int().min(1).max(36_600),
  unit: z.enum(['hour', 'day', 'workingDay', 'month', 'year']),
});
/** One thing that differs from what was filed before. */
const difference = z.strictObject({
  field: z.enum(fields),
  on: day,
  cameraId: id.nullable(),
  cameraName: line(80).nullable(),
});

export const maxDevices = 20_000;
export const maxDocuments = 12;
export const maxDocumentBytes = 4 * 1024 * 1024;
/** A pack as a file: what it tells and its documents. */
export const maxPackBytes = 24 * 1024 * 1024;

export const content = z.strictObject({
  form: z.literal('custos.filing/1'),
  filing: z.strictObject({ id, no: z.number().int().min(1).max(1_000_000), kind: z.enum(kinds) }),
  /** Whose it is: the key that its packs are signed with. */
  key: line(300),
  organ: line(80),
  unit: z.strictObject({ id, ...unitFacts }),
  site: z.strictObject({
    id,
    name: line(80),
    address: line(300),
    timeZone: line(60),
    placeType: line(60).nullable(),
    placeClass: line(40).nullable(),
    owner: line(40).nullable(),
    keyTarget: z.boolean(),
    profiles: z.array(line(60)).max(40),
    functions: z.array(line(20)).max(8),
  }),
  system: z.strictObject({
    usedSince: day.nullable(),
    stoppedOn: day.nullable(),
    /** The law's, or the unit's own where that is longer; null: no law names one and nobody has said. */
    storage: period.nullable(),
    personResponsible: line(2000).nullable(),
    cameras: z.number().int().min(0).max(maxDevices),
    fixed: z.number().int().min(0).max(maxDevices),
    turning: z.number().int().min(0).max(maxDevices),
    withSound: z.number().int().min(0).max(maxDevices),
  }),
  devices: z.array(device).max(maxDevices),
  documents: z
    .array(
      z.strictObject({
        kind: line(60),
        name: line(120),
        on: day,
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        bytes: z.number().int().min(1).max(maxDocumentBytes),
      }),
    )
    .max(maxDocuments),
  changes: z.array(difference).max(maxDevices * 2),
  /** Which rules it answers. */
  rules: z.array(z.strictObject({ instrument: line(200), article: line(60) })).max(40),
  attested: z.strictObject({ by: line(80), as: line(80), on: day }),
});
export type Content = z.output<typeof content>;

// ---- how it stands

const because = z.array(z.object({ instrument: z.string(), article: z.string(), quote: z.string() }));
export const clock = z.object({
  kind: z.enum(['go-live', 'legacy', 'change', 'stop']),
  from: day,
  /** The last day; null: at once, or `missingYear` says which official calendar is not known. */
  last: day.nullable(),
  /** The same, moved off a day on which nobody works. */
  rolled: day.nullable(),
  missingYear: z.number().int().nullable(),
  daysLeft: z.number().int().nullable(),
  state: z.enum(['due', 'overdue']),
  warning: z.number().int().nullable(),
  because,
  /** What changed on that day. */
  changes: z.array(
    z.object({ field: z.enum(fields), cameraId: id.nullable(), cameraName: z.string().nullable() }),
  ),
});

export const drifted = z.object({
  field: z.enum(fields),
  cameraId: id.nullable(),
  cameraName: z.string().nullable(),
  on: day,
  /** Each part that differs, as it was filed and as it is; null: there was or is none. */
  parts: z.array(z.object({ part: z.string(), was: z.string().nullable(), is: z.string().nullable() })),
});

export const filing = z.object({
  id,
  siteId: id,
  siteName: z.string(),
  no: z.number().int(),
  state: z.enum(states),
  kind: z.enum(kinds),
  replaces: id.nullable(),
  made: instant,
  madeBy: z.string(),
  digest: z.string().nullable(),
  attestedBy: z.string().nullable(),
  attestedAs: z.string().nullable(),
  way: z.enum(ways).nullable(),
  submittedOn: day.nullable(),
  answeredOn: day.nullable(),
  answeredBy: z.string().nullable(),
  receiptNo: z.string().nullable(),
  reasons: z.string().nullable(),
});

export const document = z.object({
  id,
  kind: z.string(),
  name: z.string(),
  on: day,
  bytes: z.number().int(),
  sha256: z.string(),
  added: instant,
  addedBy: z.string(),
});

export const siteFiling = z.object({
  siteId: id,
  siteName: z.string(),
  timeZone: z.string(),
  today: day,
  organ: z.string(),
  organKey: z.string().nullable(),
  usedSince: day.nullable(),
  /** As the clocks count it: the earlier of what was said and the first camera that operated. */
  liveSince: day.nullable(),
  stoppedOn: day.nullable(),
  state: z.enum(['not-owed', 'not-live', 'none', 'draft', 'submitted', 'received', 'returned']),
  /** The draft that is there. */
  draft: id.nullable(),
  placeClass: z.string().nullable(),
  cameras: z.number().int(),
  clocks: z.array(clock),
  drift: z.array(drifted),
  documents: z.array(document),
  /** Kinds that the law asks for and that are not there. */
  missingDocuments: z.array(z.string()),
  /** What the filing must tell and the register does not know. */
  missingFacts: z.array(z.string()),
  /** What was told to whoever watches over it. */
  reminders: z.array(z.object({ clock: z.string(), days: z.number().int(), told: instant })),
});

export const overview = endpoint({
  method: 'GET',
  path: '/api/filings/overview',
  action: 'filing.read',
  ledger: 'none',
  reply: z.object({
    unit: z.object({ id, ...unitFacts, changed: instant.nullable(), changedBy: z.string().nullable() }),
    /** The key that signs this unit's packs: `name+id+key`. */
    key: z.string(),
    /** Years whose official calendar is known. */
    calendarYears: z.array(z.number().int()),
    sites: z.array(siteFiling),
    can: z.object({ file: z.boolean() }),
  }),
  says: 'Each site: what is to be filed until when and by which article, and what differs from what was filed.',
});

export const filings = endpoint({
  method: 'GET',
  path: '/api/filings',
  action: 'filing.read',
  ledger: 'none',
  query: z.object({ site: id.optional() }),
  reply: listOf(filing),
  says: 'Every filing, newest first.',
});

export const changeUnit = endpoint({
  method: 'PUT',
  path: '/api/filings/unit',
  action: 'filing.file',
  ledger: 'change',
  body: z.strictObject({
    creditCode: trimmed(40),
    address: trimmed(200),
    legalPerson: trimmed(80),
    contact: trimmed(80),
    phone: trimmed(40),
  }),
  reply: nothing,
  says: 'What a filing tells of the unit.',
});

export const changeUse = endpoint({
  method: 'PUT',
  path: '/api/sites/:id/use',
  action: 'filing.file',
  ledger: 'change',
  params: byId,
  body: z.strictObject({
    organ: trimmed(80),
    /** `name+id+key`; as it was copied from paper, blanks and all. */
    organKey: z.string().max(400).nullable().default(null),
    usedSince: z.string().max(20).nullable(),
    stoppedOn: z.string().max(20).nullable(),
    stoppedWhy: trimmed(2000).default(''),
  }),
  reply: nothing,
  says: 'To whom a site is filed, since when its system is used, and when that ended.',
});

export const addDocument = endpoint({
  method: 'POST',
  path: '/api/sites/:id/documents',
  action: 'filing.file',
  ledger: 'change',
  params: byId,
  // Base64 of a document, and what stands around it.
  maxBodyBytes: 6 * 1024 * 1024,
  body: z.strictObject({
    kind: z.enum(documentKinds),
    name: trimmed(120).min(1),
    on: z.string().max(20),
    /** The PDF, base64. */
    pdf: z.string().max(Math.ceil((maxDocumentBytes * 4) / 3) + 8),
  }),
  reply: document,
  says: 'Adds a document to the filings of a site: a PDF of at most 4 MiB.',
});

export const endDocument = endpoint({
  method: 'POST',
  path: '/api/filings/documents/:id/end',
  action: 'filing.file',
  ledger: 'change',
  params: byId,
  body: z.strictObject({ reason: trimmed(2000).min(1) }),
  reply: nothing,
  says: 'A document is used no more; it stays on record.',
});

export const documentFile = endpoint({
  method: 'GET',
  path: '/api/filings/documents/:id/document.pdf',
  action: 'filing.read',
  ledger: 'view',
  params: byId,
  reply: z.unknown(),
  says: 'A document as it was added.',
});

export const startFiling = endpoint({
  method: 'POST',
  path: '/api/filings',
  action: 'filing.file',
  ledger: 'change',
  body: z.strictObject({ siteId: id }),
  reply: filing,
  says: 'Begins a filing of a site; of what kind it is the register decides.',
});

export const filingById = endpoint({
  method: 'GET',
  path: '/api/filings/:id',
  action: 'filing.read',
  ledger: 'none',
  params: byId,
  reply: filing.extend({
    /** Of a draft: as the register is now. */
    content,
    contentDigest: z.string(),
    missingDocuments: z.array(z.string()),
    missingFacts: z.array(z.string()),
  }),
  says: 'A filing whole: a draft as the register is now, anything else as it was frozen.',
});

export const dropFiling = endpoint({
  method: 'DELETE',
  path: '/api/filings/:id',
  action: 'filing.file',
  ledger: 'change',
  params: byId,
  reply: nothing,
  says: 'Drops a draft.',
});

export const submitFiling = endpoint({
  method: 'POST',
  path: '/api/filings/:id/submission',
  action: 'filing.file',
  ledger: 'change',
  params: byId,
  body: z.strictObject({
    /** Of the content that was read: when the register changed since, nothing is submitted. */
    digest: z.string().regex(/^[0-9a-f]{64}$/),
    way: z.enum(ways),
    /** In what office the person who is signed in declares it true. */
    as: trimmed(80).min(1),
    /** "What is filed is true." */
    true: z.literal(true),
  }),
  reply: filing,
  says: 'Declares it true by name, freezes it, and puts on record that it was submitted today.',
});

const answer = z.discriminatedUnion('outcome', [
  z.strictObject({
    outcome: z.literal('received'),
    receiptNo: trimmed(80).min(1),
    on: z.string().max(20),
    by: trimmed(80).min(1),
  }),
  z.strictObject({
    outcome: z.literal('returned'),
    reasons: paragraph(4000),
    on: z.string().max(20),
    by: trimmed(80).min(1),
  }),
]);

export const answerFiling = endpoint({
  method: 'POST',
  path: '/api/filings/:id/answer',
  action: 'filing.file',
  ledger: 'change',
  params: byId,
  body: answer,
  reply: filing,
  says: 'What the organ answered: a receipt with its number, or a return with its reasons.',
});

export const takeAnswer = endpoint({
  method: 'POST',
  path: '/api/filings/answers',
  action: 'filing.file',
  ledger: 'change',
  body: z.strictObject({ answer: z.string().max(64 * 1024) }),
  reply: filing,
  says: "Takes in the signed answer of an organ's desk.",
});

export const filingFile = endpoint({
  method: 'GET',
  path: '/api/filings/:id/:file',
  action: 'filing.read',
  ledger: 'view',
  params: byId.extend({ file: z.enum(['form.pdf', 'form.xlsx', 'form.json', 'pack.json', 'letter.pdf']) }),
  query: z.object({ lang: z.enum(['zh', 'en']).default('zh') }),
  reply: z.unknown(),
  says: 'The form in the order of the national portal as PDF, XLSX or JSON; the signed pack for an organ’s desk; the letter of authorisation to be sealed.',
});
