/** The endpoints of sites. */
import { addSite, changeSite, findSite, listSites } from '../collect/index.ts';
import { collect } from '../contract/index.ts';
import { mount } from './route.ts';
import type { VideoEdge } from './video-edge.ts';

const asSite = async (edge: VideoEdge, id: string) => findSite(edge.db.kysely, id);

export function mountSites(edge: VideoEdge): void {
  mount(edge, collect.sites, { handle: async () => ({ items: await listSites(edge.db.kysely) }) });
  mount(edge, collect.addSite, {
    handle: async ({ body, grant, change }) => {
      const id = await change(
        (trx) => addSite(trx, grant, body),
        (made) => ({ subject: { kind: 'site', id: made, name: body.name } }),
      );
      return asSite(edge, id);
    },
  });
  mount(edge, collect.changeSite, {
    subject: async ({ params }) => {
      const site = await findSite(edge.db.kysely, params.id);
      return { kind: 'site', id: site.id, name: site.name };
    },
    handle: async ({ params, body, grant, change }) => {
      await change((trx) => changeSite(trx, grant, body), { detail: { changed: Object.keys(body) } });
      await edge.cameras.siteChanged(params.id);
      return asSite(edge, params.id);
    },
  });
}
