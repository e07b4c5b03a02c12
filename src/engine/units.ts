/** What comes out of a camera: tracks, and access units one by one. The only thing the RTSP client hands upward. */
import type { Problem } from '../contract/causes.ts';

export interface VideoTrack {
  readonly kind: 'video';
  readonly codec: 'h264' | 'h265';
  /** Parameter sets without start codes: H.264 sps, pps; H.265 also vps. */
  readonly sps: Uint8Array;
  readonly pps: readonly Uint8Array[];
  readonly vps: Uint8Array | null;
  readonly width: number;
  readonly height: number;
  /** RFC 6381: `avc1.640028`, `hvc1.1.6.L120.90`. */
  readonly codecString: string;
  /** How many pictures may come before an earlier-shown one (max_num_reorder_frames); 0 without B pictures. */
  readonly reorderDepth: number;
}

export interface AudioTrack {
  readonly kind: 'audio';
  readonly codec: 'aac' | 'pcma' | 'pcmu';
  readonly sampleRate: number;
  readonly channels: number;
  /** AudioSpecificConfig for AAC, empty for G.711. */
  readonly config: Uint8Array;
}

/**
 * One picture (or one stretch of sound). `data` is NAL units, each behind its 4-byte length, exactly as the camera
 * sent them (SEI and parameter sets included: signatures of cameras stay whole); for sound the raw frame.
 * `data` is the receiver's to keep: nobody writes to it again.
 */
export interface AccessUnit {
  readonly track: 'video' | 'audio';
  readonly data: Uint8Array;
  readonly key: boolean;
  /** Presentation time, unwrapped, 1/90000 s from the first unit of this connection (sound: same origin and scale). */
  readonly pts: number;
  /** Monotonic clock of arrival of the last packet, ms. */
  readonly arrivedMs: number;
  /** Packets known to be missing just before or inside; the unit is whole all the same unless `damaged`. */
  readonly lostBefore: number;
  /** A NAL unit inside is known to be incomplete. */
  readonly damaged: boolean;
}

export interface LinkCounters {
  packets: number;
  bytes: number;
  packetsLost: number;
  packetsReordered: number;
  packetsLate: number;
  damagedUnits: number;
  ignoredMedia: number;
}

/** Camera's clock by RTCP sender reports. */
export interface ClockReading {
  /** UTC of the camera at `pts`, ms since 1970. */
  readonly cameraWallMs: number;
  readonly pts: number;
  /** Monotonic clock when the report came. */
  readonly arrivedMs: number;
}

export interface LinkEvents {
  /** Tracks are known (again: the picture's parameters changed in mid-stream, before the unit that uses them). */
  tracks(video: VideoTrack, audio: AudioTrack | null): void;
  unit(unit: AccessUnit): void;
  clock(reading: ClockReading): void;
  /** The link is over; nothing comes after. null = we closed it. */
  closed(problem: Problem | null): void;
}

/** One connection to one camera, open until it fails or is disposed. It never reconnects: the intake does. */
export interface Link extends AsyncDisposable {
  readonly counters: Readonly<LinkCounters>;
  readonly transport: 'tcp' | 'udp' | 'tls';
}
