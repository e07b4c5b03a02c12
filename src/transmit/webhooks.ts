/**
 * Webhooks: addresses that an administrator wants told of trouble with storage. What is to be told is queued in the
 * database in order, sent with a signature, tried again with longer and longer waits for a day, and then given up; how
 * each message went can be seen. A receiver that is away holds up nobody but itself.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Transaction } from 'kysely';
import {
  type Clock,
  type Log,
  newId,
  newSecret,
  refuse,
  rfc3339,
  type SecretBox,
  sayError,
} from '../base/index.ts';
import type { Database, Tables } from '../db/index.ts';
import type { Grant } from '../gate/index.ts';
import { type PostProblem, post, type Reaches, resolveHost } from './post.ts';

export interface WebhooksOptions {
  readonly db: Database;
  readonly box: SecretBox;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Webhook {
  readonly id: string;
  readonly url: string;
  readonly reaches: Reaches;
  readonly addedMs: number;
  readonly addedBy: string;
  readonly waiting: number;
}

export interface Delivery {
  readonly id: string;
  readonly webhookId: string;
  readonly kind: string;
  readonly madeMs: number;
  readonly state: 'waiting' | 'delivered' | 'given-up';
  readonly tries: number;
  readonly triedMs: number | null;
  readonly dueMs: number;
  readonly status: number | null;
  readonly problem: PostProblem | 'crowded-out' | null;
}

const maxWebhooks = 8;
/** Messages that wait for one address; past it the oldest is given up. */
const maxWaiting = 500;
const keptDeliveries = 1_000;
const shown = 50;
const lookEveryMs = 1_000;
const atOnce = 4;
/** Ten tries in a day. */
const waitsMs = [10, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800].map((seconds) => seconds * 1000);
const secretBytes = 32;

type Trx = Transaction<Tables>;

export class Webhooks implements AsyncDisposable {
  readonly #at: WebhooksOptions;
  readonly #ending = new AbortController();
  #running: Promise<void> | null = null;

