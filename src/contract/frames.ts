/**
 * The frame protocol: what runs from the engine through the media door to the player, one binary message a frame,
 * the same bytes on the engine's socket (with a length before each) and on the WebSocket (without).
 *
 * Message: 16 bytes of head, then the body. All integers are big-endian.
 *
 *   offset 0  u8   kind     1 init · 2 part · 3 gap · 4 end · 5 problem · 6 clock
 *          1  u8   flags    part: bit 0 key (decoding can begin here), bit 1 discontinuity (the decode time or the
 *                           wall time does not follow on from the part before; the first part that answers a
 *                           seek always carries it), bit 2 audio
 *          2  u16  epoch    counts the inits of this stream: a part belongs to the init of its epoch
 *          4  u32  ticks    part: its duration in 1/90000 s (0 = unknown)
 *          8  f64  wallMs   part: UTC of its first picture, in ms since 1970; gap: where it begins
 *
 *   init    body = UTF-8 JSON line {codecs, video, audio, width, height, timescale} + "\n" + ftyp + moov
 *   part    body = f64 decode time (in 1/90000 s, of the first picture, as in its tfdt) + u32 offset of the media
 *           data in the part + one part (moof + mdat, without prft)
 *   gap     body = UTF-8 JSON {to, cause, detail}
 *   end     body = empty: nothing more is recorded up to what was wanted
 *   problem body = UTF-8 JSON {code, values}: a camera problem or a refusal code; the stream may go on
 *   clock   body = empty; wallMs = the server's clock, sent at the start
 *
 * From player to engine: UTF-8 JSON text messages, at most 1 KiB: see `Wish`.
 */

export const frameKinds = { init: 1, part: 2, gap: 3, end: 4, problem: 5, clock: 6 } as const;
export type FrameKind = keyof typeof frameKinds;
export const frameHeadBytes = 16;
export const partHeadBytes = 12;
/** No honest frame is larger: a key frame of an 8K camera has about 4 MB. */
export const maxFrameBytes = 32 * 1024 * 1024;
export const maxWishBytes = 1024;

export const partFlags = { key: 1, discontinuity: 2, audio: 4 } as const;

export interface InitJson {
  /** For MediaSource: `video/mp4; codecs="avc1.640028"`. */
  readonly codecs: string;
  /** RFC 6381 codec of the picture, for VideoDecoder. */
  readonly video: string;
  readonly audio: string | null;
  readonly width: number;
  readonly height: number;
  readonly timescale: 90000;
}

export type Frame =
  | { readonly kind: 'init'; readonly epoch: number; readonly json: InitJson; readonly bytes: Uint8Array }
  | {
      readonly kind: 'part';
      readonly epoch: number;
      readonly key: boolean;
      readonly discontinuity: boolean;
      readonly audio: boolean;
      readonly ticks: number;
      readonly wallMs: number;
      readonly decodeTicks: number;
      readonly bytes: Uint8Array;
      /** The media data alone (length-prefixed NAL units of H.264/H.265), for VideoDecoder. */
      readonly payload: Uint8Array;
    }
  | {
      readonly kind: 'gap';
      readonly fromMs: number;
      readonly json: { to: number; cause: string; detail: Record<string, string | number> };
    }
  | { readonly kind: 'end' }
  | { readonly kind: 'problem'; readonly json: { code: string; values: Record<string, string | number> } }
  | { readonly kind: 'clock'; readonly wallMs: number };

/** What a player asks for. Live takes `pause` and `resume`; playback takes `seek` and `until`. */
export type Wish =
  | { readonly op: 'seek'; readonly atMs: number; readonly untilMs: number; readonly keysOnly?: boolean }
  /** Send on until this instant; the player moves it ahead as it plays. */
  | { readonly op: 'until'; readonly untilMs: number }
  | { readonly op: 'pause' }
  | { readonly op: 'resume' };

const text = {
  encode: (value: unknown) => new TextEncoder().encode(JSON.stringify(value)),
  decode: new TextDecoder(),
};

function head(
  kind: FrameKind,
  bodyBytes: number,
  options: { flags?: number; epoch?: number; ticks?: number; wallMs?: number } = {},
) {
  const bytes = new Uint8Array(frameHeadBytes + bodyBytes);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, frameKinds[kind]);
  view.setUint8(1, options.flags ?? 0);
  view.setUint16(2, (options.epoch ?? 0) & 0xffff);
  view.setUint32(4, options.ticks ?? 0);
  view.setFloat64(8, options.wallMs ?? 0);
  return { bytes, view };
}

export function encodeInit(epoch: number, json: InitJson, init: Uint8Array): Uint8Array {
  const line = new TextEncoder().encode(`${JSON.stringify(json)}\n`);
  const { bytes } = head('init', line.length + init.length, { epoch });
  bytes.set(line, frameHeadBytes);
  bytes.set(init, frameHeadBytes + line.length);
  return bytes;
}

