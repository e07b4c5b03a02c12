/** Permissions to look: asked for, decided by another, recertified, revoked; delegation, and access in an emergency. */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { byId, can, id, instant, instantIn, listOf, name, note } from './shapes.ts';

/** What a permission can hold. There is no camera here that turns or zooms, and no mask that could be lifted. */
export const permissionActions = ['live', 'playback', 'still', 'export'] as const;
export type PermissionAction = (typeof permissionActions)[number];

/** What footage may be looked at for: public safety, and what keeps its system in order. Nothing else is on the list. */
export const purposes = [
  'duty',
  'incident',
  'accident',
  'missing',
  'property',
  'authority',
  'maintenance',
  'drill',
  'inspection',
] as const;
/** Two more that nobody asks for: they come with a founding permission and with an emergency. */
export const allPurposes = [...purposes, 'commissioning', 'emergency'] as const;
export type Purpose = (typeof allPurposes)[number];

/** How long an emergency permission lasts at most, by the level of the event, hours. Policy of this software. */
export const emergencyHours: Readonly<Record<1 | 2 | 3 | 4, number>> = { 1: 72, 2: 48, 3: 24, 4: 8 };
export const maxPermissionDays = 366;
export const foundingDays = 30;
/** Policy of this software: the standard wants a period and names none. */
export const recertifyDays = 183;
/** So long without use, and a right is found to be unused. Policy of this software. */
export const unusedDays = 90;

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);
export const hours = z.object({ from: clockTime, to: clockTime });
const reason = note.min(2);
const scope = {
  wholeUnit: z.boolean().default(false),
  sites: z.array(id).max(200).default([]),
  cameras: z.array(id).max(500).default([]),
};

export const permission = z.object({
  id,
  kind: z.enum(['asked', 'founding', 'emergency']),
  state: z.enum(['asked', 'refused', 'withdrawn', 'issued', 'revoked', 'ended']),
  revision: z.number().int(),
  person: id,
  personName: z.string(),
  actions: z.array(z.enum(permissionActions)),
  wholeUnit: z.boolean(),
  sites: z.array(z.object({ id, name: z.string() })),
  cameras: z.array(z.object({ id, name: z.string() })),
  lookBackHours: z.number().int(),
  hours: hours.nullable(),
  timeZone: z.string(),
  purpose: z.enum(allPurposes),
  reason: z.string(),
  necessity: z.string(),
  askedBy: id,
  askedByName: z.string(),
  asked: instant,
  starts: instant,
  ends: instant,
  replaces: id.nullable(),
  decidedByName: z.string().nullable(),
  decidedForName: z.string().nullable(),
  decided: instant.nullable(),
  decisionNote: z.string().nullable(),
  ended: instant.nullable(),
  endedByName: z.string().nullable(),
  endedWhy: z.string().nullable(),
  recertifyBy: instant.nullable(),
  event: z.string().nullable(),
  eventLevel: z.number().int().nullable(),
  review: z.string().nullable(),
  reviewedByName: z.string().nullable(),
  reviewed: instant.nullable(),
  /** When it was last used to look; null: never. */
  lastUsed: instant.nullable(),
  /** True while it permits anything: issued, begun and not over. */
  inForce: z.boolean(),
  can,
});

const state = z.enum(['open', 'running', 'over', 'all']).default('all');

export const permissions = endpoint({
  method: 'GET',
  path: '/api/permissions',
  action: 'permission.read',
  ledger: 'none',
  query: z.object({ state, person: id.optional() }),
  reply: listOf(permission),
  says: 'The permissions of the unit: open requests, running ones, and those that are over. At most 1,000, newest first.',
});

export const myPermissions = endpoint({
  method: 'GET',
  path: '/api/permissions/mine',
  action: 'self',
  ledger: 'none',
  query: z.object({ state }),
  reply: listOf(permission),
  says: "The caller's own permissions, and those the caller asked for.",
});

export const askPermission = endpoint({
  method: 'POST',
  path: '/api/permissions',
  action: 'permission.ask',
  ledger: 'change',
  body: z
    .object({
      /** Whose it is to be; left out: the caller. */
      person: id.optional(),
      actions: z.array(z.enum(permissionActions)).min(1).max(permissionActions.length),
      ...scope,
      /** How old footage may be when it is asked for. Needed for everything but live. */
      lookBackHours: z
        .number()
        .int()
        .min(0)
        .max(24 * 732)
        .default(0),
      /** Of the day, at the site; null: at every hour. */
      hours: hours.nullable().default(null),
      purpose: z.enum(purposes),
      reason,
      necessity: reason,
      starts: instantIn.optional(),
      ends: instantIn,
      /** A running permission that this one changes: it ends when this one is issued. */
      replaces: id.optional(),
    })
    .strict(),
  reply: permission,
  says: 'Asks for a permission: to do what, on which cameras, at which hours, for what purpose, why, why it is needed, until when.',
});

const decision = z.object({ revision: z.number().int(), note: note.default('') }).strict();

