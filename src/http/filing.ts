/** The endpoints of filing: the clocks and the drift, drafts and what was submitted, documents, answers, files. */
import { refuse, rfc3339 } from '../base/index.ts';
import { findSite } from '../collect/index.ts';
import { filing as form } from '../contract/index.ts';
import type { Subject } from '../gate/index.ts';
import {
  addDocument,
  answerFiling,
  changeUnitFacts,
  changeUse,
  clockName,
  type DocumentRow,
  documentsOf,
  dropFiling,
  endDocument,
  type FilingRow,
  findDocument,
  findFiling,
  frozenContent,
  listFilings,
  makePack,
  openAnswer,
  readDigest,
  readKey,
  readUnit,
  type SignerKey,
  type SiteFiling,
  sayKey,
  siteFilings,
  startFiling,
  stateIn,
  submitFiling,
} from '../govern/index.ts';
import { calendarYears, type FilingClock } from '../law/index.ts';
import { filingFile } from './filing-files.ts';
import { type Edge, mount } from './route.ts';

export interface FilingEdge extends Edge {
  /** Signs packs and answers. */
  readonly filingKey: SignerKey;
}

export function mountFiling(edge: Edge, filingKey: SignerKey): void {
  const whole: FilingEdge = { ...edge, filingKey };
  mountOverview(whole);
  mountRegister(whole);
  mountDocuments(whole);
  mountFilings(whole);
  mountAnswers(whole);
  mountFiles(whole);
}

const stateAt = (edge: FilingEdge) => ({ nowMs: edge.clock.wallMs(), key: sayKey(edge.filingKey) });

const siteSubject =
  (edge: Edge) =>
  async ({ params }: { params: { id: string } }): Promise<Subject> => {
    const { id, name } = await findSite(edge.db.kysely, params.id);
    return { kind: 'site', id, name };
  };

const filingSubject =
  (edge: Edge) =>
  async ({ params }: { params: { id: string } }): Promise<Subject> => {
    const { id, site_id } = await findFiling(edge.db.kysely, params.id);
    return { kind: 'filing', id, name: (await findSite(edge.db.kysely, site_id)).name, siteId: site_id };
  };

// ---- told

function mountOverview(edge: FilingEdge): void {
  mount(edge, form.overview, {
    handle: async ({ who }) => {
      const db = edge.db.kysely;
      const { changedMs, changedBy, ...unit } = await readUnit(db);
      const states = await siteFilings(db, stateAt(edge));
      const reminders = await db.selectFrom('filing_reminder').selectAll().orderBy('told', 'desc').execute();
      return {
        unit: { ...unit, changed: changedMs === null ? null : rfc3339(changedMs), changedBy },
        key: sayKey(edge.filingKey),
        calendarYears: [...calendarYears],
        sites: states.map((state) => ({
          ...asSite(state),
          reminders: reminders
            .filter(({ site_id }) => site_id === state.facts.id)
            .map(({ clock, days, told }) => ({ clock, days, told: rfc3339(told.getTime()) })),
        })),
        can: { file: edge.gate.can(who, 'filing.file') === true },
      };
    },
  });
  mount(edge, form.filings, {
    handle: async ({ query }) => {
      const rows = await listFilings(edge.db.kysely, query.site);
      const names = new Map(
        (await edge.db.kysely.selectFrom('site').select(['id', 'name']).execute()).map((row) => [
          row.id,
          row.name,
        ]),
      );
      return { items: rows.map((row) => asFiling(row, names.get(row.site_id) ?? '')) };
    },
  });
}

function asSite({ site, facts, filings, ...state }: SiteFiling) {
  const { clocks, drift, missingDocuments, missingFacts } = state;
  const isOwed = state.next.rules.length > 0;
  const latest = filings[0]?.state;
  return {
    ...{ siteId: facts.id, siteName: facts.name, timeZone: site.lawful.timeZone, today: site.today },
    ...{ organ: site.organ, organKey: site.organKey, usedSince: site.saidSince, liveSince: site.liveSince },
    ...{ stoppedOn: site.stoppedOn, placeClass: facts.placeClass, cameras: site.devices.length },
    draft: filings[0]?.state === 'draft' ? filings[0].id : null,
    state: latest ?? (isOwed ? (site.liveSince === null ? 'not-live' : 'none') : 'not-owed'),
    clocks: asClocks(clocks, new Map(drift.map((each) => [each.cameraId, each.cameraName]))),
    drift: drift.map(({ field, cameraId, cameraName, on, parts }) => ({
      ...{ field, cameraId, cameraName, on, parts: [...parts] },
    })),
    documents: site.documents.map(asDocument),
    missingDocuments: isOwed ? [...missingDocuments] : [],
    missingFacts: isOwed ? [...missingFacts] : [],
  } as const;
}

