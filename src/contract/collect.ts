/** Sites and cameras: what may be seen. */
import { z } from 'zod';
import { cameraPurposes, cameraSteps, capabilities, ownerKinds, siteFunctions } from '../law/index.ts';
import { cameraProblems } from './causes.ts';
import { endpoint } from './endpoint.ts';
import { byId, can, id, instant, listOf, name, note } from './shapes.ts';

export const problem = z.object({
  code: z.enum(Object.keys(cameraProblems) as [keyof typeof cameraProblems]),
  values: z.record(z.string(), z.union([z.string(), z.number()])),
});

export const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);
/** WGS-84, degrees. */
export const point = z.object({ lat: z.number().min(-90).max(90), lon: z.number().min(-180).max(180) });
const outline = z.array(point).min(1).max(200);
const shortId = z
  .string()
  .min(1)
  .max(40)
  .regex(/^[a-z0-9-]+$/i);
export const neighbour = z.object({
  id: shortId,
  name,
  kind: z.enum(['military', 'secret-unit']),
  outline,
  /** How near is near: the law names no figure. */
  withinM: z.number().min(0).max(50_000),
});
export const privateArea = z.object({
  id: shortId,
  kind: z.enum(['window', 'door', 'private-area']),
  outline,
});

/** What stands on record, the newest of its kind. */
export const recorded = z.object({
  on: day,
  until: day.optional(),
  text: z.string().optional(),
  by: z.string().optional(),
});
const records = z.record(z.string(), recorded);

/** A site as the law sees it. */
export const siteLaw = z.object({
  profiles: z.array(z.string()),
  /** Null: nobody has decided, and no camera operates. */
  placeClass: z.string().nullable(),
  /** Who decided the class, and why. */
  decided: z.object({ at: instant, by: z.string(), why: z.string() }).nullable(),
  placeType: z.string().nullable(),
  keyTarget: z.boolean(),
  owner: z.enum(ownerKinds).nullable(),
  functions: z.array(z.enum(siteFunctions)),
  area: z.array(point),
  neighbours: z.array(neighbour),
  privateAreas: z.array(privateArea),
  records,
});

