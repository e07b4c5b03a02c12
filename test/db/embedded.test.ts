/** The embedded database starts wherever Custos may be put, comes back when it dies, and never outlives it. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'kysely';
import { Fault, type Log, noLog, systemClock } from '../../src/base/index.ts';
import { type Database, openDatabase } from '../../src/db/index.ts';
import { processesOn } from '../../src/db/orphans.ts';
import { testDatabase } from '../support/database.ts';

const isRoot = process.getuid?.() === 0;
const holder = join(import.meta.dirname, '../support/hold-database.ts');

const open = (dataDir: string, log: Log = noLog) => openDatabase({ dataDir, log, clock: systemClock });

/** A stopped database to copy: making one anew takes most of a second. */
const seed = mkdtempSync(join(tmpdir(), 'custos-embedded-'));
before(async () => {
  await using _db = await open(seed);
});
after(() => rmSync(seed, { recursive: true, force: true }));

async function inFolder(work: (dir: string) => Promise<void>, { empty = false } = {}): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'custos-embedded-'));
  try {
    if (!empty) execFileSync('cp', ['-a', '--reflink=auto', join(seed, 'pg'), dir]);
    await work(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function until(what: string, boundMs: number, isTrue: () => boolean): Promise<void> {
  const startedMs = systemClock.monoMs();
  while (!isTrue()) {
    if (systemClock.monoMs() - startedMs > boundMs) assert.fail(`${what}: not within ${boundMs} ms`);
    await wait(5);
  }
}

async function count(db: Database): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*) n from thing`.execute(db.kysely);
  return rows[0]!.n;
}

/** A Custos of its own that holds the database, as `user` where one is given. */
async function hold(
  dataDir: string,
  user?: { uid: number; gid: number },
): Promise<{ child: ChildProcess; pid: number; version: string }> {
  const child = spawn(process.execPath, [holder, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(user ?? {}),
  });
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    once(child, 'exit').then(([code]) => assert.fail(`the holder ended with ${code}`)),
  ])) as [string];
  return { child, ...(JSON.parse(line) as { pid: number; version: string }) };
}

test('what is written is there after a stop and a start, and nothing is left running', async () => {
  await inFolder(
    async (dir) => {
      {
        await using db = await open(dir);
        assert.equal(db.embedded, true);
        assert.match(db.version, /^18\./);
        await sql`create table thing (n int)`.execute(db.kysely);
        await sql`insert into thing values (1)`.execute(db.kysely);
      }
      assert.deepEqual(processesOn(join(dir, 'pg')), []);
      assert.deepEqual(readdirSync(dir).sort(), ['pg']);
      await using again = await open(dir);
      assert.equal(await count(again), 1);
    },
    { empty: true },
  );
});

test('every promise of durability is switched on, and no network port is open', async () => {
  await inFolder(async (dir) => {
    await using db = await open(dir);
    const { rows } = await sql<{ name: string; setting: string }>`
      select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes',
        'data_checksums', 'listen_addresses', 'unix_socket_permissions', 'TimeZone') order by name collate "C"
    `.execute(db.kysely);
    assert.deepEqual(
      rows.map((row) => `${row.name}=${row.setting}`),
      [
        'TimeZone=UTC',
        'data_checksums=on',
        'fsync=on',
        'full_page_writes=on',
        'listen_addresses=',
        'synchronous_commit=on',
        'unix_socket_permissions=0700',
      ],
    );
    const locale = await sql<{ p: string; l: string }>`
      select datlocprovider p, datlocale l from pg_database where datname = current_database()`.execute(
      db.kysely,
    );
    assert.deepEqual(locale.rows, [{ p: 'b', l: 'C.UTF-8' }]);
  });
});

test('a killed database is back by itself: who was under way is told to retry, who comes waits', async () => {
  await inFolder(async (dir) => {
    await using db = await open(dir);
    await sql`create table thing (n int)`.execute(db.kysely);
    const underWay = sql`select pg_sleep(60)`.execute(db.kysely);
    const seen = underWay.then(
      () => assert.fail('the statement survived'),
      (error: unknown) => assert.ok(error instanceof Fault && error.retry, String(error)),
    );
    // The statement must have reached the server before the kill.
    for (;;) {
      const { rows } = await sql`select 1 from pg_stat_activity where query like 'select pg_sleep%'`.execute(
        db.kysely,
      );
      if (rows.length > 0) break;
    }
    process.kill(db.pid!, 'SIGKILL');
    await seen;
    await until('the kill is noticed', 10_000, () => !db.isUp);
    assert.equal(await count(db), 0);
    assert.equal(db.restarts, 1);
  });
});

test('a killed connection process does not take the database from others for long', async () => {
  await inFolder(async (dir) => {
    await using db = await open(dir);
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() pid`.execute(db.kysely);
    process.kill(rows[0]!.pid, 'SIGKILL');
    const startedMs = systemClock.monoMs();
    for (;;) {
      const isServed = await sql`select 1`.execute(db.kysely).then(
        () => true,
        (error: unknown) => !(error instanceof Fault && error.retry) && assert.fail(String(error)),
      );
      if (isServed) break;
    }
    assert.ok(systemClock.monoMs() - startedMs < 15_000);
  });
});

test('the database ends with a Custos that is killed, and the next start takes the folder over at once', async () => {
  await inFolder(async (dir) => {
    const { child } = await hold(dir);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const startedMs = systemClock.monoMs();
    await using db = await open(dir);
    await sql`select 1`.execute(db.kysely);
    assert.ok(systemClock.monoMs() - startedMs < 10_000);
  });
});

