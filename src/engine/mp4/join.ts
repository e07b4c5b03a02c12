/**
 * Several parts of one GOP made into one fragment: a head that lists all their samples, in front of the data of all
 * their pictures and then of all their sounds. Its size follows from the numbers of samples alone.
 *
 * One run of samples for each track: FFmpeg, having jumped into a fragment with several, tells its samples in a wrong
 * order when it comes to it again.
 */
import { assert } from '../../base/index.ts';
import { putU32 } from './boxes.ts';
import { type PartHead, partHead, prftBytes, readPartHead, type SoundSample } from './part.ts';

export interface Joining {
  readonly sequence: number;
  /** Added to every decode time. */
  readonly shiftTicks: number;
  readonly audioEntry: number;
  /** UTC of the first picture. */
  readonly wallMs: number;
  /** So many bytes will stand in front of the first picture's data, as a part of it. */
  readonly insertedBytes: number;
}

/** prft + moof + the 8 bytes before the media data, for parts with so many pictures and sounds. */
export function joinedHeadBytes(parts: readonly { pictures: number; sounds: number }[]): number {
  let pictures = 0;
  let sounds = 0;
  for (const part of parts) {
    pictures += part.pictures;
    sounds += part.sounds;
  }
  return prftBytes + 24 + 68 + 16 * pictures + (sounds > 0 ? 68 + 8 * sounds : 0) + 8;
}

/** The parts follow on in decode time. */
export function joinParts(heads: readonly PartHead[], how: Joining): Uint8Array {
  const samples = heads.flatMap(({ video }) => [...video!.samples]);
  samples[0] = { ...samples[0]!, bytes: samples[0]!.bytes + how.insertedBytes };
  const sounds = joinSounds(heads);
  const audioTicks = heads.find(({ audio }) => audio !== null)?.audio?.decodeTicks ?? 0;
  const head = partHead({
    ...{ sequence: how.sequence, wallMs: how.wallMs },
    video: { decodeTicks: heads[0]!.video!.decodeTicks + how.shiftTicks, samples },
    // Sound may begin a little before the picture; at the very start of a file there is no time before 0.
    audio: { decodeTicks: Math.max(0, audioTicks + how.shiftTicks), samples: sounds },
  });
  const counts = { pictures: samples.length, sounds: sounds.length };
  assert(head.length === joinedHeadBytes([counts]), 'the size of a joined head follows from its samples');
  const { audio } = readPartHead(head);
  if (audio !== null) putU32(head, audio.entryAt, how.audioEntry);
  return head;
}

/**
 * Sound has a time of its own in every part, but only one in a fragment: the last sample of a part takes up what lies
 * between, so that each part's sound begins when it did.
 */
function joinSounds(heads: readonly PartHead[]): SoundSample[] {
  const runs = heads.flatMap(({ audio }) => (audio === null ? [] : [audio]));
  return runs.flatMap((run, i) => {
    const next = runs[i + 1]?.decodeTicks ?? run.decodeTicks + run.ticks;
    const between = next - run.decodeTicks - run.ticks;
    return run.samples.map(({ bytes, ticks }, n) => ({
      ...{ bytes, ticks: Math.max(0, n === run.samples.length - 1 ? ticks + between : ticks) },
    }));
  });
}
