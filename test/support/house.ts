/**
 * The whole house in one process, for tests of the floors above the engine: real PostgreSQL, a real engine, the demo's
 * cameras over RTSP, a real server. `clock` may be set ahead of the machine's.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Demo, type DemoCamera, startDemo } from '../../demo/index.ts';
import { findProgram, noLog, openSecretBox, type SecretBox, systemClock } from '../../src/base/index.ts';
import { addCamera, addSite, CameraRegister, CameraStates } from '../../src/collect/index.ts';
import { Views } from '../../src/display/index.ts';
import { createEngine, type Engine, type Fact, type Volume } from '../../src/engine/index.ts';
import { change, openGate } from '../../src/gate/index.ts';
import { openFilingKey, type SignerKey } from '../../src/govern/index.ts';
import {
  createServer,
  mountBuckets,
  mountDesk,
  mountFiling,
  mountKeeping,
  mountVideo,
  mountVolumePages,
} from '../../src/http/index.ts';
import { openReaper } from '../../src/reaping.ts';
import {
  Archive,
  Buckets,
  footage,
  Keeper,
  Outlook,
  openFootageVolume,
  Recovery,
  Run,
  reconcileAtStart,
  storedCodecIn,
  Volumes,
} from '../../src/store/index.ts';
import { Pulls, Webhooks } from '../../src/transmit/index.ts';
import { AheadClock } from './ahead-clock.ts';
import { testDatabase } from './database.ts';
import type { TestServer } from './edge.ts';
import { testKeys } from './keys.ts';

export interface House extends TestServer {
  readonly clock: AheadClock;
  readonly engine: Engine;
  readonly keeper: Keeper;
  readonly states: CameraStates;
  readonly cameras: CameraRegister;
  readonly views: Views;
  readonly recovery: Recovery;
  readonly box: SecretBox;
  readonly demo: Demo;
  readonly dataDir: string;
  readonly volumes: Volumes;
  readonly buckets: Buckets;
  /** Not started: a test says when it looks. */
  readonly archive: Archive;
  readonly outlook: Outlook;
  /** Signs its filing packs. */
  readonly filingKey: SignerKey;
  /** All facts so far. */
  readonly facts: readonly Fact[];
  /** Adds one of the demo's cameras, as committed; resolves with its id. */
  add(
    camera: DemoCamera,
    changes?: { mainUrl?: string; subUrl?: string | null; password?: string },
  ): Promise<string>;
  /** Resolves when the claim holds of what was heard, looked at after every fact; fails after `withinMs`. */
  until(claim: () => boolean, what: string, withinMs?: number): Promise<void>;
}