test('a database that hangs on the folder is ended for the new one', async () => {
  await inFolder(async (dir) => {
    const { child, pid } = await hold(dir);
    process.kill(pid, 'SIGSTOP');
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.ok(processesOn(join(dir, 'pg')).includes(pid), 'the orphan lives');
    await using db = await open(dir);
    assert.notEqual(db.pid, pid);
    assert.ok(!processesOn(join(dir, 'pg')).includes(pid));
  });
});

test('the number of another process in postmaster.pid does not keep the database from starting', async () => {
  await inFolder(async (dir) => {
    const { child } = await hold(dir);
    const file = join(dir, 'pg/postmaster.pid');
    const text = readFileSync(file, 'utf8');
    child.kill('SIGTERM');
    await once(child, 'exit');
    await until('the database has ended', 10_000, () => processesOn(join(dir, 'pg')).length === 0);
    writeFileSync(file, text.replace(/^\d+/, String(process.pid)));
    await using db = await open(dir);
    assert.equal(db.isUp, true);
  });
});

test('a second Custos on the same folder is told which process has it', async () => {
  await inFolder(async (dir) => {
    await using _db = await open(dir);
    await assert.rejects(open(dir), new RegExp(`another Custos \\(process ${process.pid}\\)`));
  });
});

test('the lock of a Custos that is gone, or of a number that was given anew, is taken over', async () => {
  await inFolder(async (dir) => {
    writeFileSync(join(dir, 'custos.pid'), '4194303 1\n');
    {
      await using _db = await open(dir);
    }
    writeFileSync(join(dir, 'custos.pid'), `${process.pid} 1\n`);
    await using _db = await open(dir);
  });
});

test('the lock of a dead process that nobody collects is taken over', async () => {
  await inFolder(async (dir) => {
    // What the shell leaves behind belongs to a program that does not care for children.
    const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 600'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [pid] = (await once(createInterface(parent.stdout), 'line')) as [string];
      const stat = () => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      await until('it is dead', 10_000, () => stat()[0] === 'Z');
      writeFileSync(join(dir, 'custos.pid'), `${pid} ${stat()[19]}\n`);
      await using _db = await open(dir);
    } finally {
      parent.kill('SIGKILL');
    }
  });
});

test('a cluster of another PostgreSQL is refused in a sentence', async () => {
  await inFolder(async (dir) => {
    {
      await using _db = await open(dir);
    }
    writeFileSync(join(dir, 'pg/PG_VERSION'), '16\n');
    await assert.rejects(open(dir), /is of PostgreSQL 16, and this Custos brings 18/);
  });
});

test('a database that cannot start says why', async () => {
  await inFolder(async (dir) => {
    {
      await using _db = await open(dir);
    }
    writeFileSync(join(dir, 'pg/postgresql.conf'), 'no_such_setting = 1\n');
    await assert.rejects(open(dir), /does not start: .*no_such_setting/);
    assert.deepEqual(processesOn(join(dir, 'pg')), []);
    assert.equal(existsSync(join(dir, 'custos.pid')), false);
  });
});

test('a closed folder above and a path longer than a socket may have are no obstacle', async () => {
  await inFolder(async (dir) => {
    const closed = join(dir, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const long = join(closed, 'a long folder name '.repeat(6), '数据');
    mkdirSync(long, { recursive: true });
    await using db = await open(long);
    const { rows } = await sql<{ one: number }>`select 1 one`.execute(db.kysely);
    assert.equal(rows[0]!.one, 1);
  });
});

test('an ordinary user needs nobody else', {
  skip: isRoot ? false : 'is what every other test shows',
}, async () => {
  await inFolder(async (dir) => {
    const nobody = { uid: 65_534, gid: 65_534 };
    chmodSync(dir, 0o755);
    const data = join(dir, 'data');
    mkdirSync(data, { mode: 0o700 });
    chownSync(data, nobody.uid, nobody.gid);
    const { child, version } = await hold(data, nobody);
    assert.match(version, /^18\./);
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
    await until('the database has ended', 10_000, () => processesOn(join(data, 'pg')).length === 0);
  });
});

test('what people typed never reaches the log, not even in a statement that fails', async () => {
  await inFolder(async (dir) => {
    const lines: string[] = [];
    const note = (what: object, message?: string) => void lines.push(JSON.stringify([what, message]));
    const log: Log = { debug: note, info: note, warn: note, error: note, child: () => log };
    await using db = await open(dir, log);
    await sql`create table thing (name text primary key)`.execute(db.kysely);
    const secret = 'hunter2-of-the-night';
    for (let i = 0; i < 2; i++) {
      await sql`insert into thing values (${secret})`.execute(db.kysely).catch(() => {});
      await sql
        .raw(`select '${secret}'::int`)
        .execute(db.kysely)
        .catch(() => {});
    }
    assert.ok(lines.length > 0);
    assert.doesNotMatch(lines.join('\n'), new RegExp(secret));
  });
});

test('a given PostgreSQL is used by the same code', async () => {
  await using other = await testDatabase({ bare: true });
  await inFolder(
    async (dir) => {
      const options = { dataDir: dir, databaseUrl: other.url, log: noLog, clock: systemClock };
      await using db = await openDatabase(options);
      assert.equal(db.embedded, false);
      const { n } = await db.kysely
        .selectFrom('migration')
        .select((e) => e.fn.countAll<number>().as('n'))
        .executeTakeFirstOrThrow();
      assert.ok(n > 0);
      assert.equal(existsSync(join(dir, 'pg')), false);
    },
    { empty: true },
  );
});
