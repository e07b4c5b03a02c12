/** The events that keep a console current: cameras as they change, gaps, and whether the engine is up. */
import type { Who } from '../gate/index.ts';
import { describe } from './cameras.ts';
import type { Server } from './server.ts';
import { asGap, subjectOf, type VideoEdge } from './video-edge.ts';

const flushEveryMs = 500;
/** A camera that falls silent changes its status by time alone, and no fact says so. */
const lookEveryMs = 2_000;

export function streamEvents(server: Server, edge: VideoEdge): void {
  server.stream('/api/events', 'camera.read', { kind: 'camera' }, (who, send) => {
    const changed = new Set<string>();
    const sent = new Map<string, string>();
    const flush = setInterval(() => {
      for (const id of changed) sendCamera(edge, who, id, sent, send);
      changed.clear();
    }, flushEveryMs);
    const look = setInterval(() => {
      for (const camera of edge.cameras.all())
        if (sent.get(camera.id) !== edge.states.status(camera)) changed.add(camera.id);
    }, lookEveryMs);
    const mark = (id: string) => void changed.add(id);
    const stops = [
      edge.states.onChange(mark),
      edge.cameras.onChange(({ after }) => mark(after.id)),
      edge.keeper.onGap((cameraId, gap) => send({ kind: 'gap', cameraId, gap: asGap(gap) })),
      edge.states.onEngine((up) => send({ kind: 'engine', up })),
    ];
    return () => {
      clearInterval(flush);
      clearInterval(look);
      for (const stop of stops) stop();
    };
  });
}

function sendCamera(
  edge: VideoEdge,
  who: Who,
  id: string,
  sent: Map<string, string>,
  send: (event: unknown) => void,
): void {
  const camera = edge.cameras.get(id);
  if (!camera) {
    sent.delete(id);
    send({ kind: 'camera-gone', id });
  } else if (edge.gate.can(who, 'camera.read', subjectOf(camera)) === true) {
    const described = describe(edge, camera, who);
    sent.set(id, described.status);
    send({ kind: 'camera', camera: described });
  }
}
