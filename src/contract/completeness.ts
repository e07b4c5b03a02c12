/** How complete recording is: of one camera over any span, and of a site month by month. */
import { z } from 'zod';
import { gapCauses } from './causes.ts';
import { endpoint } from './endpoint.ts';
import { byId, id, instant, instantIn } from './shapes.ts';

const cause = z.enum(Object.keys(gapCauses) as [keyof typeof gapCauses]);
const ms = z.number().int();

/** Whole milliseconds that add up exactly: recorded + away + served + missing = whole, and the causes are the missing. */
export const figures = z.object({
  wholeMs: ms,
  recordedMs: ms,
  /** Was recorded, and lies in storage that cannot be reached now: not missing, and not to be seen until it is back. */
  awayMs: ms,
  /** Was recorded, and deleted when its term was over: not missing. */
  servedMs: ms,
  missingMs: ms,
  /** (recorded + away + served) / whole, 0–1. */
  coverage: z.number(),
  causes: z.array(z.object({ cause, ms })),
});

export const coverage = endpoint({
  method: 'GET',
  path: '/api/cameras/:id/coverage',
  action: 'camera.read',
  ledger: 'none',
  params: byId,
  query: z.object({ from: instantIn, to: instantIn }),
  reply: figures.extend({ from: instant, to: instant }),
  says: 'How complete a camera was recorded in a span, with every missing moment under its cause. At most 32 days.',
});

const day = z.string();
const longGap = z.object({
  from: instant,
  to: instant,
  ms,
  cause,
  detail: z.record(z.string(), z.union([z.string(), z.number()])),
});
const dayFigures = { wholeMs: ms, missingMs: ms, coverage: z.number() };

export const report = figures.extend({
  site: z.object({ id, name: z.string(), timeZone: z.string() }),
  /** YYYY-MM, of the site's zone. */
  month: z.string(),
  from: instant,
  to: instant,
  /** Of the month as the zone has it. */
  hours: z.number(),
  /** The figures reach until here. */
  until: instant,
  isOver: z.boolean(),
  cameras: z.array(
    figures.extend({
      id,
      name: z.string(),
      retired: z.boolean(),
      from: instant,
      to: instant,
      gaps: z.number().int(),
      longest: z.array(longGap),
      worst: z.array(z.object({ day, ...dayFigures })),
    }),
  ),
  days: z.array(z.object({ day, hours: z.number(), ...dayFigures })),
});

const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/);

export const completeness = endpoint({
  method: 'GET',
  path: '/api/sites/:id/completeness',
  action: 'completeness.read',
  ledger: 'none',
  params: byId,
  query: z.object({ month }),
  reply: z.object({
    report,
    /** The report as it was put on record when the month was over. */
    filed: z.object({ made: instant, digest: z.string() }).nullable(),
  }),
  says: 'The completeness report of a site and month.',
});

export const completenessFile = endpoint({
  method: 'GET',
  path: '/api/sites/:id/completeness/:file',
  action: 'completeness.read',
  ledger: 'view',
  params: byId.extend({ file: z.enum(['report.pdf', 'report.xlsx', 'report.csv', 'filed.json']) }),
  query: z.object({ month, lang: z.enum(['zh', 'en']).default('zh') }),
  reply: z.unknown(),
  says: 'The report as a file: PDF, XLSX or CSV; filed.json is the canonical JSON whose digest stands in the ledger.',
});
