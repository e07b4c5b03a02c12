/** The segment file: reading one, and surveying a volume of them. `docs/storage.md` is its specification. */
export { openBytes, type SegmentBytes } from './bytes.ts';
export { type Damage, type IndexedPart, SegmentFile, type Tail } from './file.ts';
export { checkMark, markName, markOf, probeName } from './mark.ts';
export { digestOf, inspect, type Survey, type SurveyOptions, segmentPath, survey } from './survey.ts';
