/** Every way to a byte of video, really tried by everyone who should not have it: the outcomes are a golden. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { decodeFrame } from '../../src/contract/frames.ts';
import type { Role } from '../../src/contract/index.ts';
import { reportAccess } from '../support/access-report.ts';
import { callerWith, ledgerRows, permit, TestCaller, viewerWith } from '../support/edge.ts';
import { golden } from '../support/golden.ts';
import { type House, openHouse } from '../support/house.ts';

let house: House;
let camera: string;
let fromMs: number;
let toMs: number;

before(async () => {
  house = await openHouse();
  camera = await house.add(house.demo.cameras[0]!);
  await house.until(() => recordedMs() > 4_000, 'four seconds are recorded');
  toMs = house.keeper.recordedUntilMs(camera)!;
  fromMs = toMs - 4_000;
  owner = await viewerWith(house, 'approver');
  other = await viewerWith(house, 'approver');
});
after(() => house?.[Symbol.asyncDispose]());

const recordedMs = () =>
  house.keeper.freshOf(camera).reduce((sum, segment) => sum + segment.endMs - segment.startMs, 0);

interface Door {
  readonly name: string;
  readonly kind: 'live' | 'playback';
  readonly path: string;
  readonly method?: 'GET' | 'HEAD';
  readonly headers?: Record<string, string>;
  readonly socket?: true;
}

const doors: readonly Door[] = [
  { name: 'live, WebSocket', kind: 'live', path: '', socket: true },
  { name: 'live, still.jpg', kind: 'live', path: '/still.jpg?width=160' },
  { name: 'live, footage.mp4', kind: 'live', path: '/footage.mp4' },
  { name: 'live, index.m3u8', kind: 'live', path: '/index.m3u8' },
  { name: 'playback, WebSocket', kind: 'playback', path: '', socket: true },
  { name: 'playback, footage.mp4', kind: 'playback', path: '/footage.mp4' },
  { name: 'playback, footage.mp4 HEAD', kind: 'playback', path: '/footage.mp4', method: 'HEAD' },
  {
    name: 'playback, footage.mp4 Range',
    kind: 'playback',
    path: '/footage.mp4',
    headers: { range: 'bytes=-100' },
  },
  { name: 'playback, footage.mp4?download', kind: 'playback', path: '/footage.mp4?download=1' },
  { name: 'playback, index.m3u8', kind: 'playback', path: '/index.m3u8' },
  { name: 'playback, missing.json', kind: 'playback', path: '/missing.json' },
  { name: 'playback, still.jpg', kind: 'playback', path: '/still.jpg?width=160&at=AT' },
];

async function openView(caller: TestCaller, kind: 'live' | 'playback'): Promise<string> {
  const answer = await caller.call('POST', '/api/views', {
    camera,
    kind,
    purpose: 'a test of the doors',
    forWhom: 'a test',
    ...(kind === 'playback'
      ? { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }
      : {}),
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.json));
  return answer.json.ticket;
}

/** What whoever knocks hears: `video`, or the status and the code of the refusal. */
function knock(
  door: Door,
  ticket: string,
  cookie: string,
  extra: Record<string, string> = {},
): Promise<string> {
  const path = `/media/${ticket}${door.path.replace('AT', String(fromMs + 2_000))}`;
  const headers = { ...(cookie ? { cookie } : {}), ...door.headers, ...extra };
  return door.socket ? knockSocket(path, headers, door.kind) : knockHttp(path, headers, door.method ?? 'GET');
}

async function knockHttp(path: string, headers: Record<string, string>, method: string): Promise<string> {
  const response = await fetch(house.url + path, { method, headers });
  assert.match(response.headers.get('cache-control') ?? '', /no-store/, 'nothing of video is cached');
  const type = response.headers.get('content-type') ?? '';
  if (response.ok) {
    const bytes = (await response.arrayBuffer()).byteLength;
    if (/json/.test(type)) return `${response.status} a list`;
    if (method !== 'HEAD') assert.ok(bytes > 99, 'the answer holds something');
    return /video|image|mpegurl/.test(type) ? `${response.status} ${type.split('/')[0]}` : `odd: ${type}`;
  }
  const text = await response.text();
  assert.ok(!/ftyp|moof|JFIF/.test(text), 'a refusal holds no video');
  return method === 'HEAD' ? `${response.status}` : `${response.status} ${JSON.parse(text).code}`;
}

