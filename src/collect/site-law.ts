/**
 * What the law takes a site for. A change of it reaches the cameras there: one that would stand in a prohibited interior
 * keeps the change from being made; one that would operate without what is then asked goes back to its trial run, in
 * the same transaction and with a line of its own in the ledger.
 */
import { sql, type Transaction } from 'kysely';
import { refuse } from '../base/index.ts';
import type { Tables } from '../db/index.ts';
import type { Grant } from '../gate/index.ts';
import {
  type CameraStep,
  crossesItself,
  isPoint,
  type Lack,
  localDay,
  misplaced,
  type OwnerKind,
  type PrivateArea,
  type ProtectedNeighbour,
  type SiteFacts,
  type SiteFunction,
  type SiteLaw,
} from '../law/index.ts';
import { append } from '../ledger/index.ts';
import { askStanding, becauseOf } from './facts.ts';
import { cameraFacts, type LawfulSite, lawfulSite } from './lawful.ts';

export interface SiteLawChange {
  readonly owner?: OwnerKind | null | undefined;
  readonly functions?: readonly SiteFunction[] | undefined;
  readonly area?: readonly Point[] | undefined;
  readonly neighbours?: readonly ProtectedNeighbour[] | undefined;
  readonly privateAreas?: readonly PrivateArea[] | undefined;
}
type Point = SiteFacts['area'][number];
type Trx = Transaction<Tables>;

/** What the law takes the place of the grant for; whoever says so is named. */
export async function classifySite(
  trx: Trx,
  grant: Grant<'site.configure'>,
  given: SiteLaw & { readonly why?: string | undefined },
): Promise<void> {
  const { profiles, placeClass, placeType, keyTarget } = given;
  await changing(
    trx,
    grant,
    (facts) => ({ ...facts, profiles, placeClass, placeType, keyTarget }),
    (id) =>
      trx
        .updateTable('site')
        .set({
          profiles: [...profiles],
          place_class: placeClass,
          place_type: placeType,
          key_target: keyTarget,
        })
        .set({ class_decided: new Date(grant.atMs), class_by: grant.by.name })
        .$if(given.why !== undefined, (query) => query.set({ class_why: given.why ?? '' }))
        .where('id', '=', id)
        .execute(),
  );
}

/** Who runs it, what lies around it. */
export async function changeSiteLaw(
  trx: Trx,
  grant: Grant<'site.configure'>,
  given: SiteLawChange,
): Promise<void> {
  const { owner, functions, area, neighbours, privateAreas } = given;
  const drawn = [...(neighbours ?? []), ...(privateAreas ?? [])];
  await checkDrawn(trx, grant, area ?? [], drawn);
  const points = [...(area ?? []), ...drawn.flatMap(({ outline }) => outline)];
  const ids = drawn.map(({ id }) => id);
  if (!points.every(isPoint) || new Set(ids).size < ids.length) refuse('site.outline');
  const set = {
    ...(owner === undefined ? {} : { owner }),
    ...(functions === undefined ? {} : { functions: [...functions] }),
    ...(area === undefined ? {} : { area: JSON.stringify(area) }),
    ...(neighbours === undefined ? {} : { neighbours: JSON.stringify(neighbours) }),
    ...(privateAreas === undefined ? {} : { private_areas: JSON.stringify(privateAreas) }),
  };
  if (Object.keys(set).length === 0) return;
  await changing(
    trx,
    grant,
    (facts) => ({
      ...facts,
      owner: owner === undefined ? facts.owner : owner,
      area: area ?? facts.area,
      neighbours: neighbours ?? facts.neighbours,
      privateAreas: privateAreas ?? facts.privateAreas,
    }),
    (id) => trx.updateTable('site').set(set).where('id', '=', id).execute(),
  );
}

/** Points that are nowhere near, and outlines that enclose nothing, would be judged by all the same. */
async function checkDrawn(
  trx: Trx,
  grant: Grant,
  area: readonly Point[],
  drawn: readonly { readonly id: string; readonly outline: readonly Point[] }[],
): Promise<void> {
  for (const { id, outline } of [{ id: 'area', outline: area }, ...drawn])
    if (crossesItself(outline)) refuse('site.outline-crosses', { name: id });
  const points = [...area, ...drawn.flatMap(({ outline }) => outline)];
  if (points.length === 0) return;
  const site = await lawfulSite(trx, grant.subject.id ?? '');
  const profiles = site?.facts.profiles ?? [];
  for (const point of points) {
    const found = misplaced(point, { profiles, area: [] });
    if (found?.kind === 'outside') refuse('site.misplaced', { region: found.region, ...point });
  }
}