export const approvePermission = endpoint({
  method: 'POST',
  path: '/api/permissions/:id/approve',
  action: 'permission.decide',
  ledger: 'change',
  params: byId,
  /** `ends`: earlier than was asked for. */
  body: decision.extend({ ends: instantIn.optional() }),
  reply: permission,
  says: 'Issues a permission that was asked for. Never by who asked, nor by whose it is, nor in a circle.',
});

export const refusePermission = endpoint({
  method: 'POST',
  path: '/api/permissions/:id/refuse',
  action: 'permission.decide',
  ledger: 'change',
  params: byId,
  body: decision.extend({ note: reason }),
  reply: permission,
  says: 'Refuses a permission that was asked for, with the reason.',
});

export const withdrawPermission = endpoint({
  method: 'POST',
  path: '/api/permissions/:id/withdraw',
  action: 'self',
  ledger: 'change',
  params: byId,
  body: z.object({ revision: z.number().int() }).strict(),
  reply: permission,
  says: 'Takes a request back, or gives an own permission up. Only who asked, or whose it is.',
});

export const revokePermission = endpoint({
  method: 'POST',
  path: '/api/permissions/:id/revoke',
  action: 'permission.revoke',
  ledger: 'change',
  params: byId,
  body: z.object({ revision: z.number().int(), reason }).strict(),
  reply: permission,
  says: 'Revokes a running permission, with the reason. Running views under it end within a second.',
});

export const recertifyPermission = endpoint({
  method: 'POST',
  path: '/api/permissions/:id/recertify',
  action: 'permission.decide',
  ledger: 'change',
  params: byId,
  body: decision.extend({ note: reason }),
  reply: permission,
  says: 'Says that a running permission is still needed, and why.',
});

export const foundPermission = endpoint({
  method: 'POST',
  path: '/api/permissions/founding',
  action: 'permission.found',
  ledger: 'change',
  reply: permission,
  says: 'The first person’s own permission while nobody else could approve one: for cameras in trial run, 30 days at most.',
});

export const openEmergency = endpoint({
  method: 'POST',
  path: '/api/permissions/emergency',
  action: 'permission.emergency',
  ledger: 'change',
  body: z
    .object({
      event: name.min(2),
      level: z.number().int().min(1).max(4),
      actions: z.array(z.enum(permissionActions)).min(1).max(permissionActions.length),
      ...scope,
      lookBackHours: z.number().int().min(0).max(72).default(0),
      reason,
      ends: instantIn,
    })
    .strict(),
  reply: permission,
  says: 'Opens access for an event at once: which cameras, until when. It ends by itself; a review by another is owed.',
});

export const reviewEmergency = endpoint({
  method: 'POST',
  path: '/api/permissions/:id/review',
  action: 'permission.review',
  ledger: 'change',
  params: byId,
  body: z.object({ review: note.min(10) }).strict(),
  reply: permission,
  says: 'Writes the review that an emergency permission owes, once it is over. Never by whose it was.',
});

export const finding = z.object({
  permission: id,
  person: id,
  personName: z.string(),
  kind: z.enum(['unused', 'excessive', 'recertify', 'ends-soon', 'review-owed', 'still-open']),
  since: instant,
  values: z.record(z.string(), z.union([z.string(), z.number()])),
});

export const permissionFindings = endpoint({
  method: 'GET',
  path: '/api/permissions/findings',
  action: 'permission.read',
  ledger: 'none',
  reply: listOf(finding),
  says: 'Rights that were never used, that reach further than their use, or wait for a recertification or a review.',
});

export const delegation = z.object({
  id,
  from: id,
  fromName: z.string(),
  to: id,
  toName: z.string(),
  starts: instant,
  ends: instant,
  reason: z.string(),
  ended: instant.nullable(),
  mine: z.boolean(),
});

export const delegations = endpoint({
  method: 'GET',
  path: '/api/delegations',
  action: 'permission.read',
  ledger: 'none',
  reply: listOf(delegation),
  says: 'Who decides on permissions for whom is away. The newest hundred.',
});

export const delegate = endpoint({
  method: 'POST',
  path: '/api/delegations',
  action: 'permission.delegate',
  ledger: 'change',
  body: z.object({ to: id, starts: instantIn.optional(), ends: instantIn, reason }).strict(),
  reply: delegation,
  says: 'Lets another decide on permissions while the caller is away, for 60 days at most.',
});

export const endDelegation = endpoint({
  method: 'DELETE',
  path: '/api/delegations/:id',
  action: 'permission.delegate',
  ledger: 'change',
  params: byId,
  reply: delegation,
  says: 'Takes a delegation of the caller back.',
});

/** Who may be asked for and who may stand in: names only, for the forms. */
export const permissionPersons = endpoint({
  method: 'GET',
  path: '/api/permissions/persons',
  action: 'permission.ask',
  ledger: 'none',
  reply: listOf(z.object({ id, name: z.string(), displayName: z.string(), mayHold: z.boolean() })),
  says: 'The active persons of the unit by name, and whether they could hold a permission to look.',
});
