/** The endpoint of the system: what it runs on, what is off without FFmpeg, and how its processes are. */
import { sql } from 'kysely';
import { rfc3339 } from '../base/index.ts';
import { govern } from '../contract/index.ts';
import type { EngineProcess } from '../engine/index.ts';
import { oldestSegment } from '../store/index.ts';
import { mount } from './route.ts';
import { usageOf } from './usage.ts';
import { orNull, type VideoEdge } from './video-edge.ts';

/** What is off without FFmpeg, as the console names it. */
const needsFfmpeg = ['stills', 'h265-transcode'];

export function mountSystem(edge: VideoEdge): void {
  mount(edge, govern.system, {
    handle: async () => {
      const oldest = orNull(await oldestSegment(edge.db));
      return {
        version: edge.version,
        started: rfc3339(edge.startedMs),
        now: rfc3339(edge.clock.wallMs()),
        node: process.versions.node,
        database: { version: edge.db.version, embedded: edge.db.embedded, bytes: await databaseBytes(edge) },
        ffmpeg: {
          found: edge.ffmpeg !== null,
          version: edge.ffmpeg?.version ?? null,
          off: edge.ffmpeg ? [] : needsFfmpeg,
        },
        volumes: edge.volumes.states().map(({ id, path, totalBytes, freeBytes, segments, bytes }) => ({
          ...{ id, path, totalBytes, freeBytes, segments, bytes, oldest },
        })),
        engine: await Promise.all(edge.engine.processes().map((one) => asProcess(edge, one))),
        transcodes: edge.engine.transcodes(),
      };
    },
  });
}

async function databaseBytes(edge: VideoEdge): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`select pg_database_size(current_database()) as bytes`.execute(
    edge.db.kysely,
  );
  return rows[0]?.bytes ?? 0;
}

async function asProcess(edge: VideoEdge, { sinceMs, ...rest }: EngineProcess) {
  const usage = rest.pid === null ? null : await usageOf(rest.pid, edge.clock);
  return {
    ...rest,
    since: orNull(sinceMs),
    memoryMb: usage?.memoryMb ?? null,
    cpuPercent: usage?.cpuPercent ?? null,
  };
}
