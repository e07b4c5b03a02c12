/**
 * Connections: a bounded pool that waits out a restart of the database, tells broken machinery (a `Fault` that may be
 * retried) from an SQL error, and sets once how SQL types arrive in JavaScript.
 */
import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import pg from 'pg';
import { type Clock, Fault, type Log } from '../base/index.ts';

/** Sockets to the database; more only queue inside of PostgreSQL. */
const connections = 12;
/** Callers that may wait for one of them; the next is told to come back. */
const waitingLimit = 500;
/** How long a caller waits for a connection, a restart of the database included. */
const acquireMs = 5_000;
const statementMs = 60_000;

export interface PoolOptions {
  readonly connect: pg.PoolConfig;
  readonly log: Log;
  readonly clock: Clock;
  /** Resolves when the database is believed to answer, or after `ms`. */
  whenUp(ms: number): Promise<unknown>;
}

export class FaultingPool implements PostgresPool {
  readonly options: object;
  readonly #pool: pg.Pool;
  readonly #at: PoolOptions;
  readonly #wrapped = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  #waiting = 0;

  constructor(at: PoolOptions) {
    this.#at = at;
    this.options = at.connect;
    this.#pool = new pg.Pool({
      ...at.connect,
      types: { getTypeParser },
      max: connections,
      idleTimeoutMillis: 30_000,
      connectionTimeoutMillis: acquireMs,
      statement_timeout: statementMs,
      idle_in_transaction_session_timeout: statementMs,
      application_name: 'custos',
      keepAlive: true,
    });
    this.#pool.on('error', (error) =>
      at.log.debug({ why: error.message }, 'an idle database connection ended'),
    );
    // A connection that breaks between two statements of a transaction says so here; the next statement faults.
    this.#pool.on('connect', (client) => client.on('error', () => {}));
  }

  async connect(): Promise<PostgresPoolClient> {
    if (this.#waiting >= waitingLimit)
      throw new Fault('too many callers wait for the database', { retry: true });
    this.#waiting++;
    try {
      return this.#wrap(await this.#acquire());
    } finally {
      this.#waiting--;
    }
  }

  end(): Promise<void> {
    return this.#pool.end();
  }

  async #acquire(): Promise<pg.PoolClient> {
    const untilMs = this.#at.clock.monoMs() + acquireMs;
    for (;;) {
      const leftMs = untilMs - this.#at.clock.monoMs();
      await this.#at.whenUp(Math.max(0, leftMs));
      try {
        return await this.#pool.connect();
      } catch (error) {
        if (!isBroken(error) || this.#at.clock.monoMs() >= untilMs) throw asFault(error);
        // It restarts: look again soon, within the same bound.
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    }
  }

  #wrap(client: pg.PoolClient): PostgresPoolClient {
    const known = this.#wrapped.get(client);
    if (known) return known;
    const { processID } = client as unknown as { processID?: number };
    const query = async <R>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<R>> => {
      try {
        return (await client.query(text, [...values])) as unknown as PostgresQueryResult<R>;
      } catch (error) {
        throw asFault(error);
      }
    };
    const wrapped = {
      ...(processID === undefined ? {} : { processID }),
      query: query as PostgresPoolClient['query'],
      release: (destroy?: boolean) => client.release(destroy),
    };
    this.#wrapped.set(client, wrapped);
    return wrapped;
  }
}

/** The name of the constraint that an insert or update broke, or null when the error is something else. */
export function brokenConstraint(error: unknown): string | null {
  const isIntegrity = error instanceof pg.DatabaseError && error.code?.startsWith('23');
  return isIntegrity ? (error.constraint ?? error.column ?? '') : null;
}

/** True when what was wanted was held by another for longer than the caller would wait. */
export const isLockTimeout = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === '55P03';

/**
 * Lost connections, shutdowns and lost races become a `Fault` with `retry`. After one of a lost connection the caller
 * does not know whether its commit was done: a retry must find out, or be harmless.
 */
function asFault(error: unknown): unknown {
  const cause = error;
  if (isBroken(error)) return new Fault('the database is away for a moment', { cause, retry: true });
  if (isLostRace(error)) return new Fault('the database asks to try again', { cause, retry: true });
  return error;
}

/** Class 08: connection; 57P0x: shutdown, crash, cannot connect now; 53300: too many connections. */
function isBroken(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return /^(08|57P0|53300)/.test(error.code ?? '');
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  if (/^(ECONN|EPIPE|ENOENT|ETIMEDOUT|EHOSTUNREACH|EAI_AGAIN)/.test(code ?? '')) return true;
  return /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered)/.test(
    error.message,
  );
}

/** Serialization failure and deadlock. */
function isLostRace(error: unknown): boolean {
  return error instanceof pg.DatabaseError && /^(40001|40P01)$/.test(error.code ?? '');
}

const { INT8, TIMESTAMPTZ } = pg.types.builtins;

const getTypeParser = ((oid: number, format?: 'text' | 'binary') => {
  if (oid === INT8) return safeInteger;
  if (oid === TIMESTAMPTZ) return instant;
  return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text');
}) as typeof pg.types.getTypeParser;

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Fault(`int8 ${text} does not fit a number`);
  return value;
}

const parseInstant = pg.types.getTypeParser(TIMESTAMPTZ, 'text');

/** `infinity` is a valid timestamptz and no Date: no column of ours may hold it. */
function instant(text: string): Date {
  const value: unknown = parseInstant(text);
  if (!(value instanceof Date) || Number.isNaN(value.getTime()))
    throw new Fault(`timestamptz ${text} is no instant`);
  return value;
}
