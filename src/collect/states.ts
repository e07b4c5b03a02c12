/**
 * The present state of every stream, held in memory and fed by the engine's facts alone: what the wall shows. It is
 * lost with the process and right again seconds after the next start.
 */
import type { Clock } from '../base/index.ts';
import type { Problem } from '../contract/index.ts';
import type { Fact, StreamFacts, StreamKind } from '../engine/index.ts';
import { isRecordedIn } from '../law/index.ts';
import type { Camera } from './cameras.ts';

export interface StreamState extends StreamFacts {
  readonly kind: StreamKind;
  readonly state: 'off' | 'connecting' | 'running' | 'failing';
  readonly problem: Problem | null;
  readonly sinceMs: number | null;
}

/** `off`: not in use by its step of life. */
export type CameraStatus = 'recording' | 'trouble' | 'no-video' | 'paused' | 'starting' | 'off';

interface Held {
  readonly stream: StreamState;
  /** Monotonic clock of the last time that more packets were missing. */
  readonly lostAtMs: number | null;
  /** Monotonic clock of the last fact. */
  readonly heardAtMs: number;
}

const noFacts: StreamFacts = {
  codec: null,
  width: null,
  height: null,
  fps: null,
  kbps: null,
  transport: null,
  packetsLost: 0,
  packetsReordered: 0,
  clockOffsetMs: null,
  clockDriftPpm: null,
  audio: 'none',
  audioCodec: null,
  viewers: 0,
};

/** A loss is worth a guard's look for so long. */
const lossMs = 60_000;
/** A running stream of which nothing new is in a file for so long is in trouble: two parts and a slow disk. */
const unrecordedMs = 5_000;
/** A camera that has not failed yet is given so long before the wall says that it gives nothing. */
const startMs = 15_000;
/** Running streams are measured every few seconds; one of which nothing is heard for so long runs no more. */
const silentMs = 30_000;

export const sourceId = (cameraId: string, kind: StreamKind): string => `${cameraId}.${kind}`;

export class CameraStates {
  readonly #clock: Clock;
  readonly #streams = new Map<string, Held>();
  /** Monotonic clock of the newest recorded part, by camera. */
  readonly #recordedAtMs = new Map<string, number>();
  readonly #orderedAtMs = new Map<string, number>();
  readonly #listeners = new Set<(cameraId: string) => void>();
  readonly #engineListeners = new Set<(up: boolean) => void>();
  /** Processes of the engine that are being started again. */
  readonly #down = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Hears of every camera whose state changed. */
  onChange(listener: (cameraId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Hears when a process of the engine is gone, and when all are back. */
  onEngine(listener: (up: boolean) => void): () => void {
    this.#engineListeners.add(listener);
    return () => this.#engineListeners.delete(listener);
  }

  hear(fact: Fact): void {
    switch (fact.kind) {
      case 'opened':
      case 'measured':
        this.#running(fact.source, fact.stream, fact.kind === 'opened' ? fact.atMs : null);
        break;
      case 'lost':
        this.#failing(fact.source, fact.problem, fact.atMs);
        break;
      case 'recorded':
        this.#recordedAtMs.set(cameraOf(fact.source), this.#clock.monoMs());
        break;
      case 'gap-opened':
      case 'gap-closed':
        this.#say(cameraOf(fact.source));
        break;
      case 'engine-down':
        this.#down.add(fact.name);
        for (const source of fact.sources)
          this.#failing(source, { code: 'engine-down', values: {} }, fact.atMs);
        this.#sayEngine();
        break;
      case 'engine-up':
        this.#down.delete(fact.name);
        this.#sayEngine();
        break;
    }
  }

  /** A stream was ordered; until the engine says more it is being connected. An on-demand one rests. */
  ordered(cameraId: string, kind: StreamKind, always: boolean): void {
    const id = sourceId(cameraId, kind);
    if (always) this.#orderedAtMs.set(cameraId, this.#clock.monoMs());
    this.#set(id, {
      ...this.#stream(cameraId, kind),
      ...noFacts,
      state: always ? 'connecting' : 'off',
      problem: null,
    });
  }

  /** A stream that could not even be ordered. */
  failed(cameraId: string, kind: StreamKind, problem: Problem): void {
    this.#failing(sourceId(cameraId, kind), problem, this.#clock.wallMs());
  }

