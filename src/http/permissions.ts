/** The endpoints of permissions: asked for, decided, taken away; delegations, and access in an emergency. */
import { rfc3339 } from '../base/index.ts';
import { permissions as contract } from '../contract/index.ts';
import {
  approvePermission,
  askPermission,
  type Caller,
  delegate,
  endDelegation,
  endPermission,
  findRow,
  foundPermission,
  listDelegations,
  listRows,
  mayHold,
  openEmergency,
  type PermissionRow,
  permissionFindings,
  recertifyPermission,
  refusePermission,
  reviewEmergency,
  type Subject,
  type Who,
} from '../gate/index.ts';
import { type Edge, mount } from './route.ts';

export function mountPermissions(edge: Edge): void {
  mountLists(edge);
  mountAsking(edge);
  mountDeciding(edge);
  mountEnding(edge);
  mountSpecial(edge);
  mountDelegations(edge);
}

function mountLists(edge: Edge): void {
  const { kysely } = edge.db;
  mount(edge, contract.permissions, {
    handle: async ({ who, query }) => {
      const rows = await listRows(kysely, { state: query.state, personId: query.person });
      return { items: await describeAll(edge, rows, who) };
    },
  });
  mount(edge, contract.myPermissions, {
    handle: async ({ who, query }) => {
      const rows = await listRows(kysely, { state: query.state, concerns: who.personId });
      return { items: await describeAll(edge, rows, who) };
    },
  });
  mount(edge, contract.permissionFindings, {
    handle: async () => {
      const found = await permissionFindings(kysely, edge.clock.wallMs());
      const items = found.map(({ personId: person, sinceMs, values, ...rest }) => ({
        ...{ ...rest, person, since: rfc3339(sinceMs), values: { ...values } },
      }));
      return { items };
    },
  });
  mount(edge, contract.permissionPersons, {
    handle: async () => {
      const rows = await kysely
        .selectFrom('person')
        .select(['id', 'name', 'display_name', 'roles'])
        .where('active', '=', true)
        .orderBy('name_folded')
        .limit(5_000)
        .execute();
      const items = rows.map(({ id, name, display_name: displayName, roles }) => ({
        ...{ id, name, displayName, mayHold: mayHold(roles) },
      }));
      return { items };
    },
  });
}

const misfits = {
  'body.reason': 'permission.reason',
  'body.note': 'permission.reason',
  'body.review': 'permission.reason',
  'body.necessity': 'permission.necessity',
} as const;

function mountAsking(edge: Edge): void {
  mount(edge, contract.askPermission, {
    misfits: { ...misfits, 'body.ends': 'permission.no-end' },
    handle: async ({ who, grant, body, change }) => {
      const { starts, ends, person, replaces, ...wish } = body;
      const asked = {
        ...wish,
        personId: person ?? who.personId,
        startsMs: starts === undefined ? null : Date.parse(starts),
        endsMs: Date.parse(ends),
        replaces: replaces ?? null,
      };
      const id = await change(
        (trx) => askPermission(trx, grant, asked),
        (made) => ({
          subject: { kind: 'permission', id: made },
          reason: body.reason,
          detail: { change: 'ask', ...body, person: asked.personId },
        }),
      );
      return describeOne(edge, id, who);
    },
  });
}

/** The facts that the gate decides on: whose it is, and who asked. */
const subjectOf =
  (edge: Edge) =>
  async ({ params }: { params: { id: string } }): Promise<Subject> => {
    const row = await findRow(edge.db.kysely, params.id);
    return asSubject(row);
  };

const asSubject = (row: PermissionRow): Subject => ({
  kind: 'permission',
  id: row.id,
  name: row.person_name,
  ownerId: row.person_id,
  askedBy: row.asked_by,
});

/** Runs a change and tells the book, also when it is not known whether the change was committed. */
async function andTell<T>(edge: Edge, personIds: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await edge.gate.book.changed(personIds);
  }
}

const decisionOf = (body: { revision: number; note: string; ends?: string | undefined }) => ({
  ...{ revision: body.revision, note: body.note },
  endsMs: body.ends === undefined ? undefined : Date.parse(body.ends),
});