/** What changed on one day is one clock, as a person sees it. */
export function asClocks(clocks: readonly FilingClock[], names: ReadonlyMap<string | null, string | null>) {
  return [...Map.groupBy(clocks, clockName).values()].map((same) => {
    const { kind, from, last, rolled, missingYear, daysLeft, state, warning, because } = same[0]!;
    return {
      ...{ kind, from, last, rolled, missingYear, daysLeft, state, warning },
      because: because.map(({ answer: { cite } }) => ({
        ...{ instrument: cite.instrument, article: cite.article, quote: cite.quote },
      })),
      changes: same.flatMap(({ change }) => {
        if (!change) return [];
        const cameraId = change.cameraId ?? null;
        return [{ field: change.field, cameraId, cameraName: names.get(cameraId) ?? null }];
      }),
    };
  });
}

const asDocument = (row: DocumentRow) => ({
  ...{ id: row.id, kind: row.kind, name: row.name, on: row.on, bytes: row.bytes, sha256: row.sha256 },
  ...{ added: rfc3339(row.addedMs), addedBy: row.addedBy },
});

function asFiling(row: FilingRow, siteName: string, kind?: SiteFiling['kind']) {
  return {
    ...{ id: row.id, siteId: row.site_id, siteName, no: row.no, state: row.state },
    ...{ kind: row.kind ?? kind ?? 'first', replaces: row.replaces, made: rfc3339(row.made.getTime()) },
    ...{ madeBy: row.made_by, digest: row.digest && Buffer.from(row.digest).toString('hex') },
    ...{ attestedBy: row.attested_by, attestedAs: row.attested_as, way: row.way },
    ...{ submittedOn: row.submitted_on, answeredOn: row.answered_on, answeredBy: row.answered_by },
    ...{ receiptNo: row.receipt_no, reasons: row.reasons },
  };
}

async function toldFiling(edge: FilingEdge, id: string) {
  const row = await findFiling(edge.db.kysely, id);
  const { name } = await findSite(edge.db.kysely, row.site_id);
  const kind =
    row.state === 'draft' ? (await stateIn(edge.db.kysely, row.site_id, stateAt(edge))).kind : undefined;
  return asFiling(row, name, kind);
}

// ---- done: what a filing tells beside sites and cameras

function mountRegister(edge: FilingEdge): void {
  mount(edge, form.changeUnit, {
    subject: async () => {
      const { id, name } = await readUnit(edge.db.kysely);
      return { kind: 'unit', id, name };
    },
    handle: async ({ body, grant, change }) => {
      await change((trx) => changeUnitFacts(trx, grant, body), { detail: { changed: Object.keys(body) } });
      return {};
    },
  });
  mount(edge, form.changeUse, {
    subject: siteSubject(edge),
    handle: async ({ body, grant, change }) => {
      const read = body.organKey === null ? null : (readKey(body.organKey) ?? refuse('filing.key'));
      const { stoppedWhy, ...rest } = { ...body, organKey: read && sayKey(read) };
      await change((trx) => changeUse(trx, grant, { ...rest, stoppedWhy }), {
        reason: stoppedWhy || null,
        detail: { use: rest },
      });
      return {};
    },
  });
}

function mountDocuments(edge: FilingEdge): void {
  mount(edge, form.addDocument, {
    subject: siteSubject(edge),
    handle: async ({ body, grant, change }) => {
      const id = await change(
        (trx) => addDocument(trx, grant, body),
        (made) => ({ detail: { document: made, kind: body.kind, name: body.name, on: body.on } }),
      );
      const row = await findDocument(edge.db.kysely, id);
      return asDocument({
        ...{ id, siteId: row.site_id, kind: row.kind, name: row.name, on: row.on_day },
        ...{ bytes: row.bytes.length, sha256: Buffer.from(row.digest).toString('hex') },
        ...{ addedMs: row.added.getTime(), addedBy: row.added_by },
      });
    },
  });
  const ofDocument = async ({ params }: { params: { id: string } }): Promise<Subject> => {
    const { site_id } = await findDocument(edge.db.kysely, params.id);
    return { kind: 'site', id: site_id, name: (await findSite(edge.db.kysely, site_id)).name };
  };
  mount(edge, form.endDocument, {
    subject: ofDocument,
    handle: async ({ params, body, grant, change }) => {
      const detail = { document: params.id, ended: true };
      await change((trx) => endDocument(trx, grant, params.id, body.reason), { reason: body.reason, detail });
      return {};
    },
  });
  mount(edge, form.documentFile, {
    subject: ofDocument,
    handle: async ({ params, reply, note }) => {
      const { bytes } = await findDocument(edge.db.kysely, params.id);
      await note({ detail: { document: params.id } });
      reply.header('content-type', 'application/pdf');
      // Shown by the browser's own viewer at most, never as a page of this console.
      reply.header('content-disposition', `attachment; filename="${params.id}.pdf"`);
      return bytes;
    },
  });
}

// ---- done: filings

