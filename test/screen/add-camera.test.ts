/**
 * A camera with an awkward password is added through the console's own form, tested, saved and recorded; the clip of a
 * span, downloaded through the console, holds exactly the pictures that the camera sent in it. `CUSTOS_LONG=1` records
 * five minutes of real scenes instead of seconds of a test picture.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { type Clip, type ClipOptions, fileLaunch, makeClip, startGst } from '../support/gst.ts';
import { compareWith, complaints, countFrames, pictureDigests } from './support/frames.ts';
import {
  addByForm,
  awkwardPassword,
  type Desk,
  downloadClip,
  holesOf,
  openDesk,
  type Person,
  recorded,
} from './support/person.ts';

const isLong = process.env.CUSTOS_LONG === '1';
const media = new URL('../../../shared/media/', import.meta.url).pathname;
const filmOf = (name: string) => (existsSync(media + name) ? { film: media + name } : {});

const recordS = isLong ? 300 : 25;
/** The clip ends this long before the newest recorded picture, so that all of its span is in files. */
const marginS = 3;
/** Arrival times carry the scheduling of a loaded machine. */
const slackS = 0.5;

interface Scene extends ClipOptions {
  readonly codec: 'h264' | 'h265';
  readonly fps: number;
  readonly gop: number;
}

const scenes: readonly Scene[] = isLong
  ? [
      {
        ...{ codec: 'h264', width: 768, height: 432, fps: 10, gop: 20, seconds: 420 },
        ...filmOf('one-by-one-person-detection.mp4'),
      },
      {
        ...{ codec: 'h265', width: 768, height: 432, fps: 12, gop: 24, seconds: 420 },
        ...filmOf('car-detection.mp4'),
      },
    ]
  : [
      { codec: 'h264', width: 480, height: 270, fps: 25, gop: 25, seconds: 75, kbps: 600 },
      // Small, for the encoder of H.265 takes seconds of processor time even so.
      { codec: 'h265', width: 320, height: 180, fps: 12, gop: 24, seconds: 75, kbps: 300 },
    ];

test('what a camera sent, and nothing else, is in the clip of a span: added, recorded and downloaded at the console', {
  timeout: isLong ? 2_400_000 : 300_000,
}, async (t) => {
  await using stack = new AsyncDisposableStack();
  const clips: Clip[] = [];
  for (const scene of scenes) clips.push(stack.use(await makeClip(scene)));
  const server = stack.use(
    await startGst({
      signIn: { kind: 'digest', user: 'admin', password: awkwardPassword },
      streams: clips.map((clip) => ({ path: `/${clip.codec}`, launch: fileLaunch(clip.file, clip.codec) })),
    }),
  );
  const desk = stack.use(await openDesk());
  const person = stack.use(await desk.sit('en'));
  const ids: string[] = [];
  for (const { codec, width, height } of scenes) {
    const { id, said } = await addByForm(person, {
      name: `Gate ${codec}`,
      url: server.url(`/${codec}`),
      user: 'admin',
      password: awkwardPassword,
    });
    assert.match(said, new RegExp(`^The camera answers: .*${width} × ${height}, by TCP`));
    ids.push(id);
  }
  for (const id of ids) await recorded(desk.caller, id, recordS + marginS);
  for (const [i, scene] of scenes.entries())
    await t.test(`${scene.codec}`, (each) =>
      checkClip(each, { desk, person }, scene, clips[i] as Clip, ids[i] as string),
    );
  assert.ok(!desk.custos.log().includes(awkwardPassword));
});

async function checkClip(
  t: TestContext,
  { desk, person }: { desk: Desk; person: Person },
  scene: Scene,
  source: Clip,
  id: string,
): Promise<void> {
  const { fromMs: beganMs } = await recorded(desk.caller, id, recordS + marginS);
  assert.deepEqual(await holesOf(desk.caller, id), []);
  const fromMs = Math.ceil(beganMs / 1000 + 1) * 1000;
  const span = { fromMs, toMs: fromMs + (recordS - 1) * 1000 };
  const { file, bytes } = await downloadClip(person, id, span);
  const { first, last, ...wrong } = compareWith(source.slices, await pictureDigests(file, scene.codec));
  const { packets, decoded } = await countFrames(file);
  const placeAt = (ms: number) => ((ms - beganMs) / 1000) * scene.fps;
  const [due, end] = [placeAt(span.fromMs), placeAt(span.toMs)];
  const slack = slackS * scene.fps;
  t.diagnostic(
    `${scene.codec}: ${(span.toMs - span.fromMs) / 1000} s asked, ffprobe counts ${packets} pictures (${decoded} decoded), ` +
      `the source sent ${last - first + 1} (its ${first} to ${last}; by the clock ${due.toFixed(1)} to ${end.toFixed(1)}); ` +
      `missing ${wrong.missing}, doubled ${wrong.doubled}, unknown ${wrong.unknown}; ${bytes} bytes`,
  );
  assert.deepEqual(wrong, { missing: 0, doubled: 0, unknown: 0, disordered: 0 });
  assert.deepEqual({ packets, decoded }, { packets: last - first + 1, decoded: last - first + 1 });
  assert.equal(await complaints(file), '');
  assert.equal(first % scene.gop, 0, 'it begins with a key');
  assert.ok(first <= due + slack && first > due - scene.gop - slack, `begins at ${first} for ${due}`);
  // A part that begins in the span is whole in the clip: half a second.
  assert.ok(last >= end - 1 - slack && last < end + scene.fps / 2 + slack, `ends at ${last} for ${end}`);
}
