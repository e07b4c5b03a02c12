/** Codecs: what the headers of pictures and sound say. Readers of hostile bytes: total, bounded, without effects. */
export { type AacConfig, parseAacConfig } from './aac.ts';
export { parseH264Pps, parseH264Sps } from './h264.ts';
export { parseH265Pps, parseH265Sps } from './h265.ts';
export { ParameterSets, type VideoCodec } from './parameter-sets.ts';
export type { PictureFormat } from './picture.ts';
