/** Figures for Prometheus. They count; they name no person and no camera. */
import { Gauge } from 'prom-client';
import type { Server } from './server.ts';
import type { VideoParts } from './video-edge.ts';

export function mountGauges(server: Server, parts: VideoParts): void {
  const registers = [server.metrics];
  const { cameras, states, engine, keeper, views } = parts;
  const gauge = (name: string, help: string, labelNames: string[], collect: (to: Gauge) => void) =>
    new Gauge({
      name: `custos_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        collect(this);
      },
    });
  gauge('cameras', 'Cameras by status', ['status'], (to) => {
    for (const status of ['recording', 'trouble', 'no-video', 'paused', 'starting', 'off'])
      to.set({ status }, 0);
    for (const camera of cameras.all()) to.inc({ status: states.status(camera) });
  });
  gauge('intake_kbps', 'What the cameras send, in kbit/s', [], (to) => {
    const streams = cameras.all().flatMap((camera) => states.streams(camera.id));
    to.set(streams.reduce((sum, stream) => sum + (stream.kbps ?? 0), 0));
  });
  gauge('intake_packets_lost', 'RTP packets lost on the streams that are open now', [], (to) => {
    const streams = cameras.all().flatMap((camera) => states.streams(camera.id));
    to.set(streams.reduce((sum, stream) => sum + stream.packetsLost, 0));
  });
  gauge('views', 'Open views', ['kind'], (to) => {
    for (const [kind, count] of Object.entries(views.count)) to.set({ kind }, count);
  });
  gauge('engine_up', 'Whether a process of the engine runs', ['process'], (to) => {
    for (const { name, up } of engine.processes()) to.set({ process: name }, up ? 1 : 0);
  });
  gauge('engine_restarts', 'How often a process of the engine had to be started again', ['process'], (to) => {
    for (const { name, restarts } of engine.processes()) to.set({ process: name }, restarts);
  });
  gauge('transcodes', 'Views that are being turned into H.264', [], (to) =>
    to.set(engine.transcodes().running),
  );
  gauge('store_rows_waiting', 'Rows that wait for the database', [], (to) => to.set(keeper.waiting));
  gauge('database_up', 'Whether the database answers', [], (to) => to.set(server.db.isUp ? 1 : 0));
}
