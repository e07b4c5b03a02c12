/**
 * ledger.one_s, ledger.eight_s: entries a second, each durable when its caller goes on, beside PostgreSQL's own commits
 * of the same row on the same disk; the sequencer takes them in and signs meanwhile. ledger.proof_ms: inclusion of one
 * entry and consistency of two heads in a tree of ten million; ledger.page_ms: a page of people's acts among as many
 * entries of segments. ledger.fsck_per_s: the examination of what was written before. BENCH_ENTRIES makes it smaller, BENCH_SECONDS longer.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Kysely, sql } from 'kysely';
import pg from 'pg';
import { noLog, systemClock } from '../src/base/index.ts';
import { type Database, openDatabase, type Tables } from '../src/db/index.ts';
import {
  appendAlone,
  type Entry,
  examineLedger,
  type LedgerTree,
  list,
  openLedgerTree,
  proveConsistency,
  proveEntry,
} from '../src/ledger/index.ts';
import { percentile, say, tell } from './support/report.ts';

const wanted = Number(process.env.BENCH_ENTRIES ?? 10_000_000);
const seconds = Number(process.env.BENCH_SECONDS ?? 10);
const rounds = Number(process.env.BENCH_ROUNDS ?? 300);

const entry = (i: number): Entry => ({
  ...{ atMs: Date.now(), action: 'view.open', outcome: 'done', reason: 'a bicycle was stolen at gate 2' },
  actor: { personId: 'per_0000000000000000000001', name: 'zhang', sessionId: 'ses_1', from: '10.0.0.7' },
  subject: { kind: 'camera', id: `cam_${i % 64}`, name: '南门' },
  detail: { kind: 'playback', from: '2026-11-22T00:00:00Z', to: '2026-11-22T01:00:00Z' },
});

/** How many a second `callers` do, each going on only when its own is done. */
async function rate(callers: number, work: (caller: number, i: number) => Promise<unknown>): Promise<number> {
  const endMs = performance.now() + seconds * 1000;
  let done = 0;
  const call = async (caller: number) => {
    for (let i = 0; performance.now() < endMs; i++) {
      await work(caller, i);
      done++;
    }
  };
  const beganMs = performance.now();
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
  return done / ((performance.now() - beganMs) / 1000);
}

/** The socket of the embedded database, for a client without any of our code. */
async function peers(db: Kysely<Tables>, count: number): Promise<pg.Client[]> {
  const { rows } = await sql<{ host: string; port: number; user: string; name: string }>`
    select split_part(current_setting('unix_socket_directories'), ',', 1) host, current_setting('port')::int port,
      current_user "user", current_database() name`.execute(db);
  const { host, port, user, name } = rows[0]!;
  const clients = Array.from({ length: count }, () => new pg.Client({ host, port, user, database: name }));
  await Promise.all(clients.map((client) => client.connect()));
  return clients;
}

async function measureRates(db: Database): Promise<void> {
  const clients = await peers(db.kysely, 8);
  await clients[0]!.query(
    'create table bench_peer (seq bigint generated always as identity primary key, what text)',
  );
  const text = JSON.stringify(entry(0));
  const insert = { name: 'insert', text: 'insert into bench_peer (what) values ($1)', values: [text] };
  for (const [metric, callers, must] of [
    ['ledger.one_s', 1, 2_000],
    ['ledger.eight_s', 8, 6_000],
  ] as const) {
    const peer = await rate(callers, (caller) => clients[caller]!.query(insert));
    const ours = await rate(callers, (_, i) => appendAlone(db.kysely, entry(i)));
    tell({
      ...{
        metric,
        unit: 'entries/s',
        ours,
        peer,
        peerName: 'PostgreSQL, one insert a commit',
        ratio: ours / peer,
      },
      ...{ at: { callers }, must: `≥ ${must}`, reached: ours >= must },
    });
  }
  for (const client of clients) await client.end();
  await sql`drop table bench_peer`.execute(db.kysely);
}

