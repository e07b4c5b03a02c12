/** The endpoints that read cameras in from a spreadsheet, and the empty table to begin with. */
import { Refusal, refuse, rfc3339 } from '../base/index.ts';
import { ImportDesk, type ImportJob } from '../collect/index.ts';
import { imports } from '../contract/index.ts';
import type { Who } from '../gate/index.ts';
import { rooms } from '../law/index.ts';
import { csv, type Language } from './completeness-sheets.ts';
import { mount } from './route.ts';
import type { VideoEdge } from './video-edge.ts';
import { type Sheet, xlsx } from './xlsx.ts';

/** Nobody reads more of them; how many there are besides is said. */
const maxTold = 300;

function describe(job: ImportJob) {
  const plan = job.plan;
  const first = <T>(all: readonly T[]) => ({
    items: all.slice(0, maxTold).map((one) => ({ ...one })),
    more: Math.max(0, all.length - maxTold),
  });
  const count = (kind: 'add' | 'change') => plan?.cameras.filter((one) => one.kind === kind).length ?? 0;
  return {
    ...{ id: job.id, state: job.state, file: job.file, at: rfc3339(job.atMs), progress: { ...job.progress } },
    rows: {
      ...{ all: job.rows, added: count('add'), changed: count('change') },
      ...{ same: plan?.same ?? 0, wrong: plan?.wrong ?? 0 },
    },
    problems: first(plan?.problems.map((one) => ({ ...one, values: { ...one.values } })) ?? []),
    notes: first(plan?.notes.map((one) => ({ ...one, values: { ...one.values } })) ?? []),
    lacking: Object.fromEntries(plan?.lacking ?? []),
    unread: [...job.unread],
    refusal: job.refusal && { code: job.refusal.code, values: { ...job.refusal.values } },
  };
}

export function mountImports(edge: VideoEdge): void {
  const desk = new ImportDesk(edge);
  edge.app.addHook('onClose', () => desk[Symbol.asyncDispose]());
  mount(edge, imports.openImport, {
    handle: ({ body, grant }) => {
      const bytes = Buffer.from(body.content, 'base64');
      if (bytes.length > imports.maxFileBytes)
        refuse('import.too-large', { limit: `${imports.maxFileBytes >> 20} MiB` });
      const { file: name, siteId = null, datum, begin } = body;
      return describe(desk.open(grant, { name, bytes, siteId, datum, begin }));
    },
  });
  mount(edge, imports.importById, {
    handle: ({ params, grant }) => describe(desk.find(params.id, grant.by.personId)),
  });
  mount(edge, imports.takeImport, {
    handle: ({ who, params, body, grant, written }) => {
      mayAtAll(edge, who, desk.find(params.id, grant.by.personId));
      const job = desk.take(grant, params.id, body.reason);
      written();
      return describe(job);
    },
  });
  mount(edge, imports.dropImport, {
    handle: ({ params, grant }) => {
      desk.forget(params.id, grant.by.personId);
      return {};
    },
  });
  mount(edge, imports.importTemplate, {
    handle: ({ params, query, reply }) => {
      const [type, body] = templateOf(params.file, query.lang);
      reply
        .header('content-type', type)
        .header('content-disposition', `attachment; filename="${params.file}"`);
      return body;
    },
  });
}

/** Whoever may configure some cameras may not by a file those of other sites. */
function mayAtAll(edge: VideoEdge, who: Who, { plan }: ImportJob): void {
  for (const siteId of plan?.siteIds ?? []) {
    const may = edge.gate.can(who, 'camera.configure', { kind: 'camera', siteId });
    if (may !== true) throw new Refusal(may.no, { action: 'camera.configure' });
  }
}

const sheetNames = {
  en: {
    cameras: 'Cameras',
    says: 'What goes where',
    rooms: 'Rooms',
    column: 'Column',
    needed: 'Needed',
    yes: 'yes',
  },
  zh: { cameras: '摄像机', says: '填写说明', rooms: '区域类型', column: '列', needed: '必填', yes: '是' },
} as const;

function templateOf(file: string, lang: Language): [string, Buffer | string] {
  const t = sheetNames[lang];
  const head = imports.importColumns.map((column) => column[lang]);
  const cameras: Sheet = { name: t.cameras, head, rows: [] };
  if (file === 'cameras.csv') return ['text/csv; charset=utf-8', csv(cameras)];
  const says: Sheet = {
    ...{ name: t.says, head: [t.column, t.needed, t.says] },
    rows: imports.importColumns.map((column) => [
      ...[column[lang], 'needed' in column && column.needed ? t.yes : '', column.says[lang]],
    ]),
  };
  const kinds: Sheet = {
    name: t.rooms,
    head: [t.rooms],
    rows: Object.values(rooms).map((room) => [room[lang]]),
  };
  return ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', xlsx([cameras, says, kinds])];
}
