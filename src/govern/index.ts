/** Floor 10, govern: what is done with the system under the law: filings, the desk that receives them, and the duty board. */
export { siteBoard, siteBoards } from './boards.ts';
export {
  addPlace,
  answerPack,
  type DeskFilingRow,
  type DeskPlaceRow,
  deskDay,
  dueOf,
  findDeskFiling,
  type InspectionRow,
  lackOf,
  placeStates,
  takePack,
} from './desk.ts';
export {
  addDelegate,
  addUnit,
  asUnit,
  type DeskUnit,
  findUnit,
  listDelegates,
  listUnits,
  unitOfDelegate,
} from './desk-units.ts';
export { type Difference, differences, type Part, type SeenChange, sinceOf } from './drift.ts';
export {
  type Content,
  contentOf,
  digestOf,
  documentsAsked,
  frozenContent,
  missingDocuments,
  missingFacts,
  readDigest,
  textOf,
} from './filing-content.ts';
export { type Drifted, type FilingRow, type SiteFiling, siteFilings } from './filing-state.ts';
export { clockName, FilingWatch, lookAtClocks } from './filing-watch.ts';
export {
  type Answer,
  addDocument,
  answerFiling,
  changeUnitFacts,
  changeUse,
  documentsOf,
  dropFiling,
  endDocument,
  findDocument,
  findFiling,
  listFilings,
  startFiling,
  stateIn,
  submitFiling,
} from './filings.ts';
export { findInspection, planInspection, recordInspection } from './inspections.ts';
export {
  makeAnswer,
  makePack,
  openAnswer,
  openFilingKey,
  openPack,
  readKey,
  type SignerKey,
  sayKey,
} from './pack.ts';
export { isPdf } from './pdf.ts';
export { type DocumentRow, type Registered, readUnit } from './register.ts';