function knockSocket(path: string, headers: Record<string, string>, kind: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(house.url.replace('http', 'ws') + path, { headers });
    const timer = setTimeout(() => reject(new Error(`${path}: nothing within 15 s`)), 15_000);
    const end = (outcome: string) => {
      clearTimeout(timer);
      socket.terminate();
      resolve(outcome);
    };
    socket.on('open', () => {
      if (kind === 'playback') socket.send(JSON.stringify({ op: 'seek', atMs: fromMs, untilMs: toMs }));
    });
    socket.on('message', (data: Buffer) => {
      const frame = decodeFrame(data);
      if (frame.kind === 'part') end('101 video');
      else if (frame.kind === 'problem') end(`101 ${frame.json.code}`);
    });
    socket.on('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        end(`${response.statusCode} ${JSON.parse(Buffer.concat(chunks).toString()).code}`),
      );
    });
    socket.on('error', () => {});
  });
}

type Trial = { readonly caller: string; readonly knock: (door: Door, ticket: string) => Promise<string> };

let owner: TestCaller;
let other: TestCaller;

/** Signs the owner in once more: the same person, another session. */
async function ownersOtherSession(): Promise<TestCaller> {
  const { name } = await house.db.kysely
    .selectFrom('person')
    .select('name')
    .where('id', '=', owner.personId)
    .executeTakeFirstOrThrow();
  return new TestCaller(house.url).signIn(name);
}

async function withRoles<T>(roles: Role[], work: () => Promise<T>): Promise<T> {
  const set = (to: Role[]) =>
    house.db.kysely.updateTable('person').set({ roles: to }).where('id', '=', owner.personId).execute();
  // Behind the gate's back, so that the session lives on: the door has to ask anew.
  await set(roles);
  try {
    return await work();
  } finally {
    await set(['approver']);
  }
}

/** Each is given a running view of the owner's. */
const trials: readonly Trial[] = [
  { caller: 'anonymous', knock: (door, ticket) => knock(door, ticket, '') },
  { caller: "another's ticket", knock: (door, ticket) => knock(door, ticket, other.cookie) },
  {
    caller: 'own ticket, other session',
    knock: async (door, ticket) => knock(door, ticket, (await ownersOtherSession()).cookie),
  },
  {
    caller: 'from another site',
    knock: (door, ticket) => knock(door, ticket, owner.cookie, { origin: 'https://elsewhere.example' }),
  },
  {
    caller: 'closed',
    knock: async (door, ticket) => {
      assert.equal((await owner.call('DELETE', `/api/views/${ticket}`)).status, 200);
      return knock(door, ticket, owner.cookie);
    },
  },
  {
    caller: 'signed out',
    knock: async (door) => {
      const leaving = await ownersOtherSession();
      const ticket = await openView(leaving, door.kind);
      const { cookie } = leaving;
      assert.equal((await leaving.call('DELETE', '/api/session')).status, 200);
      return knock(door, ticket, cookie);
    },
  },
  {
    caller: 'role withdrawn',
    knock: (door, ticket) => withRoles(['auditor'], () => knock(door, ticket, owner.cookie)),
  },
  {
    caller: 'no such ticket',
    knock: (door) => knock(door, 'view_0123456789abcdefghjkmn', owner.cookie),
  },
  {
    caller: 'expired',
    knock: async (door, ticket) => {
      house.clock.aheadMs += 11 * 60_000;
      try {
        return await knock(door, ticket, owner.cookie);
      } finally {
        house.clock.aheadMs -= 11 * 60_000;
      }
    },
  },
  { caller: 'right', knock: (door, ticket) => knock(door, ticket, owner.cookie) },
];

