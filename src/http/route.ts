/**
 * Mounts an endpoint of the contract. Every call goes the same way: where from, who, whether at all, the shapes, on
 * what, whether on this; then the handler with its grant; and whatever is refused is written to the ledger.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Transaction } from 'kysely';
import type { z } from 'zod';
import { type Clock, type Log, Refusal, sayError } from '../base/index.ts';
import type { Action, Deed, Endpoint, RefusalCode } from '../contract/index.ts';
import type { Database, Tables } from '../db/index.ts';
import {
  type Account,
  type Caller,
  change,
  type Gate,
  type Grant,
  isWho,
  note,
  type Subject,
  type Who,
} from '../gate/index.ts';
import { type Called, calledBy, checkCsrf, checkOrigin, type Surroundings } from './caller.ts';

/** What every route needs of the server. */
export interface Edge {
  readonly app: FastifyInstance;
  readonly gate: Gate;
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly around: Surroundings;
  /** Replies are held against their schema: in tests. */
  readonly checkReplies: boolean;
  readonly mounted: Set<Endpoint>;
}

/** What came in, in the shapes of the endpoint. */
export interface Input<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
}

export interface Call<P, Q, B, A extends Action> extends Input<P, Q, B> {
  /** Signed in, except for the action `open`. */
  readonly who: A extends 'open' ? Caller : Who;
  readonly grant: Grant<A>;
  readonly via: Called['via'];
  readonly from: string;
  readonly db: Database;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /**
   * One transaction holds the work and its ledger row. Another grant than the endpoint's own (asked of the gate in
   * the handler) may be given, so that the row says what was really done.
   */
  change<T>(
    work: (trx: Transaction<Tables>) => Promise<T>,
    account: Account | ((result: T) => Account),
    grant?: Grant,
  ): Promise<T>;
  /** A row without a change: what was shown, or how an effect went after its change. */
  note(account: Account, failed?: { code: string }, grant?: Grant): Promise<void>;
  /** Says that the row was written below, in the domain's own transaction. */
  written(): void;
}

export interface How<P, Q, B, R, A extends Action> {
  /** Loads the facts that the gate decides on; refuses what does not exist. Left out: the kind the action is about. */
  readonly subject?: (input: Input<P, Q, B>, edge: Edge) => Promise<Subject> | Subject;
  readonly handle: (call: Call<P, Q, B, A>) => Promise<R> | R;
  /** The refusal for a field that does not fit, where a person can be told more than the field's name: `body.purpose`. */
  readonly misfits?: Readonly<Record<string, RefusalCode>>;
  /** What the ledger calls a refusal, where the action is only `open` or `self`. */
  readonly deed?: Deed;
}

export function mount<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  R extends z.ZodType,
  A extends Action,
>(
  edge: Edge,
  endpoint: Endpoint<P, Q, B, R, A>,
  how: How<z.output<P>, z.output<Q>, z.output<B>, z.input<R>, A>,
): void {
  edge.mounted.add(endpoint);
  edge.app.route({
    method: endpoint.method,
    url: endpoint.path,
    ...(endpoint.maxBodyBytes === undefined
      ? {}
      : { bodyLimit: endpoint.maxBodyBytes, onRequest: signedInFirst(edge, endpoint, how.deed) }),
    handler: async (request, reply) => {
      const called = await calledBy(edge.gate, request.raw, edge.around);
      const result = await serve({ edge, endpoint, how, request, reply, called });
      return reply.header('cache-control', 'no-store').send(result);
    },
  });
}

/** A large body is read of nobody who is not signed in: it would be memory for whoever asks. */
const signedInFirst =
  (edge: Edge, endpoint: Endpoint, deed: Deed | undefined) =>
  async (request: FastifyRequest): Promise<void> => {
    const { caller } = await calledBy(edge.gate, request.raw, edge.around);
    if (isWho(caller)) return;
    const refusal = new Refusal('session.needed');
    const detail = { call: `${endpoint.method} ${endpoint.path}` };
    const subject = usualSubject(endpoint.action, caller);
    await edge.gate.refused(caller, deed ?? endpoint.action, subject, refusal, detail);
    throw refusal;
  };

interface Serving<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  R extends z.ZodType,
  A extends Action,
> {
  readonly edge: Edge;
  readonly endpoint: Endpoint<P, Q, B, R, A>;
  readonly how: How<z.output<P>, z.output<Q>, z.output<B>, z.input<R>, A>;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly called: Called;
}

/** Nothing was decided about these: the request never became one, and writing them down would let anyone fill the ledger. */
const unwritten = new Set(['request.malformed', 'request.too-large', 'request.unknown', 'request.too-many']);

async function serve<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  R extends z.ZodType,
  A extends Action,
