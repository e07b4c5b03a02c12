/** The duty board: every duty of the book, and how each stands at a site today. */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { byId, id, listOf } from './shapes.ts';

const day = z.iso.date();
const state = z.enum(['met', 'due', 'overdue', 'unknown', 'not-applicable']);
const counts = z.record(state, z.number().int());
const both = z.object({ en: z.string(), zh: z.string() });
const site = z.object({ id, name: z.string() });

export const boards = endpoint({
  method: 'GET',
  path: '/api/duties',
  action: 'duty.read',
  ledger: 'none',
  reply: listOf(z.object({ site, day, counts })),
  says: 'Of each site, how many duties of the book stand how today.',
});

export const boardRow = z.object({
  /** As the book numbers it: `RE-01`. */
  id: z.string(),
  state,
  /** The last day of what is due, or since when it is overdue; null: no date is known. */
  at: day.nullable(),
  inDays: z.number().int().nullable(),
  title: both,
  why: both,
  todo: both,
  /** What shows that it is met. */
  evidence: z.enum(['record', 'count', 'filing', 'register', 'system', 'none']),
  /** Of a camera's own duty: how many cameras stand how; null: a duty of the site. */
  cameras: counts.nullable(),
  /** Cameras to look at first, at most twenty. */
  look: z.array(z.object({ id, name: z.string() })),
});

export const board = endpoint({
  method: 'GET',
  path: '/api/sites/:id/duties',
  action: 'duty.read',
  ledger: 'none',
  params: byId,
  reply: z.object({
    site,
    day,
    /** Profiles of law that bind the site, with those they bring along. */
    profiles: z.array(z.string()),
    counts,
    rows: z.array(boardRow),
  }),
  says: 'The duty board of a site: every duty of the book, met, due, overdue, not known or not applicable, and why.',
});

export const boardFile = endpoint({
  method: 'GET',
  path: '/api/sites/:id/duties/:file',
  action: 'duty.read',
  ledger: 'view',
  params: byId.extend({ file: z.enum(['pack.pdf', 'pack.json']) }),
  query: z.object({ lang: z.enum(['zh', 'en']).default('zh') }),
  reply: z.unknown(),
  says: "The inspector's pack of a site: its board on paper, or as the canonical JSON whose digest is in the ledger and on the paper.",
});
