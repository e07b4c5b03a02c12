/** The engine's nouns: what its smaller parts are told of sources, volumes and segments, without knowing the whole. */

export type SourceId = string;
export type TicketId = string;
export type StreamKind = 'main' | 'sub';

/** An address to keep open. Credentials stand apart from the URL and are never logged. */
export interface Source {
  /** `<cameraId>.<main|sub>`. */
  readonly id: SourceId;
  readonly cameraId: string;
  readonly stream: StreamKind;
  /** rtsp:// or rtsps://, without credentials. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly transport: 'auto' | 'tcp' | 'udp';
  /** Sound is dropped unless this is true (PR-15). */
  readonly sound: boolean;
  /** True: pull always. False: pull only while someone watches (a sub-stream that is not recorded). */
  readonly always: boolean;
}

/** A folder that holds segments. */
export interface Volume {
  readonly id: string;
  readonly path: string;
  /** As people call it: the gaps of its failures name it. */
  readonly name?: string;
  /** What its marker says (`segment/mark.ts`); a folder without it is another disk and is left alone. */
  readonly mark?: string;
}

/** A stored segment as the index knows it. `path` is relative to the volume. */
export interface SegmentRef {
  readonly id: string;
  readonly volume: Volume;
  readonly path: string;
  readonly startMs: number;
  /** End of what is known; an open segment may hold more by now. */
  readonly endMs: number;
  readonly open: boolean;
}

/** A closed (or recovered) segment, as its own file says. */
export interface SegmentFacts {
  /** Taken from the file: `seg_…`. */
  readonly id: string;
  readonly cameraId: string;
  readonly stream: StreamKind;
  readonly volumeId: string;
  readonly path: string;
  /** UTC of the first picture and of the end of the last. */
  readonly startMs: number;
  readonly endMs: number;
  /** A run is an unbroken stretch of one connection; decode times go on within it. */
  readonly run: string;
  /** Decode time of the first picture in the run, 1/90000 s. */
  readonly startTicks: number;
  readonly durationTicks: number;
  readonly bytes: number;
  readonly parts: number;
  readonly pictures: number;
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  readonly packetsLost: number;
  readonly damagedPictures: number;
  /** SHA-256 of the file, hex. */
  readonly digest: string;
}

/** The bytes of one stored file, wherever its volume keeps them. */
export interface SegmentBytes extends AsyncDisposable {
  /** Every read is a round trip: better few and large ones. Its two ends are there already. */
  readonly isFar?: boolean;
  /** Bytes there are now; an open segment grows. */
  size(): Promise<number>;
  /** Fills `into` from byte `at` on; fewer bytes than asked only where the file ends. */
  read(into: Uint8Array, at: number): Promise<number>;
}
