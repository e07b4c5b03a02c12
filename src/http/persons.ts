/** Persons and the ledger. */
import { rfc3339 } from '../base/index.ts';
import { gate as contract, govern } from '../contract/index.ts';
import {
  addPerson,
  changePerson,
  endOverdue,
  findPerson,
  listPersons,
  newPasswordHash,
  type Subject,
} from '../gate/index.ts';
import { list, redactedFields } from '../ledger/index.ts';
import { type Edge, mount } from './route.ts';

export function mountPersons(edge: Edge): void {
  const { kysely } = edge.db;
  mount(edge, contract.persons, {
    handle: async () => ({ items: await listPersons(kysely, edge.clock.wallMs()) }),
  });
  mount(edge, contract.addPerson, {
    handle: async ({ grant, body, change }) => {
      const { password, ...given } = body;
      const passwordHash = await newPasswordHash(password, body.name);
      const made = await change(
        (trx) => addPerson(trx, grant, { ...given, passwordHash }),
        (person) => ({ subject: subjectOf(person), detail: { change: 'add', roles: person.roles } }),
      );
      // A founding permission is over once somebody else could approve.
      await endOverdue(edge, edge.gate.book);
      return made;
    },
  });
  mount(edge, contract.changePerson, {
    subject: async ({ params }) => subjectOf(await findPerson(kysely, params.id, edge.clock.wallMs())),
    handle: async ({ grant, body, change }) => {
      const { password, ...given } = body;
      const name = grant.subject.name ?? '';
      const passwordHash = password === undefined ? undefined : await newPasswordHash(password, name);
      const done = await change(
        (trx) => changePerson(trx, grant, { ...given, passwordHash }),
        ({ person, before, ended }) => ({
          subject: subjectOf(person),
          detail: {
            change: 'change',
            ...differences(before, person),
            ...(passwordHash === undefined ? {} : { password: 'new' }),
            sessionsEnded: ended.length,
          },
        }),
      );
      const { person, ended, endedWhy } = done;
      if (endedWhy) edge.gate.announce({ sessionIds: ended, personId: person.id, why: endedWhy });
      await endOverdue(edge, edge.gate.book);
      return person;
    },
  });
}

export function mountLedger(edge: Edge): void {
  mount(edge, govern.ledger, {
    handle: async ({ query, note }) => {
      const page = await list(edge.db.kysely, { ...query, segments: query.segments === 'show' });
      const filters = Object.entries(query).filter(
        ([name, value]) => name !== 'limit' && value !== undefined,
      );
      await note({ subject: { kind: 'ledger' }, detail: Object.fromEntries(filters) });
      const redacted = await redactedFields(
        edge.db.kysely,
        page.items.map(({ seq }) => seq),
      );
      const items = page.items.map((row) => ({
        redacted: redacted.get(row.seq) ?? [],
        seq: row.seq,
        at: rfc3339(row.at.getTime()),
        actor: row.actor,
        actorId: row.actor_id,
        from: row.from_address,
        action: row.action,
        outcome: row.outcome,
        code: row.code,
        subjectKind: row.subject_kind,
        subjectId: row.subject_id,
        subjectName: row.subject_name,
        reason: row.reason,
        detail: row.detail,
      }));
      return page.next === undefined ? { items } : { items, next: page.next };
    },
  });
}

const subjectOf = (person: { id: string; name: string }): Subject => ({
  kind: 'person',
  id: person.id,
  name: person.name,
});

/** What became different, as before and after. */
function differences<T extends object>(
  before: T,
  after: T,
): Record<string, { before: unknown; after: unknown }> {
  const changed = Object.entries(after).flatMap(([key, value]) => {
    const old: unknown = before[key as keyof T];
    return JSON.stringify(old) === JSON.stringify(value)
      ? []
      : [[key, { before: old, after: value }] as const];
  });
  return Object.fromEntries(changed);
}
