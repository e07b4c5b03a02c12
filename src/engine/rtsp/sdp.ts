/** SDP (RFC 4566) as far as cameras need it: which media there are, how each is coded, and where to set it up. */

export interface SdpMedia {
  /** `video`, `audio`, `application`, … in lower case. */
  readonly kind: string;
  readonly payloadType: number;
  /** Encoding name in upper case (`H264`), empty when none is told and none is known. */
  readonly encoding: string;
  readonly clockRate: number;
  readonly channels: number;
  /** Format parameters by lower-case name. */
  readonly format: ReadonlyMap<string, string>;
  readonly control: string | null;
  /** The server only listens here (an ONVIF back channel). */
  readonly receivesOnly: boolean;
}

export interface Sdp {
  readonly control: string | null;
  readonly media: readonly SdpMedia[];
}

const maxMedia = 16;
const maxLines = 2048;

/** Static payload types (RFC 3551) a camera may name without an rtpmap. */
const statics: Readonly<Record<number, readonly [string, number, number]>> = {
  0: ['PCMU', 8000, 1],
  8: ['PCMA', 8000, 1],
  26: ['JPEG', 90_000, 1],
  32: ['MPV', 90_000, 1],
  33: ['MP2T', 90_000, 1],
  34: ['H263', 90_000, 1],
};

/** Reads what it can and passes over what it does not know; null when it is no SDP at all. */
export function parseSdp(text: string): Sdp | null {
  const lines = text.split(/\r\n|\n|\r/, maxLines).map((line) => line.trim());
  if (!lines.some((line) => /^[vm]=/.test(line))) return null;
  const starts = lines.flatMap((line, i) => (line.startsWith('m=') ? [i] : [])).slice(0, maxMedia + 1);
  const session = lines.slice(0, starts[0] ?? lines.length);
  const media = starts
    .slice(0, maxMedia)
    .map((start, i) => readMedia(lines.slice(start, starts[i + 1] ?? lines.length)));
  return { control: attribute(session, 'control'), media: media.filter((one) => one !== null) };
}

function readMedia(lines: readonly string[]): SdpMedia | null {
  // `m=video 0 RTP/AVP 96`; `m=application/TP-LINK 0 RTP/AVP smart/1/90000` is no media of ours, but no reason to fail.
  const line = /^m=(\S+)\s+\S+\s+(\S+)\s+(\d{1,3})(?:\s|$)/.exec(lines[0] ?? '');
  if (!line || !/^RTP\/S?AVPF?/i.test(line[2] ?? '')) return null;
  const payloadType = Number(line[3]);
  const known = statics[payloadType];
  const map = /^([^/\s]+)\s*\/\s*(\d+)(?:\s*\/\s*(\d+))?/.exec(numbered(lines, 'rtpmap', payloadType) ?? '');
  return {
    kind: (line[1] ?? '').toLowerCase(),
    payloadType,
    encoding: (map?.[1] ?? known?.[0] ?? '').toUpperCase(),
    clockRate: bounded(map?.[2], known?.[1] ?? 90_000, 1_000_000),
    channels: bounded(map?.[3], known?.[2] ?? 1, 64),
    format: readFormat(numbered(lines, 'fmtp', payloadType) ?? ''),
    control: attribute(lines, 'control'),
    receivesOnly: lines.includes('a=sendonly') && (line[1] ?? '').toLowerCase() === 'audio',
  };
}

function bounded(text: string | undefined, otherwise: number, limit: number): number {
  const value = Number(text ?? otherwise);
  return value >= 1 && value <= limit ? value : otherwise;
}

function attribute(lines: readonly string[], name: string): string | null {
  const prefix = `a=${name}:`;
  const found = lines.find((line) => line.slice(0, prefix.length).toLowerCase() === prefix);
  return found === undefined ? null : found.slice(prefix.length).trim();
}

/** `a=rtpmap:96 H264/90000` for 96. */
function numbered(lines: readonly string[], name: string, payloadType: number): string | undefined {
  const prefix = `a=${name}:`;
  const found = lines
    .filter((line) => line.slice(0, prefix.length).toLowerCase() === prefix)
    .map((line) => line.slice(prefix.length).trim());
  const own = found.find((value) => Number.parseInt(value, 10) === payloadType && /^\d+\s/.test(value));
  return own?.replace(/^\d+\s+/, '');
}

function readFormat(text: string): ReadonlyMap<string, string> {
  const format = new Map<string, string>();
  for (const item of text.split(';').slice(0, 64)) {
    const equals = item.indexOf('=');
    if (equals < 1) continue;
    // Only the first `=` parts: base64 ends in some of its own.
    format.set(item.slice(0, equals).trim().toLowerCase(), item.slice(equals + 1).trim());
  }
  return format;
}
