/** The segment file: reading one, and surveying a volume of them. `docs/storage.md` is its specification. */
export { openBytes, type SegmentBytes } from './bytes.ts';
export { type Damage, type IndexedPart, SegmentFile } from './file.ts';
export { checkMark, markName, markOf, probeName } from './mark.ts';
export { IndexWriter, type PartShape, readIndex, shapeOf } from './part-index.ts';
export { endIn, type RecordAt, type Tail } from './records.ts';
export {
  digestOf,
  examine,
  inspect,
  type Survey,
  type SurveyOptions,
  segmentPath,
  survey,
} from './survey.ts';
