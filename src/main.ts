/** Custos, put together by hand: settings, then each floor on the one below, then the line that says it is ready. */
import { startDemo } from '../demo/index.ts';
import {
  openLog,
  openSecretBox,
  readSettings,
  type Settings,
  SettingsEnd,
  systemClock,
} from './base/index.ts';
import { addSite, CameraRegister, CameraStates } from './collect/index.ts';
import { openDatabase } from './db/index.ts';
import { seedDemo } from './demo.ts';
import { Views } from './display/index.ts';
import { createEngine } from './engine/index.ts';
import { openGate } from './gate/index.ts';
import { healthOf } from './health.ts';
import { createServer, mountGauges, mountLedgerTree, mountVideo } from './http/index.ts';
import { openLedgerTree } from './ledger/index.ts';
import { consoleDir, dataFolder, findFfmpeg, hearFacts, openKeys, readTls, version } from './parts.ts';
import { askedToEnd, cannotStart, endAll, endOnFault } from './process.ts';
import {
  CompletenessFiling,
  footage,
  Keeper,
  openFootageVolume,
  overlapping,
  Recovery,
  Run,
  reconcileAtStart,
} from './store/index.ts';
import { Pulls } from './transmit/index.ts';

const clock = systemClock;
const settings = settingsOrEnd();
const log = openLog('custos', settings.logLevel);
endOnFault(log);
const toEnd = askedToEnd(log);
const custos = await start(settings).catch(cannotStart);
process.stdout.write(`custos ready ${custos.url}\n`);
log.info({ signal: await toEnd }, 'Custos is asked to end');
process.exit(await endAll(custos.parts, { clock, log }));

async function start(given: Settings): Promise<{ url: string; parts: AsyncDisposable }> {
  await using parts = new AsyncDisposableStack();
  const startedMs = clock.wallMs();
  const data = await dataFolder(given.data);
  const box = await openSecretBox(data.keys);
  const keys = await openKeys(given, data.keys, clock);
  const db = parts.use(
    await openDatabase({ dataDir: data.root, databaseUrl: given.databaseUrl, log, clock }),
  );
  const ledger = parts.use(await openLedgerTree({ db, dir: data.ledger, keysDir: data.keys, clock, log }));
  const gate = parts.use(openGate({ db, clock, log }));
  if (given.demo) {
    const demo = parts.use(await startDemo({ port: 0, clock, log }));
    await seedDemo({ db, gate, clock, box, dataDir: data.root }, demo);
  }
  const volume = await openFootageVolume({ db, clock }, data.root);
  const keeper = parts.use(new Keeper({ db, clock, log, volume }));
  const states = new CameraStates(clock);
  const cameras = new CameraRegister(db);
  const ffmpeg = await findFfmpeg(given.ffmpeg, log);
  const store = { db, keeper, clock, log };
  const facts = parts.use(hearFacts(log));
  const engine = parts.use(
    await createEngine({
      runDir: data.run,
      perProcess: given.camerasPerProcess,
      transcodeLimit: given.transcodeLimit,
      ffmpeg: ffmpeg?.path ?? null,
      keys,
      suite: given.cipher,
      footage: async (ticket, fromMs, toMs) => {
        const camera = views.cameraOf(ticket);
        return camera ? footage(store, camera, { fromMs, toMs }) : { segments: [], gaps: [] };
      },
      clock,
      log,
    }),
  );
  const storedCodec = async (camera: string, fromMs: number, toMs: number) =>
    (await overlapping(db.kysely, camera, { fromMs, toMs }, 1))[0]?.codec ?? null;
  const views = new Views({ db, engine, gate, states, clock, log, hasFfmpeg: ffmpeg !== null, storedCodec });
  facts.listen(engine.facts, [states, keeper, views], views);
  await views.start();

  const all = await cameras.load();
  const reconcile = { db, engine, keeper, volume, clock, log };
  await reconcileAtStart(reconcile, all);
  parts.use(new Recovery(reconcile));
  facts.endWith(await Run.begin({ db, clock, log }));
  parts.use(new CompletenessFiling(store));
  const pulls = new Pulls({ engine, states, box, volume, log });
  cameras.onChange((change) => keeper.follow(change));
  cameras.onChange((change) => pulls.follow(change));
  pulls.start(all);

  let isEnding = false;
  const server = await createServer({
    ...{ db, gate, clock, log, version, consoleDir },
    ...{ host: given.host, port: given.port, behindProxy: given.behindProxy, demo: given.demo },
    tls: await readTls(given),
    metricsToken: given.metricsToken,
    health: () => (isEnding ? 'down' : healthOf({ db, ledger, engine, keeper, cameras, states })),
    firstSite: (trx, grant, name) => addSite(trx, grant, { name, address: '', timeZone: 'Asia/Shanghai' }),
  });
  parts.use(server);
  parts.defer(() => {
    isEnding = true;
  });
  const video = { box, cameras, states, engine, keeper, views, volume, version, startedMs, ffmpeg };
  mountLedgerTree(server, ledger);
  mountVideo(server, video);
  mountGauges(server, video);
  return { url: await server.listen(), parts: parts.move() };
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
