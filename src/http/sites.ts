/** The endpoints of sites. */
import type { Transaction } from 'kysely';
import { addSite, changeSite, changeSiteLaw, findSite, listSites } from '../collect/index.ts';
import { collect } from '../contract/index.ts';
import type { Tables } from '../db/index.ts';
import { describeSite } from './life.ts';
import { mount } from './route.ts';
import type { VideoEdge } from './video-edge.ts';

const asSite = async (edge: VideoEdge, id: string) => describeSite(await findSite(edge.db.kysely, id));

export function mountSites(edge: VideoEdge): void {
  mount(edge, collect.sites, {
    handle: async () => ({ items: (await listSites(edge.db.kysely)).map(describeSite) }),
  });
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
    handle: async ({ who, params, body, grant, change }) => {
      const work = async (trx: Transaction<Tables>) => {
        await changeSite(trx, grant, body);
        await changeSiteLaw(trx, grant, body);
      };
      await change(work, { detail: { changed: Object.keys(body) } });
      await edge.cameras.siteChanged(params.id, who.name);
      return asSite(edge, params.id);
    },
  });
}
