/**
 * Pulls: what the engine is told to keep open. Every camera's main stream is pulled and recorded always; its
 * sub-stream only while someone watches. The engine is told of a change at once, and of nothing else.
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
import type { Engine, Source, Volume } from '../engine/index.ts';

export interface PullsOptions {
  readonly engine: Engine;
  readonly states: CameraStates;
  readonly box: SecretBox;
  /** Where the main streams are recorded. */
  readonly volume: Volume;
  readonly log: Log;
}

export class Pulls {
  readonly #at: PullsOptions;
  readonly #pulled = new Set<string>();

  constructor(options: PullsOptions) {
    this.#at = options;
  }

  start(cameras: readonly Camera[]): void {
    for (const camera of cameras) this.#begin(camera);
  }

  follow({ before, after }: CameraChanged): void {
    if (after.retired) this.#end(after);
    else if (before) this.#move(before, after);
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
    this.#record(camera);
    if (camera.subUrl !== null) this.#pullSub(camera);
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
  }

  #record(camera: Camera): void {
    const id = sourceId(camera.id, 'main');
    if (!this.#pulled.has(id)) return;
    const gap = camera.paused && { cause: 'paused' as const, detail: { by: camera.paused.by } };
    if (gap) this.#at.engine.record(id, null, gap);
    else this.#at.engine.record(id, this.#at.volume);
  }

  #drop(camera: Camera, stream: 'main' | 'sub'): void {
    this.#at.states.forget(camera.id, stream);
    this.#pulled.delete(sourceId(camera.id, stream));
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
