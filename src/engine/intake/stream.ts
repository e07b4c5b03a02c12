/**
 * One source: its connection, opened again and again until told otherwise, and what becomes of its pictures: placed
 * on a timeline, given to the recorder and to whoever watches.
 */
import { type Clock, chance, type Log } from '../../base/index.ts';
import type { CameraProblem, Problem } from '../../contract/causes.ts';
import { encodeJson, type Wish } from '../../contract/frames.ts';
import type { Fact, Source, StreamFacts, Volume } from '../engine.ts';
import type { Gap } from '../ipc.ts';
import type { DayKeys } from '../keys/index.ts';
import { type Moderation, openLink } from '../rtsp/index.ts';
import type { SuiteNumber } from '../seal/index.ts';
import type { AccessUnit, AudioTrack, ClockReading, Link, VideoTrack } from '../units.ts';
import { retryAfterMs } from './backoff.ts';
import { Hub, type Viewer } from './live.ts';
import { gapOf, Recorder } from './recorder.ts';
import { beginRun, type Picture, type Run } from './run.ts';
import { SlabWatch } from './slab.ts';
import { SoundMaker, soundTrack } from './sound.ts';
import type { Syncer } from './syncer.ts';
import { Timeline } from './timeline.ts';
import { Transcoded } from './transcoded.ts';
import { CameraClock, WallClock } from './wallclock.ts';

/** A source that is pulled only for viewers is let go this long after the last. */
const lingerMs = 10_000;
/** A connection that lasted this long was a good one: the next failure counts as the first. */
const goodLinkMs = 10_000;
const closeLinkMs = 1_500;

export interface StreamContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly moderation: Moderation;
  emit(fact: Fact): void;
  syncer(volume: Volume): Syncer;
  readonly keys: DayKeys;
  readonly suite: SuiteNumber;
  /** Wall minus monotonic clock, as last checked. */
  anchorMs(): number;
  /** Milliseconds until this stream may open: connections of one process are begun one after another. */
  turnMs(): number;
  readonly ffmpeg: string | null;
  transcodeMayStart(): Promise<boolean>;
  transcodeEnded(): void;
}

/** One connection and everything that lives only as long as it. */
interface Connection {
  readonly link: Link;
  readonly openedAtMs: number;
  video: VideoTrack | null;
  audio: AudioTrack | null;
  timeline: Timeline | null;
  wall: WallClock | null;
  run: Run | null;
  /** Where the run begins on the timeline. */
  originTicks: number;
  sound: SoundMaker | null;
  said: boolean;
  readonly slabs: SlabWatch;
  /** The parameters changed: the next picture begins a run. */
  changed: boolean;
}

export class Stream {
  readonly recorder: Recorder;
  readonly hub = new Hub();
  readonly #at: StreamContext;
  #source: Source;
  #connection: Connection | null = null;
  #transcoded: Transcoded | null = null;
  #retry: NodeJS.Timeout | null = null;
  #failures = 0;
  #unwatchedSinceMs: number | null = null;
  #cameraClock = new CameraClock();
  #steppedTo: number | null = null;
  #knownDepth = 0;
  #lostBefore = 0;
  #reorderedBefore = 0;
  #measured = { atMs: 0, bytes: 0, pictures: 0, fps: null as number | null, kbps: null as number | null };
  #pictures = 0;
  #ended = false;