function mountDeciding(edge: Edge): void {
  mount(edge, contract.approvePermission, {
    subject: subjectOf(edge),
    handle: async ({ who, grant, body, change }) => {
      await andTell(edge, [grant.subject.ownerId ?? ''], () =>
        change(
          (trx) => approvePermission(trx, grant, decisionOf(body)),
          ({ row, decidedFor, endsMs }) => ({
            reason: body.note,
            detail: {
              ...{ change: 'approve', decidedFor, ends: rfc3339(endsMs), asked: row.asked_by },
              ...(row.replaces === null ? {} : { replaces: row.replaces }),
            },
          }),
        ),
      );
      return describeOne(edge, grant.subject.id ?? '', who);
    },
  });
  mount(edge, contract.refusePermission, {
    misfits,
    subject: subjectOf(edge),
    handle: async ({ who, grant, body, change }) => {
      await change((trx) => refusePermission(trx, grant, decisionOf(body)), {
        ...{ reason: body.note, detail: { change: 'refuse' } },
      });
      return describeOne(edge, grant.subject.id ?? '', who);
    },
  });
  mount(edge, contract.recertifyPermission, {
    misfits,
    subject: subjectOf(edge),
    handle: async ({ who, grant, body, change }) => {
      await change((trx) => recertifyPermission(trx, grant, decisionOf(body)), {
        ...{ reason: body.note, detail: { change: 'recertify' } },
      });
      return describeOne(edge, grant.subject.id ?? '', who);
    },
  });
}

function mountEnding(edge: Edge): void {
  mount(edge, contract.revokePermission, {
    misfits,
    subject: subjectOf(edge),
    handle: async ({ who, grant, params, body, change }) => {
      const { revision, reason } = body;
      await andTell(edge, [grant.subject.ownerId ?? ''], () =>
        change((trx) => endPermission(trx, grant, { id: params.id, revision, why: reason }), {
          ...{ reason, detail: { change: 'revoke' } },
        }),
      );
      return describeOne(edge, params.id, who);
    },
  });
  mount(edge, contract.withdrawPermission, {
    deed: 'permission.withdraw',
    handle: async ({ who, grant, params, body, change }) => {
      const row = await findRow(edge.db.kysely, params.id);
      const given = { id: params.id, revision: body.revision, why: 'withdrawn', own: true };
      await andTell(edge, [row.person_id], () =>
        change((trx) => endPermission(trx, grant, given), {
          ...{ action: 'permission.withdraw', subject: asSubject(row), detail: { before: row.state } },
        }),
      );
      return describeOne(edge, params.id, who);
    },
  });
}

function mountSpecial(edge: Edge): void {
  mount(edge, contract.foundPermission, {
    handle: async ({ who, grant, change }) => {
      const id = await andTell(edge, [who.personId], () =>
        change(
          (trx) => foundPermission(trx, grant),
          (made) => ({ subject: { kind: 'permission', id: made, name: who.name } }),
        ),
      );
      return describeOne(edge, id, who);
    },
  });
  mount(edge, contract.openEmergency, {
    misfits: { ...misfits, 'body.ends': 'permission.no-end' },
    handle: async ({ who, grant, body, change }) => {
      const { ends, level, ...given } = body;
      const asked = { ...given, level: level as 1 | 2 | 3 | 4, endsMs: Date.parse(ends) };
      const id = await andTell(edge, [who.personId], () =>
        change(
          (trx) => openEmergency(trx, grant, asked),
          (made) => ({
            ...{ subject: { kind: 'permission', id: made, name: who.name }, reason: body.reason },
            detail: { ...body },
          }),
        ),
      );
      return describeOne(edge, id, who);
    },
  });
  mount(edge, contract.reviewEmergency, {
    misfits,
    subject: subjectOf(edge),
    handle: async ({ who, grant, params, body, change }) => {
      await change((trx) => reviewEmergency(trx, grant, body.review), { reason: body.review });
      return describeOne(edge, params.id, who);
    },
  });
}

function mountDelegations(edge: Edge): void {
  const { kysely } = edge.db;
  const list = async (who: Who) =>
    (await listDelegations(kysely)).map((row) => ({
      ...{ id: row.id, from: row.from_person, fromName: row.from_name, to: row.to_person },
      ...{ toName: row.to_name, reason: row.reason, mine: row.from_person === who.personId },
      ...{ starts: rfc3339(row.starts.getTime()), ends: rfc3339(row.ends.getTime()) },
      ended: orNull(row.ended),
    }));
  const one = async (id: string, who: Who) => {
    const found = (await list(who)).find((each) => each.id === id);
    if (!found) throw new Error(`assertion: delegation ${id} was written and is not there`);
    return found;
  };
  mount(edge, contract.delegations, { handle: async ({ who }) => ({ items: await list(who) }) });
  mount(edge, contract.delegate, {
    misfits: { ...misfits, 'body.ends': 'permission.no-end' },
    handle: async ({ who, grant, body, change }) => {
      const { to: toId, starts, ends, reason } = body;
      const startsMs = starts === undefined ? null : Date.parse(starts);
      const id = await andTell(edge, [toId], () =>
        change(
          (trx) => delegate(trx, grant, { toId, startsMs, endsMs: Date.parse(ends), reason }),
          (made) => ({ subject: { kind: 'delegation', id: made }, reason, detail: { ...body } }),
        ),
      );
      return one(id, who);
    },
  });
  mount(edge, contract.endDelegation, {
    subject: ({ params }) => ({ kind: 'delegation', id: params.id }),
    handle: async ({ who, grant, params, change }) => {
      const to = await change((trx) => endDelegation(trx, grant, params.id), { detail: { change: 'end' } });
      await edge.gate.book.changed([to]);
      return one(params.id, who);
    },
  });
}

