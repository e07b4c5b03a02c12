/** The witness: it cosigns what continues and nothing else, and names the first entry that was rewritten. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { noLog, systemClock } from '../../src/base/index.ts';
import { openBeside } from '../../src/db/index.ts';
import {
  type LedgerFiles,
  type LedgerTree,
  openNote,
  openWitnessKey,
  parseVerifierKey,
  Witness,
} from '../../src/ledger/index.ts';
import type { LogView } from '../../src/ledger/witness.ts';
import { type Custos, startCustos, until } from '../support/custos.ts';
import { add, asSuperuser, type Place, place } from './place.ts';

const home = mkdtempSync(join(tmpdir(), 'custos-witness-'));
after(() => rmSync(home, { recursive: true, force: true }));

let dirs = 0;
const newDir = () => join(home, `w${++dirs}`);

async function witnessOf(tree: LedgerTree, dir: string): Promise<Witness> {
  const key = await openWitnessKey(dir, 'witness.example/w');
  return Witness.open({ dir, log: parseVerifierKey(tree.verifierKey)!, key, clock: systemClock });
}

/** The log's files as they are now, or as another folder has them. */
const viewOf = (tree: LedgerTree, files: LedgerFiles): LogView => ({
  checkpoint: async () => tree.signed.note,
  tile: async (level, index, width) => {
    const tile = await files.readTile(level, index, width);
    if (!tile) throw new Error(`no tile ${level}/${index}`);
    return tile;
  },
});

/** A whole new history under the same key: the files go, the rows are edited, and the tree is made again from them. */
async function rewritten(at: Place, ...statements: string[]): Promise<LedgerTree> {
  await asSuperuser(at, ...statements);
  rmSync(at.dir, { recursive: true });
  return at.open();
}

const alarmOf = (looked: Awaited<ReturnType<Witness['look']>>) => {
  assert.ok('alarm' in looked);
  const { what, firstLeaf, cosigned, shown } = looked.alarm;
  return { what, firstLeaf, cosigned, shown };
};

test('a log that grows is cosigned, over every width of its tiles, and also by a witness that was started anew', async () => {
  await using at = await place();
  await using tree = await at.open();
  const dir = newDir();
  const log = parseVerifierKey(tree.verifierKey)!;
  for (const [from, to] of [
    [0, 3],
    [3, 255],
    [255, 256],
    [256, 257],
    [257, 1_100],
  ] as const) {
    await add(at, from, to);
    await tree.settle();
    const witness = await witnessOf(tree, dir);
    const seen = await witness.look(viewOf(tree, at.files));
    assert.ok('note' in seen && !seen.behind);
    assert.deepEqual([seen.size, seen.before], [to, from]);
    const key = await openWitnessKey(dir, 'another name is not taken: the key stands');
    const signed = openNote(seen.note, [log, key])!.signedBy;
    assert.equal(signed.length, 2);
    assert.ok(Math.abs(signed[1]!.timeS! - Date.now() / 1000) < 60);
  }
});

test('a log whose entry was rewritten, in rows and tiles alike, is not cosigned any more: the entry is named', async () => {
  for (const wrong of [0, 300, 699]) {
    await using at = await place();
    const dir = newDir();
    {
      await using tree = await at.open();
      await add(at, 0, 700);
      await tree.settle();
      await (await witnessOf(tree, dir)).look(viewOf(tree, at.files));
      await add(at, 700, 720);
    }
    await using forged = await rewritten(
      at,
      `update ledger_leaf set digest = sha256('forged') where leaf = ${wrong}`,
    );
    assert.equal(forged.halted, null, 'the log itself has nothing to hold it against');
    const expected = { what: 'rewritten', firstLeaf: wrong, cosigned: 700, shown: 720 };
    const witness = await witnessOf(forged, dir);
    assert.deepEqual(alarmOf(await witness.look(viewOf(forged, at.files))), expected);
    // Whoever starts it again sees the same, until a person has put the evidence aside.
    assert.deepEqual(alarmOf(await (await witnessOf(forged, dir)).look(viewOf(forged, at.files))), expected);
  }
});

