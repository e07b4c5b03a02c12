/**
 * The gate: who calls, and whether they may. Every act on anything guarded begins with `admit`, which returns the
 * proof or writes the refusal down and throws it.
 */
import type { Transaction } from 'kysely';
import { type Clock, type Log, newId, Refusal, refuse, type SecretBox, sayError } from '../base/index.ts';
import { type Action, actions, type Deed } from '../contract/index.ts';
import type { Database, Tables } from '../db/index.ts';
import { foundingDays } from '../law/index.ts';
import { type Actor, append, appendAlone, type Entry, system } from '../ledger/index.ts';
import { type Decision, decide, type Principal } from './decide.ts';
import { type ConsoleAt, factorsOf, PendingFactors, type Second, spendSecond } from './factors.ts';
import { type Grant, issue, type Subject } from './grant.ts';
import type { AtLeaving } from './leaving.ts';
import type { PasskeyWanted } from './passkey.ts';
import { checkNewPassword, fold, hashPassword, passwordMatches } from './passwords.ts';
import { PermissionBook } from './permission-book.ts';
import { endOverdue, endPermissionsOf } from './permission-ends.ts';
import { addFounding } from './person-records.ts';
import { addPerson, type Person } from './persons.ts';
import { spendRecovery } from './recovery.ts';
import { isOffSite, secondRule } from './second-rule.ts';
import {
  type Caller,
  type EndedWhy,
  endAllSessions,
  endSessions,
  findSession,
  inertSessions,
  isWho,
  nextInertMs,
  type OpenedSession,
  openSession,
  overdueSessions,
  runningSessions,
  sameSecret,
  type Who,
} from './sessions.ts';
import { accountRules, addressKey, addressRules, Throttle } from './throttle.ts';

export interface Ended {
  readonly sessionIds: readonly string[];
  readonly personId: string;
  readonly why: EndedWhy;
}

export interface GateOptions {
  readonly db: Database;
  /** Seals what second factors share with us. */
  readonly box: SecretBox;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a person brings to sign in. */
export interface Credentials {
  readonly name: string;
  readonly password: string;
  readonly token: boolean;
  readonly from: string;
  readonly agent: string;
  readonly second?: Second | undefined;
  /** Where the console is, which a passkey is bound to; null or absent: no passkey can answer. */
  readonly at?: ConsoleAt | null;
}

export interface SetUp {
  readonly unit: string;
  readonly name: string;
  readonly password: string;
  readonly site: string;
  readonly from: string;
  readonly agent: string;
  /** Makes the first site in the same transaction and returns its id. */
  readonly firstSite: (
    trx: Transaction<Tables>,
    grant: Grant<'site.configure'>,
    name: string,
  ) => Promise<string>;
}

const sweepEveryMs = 15_000;
const nobody: Principal = { kind: 'anonymous', personId: null, roles: [], active: true };
const anySubject: Subject = { kind: 'any' };

export function openGate(options: GateOptions): Gate {
  return new Gate(options);
}

export class Gate implements AsyncDisposable {
  readonly #at: GateOptions;
  readonly #accounts = new Throttle(accountRules);
  readonly #addresses = new Throttle(addressRules);
  readonly #listeners = new Set<(ended: Ended) => void>();
  readonly #written = new WeakSet<Refusal>();
  readonly #sweeper: NodeJS.Timeout;
  /** Set for the moment at which the next person falls inert, when that is before the next sweep. */
  #inertTimer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #isClosing = false;
  /** Factors that were begun and challenges that wait for their answer. */
  readonly pending = new PendingFactors();
  /** What ends elsewhere when a person leaves; whoever keeps something for persons adds to it. */
  readonly atLeaving: AtLeaving[] = [endPermissionsOf];

  /** The permissions that run. */
  readonly book: PermissionBook;

  constructor(options: GateOptions) {
    this.#at = options;
    this.book = new PermissionBook(options);
    this.#sweeper = setInterval(() => this.#sweepSoon(), sweepEveryMs);
    this.#sweeper.unref();
  }

