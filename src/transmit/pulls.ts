/**
 * Pulls: what the engine is told to keep open. The main stream of every camera in use (trial run or operating) is pulled
 * and recorded always; its sub-stream only while someone watches. A camera that is not in use is not pulled. The engine is told of a change at once, and of nothing else.
 */
import { type Log, type SecretBox, sayError } from '../base/index.ts';
import {
  type Camera,
  type CameraChanged,
  type CameraStates,
  isMainMoved,
  isSubMoved,
  openPassword,
  sourceId,
} from '../collect/index.ts';
import type { GapCause } from '../contract/index.ts';
import type { Engine, Source, Volume } from '../engine/index.ts';
import { isRecordedIn } from '../law/index.ts';

export interface PullsOptions {
  readonly engine: Engine;
  readonly states: CameraStates;
  readonly box: SecretBox;
  /** Which stream of a camera is recorded, and where. */
  readonly places: Places;
  readonly log: Log;
}

/** What is recorded of a camera now. */
export interface Place {
  /** Null: nothing; the gap says why. */
  readonly volume: Volume | null;
  readonly stream: 'main' | 'sub';
  /** Why not the main stream, or why it had to move from where it was. */
  readonly gap: { readonly cause: GapCause; readonly detail: Record<string, string | number> } | null;
}

export interface Places {
  of(camera: Camera): Place;
}

export class Pulls {
  readonly #at: PullsOptions;
  readonly #pulled = new Set<string>();
  readonly #subPulled = new Set<string>();
  readonly #subRecorded = new Set<string>();

  constructor(options: PullsOptions) {
    this.#at = options;
  }

  start(cameras: readonly Camera[]): void {
    for (const camera of cameras) if (isRecordedIn(camera.step)) this.#begin(camera);
  }

  follow({ before, after }: CameraChanged): void {
    const wasInUse = before !== null && isRecordedIn(before.step);
    if (!isRecordedIn(after.step)) {
      if (wasInUse || after.retired) this.#end(after);
    } else if (wasInUse) this.#move(before, after);
    else this.#begin(after);
  }

  #move(before: Camera, after: Camera): void {
    const wasPulled = this.#pulled.has(sourceId(after.id, 'main'));
    if (isMainMoved(before, after)) this.#pullMain(after);
    if (!wasPulled || (before.paused === null) !== (after.paused === null)) this.#record(after);
    if (isSubMoved(before, after)) this.#pullSub(after);
  }

  #begin(camera: Camera): void {
    this.#pullMain(camera);
    if (camera.subUrl !== null) this.#pullSub(camera);
    this.#record(camera);
  }

  #end(camera: Camera): void {
    this.#drop(camera, 'main');
    this.#drop(camera, 'sub');
  }

  #pullMain(camera: Camera): void {
    const source = this.#source(camera, 'main');
    if (!source) return;
    this.#at.states.ordered(camera.id, 'main', true);
    this.#at.engine.pull(source);
    this.#pulled.add(source.id);
  }

  #pullSub(camera: Camera): void {
    const source = camera.subUrl === null ? null : this.#source(camera, 'sub');
    if (camera.subUrl === null) this.#drop(camera, 'sub');
    if (!source) return;
    this.#at.states.ordered(camera.id, 'sub', false);
    this.#at.engine.pull(source);
    this.#subPulled.add(source.id);
  }

  /** A camera is to be recorded elsewhere, or more or less of it. */
  moved(camera: Camera | undefined): void {
    if (camera) this.#record(camera);
  }

  #record(camera: Camera): void {
    const id = sourceId(camera.id, 'main');
    if (!this.#pulled.has(id)) return;
    const paused = camera.paused && { cause: 'paused' as const, detail: { by: camera.paused.by } };
    const { volume, stream, gap } = paused
      ? { volume: null, stream: 'main' as const, gap: paused }
      : this.#at.places.of(camera);
    this.#recordSub(camera, stream === 'sub' ? volume : null);
    this.#at.engine.record(id, stream === 'main' ? volume : null, gap ?? undefined);
  }

  /** A sub-stream is recorded in place of its main stream only; while it is, it is pulled without viewers too. */
  #recordSub(camera: Camera, volume: Volume | null): void {
    const id = sourceId(camera.id, 'sub');
    if (!this.#subPulled.has(id) || (volume === null && !this.#subRecorded.has(id))) return;
    if (volume) this.#subRecorded.add(id);
    else this.#subRecorded.delete(id);
    this.#at.engine.record(id, volume);
  }

  #drop(camera: Camera, stream: 'main' | 'sub'): void {
    this.#at.states.forget(camera.id, stream);
    for (const ids of [this.#pulled, this.#subPulled, this.#subRecorded])
      ids.delete(sourceId(camera.id, stream));
    this.#at.engine.drop(sourceId(camera.id, stream)).catch((error: unknown) => {
      this.#at.log.warn(
        { camera: camera.id, stream, error: sayError(error) },
        'a stream could not be dropped',
      );
    });
  }

  /** Null when its password cannot be opened: one camera without its key must not keep the others from starting. */
  #source(camera: Camera, stream: 'main' | 'sub'): Source | null {
    try {
      return sourceOf(camera, stream, openPassword(this.#at.box, camera, stream));
    } catch (error) {
      this.#at.log.error({ camera: camera.id, stream, error: sayError(error) }, 'a camera cannot be pulled');
      this.#at.states.ordered(camera.id, stream, true);
      this.#at.states.failed(camera.id, stream, { code: 'needs-credentials', values: {} });
      return null;
    }
  }
}

function sourceOf(camera: Camera, stream: 'main' | 'sub', password: string): Source {
  return {
    id: sourceId(camera.id, stream),
    cameraId: camera.id,
    stream,
    url: stream === 'main' ? camera.url : (camera.subUrl ?? camera.url),
    user: stream === 'sub' && camera.sub ? camera.sub.user : camera.main.user,
    password,
    transport: camera.transport,
    sound: camera.soundBasis !== null,
    always: stream === 'main',
  };
}