/** Entries and leaves as the sequencer would have made them: one in a hundred is a person's act. */
async function load(db: Kysely<Tables>): Promise<void> {
  const step = 250_000;
  await db.connection().execute(async (one) => {
    await sql`set session_replication_role = replica`.execute(one);
    await sql`truncate ledger, ledger_leaf restart identity`.execute(one);
    for (let from = 1; from <= wanted; from += step) {
      const to = Math.min(wanted, from + step - 1);
      await sql`
        insert into ledger overriding system value
        select seq, timestamptz '2026-01-01' + seq * interval '1 ms', case when seq % 100 = 0 then 'per_1' end,
          case when seq % 100 = 0 then 'zhang' else 'system' end, null, 'local',
          case when seq % 100 = 0 then 'view.open' else 'segment.stored' end,
          case when seq % 100000 = 0 then 'refused' else 'done' end,
          case when seq % 100000 = 0 then 'gate.denied' end, 'camera',
          'cam_' || seq % 500, '南门', null, '{"bytes": 15000000}'
        from generate_series(${from}::int8, ${to}::int8) seq`.execute(one);
      await sql`
        insert into ledger_leaf (leaf, seq, salt, digest, form)
        select seq - 1, seq, sha256(convert_to('salt' || seq, 'UTF8')), sha256(convert_to('leaf' || seq, 'UTF8')), 2
        from generate_series(${from}::int8, ${to}::int8) seq`.execute(one);
      if (to % 1_000_000 === 0) say(`${to} entries`);
    }
    await sql`select setval('ledger_seq_seq', ${wanted}::int8)`.execute(one);
    await sql`vacuum analyze ledger, ledger_leaf`.execute(one);
  });
}

/** The same places at every run. */
function* places(count: number, below: number): Generator<number> {
  for (let i = 0; i < count; i++)
    yield createHash('sha256').update(`place ${i}`).digest().readUIntBE(0, 6) % below;
}

async function measureReads(db: Database, tree: LedgerTree): Promise<void> {
  const { kysely } = db;
  const size = tree.signed.size;
  const timed = async (metric: string, mustMs: number, work: (place: number) => Promise<unknown>) => {
    const times: number[] = [];
    for (const place of places(rounds, size - 2)) {
      const beganMs = performance.now();
      await work(place);
      times.push(performance.now() - beganMs);
    }
    const p95 = percentile(times, 95);
    tell({
      ...{ metric, unit: 'ms', ours: p95, p50: percentile(times, 50), p95, at: { leaves: size } },
      ...{ must: `p95 ≤ ${mustMs} ms`, reached: p95 <= mustMs },
    });
  };
  await timed('ledger.proof_ms', 10, (place) => proveEntry({ db: kysely, tree }, place + 1));
  await timed('ledger.consistency_ms', 10, (place) => proveConsistency(tree.files, place + 1, size));
  await timed('ledger.page_ms', 50, (place) => list(kysely, { limit: 100, cursor: String(place + 2) }));
  await timed('ledger.refused_ms', 50, () => list(kysely, { limit: 100, outcome: 'refused' }));
  await timed('ledger.person_ms', 50, () => list(kysely, { limit: 100, actor: 'per_1' }));
}

async function measureFsck(db: Database, tree: LedgerTree): Promise<void> {
  const beganMs = performance.now();
  let peakMb = 0;
  const progress = () => {
    peakMb = Math.max(peakMb, process.memoryUsage.rss() / 1e6);
  };
  const { findings, entries } = await examineLedger({ db: db.kysely, files: tree.files, progress });
  if (findings.length > 0) throw new Error(`the ledger of this run is wrong: ${JSON.stringify(findings[0])}`);
  const took = (performance.now() - beganMs) / 1000;
  tell({
    ...{ metric: 'ledger.fsck_per_s', unit: 'entries/s', ours: entries / took },
    ...{ at: { entries, peakMb: Math.round(peakMb) }, must: 'told, not bounded', reached: true },
  });
}

const dataDir = mkdtempSync(join(tmpdir(), 'custos-bench-ledger-'));
try {
  await using db = await openDatabase({ dataDir, log: noLog, clock: systemClock });
  const open = (name: string) =>
    openLedgerTree({
      db,
      dir: join(dataDir, name),
      keysDir: join(dataDir, name, 'keys'),
      clock: systemClock,
      log: noLog,
    });
  {
    await using tree = await open('rates');
    await measureRates(db);
    await tree.settle();
    await measureFsck(db, tree);
  }
  await load(db.kysely);
  say('making the tree');
  await using tree = await open('reads');
  await measureReads(db, tree);
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