function mountFilings(edge: FilingEdge): void {
  mount(edge, form.startFiling, {
    subject: async ({ body }) => {
      const { id, name } = await findSite(edge.db.kysely, body.siteId);
      return { kind: 'site', id, name };
    },
    handle: async ({ grant, change }) => {
      const id = await change(
        (trx) => startFiling(trx, grant),
        (filing) => ({ detail: { filing, step: 'draft' } }),
      );
      return toldFiling(edge, id);
    },
  });
  mount(edge, form.filingById, {
    subject: filingSubject(edge),
    handle: async ({ params }) => wholeFiling(edge, params.id),
  });
  mount(edge, form.dropFiling, {
    subject: filingSubject(edge),
    handle: async ({ grant, change }) => {
      await change((trx) => dropFiling(trx, grant), { detail: { step: 'dropped' } });
      return {};
    },
  });
  mount(edge, form.submitFiling, {
    subject: filingSubject(edge),
    handle: async ({ who, params, body, grant, change }) => {
      const { display_name: by } = await edge.db.kysely
        .selectFrom('person')
        .select('display_name')
        .where('id', '=', who.personId)
        .executeTakeFirstOrThrow();
      const { way, as, digest } = body;
      await change(
        (trx) => submitFiling(trx, grant, { ...{ digest, way, as, by }, key: sayKey(edge.filingKey) }),
        (frozen) => ({ detail: { step: 'submitted', digest: frozen, way, attested: { by, as } } }),
      );
      return toldFiling(edge, params.id);
    },
  });
}

async function wholeFiling(edge: FilingEdge, id: string) {
  const row = await findFiling(edge.db.kysely, id);
  const state = await stateIn(edge.db.kysely, row.site_id, stateAt(edge));
  const isDraft = row.content === null;
  const content = row.content === null ? state.next : frozenContent(row.content);
  return {
    ...asFiling(row, state.facts.name, state.kind),
    ...{ content, contentDigest: isDraft ? readDigest(content) : Buffer.from(row.digest!).toString('hex') },
    missingDocuments: isDraft ? [...state.missingDocuments] : [],
    missingFacts: isDraft ? [...state.missingFacts] : [],
  };
}

function mountAnswers(edge: FilingEdge): void {
  mount(edge, form.answerFiling, {
    subject: filingSubject(edge),
    handle: async ({ params, body, grant, change }) => {
      await change((trx) => answerFiling(trx, grant, body, null), {
        detail: { step: body.outcome, ...body },
      });
      return toldFiling(edge, params.id);
    },
  });
  mount(edge, form.takeAnswer, {
    handle: async ({ who, body, change }) => {
      const db = edge.db.kysely;
      let row: FilingRow | undefined;
      const answer = await openAnswer(body.answer, async (digest) => {
        row = await db
          .selectFrom('filing')
          .selectAll()
          .where('digest', '=', Buffer.from(digest, 'hex'))
          .executeTakeFirst();
        if (!row) return refuse('filing.answer-unknown');
        return (await stateIn(db, row.site_id, stateAt(edge))).site.organKey;
      });
      const { id, site_id: siteId } = row!;
      const name = (await findSite(db, siteId)).name;
      const grant = await edge.gate.admit(who, 'filing.file', { kind: 'filing', id, name, siteId });
      const { on, by, says, outcome } = answer;
      const given =
        outcome === 'received'
          ? ({ outcome, on, by, receiptNo: says } as const)
          : ({ outcome, on, by, reasons: says } as const);
      await change(
        (trx) => answerFiling(trx, grant, given, body.answer),
        { detail: { step: outcome, ...given, signed: true } },
        grant,
      );
      return toldFiling(edge, id);
    },
  });
}

function mountFiles(edge: FilingEdge): void {
  mount(edge, form.filingFile, {
    subject: filingSubject(edge),
    handle: async ({ params, query, reply, note }) => {
      const row = await findFiling(edge.db.kysely, params.id);
      const whole = await wholeFiling(edge, params.id);
      const made = await fileOf(edge, row, params.file, { ...whole, lang: query.lang });
      await note({ detail: { file: params.file } });
      const name = `filing-${whole.no}-${params.file}`;
      reply.header('content-type', made.type).header('content-disposition', `attachment; filename="${name}"`);
      return made.body;
    },
  });
}

async function fileOf(
  edge: FilingEdge,
  row: FilingRow,
  file: string,
  whole: Awaited<ReturnType<typeof wholeFiling>> & { lang: 'zh' | 'en' },
): Promise<{ type: string; body: Buffer | string }> {
  if (file !== 'pack.json') return filingFile(file, whole, edge.log);
  // A draft is not signed: it may be another one tomorrow.
  if (row.content === null) return refuse('filing.not-submitted');
  const digests = whole.content.documents.map(({ sha256 }) => sha256);
  const documents = await documentsOf(edge.db.kysely, row.site_id, digests);
  return {
    type: 'application/json',
    body: Buffer.from(makePack(row.id, row.content, documents, edge.filingKey)),
  };
}
