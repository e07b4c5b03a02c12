/** The duty board of a site: to read, and as the pack that an inspector takes along. */
import { createHash } from 'node:crypto';
import { findSite } from '../collect/index.ts';
import { duties } from '../contract/index.ts';
import { siteBoard, siteBoards } from '../govern/index.ts';
import { type Board, type BoardRow, chainOf, countRows, evidenceOf, sayWhy, whatToDo } from '../law/index.ts';
import { canonicalJson } from '../ledger/index.ts';
import { dutiesPaper, dutiesTemplate } from './duties-paper.ts';
import { type Edge, mount } from './route.ts';
import { typeset } from './typeset.ts';

export function mountDuties(edge: Edge): void {
  const siteOf = async ({ params }: { params: { id: string } }) => {
    const { id, name } = await findSite(edge.db.kysely, params.id);
    return { kind: 'site' as const, id, name };
  };
  mount(edge, duties.boards, {
    handle: async () => {
      const boards = await siteBoards(edge.db.kysely, edge.clock.wallMs());
      return {
        items: boards.map(({ site, day, rows }) => ({
          site: { id: site.id, name: site.name },
          day,
          counts: countRows(rows),
        })),
      };
    },
  });
  mount(edge, duties.board, {
    subject: siteOf,
    handle: async ({ params }) => shown(await siteBoard(edge.db.kysely, params.id, edge.clock.wallMs())),
  });
  mount(edge, duties.boardFile, {
    subject: siteOf,
    handle: async ({ params, query, reply, note }) => {
      const board = await siteBoard(edge.db.kysely, params.id, edge.clock.wallMs());
      const json = canonicalJson(shown(board));
      const digest = createHash('sha256').update(json).digest('hex');
      const isPaper = params.file === 'pack.pdf';
      const body = isPaper
        ? await typeset(dutiesTemplate, dutiesPaper(board, digest, query.lang), edge.log)
        : Buffer.from(json);
      // What was handed out can be held against the ledger later.
      await note({ detail: { file: params.file, day: board.day, digest } });
      reply.header('content-type', isPaper ? 'application/pdf' : 'application/json');
      reply.header('content-disposition', `attachment; filename="duties-${board.day}-${params.file}"`);
      return body;
    },
  });
}

function shown({ site, day, rows, cameras }: Board) {
  const named = (id: string) => ({ id, name: cameras.get(id)?.name ?? '' });
  return {
    ...{ site: { id: site.id, name: site.name }, day },
    profiles: chainOf(site).map(({ id }) => id),
    counts: countRows(rows),
    rows: rows.map((row) => shownRow(row, named)),
  };
}

const shownRow = (
  { duty, judgement, cameras, look }: BoardRow,
  named: (id: string) => { id: string; name: string },
) => ({
  ...{ id: duty.id, state: judgement.state, at: judgement.at, inDays: judgement.inDays },
  ...{ title: duty.title, why: sayWhy(judgement), todo: whatToDo(duty), evidence: evidenceOf(duty) },
  ...{ cameras: cameras && { ...cameras }, look: look.map(named) },
});