  #sweepSoon(): void {
    if (this.#isClosing) return;
    this.#sweeping = this.#sweeping
      .then(() => this.sweep())
      .then(() => endOverdue(this.#at, this.book))
      .catch((error: unknown) => {
        this.#at.log.warn({ error: sayError(error) }, 'sessions could not be swept');
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#sweeper);
    await this.#sweeping;
    clearTimeout(this.#inertTimer);
  }

  // ---- who calls

  anonymous(from: string): Caller {
    return {
      personId: null,
      name: 'anonymous',
      sessionId: null,
      from,
      principal: nobody,
      sessionEndsMs: null,
    };
  }

  /** Whose token this is; an unknown, ended or over-aged one is nobody's. */
  async authenticate(token: string | null, from: string): Promise<Caller> {
    const who = token === null ? null : await findSession(this.#at.db.kysely, token, from, this.#nowMs());
    if (who) await this.book.ready();
    return who ?? this.anonymous(from);
  }

  // ---- may they

  /** The grant, or the refusal: written to the ledger in a transaction of its own, then thrown. */
  async admit<A extends Action>(
    caller: Caller,
    action: A,
    subject: Subject,
    detail: Record<string, unknown> = {},
  ): Promise<Grant<A>> {
    const decision = this.#decide(caller, action, subject);
    if (decision.permit) return issue(plainActor(caller), action, subject, decision, this.#nowMs());
    const because = decision.rules.map((rule) => ({ clause: `gate.${rule}`, ...lawOf(rule) }));
    const refusal = new Refusal(decision.code, { action }, because);
    await this.refused(caller, action, subject, refusal, detail);
    throw refusal;
  }

  /** For the `can` of a reply: greys the button, decides nothing. */
  can(caller: Caller, action: Action, subject: Subject = anySubject): true | { no: string } {
    const decision = this.#decide(caller, action, subject);
    return decision.permit ? true : { no: decision.code };
  }

  /** Actions that would be permitted on something or other, for the menu and for a first look before reading a body. */
  may(caller: Caller): Action[] {
    return actions.filter((action) => this.#decide(caller, action, anySubject).permit);
  }

  /** The system's own acts at set-up, start and in the demo; it may configure, and never see video. */
  systemGrant<A extends Action>(action: A, subject: Subject): Grant<A> {
    const principal: Principal = { kind: 'system', personId: null, roles: [], active: true };
    const decision = this.#decide({ ...system, principal, sessionEndsMs: null }, action, subject);
    if (!decision.permit) refuse(decision.code, { action });
    return issue(system, action, subject, decision, this.#nowMs());
  }

  #decide(caller: Caller, action: Action, subject: Subject): Decision {
    const nowMs = this.#nowMs();
    return decide(caller.principal, action, subject, {
      nowMs,
      sessionEndsMs: caller.sessionEndsMs,
      permissions: this.book.of(caller.personId),
      isDelegate: this.book.delegatedTo(caller.personId, nowMs).length > 0,
    });
  }

  // ---- written down

  /** Writes a refusal to the ledger, once. A ledger that cannot be written does not turn the no into a yes. */
  async refused(
    caller: Actor,
    action: Action | Deed,
    subject: Subject | null,
    refusal: Refusal,
    detail: Record<string, unknown> = {},
  ): Promise<void> {
    if (this.#written.has(refusal)) return;
    this.#written.add(refusal);
    const rules = refusal.because.map((because) => because.clause);
    try {
      await this.#write({
        actor: caller,
        action,
        outcome: 'refused',
        code: refusal.code,
        subject: subject && subject.kind !== 'any' ? subject : null,
        detail: rules.length > 0 ? { ...detail, rules } : detail,
      });
    } catch (error) {
      this.#at.log.error(
        { code: refusal.code, error: sayError(error) },
        'a refusal could not be written down',
      );
    }
  }

  /** Whether this refusal has its row. */
  isWritten(refusal: Refusal): boolean {
    return this.#written.has(refusal);
  }

  async #write(entry: Omit<Entry, 'atMs'>): Promise<void> {
    await appendAlone(this.#at.db.kysely, { atMs: this.#nowMs(), ...entry });
  }

  // ---- sessions

  /** Signs in, or refuses with a row: a wrong name costs the same work and gives the same answer as a wrong password. */
  async signIn(given: Credentials): Promise<{ who: Who; session: OpenedSession }> {
    const folded = fold(given.name.trim());
    const keys = { account: folded, address: addressKey(given.from) };
    await this.#throttle(keys, this.anonymous(given.from), 'session.open');
    const { kysely } = this.#at.db;
    const person = await kysely
      .selectFrom('person')
      .select(['id', 'name', 'password_hash', 'active'])
      .where('name_folded', '=', folded)
      .executeTakeFirst();
    const matches = await passwordMatches(person?.password_hash ?? null, given.password);
    // What was typed as an unknown name may be a password in the wrong field: the ledger gets known names only.
    const known: Subject | null = person ? { kind: 'person', id: person.id, name: person.name } : null;
    const strong = person && matches && person.active ? await this.#proveSecond(person, given, keys) : false;
    const session = person && matches && person.active ? await this.#openFor(person, given, strong) : null;
    if (!person || !session) {
      const refusal = new Refusal((await this.unit()) ? 'session.wrong' : 'setup.needed');
      return this.#refuseSignIn(given.from, refusal, known);
    }
    this.#accounts.clear(keys.account);
    this.#addresses.forgive(keys.address);
    this.announce({ sessionIds: session.crowdedOut, personId: person.id, why: 'crowded' });
    const who = await this.authenticate(session.token, given.from);
    if (!isWho(who)) return this.#refuseSignIn(given.from, new Refusal('session.wrong'), known);
    return { who, session };
  }

  /** Counts the try before it is judged, so that tries sent side by side gain nothing. */
  async #throttle(keys: { account: string; address: string }, caller: Caller, deed: Deed): Promise<void> {
    const nowMs = this.#at.clock.monoMs();
    const waitMs = Math.max(
      this.#accounts.waitMs(keys.account, nowMs),
      this.#addresses.waitMs(keys.address, nowMs),
    );
    if (waitMs > 0) {
      const refusal = new Refusal('session.throttled', { seconds: Math.ceil(waitMs / 1000) });
      await this.refused(caller, deed, null, refusal);
      throw refusal;
    }
    this.#accounts.count(keys.account, nowMs);
    this.#addresses.count(keys.address, nowMs);
  }

  async #refuseSignIn(from: string, refusal: Refusal, known: Subject | null): Promise<never> {
    await this.refused(this.anonymous(from), 'session.open', known, refusal);
    throw refusal;
  }

  /** Null when the person was deactivated or got another password while the present one was being judged. */
  async #openFor(
    person: { id: string; name: string; password_hash: string },
    given: Credentials,
    strong: boolean,
  ): Promise<OpenedSession | null> {
    const nowMs = this.#nowMs();
    return this.#at.db.kysely.transaction().execute(async (trx) => {
      const still = await trx
        .updateTable('person')
        .set({ last_sign_in: new Date(nowMs) })
        .where('id', '=', person.id)
        .where('active', '=', true)
        .where('password_hash', '=', person.password_hash)
        .returning('id')
        .executeTakeFirst();
      if (!still) return null;
      const kind = given.token ? 'token' : 'cookie';
      const session = await openSession(trx, {
        personId: person.id,
        kind,
        from: given.from,
        agent: given.agent,
        nowMs,
        strong,
      });
      await append(trx, {
        atMs: nowMs,
        actor: { personId: person.id, name: person.name, sessionId: session.id, from: given.from },
        action: 'session.open' satisfies Deed,
        outcome: 'done',
        subject: { kind: 'session', id: session.id },
        detail: { kind, secondFactor: strong },
      });
      return session;
    });
  }

  /**
   * Whether a second factor was proved: whoever has one proves one, always. Whoever has none, of whom one is demanded,
   * may come in to set one up; from outside of the unit not even that, because a stolen password would be enough.
   */
  async #proveSecond(
    person: { id: string; name: string },
    given: Credentials,
    keys: { account: string; address: string },
  ): Promise<boolean> {
    const { kysely } = this.#at.db;
    const known: Subject = { kind: 'person', id: person.id, name: person.name };
    const factors = await factorsOf(kysely, person.id);
    if (factors.length === 0) {
      if (!isOffSite(await secondRule(kysely), given.from)) return false;
      return this.#refuseSignIn(given.from, new Refusal('second.off-site'), known);
    }
    if (given.second === undefined) {
      // The password was right: to be asked for the rest is no wrong guess.
      this.#accounts.forgive(keys.account);
      this.#addresses.forgive(keys.address);
      return this.#refuseSignIn(given.from, new Refusal('second.needed'), known);
    }
    const of = { personId: person.id, second: given.second, nowMs: this.#nowMs(), box: this.#at.box };
    const wanted = this.#wantedOf(person.id, given);
    const used = await kysely.transaction().execute((trx) => spendSecond(trx, { ...of, wanted }));
    if (used) return true;
    return this.#refuseSignIn(given.from, new Refusal('second.wrong'), known);
  }

  #wantedOf(personId: string, { second, at }: Credentials): PasskeyWanted | null {
    if (typeof second !== 'object' || !at) return null;
    const challenge = this.pending.take(second.clientData, personId, this.#nowMs());
    return challenge === null ? null : { ...at, challenge };
  }

  /** Which factors may answer, told to who knows the password; a wrong one is throttled like a sign-in. */
  async askSecond(given: {
    name: string;
    password: string;
    from: string;
  }): Promise<{ personId: string; totp: boolean }> {
    const folded = fold(given.name.trim());
    const keys = { account: folded, address: addressKey(given.from) };
    await this.#throttle(keys, this.anonymous(given.from), 'session.open');
    const { kysely } = this.#at.db;
    const person = await kysely
      .selectFrom('person')
      .select(['id', 'name', 'password_hash', 'active'])
      .where('name_folded', '=', folded)
      .executeTakeFirst();
    const matches = await passwordMatches(person?.password_hash ?? null, given.password);
    const known: Subject | null = person ? { kind: 'person', id: person.id, name: person.name } : null;
    if (!person?.active || !matches)
      return this.#refuseSignIn(given.from, new Refusal('session.wrong'), known);
    this.#accounts.forgive(keys.account);
    this.#addresses.forgive(keys.address);
    const factors = await factorsOf(kysely, person.id);
    return { personId: person.id, totp: factors.some(({ kind }) => kind === 'totp') };
  }

  /** The key that seals what second factors share with us. */
  get box(): SecretBox {
    return this.#at.box;
  }

  /** Asked again before what an unattended desk must not allow; throttled like a sign-in. */
  async checkPassword(who: Who, password: string, deed: Deed): Promise<void> {
    const keys = { account: fold(who.name), address: addressKey(who.from) };
    await this.#throttle(keys, who, deed);
    const row = await this.#at.db.kysely
      .selectFrom('person')
      .select('password_hash')
      .where('id', '=', who.personId)
      .executeTakeFirst();
    if (!(await passwordMatches(row?.password_hash ?? null, password))) refuse('password.wrong');
    this.#accounts.clear(keys.account);
    this.#addresses.forgive(keys.address);
  }

  /** A new password by the code that two administrators gave out; what was before ends. */
  async recover(given: { name: string; code: string; password: string; from: string }): Promise<void> {
    const folded = fold(given.name.trim());
    const keys = { account: folded, address: addressKey(given.from) };
    await this.#throttle(keys, this.anonymous(given.from), 'session.recover');
    const { kysely } = this.#at.db;
    const person = await kysely
      .selectFrom('person')
      .select(['id', 'name', 'active'])
      .where('name_folded', '=', folded)
      .executeTakeFirst();
    const passwordHash = await newPasswordHash(given.password, given.name);
    const nowMs = this.#nowMs();
    const done = await kysely.transaction().execute(async (trx) => {
      if (!person?.active) return null;
      const used = await spendRecovery(trx, { personId: person.id, code: given.code, passwordHash, nowMs });
      if (!used) return null;
      await append(trx, {
        atMs: nowMs,
        actor: { personId: person.id, name: person.name, sessionId: null, from: given.from },
        action: 'session.recover' satisfies Deed,
        outcome: 'done',
        subject: { kind: 'person', id: person.id, name: person.name },
        detail: { recovery: used.id, sessionsEnded: used.ended.length },
      });
      return { ...used, personId: person.id };
    });
    if (!done) refuse('recovery.wrong');
    this.#accounts.clear(keys.account);
    this.#addresses.forgive(keys.address);
    this.announce({ sessionIds: done.ended, personId: done.personId, why: 'password' });
  }

  /** Ends this session, or all of the person's. Returns those that ended. */
  async signOut(who: Who, which: 'this' | 'all'): Promise<string[]> {
    const nowMs = this.#nowMs();
    const why = which === 'all' ? 'everywhere' : 'signed-out';
    const ended = await this.#at.db.kysely.transaction().execute(async (trx) => {
      const ids =
        which === 'all'
          ? await endAllSessions(trx, who.personId, why, nowMs)
          : await endSessions(trx, [who.sessionId], why, nowMs);
      await append(trx, {
        atMs: nowMs,
        actor: plainActor(who),
        action: 'session.close' satisfies Deed,
        outcome: 'done',
        subject: { kind: 'session', id: who.sessionId },
        detail: { which, ended: ids.length },
      });
      return ids;
    });
    this.announce({ sessionIds: ended, personId: who.personId, why });
    return ended;
  }

