/** What is known of one folder volume and of each camera's place, while Custos runs; shared by all that act on it. */
import type { Clock, Log } from '../base/index.ts';
import type { CameraRegister, CameraStates } from '../collect/index.ts';
import type { Database } from '../db/index.ts';
import type { Volume } from '../engine/index.ts';
import type { Mode, Rung } from './ladder.ts';
import type { VolumeRow } from './volumes-rows.ts';
import type { Trouble, VolumeWatch } from './volumes-watch.ts';
import type { VolumeWriter } from './volumes-writer.ts';

export interface VolumesOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly dataDir: string;
  readonly cameras: CameraRegister;
  readonly states: CameraStates;
  /** Takes into the index what lies on a volume that is back. */
  readonly survey: (volume: Volume, sinceMs: number) => Promise<unknown>;
}

/** What is recorded of a camera, and where; the gap says why not more, or why it had to move. */
export interface Place {
  readonly volume: Volume | null;
  readonly stream: 'main' | 'sub';
  readonly gap: {
    readonly cause: 'disk' | 'space' | 'space-sub';
    readonly detail: Record<string, string>;
  } | null;
}

export interface Held {
  row: VolumeRow;
  readonly volume: Volume;
  away: { readonly sinceMs: number; readonly why: Trouble } | null;
  /** Monotonic clock: good again since; how long that must last. */
  goodSinceMs: number | null;
  backAfterMs: number;
  isBeingSurveyed: boolean;
  failedAtMs: number;
  slowUntilMs: number;
  rung: Rung;
  ceilingDry: boolean;
  floorDry: boolean;
  isMakingRoom: boolean;
  madeRoomAtMs: number;
}

export interface Placement {
  volumeId: string | null;
  mode: Mode;
  /** Why it last had to move, as long as it is away from there. */
  moved: Place['gap'];
}

export interface Fleet {
  readonly at: VolumesOptions;
  readonly watch: VolumeWatch;
  readonly writer: VolumeWriter;
  readonly held: ReadonlyMap<string, Held>;
  readonly placements: Map<string, Placement>;
  sayMoved(cameraId: string): void;
  sayChanged(): void;
}

export const named = ({ id, name }: { id: string; name: string }) => ({ id, name });
