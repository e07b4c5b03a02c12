/** Sites and cameras: what may be seen. */
import { z } from 'zod';
import { cameraProblems } from './causes.ts';
import { endpoint } from './endpoint.ts';
import { byId, can, id, instant, listOf, name, note } from './shapes.ts';

export const problem = z.object({
  code: z.enum(Object.keys(cameraProblems) as [keyof typeof cameraProblems]),
  values: z.record(z.string(), z.union([z.string(), z.number()])),
});

export const site = z.object({
  id,
  name: z.string(),
  address: z.string(),
  timeZone: z.string(),
  cameras: z.number().int(),
});

export const sites = endpoint({
  method: 'GET',
  path: '/api/sites',
  action: 'site.read',
  ledger: 'none',
  reply: listOf(site),
  says: 'All sites.',
});
const siteFields = { name, address: note.default(''), timeZone: z.string().max(60).default('Asia/Shanghai') };
export const addSite = endpoint({
  method: 'POST',
  path: '/api/sites',
  action: 'site.configure',
  ledger: 'change',
  body: z.object(siteFields),
  reply: site,
  says: 'Makes a site.',
});
export const changeSite = endpoint({
  method: 'PATCH',
  path: '/api/sites/:id',
  action: 'site.configure',
  ledger: 'change',
  params: byId,
  body: z
    .object({ name: name.optional(), address: note.optional(), timeZone: z.string().max(60).optional() })
    .strict(),
  reply: site,
  says: 'Changes a site.',
});

export const streamKinds = ['main', 'sub'] as const;
export const streamKind = z.enum(streamKinds);
export type StreamKind = z.infer<typeof streamKind>;
export const importances = ['least', 'ordinary', 'most'] as const;
export const transports = ['auto', 'tcp', 'udp'] as const;

/** What is known of a stream that runs now. */
export const streamState = z.object({
  kind: streamKind,
  state: z.enum(['off', 'connecting', 'running', 'failing']),
  problem: problem.nullable(),
  /** RFC 6381, e.g. `avc1.640028`. */
  codec: z.string().nullable(),
  width: z.number().int().nullable(),
  height: z.number().int().nullable(),
  /** Measured over the last seconds. */
  fps: z.number().nullable(),
  kbps: z.number().nullable(),
  transport: z.enum(['tcp', 'udp', 'tls']).nullable(),
  /** Since the stream was opened. */
  packetsLost: z.number().int(),
  packetsReordered: z.number().int(),
  /** Camera's clock minus ours, by RTCP sender reports; parts per million of drift. */
  clockOffsetMs: z.number().nullable(),
  clockDriftPpm: z.number().nullable(),
  audio: z.enum(['none', 'dropped', 'recorded']),
  audioCodec: z.string().nullable(),
  since: instant.nullable(),
  viewers: z.number().int(),
});

export const camera = z.object({
  id,
  name: z.string(),
  siteId: id,
  siteName: z.string(),
  /** Without credentials. */
  url: z.string(),
  subUrl: z.string().nullable(),
  user: z.string(),
  hasPassword: z.boolean(),
  transport: z.enum(transports),
  /** The recorded basis without which sound is dropped (PR-15). */
  soundBasis: z.string().nullable(),
  recording: z.enum(['on', 'paused']),
  pausedBy: z.string().nullable(),
  pausedReason: z.string().nullable(),
  /** What the wall shows: recording and in order, recording with trouble, no video, or paused. */
  status: z.enum(['recording', 'trouble', 'no-video', 'paused', 'starting']),
  streams: z.array(streamState),
  recordedUntil: instant.nullable(),
  /** Who is recorded longest when disks are full: `least` goes first. */
  importance: z.enum(importances),
  revision: z.number().int(),
  can,
});

export const cameras = endpoint({
  method: 'GET',
  path: '/api/cameras',
  action: 'camera.read',
  ledger: 'none',
  query: z.object({ site: id.optional() }),
  reply: listOf(camera),
  says: 'All cameras the caller may know of, with their state.',
});
export const cameraById = endpoint({
  method: 'GET',
  path: '/api/cameras/:id',
  action: 'camera.read',
  ledger: 'none',
  params: byId,
  reply: camera,
  says: 'One camera with its state.',
});

/** A camera's address as a person types it: credentials may stand in it and are taken out and kept apart. */
export const cameraUrl = z.string().trim().min(1).max(1024);
const connection = {
  url: cameraUrl,
  user: z.string().max(128).optional(),
  password: z.string().max(256).optional(),
  transport: z.enum(transports).default('auto'),
};

export const addCamera = endpoint({
  method: 'POST',
  path: '/api/cameras',
  action: 'camera.configure',
  ledger: 'change',
  body: z.object({
    ...connection,
    name,
    siteId: id,
    subUrl: cameraUrl.nullish(),
    soundBasis: note.nullish(),
  }),
  reply: camera,
  says: 'Adds a camera and starts to record it.',
});

export const changeCamera = endpoint({
  method: 'PATCH',
  path: '/api/cameras/:id',
  action: 'camera.configure',
  ledger: 'change',
  params: byId,
  body: z
    .object({
      revision: z.number().int(),
      name: name.optional(),
      siteId: id.optional(),
      url: cameraUrl.optional(),
      subUrl: cameraUrl.nullish(),
      user: z.string().max(128).optional(),
      /** Absent keeps the present one; empty takes it away. */
      password: z.string().max(256).optional(),
      transport: z.enum(transports).optional(),
      soundBasis: note.nullish(),
      importance: z.enum(importances).optional(),
    })
    .strict(),
  reply: camera,
  says: 'Changes a camera; a new address takes effect at once and the gap has its cause.',
});

export const retireCamera = endpoint({
  method: 'DELETE',
  path: '/api/cameras/:id',
  action: 'camera.configure',
  ledger: 'change',
  params: byId,
  body: z.object({ reason: note.min(1) }).strict(),
  reply: z.object({}).strict(),
  says: 'Retires a camera: it is pulled no more; what it recorded stays.',
});

export const pauseCamera = endpoint({
  method: 'POST',
  path: '/api/cameras/:id/pause',
  action: 'camera.pause',
  ledger: 'change',
  params: byId,
  body: z.object({ reason: note.min(1) }).strict(),
  reply: camera,
  says: 'Pauses recording; the gap names who.',
});
export const resumeCamera = endpoint({
  method: 'POST',
  path: '/api/cameras/:id/resume',
  action: 'camera.pause',
  ledger: 'change',
  params: byId,
  body: z.object({}).strict(),
  reply: camera,
  says: 'Records again.',
});

export const probe = endpoint({
  method: 'POST',
  path: '/api/cameras/probe',
  action: 'camera.configure',
  ledger: 'change',
  body: z.object({ ...connection, cameraId: id.optional() }),
  reply: z.object({
    ok: z.boolean(),
    problem: problem.nullable(),
    codec: z.string().nullable(),
    width: z.number().int().nullable(),
    height: z.number().int().nullable(),
    audioCodec: z.string().nullable(),
    transport: z.enum(['tcp', 'udp', 'tls']).nullable(),
    tookMs: z.number(),
  }),
  says: 'Tries an address without keeping it, and says what was found or what is wrong. `cameraId` lends its stored password.',
});
