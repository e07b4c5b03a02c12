/** Custos, put together by hand: settings, then each floor on the one below, then the line that says it is ready. */
import { flushCompileCache } from 'node:module';
import { startDemo } from '../demo/index.ts';
import {
  openLog,
  openSecretBox,
  readSettings,
  type SecretBox,
  type Settings,
  SettingsEnd,
  systemClock,
} from './base/index.ts';
import { addSite, CameraRegister, CameraStates, LifeWatch } from './collect/index.ts';
import { type Database, openDatabase } from './db/index.ts';
import { seedDemo } from './demo.ts';
import { Views } from './display/index.ts';
import { createEngine, type Engine, type KeyRing, type Volume } from './engine/index.ts';
import { type Gate, openGate } from './gate/index.ts';
import { FilingWatch, openFilingKey, sayKey } from './govern/index.ts';
import { healthOf } from './health.ts';
import {
  createServer,
  mountBuckets,
  mountDesk,
  mountFiling,
  mountGauges,
  mountKeeping,
  mountLedgerTree,
  mountVideo,
  mountVolumePages,
  type VideoParts,
} from './http/index.ts';
import { type LedgerTree, openLedgerTree, readWitnessKeys } from './ledger/index.ts';
import { checkOneHistory, type DataAt } from './one-history.ts';
import { checkOneRing, nameRing } from './one-key-ring.ts';
import {
  begin,
  consoleDir,
  dataFolder,
  findFfmpeg,
  hearFacts,
  openKeys,
  openKeysThere,
  readTls,
  version,
} from './parts.ts';
import { askedToEnd, cannotStart, endAll, endOnFault } from './process.ts';
import { openReaper } from './reaping.ts';
import {
  Archive,
  Buckets,
  CompletenessFiling,
  Days,
  footage,
  Keeper,
  Outlook,
  openFootageVolume,
  Recovery,
  Run,
  reconcileAtStart,
  storedCodecIn,
  Volumes,
} from './store/index.ts';
import { Pulls, Webhooks } from './transmit/index.ts';

const clock = systemClock;
const settings = settingsOrEnd();
const log = openLog('custos', settings.logLevel);
endOnFault(log);
const toEnd = askedToEnd(log);
const custos = await start(settings).catch(cannotStart);
process.stdout.write(`custos ready ${custos.url}\n`);
// Whoever is killed writes nothing at its end; the next start finds what this one compiled.
flushCompileCache();
log.info({ signal: await toEnd }, 'Custos is asked to end');
process.exit(await endAll(custos.parts, { clock, log }));

async function start(given: Settings): Promise<{ url: string; parts: AsyncDisposable }> {
  await using parts = new AsyncDisposableStack();
  const startedMs = clock.wallMs();
  const data = await dataFolder(given.data);
  // Asked while the database starts: what is recorded waits for neither.
  const foundFfmpeg = findFfmpeg(given.ffmpeg, log);
  const box = await openSecretBox(data.keys);
  const engineWith = async (ring: KeyRing) =>
    createEngine({
      runDir: data.run,
      perProcess: given.camerasPerProcess,
      transcodeLimit: given.transcodeLimit,
      ffmpeg: (await foundFfmpeg)?.path ?? null,
      keys: ring,
      suite: given.cipher,
      footage: async (ticket, fromMs, toMs) => {
        const camera = views.cameraOf(ticket);
        return camera ? footage(store, camera, { fromMs, toMs }) : { segments: [], gaps: [] };
      },
      clock,
      log,
    });
  // Where there is no ring yet, the database must first say that there never was one.
  const early = await openKeysThere(given, data.keys, clock);
  // Its processes start beside the database's: after a crash both are waited for.
  await using engineSoon = early && begin(() => engineWith(early));
  const db = parts.use(
    await openDatabase({ dataDir: data.root, databaseUrl: given.databaseUrl, log, clock }),
  );
  const keys = await oneRing(given, data, { db, early });
  const ledger = parts.use(await ledgerOf(given, data, db));
  const gate = parts.use(openGate({ db, box, clock, log }));
  if (given.demo) {
    const demo = parts.use(await startDemo({ port: 0, clock, log }));
    await seedDemo({ db, gate, clock, box, dataDir: data.root }, demo);
  }
  const volume = await openFootageVolume({ db, clock }, data.root);
  parts.use(new Days({ db, clock, log }));
  const volumeOf = (id: string) => volumes.find(id);
  const keeper = parts.use(new Keeper({ db, clock, log, volume, volumeOf }));
  const states = new CameraStates(clock);
  const cameras = new CameraRegister(db);
  const survey = (found: Volume, sinceMs: number) => recovery.survey(found, sinceMs);
  const volumes: Volumes = parts.use(
    await Volumes.open({ db, clock, log, dataDir: data.root, cameras, states, survey }),
  );
  const ffmpeg = await foundFfmpeg;
  const store = { db, keeper, clock, log, volumes, disks: volumes.watch };
  const facts = parts.use(hearFacts(log));
  const engine = parts.use(await (engineSoon ? engineSoon.take() : engineWith(keys)));
  const storedCodec = storedCodecIn(db.kysely);
  const views = new Views({ db, engine, gate, states, clock, log, hasFfmpeg: ffmpeg !== null, storedCodec });
  facts.listen(engine.facts, [states, keeper, views, volumes], views);
  await views.start();
  const all = await cameras.load();
  await volumes.ready();
  const reconcile = { db, engine, keeper, volume, clock, log, folders: () => volumes.folders() };
  await reconcileAtStart(reconcile, all);
  const recovery: Recovery = parts.use(new Recovery(reconcile));
  facts.endWith(await Run.begin({ db, clock, log }));
  parts.use(new CompletenessFiling(store));
  const pulls = new Pulls({ engine, states, box, places: volumes, log });
  volumes.onMoved((id) => pulls.moved(cameras.get(id)));
  for (const one of [keeper, pulls]) cameras.onChange((change) => one.follow(change));
  pulls.start(all);
  const kept = await keepWell(parts, { db, gate, box, keys, engine, keeper, volumes, cameras });
  const video = { box, cameras, states, engine, keeper, views, volumes, version, startedMs, ffmpeg };
  const doors = { ...{ db, gate, ledger, dataDir: data.root, keysDir: data.keys }, ...video, ...kept };
  return { url: await serve(parts, given, doors), parts: parts.move() };
}

