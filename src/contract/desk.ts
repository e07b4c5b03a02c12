/** The desk of the organ that receives filings: units, packs, answers, who is late, inspections. */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { clock, content, day, kinds, maxPackBytes, paragraph } from './filing.ts';
import { byId, id, instant, name, nothing } from './shapes.ts';

export { maxPackBytes } from './filing.ts';

const line = (max: number) =>
  z
    .string()
    .trim()
    .max(max)
    .regex(/^[^\p{Cc}\p{Cf}]*$/u);

export const unit = z.object({
  id,
  name: z.string(),
  creditCode: z.string(),
  key: z.string(),
  added: instant,
  delegates: z.array(z.object({ personId: id, name: z.string() })),
});

export const deskFiling = z.object({
  id,
  unitId: id,
  unitName: z.string(),
  placeId: id,
  placeName: z.string(),
  no: z.number().int(),
  kind: z.enum(kinds),
  digest: z.string(),
  cameras: z.number().int(),
  submittedOn: day,
  /** What the law gave it time for; null: at once, or nobody knows. */
  dueOn: day.nullable(),
  late: z.boolean(),
  arrived: instant,
  state: z.enum(['arrived', 'accepted', 'returned']),
  answeredOn: day.nullable(),
  answeredBy: z.string().nullable(),
  receiptNo: z.string().nullable(),
  reasons: z.string().nullable(),
});

export const inspection = z.object({
  id,
  unitId: id,
  unitName: z.string(),
  placeId: id,
  placeName: z.string(),
  on: day,
  purpose: z.string(),
  officers: z.array(z.object({ name: z.string(), number: z.string() })),
  heldOn: day.nullable(),
  foundCameras: z.number().int().nullable(),
  findings: z.string().nullable(),
  outcome: z.enum(['in-order', 'to-correct']).nullable(),
  correctBy: day.nullable(),
});

export const place = z.object({
  id,
  unitId: id,
  unitName: z.string(),
  name: z.string(),
  address: z.string(),
  placeClass: z.string(),
  usedSince: day.nullable(),
  /** Of the filing that was accepted last. */
  filedCameras: z.number().int().nullable(),
  /** Counted by the last inspection after that filing. */
  foundCameras: z.number().int().nullable(),
  state: z.enum(['none', 'arrived', 'accepted', 'returned']),
  /** Nothing was filed, and the law's time runs or is over. */
  clocks: z.array(clock),
  /** An inspection found another number of cameras than was filed, and nothing was filed since. */
  changedWithoutFiling: z.boolean(),
});

export const desk = endpoint({
  method: 'GET',
  path: '/api/desk',
  action: 'desk.read',
  ledger: 'none',
  reply: z.object({
    /** The key that signs this desk's answers: `name+id+key`. */
    key: z.string(),
    units: z.array(unit),
    places: z.array(place),
    filings: z.array(deskFiling),
    inspections: z.array(inspection),
  }),
  says: 'Everything at the desk: units, places with their clocks, what was filed, inspections.',
});

export const own = endpoint({
  method: 'GET',
  path: '/api/desk/own',
  action: 'desk.bring',
  ledger: 'none',
  reply: z.object({
    unit: z.object({ id, name: z.string() }).nullable(),
    filings: z.array(deskFiling),
    inspections: z.array(inspection),
  }),
  says: "A delegate's own unit at the desk, and nothing of any other.",
});

export const addUnit = endpoint({
  method: 'POST',
  path: '/api/desk/units',
  action: 'desk.decide',
  ledger: 'change',
  body: z.strictObject({ name, creditCode: line(40).default(''), key: z.string().max(400) }),
  reply: unit,
  says: 'Registers a unit with the key that stands on its sealed form.',
});

