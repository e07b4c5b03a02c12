/** Places that must have a system, and what is missing there. */
import { z } from 'zod';
import { gapStates } from '../law/index.ts';
import { day, point } from './collect.ts';
import { endpoint } from './endpoint.ts';
import { byId, id, instant, listOf, name, note } from './shapes.ts';

const keyPosition = z.object({
  id: z
    .string()
    .min(1)
    .max(40)
    .regex(/^[a-z0-9-]+$/i),
  name,
  at: point,
});

const rule = z.object({ instrument: z.string(), article: z.string(), quote: z.string() });

export const place = z.object({
  /** Of a place in the list; of a site that its kind alone puts there, the site's. */
  id,
  /** `listed`: somebody put it there; `site`: a site here of a kind that the law names. */
  from: z.enum(['listed', 'site']),
  name: z.string(),
  placeType: z.string(),
  profile: z.string(),
  siteId: id.nullable(),
  siteName: z.string().nullable(),
  address: z.string(),
  responsible: z.string(),
  designation: z.string(),
  designatedOn: day.nullable(),
  position: point.nullable(),
  keyPositions: z.array(keyPosition),
  written: instant.nullable(),
  writtenBy: z.string().nullable(),
  /** Who says that there must be a system; empty: a designation alone. */
  because: z.array(rule),
  gap: z.object({
    state: z.enum(gapStates),
    cameras: z.number().int(),
    recorded: z.number().int(),
    operating: z.number().int(),
    uncovered: z.array(z.string()),
  }),
  /** For the sketch: where the recorded cameras look. */
  views: z.array(
    z.object({
      name: z.string(),
      at: point,
      azimuthDeg: z.number(),
      angleDeg: z.number(),
      rangeM: z.number(),
    }),
  ),
});

const fields = {
  name,
  placeType: z.string().min(1).max(60),
  profile: z.string().min(1).max(60).default('cn-national'),
  siteId: id.nullable().default(null),
  address: note.max(500).default(''),
  responsible: note.max(200).default(''),
  designation: note.max(500).default(''),
  designatedOn: day.nullable().default(null),
  position: point.nullable().default(null),
  keyPositions: z.array(keyPosition).max(200).default([]),
};

export const mandatoryPlaces = endpoint({
  method: 'GET',
  path: '/api/places',
  action: 'site.read',
  ledger: 'none',
  reply: listOf(place),
  says: 'Places that must have a system, and what is missing at each: those in the list, and the sites whose kind the law names.',
});
export const addPlace = endpoint({
  method: 'POST',
  path: '/api/places',
  action: 'site.configure',
  ledger: 'change',
  body: z.object(fields).strict(),
  reply: z.object({ id }),
  says: 'Puts a place into the list of those that must have a system.',
});
export const changePlace = endpoint({
  method: 'PUT',
  path: '/api/places/:id',
  action: 'site.configure',
  ledger: 'change',
  params: byId,
  body: z.object(fields).strict(),
  reply: z.object({ id }),
  says: 'Changes what the list says of a place.',
});
export const endPlace = endpoint({
  method: 'POST',
  path: '/api/places/:id/end',
  action: 'site.configure',
  ledger: 'change',
  params: byId,
  body: z.object({ reason: note.min(2) }).strict(),
  reply: z.object({}).strict(),
  says: 'Takes a place out of the list; its row stays.',
});
export const placesFile = endpoint({
  method: 'GET',
  path: '/api/places/report/:file',
  action: 'site.read',
  ledger: 'view',
  params: z.object({ file: z.enum(['gaps.xlsx', 'gaps.csv']) }),
  query: z.object({ lang: z.enum(['zh', 'en']).default('zh') }),
  reply: z.unknown(),
  says: 'The gap report as a file.',
});
