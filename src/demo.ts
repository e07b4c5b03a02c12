/** What the demo puts into an empty house: a unit, sites, a person for each role, and the four cameras on loopback. */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Demo, DemoCamera } from '../demo/index.ts';
import { type Clock, Fault, newSecret, type SecretBox } from './base/index.ts';
import { addCamera, addSite, changeCamera, findCamera } from './collect/index.ts';
import type { Role } from './contract/index.ts';
import type { Database } from './db/index.ts';
import {
  addPerson,
  addPersonRecord,
  approvePermission,
  askPermission,
  change,
  changePerson,
  findRow,
  type Gate,
  isWho,
  newPasswordHash,
  type PermissionAction,
  type Who,
} from './gate/index.ts';
import { localDay, type PersonRecordKind, placeTypeOf, usualEnd } from './law/index.ts';
import { settleKeeping } from './store/index.ts';

export interface DemoAt {
  readonly db: Database;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly box: SecretBox;
  readonly dataDir: string;
}

export interface Login {
  readonly persona: Role;
  readonly name: string;
  readonly password: string;
}

const unit = '演示管理单位 Demo Unit';
const timeZone = 'Asia/Shanghai';
/** The first is made by the set-up, as in a real house. */
const personas: readonly { persona: Role; name: string; displayName: string; roles: readonly Role[] }[] = [
  { persona: 'administrator', name: 'admin', displayName: '赵敏 Zhao Min', roles: ['administrator'] },
  { persona: 'maintainer', name: 'maintainer', displayName: '钱伟 Qian Wei', roles: ['maintainer'] },
  { persona: 'watcher', name: 'watcher', displayName: '孙丽 Sun Li', roles: ['watcher'] },
  { persona: 'approver', name: 'approver', displayName: '李强 Li Qiang', roles: ['approver'] },
  { persona: 'auditor', name: 'auditor', displayName: '周静 Zhou Jing', roles: ['auditor'] },
  { persona: 'filer', name: 'filer', displayName: '吴洁 Wu Jie', roles: ['filer'] },
  // The demo is a small public security organ as well, so that a pack can be brought to a desk.
  { persona: 'receiver', name: 'receiver', displayName: '郑浩 Zheng Hao', roles: ['receiver'] },
];

/** Makes all that is missing; a second start finds the same persons and gives the cameras their new addresses. */
export async function seedDemo(at: DemoAt, demo: Demo): Promise<void> {
  const file = join(at.dataDir, 'demo-logins.json');
  const before = await readLogins(file);
  const isNew = (await at.gate.unit()) === null;
  if (!isNew && !before)
    throw new Fault(
      `${at.dataDir} holds a unit that is not the demo's: give --demo a folder of its own (--data DIR)`,
    );
  const logins = isNew ? await makePersons(at, demo.cameras[0] as DemoCamera, file) : (before ?? []);
  for (const camera of demo.cameras) await seedCamera(at, camera);
  if (isNew) await seedPermissions(at, logins);
  sayLogins(logins, isNew, file);
}

async function makePersons(at: DemoAt, { site, placeType }: DemoCamera, file: string): Promise<Login[]> {
  const logins = personas.map(({ persona, name }) => ({ persona, name, password: newSecret(12) }));
  // Written first: whoever made persons and then lost power would have passwords that nobody knows.
  await writeFile(file, `${JSON.stringify(logins, null, 2)}\n`, { mode: 0o600 });
  await chmod(file, 0o600);
  const [first, ...others] = logins as [Login, ...Login[]];
  const { session, siteId } = await at.gate.setUp({
    unit,
    name: first.name,
    password: first.password,
    site,
    from: 'local',
    agent: 'demo',
    firstSite: (trx, grant, name) => addSite(trx, grant, { name, address: '', timeZone }),
  });
  await settle(at, siteId, site, placeType);
  // The set-up signs its browser in; here there is none.
  const who = await at.gate.authenticate(session.token, 'local');
  if (isWho(who)) {
    await at.gate.signOut(who, 'this');
    await nameFirst(at, who.personId);
    await putOnRecord(at, who.personId);
  }
  for (const login of others) await makePerson(at, login);
  return logins;
}

