/**
 * seal.mb_s: megabytes a second and core that are sealed and digested by exactly the code that the recorder uses, from
 * pictures in memory to the bytes that go to `writev`, against OpenSSL's own speed for the same primitives in the same
 * run: 1/(1/cipher + 1/digest). Nothing is written: the disk is not what is measured.
 */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { newId } from '../src/base/index.ts';
import { partHead } from '../src/engine/mp4/index.ts';
import {
  encodeHeader,
  encodeRecordHeader,
  giveBack,
  type SuiteNumber,
  segmentSeal,
} from '../src/engine/seal/index.ts';
import { percentile, say, tell } from './support/report.ts';

const measureMs = Number(process.env.BENCH_SEAL_MS ?? 3_000);
const rounds = Number(process.env.BENCH_SEAL_ROUNDS ?? 5);
/** Half a second of 1080p25 at 4 Mb/s: a key and what follows, as the bench of recording sends it. */
const pictureBytes = [90_000, ...Array.from({ length: 12 }, () => 13_300)];
const mediaBytes = pictureBytes.reduce((sum, bytes) => sum + bytes, 0);
/** As many pictures as 32 cameras have in memory: more than fits into the processor's caches. */
const parts = Array.from({ length: 64 }, () => pictureBytes.map((bytes) => randomBytes(bytes)));
const samples = pictureBytes.map((bytes, i) => ({ bytes, ticks: 3_600, key: i === 0, ctsTicks: 0 }));

const names: Record<SuiteNumber, string> = { 1: 'aes-256-gcm', 2: 'sm4-ctr-hmac-sm3' };

/** Seals segments of 120 parts, as the recorder does, for a while; MB of processor time's second. */
function measureOurs(suite: SuiteNumber): number {
  const identity = {
    ...{ format: 2 as const, id: newId('seg'), cameraId: 'cam', stream: 'main' as const, run: 'run' },
    ...{ startMs: 0, codec: 'avc1.640028', width: 1920, height: 1080, software: 'bench' },
    ...{ suite, keyDay: '2026-11-22', keyId: 'key' },
  };
  const dayKey = randomBytes(32);
  let sealed = 0;
  const before = process.cpuUsage();
  const beganMs = performance.now();
  while (performance.now() - beganMs < measureMs) {
    const seal = segmentSeal(suite, dayKey, encodeHeader(identity));
    const hash = createHash('sha256');
    for (let sequence = 0; sequence < 120; sequence++) {
      const media = parts[sequence % parts.length]!;
      const decodeTicks = sequence * 45_000;
      const head = partHead({ sequence, wallMs: decodeTicks / 90, video: { decodeTicks, samples } });
      const clear = encodeRecordHeader({
        ...{ type: 'part', key: true, hasSound: false, sequence, wallMs: decodeTicks / 90, decodeTicks },
        ...{ ticks: 45_000, pictures: samples.length, headBytes: head.length + seal.tagBytes },
        bodyBytes: mediaBytes + seal.tagBytes,
      });
      const buffers = [
        clear,
        ...seal.seal(1, sequence, clear, [head]),
        ...seal.seal(2, sequence, clear, media),
      ];
      for (const buffer of buffers) hash.update(buffer);
      giveBack(buffers);
      sealed += mediaBytes;
    }
    hash.digest();
  }
  const { user, system } = process.cpuUsage(before);
  return sealed / (user + system);
}

/** `openssl speed` in MB/s of processor time, over blocks of 16 KB. */
function openssl(algorithm: string): number {
  const args = ['speed', '-mr', '-seconds', '2', '-bytes', '16384', '-evp', algorithm];
  const out = execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
  const line = out.split('\n').find((one) => one.startsWith('+F:'));
  const speed = Number(line?.split(':').at(-1));
  if (!(speed > 0)) throw new Error(`openssl speed ${algorithm} told nothing: ${out}`);
  return speed / 1e6;
}

function measurePair(suite: SuiteNumber): { ours: number; peer: number } {
  const ours = measureOurs(suite);
  const primitives = suite === 1 ? ['aes-256-gcm', 'sha256'] : ['sm4-ctr', 'sm3', 'sha256'];
  const peer = 1 / primitives.reduce((sum, one) => sum + 1 / openssl(one), 0);
  return { ours, peer };
}

for (const suite of [1, 2] as const) {
  say(`seal: ${names[suite]}`);
  measureOurs(suite);
  const pairs = Array.from({ length: suite === 1 ? rounds : 2 }, () => measurePair(suite));
  // What else runs on the machine changes between rounds: each round is a ratio of its own.
  const ratio = percentile(
    pairs.map(({ ours, peer }) => ours / peer),
    50,
  );
  const middle = (values: number[]): number => percentile(values, 50);
  tell({
    ...{ metric: 'seal.mb_s', unit: 'MB/s per core', at: { suite: names[suite] } },
    ours: middle(pairs.map(({ ours }) => ours)),
    peer: middle(pairs.map(({ peer }) => peer)),
    peerName: 'openssl speed, the same primitives',
    ...{ ratio, must: suite === 1 ? 'ratio ≥ 0.7' : '', reached: suite !== 1 || ratio >= 0.7 },
  });
}