export const site = z.object({
  id,
  name: z.string(),
  address: z.string(),
  timeZone: z.string(),
  cameras: z.number().int(),
  law: siteLaw,
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
    .object({
      name: name.optional(),
      address: note.optional(),
      timeZone: z.string().max(60).optional(),
      owner: z.enum(ownerKinds).nullish(),
      functions: z.array(z.enum(siteFunctions)).max(4).optional(),
      area: z.array(point).max(200).optional(),
      neighbours: z.array(neighbour).max(50).optional(),
      privateAreas: z.array(privateArea).max(500).optional(),
    })
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

/** Where a camera is and what it is for. Null: not said. */
export const cameraFacts = z.object({
  room: z.string().max(60).nullable(),
  zone: z.enum(['public', 'private']),
  owner: z.enum(ownerKinds).nullable(),
  purpose: z.enum(cameraPurposes),
  position: point.nullable(),
  /** Clockwise from north. */
  azimuthDeg: z.number().min(0).lt(360).nullable(),
  angleDeg: z.number().gt(0).max(360).nullable(),
  rangeM: z.number().gt(0).max(10_000).nullable(),
  turns: z.boolean(),
  /** Ids of the site's private areas that the camera's mask covers. */
  masked: z.array(shortId).max(500),
  capabilities: z.array(z.enum(capabilities)).max(3),
  endOfSupport: day.nullable(),
});

/** What the unit itself calls a camera by: a spreadsheet is read in by it, once and again. */
export const ownNumber = z
  .string()
  .trim()
  .min(1)
  .max(40)
  .regex(/^[^\p{Cc}\p{Cf}]*$/u);

/** What is missing for a step, with the rules that want it. */
export const lack = z.object({
  need: z.string(),
  because: z.array(z.object({ instrument: z.string(), article: z.string(), quote: z.string() })),
});

export const cameraLife = z.object({
  step: z.enum(cameraSteps),
  since: instant.nullable(),
  by: z.string().nullable(),
  reason: z.string().nullable(),
  operatingSince: day.nullable(),
  /** It operated before the register asked: what is missing is to be done, and stops nothing. */
  carriedOver: z.boolean(),
  /** What is missing for operating, whether it operates or not. */
  missing: z.array(lack),
  /** The steps that may follow, each with what it lacks; `no` where a rule could not be read. */
  next: z.array(
    z.object({ to: z.enum(cameraSteps), lacking: z.array(z.string()), no: z.string().optional() }),
  ),
});

export const camera = z.object({
  id,
  number: z.string().nullable(),
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
  /** What the wall shows: recording and in order, recording with trouble, no video, paused, or off: not in use. */
  status: z.enum(['recording', 'trouble', 'no-video', 'paused', 'starting', 'off']),
  facts: cameraFacts,
  records,
  life: cameraLife,
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

const newRecord = {
  kind: z.string().max(60),
  on: day,
  until: day.nullish(),
  said: note.min(1),
};

export const addCamera = endpoint({
  method: 'POST',
  path: '/api/cameras',
  action: 'camera.configure',
  ledger: 'change',
  body: z.object({
    ...connection,
    name,
    number: ownNumber.nullish(),
    siteId: id,
    subUrl: cameraUrl.nullish(),
    soundBasis: note.nullish(),
    facts: cameraFacts.partial().optional(),
    records: z.array(z.object(newRecord).strict()).max(20).optional(),
    begin: z.enum(['planned', 'tested', 'operating']).optional(),
  }),
  reply: camera,
  says: 'Adds a camera and starts to record it: operating when nothing lacks, else in its trial run; `begin` says how far. Inside of a prohibited room there is none.',
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
      number: ownNumber.nullish(),
      siteId: id.optional(),
      url: cameraUrl.optional(),
      subUrl: cameraUrl.nullish(),
      user: z.string().max(128).optional(),
      /** Absent keeps the present one; empty takes it away. */
      password: z.string().max(256).optional(),
      transport: z.enum(transports).optional(),
      soundBasis: note.nullish(),
      importance: z.enum(importances).optional(),
      facts: cameraFacts.partial().optional(),
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

export const stepCamera = endpoint({
  method: 'POST',
  path: '/api/cameras/:id/step',
  action: 'camera.configure',
  ledger: 'change',
  params: byId,
  body: z
    .object({
      to: z.enum(['planned', 'approved', 'installed', 'tested', 'operating', 'suspended']),
      reason: note.default(''),
      revision: z.number().int().optional(),
    })
    .strict(),
  reply: camera,
  says: 'Takes a step in the life of a camera; what it lacks is refused with the article. A retired one comes back by `planned` or `installed`.',
});

export const documentTypes = ['image/jpeg', 'image/png', 'application/pdf'] as const;
export const maxDocumentBytes = 6 * 1024 * 1024;
export const record = z.object({
  id,
  siteId: id,
  cameraId: id.nullable(),
  kind: z.string(),
  on: day,
  until: day.nullable(),
  said: z.string(),
  written: instant,
  writtenBy: z.string(),
  ended: instant.nullable(),
  endedBy: z.string().nullable(),
  endedReason: z.string().nullable(),
  document: z.object({ name: z.string(), type: z.enum(documentTypes) }).nullable(),
});
export const legalRecords = endpoint({
  method: 'GET',
  path: '/api/records',
  action: 'camera.read',
  ledger: 'none',
  query: z.object({ site: id.optional(), camera: id.optional() }),
  reply: listOf(record),
  says: 'What stands or stood on record for a site or a camera, newest first.',
});
export const addSiteRecord = endpoint({
  method: 'POST',
  path: '/api/sites/:id/records',
  action: 'site.configure',
  ledger: 'change',
  params: byId,
  body: z.object(newRecord).strict(),
  reply: record,
  says: 'Puts something on record for a site: its notice, or a sign for all of its cameras.',
});
export const addCameraRecord = endpoint({
  method: 'POST',
  path: '/api/cameras/:id/records',
  action: 'camera.configure',
  ledger: 'change',
  params: byId,
  body: z.object(newRecord).strict(),
  reply: record,
  says: 'Puts something on record for a camera: why it is needed, its sign, a consent.',
});
export const endRecord = endpoint({
  method: 'POST',
  path: '/api/records/:id/end',
  action: 'camera.configure',
  ledger: 'change',
  params: byId,
  body: z.object({ reason: note.min(2) }).strict(),
  reply: record,
  says: 'Ends what stands on record; refused while a camera operates that needs it.',
});

export const addDocument = endpoint({
  method: 'POST',
  path: '/api/records/:id/document',
  action: 'camera.configure',
  ledger: 'change',
  maxBodyBytes: Math.ceil(maxDocumentBytes / 3) * 4 + 4096,
  params: byId,
  body: z
    .object({
      name: name.max(120),
      content: z
        .string()
        .min(4)
        .max(Math.ceil(maxDocumentBytes / 3) * 4)
        .regex(/^[A-Za-z0-9+/]*={0,2}$/),
    })
    .strict(),
  reply: z.object({ name: z.string(), type: z.enum(documentTypes), sha256: z.string() }),
  says: 'Puts the one file behind a record: a PDF, a JPEG or a PNG. It stays; its digest is in the ledger.',
});
export const recordDocument = endpoint({
  method: 'GET',
  path: '/api/records/:id/document',
  action: 'camera.read',
  ledger: 'view',
  params: byId,
  reply: z.unknown(),
  says: 'The file behind a record. A picture is for whoever may see the camera live or configures it.',
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
