/** Mounts all that has to do with cameras and their video: sites, cameras, timelines, views, media, events. */
import { describe, mountCameras, mountRecording } from './cameras.ts';
import { mountCompleteness } from './completeness.ts';
import { mountDocuments } from './documents.ts';
import { mountDuties } from './duties.ts';
import { streamEvents } from './events.ts';
import { mountImports } from './imports.ts';
import { mountLife } from './life.ts';
import { mountMediaDoors } from './media.ts';
import { mountPlaces } from './places.ts';
import { mountProbe } from './probe.ts';
import { mountRecorded } from './recorded.ts';
import type { Server } from './server.ts';
import { mountSites } from './sites.ts';
import { mountSystem } from './system.ts';
import { mountTimeline } from './timeline.ts';
import { mountUses } from './uses.ts';
import type { VideoEdge, VideoParts } from './video-edge.ts';
import { mountViews } from './views.ts';

export function mountVideo(server: Server, parts: VideoParts): void {
  const edge: VideoEdge = { ...server, ...parts };
  mountSites(edge);
  mountCameras(edge);
  mountRecording(edge);
  mountLife(edge, (camera, who) => describe(edge, camera, who));
  mountDocuments(edge);
  mountImports(edge);
  mountPlaces(edge);
  mountProbe(edge);
  mountTimeline(edge);
  mountRecorded(edge);
  mountViews(edge);
  mountUses(edge);
  mountCompleteness(edge);
  mountDuties(edge);
  mountSystem(edge);
  mountMediaDoors(server, edge);
  streamEvents(server, edge);
}