test('a log that lost its last entries, or has two histories of one length, is named', async () => {
  await using at = await place();
  const [whole, short] = [newDir(), newDir()];
  {
    await using tree = await at.open();
    await add(at, 0, 300);
    await tree.settle();
    for (const dir of [whole, short]) await (await witnessOf(tree, dir)).look(viewOf(tree, at.files));
  }
  {
    await using cut = await rewritten(
      at,
      'delete from ledger where seq > 290',
      'delete from ledger_leaf where leaf >= 290',
    );
    const witness = await witnessOf(cut, short);
    const seen = await witness.look(viewOf(cut, at.files));
    assert.ok('behind' in seen && seen.behind, 'once may be a cache on the way');
    assert.deepEqual(alarmOf({ alarm: await witness.raiseShrunk(seen) }), {
      ...{ what: 'shrunk', firstLeaf: 290, cosigned: 300, shown: 290 },
    });
    await add(at, 290, 300);
    await cut.settle();
    assert.deepEqual(alarmOf(await (await witnessOf(cut, whole)).look(viewOf(cut, at.files))), {
      ...{ what: 'split', firstLeaf: 290, cosigned: 300, shown: 300 },
    });
  }
});

test('tiles that do not make the signed tree are not cosigned, and unsigned checkpoints are not even looked at', async () => {
  await using at = await place();
  await using tree = await at.open();
  await add(at, 0, 300);
  await tree.settle();
  const view = viewOf(tree, at.files);
  const witness = await witnessOf(tree, newDir());
  await assert.rejects(witness.look({ ...view, checkpoint: async () => '<html>' }), /did not sign/);
  const garbled = { ...view, tile: async () => Buffer.alloc(256 * 32, 7) };
  const short = {
    ...garbled,
    tile: async (_l: number, _i: number, width: number) => Buffer.alloc(width * 32, 7),
  };
  assert.equal(alarmOf(await witness.look(short)).what, 'tiles');
});

test('a witness whose own folder was touched, or that is pointed at another log, signs nothing', async () => {
  await using at = await place();
  await using tree = await at.open();
  await add(at, 0, 30);
  await tree.settle();
  const dir = newDir();
  await (await witnessOf(tree, dir)).look(viewOf(tree, at.files));
  writeFileSync(join(dir, 'log/tile/0/000.p/30'), Buffer.alloc(30 * 32));
  await assert.rejects((await witnessOf(tree, dir)).look(viewOf(tree, at.files)), /not its own work/);
  await using other = await place();
  await using stranger = await other.open();
  await assert.rejects(witnessOf(stranger, dir), /another log/);
});

const ctl = join(import.meta.dirname, '../../src/ctl.ts');

