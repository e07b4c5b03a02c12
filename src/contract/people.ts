/** Persons as the law wants them: what stands on record for each, who leaves, and what an inert account lacks. */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { person, personStanding } from './gate.ts';
import { byId, id, instant, listOf, note } from './shapes.ts';

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);

export const personRecord = z.object({
  id,
  personId: id,
  kind: z.string(),
  on: day,
  until: day,
  /** The moment from which it holds no more. */
  ends: instant,
  score: z.number().int().nullable(),
  said: z.string(),
  written: instant,
  writtenBy: z.string(),
  ended: instant.nullable(),
  endedBy: z.string().nullable(),
  endedReason: z.string().nullable(),
});

export const personRecords = endpoint({
  method: 'GET',
  path: '/api/persons/:id/records',
  action: 'person.read',
  ledger: 'none',
  params: byId,
  reply: listOf(personRecord),
  says: 'What stands or stood on record for a person, newest first.',
});

export const addPersonRecord = endpoint({
  method: 'POST',
  path: '/api/persons/:id/records',
  action: 'person.configure',
  ledger: 'change',
  params: byId,
  body: z
    .object({
      kind: z.string().max(60),
      on: day,
      until: day,
      score: z.number().int().min(0).max(100).nullish(),
      said: note.min(1),
    })
    .strict(),
  reply: personRecord,
  says: 'Puts vetting, training, an examination, a certificate or an agreement on record; nobody does so for himself where another administrator could.',
});

export const endPersonRecord = endpoint({
  method: 'POST',
  path: '/api/person-records/:id/end',
  action: 'person.configure',
  ledger: 'change',
  params: byId,
  body: z.object({ reason: note.min(2) }).strict(),
  reply: personRecord,
  says: 'Ends what stands on record; when the account needs it, its sessions and views end at once.',
});

export const leave = endpoint({
  method: 'POST',
  path: '/api/persons/:id/leave',
  action: 'person.configure',
  ledger: 'change',
  params: byId,
  body: z.object({ reason: note.min(2) }).strict(),
  reply: person,
  says: 'The person leaves: sessions, views, tokens and what stands on record end at once.',
});

export const ownStanding = endpoint({
  method: 'GET',
  path: '/api/session/standing',
  action: 'self',
  ledger: 'none',
  reply: z.object({
    inert: z.boolean(),
    founding: z.boolean(),
    clearedUntil: instant.nullable(),
    records: z.array(personStanding),
  }),
  says: "What stands on record for the caller, what is missing, and until when the caller's account works.",
});
