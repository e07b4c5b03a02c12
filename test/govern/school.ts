/** A school in Liaoning with cameras that operate, made over the API of a house whose clock a test sets. */
import assert from 'node:assert/strict';
import type { TestCaller } from '../support/edge.ts';
import type { House } from '../support/house.ts';
import { pdfOf } from './pdf.ts';

/** Sets the clock of the house to a moment; who is signed in stays so. */
export async function setClock(house: House, instant: string): Promise<void> {
  house.clock.aheadMs = 0;
  house.clock.aheadMs = Date.parse(instant) - house.clock.wallMs();
  const nowMs = house.clock.wallMs();
  await house.db.kysely
    .updateTable('session')
    .set({ last_seen: new Date(nowMs), expires: new Date(nowMs + 3_600_000) })
    .where('ended', 'is', null)
    .execute();
}

export const must = (who: TestCaller) => async (method: string, path: string, body?: unknown) => {
  const reply = await who.call(method, path, body);
  assert.equal(reply.status, 200, `${method} ${path}: ${JSON.stringify(reply.json)}`);
  return reply.json;
};

const timeZone = 'Asia/Shanghai';
const url = 'rtsp://127.0.0.1:9/none';

/** Operating from `on`, by all that the law asks for. */
export async function makeSchool(
  who: TestCaller,
  {
    name,
    on,
    cameras,
    profiles = ['cn-liaoning', 'school'],
  }: {
    name: string;
    on: string;
    cameras: readonly string[];
    profiles?: readonly string[];
  },
): Promise<{ siteId: string; cameraIds: string[] }> {
  const call = must(who);
  const { id: siteId } = await call('POST', '/api/sites', {
    name,
    address: '沈阳市和平区中山路 1 号',
    timeZone,
  });
  await call('PUT', `/api/sites/${siteId}/keeping`, {
    ...{ profiles, placeClass: 'art7.2-operator', placeType: 'school', keyTarget: false },
    ...{ period: null, justification: '', givesWay: true },
  });
  await call('PATCH', `/api/sites/${siteId}`, { owner: 'operator' });
  for (const kind of [
    'sign',
    'public-notice',
    'privacy-risk-review',
    'approved-view',
    'siting-evaluation',
    'security-office-approval',
  ])
    await call('POST', `/api/sites/${siteId}/records`, { kind, on, said: 'as decided' });
  await call('POST', `/api/sites/${siteId}/records`, { kind: 'person-responsible', on, said: '王芳' });
  const cameraIds: string[] = [];
  for (const [i, camera] of cameras.entries())
    cameraIds.push(await makeCamera(who, { siteId, name: camera, on, lat: 41.8 + i / 10_000 }));
  return { siteId, cameraIds };
}

export async function makeCamera(
  who: TestCaller,
  { siteId, name, on, lat }: { siteId: string; name: string; on: string; lat: number },
): Promise<string> {
  const call = must(who);
  const { id, life } = await call('POST', '/api/cameras', {
    ...{ siteId, name, url },
    facts: {
      ...{ room: 'entrance', position: { lat, lon: 123.43 }, azimuthDeg: 90, angleDeg: 90, rangeM: 30 },
    },
    records: [
      { kind: 'necessity', on, said: 'the gate must be seen' },
      // The trial run lasts thirty days: its first day is long past.
      { kind: 'trial-run', on: '2026-01-05', said: 'tried' },
    ],
  });
  assert.equal(life.step, 'operating', JSON.stringify(life));
  return id;
}

/** Changes what is said of a camera, on its present revision. */
export async function changeCamera(who: TestCaller, id: string, facts: object): Promise<void> {
  const { revision } = await must(who)('GET', `/api/cameras/${id}`);
  await must(who)('PATCH', `/api/cameras/${id}`, { revision, facts });
}

export const papers = [
  ...(['authorisation-letter', 'licence-and-code', 'builder-qualifications'] as const),
  ...(['implementation-plan', 'test-report', 'acceptance-report'] as const),
];

/** What a first filing needs beside the cameras. */
export async function makeWhole(who: TestCaller, siteId: string, organ: string): Promise<void> {
  const call = must(who);
  await call('PUT', '/api/filings/unit', {
    ...{ creditCode: '91210100MA0ABCDE1X', address: '沈阳市和平区', legalPerson: '李明' },
    ...{ contact: '王芳', phone: '024-1234567' },
  });
  await call('PUT', `/api/sites/${siteId}/use`, {
    ...{ organ, organKey: null, usedSince: null, stoppedOn: null, stoppedWhy: '' },
  });
  for (const kind of papers)
    await call('POST', `/api/sites/${siteId}/documents`, {
      ...{ kind, name: kind, on: '2026-10-01', pdf: pdfOf(kind).toString('base64') },
    });
}

/** Declares it true and submits it; resolves with the filing. */
export async function file(who: TestCaller, siteId: string, way = 'pack') {
  const call = must(who);
  const { id } = await call('POST', '/api/filings', { siteId });
  const { contentDigest: digest } = await call('GET', `/api/filings/${id}`);
  return call('POST', `/api/filings/${id}/submission`, { digest, way, as: '合规专员', true: true });
}