  constructor(source: Source, at: StreamContext) {
    this.#source = source;
    this.#at = at;
    const recorderAt = { ...at, source: () => this.#source, nowMs: () => at.clock.wallMs() };
    this.recorder = new Recorder(recorderAt, source.id);
    this.#open(at.turnMs());
  }

  get source(): Source {
    return this.#source;
  }

  /** A new address or access: what is open is closed and opened anew. */
  change(source: Source): void {
    const before = this.#source;
    this.#source = source;
    const keys = ['url', 'user', 'password', 'transport', 'sound'] as const;
    if (keys.every((key) => before[key] === source[key])) {
      this.#openIfWanted();
      return;
    }
    void this.#disconnect();
    this.recorder.interrupted({ cause: 'starting', detail: {} });
    this.hub.rest();
    this.#failures = 0;
    this.#cameraClock = new CameraClock();
    this.#knownDepth = 0;
    this.#open(0);
  }

  order(volume: Volume | null, gap: Gap | null): void {
    this.recorder.order(volume, gap);
    this.#openIfWanted();
  }

  watch(viewer: Viewer, transcode: boolean): void {
    this.#unwatchedSinceMs = null;
    const nowMs = this.#at.clock.wallMs();
    if (transcode) {
      const transcoded = this.#transcoded ?? this.#transcode();
      transcoded.hub.add(viewer, nowMs);
      if (this.hub.trouble) viewer.say(encodeJson('problem', this.hub.trouble));
    } else this.hub.add(viewer, nowMs);
    this.#openIfWanted();
  }

  unwatch(viewer: Viewer): void {
    this.hub.remove(viewer);
    const transcoded = this.#transcoded;
    transcoded?.hub.remove(viewer);
    if (transcoded && transcoded.hub.watchers === 0) this.#endTranscode(transcoded);
    if (this.viewers === 0) this.#unwatchedSinceMs = this.#at.clock.monoMs();
  }

  /** What a viewer asks for goes to the hub it watches. */
  wish(viewer: Viewer, wish: Wish, transcode: boolean): void {
    (transcode ? this.#transcoded?.hub : this.hub)?.wish(viewer, wish);
  }

  get viewers(): number {
    const transcoded = this.#transcoded;
    const itself = transcoded && this.hub.has(transcoded) ? 1 : 0;
    return this.hub.watchers - itself + (transcoded?.hub.watchers ?? 0);
  }

  #transcode(): Transcoded {
    const { ffmpeg, log, transcodeMayStart, transcodeEnded } = this.#at;
    const transcoded = new Transcoded({
      ffmpeg,
      log,
      codec: () => this.#connection?.video?.codecString ?? 'H.265',
      mayStart: transcodeMayStart,
      ended: transcodeEnded,
    });
    this.#transcoded = transcoded;
    const started = transcoded.start();
    void started.then((may) => {
      if (may && this.#transcoded === transcoded) this.hub.add(transcoded, this.#at.clock.wallMs());
    });
    return transcoded;
  }

  #endTranscode(transcoded: Transcoded): void {
    this.hub.remove(transcoded);
    transcoded.end();
    this.#transcoded = null;
  }

  /** Twice a second. */
  tick(): void {
    const connection = this.#connection;
    const anchorMs = this.#at.anchorMs();
    if (connection?.wall && this.#steppedTo === null) connection.wall.anchorMs = anchorMs;
    if ((connection || this.#retry) && !this.#wanted()) {
      void this.#disconnect();
      this.hub.rest();
    }
  }

  /** The machine's date was set: the present run ends at the next key. */
  stepped(anchorMs: number): void {
    if (this.#connection?.wall) this.#steppedTo = anchorMs;
  }

  /** Every few seconds: says how the stream is. */
  measure(): void {
    const connection = this.#connection;
    if (!connection?.run) return;
    const nowMs = this.#at.clock.monoMs();
    const { atMs, bytes, pictures } = this.#measured;
    const seconds = (nowMs - atMs) / 1000;
    const has = connection.link.counters.bytes;
    if (atMs > 0 && seconds > 0.5 && has >= bytes) {
      this.#measured.fps = Math.round(((this.#pictures - pictures) / seconds) * 10) / 10;
      this.#measured.kbps = Math.round(((has - bytes) * 8) / seconds / 1000);
    }
    Object.assign(this.#measured, { atMs: nowMs, bytes: has, pictures: this.#pictures });
    this.#say('measured');
  }

  /** Ends it: the connection is closed in order, the open segment is closed and reported. */
  async close(gap: Gap | null): Promise<void> {
    this.#ended = true;
    if (this.#transcoded) this.#endTranscode(this.#transcoded);
    await Promise.all([this.#disconnect(), this.recorder.close(gap)]);
  }

  // ── the connection ─────────────────────────────────────────────────────────────────────────────────────────────────

  #wanted(): boolean {
    if (this.#source.always || this.recorder.recording || this.viewers > 0) return true;
    const since = this.#unwatchedSinceMs;
    return since !== null && this.#at.clock.monoMs() - since < lingerMs;
  }

  #openIfWanted(): void {
    if (!this.#connection && !this.#retry) this.#open(0);
  }

  #open(inMs: number): void {
    if (this.#ended || !this.#wanted()) return;
    if (this.#retry) clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#connect();
    }, inMs);
  }

  #connect(): void {
    const { clock, log, moderation } = this.#at;
    const mine = (): Connection | null => (this.#connection === connection ? connection : null);
    const link = openLink(
      { source: this.#source, clock, log, moderation },
      {
        tracks: (video, audio) => mine() && this.#tracks(connection, video, audio),
        unit: (unit) => mine() && this.#unit(connection, unit),
        clock: (reading) => mine() && this.#clockReading(connection, reading),
        closed: (problem) => mine() && this.#closed(connection, problem),
      },
    );
    const connection: Connection = {
      link,
      openedAtMs: clock.monoMs(),
      video: null,
      audio: null,
      timeline: null,
      wall: null,
      run: null,
      originTicks: 0,
      sound: null,
      said: false,
      slabs: new SlabWatch(),
      changed: false,
    };
    this.#connection = connection;
    Object.assign(this.#measured, { atMs: 0, fps: null, kbps: null });
  }

  #closed(connection: Connection, problem: Problem | null): void {
    const lastedMs = this.#at.clock.monoMs() - connection.openedAtMs;
    this.#forget(connection);
    const why: Problem = problem ?? { code: 'closed', values: {} };
    this.#failures = connection.run && lastedMs > goodLinkMs ? 1 : this.#failures + 1;
    const retryInMs = retryAfterMs(why.code as CameraProblem, this.#failures, chance());
    const gap = gapOf(why);
    this.recorder.interrupted(gap);
    this.hub.lost(why, gap.cause);
    const atMs = this.#at.clock.wallMs();
    this.#at.emit({ kind: 'lost', source: this.#source.id, atMs, problem: why, retryInMs });
    this.#open(retryInMs);
  }

  #forget(connection: Connection): void {
    this.#lostBefore += connection.link.counters.packetsLost;
    this.#reorderedBefore += connection.link.counters.packetsReordered;
    this.#connection = null;
    this.#steppedTo = null;
  }

  async #disconnect(): Promise<void> {
    if (this.#retry) clearTimeout(this.#retry);
    this.#retry = null;
    const connection = this.#connection;
    if (!connection) return;
    this.#forget(connection);
    const late = new Promise<void>((resolve) => {
      setTimeout(resolve, closeLinkMs).unref();
    });
    await Promise.race([connection.link[Symbol.asyncDispose](), late]);
  }

  // ── what comes out of it ───────────────────────────────────────────────────────────────────────────────────────────

  #tracks(connection: Connection, video: VideoTrack, audio: AudioTrack | null): void {
    connection.changed = connection.video !== null;
    connection.video = video;
    connection.audio = audio;
    const depth = Math.max(video.reorderDepth, this.#knownDepth);
    connection.timeline ??= new Timeline(depth);
    connection.wall ??= new WallClock(this.#at.anchorMs());
  }

  #unit(connection: Connection, unit: AccessUnit): void {
    if (unit.track === 'audio') this.#sound(connection, unit);
    else if (unit.damaged) this.recorder.damaged(unit.lostBefore);
    else this.#picture(connection, unit);
  }

  #picture(connection: Connection, unit: AccessUnit): void {
    const { timeline, wall } = connection;
    if (!timeline || !wall) return;
    const due = connection.changed || timeline.jumped || timeline.disordered || this.#steppedTo !== null;
    if (!unit.key && (!connection.run || connection.changed)) return;
    const begins = unit.key && (due || !connection.run);
    if (begins) timeline.beginRun();
    const placed = timeline.place(unit.pts, unit.arrivedMs, unit.key);
    wall.observe(placed.decode + placed.cts, unit.arrivedMs);
    if (begins) this.#beginRun(connection, timeline, wall, placed.decode, placed.cts);
    const run = connection.run as Run;
    const picture: Picture = {
      data: unit.data,
      bytes: unit.data.length,
      key: unit.key,
      decode: placed.decode - connection.originTicks,
      ctsTicks: placed.cts,
      ticks: Math.round(timeline.typicalTicks),
      slab: connection.slabs.of(unit.data),
    };
    this.#pictures++;
    this.hub.picture(run, picture);
    this.recorder.picture(run, picture, placed.missing, unit.lostBefore);
  }

  #beginRun(
    connection: Connection,
    timeline: Timeline,
    wall: WallClock,
    originTicks: number,
    ctsTicks: number,
  ): void {
    if (this.#steppedTo !== null) wall.restart(this.#steppedTo);
    this.#steppedTo = null;
    this.#knownDepth = timeline.reorderDepth;
    const { video, audio } = connection;
    const sound = this.#source.sound && audio ? audio : null;
    const nowMs = this.#at.clock.wallMs();
    connection.run = beginRun(
      video as VideoTrack,
      sound ? soundTrack(sound) : null,
      wall,
      originTicks,
      ctsTicks,
      nowMs,
    );
    connection.originTicks = originTicks;
    connection.sound = sound ? new SoundMaker(sound) : null;
    connection.changed = false;
    if (connection.said) return;
    connection.said = true;
    this.#say('opened');
  }

  #sound(connection: Connection, unit: AccessUnit): void {
    const { run, sound, timeline } = connection;
    if (!run || !sound || !timeline) return;
    const at = timeline.shift(unit.pts) - connection.originTicks;
    for (const piece of sound.take(unit, at)) {
      this.hub.sound(run, piece);
      this.recorder.sound(run, piece);
    }
  }

  #clockReading(connection: Connection, reading: ClockReading): void {
    const { wall, timeline, run } = connection;
    if (!wall || !timeline || !run) return;
    const ours = wall.wallMs(timeline.shift(reading.pts));
    this.#cameraClock.observe(reading.cameraWallMs, ours, reading.arrivedMs);
  }

  #say(kind: 'opened' | 'measured'): void {
    const atMs = this.#at.clock.wallMs();
    this.#at.emit({ kind, source: this.#source.id, atMs, stream: this.#facts() });
  }

  #facts(): StreamFacts {
    const connection = this.#connection;
    const counters = connection?.link.counters;
    const audio = connection?.audio ?? null;
    return {
      codec: connection?.video?.codecString ?? null,
      width: connection?.video?.width ?? null,
      height: connection?.video?.height ?? null,
      fps: this.#measured.fps,
      kbps: this.#measured.kbps,
      transport: connection?.link.transport ?? null,
      packetsLost: this.#lostBefore + (counters?.packetsLost ?? 0),
      packetsReordered: this.#reorderedBefore + (counters?.packetsReordered ?? 0),
      clockOffsetMs: this.#cameraClock.offsetMs,
      clockDriftPpm: this.#cameraClock.driftPpm,
      audio: audio === null ? 'none' : this.#source.sound ? 'recorded' : 'dropped',
      audioCodec: audio?.codec ?? null,
      viewers: this.viewers,
    };
  }
}