  /** Changes the caller's own password and ends the other sessions. A wrong present one is throttled like a sign-in. */
  async changePassword(who: Who, present: string, next: string): Promise<void> {
    const { kysely } = this.#at.db;
    await this.checkPassword(who, present, 'password.change');
    const hash = await newPasswordHash(next, who.name);
    const nowMs = this.#nowMs();
    const ended = await kysely.transaction().execute(async (trx) => {
      await trx.updateTable('person').set({ password_hash: hash }).where('id', '=', who.personId).execute();
      const ids = await endAllSessions(trx, who.personId, 'password', nowMs, who.sessionId);
      await append(trx, {
        atMs: nowMs,
        actor: plainActor(who),
        action: 'password.change' satisfies Deed,
        outcome: 'done',
        subject: { kind: 'person', id: who.personId, name: who.name },
        detail: { sessionsEnded: ids.length },
      });
      return ids;
    });
    this.announce({ sessionIds: ended, personId: who.personId, why: 'password' });
  }

  async sessionsOf(who: Who) {
    return runningSessions(this.#at.db.kysely, who.personId);
  }

  /** Ends what is over by age, idleness or because the account fell inert, so that its views end too. */
  async sweep(): Promise<void> {
    const nowMs = this.#nowMs();
    const { kysely } = this.#at.db;
    const overdue = (await overdueSessions(kysely, nowMs)).map((over) => ({
      ...over,
      why: over.expires.getTime() <= nowMs ? ('expired' as const) : ('idle' as const),
    }));
    const inert = (await inertSessions(kysely, nowMs)).map((one) => ({ ...one, why: 'inert' as const }));
    await this.#endSwept([...inert, ...overdue], nowMs);
    const nextMs = await nextInertMs(kysely, nowMs, nowMs + sweepEveryMs);
    clearTimeout(this.#inertTimer);
    if (nextMs === null || this.#isClosing) return;
    this.#inertTimer = setTimeout(() => this.#sweepSoon(), nextMs - nowMs);
    this.#inertTimer.unref();
  }

  async #endSwept(
    swept: readonly { id: string; person_id: string; name: string; why: EndedWhy }[],
    nowMs: number,
  ): Promise<void> {
    for (const { why, ...over } of swept) {
      const sessionIds = await this.#at.db.kysely.transaction().execute(async (trx) => {
        const ids = await endSessions(trx, [over.id], why, nowMs);
        if (ids.length === 0) return ids;
        await append(trx, {
          atMs: nowMs,
          actor: system,
          action: 'session.expire' satisfies Deed,
          outcome: 'done',
          subject: { kind: 'session', id: over.id, name: over.name },
          detail: { why },
        });
        return ids;
      });
      this.announce({ sessionIds, personId: over.person_id, why });
    }
  }

