/** The endpoints of the desk that receives filings. */
import { refuse, rfc3339 } from '../base/index.ts';
import { desk } from '../contract/index.ts';
import type { Subject, Who } from '../gate/index.ts';
import {
  addDelegate,
  addPlace,
  addUnit,
  answerPack,
  asUnit,
  type DeskFilingRow,
  type DeskPlaceRow,
  type DeskUnit,
  deskDay,
  dueOf,
  findDeskFiling,
  findInspection,
  findUnit,
  frozenContent,
  type InspectionRow,
  lackOf,
  listDelegates,
  listUnits,
  placeStates,
  planInspection,
  recordInspection,
  type SignerKey,
  sayKey,
  takePack,
  unitOfDelegate,
} from '../govern/index.ts';
import { asClocks } from './filing.ts';
import { type Edge, mount } from './route.ts';

interface DeskEdge extends Edge {
  readonly filingKey: SignerKey;
}

export function mountDesk(edge: Edge, filingKey: SignerKey): void {
  const whole: DeskEdge = { ...edge, filingKey };
  mountWhole(whole);
  mountOwn(whole);
  mountUnits(whole);
  mountPacks(whole);
  mountAnswer(whole);
  mountFiles(whole);
  mountInspections(whole);
}

// ---- told

interface Names {
  readonly units: ReadonlyMap<string, string>;
  readonly places: ReadonlyMap<string, DeskPlaceRow>;
}

async function namesOf(edge: Edge): Promise<Names> {
  const places = await edge.db.kysely.selectFrom('desk_place').selectAll().orderBy('name').execute();
  return {
    units: new Map((await listUnits(edge.db.kysely)).map(({ id, name }) => [id, name])),
    places: new Map(places.map((place) => [place.id, place])),
  };
}

function asFiling(row: DeskFilingRow, { units, places }: Names) {
  const content = frozenContent(row.content);
  const place = places.get(row.place_id);
  const dueOn = place ? dueOf(content, place) : null;
  return {
    ...{ id: row.id, unitId: row.unit_id, unitName: units.get(row.unit_id) ?? '', placeId: row.place_id },
    ...{ placeName: place?.name ?? '', no: row.no, kind: row.kind, cameras: content.system.cameras },
    ...{ digest: Buffer.from(row.digest).toString('hex'), submittedOn: row.submitted_on, dueOn },
    late: dueOn !== null && row.submitted_on > dueOn,
    ...{ arrived: rfc3339(row.arrived.getTime()), state: row.state, answeredOn: row.answered_on },
    ...{ answeredBy: row.answered_by, receiptNo: row.receipt_no, reasons: row.reasons },
  };
}

const asInspection = (row: InspectionRow, { units, places }: Names) => ({
  ...{ id: row.id, unitId: row.unit_id, unitName: units.get(row.unit_id) ?? '', placeId: row.place_id },
  ...{ placeName: places.get(row.place_id)?.name ?? '', on: row.on_day, purpose: row.purpose },
  officers: [
    { name: row.officer_a, number: row.number_a },
    { name: row.officer_b, number: row.number_b },
  ],
  ...{ heldOn: row.held_on, foundCameras: row.found_cameras, findings: row.findings },
  ...{ outcome: row.outcome, correctBy: row.correct_by },
});

const maxRows = 2_000;

function mountWhole(edge: DeskEdge): void {
  mount(edge, desk.desk, {
    handle: async () => {
      const db = edge.db.kysely;
      const names = await namesOf(edge);
      const [units, delegates, filings, inspections] = await Promise.all([
        listUnits(db),
        listDelegates(db),
        db.selectFrom('desk_filing').selectAll().orderBy('arrived', 'desc').limit(maxRows).execute(),
        db.selectFrom('desk_inspection').selectAll().orderBy('on_day', 'desc').limit(maxRows).execute(),
      ]);
      const today = deskDay(edge.clock.wallMs());
      const states = placeStates([...names.places.values()], filings, inspections, today);
      return {
        key: sayKey(edge.filingKey),
        units: units.map((unit) => asUnitRow(unit, delegates)),
        places: states.map(({ place, clocks, ...state }) => ({
          ...{ id: place.id, unitId: place.unit_id, unitName: names.units.get(place.unit_id) ?? '' },
          ...{ name: place.name, address: place.address, placeClass: place.place_class },
          ...{ usedSince: place.used_since, clocks: asClocks(clocks, new Map()), ...state },
        })),
        filings: filings.map((row) => asFiling(row, names)),
        inspections: inspections.map((row) => asInspection(row, names)),
      };
    },
  });
}

