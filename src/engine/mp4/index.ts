/** MP4 as we write and read it: the head of a file, its parts, its identity. Nothing here opens a file. */
export {
  audioTrackId,
  box,
  concat,
  fourCc,
  fullBox,
  Mp4Error,
  readBoxHead,
  timescale,
  u16,
  u32,
  u64,
  videoTrackId,
  walkBoxes,
} from './boxes.ts';
export { describeInit } from './describe.ts';
export {
  type FlacTrack,
  type Init,
  initExtent,
  initSegment,
  type Mp4Audio,
  type Mp4Video,
  maxInitBytes,
  parameterSets,
  readDuration,
  readInit,
  type TrackDefaults,
} from './init.ts';
export { joinedHeadBytes, joinParts } from './join.ts';
export {
  changePart,
  type PartChange,
  type PartHead,
  type PartSpec,
  partHead,
  partHeadExtent,
  prftBytes,
  readPartHead,
  type Sample,
  type SoundSample,
  type TrackRun,
} from './part.ts';
export { avcCodec, hevcCodec } from './sps.ts';