/** The set-up asks for a sign-in name only. */
async function nameFirst(at: DemoAt, id: string): Promise<void> {
  const displayName = personas[0]?.displayName;
  const grant = at.gate.systemGrant('person.configure', { kind: 'person', id });
  await change(
    at,
    grant,
    (trx) => changePerson(trx, grant, { displayName }),
    () => ({ detail: { demo: true, changed: ['displayName'] } }),
  );
}

async function makePerson(at: DemoAt, login: Login): Promise<void> {
  const persona = personas.find(({ name }) => name === login.name);
  const passwordHash = await newPasswordHash(login.password, login.name);
  const grant = at.gate.systemGrant('person.configure', { kind: 'person' });
  const made = await change(
    at,
    grant,
    (trx) =>
      addPerson(trx, grant, {
        name: login.name,
        displayName: persona?.displayName ?? login.name,
        roles: persona?.roles ?? [login.persona],
        passwordHash,
      }),
    (made) => ({ subject: { kind: 'person', id: made.id, name: made.name }, detail: { demo: true } }),
  );
  await putOnRecord(at, made.id);
}

/** What a real unit would have on paper. */
async function putOnRecord(at: DemoAt, id: string): Promise<void> {
  const grant = at.gate.systemGrant('person.configure', { kind: 'person', id });
  const on = localDay(at.clock.wallMs(), timeZone);
  const score = (kind: PersonRecordKind) => (kind === 'examination' ? { score: 92 } : {});
  const kinds = ['vetting', 'confidentiality', 'post-training', 'examination'] as const;
  await change(
    at,
    grant,
    async (trx) => {
      for (const kind of kinds) {
        const said = '演示记录 Demo record';
        await addPersonRecord(trx, grant, id, {
          ...{ kind, on, until: usualEnd(kind, on), said },
          ...score(kind),
        });
      }
    },
    () => ({ detail: { demo: true, records: kinds } }),
  );
}

/** As in a real house: asked for by whoever looks, approved by another. The administrator looks at nothing. */
interface Wanted {
  readonly name: string;
  readonly by: string;
  readonly actions: readonly PermissionAction[];
  readonly lookBackHours: number;
  readonly purpose: 'duty' | 'incident';
}
const wanted: readonly Wanted[] = [
  { name: 'watcher', by: 'approver', actions: ['live', 'still'], lookBackHours: 24, purpose: 'duty' },
  {
    ...{ name: 'approver', by: 'admin', actions: ['live', 'playback', 'still', 'export'] },
    ...{ lookBackHours: 24 * 90, purpose: 'incident' },
  },
];

async function seedPermissions(at: DemoAt, logins: readonly Login[]): Promise<void> {
  const nowMs = at.clock.wallMs();
  for (const { name, by, ...wish } of wanted) {
    const id = await as(at, logins, name, async (who) => {
      const grant = await at.gate.admit(who, 'permission.ask', { kind: 'permission' });
      const asked = {
        ...{ ...wish, personId: who.personId, hours: null, wholeUnit: true, sites: [], cameras: [] },
        ...{ reason: '演示：日常值守 Demo: daily duty', necessity: '演示 Demo', startsMs: null },
        ...{ endsMs: nowMs + 180 * 86_400_000, replaces: null },
      };
      return change(
        at,
        grant,
        (trx) => askPermission(trx, grant, asked),
        (made) => ({ subject: { kind: 'permission', id: made, name }, detail: { demo: true } }),
      );
    });
    await as(at, logins, by, async (who) => {
      const row = await findRow(at.db.kysely, id);
      const subject = { kind: 'permission', id, ownerId: row.person_id, askedBy: row.asked_by } as const;
      const grant = await at.gate.admit(who, 'permission.decide', subject);
      await change(
        at,
        grant,
        (trx) => approvePermission(trx, grant, { revision: row.revision, note: '' }),
        () => ({ detail: { demo: true, change: 'approve' } }),
      );
      await at.gate.book.changed([row.person_id]);
    });
  }
}