const asUnitRow = (unit: DeskUnit, delegates: Awaited<ReturnType<typeof listDelegates>>) => ({
  ...{
    id: unit.id,
    name: unit.name,
    creditCode: unit.creditCode,
    key: unit.key,
    added: rfc3339(unit.addedMs),
  },
  delegates: delegates
    .filter(({ unit_id }) => unit_id === unit.id)
    .map(({ person_id, display_name }) => ({ personId: person_id, name: display_name })),
});

/** The clerk sees all; anybody else at the desk stands for one unit. */
async function delegateOf(edge: Edge, who: Who): Promise<DeskUnit | null> {
  if (edge.gate.can(who, 'desk.decide', { kind: 'desk' }) === true) return null;
  return (await unitOfDelegate(edge.db.kysely, who.personId)) ?? refuse('desk.delegate');
}

/** Read under the unit's own role: what is asked for is everything, what comes is the unit's. */
function mountOwn(edge: DeskEdge): void {
  mount(edge, desk.own, {
    handle: async ({ who }) => {
      const unit = await unitOfDelegate(edge.db.kysely, who.personId);
      if (!unit) return { unit: null, filings: [], inspections: [] };
      return edge.db.kysely.transaction().execute((trx) =>
        asUnit(trx, unit, async () => {
          const places = await trx.selectFrom('desk_place').selectAll().execute();
          const filings = await trx
            .selectFrom('desk_filing')
            .selectAll()
            .orderBy('arrived', 'desc')
            .execute();
          const inspections = await trx.selectFrom('desk_inspection').selectAll().execute();
          const names: Names = {
            units: new Map([[unit.id, unit.name]]),
            places: new Map(places.map((place) => [place.id, place])),
          };
          return {
            unit: { id: unit.id, name: unit.name },
            filings: filings.map((row) => asFiling(row, names)),
            inspections: inspections.map((row) => asInspection(row, names)),
          };
        }),
      );
    },
  });
}

// ---- done

const unitSubject =
  (edge: Edge) =>
  async ({ params }: { params: { id: string } }): Promise<Subject> => {
    const { id, name } = await findUnit(edge.db.kysely, params.id);
    return { kind: 'desk', id, name };
  };

function mountUnits(edge: DeskEdge): void {
  mount(edge, desk.addUnit, {
    handle: async ({ body, grant, change }) => {
      const id = await change(
        (trx) => addUnit(trx, grant, body),
        (made) => ({ subject: { kind: 'desk', id: made, name: body.name }, detail: { unit: body } }),
      );
      return asUnitRow(await findUnit(edge.db.kysely, id), []);
    },
  });
  mount(edge, desk.addDelegate, {
    subject: unitSubject(edge),
    handle: async ({ params, body, grant, change }) => {
      await change(
        (trx) => addDelegate(trx, grant, { unitId: params.id, person: body.person }),
        (person) => ({ detail: { delegate: person } }),
      );
      return {};
    },
  });
  mount(edge, desk.addPlace, {
    subject: unitSubject(edge),
    handle: async ({ params, body, grant, change }) => {
      await change(
        (trx) => addPlace(trx, grant, params.id, body),
        (place) => ({ detail: { place, ...body } }),
      );
      return {};
    },
  });
}

