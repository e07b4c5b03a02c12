/**
 * Draws the demo's street scenes in headless Chromium and encodes them with FFmpeg into the clips that the
 * repository ships (demo/clips). Run once by hand after a change of demo/draw; needs chromium, ffmpeg and a CJK font.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { chromium, type Page } from 'playwright-core';

const folder = new URL('../demo/clips/', import.meta.url);
const fps = 15;
const [width, height] = [1280, 720];

interface Clip {
  readonly scene: string;
  readonly view: 'usual' | 'turned' | 'covered';
  readonly codec: 'h264' | 'h265';
  readonly size: readonly [number, number];
  readonly file: string;
}

const main: readonly [number, number] = [width, height];
const sub: readonly [number, number] = [640, 360];
const clip = (
  scene: string,
  view: Clip['view'],
  codec: Clip['codec'],
  size: readonly [number, number],
): Clip => ({
  scene,
  view,
  codec,
  size,
  file: `${scene}${view === 'usual' ? '' : `-${view}`}-${size === main ? 'main' : 'sub'}.${codec}`,
});

const clips: readonly Clip[] = [
  clip('school-gate', 'usual', 'h264', main),
  clip('school-gate', 'usual', 'h264', sub),
  clip('crossing', 'usual', 'h264', main),
  clip('crossing', 'usual', 'h264', sub),
  clip('crossing', 'turned', 'h264', main),
  clip('crossing', 'turned', 'h264', sub),
  clip('market-street', 'usual', 'h265', main),
  clip('market-street', 'usual', 'h264', sub),
  clip('car-park', 'usual', 'h264', main),
  clip('car-park', 'usual', 'h264', sub),
  clip('car-park', 'covered', 'h264', main),
  clip('car-park', 'covered', 'h264', sub),
];

/** A key a second, no B pictures, an access unit delimiter before each picture so that a reader can split by it. */
function encoder(of: Clip): ChildProcessArgs {
  const common = [
    '-y',
    '-loglevel',
    'error',
    '-f',
    'mjpeg',
    '-framerate',
    String(fps),
    '-i',
    'pipe:0',
    '-vf',
    `scale=${of.size.join(':')}:flags=lanczos,format=yuv420p`,
  ];
  const rate = of.size === main ? '29' : '31';
  const codec =
    of.codec === 'h264'
      ? [
          '-c:v',
          'libx264',
          '-preset',
          'veryslow',
          '-profile:v',
          'high',
          '-crf',
          rate,
          '-g',
          String(fps),
          '-keyint_min',
          String(fps),
          '-sc_threshold',
          '0',
          '-bf',
          '0',
          '-x264-params',
          'aud=1:sliced-threads=0',
          '-f',
          'h264',
        ]
      : [
          '-c:v',
          'libx265',
          '-preset',
          'slow',
          '-crf',
          rate,
          '-x265-params',
          `keyint=${fps}:min-keyint=${fps}:scenecut=0:bframes=0:aud=1:repeat-headers=1:open-gop=0:info=0:log-level=error`,
          '-f',
          'hevc',
        ];
  return [...common, ...codec, new URL(of.file, folder).pathname];
}
type ChildProcessArgs = string[];

async function drawInto(page: Page, of: Clip): Promise<void> {
  const child = spawn('ffmpeg', encoder(of), { stdio: ['pipe', 'inherit', 'inherit'] });
  const pictures = 16 * fps;
  for (let i = 0; i < pictures; i++) {
    const data = await page.evaluate(
      ({ scene, view, t }) =>
        (globalThis as unknown as { draw(s: string, v: string, t: number): string }).draw(scene, view, t),
      { scene: of.scene, view: of.view, t: i / fps },
    );
    if (!child.stdin.write(Buffer.from(data.slice(data.indexOf(',') + 1), 'base64')))
      await once(child.stdin, 'drain');
  }
  child.stdin.end();
  const [code] = (await once(child, 'exit')) as [number];
  if (code !== 0) throw new Error(`ffmpeg ended with ${code} for ${of.file}`);
}

const source = stripTypeScriptTypes(
  await readFile(new URL('../demo/draw/street.ts', import.meta.url), 'utf8'),
);
await mkdir(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
const page = await browser.newPage();
await page.setContent(`<canvas width="${width}" height="${height}"></canvas>`);
await page.addScriptTag({
  type: 'module',
  content: `${source}
const canvas = document.querySelector('canvas');
globalThis.draw = (name, view, t) => {
  drawPicture(canvas.getContext('2d'), canvas.width, canvas.height, scenes.find((s) => s.name === name), t, view);
  return canvas.toDataURL('image/jpeg', 0.95);
};
globalThis.ready = true;`,
});
await page.waitForFunction('globalThis.ready === true');
const wanted = process.argv[2];
if (wanted === '--stills') {
  for (const of of clips.filter((c) => c.size === main)) {
    const data = await page.evaluate(
      ({ scene, view }) =>
        (globalThis as unknown as { draw(s: string, v: string, t: number): string }).draw(scene, view, 5),
      of,
    );
    await writeFile(
      `${process.argv[3]}/${of.scene}-${of.view}.jpg`,
      Buffer.from(data.slice(data.indexOf(',') + 1), 'base64'),
    );
  }
} else {
  for (const of of clips.filter((c) => !wanted || c.file.startsWith(wanted))) {
    await drawInto(page, of);
    process.stderr.write(`${of.file} ${(await stat(new URL(of.file, folder))).size} bytes\n`);
  }
  await writeFile(
    new URL('clips.json', folder),
    `${JSON.stringify({ fps, loopS: 16, clips: clips.map(({ file, scene, view, codec, size }) => ({ file, scene, view, codec, stream: size === main ? 'main' : 'sub', width: size[0], height: size[1] })) }, null, 2)}\n`,
  );
}
await browser.close();
