/** Storage: volumes, what will be of them, and who is told when they are in trouble. */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { byId, id, instant, listOf, name, note, nothing } from './shapes.ts';

/** The first volume is called `footage`; every other has an id like anything else. */
export const volumeId = z.union([z.literal('footage'), id]);
const byVolume = z.object({ id: volumeId });

export const orders = ['in-use', 'draining', 'read-only'] as const;
export const troubles = ['missing', 'unmarked', 'foreign', 'read-only', 'io', 'stuck'] as const;
export const rungNames = ['room', 'past-ceiling', 'past-floor', 'spill', 'sub-stream', 'stop'] as const;

const mostBytes = 2 ** 53 - 1;
const bytes = z.number().int().min(0).max(mostBytes);

export const volume = z.object({
  id: volumeId,
  kind: z.enum(['folder', 's3']),
  name: z.string(),
  path: z.string(),
  /** By a person's order. */
  state: z.enum(orders),
  /** Why it cannot be used now, and since when; null while it can. */
  away: z.object({ why: z.string(), since: instant }).nullable(),
  isSlow: z.boolean(),
  totalBytes: z.number(),
  freeBytes: z.number(),
  /** Kept free. */
  reservedBytes: z.number(),
  /** What a person set; null: by itself. */
  reserveBytes: z.number().nullable(),
  limitBytes: z.number().nullable(),
  /** What recording may still use. */
  roomBytes: z.number(),
  segments: z.number().int(),
  bytes: z.number(),
  bytesPerS: z.number(),
  cameras: z.number().int(),
  /** How far the ladder is climbed. */
  rung: z.enum(rungNames),
  /** When nothing would be left if nothing were deleted. */
  full: instant.nullable(),
  sameDeviceAs: z.array(z.string()),
  added: instant,
  addedBy: z.string(),
});

export const keptCamera = z.object({
  cameraId: id,
  name: z.string(),
  siteName: z.string(),
  importance: z.enum(['least', 'ordinary', 'most']),
  /** Name of the volume; null: none takes it. */
  volume: z.string().nullable(),
  /** What is recorded of it now. */
  mode: z.enum(['full', 'sub', 'none']),
  bytesPerDay: z.number(),
  /** What its footage takes. */
  bytes: z.number(),
  /** The law's floor at its site; null: nobody has said how long, and nothing is deleted. */
  floorDays: z.number().nullable(),
  /** At this rate it can no longer be kept for the floor; null: not within a year. */
  falls: instant.nullable(),
});

export const warning = z.object({
  kind: z.enum(['volume-away', 'volume-full', 'forecast']),
  volume: z.string().nullable(),
  camera: z.string().nullable(),
  cameraId: id.nullable(),
  since: instant,
  /** For a forecast: when. */
  due: instant.nullable(),
  detail: z.record(z.string(), z.union([z.string(), z.number()])),
});

export const overview = endpoint({
  method: 'GET',
  path: '/api/storage',
  action: 'system.read',
  ledger: 'none',
  reply: z.object({
    volumes: z.array(volume),
    /** The most urgent first. */
    cameras: z.array(keptCamera),
    warnings: z.array(warning),
    /** Sealed under a key ring that is lost: from when (null: from the beginning) to when nothing can be read any more. */
    lostKeys: z.array(z.object({ from: instant.nullable(), to: instant })),
    /** When the forecast was made; null before the first. */
    forecast: instant.nullable(),
    can: z.record(z.string(), z.union([z.literal(true), z.object({ no: z.string() })])),
  }),
  says: 'Volumes with state and room, and for each camera until when it can be kept.',
});

export const warnings = endpoint({
  method: 'GET',
  path: '/api/storage/warnings',
  action: 'camera.read',
  ledger: 'none',
  reply: listOf(warning),
  says: 'What is wrong with storage now, or will be within days.',
});