function mountPacks(edge: DeskEdge): void {
  mount(edge, desk.bring, {
    handle: async ({ who, body, grant, change }) => {
      const delegate = await delegateOf(edge, who);
      const units = await listUnits(edge.db.kysely);
      const id = await change(
        (trx) => takePack(trx, grant, body.pack, units, delegate),
        (made) => ({ subject: { kind: 'desk', id: made }, detail: { step: 'arrived' } }),
      );
      return asFiling(await findDeskFiling(edge.db.kysely, id), await namesOf(edge));
    },
  });
}

const filingSubject =
  (edge: Edge) =>
  async ({ params }: { params: { id: string } }): Promise<Subject> => {
    const row = await findDeskFiling(edge.db.kysely, params.id);
    return { kind: 'desk', id: row.id, name: (await findUnit(edge.db.kysely, row.unit_id)).name };
  };

function mountAnswer(edge: DeskEdge): void {
  mount(edge, desk.deskFilingById, {
    subject: filingSubject(edge),
    handle: async ({ params }) => {
      const row = await findDeskFiling(edge.db.kysely, params.id);
      const content = frozenContent(row.content);
      const { documents, facts } = lackOf(content);
      return {
        ...asFiling(row, await namesOf(edge)),
        ...{ content, missingDocuments: documents, missingFacts: facts },
      };
    },
  });
  mount(edge, desk.answer, {
    subject: filingSubject(edge),
    handle: async ({ who, params, body, grant, change }) => {
      const { display_name: by } = await edge.db.kysely
        .selectFrom('person')
        .select('display_name')
        .where('id', '=', who.personId)
        .executeTakeFirstOrThrow();
      await change((trx) => answerPack(trx, grant, { ...body, by }, edge.filingKey), { detail: { ...body } });
      return asFiling(await findDeskFiling(edge.db.kysely, params.id), await namesOf(edge));
    },
  });
}

function mountFiles(edge: DeskEdge): void {
  mount(edge, desk.answerFile, {
    subject: filingSubject(edge),
    handle: async ({ who, params, reply, note }) => {
      const row = await findDeskFiling(edge.db.kysely, params.id);
      const delegate = await delegateOf(edge, who);
      // Another unit's filing is to a delegate as if it were not there.
      if ((delegate !== null && delegate.id !== row.unit_id) || row.answer_note === null)
        return refuse('desk.unknown');
      await note({ detail: { file: 'answer.txt' } });
      reply.header('content-type', 'text/plain; charset=utf-8');
      reply.header('content-disposition', `attachment; filename="filing-answer-${row.no}.txt"`);
      return row.answer_note;
    },
  });
  mount(edge, desk.document, {
    subject: filingSubject(edge),
    handle: async ({ params, reply, note }) => {
      const row = await findDeskFiling(edge.db.kysely, params.id);
      const named = frozenContent(row.content).documents.some(({ sha256 }) => sha256 === params.digest);
      const found = await edge.db.kysely
        .selectFrom('desk_document')
        .select('bytes')
        .where('unit_id', '=', row.unit_id)
        .where('digest', '=', Buffer.from(params.digest, 'hex'))
        .executeTakeFirst();
      if (!named || !found) return refuse('desk.unknown');
      await note({ detail: { document: params.digest } });
      reply.header('content-type', 'application/pdf');
      reply.header('content-disposition', `attachment; filename="${params.digest.slice(0, 16)}.pdf"`);
      return found.bytes;
    },
  });
}

function mountInspections(edge: DeskEdge): void {
  const told = async (id: string) =>
    asInspection(await findInspection(edge.db.kysely, id), await namesOf(edge));
  mount(edge, desk.planInspection, {
    handle: async ({ body, grant, change }) => {
      const id = await change(
        (trx) => planInspection(trx, grant, body),
        (made) => ({ subject: { kind: 'desk', id: made }, detail: { ...body, step: 'planned' } }),
      );
      return told(id);
    },
  });
  mount(edge, desk.recordInspection, {
    subject: async ({ params }) => ({
      kind: 'desk',
      id: (await findInspection(edge.db.kysely, params.id)).id,
    }),
    handle: async ({ params, body, grant, change }) => {
      await change((trx) => recordInspection(trx, grant, body), { detail: { ...body, step: 'held' } });
      return told(params.id);
    },
  });
}
