/** Where a camera may be, who may own it, and what is missing for its next step. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type CameraFacts,
  cameraSteps,
  collect,
  interiorObjection,
  mandatoryBecause,
  objectionsTo,
  placeClass,
  placeTypes,
  profiles,
  type Room,
  recordKinds,
  rooms,
  rule,
  type SiteFacts,
} from '../../src/law/index.ts';
import { beside, camera, gate, school, square, today } from './support/facts.ts';

const codes = (site: SiteFacts, one: CameraFacts, step: CameraFacts['step'] = 'operating') =>
  objectionsTo(step, site, one, today).map(({ code, what }) => `${code} ${what}`);
const without = (kind: string, of: CameraFacts = camera): CameraFacts => ({
  ...of,
  records: Object.fromEntries(Object.entries(of.records).filter(([each]) => each !== kind)),
});

describe('a camera in order', () => {
  it('may take every step', () => {
    for (const step of cameraSteps) assert.deepEqual(codes(school, camera, step), []);
  });
});

describe('prohibited interiors', () => {
  it('T13: a lactation room is refused at every step, whatever consent stands on record', () => {
    const planned: CameraFacts = {
      ...camera,
      room: 'lactation-room',
      records: { ...camera.records, 'second-approval': { on: today, text: "owner's consent" } },
    };
    for (const step of cameraSteps.filter((each) => each !== 'retired')) {
      const [first] = objectionsTo(step, school, planned, today);
      assert.equal(first?.code, 'prohibited-interior');
      assert.equal(first?.because[0]?.answer.cite.article, '8(1)(3)');
    }
  });

  it('the table of forbidden rooms is the table of the book, profile by profile', () => {
    const banned = (id: string) =>
      Object.keys(rooms).filter((room) => {
        const of = profiles.filter((profile) => profile.id === id);
        return rule(collect.prohibitedInterior, of, today).value?.includes(room);
      });
    const everywhere = 'guest-room student-dormitory-room bath toilet changing-room other-private'.split(' ');
    assert.deepEqual(
      new Set(banned('cn-national')),
      new Set([
        ...everywhere,
        ...['private-dining-room', 'staff-dormitory-room', 'staff-rest-room', 'lactation-room'],
        'fitting-room',
      ]),
    );
    assert.deepEqual(
      new Set(banned('cn-qingdao')),
      new Set([
        ...everywhere,
        ...['staff-dormitory-room', 'staff-rest-room', 'fitting-room', 'office-interior', 'ward'],
        'residential-hallway-or-window',
      ]),
    );
    assert.deepEqual(new Set(banned('cn-liaoning')), new Set(everywhere));
    assert.deepEqual(banned('school-policy'), ['classroom', 'student-dormitory-room', 'other-private']);
    assert.deepEqual(banned('company-policy'), ['toilet', 'changing-room']);
    assert.deepEqual(banned('smart-city'), ['other-private']);
  });

  it('an office is forbidden in Qingdao and not in Liaoning', () => {
    const ask = (profile: string) =>
      interiorObjection({ profiles: [profile], keyTarget: false }, 'office-interior', today);
    assert.equal(ask('cn-qingdao')?.code, 'prohibited-interior');
    assert.equal(ask('cn-liaoning'), null);
  });

  it('every room that a profile forbids has a name in both languages', () => {
    for (const profile of profiles)
      for (const { value } of profile.answers[collect.prohibitedInterior.id] ?? [])
        for (const room of value as readonly string[]) assert.ok(room in rooms, `${profile.id}: ${room}`);
  });
});

describe('who may own a system', () => {
  it('roads are the government’s, listed places their operator’s, and nobody else installs there', () => {
    const road: SiteFacts = { ...school, placeClass: 'art7.1-government' };
    assert.deepEqual(codes(road, camera, 'planned'), ['owner government']);
    assert.deepEqual(codes(school, { ...camera, owner: 'other' }, 'planned'), ['owner operator']);
    assert.deepEqual(codes({ ...road, owner: 'government' }, camera, 'planned'), []);
  });

  it('in a shop whoever has a duty to keep it safe may, and says on what the duty rests', () => {
    const shop: SiteFacts = { ...school, placeClass: 'art9-other-public', owner: 'security-duty-holder' };
    assert.deepEqual(codes(shop, camera, 'approved'), ['missing security-duty-basis']);
    assert.deepEqual(codes({ ...shop, owner: 'other' }, camera, 'planned'), [
      'owner operator security-duty-holder',
    ]);
  });
});

describe('protected neighbours', () => {
  const zone = {
    id: 'zone',
    name: '某部',
    kind: 'military' as const,
    outline: square(0, 90, 50),
    withinM: 100,
  };
  const guarded: SiteFacts = { ...school, neighbours: [zone] };

  it('T14: forty metres from a military zone without its consent a camera is refused', () => {
    const [objection] = objectionsTo('approved', guarded, camera, today);
    assert.equal(objection?.code, 'neighbour');
    assert.ok(Math.abs((objection?.awayM ?? 0) - 40) < 0.5);
    assert.equal(objection?.because[0]?.answer.cite.article, '10');
  });

  it('with consent it may, until the consent ends', () => {
    const consented = (until: string): CameraFacts => ({
      ...camera,
      records: { ...camera.records, 'neighbour-consent': { on: '2026-01-01', until } },
    });
    assert.deepEqual(codes(guarded, consented('2027-01-01')), []);
    assert.deepEqual(codes(guarded, consented('2026-11-21')), ['neighbour zone']);
  });

  it('farther away nothing is asked, and who does not say where the camera is, is asked', () => {
    assert.deepEqual(codes(guarded, { ...camera, at: beside(0, -200) }), []);
    assert.deepEqual(codes(guarded, { ...camera, at: null }), ['position-unknown cam-1']);
  });
});

describe('windows, doors and private areas', () => {
  const drawn: SiteFacts = {
    ...school,
    privateAreas: [
      { id: 'window', kind: 'window', outline: [beside(-2, 20), beside(2, 20)] },
      { id: 'behind', kind: 'private-area', outline: square(0, -20, 4) },
    ],
  };

  it('a window in view needs a mask before the camera operates; a room behind it does not', () => {
    assert.deepEqual(codes(drawn, camera), ['mask window']);
    assert.deepEqual(codes(drawn, { ...camera, masked: ['window'] }), []);
    assert.deepEqual(codes(drawn, { ...camera, at: gate, turns: true }), ['mask window', 'mask behind']);
    assert.deepEqual(codes(drawn, camera, 'installed'), []);
  });

  it('a view that nobody has told counts as one that may show it', () => {
    assert.deepEqual(codes(drawn, { ...camera, rangeM: null }), ['position-unknown cam-1']);
  });
});

describe('what must be there first', () => {
  it('without sign, notice, class, necessity or a finished trial nothing operates', () => {
    assert.deepEqual(codes(school, without('sign')), ['missing sign']);
    assert.deepEqual(codes({ ...school, records: {} }, camera), ['missing public-notice']);
    assert.deepEqual(codes(school, without('necessity')), ['missing necessity']);
    const late = { ...camera, records: { ...camera.records, 'trial-run': { on: '2026-11-01' } } };
    assert.deepEqual(codes(school, late), ['missing trial-run']);
    assert.ok(codes({ ...school, placeClass: null }, camera).includes('missing place-class'));
  });

  it('a necessity whose review is overdue is stale', () => {
    const stale = {
      ...camera,
      records: { ...camera.records, necessity: { on: '2025-01-05', until: '2026-01-05' } },
    };
    assert.deepEqual(codes(school, stale), ['stale necessity']);
  });

  it('sound needs a basis, and in Korea there is none', () => {
    assert.deepEqual(codes(school, { ...camera, sound: true }), ['missing sound-basis']);
    const korea: SiteFacts = { ...school, profiles: ['kr'] };
    assert.deepEqual(codes(korea, { ...camera, sound: true }), ['sound-forbidden cam-1']);
  });

  it('a camera for penalties is reviewed by law and by technique, and its place is published', () => {
    assert.deepEqual(codes(school, { ...camera, purpose: 'enforcement' }), [
      'missing legal-review',
      'missing technical-review',
      'missing published-places',
    ]);
  });

  it('a company retires no camera without proof of destruction; the law alone does not ask', () => {
    const company: SiteFacts = { ...school, profiles: ['cn-national', 'company-policy'] };
    assert.deepEqual(codes(company, camera, 'retired'), ['missing destruction']);
    assert.deepEqual(codes(school, camera, 'retired'), []);
  });
});

it('whatever a register holds, no camera operates in a forbidden room, without sign, class or fresh necessity', () => {
  const day = fc.constantFrom('2024-01-01', '2026-01-01', '2026-11-22', '2027-06-01');
  const recorded = fc.record({ on: day, until: day }, { requiredKeys: ['on'] });
  const records = fc.dictionary(fc.constantFrom(...Object.keys(recordKinds)), recorded, { maxKeys: 60 });
  const anyCamera = fc.record({
    room: fc.constantFrom(null, ...(Object.keys(rooms) as Room[])),
    records: fc.oneof(records, fc.constant(camera.records)),
    sound: fc.boolean(),
  });
  const anySite = fc.record({
    profiles: fc
      .subarray(['cn-liaoning', 'cn-qingdao', 'school-policy', 'hotel', 'smart-city'])
      .map((some) => ['cn-national', ...some]),
    placeClass: fc.constantFrom(
      null,
      'art7.1-government' as const,
      'art7.2-operator' as const,
      'art9-other-public' as const,
    ),
    records: fc.oneof(records, fc.constant(school.records)),
    owner: fc.constantFrom(null, 'operator' as const, 'government' as const),
  });
  fc.assert(
    fc.property(anySite, anyCamera, (someSite, someCamera) => {
      const [site, one] = [{ ...school, ...someSite }, { ...camera, ...someCamera } as CameraFacts];
      if (objectionsTo('operating', site, one, today).length > 0) return;
      assert.equal(interiorObjection(site, one.room, today), null);
      assert.ok(one.room !== null && site.placeClass !== null);
      assert.ok((one.records.sign?.on ?? '9999') <= today);
      const { necessity } = one.records;
      assert.ok(necessity && necessity.on <= today && (necessity.until ?? '9999') >= today);
      assert.ok(!one.sound || one.records['sound-basis']);
    }),
    { numRuns: 500 },
  );
});

describe('the class of a place', () => {
  it('a school is named by the law, with the article', () => {
    const { class: found, because } = placeClass({ ...school, placeClass: null }, today);
    assert.equal(found, 'art7.2-operator');
    assert.equal(because[0]?.reasons[0]?.answer.cite.article, '7(2)(1)');
  });

  it('T6: a hotel is not named, so its class is a recorded decision and the trace says so', () => {
    const hotel: SiteFacts = { ...school, placeType: 'hotel', placeClass: null };
    const open = placeClass(hotel, today);
    assert.equal(open.class, null);
    assert.deepEqual(
      open.because[0]?.reasons.map(({ profile }) => profile),
      ['cn-liaoning'],
    );
    const decided = placeClass({ ...hotel, placeClass: 'art9-other-public' }, today);
    assert.equal(decided.class, 'art9-other-public');
    assert.ok(!decided.contradicts);
    assert.match(decided.because.at(-1)?.says.en ?? '', /Decided on 2026-01-05/);
  });

  it('a school that was decided to be another public place contradicts the law, and is shown so', () => {
    assert.ok(placeClass({ ...school, placeClass: 'art9-other-public' }, today).contradicts);
    assert.ok(!placeClass(school, today).contradicts);
  });

  it('every place that a law names is a kind of place that can be chosen', () => {
    const known = new Set(placeTypes.map(({ id }) => id));
    for (const profile of profiles)
      for (const { value } of profile.answers[collect.mandatoryPlace.id] ?? [])
        for (const type of value as readonly string[]) assert.ok(known.has(type), `${profile.id}: ${type}`);
  });

  it('which law makes a place mandatory is said: a bank by Liaoning and Qingdao, a corner shop by none', () => {
    const who = (placeType: string, ...ids: string[]) =>
      mandatoryBecause({ profiles: ids, placeType }, today).map(({ profile }) => profile);
    assert.deepEqual(who('finance', 'cn-liaoning', 'cn-qingdao'), ['cn-liaoning', 'cn-qingdao']);
    assert.deepEqual(who('finance', 'cn-national'), []);
    assert.deepEqual(who('other-public', 'cn-liaoning', 'cn-qingdao'), []);
  });
});
