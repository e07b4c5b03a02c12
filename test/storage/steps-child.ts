/**
 * Records into a volume with our own writer, or recovers a file, and is killed, by itself, before the step that it was
 * given. Says on its standard output what was reported as durable before.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '../../src/base/index.ts';
import { KeyRing } from '../../src/engine/index.ts';
import { SegmentWriter } from '../../src/engine/intake/segment-writer.ts';
import { Syncer } from '../../src/engine/intake/syncer.ts';
import { initSegment, partHead, prftBytes } from '../../src/engine/mp4/index.ts';
import { inspect, shapeOf } from '../../src/engine/segment/index.ts';
import { makeClip } from '../engine/mp4/clips.ts';

const [dir, step, act, path] = process.argv.slice(2) as [string, string, 'create' | 'recover', string];
let reached = 0;
const beforeStep = (now: string): void => {
  // Parts are appended and synced again and again: the third time tells more than the first.
  const wanted = step === 'create 4' || step === 'create 5' ? 3 : 1;
  if (now === step && ++reached === wanted) process.kill(process.pid, 'SIGKILL');
};
const volume = { id: 'vol_1', path: join(dir, 'vol') };
const keys = await KeyRing.open({
  ...{ dir: join(dir, 'keys'), master: { kind: 'file' }, clock: systemClock, beforeStep },
});

if (act === 'recover') await inspect(volume, path, true, keys, beforeStep);
else await create();

async function create(): Promise<void> {
  const { video } = makeClip({ seconds: 1, size: '160x120' });
  const day = path.split('/')[1]!;
  const startMs = Date.parse(day);
  const syncer = new Syncer();
  const writer = new SegmentWriter(
    { root: volume.path, path, syncer, beforeStep, failed: (error) => assertNever(error) },
    {
      suite: 1,
      identity: {
        ...{ id: 'seg_1', cameraId: 'cam_1', stream: 'main', run: 'run_1', startMs },
        ...{ codec: video.codecString, width: 160, height: 120, software: 'test' },
      },
      init: initSegment(video, null),
      keyDay: day,
      key: keys.toSeal('cam_1.main', day),
    },
  );
  for (let i = 0; i < 10; i++) {
    const data = randomBytes(20_000);
    const samples = [{ bytes: data.length, ticks: 45_000, key: true, ctsTicks: 0 }];
    const decodeTicks = i * 45_000;
    const wallMs = startMs + i * 500;
    await new Promise<void>((resolve) =>
      writer.append({
        head: partHead({ sequence: i + 1, wallMs, video: { decodeTicks, samples } }),
        ...{ media: [data], mediaBytes: data.length, key: true, hasSound: false, wallMs, decodeTicks },
        ...{
          shape: shapeOf(prftBytes, samples, []),
          ticks: 45_000,
          pictures: 1,
          sealed: () => {},
          written: resolve,
        },
      }),
    );
    process.stdout.write(`part ${i}\n`);
    writer.sync();
    await new Promise<void>((resolve) => syncer.add(async () => resolve()));
  }
  await writer.close({ packetsLost: 0, damagedPictures: 0 });
  process.stdout.write('closed\n');
}

function assertNever(error: Error): void {
  throw error;
}