/** `consoleDir`: the built console, for a test in a browser. */
export async function openHouse(wishes: { consoleDir?: string } = {}): Promise<House> {
  await using stack = new AsyncDisposableStack();
  const clock = new AheadClock();
  const log = noLog;
  const dataDir = await mkdtemp(join(tmpdir(), 'custos-house-'));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const demo = stack.use(await startDemo({ port: 0, clock: systemClock, log }));
  const box = await openSecretBox(join(dataDir, 'keys'));
  const db = stack.use(await testDatabase());
  const gate = stack.use(openGate({ db, box, clock, log }));
  const volume = await openFootageVolume({ db, clock }, dataDir);
  const volumeOf = (id: string) => volumes.find(id);
  const keeper = stack.use(new Keeper({ db, clock, log, volume, volumeOf }));
  const states = new CameraStates(clock);
  const cameras = new CameraRegister(db);
  const survey = (found: Volume, sinceMs: number) => recovery.survey(found, sinceMs);
  const volumes: Volumes = stack.use(
    await Volumes.open({ db, clock, log, dataDir, cameras, states, survey }),
  );
  const hearing = stack.use(new Hearing());
  const ffmpeg = findProgram('ffmpeg');
  const keys = await testKeys(dataDir);
  const engine = stack.use(
    await createEngine({
      ...{ runDir: join(dataDir, 'run'), perProcess: 64, transcodeLimit: 1, ffmpeg, keys, clock, log },
      footage: async (ticket, fromMs, toMs) => {
        const camera = views.cameraOf(ticket);
        const store = { db, keeper, clock, log, disks: volumes.watch };
        return camera ? footage(store, camera, { fromMs, toMs }) : { segments: [], gaps: [] };
      },
    }),
  );
  const storedCodec = storedCodecIn(db.kysely);
  const hasFfmpeg = ffmpeg !== null;
  const views: Views = new Views({ db, engine, gate, states, clock, log, hasFfmpeg, storedCodec });
  hearing.listen(engine.facts, [states, keeper, views, volumes]);
  hearing.after.push(views);
  await volumes.ready();
  const reconcile = { db, engine, keeper, volume, clock, log, folders: () => volumes.folders() };
  await reconcileAtStart(reconcile, await cameras.load());
  const recovery: Recovery = stack.use(new Recovery(reconcile));
  hearing.after.push(await Run.begin({ db, clock, log }));
  const pulls = new Pulls({ engine, states, box, places: volumes, log });
  volumes.onMoved((id) => {
    const camera = cameras.get(id);
    if (camera) pulls.moved(camera);
  });
  const buckets = stack.use(await Buckets.open({ db, box, clock, engine, log }));
  const archive = stack.use(new Archive({ db, engine, buckets, disks: volumes.watch, clock, log }));
  const reaper = stack.use(openReaper({ db, clock, log, keys, keeper, volumes, buckets }));
  volumes.start(reaper);
  const outlook = stack.use(new Outlook({ db, clock, log, volumes, cameras }));
  await outlook.start();
  const webhooks = stack.use(new Webhooks({ db, box, clock, log }));
  webhooks.start();
  cameras.onChange((changed) => keeper.follow(changed));
  cameras.onChange((changed) => pulls.follow(changed));
  const server = stack.use(
    await createServer({
      ...{ db, gate, clock, log, host: '127.0.0.1', port: 0, behindProxy: false },
      ...{ consoleDir: wishes.consoleDir ?? null },
      ...{ demo: false, version: '0.0.0-test', health: () => 'ok', checkReplies: true },
      firstSite: (trx, grant, name) => addSite(trx, grant, { name, address: '', timeZone: 'Asia/Shanghai' }),
    }),
  );
  const ffmpegFound = ffmpeg === null ? null : { path: ffmpeg, version: 'test' };
  const startedMs = clock.wallMs();
  const video = {
    ...{ box, cameras, states, engine, keeper, views, volumes, startedMs },
    ...{ version: '0.0.0-test', ffmpeg: ffmpegFound },
  };
  mountVideo(server, video);
  mountVolumePages({ ...server, ...video }, { outlook, webhooks, buckets, dataDir });
  mountKeeping(server, { reaper, keeper, cameras });
  mountBuckets(server, { buckets, archive, box, volumes });
  const filingKey = await openFilingKey(join(dataDir, 'keys'), clock);
  mountFiling(server, filingKey);
  mountDesk(server, filingKey);
  const url = await server.listen();
  const resources = stack.move();
  const house = { url, server, gate, db, clock, engine, keeper, states, cameras, views, recovery, box, demo };
  return {
    ...house,
    ...{ dataDir, volumes, outlook, buckets, archive, filingKey },
    facts: hearing.facts,
    until: (claim, what, withinMs) => hearing.until(claim, what, withinMs),
    add: async (camera, changes) =>
      addDemoCamera({ db, gate, clock, box, cameras }, { ...camera, ...changes }),
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  };
}

async function addDemoCamera(
  at: Pick<House, 'db' | 'gate' | 'clock' | 'box' | 'cameras'>,
  camera: Omit<DemoCamera, 'subUrl'> & { subUrl: string | null },
): Promise<string> {
  const siteGrant = at.gate.systemGrant('site.configure', { kind: 'site' });
  const known = await at.db.kysely
    .selectFrom('site')
    .select('id')
    .where('name', '=', camera.site)
    .executeTakeFirst();
  const site = { name: camera.site, address: '', timeZone: 'Asia/Shanghai' };
  const siteId =
    known?.id ??
    (await change(
      at,
      siteGrant,
      (trx) => addSite(trx, siteGrant, site),
      () => ({ detail: {} }),
    ));
  const grant = at.gate.systemGrant('camera.configure', { kind: 'camera', name: camera.name });
  const { mainUrl: url, subUrl, user, password, name } = camera;
  const id = await change(
    at,
    grant,
    (trx) =>
      addCamera(
        trx,
        grant,
        { url, subUrl, user, password, name, siteId, transport: 'auto' },
        { box: at.box, nowMs: at.clock.wallMs() },
      ),
    (made) => ({ subject: { kind: 'camera', id: made } }),
  );
  await at.cameras.changed(id, 'test');
  return id;
}

/** Hands facts on as the server's loop does, and keeps them for the test. */
class Hearing implements AsyncDisposable {
  readonly facts: Fact[] = [];
  readonly after: AsyncDisposable[] = [];
  readonly #waiting = new Set<() => void>();
  #loop: Promise<void> = Promise.resolve();

  listen(facts: AsyncIterable<Fact>, hearers: readonly { hear(fact: Fact): void }[]): void {
    this.#loop = (async () => {
      for await (const fact of facts) {
        this.facts.push(fact);
        for (const hearer of hearers) hearer.hear(fact);
        for (const look of this.#waiting) look();
      }
    })();
  }

  until(claim: () => boolean, what: string, withinMs = 20_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        settle();
      };
      const look = () => {
        if (claim()) end(resolve);
      };
      const heard = () => this.facts.slice(-12).map((fact) => JSON.stringify(fact));
      const timer = setTimeout(
        () => end(() => reject(new Error(`${what}: not within ${withinMs} ms\n${heard().join('\n')}`))),
        withinMs,
      );
      this.#waiting.add(look);
      look();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loop;
    for (const one of this.after) await one[Symbol.asyncDispose]();
  }
}
