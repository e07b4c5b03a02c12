/** Views, timelines and the events that keep a console current. */
import { z } from 'zod';
import { gapCauses } from './causes.ts';
import { camera } from './collect.ts';
import { endpoint } from './endpoint.ts';
import { byId, id, instant, instantIn, listOf, note, nothing, page } from './shapes.ts';

export const gapCause = z.enum(Object.keys(gapCauses) as [keyof typeof gapCauses]);
export const span = z.object({ from: instant, to: instant });
export const gap = z.object({
  from: instant,
  to: instant,
  cause: gapCause,
  /** Values for the cause's sentence, e.g. `by`, and the camera problem's code and values where one is known. */
  detail: z.record(z.string(), z.union([z.string(), z.number()])),
  /** True while it lasts: `to` is then now. */
  open: z.boolean(),
});

export const timeline = endpoint({
  method: 'GET',
  path: '/api/cameras/:id/timeline',
  action: 'camera.read',
  ledger: 'none',
  params: byId,
  query: z.object({ from: instantIn, to: instantIn }),
  reply: z.object({
    from: instant,
    to: instant,
    spans: z.array(span),
    /** Within the gaps: where only the sub-stream was recorded. It is played, stilled and handed out like the rest. */
    small: z.array(span),
    gaps: z.array(gap),
    /** Nothing of them is deleted while they last. */
    holds: z.array(span.extend({ id })),
    marks: z.array(span.extend({ id, kind: z.enum(['important', 'alarm']) })),
    /** Oldest and newest instants of this camera's footage. */
    oldest: instant.nullable(),
    newest: instant.nullable(),
    /** Recorded seconds over all seconds since the camera's first in this span, 0–1. */
    coverage: z.number(),
  }),
  says: 'What is recorded of a camera in a span, what is not, and why. At most 32 days.',
});

export const calendar = endpoint({
  method: 'GET',
  path: '/api/cameras/:id/calendar',
  action: 'camera.read',
  ledger: 'none',
  params: byId,
  query: z.object({ month: z.string().regex(/^\d{4}-\d{2}$/), timeZone: z.string().max(60) }),
  reply: z.object({
    days: z.array(
      z.object({
        day: z.string(),
        seconds: z.number(),
        /** Of them what lies in storage that cannot be reached now: not lost, and not to be seen until it is back. */
        awaySeconds: z.number(),
        gaps: z.number().int(),
      }),
    ),
  }),
  says: 'Recorded seconds for each day of a month, by the days of a time zone.',
});

export const calendars = endpoint({
  method: 'GET',
  path: '/api/calendar',
  action: 'camera.read',
  ledger: 'none',
  query: page.extend({
    limit: z.coerce.number().int().min(1).max(1000).default(1000),
    month: z.string().regex(/^\d{4}-\d{2}$/),
    site: id.optional(),
  }),
  reply: listOf(
    z.object({
      camera: id,
      name: z.string(),
      siteId: id,
      /** Day of the month, and recorded seconds; days without footage are left out. */
      days: z.array(z.tuple([z.number().int(), z.number()])),
      /** Days of which something lies in storage that cannot be reached now. */
      away: z.array(z.number().int()),
    }),
  ),
  says: 'Recorded seconds for each day of a month, of all cameras, each by the days of its site.',
});

export const gaps = endpoint({
  method: 'GET',
  path: '/api/gaps',
  action: 'camera.read',
  ledger: 'none',
  query: page.extend({ from: instantIn, to: instantIn, site: id.optional() }),
  reply: listOf(
    z.object({
      camera: id,
      name: z.string(),
      siteId: id,
      siteName: z.string(),
      /** Seconds that are missing in the span. */
      lostS: z.number(),
      /** Seconds that were recorded and lie where nothing can be read now. */
      awayS: z.number(),
      gaps: z.array(gap),
    }),
  ),
  says: 'The cameras with gaps in a span of at most a day, and the gaps. A page may have fewer than asked for.',
});

/** What a browser can do, as it found out itself. */
export const abilities = z.object({
  /** Codecs (RFC 6381) for which MediaSource.isTypeSupported or VideoDecoder said yes. */
  h265: z.boolean().default(false),
});

export const openView = endpoint({
  method: 'POST',
  path: '/api/views',
  // The action depends on `kind`: the handler asks the gate for view.live or view.playback.
  action: 'self',
  ledger: 'view',
  body: z.object({
    camera: id,
    kind: z.enum(['live', 'playback']),
    from: instantIn.optional(),
    to: instantIn.optional(),
    /** Why: asked before the first frame. For live on duty the console sends the shift. */
    purpose: note.min(2),
    /** For whom, or where the footage goes. Asked for everything but live pictures on a shift. */
    forWhom: note.min(2).max(200).optional(),
    /** Number of a notice or letter, where there is one. */
    authority: note.max(200).optional(),
    stream: z.enum(['main', 'sub', 'auto']).default('auto'),
    abilities: abilities.optional(),
  }),
  reply: z.object({
    ticket: id,
    /** Path of the media door; a WebSocket, or with /footage.mp4, /index.m3u8, /still.jpg behind it. */
    url: z.string(),
    expires: instant,
    stream: z.enum(['main', 'sub']),
    /** True when FFmpeg turns the picture into H.264 for this browser. */
    transcoded: z.boolean(),
    from: instant.nullable(),
    to: instant.nullable(),
  }),
  says: 'Opens a view: the only way to footage. The ticket is this person’s, this session’s, and short-lived.',
});

export const view = z.object({
  ticket: id,
  camera: id,
  cameraName: z.string(),
  kind: z.enum(['live', 'playback']),
  person: z.string(),
  purpose: z.string(),
  opened: instant,
  expires: instant,
  /** Seconds of video that the engine has delivered. */
  deliveredS: z.number(),
});
export const views = endpoint({
  method: 'GET',
  path: '/api/views',
  action: 'self',
  ledger: 'none',
  reply: listOf(view),
  says: "The caller's open views.",
});
export const closeView = endpoint({
  method: 'DELETE',
  path: '/api/views/:ticket',
  action: 'self',
  ledger: 'view',
  params: z.object({ ticket: id }),
  reply: nothing,
  says: 'Closes a view of the caller.',
});
export const renewView = endpoint({
  method: 'POST',
  path: '/api/views/:ticket/renew',
  action: 'self',
  ledger: 'none',
  params: z.object({ ticket: id }),
  reply: z.object({ expires: instant }),
  says: 'Keeps a running view open for another while, if the gate still permits it.',
});

/** Server-sent events at `/api/events`: the state of cameras as it changes. Each `data:` is one of these. */
export const event = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('camera'), camera }),
  z.object({ kind: z.literal('camera-gone'), id }),
  z.object({ kind: z.literal('gap'), cameraId: id, gap }),
  z.object({ kind: z.literal('engine'), up: z.boolean() }),
]);
export type ConsoleEvent = z.infer<typeof event>;