test('every way to a byte of video is closed to everyone but the one who opened it', async () => {
  const lines: string[] = [];
  for (const door of doors) {
    for (const trial of trials) {
      const ticket = await openView(owner, door.kind);
      const seen = (await ledgerRows(house)).length;
      const outcome = await trial.knock(door, ticket);
      const isRefused = !/^(101|200|206) (video|image|application|a list)$/.test(outcome);
      const rows = (await ledgerRows(house)).slice(seen);
      const isWritten = rows.some((row) => row.outcome === 'refused');
      assert.equal(
        isWritten,
        isRefused,
        `${door.name}, ${trial.caller}: ${outcome}, and its line in the ledger`,
      );
      lines.push(
        `${door.name.padEnd(32)}${trial.caller.padEnd(27)}${outcome}${isRefused ? ', in the ledger' : ''}`,
      );
      await owner.call('DELETE', `/api/views/${ticket}`);
    }
    lines.push('');
  }
  golden(
    'media-doors.txt',
    [
      '# Every way to a byte of video, tried by everyone who might. Printed by test/display/media-doors.test.ts.',
      '',
      ...lines,
    ].join('\n'),
  );
});

test('views are opened by those who may, with a purpose, and every refusal is written down', async () => {
  const wish = { camera, purpose: 'a test of the doors', forWhom: 'a test' };
  const span = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  const bare = await callerWith(house, 'watcher');
  const refused = await bare.call('POST', '/api/views', { ...wish, kind: 'live' });
  assert.equal(refused.json.code, 'permission.none', 'a role alone opens nothing');
  const tries: [Parameters<typeof callerWith>[1], object, string | number][] = [
    ['watcher', { ...wish, kind: 'live' }, 200],
    ['watcher', { ...wish, kind: 'playback', ...span }, 'permission.none'],
    ['approver', { ...wish, kind: 'playback', ...span }, 200],
    ['approver', { ...wish, kind: 'playback', from: span.to, to: span.from }, 'view.range'],
    ['administrator', { ...wish, kind: 'live' }, 'gate.denied'],
    ['maintainer', { ...wish, kind: 'live' }, 'gate.denied'],
    ['auditor', { ...wish, kind: 'live' }, 'gate.denied'],
    ['auditor', { ...wish, kind: 'playback', ...span }, 'gate.denied'],
    ['watcher', { ...wish, kind: 'live', camera: 'cam_0123456789abcdefghjkmn' }, 'camera.unknown'],
  ];
  for (const [role, body, expected] of tries) {
    const caller = await callerWith(house, role);
    if (role === 'watcher') await permit(house, caller, { actions: ['live'], lookBackHours: 0 });
    if (role === 'approver') await permit(house, caller);
    const seen = (await ledgerRows(house)).length;
    const { status, json } = await caller.call('POST', '/api/views', body);
    assert.equal(status === 200 ? 200 : json.code, expected, `${role}: ${JSON.stringify(body)}`);
    const rows = (await ledgerRows(house)).slice(seen);
    const row = rows.find((one) => one.outcome === (status === 200 ? 'done' : 'refused'));
    assert.ok(row, `${role} ${JSON.stringify(body)} has its line`);
    if (status === 200) assert.equal(row.reason, wish.purpose, 'the purpose stands in the ledger');
  }
  const watcher = await viewerWith(house, 'watcher');
  const blank = await watcher.call('POST', '/api/views', {
    camera,
    kind: 'live',
    purpose: ' ',
    forWhom: 'a test',
  });
  assert.equal(blank.json.code, 'view.purpose', 'a view without a purpose is none');
});

// ---- every persona, with every kind of permission

type Persona = 'nobody' | Role;
const cases = ['none', 'expired', "another's", 'wrong site', 'wrong camera', 'wrong hour', 'right'] as const;
type Case = (typeof cases)[number];
const personas: readonly Persona[] = [
  'nobody',
  'administrator',
  'maintainer',
  'watcher',
  'approver',
  'auditor',
];
const mayLook = (persona: Persona) => persona === 'watcher' || persona === 'approver';

const clockAt = (aheadMs: number): string =>
  new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Shanghai', hour: '2-digit', minute: '2-digit' }).format(
    house.clock.wallMs() + aheadMs,
  );

