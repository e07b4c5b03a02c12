/** The endpoints of places that must have a system, and the gap report as a file. */
import { rfc3339 } from '../base/index.ts';
import {
  addPlace,
  changePlace,
  endPlace,
  findPlace,
  listPlaces,
  type MandatoryPlace,
} from '../collect/index.ts';
import { places } from '../contract/index.ts';
import type { Subject } from '../gate/index.ts';
import { type GapState, placeTypeOf, sayRule } from '../law/index.ts';
import { csv, type Language } from './completeness-sheets.ts';
import { type Edge, mount } from './route.ts';
import { type Sheet, xlsx } from './xlsx.ts';

const describe = ({ written, because, gap, views, keyPositions, ...place }: MandatoryPlace) => ({
  ...place,
  keyPositions: keyPositions.map((each) => ({ ...each, at: { ...each.at } })),
  written: written && rfc3339(written.atMs),
  writtenBy: written?.by ?? null,
  because: because.map(({ answer: { cite } }) => ({
    ...{ instrument: cite.instrument, article: cite.article, quote: cite.quote },
  })),
  gap: { ...gap, uncovered: gap.uncovered.map(({ id }) => id) },
  views: views.map((view) => ({ ...view, at: { ...view.at } })),
});

export function mountPlaces(edge: Edge): void {
  const db = edge.db.kysely;
  const subject = async ({ params }: { params: { id: string } }): Promise<Subject> => ({
    kind: 'place',
    ...(await findPlace(db, params.id)),
  });
  mount(edge, places.mandatoryPlaces, {
    handle: async ({ who }) => {
      // Where cameras stand is for those who may know of them; that a place has a gap is for every planner.
      const mayKnow = ({ siteId }: MandatoryPlace) =>
        siteId !== null && edge.gate.can(who, 'camera.read', { kind: 'camera', siteId }) === true;
      const items = await listPlaces(db, edge.clock.wallMs());
      return { items: items.map((place) => describe(mayKnow(place) ? place : { ...place, views: [] })) };
    },
  });
  mount(edge, places.addPlace, {
    handle: async ({ body, grant, change }) => {
      const id = await change(
        (trx) => addPlace(trx, grant, body),
        (made) => ({ subject: { kind: 'place', id: made, name: body.name }, detail: { ...body } }),
      );
      return { id };
    },
  });
  mount(edge, places.changePlace, {
    subject,
    handle: async ({ params, body, grant, change }) => {
      await change((trx) => changePlace(trx, grant, body), { detail: { ...body } });
      return { id: params.id };
    },
  });
  mount(edge, places.endPlace, {
    subject,
    handle: async ({ body, grant, change }) => {
      await change((trx) => endPlace(trx, grant, body.reason), {
        reason: body.reason,
        detail: { ended: true },
      });
      return {};
    },
  });
  mount(edge, places.placesFile, {
    handle: async ({ params, query, reply, note }) => {
      const sheet = sheetOf(await listPlaces(db, edge.clock.wallMs()), query.lang);
      await note({ detail: { file: params.file } });
      const isCsv = params.file === 'gaps.csv';
      reply
        .header('content-disposition', `attachment; filename="${params.file}"`)
        .header(
          'content-type',
          isCsv
            ? 'text/csv; charset=utf-8'
            : 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
        );
      return isCsv ? csv(sheet) : xlsx([sheet]);
    },
  });
}

const words = {
  en: {
    ...{ name: 'Gaps', place: 'Place', kind: 'Kind', address: 'Address', responsible: 'Who has to build' },
    ...{ because: 'By', site: 'Site', state: 'State', cameras: 'Cameras', recorded: 'In use' },
    ...{ operating: 'Operating', uncovered: 'Key positions without a camera' },
  },
  zh: {
    ...{ name: '缺口', place: '场所', kind: '种类', address: '地址', responsible: '建设责任单位' },
    ...{ because: '依据', site: '登记场所', state: '状态', cameras: '设备数', recorded: '已启用' },
    ...{ operating: '正式运行', uncovered: '未覆盖的重点部位' },
  },
} as const;

const stateWords: Readonly<Record<GapState, Readonly<Record<Language, string>>>> = {
  'no-site': { en: 'not registered here', zh: '尚未登记' },
  'no-camera': { en: 'no camera', zh: '无设备' },
  'not-recorded': { en: 'no camera in use', zh: '设备未投入使用' },
  uncovered: { en: 'key positions not covered', zh: '重点部位未覆盖' },
  covered: { en: 'no gap known', zh: '未见缺口' },
};

function sheetOf(all: readonly MandatoryPlace[], lang: Language): Sheet {
  const t = words[lang];
  return {
    name: t.name,
    head: [
      ...[t.place, t.kind, t.address, t.responsible, t.because, t.site, t.state],
      ...[t.cameras, t.recorded, t.operating, t.uncovered],
    ],
    rows: all.map((one) => [
      ...[one.name, placeTypeOf(one.placeType)?.name[lang] ?? one.placeType, one.address, one.responsible],
      [
        ...one.because.map(({ answer }) => sayRule(answer.cite, lang)),
        ...(one.designation ? [one.designation] : []),
      ].join('; '),
      ...[one.siteName ?? '', stateWords[one.gap.state][lang]],
      ...[one.gap.cameras, one.gap.recorded, one.gap.operating],
      one.gap.uncovered.map(({ name }) => name).join('; '),
    ]),
  };
}