/** The cameras are judged by what is to come, before it does: the database would not let one operate that may not. */
async function changing(
  trx: Trx,
  grant: Grant,
  next: (facts: SiteFacts) => SiteFacts,
  write: (siteId: string) => Promise<unknown>,
): Promise<void> {
  const id = grant.subject.id ?? '';
  await trx.selectFrom('site').select('id').where('id', '=', id).forNoKeyUpdate().executeTakeFirst();
  const site = await lawfulSite(trx, id);
  if (!site) return refuse('site.unknown');
  await judgeCameras(trx, grant, { ...site, facts: next(site.facts) }, 'refuse');
  await write(id);
}

/**
 * Looks at every camera of the site as `site` is to be. `refuse`: a prohibited one is the caller's mistake. `suspend`:
 * the law changed under it, and it is out of use from now on. Resolves with those that took a step.
 */
export async function judgeCameras(
  trx: Trx,
  grant: Grant,
  site: LawfulSite,
  prohibitedOne: 'refuse' | 'suspend',
): Promise<string[]> {
  const rows = await trx
    .selectFrom('camera')
    .selectAll()
    .where('site_id', '=', site.facts.id)
    .where('retired_at', 'is', null)
    .orderBy('id')
    .forUpdate()
    .execute();
  const day = localDay(grant.atMs, site.timeZone);
  const stepped: string[] = [];
  for (const row of rows) {
    const facts = cameraFacts(row, site.recordsOf(row.id));
    const verdict = askStanding(facts, site.facts, row.step === 'suspended' ? 'planned' : row.step, day);
    if (verdict.kind === 'ok' || verdict.kind === 'order') continue;
    if (verdict.kind === 'no-ruling') {
      if (prohibitedOne === 'refuse') refuse('camera.no-ruling', { site: site.facts.name });
      continue;
    }
    if (verdict.kind === 'prohibited') {
      const { instrument = '', article = '' } = verdict.because[0]?.answer.cite ?? {};
      const values = { camera: row.name, room: verdict.room, instrument, article };
      const because = becauseOf(verdict.because, 'collect.prohibited-interior');
      if (prohibitedOne === 'refuse') refuse('site.prohibits', values, because);
      if (row.step === 'suspended') continue;
      await takeStep(trx, grant, row, 'suspended', { prohibited: verdict.room, because });
    } else if (row.carried_over || !isTakenBack(row.step, verdict.lacking)) continue;
    else {
      const lacking = verdict.lacking.map(({ need }) => need);
      // Near a protected neighbour without its consent not even a trial run may go on (Order 799, art. 10).
      const to = lacking.includes('neighbour-consent') ? 'suspended' : 'tested';
      await takeStep(trx, grant, row, to, { lacking });
    }
    stepped.push(row.id);
  }
  return stepped;
}

const isTakenBack = (step: CameraStep, lacking: readonly Lack[]): boolean =>
  step === 'operating' || (step === 'tested' && lacking.some(({ need }) => need === 'neighbour-consent'));

/** A step that nobody asked for: the line in the ledger says why. */
async function takeStep(
  trx: Trx,
  grant: Grant,
  row: { readonly id: string; readonly name: string; readonly site_id: string; readonly step: CameraStep },
  to: CameraStep,
  why: Readonly<Record<string, unknown>>,
): Promise<void> {
  await trx
    .updateTable('camera')
    .set({ step: to, step_at: new Date(grant.atMs), step_by: grant.by.name, step_reason: null })
    .set({ carried_over: false, revision: sql`revision + 1` })
    .where('id', '=', row.id)
    .execute();
  await append(trx, {
    atMs: grant.atMs,
    actor: grant.by,
    action: 'camera.configure',
    outcome: 'done',
    subject: { kind: 'camera', id: row.id, name: row.name },
    detail: { step: { from: row.step, to }, ...why },
  });
}