function witnessProcess(...args: string[]): {
  child: ChildProcess;
  out: () => string;
  ended: Promise<number | null>;
} {
  const env = { PATH: process.env.PATH, HOME: '/', LANG: 'C.UTF-8' };
  const child = spawn(process.execPath, [ctl, 'witness', ...args], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  return { child, out: () => out, ended: once(child, 'close').then(([code]) => code as number | null) };
}

let custos: Custos;
let key = '';
const dir = newDir();
const dataDir = join(home, 'data');
const start = () => startCustos({ dataDir, args: ['--demo', '--witness-keys', key] });
async function auditor() {
  const logins = JSON.parse(readFileSync(join(dataDir, 'demo-logins.json'), 'utf8')) as {
    persona: string;
    name: string;
    password: string;
  }[];
  const { name, password } = logins.find(({ persona }) => persona === 'auditor')!;
  return custos.caller().signIn(name, password);
}

before(async () => {
  const asked = witnessProcess('--dir', dir, '--name', 'organ.example/w1');
  assert.equal(await asked.ended, 0);
  key = /organ\.example\/w1\+[0-9a-f]{8}\+\S+/.exec(asked.out())![0];
  custos = await start();
});
after(() => custos[Symbol.asyncDispose]());

test('a witness in a process of its own cosigns what a whole Custos serves, which shows it to everyone', async () => {
  const anyone = custos.caller();
  const vkey = (await anyone.must('GET', '/ledger/key')) as string;
  const watching = witnessProcess('--dir', dir, '--log', custos.origin, '--key', vkey, '--every', '1');
  const cosigned = await until('a cosigned checkpoint', async () => {
    const reply = await anyone.call('GET', '/ledger/cosigned');
    return reply.status === 200 ? (reply.body as string) : undefined;
  });
  const keys = [parseVerifierKey(vkey.trim())!, parseVerifierKey(key)!];
  assert.equal(openNote(cosigned, keys)?.signedBy.length, 2);
  const who = await auditor();
  const state = await who.must('GET', '/api/ledger/state');
  assert.deepEqual(
    state.witnesses.map(({ name, silent }: { name: string; silent: boolean }) => [name, silent]),
    [['organ.example/w1', false]],
  );
  const proof = await until('an entry is proven under a cosigned checkpoint', async () => {
    const { body } = await who.call('GET', '/api/ledger/1/proof');
    return openNote(body.checkpoint, keys)?.signedBy.length === 2 ? body : undefined;
  });
  assert.equal(JSON.parse(proof.entry).seq, 1);
  const forged = cosigned.replace(/\n(\d+)\n/, (_, size) => `\n${Number(size) + 1}\n`);
  for (const body of [forged, cosigned.slice(0, cosigned.lastIndexOf('—')), 'x'])
    assert.equal(await send(body), 403, body);
  assert.equal(await send(cosigned), 204, 'the same again changes nothing');
  const double = witnessProcess('--dir', dir, '--log', custos.origin, '--key', vkey, '--once');
  assert.equal(await double.ended, 2, 'one folder is one witness at a time');
  watching.child.kill('SIGTERM');
  assert.equal(await watching.ended, 0);
});

async function send(body: string): Promise<number> {
  const response = await fetch(`${custos.origin}/ledger/cosignature`, {
    ...{ method: 'POST', body, headers: { 'content-type': 'text/plain' } },
  });
  return response.status;
}

test('whoever rewrites rows, leaves and tiles of a whole Custos, with its key, is found out by the witness alone', async () => {
  const vkey = (await custos.caller().must('GET', '/ledger/key')) as string;
  const look = async (log = custos.origin) => {
    const one = witnessProcess('--dir', dir, '--log', log, '--key', vkey, '--once', '--json');
    return { code: await one.ended, out: one.out() };
  };
  const good = await look();
  assert.equal(good.code, 0, good.out);
  const { cosigned } = JSON.parse(good.out.trim().split('\n').at(-1)!);
  assert.equal(await custos.stop(), 0);
  {
    await using db = await openBeside({ dataDir, log: noLog, clock: systemClock });
    await db.kysely.connection().execute(async (one) => {
      const run = (text: string) => sql.raw(text).execute(one);
      await run('set session_replication_role = replica');
      await run(
        `update ledger set actor = 'nobody' where seq = (select seq from ledger_leaf where leaf = 5)`,
      );
      await run(
        `update ledger_leaf set digest = sha256(salt || 'whatever the edited entry says') where leaf = 5`,
      );
    });
  }
  rmSync(join(dataDir, 'ledger'), { recursive: true });
  custos = await start();
  await until('the new history is as long as the old', async () => {
    const note = (await custos.caller().must('GET', '/ledger/checkpoint')) as string;
    return Number(note.split('\n')[1]) > cosigned || undefined;
  });
  const bad = await look();
  assert.equal(bad.code, 1, bad.out);
  const { alarm } = JSON.parse(bad.out.trim().split('\n').at(-1)!);
  assert.equal(alarm.firstLeaf, 5);
  assert.match(readFileSync(join(dir, 'alarm.json'), 'utf8'), /"theirs"/);
  assert.equal((await look()).code, 1, 'it says so again, and cosigns nothing');
});
