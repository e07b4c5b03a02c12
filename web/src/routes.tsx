/** Every page and who may open it. A page's state is in its address. */
import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { type Action, gate } from '../../src/contract/index.ts';
import { call, Problem } from './api.ts';
import { readMe, useMe } from './session.ts';
import { firstPageOf, Shell } from './shell/Shell.tsx';
import { BrokenPage, Failed, NotAllowed, NotFound, Waiting } from './shell/states.tsx';
import { readSearch, writeSearch } from './urlState.ts';

const root = createRootRouteWithContext<{ client: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFound,
});

/** Pages for somebody who is signed in. */
const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  component: Shell,
  errorComponent: ({ error }) => <Failed error={error} retry={() => location.reload()} />,
  beforeLoad: async ({ context, location }) => {
    try {
      await readMe(context.client);
    } catch (error) {
      if (error instanceof Problem && error.status === 401) throw await wayIn(location.href);
      throw error;
    }
  },
});

/** Nobody is signed in: to the wizard when there is nobody yet, else to the login, and back afterwards. */
async function wayIn(from: string) {
  const { needed } = await call(gate.setupState);
  if (needed) return redirect({ to: '/setup' });
  return redirect({ to: '/login', search: from === '/' ? {} : { next: from } });
}

/** The page, or the sentence that says why not. The server decides anew at each call; this only saves the way. */
function guarded(needs: Action, Inner: React.ComponentType, also: Action = needs) {
  return function Guarded() {
    const { may } = useMe();
    return may.includes(needs) || may.includes(also) ? <Inner /> : <NotAllowed action={needs} />;
  };
}

const start = createRoute({
  getParentRoute: () => inside,
  path: '/',
  beforeLoad: async ({ context }) => {
    const me = await readMe(context.client);
    throw redirect({ to: firstPageOf(me.may), replace: true });
  },
});

/** `also`: either of the two is enough. */
const page = (path: string, needs: Action, Inner: React.ComponentType, also?: Action) =>
  createRoute({ getParentRoute: () => inside, path, component: guarded(needs, Inner, also) });

const pages = [
  page(
    '/wall',
    'permission.ask',
    lazyRouteComponent(() => import('./wall/WallPage.tsx'), 'WallPage'),
  ),
  page(
    '/cameras',
    'camera.read',
    lazyRouteComponent(() => import('./pages/CamerasPage.tsx'), 'CamerasPage'),
  ),
  page(
    '/cameras/new',
    'camera.configure',
    lazyRouteComponent(() => import('./pages/NewCameraPage.tsx'), 'NewCameraPage'),
  ),
  page(
    '/cameras/$id',
    'camera.read',
    lazyRouteComponent(() => import('./camera/CameraPage.tsx'), 'CameraPage'),
  ),
  page(
    '/sites/$id',
    'site.read',
    lazyRouteComponent(() => import('./sites/SitePage.tsx'), 'SitePage'),
  ),
  page(
    '/import/cameras',
    'camera.configure',
    lazyRouteComponent(() => import('./imports/ImportPage.tsx'), 'ImportPage'),
  ),
  page(
    '/permissions',
    'permission.ask',
    lazyRouteComponent(() => import('./permissions/PermissionsPage.tsx'), 'PermissionsPage'),
    'permission.read',
  ),
  page(
    '/registers',
    'use.read',
    lazyRouteComponent(() => import('./registers/RegistersPage.tsx'), 'RegistersPage'),
  ),
  page(
    '/ledger',
    'ledger.read',
    lazyRouteComponent(() => import('./pages/LedgerPage.tsx'), 'LedgerPage'),
  ),
  page(
    '/people',
    'person.read',
    lazyRouteComponent(() => import('./pages/PeoplePage.tsx'), 'PeoplePage'),
  ),
  page(
    '/storage',
    'system.read',
    lazyRouteComponent(() => import('./storage/StoragePage.tsx'), 'StoragePage'),
  ),
  page(
    '/system',
    'system.read',
    lazyRouteComponent(() => import('./pages/SystemPage.tsx'), 'SystemPage'),
  ),
  page(
    '/completeness',
    'completeness.read',
    lazyRouteComponent(() => import('./completeness/CompletenessPage.tsx'), 'CompletenessPage'),
  ),
  page(
    '/duties',
    'duty.read',
    lazyRouteComponent(() => import('./duties/DutiesPage.tsx'), 'DutiesPage'),
  ),
  page(
    '/keeping',
    'retention.read',
    lazyRouteComponent(() => import('./keeping/KeepingPage.tsx'), 'KeepingPage'),
  ),
  page(
    '/keeping/certificates/$id',
    'retention.read',
    lazyRouteComponent(() => import('./keeping/CertificatePage.tsx'), 'CertificatePage'),
  ),
  page(
    '/filing',
    'filing.read',
    lazyRouteComponent(() => import('./filing/FilingPage.tsx'), 'FilingPage'),
  ),
  page(
    '/desk',
    'desk.bring',
    lazyRouteComponent(() => import('./filing/DeskPage.tsx'), 'DeskPage'),
  ),
  page(
    '/me',
    'self',
    lazyRouteComponent(() => import('./pages/MePage.tsx'), 'MePage'),
  ),
  // Last: what no other path takes, with the menu beside it.
  page('$', 'self', NotFound),
];

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  component: lazyRouteComponent(() => import('./pages/LoginPage.tsx'), 'LoginPage'),
});
const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: lazyRouteComponent(() => import('./pages/SetupPage.tsx'), 'SetupPage'),
});

export function makeRouter(client: QueryClient) {
  return createRouter({
    routeTree: root.addChildren([inside.addChildren([start, ...pages]), login, setup]),
    context: { client },
    parseSearch: readSearch,
    stringifySearch: writeSearch,
    defaultPendingComponent: Waiting,
    defaultErrorComponent: BrokenPage,
    defaultNotFoundComponent: NotFound,
    defaultPreload: false,
    scrollRestoration: true,
  });
}
