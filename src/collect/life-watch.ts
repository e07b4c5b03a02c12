/**
 * What time does to cameras: a necessity goes stale at midnight, a consent ends, a new law begins. Every hour each
 * camera is asked whether it may still stand where it stands. One that may not operate any more goes back to its trial
 * run, which goes on recording: footage is not lost over a paper. One that the law now forbids is suspended.
 */
import { type Clock, type Log, sayError } from '../base/index.ts';
import type { Database } from '../db/index.ts';
import type { Gate } from '../gate/index.ts';
import { localDay } from '../law/index.ts';
import type { Camera } from './cameras.ts';
import { askStanding } from './facts.ts';
import { lawfulSite } from './lawful.ts';
import type { CameraRegister } from './register.ts';
import { judgeCameras } from './site-law.ts';

export interface LifeWatchOptions {
  readonly db: Database;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly log: Log;
  readonly cameras: CameraRegister;
}

const everyMs = 3_600_000;

export class LifeWatch implements AsyncDisposable {
  readonly #at: LifeWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<unknown> = Promise.resolve();

  constructor(options: LifeWatchOptions) {
    this.#at = options;
  }

  start(): void {
    const look = () => {
      this.#looking = this.look().catch((error: unknown) => {
        this.#at.log.error({ error: sayError(error) }, 'the lives of cameras could not be looked at');
      });
    };
    look();
    this.#timer = setInterval(look, everyMs);
    this.#timer.unref();
  }

  /** Resolves with the cameras that took a step. */
  async look(): Promise<string[]> {
    const stepped: string[] = [];
    const sites = this.#at.cameras.all().filter((camera) => this.#isDoubtful(camera));
    for (const siteId of new Set(sites.map((camera) => camera.siteId)))
      stepped.push(...(await this.#judge(siteId)));
    return stepped;
  }

  #isDoubtful(camera: Camera): boolean {
    if (camera.step === 'suspended') return false;
    const day = localDay(this.#at.clock.wallMs(), camera.timeZone);
    return askStanding(camera.facts, camera.site, camera.step, day).kind !== 'ok';
  }

  async #judge(siteId: string): Promise<string[]> {
    const { db, gate, cameras, log } = this.#at;
    const grant = gate.systemGrant('camera.configure', { kind: 'site', id: siteId });
    const stepped = await db.kysely.transaction().execute(async (trx) => {
      await trx.selectFrom('site').select('id').where('id', '=', siteId).forNoKeyUpdate().executeTakeFirst();
      const site = await lawfulSite(trx, siteId);
      return site ? judgeCameras(trx, grant, site, 'suspend') : [];
    });
    if (stepped.length === 0) return [];
    log.warn({ cameras: stepped }, 'cameras may not stand where they stood');
    await cameras.siteChanged(siteId, grant.by.name);
    return stepped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }
}
