/**
 * The engine's one interface. It touches packets and knows nothing of persons, law or SQL: it obeys, reports facts,
 * and decides nothing. It runs in processes of its own; what is written here is all that crosses.
 */
import type { GapCause, Problem } from '../contract/causes.ts';
import type { BucketAccess, CarryAnswer, CarryOrder } from './bucket/index.ts';
import type { KeyRing } from './keys/index.ts';
import type { SuiteName } from './seal/index.ts';
import type { SegmentFacts, SegmentRef, Source, SourceId, TicketId, Volume } from './terms.ts';

export type { SegmentFacts, SegmentRef, Source, SourceId, StreamKind, TicketId, Volume } from './terms.ts';

/** What one viewer may receive, until it expires. */
export type Ticket = {
  readonly id: TicketId;
  readonly expiresAtMs: number;
  /** Turn the picture into H.264 by FFmpeg on the way. */
  readonly transcode: boolean;
} & (
  | { readonly kind: 'live'; readonly source: SourceId }
  | { readonly kind: 'playback'; readonly fromMs: number; readonly toMs: number }
);

/** Asked by the engine for a playback ticket, answered by the store: the segments of a span and the gaps between. */
export interface Footage {
  readonly segments: readonly SegmentRef[];
  readonly gaps: readonly {
    fromMs: number;
    toMs: number;
    cause: GapCause;
    detail: Record<string, string | number>;
  }[];
}

export interface StreamFacts {
  readonly codec: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly fps: number | null;
  readonly kbps: number | null;
  readonly transport: 'tcp' | 'udp' | 'tls' | null;
  readonly packetsLost: number;
  readonly packetsReordered: number;
  readonly clockOffsetMs: number | null;
  readonly clockDriftPpm: number | null;
  readonly audio: 'none' | 'dropped' | 'recorded';
  readonly audioCodec: string | null;
  readonly viewers: number;
}

export type Fact =
  | {
      readonly kind: 'opened';
      readonly source: SourceId;
      readonly atMs: number;
      readonly stream: StreamFacts;
    }
  | {
      readonly kind: 'lost';
      readonly source: SourceId;
      readonly atMs: number;
      readonly problem: Problem;
      readonly retryInMs: number;
    }
  /** Every few seconds while a stream runs. */
  | {
      readonly kind: 'measured';
      readonly source: SourceId;
      readonly atMs: number;
      readonly stream: StreamFacts;
    }
  | { readonly kind: 'segment-opened'; readonly source: SourceId; readonly segment: SegmentRef }
  /** A part of an open segment is in its file (not yet on the platter): recorded until `endMs`. */
  | {
      readonly kind: 'recorded';
      readonly source: SourceId;
      readonly segmentId: string;
      readonly endMs: number;
    }
  /** The file is durable: row it. */
  | { readonly kind: 'segment-closed'; readonly source: SourceId; readonly segment: SegmentFacts }
  /** From here nothing is recorded. A second one moves the present gap to another cause from `atMs` on. */
  | {
      readonly kind: 'gap-opened';
      readonly source: SourceId;
      readonly atMs: number;
      readonly cause: GapCause;
      readonly detail: Record<string, string | number>;
    }
  | { readonly kind: 'gap-closed'; readonly source: SourceId; readonly atMs: number }
  /** A gap that is over when it is reported (lost packets). */
  | {
      readonly kind: 'gap';
      readonly source: SourceId;
      readonly fromMs: number;
      readonly toMs: number;
      readonly cause: GapCause;
      readonly detail: Record<string, string | number>;
    }
  | { readonly kind: 'viewer-joined'; readonly ticket: TicketId; readonly atMs: number }
  /** `delivered`: seconds of video that were written to the viewer's socket since the view was admitted. */
  | {
      readonly kind: 'viewer-left';
      readonly ticket: TicketId;
      readonly atMs: number;
      readonly deliveredS: number;
      readonly droppedPictures: number;
      readonly why: 'closed' | 'revoked' | 'expired' | 'engine';
    }
  | { readonly kind: 'clock-stepped'; readonly atMs: number; readonly byMs: number }
  /** A process of the engine ended; its streams are being opened anew. */
  | {
      readonly kind: 'engine-down';
      readonly name: string;
      readonly atMs: number;
      readonly sources: readonly SourceId[];
      readonly why: string;
    }
  | { readonly kind: 'engine-up'; readonly name: string; readonly atMs: number };

/** What a stored span is as one file: for progressive MP4 and HLS by byte ranges. */
/** A stretch of a span that a file of it does not hold, though something is stored there: it cannot be shown. */
export interface MissingSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly cause: GapCause;
}