/** What keeps footage as long as it must be and no longer, and says in time that it will not. */
async function keepWell(parts: AsyncDisposableStack, at: KeptFrom) {
  const { db, gate, box, keys, engine, keeper, volumes, cameras } = at;
  parts.use(new LifeWatch({ db, gate, clock, log, cameras })).start();
  const outlook = parts.use(new Outlook({ db, clock, log, volumes, cameras }));
  await outlook.start();
  const webhooks = parts.use(new Webhooks({ db, box, clock, log }));
  webhooks.start();
  const buckets = parts.use(await Buckets.open({ db, box, clock, engine, log }));
  const reaper = parts.use(openReaper({ db, clock, log, keys, keeper, volumes, buckets }));
  volumes.start(reaper);
  reaper.start();
  const archive = parts.use(new Archive({ db, engine, buckets, disks: volumes.watch, clock, log }));
  archive.start();
  return { outlook, webhooks, buckets, reaper, archive };
}

interface KeptFrom {
  readonly db: Database;
  readonly gate: Gate;
  readonly box: SecretBox;
  readonly keys: KeyRing;
  readonly engine: Engine;
  readonly keeper: Keeper;
  readonly volumes: Volumes;
  readonly cameras: CameraRegister;
}

type Served = KeptServed &
  VideoParts & { db: Database; gate: Gate; ledger: LedgerTree; dataDir: string; keysDir: string };
type KeptServed = Awaited<ReturnType<typeof keepWell>>;

/** Not beside a ledger, footage or keys of another database: there is one history, sealed under one ring. */
async function oneRing(given: Settings, data: Folders, at: { db: Database; early: KeyRing | null }) {
  const { kysely } = at.db;
  await checkOneHistory(kysely, data);
  const state = await checkOneRing(kysely, data);
  const keys = at.early ?? (await openKeys(given, data.keys, clock));
  await nameRing(kysely, state, { ring: keys.id, clock });
  return keys;
}

type Folders = DataAt & { readonly keys: string };

async function ledgerOf(given: Settings, data: Folders, db: Database) {
  const witnesses = readWitnessKeys(given.witnessKeys ?? '');
  return openLedgerTree({ db, dir: data.ledger, keysDir: data.keys, clock, log, witnesses });
}

/** The doors, opened last; the address they are at. */
async function serve(parts: AsyncDisposableStack, given: Settings, at: Served): Promise<string> {
  const { db, gate, ledger, volumes, reaper, outlook, webhooks, buckets, archive, box } = at;
  const filingKey = await openFilingKey(at.keysDir, clock);
  parts.use(new FilingWatch({ db, clock, log, key: sayKey(filingKey) })).start();
  let isEnding = false;
  const server = await createServer({
    ...{ db, gate, clock, log, version, consoleDir },
    ...{ host: given.host, port: given.port, behindProxy: given.behindProxy, demo: given.demo },
    tls: await readTls(given),
    metricsToken: given.metricsToken,
    health: () => (isEnding ? 'down' : healthOf(at)),
    firstSite: (trx, grant, name, timeZone) => addSite(trx, grant, { name, address: '', timeZone }),
  });
  parts.use(server);
  parts.defer(() => {
    isEnding = true;
  });
  mountLedgerTree(server, ledger);
  mountVideo(server, at);
  mountKeeping(server, { reaper, keeper: at.keeper, cameras: at.cameras });
  mountVolumePages({ ...server, ...at }, { outlook, webhooks, buckets, dataDir: at.dataDir });
  mountFiling(server, filingKey);
  mountDesk(server, filingKey);
  mountGauges(server, at);
  mountBuckets(server, { buckets, archive, box, volumes });
  return server.listen();
}

function settingsOrEnd(): Settings {
  try {
    return readSettings(process.argv.slice(2), process.env);
  } catch (error) {
    if (!(error instanceof SettingsEnd)) throw error;
    (error.exitCode === 0 ? process.stdout : process.stderr).write(`${error.message}\n`);
    return process.exit(error.exitCode);
  }
}
