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
  type NewCamera,
  openPassword,
  pauseCamera,
  resumeCamera,
  retireCamera,
} from './cameras.ts';
export { addFoundCamera, foundBy, foundSite, isCameraId, setFoundFrom } from './found.ts';
export { type CameraChanged, CameraRegister } from './register.ts';
export {
  addSite,
  changeSite,
  classifySite,
  findSite,
  listSites,
  type Site,
  type SiteFields,
} from './sites.ts';
export { CameraStates, type CameraStatus, type StreamState, sourceId } from './states.ts';