export const addDelegate = endpoint({
  method: 'POST',
  path: '/api/desk/units/:id/delegates',
  action: 'desk.decide',
  ledger: 'change',
  params: byId,
  body: z.strictObject({ person: z.string().trim().min(1).max(64) }),
  reply: nothing,
  says: 'Says of which unit a person is a delegate: by sign-in name.',
});

export const addPlace = endpoint({
  method: 'POST',
  path: '/api/desk/units/:id/places',
  action: 'desk.decide',
  ledger: 'change',
  params: byId,
  body: z.strictObject({
    name,
    address: line(200).default(''),
    placeClass: z.enum(['art7.1-government', 'art7.2-operator', 'art9-other-public', 'art33-non-public']),
    placeType: line(60).nullable().default(null),
    profiles: z.array(line(60)).min(1).max(10),
    usedSince: z.string().max(20).nullable(),
  }),
  reply: nothing,
  says: 'Enters a place that has to be filed and of which nothing came yet.',
});

export const bring = endpoint({
  method: 'POST',
  path: '/api/desk/packs',
  action: 'desk.bring',
  ledger: 'change',
  // JSON in JSON: every quote of the pack is escaped once more.
  maxBodyBytes: 2 * maxPackBytes,
  body: z.strictObject({ pack: z.string().max(maxPackBytes) }),
  reply: deskFiling,
  says: 'Brings a signed pack to the desk: a delegate of their own unit only.',
});

export const deskFilingById = endpoint({
  method: 'GET',
  path: '/api/desk/filings/:id',
  action: 'desk.read',
  ledger: 'view',
  params: byId,
  reply: deskFiling.extend({
    content,
    /** What the law asks for and the pack does not have. */
    missingDocuments: z.array(z.string()),
    missingFacts: z.array(z.string()),
  }),
  says: 'What a unit filed, whole, with what is not complete.',
});

export const answer = endpoint({
  method: 'POST',
  path: '/api/desk/filings/:id/answer',
  action: 'desk.decide',
  ledger: 'change',
  params: byId,
  body: z.discriminatedUnion('outcome', [
    z.strictObject({ outcome: z.literal('accepted'), receiptNo: line(80).min(1) }),
    z.strictObject({ outcome: z.literal('returned'), reasons: paragraph(4000) }),
  ]),
  reply: deskFiling,
  says: 'Accepts a complete filing with a receipt, or returns it with reasons; the answer is signed.',
});

export const answerFile = endpoint({
  method: 'GET',
  path: '/api/desk/filings/:id/answer.txt',
  action: 'desk.bring',
  ledger: 'view',
  params: byId,
  reply: z.unknown(),
  says: 'The signed answer, for the unit to take home.',
});

export const document = endpoint({
  method: 'GET',
  path: '/api/desk/filings/:id/documents/:digest',
  action: 'desk.read',
  ledger: 'view',
  params: byId.extend({ digest: z.string().regex(/^[0-9a-f]{64}$/) }),
  reply: z.unknown(),
  says: 'A document out of a pack.',
});

const officer = z.strictObject({ name: line(80).min(1), number: line(40).min(1) });

export const planInspection = endpoint({
  method: 'POST',
  path: '/api/desk/inspections',
  action: 'desk.inspect',
  ledger: 'change',
  body: z.strictObject({
    placeId: id,
    on: z.string().max(20),
    purpose: line(2000).min(1),
    officers: z.tuple([officer, officer]),
  }),
  reply: inspection,
  says: 'Plans an inspection by two officers.',
});

export const recordInspection = endpoint({
  method: 'POST',
  path: '/api/desk/inspections/:id/result',
  action: 'desk.inspect',
  ledger: 'change',
  params: byId,
  body: z.strictObject({
    heldOn: z.string().max(20),
    foundCameras: z.number().int().min(0).max(100_000).nullable(),
    findings: line(4000),
    outcome: z.enum(['in-order', 'to-correct']),
    correctBy: z.string().max(20).nullable(),
  }),
  reply: inspection,
  says: 'What an inspection found.',
});
