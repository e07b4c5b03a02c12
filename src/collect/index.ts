/** Floor 6, collect: sites, cameras and their present state. */
export { type Address, readAddress } from './address.ts';
export {
  addCamera,
  type Camera,
  type CameraChange,
  changeCamera,
  findCamera,
  isMainMoved,
  isSubMoved,
  makeCamera,
  type NewCamera,
  openPassword,
  pauseCamera,
  resumeCamera,
  retireCamera,
  stepCamera,
} from './cameras.ts';
export {
  addDocument,
  type DocumentType,
  documentsOf,
  findDocument,
  type RecordDocument,
} from './documents.ts';
export { askStanding, type GivenFacts, type Standing } from './facts.ts';
export { addFoundCamera, foundBy, foundSite, isCameraId, setFoundFrom } from './found.ts';
export { ImportDesk, type ImportFile, type ImportJob } from './import-desk.ts';
export { type LawfulSite, lawfulCameras, lawfulSite, lawfulSites } from './lawful.ts';
export { LifeWatch } from './life-watch.ts';
export {
  addPlace,
  changePlace,
  endPlace,
  findPlace,
  listPlaces,
  type MandatoryPlace,
  type NewPlace,
} from './mandatory.ts';
export {
  addRecord,
  endRecord,
  findRecord,
  type LegalRecord,
  listRecords,
  type NewRecord,
} from './records.ts';
export { type CameraChanged, CameraRegister } from './register.ts';
export { changeSiteLaw, classifySite, judgeCameras, type SiteLawChange } from './site-law.ts';
export {
  addSite,
  changeSite,
  findSite,
  listSites,
  type Site,
  type SiteFields,
} from './sites.ts';
export { CameraStates, type CameraStatus, type StreamState, sourceId } from './states.ts';