const sizes = { reserveBytes: bytes.nullish(), limitBytes: bytes.min(1).nullish() };

export const addVolume = endpoint({
  method: 'POST',
  path: '/api/storage/volumes',
  action: 'storage.configure',
  ledger: 'change',
  body: z.object({ name, path: z.string().trim().min(1).max(1000), ...sizes }).strict(),
  reply: volume,
  says: 'Adds a folder as a volume, after it was looked at: it must be empty, writable and no part of another.',
});

export const changeVolume = endpoint({
  method: 'PATCH',
  path: '/api/storage/volumes/:id',
  action: 'storage.configure',
  ledger: 'change',
  params: byVolume,
  body: z
    .object({ name: name.optional(), state: z.enum(orders).optional(), ...sizes, reason: note.min(1) })
    .strict(),
  reply: volume,
  says: 'Orders what is done with a volume: in use, draining, read-only; its reserve and its limit.',
});

export const removeVolume = endpoint({
  method: 'DELETE',
  path: '/api/storage/volumes/:id',
  action: 'storage.configure',
  ledger: 'change',
  params: byVolume,
  body: z.object({ reason: note.min(1) }).strict(),
  reply: nothing,
  says: 'Takes a volume away that holds nothing any more.',
});

export const markVolume = endpoint({
  method: 'POST',
  path: '/api/storage/volumes/:id/mark',
  action: 'storage.configure',
  ledger: 'change',
  params: byVolume,
  body: z.object({ reason: note.min(1) }).strict(),
  reply: volume,
  says: 'Says that what is mounted now is this volume, whose marker was lost, and marks it again.',
});

// ---- webhooks

export const webhook = z.object({
  id,
  url: z.string(),
  /** What its name leads to. */
  reaches: z.enum(['public', 'private', 'loopback']),
  added: instant,
  addedBy: z.string(),
  waiting: z.number().int(),
});

export const webhooks = endpoint({
  method: 'GET',
  path: '/api/webhooks',
  action: 'webhook.configure',
  ledger: 'none',
  reply: listOf(webhook),
  says: 'Addresses that are told of trouble with storage.',
});

export const addWebhook = endpoint({
  method: 'POST',
  path: '/api/webhooks',
  action: 'webhook.configure',
  ledger: 'change',
  body: z.object({ url: z.string().trim().min(1).max(1000) }).strict(),
  reply: z.object({
    webhook,
    /** Shown this once: the key of the signatures. */
    secret: z.string(),
  }),
  says: 'Adds an address: https, or http on loopback. Each message is signed with HMAC-SHA-256.',
});

export const removeWebhook = endpoint({
  method: 'DELETE',
  path: '/api/webhooks/:id',
  action: 'webhook.configure',
  ledger: 'change',
  params: byId,
  body: nothing,
  reply: nothing,
  says: 'Tells this address no more.',
});

export const deliveryProblems = [
  'host-unknown',
  'nearer-network',
  'no-connection',
  'timed-out',
  'redirected',
  'refused',
  'tls',
  'crowded-out',
] as const;

export const delivery = z.object({
  id,
  webhookId: id,
  kind: z.string(),
  made: instant,
  state: z.enum(['waiting', 'delivered', 'given-up']),
  tries: z.number().int(),
  tried: instant.nullable(),
  due: instant.nullable(),
  status: z.number().int().nullable(),
  problem: z.enum(deliveryProblems).nullable(),
});

export const testWebhook = endpoint({
  method: 'POST',
  path: '/api/webhooks/:id/test',
  action: 'webhook.configure',
  ledger: 'change',
  params: byId,
  body: nothing,
  reply: delivery,
  says: 'Sends a test at once and says how it went.',
});

export const deliveries = endpoint({
  method: 'GET',
  path: '/api/webhooks/deliveries',
  action: 'webhook.configure',
  ledger: 'none',
  reply: listOf(delivery),
  says: 'The newest messages and how they went.',
});
