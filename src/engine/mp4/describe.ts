/** What a player must be told of a head before it can play it: the line of an init frame. */
import type { InitJson } from '../../contract/frames.ts';
import type { Mp4Audio, Mp4Video } from './init.ts';

export function describeInit(video: Mp4Video, audio: Mp4Audio | null): InitJson {
  const sound = audio === null ? null : soundCodec(audio);
  const both = [video.codecString, ...(sound === null ? [] : [sound])];
  return {
    codecs: `video/mp4; codecs="${both.join(',')}"`,
    video: video.codecString,
    audio: sound,
    width: video.width,
    height: video.height,
    timescale: 90000,
  };
}

/** RFC 6381; the object type of AAC stands in the first five bits of its configuration. */
const soundCodec = (audio: Mp4Audio): string =>
  audio.codec === 'aac' ? `mp4a.40.${(audio.config[0] ?? 0x10) >> 3}` : 'flac';
