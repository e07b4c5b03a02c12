/** What stands on record for persons, who leaves, and one's own standing. */
import { rfc3339 } from '../base/index.ts';
import { people } from '../contract/index.ts';
import {
  addPersonRecord,
  endPersonRecord,
  findPerson,
  findPersonRecord,
  leave,
  listPersonRecords,
  type Subject,
  type WrittenRecord,
} from '../gate/index.ts';
import { type Edge, mount } from './route.ts';

export function mountPeople(edge: Edge): void {
  mountRecords(edge);
  mountLeaving(edge);
  mount(edge, people.ownStanding, {
    handle: async ({ who }) => {
      const { inert, founding, clearedUntil, records } = await subjectPerson(edge, who.personId);
      return { inert, founding, clearedUntil, records };
    },
  });
}

const subjectPerson = (edge: Edge, id: string) => findPerson(edge.db.kysely, id, edge.clock.wallMs());

async function subjectOf(edge: Edge, personId: string): Promise<Subject> {
  const { id, name } = await subjectPerson(edge, personId);
  return { kind: 'person', id, name };
}

function mountRecords(edge: Edge): void {
  const db = edge.db.kysely;
  mount(edge, people.personRecords, {
    subject: ({ params }) => subjectOf(edge, params.id),
    handle: async ({ params }) => ({ items: (await listPersonRecords(db, params.id)).map(asRecord) }),
  });
  mount(edge, people.addPersonRecord, {
    subject: ({ params }) => subjectOf(edge, params.id),
    handle: async ({ params, body, grant, change }) => {
      const { id, ended } = await change(
        (trx) => addPersonRecord(trx, grant, params.id, body),
        (made) => ({ detail: { record: made.id, ...body, sessionsEnded: made.ended.length } }),
      );
      edge.gate.announce({ sessionIds: ended, personId: params.id, why: 'inert' });
      return asRecord(await findPersonRecord(db, id));
    },
  });
  mount(edge, people.endPersonRecord, {
    subject: async ({ params }) => subjectOf(edge, (await findPersonRecord(db, params.id)).personId),
    handle: async ({ params, body, grant, change }) => {
      const { kind, personId } = await findPersonRecord(db, params.id);
      const { ended } = await change(
        (trx) => endPersonRecord(trx, grant, { id: params.id, reason: body.reason }),
        (done) => ({
          reason: body.reason,
          detail: { record: params.id, kind, ended: true, sessionsEnded: done.ended.length },
        }),
      );
      edge.gate.announce({ sessionIds: ended, personId, why: 'inert' });
      return asRecord(await findPersonRecord(db, params.id));
    },
  });
}

function mountLeaving(edge: Edge): void {
  mount(edge, people.leave, {
    subject: ({ params }) => subjectOf(edge, params.id),
    handle: async ({ params, body, grant, change }) => {
      const { person, ended } = await change(
        (trx) => leave(trx, grant, body.reason, edge.gate.atLeaving),
        (done) => ({
          reason: body.reason,
          detail: { change: 'leave', sessionsEnded: done.ended.length, ...done.detail },
        }),
      );
      edge.gate.announce({ sessionIds: ended, personId: params.id, why: 'left' });
      await edge.gate.book.changed([params.id]);
      return person;
    },
  });
}

const asRecord = (record: WrittenRecord) => ({
  id: record.id,
  personId: record.personId,
  kind: record.kind,
  on: record.on,
  until: record.until,
  ends: rfc3339(record.endsMs),
  score: record.score,
  said: record.said,
  written: rfc3339(record.writtenMs),
  writtenBy: record.writtenBy,
  ended: record.ended === null ? null : rfc3339(record.ended.atMs),
  endedBy: record.ended?.by ?? null,
  endedReason: record.ended?.reason ?? null,
});