  constructor(options: WebhooksOptions) {
    this.#at = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  // ---- what a person does

  /** Where an address leads, or the refusal that says why it cannot be used. */
  async look(typed: string): Promise<{ url: string; host: string; reaches: Reaches }> {
    const url = URL.parse(typed);
    if (!url || !['https:', 'http:'].includes(url.protocol) || url.username !== '' || url.password !== '')
      return refuse('webhook.url');
    const found = await resolveHost(url.hostname);
    if (!found) return refuse('webhook.host', { host: url.hostname });
    if (url.protocol === 'http:' && found.reaches !== 'loopback') return refuse('webhook.url');
    url.hash = '';
    return { url: url.href, host: url.host, reaches: found.reaches };
  }

  async add(
    trx: Trx,
    grant: Grant<'webhook.configure'>,
    found: { url: string; reaches: Reaches },
  ): Promise<{ id: string; secret: string }> {
    const { clock, box } = this.#at;
    const present = await trx.selectFrom('webhook').select('id').where('removed', 'is', null).execute();
    if (present.length >= maxWebhooks) refuse('webhook.too-many', { limit: maxWebhooks });
    const id = newId('hook', clock.wallMs());
    const secret = newSecret(secretBytes);
    const last = await trx
      .selectFrom('storage_event')
      .select((select) => select.fn.max<number | null>('seq').as('seq'))
      .executeTakeFirst();
    await trx
      .insertInto('webhook')
      .values({
        ...{ id, url: found.url, reaches: found.reaches, secret_sealed: box.seal(secret, contextOf(id)) },
        // What was before is not told.
        ...{ told: last?.seq ?? 0, added: new Date(clock.wallMs()), added_by: grant.by.name },
      })
      .execute();
    return { id, secret };
  }

  async remove(trx: Trx, grant: Grant<'webhook.configure'>): Promise<void> {
    const id = grant.subject.id ?? '';
    await trx
      .updateTable('webhook')
      .set({
        removed: new Date(this.#at.clock.wallMs()),
        removed_by: grant.by.name,
        secret_sealed: Buffer.alloc(0),
      })
      .where('id', '=', id)
      .where('removed', 'is', null)
      .execute();
    await trx
      .deleteFrom('webhook_delivery')
      .where('webhook_id', '=', id)
      .where('state', '=', 'waiting')
      .execute();
  }

  async list(): Promise<Webhook[]> {
    const rows = await this.#at.db.kysely
      .selectFrom('webhook')
      .selectAll('webhook')
      .select((select) =>
        select
          .selectFrom('webhook_delivery')
          .select((inner) => inner.fn.countAll<number>().as('waiting'))
          .whereRef('webhook_id', '=', 'webhook.id')
          .where('state', '=', 'waiting')
          .as('waiting'),
      )
      .where('removed', 'is', null)
      .orderBy('added')
      .execute();
    return rows.map(({ id, url, reaches, added, added_by, waiting }) => ({
      ...{ id, url, reaches, addedMs: added.getTime(), addedBy: added_by, waiting: Number(waiting ?? 0) },
    }));
  }

  async find(id: string): Promise<Webhook> {
    return (await this.list()).find((one) => one.id === id) ?? refuse('webhook.unknown');
  }

  /** The newest first. */
  async deliveries(): Promise<Delivery[]> {
    const rows = await this.#at.db.kysely
      .selectFrom('webhook_delivery')
      .selectAll()
      .orderBy('made', 'desc')
      .orderBy('id', 'desc')
      .limit(shown)
      .execute();
    return rows.map(asDelivery);
  }

  /** Sends a test now; it is not tried again. */
  async test(webhookId: string): Promise<Delivery> {
    const { clock, db } = this.#at;
    const id = newId('msg', clock.wallMs());
    const body = bodyOf(id, clock.wallMs(), 'test', {});
    const now = new Date(clock.wallMs());
    await db.kysely
      .insertInto('webhook_delivery')
      .values({
        ...{ id, webhook_id: webhookId, kind: 'test', body, made: now, state: 'given-up', due: now },
        ...{ tried: null, status: null, problem: null },
      })
      .execute();
    return this.#send(id);
  }

  // ---- by itself

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        await this.#queue();
        await this.#sendDue();
      } catch (error) {
        this.#at.log.debug({ error: sayError(error) }, 'webhooks wait for the database');
      }
      await wait(lookEveryMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Each event becomes one message to each address, exactly once. */
  async #queue(): Promise<void> {
    const hooks = await this.#at.db.kysely
      .selectFrom('webhook')
      .select(['id', 'told'])
      .where('removed', 'is', null)
      .execute();
    for (const { id } of hooks)
      await this.#at.db.kysely.transaction().execute((trx) => this.#queueFor(trx, id));
  }

  async #queueFor(trx: Trx, id: string): Promise<void> {
    const hook = await trx
      .selectFrom('webhook')
      .select('told')
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
    const events = await trx
      .selectFrom('storage_event')
      .selectAll()
      .where('seq', '>', hook?.told ?? 0)
      .orderBy('seq')
      .limit(200)
      .execute();
    if (events.length === 0) return;
    const now = new Date(this.#at.clock.wallMs());
    const rows = events.map(({ at, kind, detail }) => {
      const messageId = newId('msg', now.getTime());
      const body = bodyOf(messageId, at.getTime(), kind, detail);
      const rest = {
        made: now,
        state: 'waiting' as const,
        due: now,
        tried: null,
        status: null,
        problem: null,
      };
      return { id: messageId, webhook_id: id, kind, body, ...rest };
    });
    await trx.insertInto('webhook_delivery').values(rows).execute();
    await trx
      .updateTable('webhook')
      .set({ told: events.at(-1)!.seq })
      .where('id', '=', id)
      .execute();
    await keepBounds(trx, id);
  }

  async #sendDue(): Promise<void> {
    const due = await this.#at.db.kysely
      .selectFrom('webhook_delivery')
      .select(['id', 'webhook_id'])
      .where('state', '=', 'waiting')
      .where('due', '<=', new Date(this.#at.clock.wallMs()))
      .orderBy('due')
      .limit(100)
      .execute();
    // In order for each address, beside each other for several.
    const queues = [...Map.groupBy(due, (row) => row.webhook_id).values()];
    const work = async () => {
      for (let queue = queues.shift(); queue; queue = queues.shift())
        for (const { id } of queue) {
          if (this.#ending.signal.aborted) return;
          const { state } = await this.#send(id);
          if (state !== 'delivered') break;
        }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }

  async #send(id: string): Promise<Delivery> {
    const { db, box, clock } = this.#at;
    const row = await db.kysely
      .selectFrom('webhook_delivery')
      .innerJoin('webhook', 'webhook.id', 'webhook_id')
      .selectAll('webhook_delivery')
      .select(['url', 'reaches', 'secret_sealed'])
      .where('webhook_delivery.id', '=', id)
      .executeTakeFirstOrThrow();
    const secret = box.open(row.secret_sealed, contextOf(row.webhook_id));
    const { url, reaches, body } = row;
    const { status, problem } = await post({ id, url, reaches, secret, body, atMs: clock.wallMs() });
    const waitMs = waitsMs[row.tries];
    const isOver = row.kind === 'test' || waitMs === undefined;
    const state = problem === null ? 'delivered' : isOver ? 'given-up' : 'waiting';
    const nowMs = clock.wallMs();
    const changed = await db.kysely
      .updateTable('webhook_delivery')
      .set({
        ...{ state, status, problem, tries: row.tries + 1 },
        ...{ tried: new Date(nowMs), due: new Date(nowMs + (waitMs ?? 0)) },
      })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow();
    return asDelivery(changed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }
}

const contextOf = (id: string): string => `webhook ${id}`;

/** What a receiver gets; `detail` names volume, camera or site and holds no secret. A kind with a point in it is not of storage. */
const bodyOf = (id: string, atMs: number, kind: string, detail: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({ id, at: rfc3339(atMs), kind: kind.includes('.') ? kind : `storage.${kind}`, detail });

async function keepBounds(trx: Trx, webhookId: string): Promise<void> {
  const of = trx.selectFrom('webhook_delivery').select('id').where('webhook_id', '=', webhookId);
  await trx
    .updateTable('webhook_delivery')
    .set({ state: 'given-up', problem: 'crowded-out' })
    .where('state', '=', 'waiting')
    .where(
      'id',
      'in',
      of.where('state', '=', 'waiting').orderBy('made', 'desc').orderBy('id', 'desc').offset(maxWaiting),
    )
    .execute();
  await trx
    .deleteFrom('webhook_delivery')
    .where('id', 'in', of.orderBy('made', 'desc').orderBy('id', 'desc').offset(keptDeliveries))
    .execute();
}

type Row = {
  id: string;
  webhook_id: string;
  kind: string;
  made: Date;
  state: Delivery['state'];
  tries: number;
  tried: Date | null;
  due: Date;
  status: number | null;
  problem: string | null;
};

const asDelivery = (row: Row): Delivery => ({
  ...{ id: row.id, webhookId: row.webhook_id, kind: row.kind, madeMs: row.made.getTime(), state: row.state },
  ...{
    tries: row.tries,
    triedMs: row.tried?.getTime() ?? null,
    dueMs: row.due.getTime(),
    status: row.status,
  },
  problem: row.problem as Delivery['problem'],
});