  forget(cameraId: string, kind: StreamKind): void {
    this.#streams.delete(sourceId(cameraId, kind));
    if (kind === 'main') {
      this.#recordedAtMs.delete(cameraId);
      this.#orderedAtMs.delete(cameraId);
    }
    this.#say(cameraId);
  }

  get engineUp(): boolean {
    return this.#down.size === 0;
  }

  stream(cameraId: string, kind: StreamKind): StreamState | null {
    const held = this.#streams.get(sourceId(cameraId, kind));
    if (!held) return null;
    // A stream that is pulled on demand ends without a word when its last viewer left.
    const isOver = kind === 'sub' && this.#clock.monoMs() - held.heardAtMs > silentMs;
    return isOver ? { ...held.stream, ...noFacts, state: 'off', problem: null } : held.stream;
  }

  streams(cameraId: string): StreamState[] {
    const kinds: readonly StreamKind[] = ['main', 'sub'];
    return kinds.map((kind) => this.stream(cameraId, kind)).filter((stream) => stream !== null);
  }

  status(camera: Camera): CameraStatus {
    if (!isRecordedIn(camera.step)) return 'off';
    const nowMs = this.#clock.monoMs();
    const held = this.#streams.get(sourceId(camera.id, 'main'));
    const state = held?.stream.state ?? 'connecting';
    if (state === 'failing') return camera.paused ? 'paused' : 'no-video';
    if (camera.paused) return 'paused';
    const orderedAtMs = this.#orderedAtMs.get(camera.id) ?? nowMs;
    if (state !== 'running') return nowMs - orderedAtMs < startMs ? 'starting' : 'no-video';
    const recordedAtMs = this.#recordedAtMs.get(camera.id);
    const isRecorded = recordedAtMs !== undefined && nowMs - recordedAtMs < unrecordedMs;
    if (!isRecorded) return nowMs - orderedAtMs < startMs ? 'starting' : 'trouble';
    const hasLost = held?.lostAtMs !== null && held?.lostAtMs !== undefined && nowMs - held.lostAtMs < lossMs;
    return hasLost ? 'trouble' : 'recording';
  }

  #running(source: string, facts: StreamFacts, openedAtMs: number | null): void {
    const before = this.#streams.get(source);
    if (!before) return;
    const isMoreLost = openedAtMs === null && facts.packetsLost > before.stream.packetsLost;
    const stream: StreamState = {
      ...facts,
      kind: before.stream.kind,
      state: 'running',
      problem: null,
      sinceMs: openedAtMs ?? before.stream.sinceMs,
    };
    const heardAtMs = this.#clock.monoMs();
    this.#streams.set(source, { stream, lostAtMs: isMoreLost ? heardAtMs : before.lostAtMs, heardAtMs });
    this.#say(cameraOf(source));
  }

  #failing(source: string, problem: Problem, atMs: number): void {
    const before = this.#streams.get(source)?.stream;
    if (!before) return;
    const sinceMs = before.state === 'failing' ? before.sinceMs : atMs;
    // What the camera sent last is still worth knowing; what it sends now is nothing.
    const state = before.state === 'off' && problem.code === 'engine-down' ? 'off' : 'failing';
    this.#set(source, {
      ...before,
      state,
      problem: state === 'off' ? null : problem,
      fps: null,
      kbps: null,
      sinceMs,
    });
  }

  #stream(cameraId: string, kind: StreamKind): StreamState {
    const off = { ...noFacts, kind, state: 'off', problem: null, sinceMs: null } as const;
    return this.stream(cameraId, kind) ?? off;
  }

  #set(source: string, stream: StreamState): void {
    const lostAtMs = this.#streams.get(source)?.lostAtMs ?? null;
    this.#streams.set(source, { stream, lostAtMs, heardAtMs: this.#clock.monoMs() });
    this.#say(cameraOf(source));
  }

  #sayEngine(): void {
    for (const listener of this.#engineListeners) listener(this.engineUp);
  }

  #say(cameraId: string): void {
    for (const listener of this.#listeners) listener(cameraId);
  }
}

const cameraOf = (source: string): string => source.slice(0, source.lastIndexOf('.'));
