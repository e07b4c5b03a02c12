/** How complete recording is: of a camera, and of a site month by month, to read and as files. */
import { Refusal, refuse, rfc3339 } from '../base/index.ts';
import { findCamera, findSite } from '../collect/index.ts';
import { govern } from '../contract/index.ts';
import type { Subject } from '../gate/index.ts';
import { completeness, coverage, filedReport, type StoreAt } from '../store/index.ts';
import { completenessPaper, completenessTemplate } from './completeness-paper.ts';
import { csv, type Language, sheetsOf } from './completeness-sheets.ts';
import { type Edge, mount } from './route.ts';
import { typeset } from './typeset.ts';
import { xlsx } from './xlsx.ts';

type CompletenessEdge = Edge & StoreAt;
const maxSpanMs = 32 * 86_400_000;

export function mountCompleteness(edge: CompletenessEdge): void {
  const siteOf = async ({ params }: { params: { id: string } }): Promise<Subject> => {
    const { id, name } = await findSite(edge.db.kysely, params.id);
    return { kind: 'site', id, name };
  };
  mount(edge, govern.coverage, {
    subject: async ({ params }) => {
      const { id, name, siteId } = await findCamera(edge.db.kysely, params.id);
      return { kind: 'camera', id, name, siteId };
    },
    handle: async ({ params, query }) => {
      const span = { fromMs: Date.parse(query.from), toMs: Date.parse(query.to) };
      if (!(span.toMs > span.fromMs) || span.toMs - span.fromMs > maxSpanMs)
        refuse('view.range', { hours: 32 * 24 });
      const { window, ...figures } = await coverage(edge, await findCamera(edge.db.kysely, params.id), span);
      return { ...figures, from: rfc3339(window.fromMs), to: rfc3339(window.toMs) };
    },
  });
  mount(edge, govern.completeness, {
    subject: siteOf,
    handle: async ({ params, query }) => {
      const report = await completeness(edge, params.id, query.month);
      const filed = await filedReport(edge.db, params.id, query.month);
      return { report, filed: filed && { made: rfc3339(filed.made.getTime()), digest: filed.digest } };
    },
  });
  mount(edge, govern.completenessFile, {
    subject: siteOf,
    handle: async ({ params, query, reply, note }) => {
      const { type, body } = await fileOf(edge, params, query);
      await note({ detail: { month: query.month, file: params.file } });
      const name = `completeness-${query.month}-${params.file}`;
      reply.header('content-type', type).header('content-disposition', `attachment; filename="${name}"`);
      return body;
    },
  });
}

async function fileOf(
  edge: CompletenessEdge,
  { id, file }: { id: string; file: string },
  { month, lang }: { month: string; lang: Language },
): Promise<{ type: string; body: Buffer | string }> {
  if (file === 'filed.json') {
    const filed = await filedReport(edge.db, id, month);
    // Bytes, so that nothing on the way writes the same JSON in another way: its digest is in the ledger.
    return filed ? { type: 'application/json', body: Buffer.from(filed.json) } : refuse('completeness.none');
  }
  const report = await completeness(edge, id, month);
  if (file === 'report.pdf') {
    const filed = await filedReport(edge.db, id, month);
    const paper = completenessPaper(report, filed?.digest ?? null, lang);
    return { type: 'application/pdf', body: await typeset(completenessTemplate, paper, edge.log) };
  }
  const sheets = sheetsOf(report, lang);
  if (file === 'report.csv') return { type: 'text/csv; charset=utf-8', body: csv(sheets[0]!) };
  if (file === 'report.xlsx')
    return { type: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', body: xlsx(sheets) };
  throw new Refusal('request.unknown');
}