/** Gives the persona the permission of the case; `null`: it cannot be given to such a person at all. */
async function withCase(persona: Persona, one: Case, elsewhere: string): Promise<TestCaller | null> {
  const needsNone = one === 'none' || one === "another's";
  if (persona === 'nobody') return needsNone ? new TestCaller(house.url) : null;
  const caller = await callerWith(house, persona);
  if (needsNone) return caller;
  if (!mayLook(persona)) {
    const ends = new Date(Date.now() + 3_600_000).toISOString();
    const words = { purpose: 'duty', reason: 'a test looks', necessity: 'a test looks' };
    const wish = { person: caller.personId, actions: ['live'], wholeUnit: true, ends, ...words };
    assert.equal((await owner.call('POST', '/api/permissions', wish)).json.code, 'permission.holder');
    return null;
  }
  const site = await siteOf(elsewhere);
  const hour = { from: clockAt(2 * 3_600_000), to: clockAt(3 * 3_600_000) };
  if (one === 'expired') await permit(house, caller, { ends: new Date(Date.now() + 1_000).toISOString() });
  if (one === 'wrong site') await permit(house, caller, { wholeUnit: false, sites: [site] });
  if (one === 'wrong camera') await permit(house, caller, { wholeUnit: false, cameras: [elsewhere] });
  if (one === 'wrong hour') await permit(house, caller, { hours: hour });
  if (one === 'right') await permit(house, caller, { wholeUnit: false, cameras: [camera] });
  return caller;
}

const siteOf = async (id: string): Promise<string> =>
  (
    await house.db.kysely
      .selectFrom('camera')
      .select('site_id')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
  ).site_id;

/** Opens a view and goes through the door with it; with another's permission, by another's ticket. */
async function tryDoor(door: Door, caller: TestCaller, one: Case): Promise<string> {
  if (one === "another's") {
    const ticket = await openView(owner, door.kind);
    const outcome = await knock(door, ticket, caller.cookie);
    await owner.call('DELETE', `/api/views/${ticket}`);
    return outcome;
  }
  const span = door.kind === 'playback' ? { from: fromMs, to: toMs } : null;
  const answer = await caller.call('POST', '/api/views', {
    ...{ camera, kind: door.kind, purpose: 'a test of the doors', forWhom: 'a test' },
    ...(span ? { from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString() } : {}),
  });
  if (answer.status !== 200) return `${answer.status} ${answer.json.code}`;
  const outcome = await knock(door, answer.json.ticket, caller.cookie);
  await caller.call('DELETE', `/api/views/${answer.json.ticket}`);
  return outcome;
}

test('of every persona with every kind of permission only the right one sees a byte, through any door', async () => {
  const elsewhere = await house.add(house.demo.cameras[1]!);
  assert.notEqual(await siteOf(elsewhere), await siteOf(camera), 'another site');
  const lines: string[] = [];
  for (const persona of personas) {
    for (const one of cases) {
      const caller = await withCase(persona, one, elsewhere);
      if (caller === null) {
        lines.push(`| ${persona} | ${one} | ${persona === 'nobody' ? 'no account' : 'cannot hold one'} |`);
        continue;
      }
      if (one === 'expired') house.clock.aheadMs = 1_500;
      const outcomes = new Set<string>();
      for (const door of doors) {
        const outcome = await tryDoor(door, caller, one);
        const isVideo = /^(101|200|206) /.test(outcome);
        // A live view has no file: that is no matter of rights.
        const isOpen = isVideo || outcome === '409 view.recorded-only';
        assert.equal(
          isOpen,
          one === 'right' && mayLook(persona),
          `${persona}, ${one}, ${door.name}: ${outcome}`,
        );
        // A HEAD is refused without words: the others say the same with them.
        if (door.method !== 'HEAD') outcomes.add(isOpen ? 'video' : outcome);
      }
      house.clock.aheadMs = 0;
      lines.push(`| ${persona} | ${one} | ${[...outcomes].sort().join(', ')} |`);
    }
  }
  const head = ['| persona | permission | through all doors |', '| --- | --- | --- |'];
  const said = `The doors: ${doors.map(({ name }) => name).join('; ')}. A unit is alone in its database; “wrong site” stands where others would say wrong unit.`;
  reportAccess('Ways to video', `${said}\n\n${[...head, ...lines].join('\n')}`);
});