>(of: Serving<P, Q, B, R, A>): Promise<z.input<R>> {
  const { edge, endpoint, how, called } = of;
  const detail = { call: `${endpoint.method} ${endpoint.path}` };
  let subject = usualSubject(endpoint.action, called.caller);
  let grant: Grant<A> | undefined;
  try {
    if (endpoint.method !== 'GET') {
      checkOrigin(of.request.headers, edge.around);
      if (endpoint.action !== 'open') checkCsrf(called, of.request.headers);
    }
    // A first look, before anything the caller sent is read or any fact is loaded: whoever may not do this at all
    // learns nothing of forms and of what exists.
    grant = await edge.gate.admit(
      called.caller,
      endpoint.action,
      how.subject ? { kind: 'any' } : subject,
      detail,
    );
    const input = readInput(endpoint, of.request, how.misfits ?? {});
    if (how.subject) {
      subject = await how.subject(input, edge);
      grant = await edge.gate.admit(called.caller, endpoint.action, subject, detail);
    }
    return await handled(of, input, grant);
  } catch (error) {
    const action = how.deed ?? endpoint.action;
    if (!(error instanceof Refusal)) await writeFailure(of, grant, detail, action);
    else if (!unwritten.has(error.code))
      await edge.gate.refused(called.caller, action, subject, error, detail);
    throw error;
  }
}

async function handled<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  R extends z.ZodType,
  A extends Action,
>(
  of: Serving<P, Q, B, R, A>,
  input: Input<z.output<P>, z.output<Q>, z.output<B>>,
  grant: Grant<A>,
): Promise<z.input<R>> {
  const { edge, endpoint, called } = of;
  let isWritten = false;
  const result = await of.how.handle({
    ...input,
    // The gate has admitted: for every action but `open` only a signed-in person passes.
    who: called.caller as Call<unknown, unknown, unknown, A>['who'],
    grant,
    via: called.via,
    from: called.caller.from,
    db: edge.db,
    request: of.request,
    reply: of.reply,
    change: async (work, account, other) => {
      const say = typeof account === 'function' ? account : () => account;
      const done = await change(edge, other ?? grant, work, say);
      isWritten = true;
      return done;
    },
    note: async (account, failed, other) => {
      await note(edge, other ?? grant, account, failed);
      isWritten = true;
    },
    written: () => {
      isWritten = true;
    },
  });
  if (!isWritten && endpoint.ledger !== 'none') {
    await note(edge, grant, { action: of.how.deed });
    if (endpoint.ledger === 'change')
      unsaid(edge, `${endpoint.method} ${endpoint.path} changed without its row`);
  }
  if (edge.checkReplies) {
    const checked = endpoint.reply.safeParse(result);
    if (!checked.success)
      unsaid(edge, `reply of ${endpoint.method} ${endpoint.path}: ${checked.error.message}`);
  }
  return result;
}

/** Our own mistake: loud in tests, a line in the log of a running system. */
function unsaid(edge: Edge, what: string): void {
  if (edge.checkReplies) throw new Error(`assertion: ${what}`);
  edge.log.error({ what }, 'a route broke its promise');
}

function readInput<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType>(
  endpoint: { params?: P; query?: Q; body?: B },
  request: FastifyRequest,
  misfits: Readonly<Record<string, RefusalCode>>,
): Input<z.output<P>, z.output<Q>, z.output<B>> {
  return {
    params: read(endpoint.params, request.params, 'path', misfits),
    query: read(endpoint.query, request.query, 'query', misfits),
    body: read(endpoint.body, request.body ?? {}, 'body', misfits),
  };
}

/** Names the field and what is wrong with it, never its value. */
function read<S extends z.ZodType>(
  schema: S | undefined,
  value: unknown,
  where: string,
  misfits: Readonly<Record<string, RefusalCode>>,
): z.output<S> {
  if (!schema) return undefined as z.output<S>;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const { path } of parsed.error.issues) {
    const code = misfits[[where, ...path].map(String).join('.')];
    if (code !== undefined) throw new Refusal(code);
  }
  const issue = parsed.error.issues[0];
  const field = [where, ...(issue?.path ?? [])].map(String).join('.').slice(0, 100);
  throw new Refusal('request.malformed', { what: `${field} (${issue?.code ?? 'invalid'})` });
}

/** What an action is about when no one thing is meant. */
function usualSubject(action: Action, caller: Caller): Subject {
  if (action === 'open') return { kind: 'any' };
  if (action === 'self') return { kind: 'session', ...(caller.sessionId ? { id: caller.sessionId } : {}) };
  const kind = action.split('.')[0];
  if (kind === 'view' || kind === 'footage') return { kind: 'camera' };
  return { kind: kind as Subject['kind'] };
}

/** "Then say how it went": a guarded act that broke has its row too. */
async function writeFailure<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  R extends z.ZodType,
  A extends Action,
>(
  of: Serving<P, Q, B, R, A>,
  grant: Grant<A> | undefined,
  detail: Record<string, unknown>,
  action: Action | Deed,
): Promise<void> {
  if (!grant || of.endpoint.ledger === 'none' || !isWritable(of.called.caller)) return;
  try {
    await note(of.edge, grant, { action, detail }, { code: 'internal.fault' });
  } catch (error) {
    of.edge.log.error({ error: sayError(error), ...detail }, 'a failure could not be written down');
  }
}

/** A fault that an anonymous caller met is in the log; the ledger is for acts of persons. */
const isWritable = (caller: Caller): boolean => isWho(caller);
