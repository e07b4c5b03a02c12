/** What a filing tells, made of the register; what it must tell and does not; and its one canonical form. Pure. */
import { createHash } from 'node:crypto';
import { filing as form } from '../contract/index.ts';
import { chainOf, type Day, govern, lawFacts, type Reason, rule } from '../law/index.ts';
import { canonicalJson } from '../ledger/index.ts';
import type { Registered } from './register.ts';

export type Content = form.Content;
export type FilingKind = Content['filing']['kind'];

export interface Head {
  readonly id: string;
  readonly no: number;
  readonly kind: FilingKind;
  readonly key: string;
  readonly changes: Content['changes'];
  readonly attested: Content['attested'];
}

export function contentOf(of: Registered, head: Head): Content {
  const { facts, timeZone } = of.lawful;
  const { changedMs: _at, changedBy: _by, ...unit } = of.unit;
  const { id, name, placeType, placeClass, owner, keyTarget, profiles, functions } = facts;
  const devices = [...of.devices];
  const turning = devices.filter(({ turns }) => turns).length;
  return {
    form: 'custos.filing/1',
    filing: { id: head.id, no: head.no, kind: head.kind },
    ...{ key: head.key, organ: of.organ, unit, devices },
    site: {
      ...{ id, name, address: of.address, timeZone, placeType, placeClass, owner, keyTarget },
      ...{ profiles: [...profiles], functions: [...functions] },
    },
    system: {
      ...{ usedSince: of.liveSince, stoppedOn: of.stoppedOn, storage: of.storage },
      personResponsible: facts.records['person-responsible']?.text ?? null,
      ...{ cameras: devices.length, fixed: devices.length - turning, turning },
      withSound: devices.filter(({ sound }) => sound).length,
    },
    documents: of.documents
      .map(({ kind, name: title, on, sha256, bytes }) => ({ kind, name: title, on, sha256, bytes }))
      .sort((a, b) => (a.kind < b.kind ? -1 : 1))
      .slice(0, form.maxDocuments),
    changes: head.changes,
    rules: rulesOf(of, of.today),
    attested: head.attested,
  };
}

/** Which articles ask for it. */
function rulesOf({ lawful: { facts: site } }: Registered, day: Day): Content['rules'] {
  const [chain, facts] = [chainOf(site), lawFacts(site)];
  const asked = [govern.fileAfterGoLive, govern.fileChange, govern.filingFields, govern.filingDocuments];
  const rules = asked.flatMap((clause) => {
    try {
      return rule(clause, chain, day, facts).because.map(citeOf);
    } catch {
      // A period of a year without a calendar cannot be compared; the others are named all the same.
      return [];
    }
  });
  const seen = new Set<string>();
  return rules.filter(({ instrument, article }) => {
    const name = `${instrument} ${article}`;
    return !seen.has(name) && seen.add(name);
  });
}

const citeOf = ({ answer: { cite } }: Reason) => ({ instrument: cite.instrument, article: cite.article });

/** Made by this form itself, not added. */
const printed: ReadonlySet<string> = new Set(['registration-form']);

/** Documents that the law of the day asks of this site. */
export function documentsAsked({ profiles, keyTarget, placeClass, placeType }: Asked, day: Day): string[] {
  const facts = {
    ...(placeClass === null ? {} : { placeClass: placeClass as never }),
    ...(placeType === null ? {} : { placeType }),
    keyTarget,
  };
  return [...(rule(govern.filingDocuments, chainOf({ profiles, keyTarget }), day, facts).value ?? [])];
}
type Asked = Pick<Content['site'], 'profiles' | 'keyTarget' | 'placeClass' | 'placeType'>;

export const missingDocuments = ({ site, documents }: Content, day: Day): string[] =>
  documentsAsked(site, day).filter(
    (kind) => !printed.has(kind) && !documents.some((each) => each.kind === kind),
  );

/** The four groups of Order 799, art. 14(1): the unit, where, how many of what kind, how long it is kept. */
export function missingFacts({ unit, site, system, devices, organ }: Content): string[] {
  const no: string[] = [];
  for (const key of ['creditCode', 'address', 'legalPerson', 'contact', 'phone'] as const)
    if (unit[key] === '') no.push(`unit.${key}`);
  if (site.address === '') no.push('site.address');
  if (site.placeType === null) no.push('site.placeType');
  if (organ === '') no.push('organ');
  if (system.usedSince === null) no.push('system.usedSince');
  if (system.storage === null) no.push('system.storage');
  if (devices.some(({ lat, lon }) => lat === null || lon === null)) no.push('devices.position');
  if (devices.some(({ room }) => room === null)) no.push('devices.room');
  return no;
}

export const textOf = (content: Content): string => canonicalJson(content);
export const digestOf = (text: string | Uint8Array): string =>
  createHash('sha256').update(text).digest('hex');

/** Of what a person reads before declaring it true: everything but who declares it. */
export const readDigest = (content: Content): string =>
  digestOf(canonicalJson({ ...content, attested: null }));

/** A frozen copy, as we wrote it ourselves. */
export const frozenContent = (text: string): Content => JSON.parse(text) as Content;
