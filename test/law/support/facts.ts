/** A school in Liaoning with one camera at its gate, all in order; tests change what they are about. */
import type { CameraFacts, Point, Recorded, Records, SiteFacts } from '../../../src/law/index.ts';

export const today = '2026-11-22';
const on = (day: string): Recorded => ({ on: day });

export const siteRecords: Records = {
  'place-class-decision': on('2026-01-05'),
  'public-notice': on('2026-01-06'),
  'full-notice': on('2026-01-06'),
};

export const cameraRecords: Records = {
  necessity: { on: '2026-01-05', until: '2027-01-05' },
  'privacy-risk-review': on('2026-01-05'),
  'approved-view': on('2026-01-06'),
  sign: on('2026-01-08'),
  'trial-run': on('2026-01-09'),
};

export const school: SiteFacts = {
  ...{ id: 'site-1', name: '第一中学', profiles: ['cn-liaoning', 'school'], placeType: 'school' },
  ...{ placeClass: 'art7.2-operator', keyTarget: false, owner: 'operator', project: null, keeps: null },
  ...{ functions: ['collect', 'transmit', 'display', 'store'], area: [], neighbours: [], privateAreas: [] },
  ...{ liveSince: '2026-02-20', stoppedOn: null, records: siteRecords, open: {} },
  filing: {
    ...{ state: 'accepted', submittedOn: '2026-03-01', acceptedOn: '2026-03-10', returnedOn: null },
    ...{ unfiled: [], filedCameras: 1 },
  },
};

export const gate: Point = { lat: 41.8, lon: 123.43 };
/** So many metres east and north of the gate. */
export const beside = (east: number, north: number): Point => ({
  lat: gate.lat + north / 111_195.08,
  lon: gate.lon + east / (111_195.08 * Math.cos((gate.lat * Math.PI) / 180)),
});
export const square = (east: number, north: number, half: number): readonly Point[] => [
  beside(east - half, north - half),
  beside(east + half, north - half),
  beside(east + half, north + half),
  beside(east - half, north + half),
];

export const camera: CameraFacts = {
  ...{ id: 'cam-1', name: '大门', siteId: 'site-1', step: 'operating', operatingSince: '2026-02-20' },
  ...{ room: 'entrance', zone: 'public', owner: null, purpose: 'public-safety', at: gate, turns: false },
  ...{ azimuthDeg: 0, angleDeg: 90, rangeM: 30, sound: false, masked: [], endOfSupport: null },
  ...{ capabilities: ['high-definition'], records: cameraRecords, open: {} },
};
