/** The use register: who looked at what, why, for whom, and the seconds that were really delivered; shifts on duty. */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { id, instant, instantIn, name, note, nothing } from './shapes.ts';

export const use = z.object({
  /** Of the view: its rows in the ledger name it too. */
  id,
  opened: instant,
  ended: instant.nullable(),
  endedWhy: z.string().nullable(),
  person: id,
  personName: z.string(),
  unit: z.string(),
  camera: id,
  cameraName: z.string(),
  siteName: z.string(),
  kind: z.enum(['live', 'playback']),
  from: instant.nullable(),
  to: instant.nullable(),
  /** Of the list of purposes; null in rows from before permissions. */
  purpose: z.string().nullable(),
  reason: z.string(),
  forWhom: z.string().nullable(),
  authority: z.string().nullable(),
  permission: id.nullable(),
  /** The post of the shift it belongs to. */
  shift: z.string().nullable(),
  /** Seconds of video that the engine delivered. */
  deliveredS: z.number(),
  stills: z.number().int(),
  exports: z.number().int(),
  exportBytes: z.number(),
});

export const uses = endpoint({
  method: 'GET',
  path: '/api/uses',
  action: 'use.read',
  ledger: 'view',
  query: z.object({
    from: instantIn.optional(),
    to: instantIn.optional(),
    person: id.optional(),
    camera: id.optional(),
    kind: z.enum(['live', 'playback', 'export']).optional(),
    /** In reason, for whom, authority, names of person and camera. */
    q: z.string().trim().max(80).optional(),
    limit: z.coerce.number().int().min(1).max(500).default(200),
    cursor: z.string().max(60).optional(),
  }),
  reply: z.object({ items: z.array(use), next: z.string().optional() }),
  says: 'The use register, newest first.',
});

export const anomaly = z.object({
  kind: z.enum(['odd-hours', 'volume', 'same-camera', 'bulk']),
  person: id,
  personName: z.string(),
  camera: id.nullable(),
  cameraName: z.string().nullable(),
  /** Day at the site, YYYY-MM-DD; the first of them. */
  day: z.string(),
  /** How many views, seconds or files it is about. */
  count: z.number(),
});

export const useAnomalies = endpoint({
  method: 'GET',
  path: '/api/uses/anomalies',
  action: 'use.read',
  ledger: 'none',
  query: z.object({ days: z.coerce.number().int().min(1).max(92).default(31) }),
  reply: z.object({ items: z.array(anomaly) }),
  says: 'What stands out in the use register: odd hours, one person’s volume, the same camera again and again, bulk download.',
});

const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/);

export const useFile = endpoint({
  method: 'GET',
  path: '/api/uses/monthly/:file',
  action: 'use.read',
  ledger: 'view',
  params: z.object({ file: z.enum(['register.pdf', 'register.xlsx', 'register.json']) }),
  query: z.object({ month, lang: z.enum(['zh', 'en']).default('zh') }),
  reply: z.unknown(),
  says: 'The use register of a month as a file. The digest of its canonical JSON is printed on it and stands in the ledger, which is signed.',
});

export const shift = z.object({
  id,
  post: z.string(),
  began: instant,
  ends: instant,
});

export const myShift = endpoint({
  method: 'GET',
  path: '/api/shift',
  action: 'self',
  ledger: 'none',
  reply: z.object({ shift: shift.nullable() }),
  says: 'The caller’s running shift.',
});

export const beginShift = endpoint({
  method: 'POST',
  path: '/api/shift',
  action: 'shift.keep',
  ledger: 'change',
  body: z.object({ post: name.min(2) }).strict(),
  reply: shift,
  says: 'Goes on duty at a post: live views under a permission for duty are registered by the shift until it ends.',
});

export const endShift = endpoint({
  method: 'DELETE',
  path: '/api/shift',
  action: 'shift.keep',
  ledger: 'change',
  body: z.object({ note: note.default('') }).strict(),
  reply: nothing,
  says: 'Goes off duty, with what the next shift should know; live views of the shift end.',
});
