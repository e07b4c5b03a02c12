/** A site and a camera of the register as the pure functions of the law read them. */
import type { z } from 'zod';
import type { collect } from '../../../src/contract/index.ts';
import {
  type CameraFacts,
  isRoom,
  objectionsTo,
  type PrivateArea,
  privateAreasSeen,
  type Reason,
  type SiteFacts,
} from '../../../src/law/index.ts';

export type Site = z.output<typeof collect.site>;
type Camera = z.output<typeof collect.camera>;

/** What is not in the register's reply is not asked of here. */
export const siteFactsOf = ({ id, name, law }: Site): SiteFacts => ({
  ...law,
  ...{
    id,
    name,
    placeClass: law.placeClass as SiteFacts['placeClass'],
    records: law.records as SiteFacts['records'],
  },
  ...{ liveSince: null, stoppedOn: null, project: null, keeps: null, open: {} },
  filing: {
    ...{
      state: 'none',
      submittedOn: null,
      acceptedOn: null,
      returnedOn: null,
      unfiled: [],
      filedCameras: null,
    },
  },
});

type Facts = Camera['facts'];
export const cameraFactsOf = (camera: {
  readonly id: string;
  readonly name: string;
  readonly siteId: string;
  readonly step: CameraFacts['step'];
  readonly facts: Facts;
  readonly records: Camera['records'];
}): CameraFacts => {
  const { room, position, ...facts } = camera.facts;
  return {
    ...facts,
    ...{ id: camera.id, name: camera.name, siteId: camera.siteId, step: camera.step, operatingSince: null },
    ...{ room: room !== null && isRoom(room) ? room : null, at: position, sound: false, open: {} },
    records: camera.records as CameraFacts['records'],
  };
};

/** Drawn areas that a camera sees without a mask, with the rules that demand one. */
export function unmasked(
  site: SiteFacts,
  camera: CameraFacts,
  day: string,
): readonly { readonly area: PrivateArea; readonly because: readonly Reason[] }[] {
  const seen = privateAreasSeen(site, camera);
  if (seen.length === 0) return [];
  return objectionsTo('operating', site, camera, day).flatMap(({ code, what, because }) => {
    const area = code === 'mask' ? seen.find(({ id }) => id === what) : undefined;
    return area ? [{ area, because }] : [];
  });
}
