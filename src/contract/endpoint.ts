/**
 * An endpoint is a value: where it is, what it does, on what, in which shapes, and how it is written down. The
 * server mounts it, the console calls it, the OpenAPI page prints it; none of them repeats it.
 */
import type { z } from 'zod';

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/** How a call is written to the ledger: every call that changes or shows something guarded is; refusals always are. */
export type LedgerMode = 'change' | 'view' | 'none';

export interface Endpoint<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Reply extends z.ZodType = z.ZodType,
  Act extends Action = Action,
> {
  readonly method: Method;
  /** Fastify's form: `/api/cameras/:id`. */
  readonly path: string;
  /** What the gate decides on; `open` needs no session, `self` any session. */
  readonly action: Act;
  readonly ledger: LedgerMode;
  /** Of a call that brings a file; else the server's own bound, a MiB. */
  readonly maxBodyBytes?: number;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly reply: Reply;
  /** One sentence for the OpenAPI page. */
  readonly says: string;
}

export const actions = [
  'open',
  'self',
  'account.secure',
  'account.token',
  'unit.configure',
  'site.read',
  'site.configure',
  'camera.read',
  'camera.configure',
  'camera.pause',
  'view.live',
  'view.playback',
  'footage.still',
  'footage.download',
  'footage.hold',
  'footage.mark',
  'footage.erase',
  'retention.read',
  'retention.decide',
  'person.read',
  'person.configure',
  'ledger.read',
  'ledger.redact',
  'system.read',
  'storage.configure',
  'webhook.configure',
  'completeness.read',
  'duty.read',
  'permission.read',
  'permission.ask',
  'permission.decide',
  'permission.revoke',
  'permission.delegate',
  'permission.emergency',
  'permission.review',
  'permission.found',
  'filing.read',
  'filing.file',
  'desk.read',
  'desk.bring',
  'desk.decide',
  'desk.inspect',
  'use.read',
  'shift.keep',
] as const;
export type Action = (typeof actions)[number];

/** What the ledger calls an act of the actions `open` and `self`, which say too little to its reader. */
export const deeds = [
  'setup',
  'session.open',
  'session.close',
  'session.expire',
  'session.forget',
  'session.recover',
  'factor.add',
  'factor.end',
  'factor.codes',
  'token.make',
  'token.end',
  'password.change',
  'view.open',
  'view.renew',
  'view.close',
  'view.end',
  'segment.stored',
  'backup.take',
  'backup.restore',
  'ledger.lost',
  'keys.accept',
  'volume.away',
  'volume.back',
  'volume.rung',
  'camera.rung',
  'storage.warn',
  'storage.over',
  'segment.moved',
  'index.rebuild',
  'completeness.file',
  'filing.remind',
  'footage.delete',
  'footage.deleted',
  'permission.withdraw',
  'permission.end',
] as const;
export type Deed = (typeof deeds)[number];

export function endpoint<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Reply extends z.ZodType,
  const Act extends Action,
>(value: Endpoint<Params, Query, Body, Reply, Act>): Endpoint<Params, Query, Body, Reply, Act> {
  return value;
}
