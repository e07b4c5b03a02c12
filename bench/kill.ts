/**
 * kill.lost_s, kill.down_s, kill.rows_lost, kill.manual: random `kill -9` of the engine, of the database, and of the
 * whole process group while sixteen cameras record and someone writes. After a whole group only what a service manager
 * does is done: it is started again. BENCH_KILLS (100) sets how many, BENCH_KILL the kinds (engine,database,group).
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDemo } from '../demo/index.ts';
import { noLog, systemClock } from '../src/base/index.ts';
import { openBeside } from '../src/db/index.ts';
import { type Caller, type Custos, setUp, startCustos, until } from '../test/support/custos.ts';
import { percentile, say, tell } from './support/report.ts';

const kills = Number(process.env.BENCH_KILLS ?? 100);
const kinds = (process.env.BENCH_KILL ?? 'engine,database,group').split(',') as Kind[];
const cameras = Number(process.env.BENCH_CAMERAS ?? 16);
type Kind = 'engine' | 'database' | 'group';

interface Loss {
  readonly kind: Kind;
  readonly lostS: number;
  readonly downS: number;
}
interface Lasting {
  readonly losses: Loss[];
  rowsLost: number;
  manual: number;
  unexplained: number;
}
interface Seat {
  custos: Custos;
  caller: Caller;
  readonly ids: string[];
  readonly siteId: string;
}

const nowMs = () => systemClock.wallMs();
const isoOf = (ms: number) => new Date(ms).toISOString();

async function addAll(seat: Seat, demo: Awaited<ReturnType<typeof startDemo>>): Promise<void> {
  const streams = demo.cameras.flatMap((camera) =>
    [camera.mainUrl, camera.subUrl].map((url) => ({ camera, url })),
  );
  for (let i = 0; i < cameras; i++) {
    const { camera, url } = streams[i % streams.length]!;
    const { id } = await seat.caller.must('POST', '/api/cameras', {
      ...{ name: `camera ${i}`, siteId: seat.siteId, url, user: camera.user, password: camera.password },
    });
    seat.ids.push(id);
  }
}

/** Until each camera has recorded pictures taken after `wallMs`. */
async function allRecordPast(seat: Seat, wallMs: number): Promise<void> {
  await until(
    'all cameras record',
    async () => {
      const reply = await seat.caller.call('GET', '/api/cameras').catch(() => undefined);
      if (reply?.status !== 200 || reply.body.items.length !== cameras) return undefined;
      const isPast = ({ recordedUntil }: { recordedUntil: string | null }) =>
        recordedUntil !== null && Date.parse(recordedUntil) > wallMs;
      return reply.body.items.every(isPast) || undefined;
    },
    60_000,
  );
}

