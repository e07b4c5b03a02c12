/** Puts into a demo what a house has after a while: own periods, a hold, a mark, a certificate, a second volume. */
import { mkdir } from 'node:fs/promises';
import { Caller, until } from '../../support/custos.ts';
import type { Login } from './tour.ts';

/** `disk` becomes the second volume: a path outside of the demo's folder that does not exist yet. */
export async function furnish(origin: string, logins: readonly Login[], disk: string): Promise<void> {
  const as = (persona: string): Promise<Caller> => {
    const login = logins.find((each) => each.persona === persona);
    if (!login) throw new Error(`the demo has no ${persona}`);
    return new Caller(origin).signIn(login.name, login.password);
  };
  const [admin, maintainer, approver, auditor] = await Promise.all([
    as('administrator'),
    as('maintainer'),
    as('approver'),
    as('auditor'),
  ]);
  const cameras = await recordingCameras(maintainer);
  const [first, second] = cameras as [Camera, Camera];
  const gone = cameras.find(({ siteId }) => siteId !== first.siteId && siteId !== second.siteId) ?? second;
  await settleSites(admin, gone.siteId);
  await keepSpans(approver, first);
  await closeSegment(maintainer, auditor, gone);
  await erase(approver, gone);
  await admin.must('POST', '/api/webhooks', { url: 'https://127.0.0.1:9/custos' });
  await mkdir(disk);
  await maintainer.must('POST', '/api/storage/volumes', { name: '磁盘 2 Disk 2', path: disk });
}

interface Camera {
  readonly id: string;
  readonly siteId: string;
  readonly status: string;
}

const recordingCameras = (caller: Caller): Promise<Camera[]> =>
  until('all cameras of the demo record', async () => {
    const { items } = (await caller.must('GET', '/api/cameras')) as { items: Camera[] };
    return items.length > 2 && items.every(({ status }) => status === 'recording') ? items : undefined;
  });

/** One site where a rule of another country sets a limit and no floor, and one whose own period a person must settle. */
async function settleSites(admin: Caller, goneId: string): Promise<void> {
  const { sites } = (await admin.must('GET', '/api/keeping')) as { sites: { siteId: string }[] };
  const usual = { placeClass: 'art9-other-public', placeType: 'other-public', keyTarget: false };
  for (const { siteId } of sites.filter((each) => each.siteId === goneId))
    await admin.must('PUT', `/api/sites/${siteId}/keeping`, {
      ...usual,
      ...{ profiles: ['fr'], period: { n: 30, unit: 'day' }, givesWay: true },
      justification: '保险公司要求 The insurer asks for it',
    });
}

const spanBefore = (fromS: number, toS: number) => ({
  from: new Date(Date.now() - fromS * 1000).toISOString(),
  to: new Date(Date.now() - toS * 1000).toISOString(),
});

async function keepSpans(approver: Caller, { id }: Camera): Promise<void> {
  await approver.must('POST', `/api/cameras/${id}/holds`, {
    ...spanBefore(40, 10),
    reason: '盗窃案调查 Inquiry into a theft',
    ...{ authority: '和平分局 Heping police', reference: '2026-117' },
  });
  await approver.must('POST', `/api/cameras/${id}/marks`, {
    ...spanBefore(120, 50),
    reason: '交通事故 Traffic accident',
    period: { n: 6, unit: 'month' },
  });
}

/** A pause ends the segment that is being written, and leaves a gap with its cause. */
async function closeSegment(maintainer: Caller, auditor: Caller, { id }: Camera): Promise<void> {
  await maintainer.must('POST', `/api/cameras/${id}/pause`, { reason: '清洁镜头 The lens is cleaned' });
  // What is closed after somebody asked for its erasure goes with a later pass of the reaper, minutes on.
  await until('the segment is stored', async () => {
    const { items } = await auditor.must('GET', '/api/ledger?action=segment.stored');
    return items.some((each: { detail: { camera: string } }) => each.detail.camera === id) || undefined;
  });
  await maintainer.must('POST', `/api/cameras/${id}/resume`, {});
}

async function erase(approver: Caller, { id }: Camera): Promise<void> {
  const span = spanBefore(600, 0);
  const pieces = async () => {
    const { spans } = await approver.must(
      'GET',
      `/api/cameras/${id}/timeline?from=${span.from}&to=${span.to}`,
    );
    return spans.length > 0 || undefined;
  };
  await until('something is recorded', pieces);
  await approver.must('POST', `/api/cameras/${id}/erasures`, {
    ...span,
    requester: '李先生 Mr Li',
    reason: '书面请求 Asked in writing',
  });
  await until('a certificate of deletion is there', async () => {
    const { items } = await approver.must('GET', '/api/certificates');
    return items.some((each: { state: string }) => each.state === 'done') || undefined;
  });
}