/** The head of a part frame; the caller sends the part's own buffers behind it, uncopied. */
export function encodePartHead(part: {
  epoch: number;
  key: boolean;
  discontinuity: boolean;
  audio: boolean;
  ticks: number;
  wallMs: number;
  decodeTicks: number;
  payloadOffset: number;
}): Uint8Array {
  const flags =
    (part.key ? partFlags.key : 0) |
    (part.discontinuity ? partFlags.discontinuity : 0) |
    (part.audio ? partFlags.audio : 0);
  const { bytes, view } = head('part', partHeadBytes, {
    flags,
    epoch: part.epoch,
    ticks: part.ticks,
    wallMs: part.wallMs,
  });
  view.setFloat64(frameHeadBytes, part.decodeTicks);
  view.setUint32(frameHeadBytes + 8, part.payloadOffset);
  return bytes;
}

export function encodeJson(kind: 'gap' | 'problem', json: object, wallMs = 0): Uint8Array {
  const body = text.encode(json);
  const { bytes } = head(kind, body.length, { wallMs });
  bytes.set(body, frameHeadBytes);
  return bytes;
}

export const encodeEnd = (): Uint8Array => head('end', 0).bytes;
export const encodeClock = (wallMs: number): Uint8Array => head('clock', 0, { wallMs }).bytes;

export class FrameError extends Error {}

/** Reads one message. Throws FrameError on anything that is not one, without reading past its end. */
export function decodeFrame(bytes: Uint8Array): Frame {
  if (bytes.length < frameHeadBytes) throw new FrameError('frame shorter than its head');
  if (bytes.length > maxFrameBytes) throw new FrameError('frame larger than allowed');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = view.getUint8(0);
  const flags = view.getUint8(1);
  const epoch = view.getUint16(2);
  const wallMs = view.getFloat64(8);
  const body = bytes.subarray(frameHeadBytes);
  switch (kind) {
    case frameKinds.init: {
      const lineEnd = body.indexOf(10);
      if (lineEnd < 0 || lineEnd > 4096) throw new FrameError('init without its line');
      const json = readJson(body.subarray(0, lineEnd)) as InitJson;
      if (typeof json.codecs !== 'string' || typeof json.video !== 'string')
        throw new FrameError('init without codecs');
      return { kind: 'init', epoch, json, bytes: body.subarray(lineEnd + 1) };
    }
    case frameKinds.part: {
      if (body.length < partHeadBytes) throw new FrameError('part shorter than its head');
      const decodeTicks = view.getFloat64(frameHeadBytes);
      const offset = view.getUint32(frameHeadBytes + 8);
      const part = body.subarray(partHeadBytes);
      if (offset > part.length) throw new FrameError('media data outside of the part');
      if (!Number.isFinite(wallMs) || !Number.isFinite(decodeTicks))
        throw new FrameError('part without a time');
      return {
        kind: 'part',
        epoch,
        key: (flags & partFlags.key) !== 0,
        discontinuity: (flags & partFlags.discontinuity) !== 0,
        audio: (flags & partFlags.audio) !== 0,
        ticks: view.getUint32(4),
        wallMs,
        decodeTicks,
        bytes: part,
        payload: part.subarray(offset),
      };
    }
    case frameKinds.gap: {
      const json = readJson(body) as { to: number; cause: string; detail: Record<string, string | number> };
      if (typeof json.to !== 'number' || typeof json.cause !== 'string')
        throw new FrameError('gap without its end');
      return { kind: 'gap', fromMs: wallMs, json };
    }
    case frameKinds.end:
      return { kind: 'end' };
    case frameKinds.problem: {
      const json = readJson(body) as { code: string; values: Record<string, string | number> };
      if (typeof json.code !== 'string') throw new FrameError('problem without a code');
      return { kind: 'problem', json };
    }
    case frameKinds.clock:
      return { kind: 'clock', wallMs };
    default:
      throw new FrameError(`unknown frame kind ${kind}`);
  }
}

/** Reads a wish of a player; null when it is none. */
export function decodeWish(message: string): Wish | null {
  if (message.length > maxWishBytes) return null;
  let wish: Record<string, unknown>;
  try {
    wish = JSON.parse(message);
  } catch {
    return null;
  }
  if (typeof wish !== 'object' || wish === null) return null;
  if (wish.op === 'pause' || wish.op === 'resume') return { op: wish.op };
  const untilMs = wish.untilMs;
  if (typeof untilMs !== 'number' || !Number.isFinite(untilMs)) return null;
  if (wish.op === 'until') return { op: 'until', untilMs };
  if (wish.op === 'seek' && typeof wish.atMs === 'number' && Number.isFinite(wish.atMs))
    return { op: 'seek', atMs: wish.atMs, untilMs, keysOnly: wish.keysOnly === true };
  return null;
}

function readJson(bytes: Uint8Array): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text.decode.decode(bytes));
  } catch {
    throw new FrameError('body is not JSON');
  }
  if (typeof value !== 'object' || value === null) throw new FrameError('body is not an object');
  return value;
}
