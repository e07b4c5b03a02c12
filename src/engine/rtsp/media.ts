/** From a camera's SDP to what we take of it: one picture, and its sound. */
import { parseAacConfig } from '../codec/index.ts';
import type { AacLayout } from '../rtp/index.ts';
import type { AudioTrack } from '../units.ts';
import { LinkProblem } from './problem.ts';
import type { Sdp, SdpMedia } from './sdp.ts';

export interface VideoMedia {
  readonly media: SdpMedia;
  readonly codec: 'h264' | 'h265';
  /** Parameter sets of the SDP, without start codes; often none or half of them. */
  readonly sets: readonly Buffer[];
  readonly orderNumbers: boolean;
}

export interface AudioMedia {
  readonly media: SdpMedia;
  readonly track: AudioTrack;
  readonly layout: AacLayout;
}

/** The first picture we can record. Throws the problem `no-video` or `codec-unknown`. */
export function chooseVideo(sdp: Sdp): VideoMedia {
  const videos = sdp.media.filter((one) => one.kind === 'video');
  const media = videos.find((one) => codecOf(one) !== null);
  if (media === undefined) {
    if (videos[0] === undefined) throw new LinkProblem('no-video');
    const codec = videos[0].encoding.replace(/[^\w.-]/g, '').slice(0, 24);
    throw new LinkProblem('codec-unknown', { codec: codec || `RTP/${videos[0].payloadType}` });
  }
  const codec = codecOf(media) ?? 'h264';
  const names = codec === 'h264' ? ['sprop-parameter-sets'] : ['sprop-vps', 'sprop-sps', 'sprop-pps'];
  const sets = names.flatMap((name) => readSets(media.format.get(name) ?? ''));
  const orderNumbers = codec === 'h265' && Number(media.format.get('sprop-max-don-diff') ?? 0) > 0;
  return { media, codec, sets, orderNumbers };
}

function codecOf(media: SdpMedia): 'h264' | 'h265' | null {
  if (media.encoding === 'H264') return 'h264';
  return media.encoding === 'H265' || media.encoding === 'HEVC' ? 'h265' : null;
}

/** Base64 sets, separated by commas; some hold start codes, some several sets behind them. */
function readSets(text: string): Buffer[] {
  return text
    .replace(/["\s]/g, '')
    .split(',')
    .slice(0, 32)
    .flatMap((one) => splitStartCodes(Buffer.from(one.slice(0, 8192), 'base64')))
    .filter((set) => set.length > 1);
}

function splitStartCodes(bytes: Buffer): Buffer[] {
  const code = Buffer.from([0, 0, 1]);
  let at = bytes.indexOf(code);
  if (at === -1) return [bytes];
  const sets: Buffer[] = [];
  while (at !== -1) {
    const next = bytes.indexOf(code, at + 3);
    let end = next === -1 ? bytes.length : next;
    while (next !== -1 && end > at + 3 && bytes[end - 1] === 0) end--;
    sets.push(bytes.subarray(at + 3, end));
    at = next;
  }
  return sets;
}

/** The first sound we understand, or null. A back channel, which the camera only listens to, is none. */
export function chooseAudio(sdp: Sdp): AudioMedia | null {
  for (const media of sdp.media) {
    if (media.kind !== 'audio' || media.receivesOnly) continue;
    const found = readAudio(media);
    if (found !== null) return found;
  }
  return null;
}

function readAudio(media: SdpMedia): AudioMedia | null {
  const layout = { sizeBits: 13, indexBits: 3, deltaBits: 3 };
  if (media.encoding === 'PCMA' || media.encoding === 'PCMU') {
    const codec = media.encoding === 'PCMA' ? 'pcma' : 'pcmu';
    const track = { sampleRate: media.clockRate, channels: media.channels, config: new Uint8Array(0) };
    return { media, layout, track: { kind: 'audio', codec, ...track } };
  }
  if (media.encoding !== 'MPEG4-GENERIC') return null;
  const config = Buffer.from((media.format.get('config') ?? '').slice(0, 128), 'hex');
  const told = parseAacConfig(config);
  // Without its config nobody can play it.
  if (told === null) return null;
  const bits = (name: string, otherwise: number): number => {
    const value = Number(media.format.get(name) ?? otherwise);
    return Number.isInteger(value) && value >= 0 && value <= 16 ? value : otherwise;
  };
  return {
    media,
    layout: {
      sizeBits: Math.max(1, bits('sizelength', 13)),
      indexBits: bits('indexlength', 3),
      deltaBits: bits('indexdeltalength', 3),
    },
    track: { kind: 'audio', codec: 'aac', sampleRate: told.sampleRate, channels: told.channels, config },
  };
}