// ---- as they are shown

async function describeOne(edge: Edge, id: string, who: Caller) {
  const [described] = await describeAll(edge, [await findRow(edge.db.kysely, id)], who);
  if (!described) throw new Error(`assertion: permission ${id} was described as nothing`);
  return described;
}

const orNull = (at: Date | null): string | null => (at === null ? null : rfc3339(at.getTime()));
const clockOf = (minute: number): string =>
  `${String(Math.floor(minute / 60) % 24).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

async function describeAll(edge: Edge, rows: readonly PermissionRow[], who: Caller) {
  const names = await namesOf(edge, rows);
  return rows.map((row) => describe(edge, row, who, names));
}

async function namesOf(edge: Edge, rows: readonly PermissionRow[]): Promise<(id: string) => string> {
  const [cameras, sites] = [rows.flatMap((row) => row.cameras), rows.flatMap((row) => row.sites)];
  const { kysely } = edge.db;
  const found = await Promise.all([
    cameras.length === 0
      ? []
      : kysely.selectFrom('camera').select(['id', 'name']).where('id', 'in', cameras).execute(),
    sites.length === 0
      ? []
      : kysely.selectFrom('site').select(['id', 'name']).where('id', 'in', sites).execute(),
  ]);
  const names = new Map(found.flat().map(({ id, name }) => [id, name]));
  return (id) => names.get(id) ?? id;
}

function describe(edge: Edge, row: PermissionRow, who: Caller, nameOf: (id: string) => string) {
  const nowMs = edge.clock.wallMs();
  const named = (id: string) => ({ id, name: nameOf(id) });
  return {
    ...{ id: row.id, kind: row.kind, state: row.state, revision: row.revision },
    ...{ person: row.person_id, personName: row.person_name, actions: row.actions },
    ...{ wholeUnit: row.whole_unit, sites: row.sites.map(named), cameras: row.cameras.map(named) },
    lookBackHours: row.look_back_h,
    hours:
      row.from_minute === null || row.to_minute === null
        ? null
        : { from: clockOf(row.from_minute), to: clockOf(row.to_minute) },
    ...{ timeZone: row.time_zone, purpose: row.purpose as contract.Purpose },
    ...{ reason: row.reason, necessity: row.necessity, replaces: row.replaces },
    ...{ askedBy: row.asked_by, askedByName: row.asked_by_name, asked: rfc3339(row.asked.getTime()) },
    ...{ starts: rfc3339(row.starts.getTime()), ends: rfc3339(row.ends.getTime()) },
    ...{ decidedByName: row.decided_by_name, decidedForName: row.decided_for_name },
    ...{ decided: orNull(row.decided), decisionNote: row.decision_note },
    ...{ ended: orNull(row.ended), endedByName: row.ended_by_name, endedWhy: row.ended_why },
    ...{ recertifyBy: orNull(row.recertify_by), event: row.event, eventLevel: row.event_level },
    ...{ review: row.review, reviewedByName: row.reviewed_by_name, reviewed: orNull(row.reviewed) },
    lastUsed: orNull(row.last_used),
    inForce: row.state === 'issued' && row.starts.getTime() <= nowMs && nowMs < row.ends.getTime(),
    can: canOf(edge, row, who, nowMs),
  };
}

/** Only what its state allows at all; each with the reason where the caller may not. */
function canOf(edge: Edge, row: PermissionRow, who: Caller, nowMs: number) {
  const subject = asSubject(row);
  const isOwn = row.person_id === who.personId || row.asked_by === who.personId;
  const decide = edge.gate.can(who, 'permission.decide', subject);
  const isOver = row.state !== 'issued' || row.ends.getTime() <= nowMs;
  if (row.state === 'asked')
    return { approve: decide, refuse: decide, ...(isOwn ? { withdraw: true as const } : {}) };
  if (row.kind === 'emergency' && isOver && row.review === null)
    return { review: edge.gate.can(who, 'permission.review', subject) };
  if (isOver) return {};
  return {
    revoke: edge.gate.can(who, 'permission.revoke', subject),
    ...(row.kind === 'asked' ? { recertify: decide } : {}),
    ...(isOwn ? { withdraw: true as const } : {}),
  };
}
