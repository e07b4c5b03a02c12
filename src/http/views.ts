/** The endpoints of views: opened with a purpose, renewed, listed, closed. */
import { rfc3339 } from '../base/index.ts';
import { type Camera, findCamera } from '../collect/index.ts';
import { display } from '../contract/index.ts';
import { subjectOfView, type View } from '../display/index.ts';
import { mount } from './route.ts';
import { orNull, subjectOf, type VideoEdge, viewAction } from './video-edge.ts';

export function mountViews(edge: VideoEdge): void {
  mount(edge, display.openView, {
    deed: 'view.open',
    misfits: { 'body.purpose': 'view.purpose', 'body.forWhom': 'view.for-whom' },
    handle: async ({ who, body, written }) => {
      const camera = await cameraToView(edge, body.camera, body.kind);
      const detail = { purpose: body.purpose };
      const grant = await edge.gate.admit(who, viewAction(body.kind), wished(edge, camera, body), detail);
      const view = await edge.views.open(who, grant, camera, {
        kind: body.kind,
        fromMs: body.kind === 'playback' && body.from ? Date.parse(body.from) : null,
        toMs: body.kind === 'playback' && body.to ? Date.parse(body.to) : null,
        purpose: body.purpose,
        ...{ forWhom: body.forWhom ?? null, authority: body.authority || null },
        stream: body.stream,
        h265: body.abilities?.h265 ?? false,
      });
      written();
      return opened(view);
    },
  });
  mount(edge, display.views, {
    handle: ({ who }) => ({ items: edge.views.of(who).map(asView) }),
  });
  mount(edge, display.closeView, {
    deed: 'view.close',
    handle: async ({ who, params, note }) => {
      const view = edge.views.find(params.ticket, who);
      edge.views.end(view, 'closed');
      await note({ action: 'view.close', subject: subjectOf(view.camera), detail: { view: view.id } });
      return {};
    },
  });
  mount(edge, display.renewView, {
    deed: 'view.renew',
    handle: async ({ who, params }) => {
      const view = edge.views.find(params.ticket, who);
      const grant = await edge.gate.admit(who, viewAction(view.kind), subjectOfView(view), { view: view.id });
      return { expires: rfc3339(await edge.views.renew(view, grant)) };
    },
  });
}

/** The camera, and how far back the footage lies: a permission reaches only so far. */
function wished(
  edge: VideoEdge,
  camera: Camera,
  body: { kind: 'live' | 'playback'; from?: string | undefined },
) {
  const fromMs = body.kind === 'playback' && body.from !== undefined ? Date.parse(body.from) : null;
  const agoMs = fromMs === null ? 0 : Math.max(0, edge.clock.wallMs() - fromMs);
  return { ...subjectOf(camera), agoMs };
}

async function cameraToView(edge: VideoEdge, id: string, kind: 'live' | 'playback'): Promise<Camera> {
  const camera = edge.cameras.get(id);
  if (camera) return camera;
  return kind === 'playback' ? findCamera(edge.db.kysely, id) : edge.cameras.require(id);
}

const opened = (view: View) => ({
  ticket: view.id,
  url: `/media/${view.id}`,
  expires: rfc3339(view.expiresMs),
  stream: view.stream,
  transcoded: view.transcoded,
  from: orNull(view.fromMs),
  to: orNull(view.toMs),
});

const asView = (view: View) => ({
  ticket: view.id,
  camera: view.camera.id,
  cameraName: view.camera.name,
  kind: view.kind,
  person: view.who.name,
  purpose: view.purpose,
  opened: rfc3339(view.openedMs),
  expires: rfc3339(view.expiresMs),
  deliveredS: view.deliveredS,
});
