/** Sites and cameras of a register as large as a city's, each a little different, for benches of the law. */
import type { CameraFacts, Recorded, SiteFacts } from '../../src/law/index.ts';

const kinds = ['school', 'hotel', 'shopping', 'hospital', 'other-public'] as const;
const chains = [
  ['cn-liaoning', 'school', 'school-policy'],
  ['cn-liaoning', 'hotel', 'guard-service'],
  ['cn-qingdao', 'company-policy'],
  ['cn-national', 'smart-city'],
  ['cn-liaoning'],
];
const on = (day: string): Recorded => ({ on: day });

export function site(i: number): SiteFacts {
  const at = { lat: 41.8 + i / 10_000, lon: 123.4 };
  return {
    ...{
      id: `site-${i}`,
      name: `场所 ${i}`,
      profiles: chains[i % chains.length] ?? [],
      placeType: kinds[i % 5]!,
    },
    placeClass: i % 5 === 4 ? 'art9-other-public' : 'art7.2-operator',
    ...{ keyTarget: i % 17 === 0, owner: 'operator', functions: ['collect', 'transmit', 'display', 'store'] },
    ...{ area: [], liveSince: '2026-02-20', stoppedOn: null, project: null, keeps: null },
    filing: {
      ...{ state: i % 3 === 0 ? 'none' : 'accepted', submittedOn: '2026-03-01', acceptedOn: '2026-03-10' },
      ...{ returnedOn: null, unfiled: i % 7 === 0 ? [{ field: 'camera-moved', on: '2026-11-20' }] : [] },
      filedCameras: 20,
    },
    neighbours: i % 9 === 0 ? [{ id: 'zone', name: '', kind: 'military', outline: [at], withinM: 200 }] : [],
    privateAreas: [{ id: 'window', kind: 'window', outline: [at, { lat: at.lat, lon: at.lon + 0.0001 }] }],
    records: { 'place-class-decision': on('2026-01-05'), 'public-notice': on('2026-01-06') },
    open: { complaint: { count: i % 2, since: '2026-11-01' } },
  };
}

export function camera(i: number, siteId: string): CameraFacts {
  return {
    ...{ id: `cam-${i}`, name: `${i} 号`, siteId, step: 'operating', operatingSince: '2026-02-20' },
    ...{ room: 'entrance', zone: 'public', owner: null, purpose: 'public-safety', turns: i % 4 === 0 },
    at: { lat: 41.8 + i / 200_000, lon: 123.4 },
    ...{ azimuthDeg: i % 360, angleDeg: 90, rangeM: 30, sound: false, masked: i % 2 === 0 ? ['window'] : [] },
    ...{ capabilities: ['high-definition'], endOfSupport: '2029-01-01' },
    records: {
      necessity: { on: '2026-01-05', until: '2027-01-05' },
      ...{ 'privacy-risk-review': on('2026-01-05'), 'approved-view': on('2026-01-06') },
      ...(i % 10 === 0 ? {} : { sign: on('2026-01-08') }),
      'trial-run': on('2026-01-09'),
    },
    open: { fault: { count: i % 11 === 0 ? 1 : 0, since: '2026-11-20' } },
  };
}
