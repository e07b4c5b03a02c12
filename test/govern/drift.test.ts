/** Drift and the look at a PDF, pure: whatever was changed and changed back, and whatever bytes come. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Content, differences, isPdf, type SeenChange, sinceOf } from '../../src/govern/index.ts';
import { pdfOf } from './pdf.ts';

type Device = Content['devices'][number];
const device = (id: number, azimuthDeg: number): Device => ({
  ...{ id: `cam_${String(id).padStart(22, '0')}`, name: `${id}`, room: 'hall', zone: 'public', turns: false },
  ...{ purpose: 'public-safety', sound: false, capabilities: [], lat: 41.8, lon: 123.4, azimuthDeg },
  ...{ angleDeg: 90, rangeM: 30, since: '2026-11-02' },
});
const placeOf = ({ lat, lon, azimuthDeg, angleDeg, rangeM, room }: Device) => ({
  ...{ room, rangeM, angleDeg, azimuthDeg, lon, lat },
});
const tells = (devices: readonly Device[]): Content =>
  ({
    unit: { name: 'a', creditCode: '', address: '', legalPerson: '', contact: '', phone: '' },
    site: { name: 's', address: '', placeType: 'school', placeClass: 'art7.2-operator', owner: 'operator' },
    system: { storage: { n: 30, unit: 'day' }, personResponsible: null, stoppedOn: null },
    devices,
  }) as unknown as Content;

/** What happens to one camera after it was filed looking at 0°, one act a second. */
const acts = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('turn' as const), to: fc.constantFrom(0, 90, 180) }),
    fc.constant({ kind: 'leave' as const }),
    fc.constant({ kind: 'return' as const }),
  ),
  { maxLength: 12 },
);

test('a camera differs since the act that left what was filed, and not at all when it is as filed', () => {
  fc.assert(
    fc.property(acts, (all) => {
      const filed = device(1, 0);
      const seen: SeenChange[] = [];
      let [now, isThere] = [filed, true];
      let [turnedMs, goneMs]: [number | null, number | null] = [null, null];
      all.forEach((act, i) => {
        const atMs = (i + 1) * 1000;
        const note = (field: string, value: unknown) => seen.push({ field, cameraId: filed.id, atMs, value });
        if (act.kind === 'turn') {
          if (!isThere || now.azimuthDeg === act.to) return;
          now = device(1, act.to);
          note('camera-moved', placeOf(now));
          turnedMs = act.to === 0 ? null : (turnedMs ?? atMs);
        } else if ((act.kind === 'leave') === isThere) {
          isThere = !isThere;
          note(isThere ? 'camera-added' : 'camera-removed', isThere);
          goneMs = isThere ? null : atMs;
        }
      });
      const found = differences(tells([filed]), tells(isThere ? [now] : []));
      if (!isThere) {
        assert.deepEqual(
          found.map(({ field }) => field),
          ['camera-removed'],
        );
        assert.equal(sinceOf(found[0]!, seen), goneMs);
      } else if (turnedMs === null) assert.deepEqual(found, []);
      else {
        assert.deepEqual(
          found.map(({ field }) => field),
          ['camera-moved'],
        );
        assert.equal(sinceOf(found[0]!, seen), turnedMs);
      }
    }),
    { numRuns: 500 },
  );
});

test('a camera that nobody saw change has no moment, and a new one is added', () => {
  const [added] = differences(tells([]), tells([device(2, 0)]));
  assert.equal(added?.field, 'camera-added');
  assert.equal(sinceOf(added!, []), null);
});

test('no bytes make the look at a PDF fail, and a PDF with its end cut off is none', () => {
  const whole = pdfOf('paper');
  assert.ok(isPdf(whole));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => !isPdf(bytes)));
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: whole.length - 1 }),
      (cut) => !isPdf(whole.subarray(0, whole.length - 1 - cut)),
    ),
  );
});