  // ---- ends, heard by whoever holds views open

  /** `listener` hears of sessions as they end, after the commit. Returns the way to stop listening. */
  onEnded(listener: (ended: Ended) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** For whoever ended sessions in a transaction of their own, after its commit. */
  announce(ended: Ended): void {
    if (ended.sessionIds.length === 0) return;
    for (const listener of this.#listeners) {
      try {
        listener(ended);
      } catch (error) {
        this.#at.log.error({ error: sayError(error) }, 'a listener for ended sessions failed');
      }
    }
  }

  // ---- set-up

  async unit(): Promise<{ id: string; name: string } | null> {
    const row = await this.#at.db.kysely.selectFrom('unit').select(['id', 'name']).executeTakeFirst();
    return row ?? null;
  }

  /** Refuses a set-up code that is wrong, and throttles guessing at it like a password. */
  async checkSetUpCode(code: string, given: string, from: string): Promise<void> {
    const account = '\u0000set-up';
    await this.#throttle({ account, address: addressKey(from) }, this.anonymous(from), 'setup');
    if (!sameSecret(code, given.trim().toUpperCase())) refuse('setup.code');
    this.#accounts.clear(account);
    this.#addresses.forgive(addressKey(from));
  }

  /** Makes the unit, the first person and the first site in one transaction; of two at once, one wins. */
  async setUp(given: SetUp): Promise<{ person: Person; siteId: string; session: OpenedSession }> {
    if (await this.unit()) refuse('setup.done');
    const passwordHash = await newPasswordHash(given.password, given.name);
    const nowMs = this.#nowMs();
    return this.#at.db.kysely.transaction().execute(async (trx) => {
      const won = await trx
        .insertInto('unit')
        .values({ id: newId('unit', nowMs), name: given.unit, created: new Date(nowMs) })
        .onConflict((conflict) => conflict.column('one').doNothing())
        .returning('id')
        .executeTakeFirst();
      if (!won) refuse('setup.done');
      // One person alone must be able to try everything on the first evening; the console says so and asks to
      // part the roles later. The ledger is the exception: whoever administers does not read it.
      const person = await addPerson(trx, this.systemGrant('person.configure', { kind: 'person' }), {
        name: given.name,
        displayName: given.name,
        roles: ['administrator', 'watcher', 'approver'],
        passwordHash,
      });
      const siteGrant = this.systemGrant('site.configure', { kind: 'site', name: given.site });
      const siteId = await given.firstSite(trx, siteGrant, given.site);
      await this.#declare(trx, person);
      const { from, agent } = given;
      const session = await openSession(trx, { personId: person.id, kind: 'cookie', from, agent, nowMs });
      await append(trx, {
        atMs: nowMs,
        actor: { personId: person.id, name: person.name, sessionId: session.id, from },
        action: 'setup' satisfies Deed,
        outcome: 'done',
        subject: { kind: 'unit', id: won.id, name: given.unit },
        detail: { site: given.site, siteId, roles: person.roles, declared: foundingDays },
      });
      return { person, siteId, session };
    });
  }

  /** Nobody can have vetted the first person: who sets up says so, and has a month to bring the records in. */
  async #declare(trx: Transaction<Tables>, { id: personId, name }: Person): Promise<void> {
    const grant = this.systemGrant('person.configure', { kind: 'person', id: personId, name });
    const said =
      '初始设置时声明：已接受审查、保密教育和岗位培训 / Declared at the set-up: vetted and trained';
    await addFounding(trx, grant, { personId, said });
  }

  #nowMs(): number {
    return this.#at.clock.wallMs();
  }
}

/** The article behind a rule of the gate, where it is not the house's own. */
const lawOf = (rule: string) =>
  rule === 'person-is-inert'
    ? { instrument: '公共安全视频图像信息系统管理条例 (State Council Order 799)', article: '16(2)(1)' }
    : {};

/** Who acts, without what only the gate needs to know. */
export function plainActor(caller: Actor): Actor {
  const { personId, name, sessionId, from } = caller;
  return { personId, name, sessionId, from };
}

/** Refuses a weak one; else its hash, which takes some 40 ms: make it before a transaction, not inside. */
export async function newPasswordHash(password: string, name: string): Promise<string> {
  checkNewPassword(password, name);
  return hashPassword(password);
}
