/**
 * A run: an unbroken stretch of one connection with one set of codec parameters. Its decode times begin at 0 and go on
 * without a step; its pictures are described by one init.
 */
import { newId } from '../../base/index.ts';
import { initSegment, type Mp4Audio } from '../mp4/index.ts';
import type { VideoTrack } from '../units.ts';

import type { Slab } from './slab.ts';
import type { WallClock } from './wallclock.ts';

export interface Run {
  readonly id: string;
  readonly video: VideoTrack;
  readonly audio: Mp4Audio | null;
  /** ftyp + moov. */
  readonly init: Uint8Array;
  /** UTC of the picture that is decoded at `ticks` of this run. */
  wallMs(ticks: number): number;
}

/** One picture in a run. `ticks` is a guess until the next picture is there. */
export interface Picture {
  readonly data: Uint8Array;
  readonly bytes: number;
  readonly key: boolean;
  readonly decode: number;
  readonly ctsTicks: number;
  ticks: number;
  /** The memory that `data` lies in, when it can be given back. */
  readonly slab: Slab | null;
}

/** One stretch of sound in a run. */
export interface Sound {
  readonly data: Uint8Array;
  readonly bytes: number;
  readonly decode: number;
  ticks: number;
}

/**
 * `originTicks` is where the run begins on the connection's timeline; `ctsTicks` how much later than decoded its first
 * picture is shown: by that much decode times lie before what their wall time says, throughout the run.
 */
export function beginRun(
  video: VideoTrack,
  audio: Mp4Audio | null,
  wall: WallClock,
  originTicks: number,
  ctsTicks: number,
  nowMs: number,
): Run {
  const ahead = originTicks + ctsTicks;
  return {
    id: newId('run', nowMs),
    video,
    audio,
    init: initSegment(video, audio),
    wallMs: (ticks) => wall.wallMs(ahead + ticks),
  };
}
