/**
 * The permissions and delegations that run, in memory: what the gate decides by, thousands of times a second. Read from
 * the database when first needed, and again for a person after each change of theirs. What could not be read again is
 * taken to be none: whoever was revoked while the database was away must not go on looking.
 */
import { type Clock, type Log, sayError } from '../base/index.ts';
import type { Database, Tables } from '../db/index.ts';
import { opens, type Permission } from './permission.ts';

export interface Delegation {
  readonly id: string;
  readonly fromId: string;
  readonly toId: string;
  readonly startsMs: number;
  readonly endsMs: number;
}

interface BookAt {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
}

/** Those that are just over are kept for a while: "it is over" says more than "you have none". */
const rememberedMs = 7 * 86_400_000;
const none: readonly never[] = [];

export class PermissionBook {
  readonly #at: BookAt;
  readonly #listeners = new Set<(personIds: readonly string[]) => void>();
  readonly #held = new Map<string, readonly Permission[]>();
  readonly #delegated = new Map<string, readonly Delegation[]>();
  /** Whose rows changed since they were read; until they are read again they hold nothing. */
  readonly #stale = new Set<string>();
  #reading: Promise<void> | null = null;
  #isRead = false;

  constructor(at: BookAt) {
    this.#at = at;
  }

  of(personId: string | null): readonly Permission[] {
    return personId === null ? none : (this.#held.get(personId) ?? none);
  }

  find(id: string, personId: string): Permission | null {
    return this.of(personId).find((held) => held.id === id) ?? null;
  }

  /** In whose place this person may decide now. */
  delegatedTo(personId: string | null, nowMs: number): readonly Delegation[] {
    if (personId === null) return none;
    const all = this.#delegated.get(personId);
    return all?.filter(({ startsMs, endsMs }) => startsMs <= nowMs && nowMs < endsMs) ?? none;
  }

  /** Resolves when it is true to the database; rejects when that cannot be read, and then nobody new may look. */
  async ready(): Promise<void> {
    while (!this.#isRead || this.#stale.size > 0) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = null;
      });
      await this.#reading;
    }
  }

  /** After a change was committed, or may have been: whoever watches is judged anew at once. */
  async changed(personIds: readonly string[]): Promise<void> {
    for (const id of personIds) {
      this.#held.delete(id);
      this.#delegated.delete(id);
      this.#stale.add(id);
    }
    try {
      await this.ready();
    } catch (error) {
      this.#at.log.error(
        { error: sayError(error) },
        'permissions could not be read again: they hold nothing',
      );
    }
    this.#tell(personIds);
  }

  onChange(listener: (personIds: readonly string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(personIds: readonly string[]): void {
    for (const listener of this.#listeners) {
      try {
        listener(personIds);
      } catch (error) {
        this.#at.log.error({ error: sayError(error) }, 'a listener for permissions failed');
      }
    }
  }

  async #read(): Promise<void> {
    const whose = this.#isRead ? [...this.#stale] : null;
    // Taken out first: one that changes while it is read is read once more.
    this.#stale.clear();
    try {
      const [held, delegated] = await Promise.all([
        readHeld(this.#at, whose),
        readDelegated(this.#at, whose),
      ]);
      for (const [id, all] of held) if (!this.#stale.has(id)) this.#held.set(id, all);
      for (const [id, all] of delegated) if (!this.#stale.has(id)) this.#delegated.set(id, all);
      this.#isRead = true;
    } catch (error) {
      for (const id of whose ?? []) this.#stale.add(id);
      throw error;
    }
  }
}

/** `whose`: of these persons; null: of all. */
async function readHeld(
  { db, clock }: BookAt,
  whose: readonly string[] | null,
): Promise<Map<string, readonly Permission[]>> {
  const rows = await db.kysely
    .selectFrom('permission')
    .select(['id', 'person_id', 'kind', 'actions', 'whole_unit', 'sites', 'cameras', 'look_back_h'])
    .select(['from_minute', 'to_minute', 'time_zone', 'purpose', 'starts', 'ends'])
    .where('state', '=', 'issued')
    .where('ends', '>', new Date(clock.wallMs() - rememberedMs))
    .$if(whose !== null, (query) => query.where('person_id', 'in', whose ?? []))
    // What lasts longest is asked first: a wall finds its answer in the first one.
    .orderBy('ends', 'desc')
    .execute();
  const held = new Map<string, Permission[]>();
  for (const row of rows) {
    const own = held.get(row.person_id);
    if (own) own.push(asPermission(row));
    else held.set(row.person_id, [asPermission(row)]);
  }
  return held;
}

type Row = Pick<
  Tables['permission'],
  'id' | 'person_id' | 'kind' | 'actions' | 'whole_unit' | 'sites' | 'cameras' | 'look_back_h' | 'from_minute'
> &
  Pick<Tables['permission'], 'to_minute' | 'time_zone' | 'purpose' | 'starts' | 'ends'>;

function asPermission(row: Row): Permission {
  const { from_minute: from, to_minute: to, time_zone: timeZone } = row;
  return {
    id: row.id,
    personId: row.person_id,
    kind: row.kind,
    actions: new Set(row.actions.map((action) => opens[action])),
    wholeUnit: row.whole_unit,
    sites: new Set(row.sites),
    cameras: new Set(row.cameras),
    lookBackMs: row.look_back_h * 3_600_000,
    hours: from === null || to === null ? null : { from, to, timeZone },
    purpose: row.purpose as Permission['purpose'],
    startsMs: row.starts.getTime(),
    endsMs: row.ends.getTime(),
  };
}

async function readDelegated(
  { db, clock }: BookAt,
  whose: readonly string[] | null,
): Promise<Map<string, readonly Delegation[]>> {
  const rows = await db.kysely
    .selectFrom('delegation')
    .select(['id', 'from_person', 'to_person', 'starts', 'ends'])
    .where('ended', 'is', null)
    .where('ends', '>', new Date(clock.wallMs()))
    .$if(whose !== null, (query) => query.where('to_person', 'in', whose ?? []))
    .execute();
  const delegated = new Map<string, Delegation[]>();
  for (const row of rows) {
    const one = {
      ...{ id: row.id, fromId: row.from_person, toId: row.to_person },
      ...{ startsMs: row.starts.getTime(), endsMs: row.ends.getTime() },
    };
    delegated.set(row.to_person, [...(delegated.get(row.to_person) ?? []), one]);
  }
  return delegated;
}