export interface FilePlan {
  /** Opaque, valid while the ticket is. */
  readonly id: string;
  readonly bytes: number;
  readonly codecs: string;
  /** Bytes of ftyp+moov at the beginning. */
  readonly initBytes: number;
  /** Each begins at a key: for HLS. */
  readonly chunks: readonly {
    readonly offset: number;
    readonly bytes: number;
    readonly seconds: number;
    readonly wallMs: number;
  }[];
  readonly pictures: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** As far as it was known when the file was laid out; `Engine.missing` knows what was found since. */
  readonly missing: readonly MissingSpan[];
}

export interface ProbeResult {
  readonly problem: Problem | null;
  readonly codec: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly audioCodec: string | null;
  readonly transport: 'tcp' | 'udp' | 'tls' | null;
}

export interface EngineProcess {
  readonly name: string;
  readonly pid: number | null;
  readonly up: boolean;
  readonly sinceMs: number | null;
  readonly restarts: number;
  readonly sources: number;
}

export interface Engine extends AsyncDisposable {
  /** Keep this camera open until told otherwise. A source with a known id replaces it (new address: reconnects). */
  pull(source: Source): void;
  /** Stop pulling; resolves when its open segment is closed and reported. */
  drop(id: SourceId): Promise<void>;
  /** null: stop recording, keep pulling. `gap` says why from now on (e.g. paused by whom). */
  record(
    id: SourceId,
    volume: Volume | null,
    gap?: { cause: GapCause; detail: Record<string, string | number> },
  ): void;
  /** One viewer, live or a range, until it expires. */
  admit(ticket: Ticket): void;
  /** Moves a ticket's end. */
  extend(id: TicketId, expiresAtMs: number): void;
  /** Cuts a running stream within a second. */
  revoke(id: TicketId): void;
  /**
   * Opens the engine's side of a viewer: a duplex of length-prefixed frames out (u32 big-endian length, then a
   * message of `contract/frames.ts`) and length-prefixed UTF-8 wishes in. The caller relays and may stop reading:
   * the engine then drops to the next key (live) or waits (playback). Faults when the ticket is unknown.
   */
  connect(id: TicketId): Promise<import('node:stream').Duplex>;
  /** Tries an address once, at most `timeoutMs`; keeps nothing. */
  probe(source: Source, timeoutMs: number): Promise<ProbeResult>;
  /** Lays a playback ticket's span out as one MP4 file. */
  plan(id: TicketId): Promise<FilePlan>;
  /** Bytes [from, to) of a planned file, as a stream that honours backpressure and counts as delivered video. */
  read(id: TicketId, plan: string, from: number, to: number): Promise<import('node:stream').Readable>;
  /** What a planned file does not hold because it cannot be shown, with what was found while it was read. */
  missing(id: TicketId, plan: string): Promise<readonly MissingSpan[]>;
  /** JPEG of a live source's newest key picture or of a stored instant. Refuses `still.no-ffmpeg` without FFmpeg. */
  still(id: TicketId, atMs: number | null, width: number | null): Promise<Uint8Array>;
  /**
   * Reads what a volume holds of files begun at or after `sinceMs` (0 = all) and before `untilMs`, cuts each after its
   * last whole part (`repair`), and says what each is. `known` files are passed over. Damaged files are named, never
   * deleted. While anything is recorded, `untilMs` and `known` keep the survey away from files that are being written.
   */
  survey(
    volume: Volume,
    options: { sinceMs: number; untilMs?: number; repair: boolean; known: readonly string[] },
  ): Promise<{ segments: readonly SegmentFacts[]; damaged: readonly { path: string; why: string }[] }>;
  /**
   * How a volume of kind s3 is reached; null: it is to be forgotten. Said to every process that reads or writes buckets,
   * and again when one starts anew: no list of segments carries a secret.
   */
  bucket(volumeId: string, access: BucketAccess | null): void;
  /** Carries a closed segment's file into a bucket; answered once it lies there, read back and with its digest. */
  carry(order: CarryOrder): Promise<CarryAnswer>;
  processes(): readonly EngineProcess[];
  transcodes(): { running: number; limit: number };
  readonly facts: AsyncIterable<Fact>;
}

export interface EngineOptions {
  /** For sockets between processes; mode 0700. */
  readonly runDir: string;
  /** Cameras per intake process. */
  readonly perProcess: number;
  readonly transcodeLimit: number;
  /** FFmpeg's path, or null when there is none. */
  readonly ffmpeg: string | null;
  /** Every segment is sealed under a key of it. */
  readonly keys: KeyRing;
  /** How segments are sealed from now on; the default is AES-256-GCM. */
  readonly suite?: SuiteName;
  /** The store's answer to what a span holds; asked once per seek. */
  footage(ticket: TicketId, fromMs: number, toMs: number): Promise<Footage>;
}