/** Writes one row after the other until it is told to end; what was answered must be there afterwards. */
function writeOn(seat: Seat) {
  let isOver = false;
  let answered = 0;
  const loop = (async () => {
    for (let n = 1; !isOver; n++) {
      const reply = await seat.caller
        .call('PATCH', `/api/sites/${seat.siteId}`, { address: `row ${n} of ${isoOf(nowMs())}` })
        .catch(() => undefined);
      if (reply?.status === 200) answered++;
      else await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  return {
    answered: () => answered,
    end: async () => {
      isOver = true;
      await loop;
      return answered;
    },
  };
}

/** Entries that tell of changed sites: one for each change that was answered. */
async function writtenRows(seat: Seat, fromMs: number): Promise<number> {
  const { dataDir } = seat.custos;
  await using db = await openBeside({ dataDir, log: noLog, clock: systemClock });
  const { rows } = await db.kysely
    .selectFrom('ledger')
    .select((of) => of.fn.countAll<number>().as('rows'))
    .where('action', '=', 'site.configure')
    .where('outcome', '=', 'done')
    .where('at', '>=', new Date(fromMs))
    .executeTakeFirstOrThrow();
  return Number(rows);
}

async function killOne(seat: Seat, kind: Kind): Promise<number> {
  if (kind === 'engine') {
    const { engine } = await seat.caller.must('GET', '/api/system');
    const atMs = nowMs();
    for (const { pid, sources } of engine) if (sources > 0) process.kill(pid, 'SIGKILL');
    return atMs;
  }
  if (kind === 'database') {
    const file = await readFile(join(seat.custos.dataDir, 'pg/postmaster.pid'), 'utf8');
    const atMs = nowMs();
    process.kill(Number(file.split('\n')[0]), 'SIGKILL');
    return atMs;
  }
  const atMs = nowMs();
  await seat.custos.kill();
  const { cookie, csrf } = seat.caller;
  seat.custos = await startCustos({ dataDir: seat.custos.dataDir });
  seat.caller = Object.assign(seat.custos.caller(), { cookie, csrf });
  return atMs;
}

/** What the kill at `atMs` cost one camera. */
async function lossOf(
  seat: Seat,
  id: string,
  atMs: number,
  kind: Kind,
): Promise<Loss & { unexplained: number }> {
  const range = `from=${isoOf(atMs - 20_000)}&to=${isoOf(nowMs())}`;
  const { body } = await seat.caller.callSoon('GET', `/api/cameras/${id}/timeline?${range}`);
  const spans = body.spans.map(({ from, to }: { from: string; to: string }) => [
    Date.parse(from),
    Date.parse(to),
  ]);
  const before = spans.filter(([from]: number[]) => from! < atMs);
  const recordedTo = Math.max(...before.map(([, to]: number[]) => to!));
  const after = spans.filter(([from]: number[]) => from! >= atMs).map(([from]: number[]) => from!);
  const isCut = recordedTo < nowMs() - 10_000 || after.length > 0;
  const gaps = body.gaps as { from: string; to: string; cause: string }[];
  const unexplained = gaps.filter(({ cause }) => cause === 'unexplained').length;
  const lostS = isCut ? Math.max(0, atMs - recordedTo) / 1000 : 0;
  const downS = isCut && after.length > 0 ? (Math.min(...after) - atMs) / 1000 : 0;
  return { kind, lostS, downS, unexplained };
}

async function oneKill(seat: Seat, kind: Kind, all: Lasting): Promise<void> {
  await allRecordPast(seat, nowMs() + 1000 + Math.random() * 4000);
  const beganMs = nowMs() - 1;
  const writer = writeOn(seat);
  await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 800));
  // A group takes the writer's server with it: what was answered until then is what counts.
  const atMs = await killOne(seat, kind);
  const answered = await writer.end();
  await allRecordPast(seat, nowMs() + 500);
  all.rowsLost += Math.max(0, answered - (await writtenRows(seat, beganMs)));
  const losses = await Promise.all(seat.ids.map((id) => lossOf(seat, id, atMs, kind)));
  all.losses.push(...losses);
  all.unexplained += losses.reduce((sum, { unexplained }) => sum + unexplained, 0);
  const worst = (of: 'lostS' | 'downS') => Math.max(...losses.map((loss) => loss[of])).toFixed(2);
  say(
    `${kind}: at most ${worst('lostS')} s missing before, ${worst('downS')} s until recorded again, ${answered} rows`,
  );
}

function report({ losses, rowsLost, manual, unexplained }: Lasting, done: number): void {
  const figures = (of: 'lostS' | 'downS', kind?: Kind) =>
    losses.filter((loss) => kind === undefined || loss.kind === kind).map((loss) => loss[of]);
  for (const kind of [...kinds, undefined]) {
    const at = { cameras, kills: done, what: kind ?? 'all' };
    const lost = figures('lostS', kind);
    const down = figures('downS', kind);
    if (lost.length === 0) continue;
    const [p50, p95, max] = [percentile(lost, 50), percentile(lost, 95), Math.max(...lost)];
    tell({
      ...{ metric: 'kill.lost_s', unit: 's', at, ours: max, p50, p95, must: 'p50 ≤ 1, max ≤ 2' },
      reached: p50 <= 1 && max <= 2,
    });
    const down95 = percentile(down, 95);
    tell({
      ...{
        metric: 'kill.down_s',
        unit: 's',
        at,
        ours: Math.max(...down),
        p50: percentile(down, 50),
        p95: down95,
      },
      ...{ must: 'p95 ≤ 4', reached: down95 <= 4 },
    });
  }
  const at = { cameras, kills: done };
  tell({ metric: 'kill.rows_lost', unit: 'rows', at, ours: rowsLost, must: '0', reached: rowsLost === 0 });
  tell({ metric: 'kill.manual', unit: 'steps', at, ours: manual, must: '0', reached: manual === 0 });
  say(`${unexplained} gaps without a cause`);
}

await using demo = await startDemo({ port: 0, clock: systemClock, log: noLog });
const dataDir = await mkdtemp(join(tmpdir(), 'custos-kill-'));
const custos = await startCustos({ dataDir });
const { caller, siteId } = await setUp(custos);
const seat: Seat = { custos, caller, ids: [], siteId };
const all: Lasting = { losses: [], rowsLost: 0, manual: 0, unexplained: 0 };
let done = 0;
try {
  await addAll(seat, demo);
  await allRecordPast(seat, nowMs());
  for (; done < kills; done++) {
    try {
      await oneKill(seat, kinds[done % kinds.length]!, all);
    } catch (error) {
      // What does not come back by itself needs a person.
      all.manual++;
      say(String(error));
      throw error;
    }
  }
} finally {
  report(all, done);
  await seat.custos[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true, force: true });
}
process.exit(all.manual === 0 ? 0 : 1);