/** Signs one of them in for the work, and out again. */
async function as<T>(
  at: DemoAt,
  logins: readonly Login[],
  name: string,
  work: (who: Who) => Promise<T>,
): Promise<T> {
  const password = logins.find((login) => login.name === name)?.password ?? '';
  const { who } = await at.gate.signIn({ name, password, token: false, from: 'local', agent: 'demo' });
  try {
    return await work(who);
  } finally {
    await at.gate.signOut(who, 'this');
  }
}

async function seedCamera(at: DemoAt, camera: DemoCamera): Promise<void> {
  const siteId = await siteNamed(at, camera);
  const known = await at.db.kysely
    .selectFrom('camera')
    .select(['id', 'retired_at'])
    .where('site_id', '=', siteId)
    .where('name', '=', camera.name)
    .orderBy('created', 'desc')
    .executeTakeFirst();
  // Someone tried retiring on it: it stays retired.
  if (known?.retired_at) return;
  if (known) await readdress(at, known.id, camera);
  else await makeCamera(at, siteId, camera);
}

const connectionOf = (camera: DemoCamera) => ({
  url: camera.mainUrl,
  subUrl: camera.subUrl,
  user: camera.user,
  password: camera.password,
});

async function makeCamera(at: DemoAt, siteId: string, camera: DemoCamera): Promise<void> {
  const grant = at.gate.systemGrant('camera.configure', { kind: 'camera', name: camera.name, siteId });
  await change(
    at,
    grant,
    (trx) =>
      addCamera(
        trx,
        grant,
        { ...connectionOf(camera), name: camera.name, siteId, transport: 'auto' },
        { box: at.box, nowMs: at.clock.wallMs() },
      ),
    (id) => ({ subject: { kind: 'camera', id, name: camera.name, siteId }, detail: { demo: true } }),
  );
}

/** The demo's server has another port and password at each start. */
async function readdress(at: DemoAt, id: string, camera: DemoCamera): Promise<void> {
  const { revision } = await findCamera(at.db.kysely, id);
  const grant = at.gate.systemGrant('camera.configure', { kind: 'camera', id, name: camera.name });
  await change(
    at,
    grant,
    (trx) => changeCamera(trx, grant, { ...connectionOf(camera), revision }, at.box),
    () => ({ detail: { demo: true, changed: ['url', 'subUrl', 'password'] } }),
  );
}

async function siteNamed(at: DemoAt, { site: name, placeType }: DemoCamera): Promise<string> {
  const known = await at.db.kysely
    .selectFrom('site')
    .select('id')
    .where('name', '=', name)
    .executeTakeFirst();
  if (known) return known.id;
  const grant = at.gate.systemGrant('site.configure', { kind: 'site', name });
  const id = await change(
    at,
    grant,
    (trx) => addSite(trx, grant, { name, address: '', timeZone }),
    (made) => ({ subject: { kind: 'site', id: made, name }, detail: { demo: true } }),
  );
  await settle(at, id, name, placeType);
  return id;
}

/** What a person would answer for this kind of place: the law's own period, no longer. */
async function settle(
  at: DemoAt,
  id: string,
  name: string,
  placeType: DemoCamera['placeType'],
): Promise<void> {
  const grant = at.gate.systemGrant('site.configure', { kind: 'site', id, name });
  const type = placeTypeOf(placeType);
  const keeping = {
    profiles: ['cn-national', ...(type?.profiles ?? [])],
    placeClass: type?.placeClass ?? ('art7.1-government' as const),
    placeType,
    ...{ keyTarget: false, period: null, justification: '', givesWay: true },
  };
  await change(
    at,
    grant,
    (trx) => settleKeeping(trx, grant, keeping, at.clock.wallMs()),
    () => ({ detail: { demo: true, keeping } }),
  );
}

async function readLogins(file: string): Promise<Login[] | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Login[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Fault(`${file} cannot be read`, { cause: error });
  }
}

/** Once, on the terminal of whoever started it; later starts only say where they are. */
function sayLogins(logins: readonly Login[], isNew: boolean, file: string): void {
  const lines = isNew
    ? logins.map(({ persona, name, password }) => `  ${persona.padEnd(14)} ${name.padEnd(11)} ${password}`)
    : [];
  process.stderr.write(['demo logins / 演示登录账号:', ...lines, `  → ${file}`, ''].join('\n'));
}
