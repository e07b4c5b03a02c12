/**
 * What the law looks at in a site and in a camera: the facts that the registers keep and every judgement reads. Days
 * are of the site's own calendar, positions are WGS-84. Nobody here knows where a fact is stored.
 *
 * Three kinds of facts beside the plain ones: what **stands on record** (`records`: the last one of each kind), what is
 * **open** (`open`: how many and since when; a kind that is absent has not been counted, which is not "none"), and what
 * was **filed**. A duty that reads a fact nobody has told is *not yet known*, never met.
 */
import type { Day, Period } from './calendar.ts';
import type { PlaceClass } from './clause.ts';
import type { Point } from './geometry.ts';
import type { OpenKind, RecordKind } from './records.ts';
import type { Room } from './rooms.ts';

/** Something that stands on record. */
export interface Recorded {
  /** The day it is of: when the photo was taken, the agreement signed, the audit made. */
  readonly on: Day;
  /** The last day on which it holds, where it says so itself: an agreement's end. */
  readonly until?: Day;
  /** What it says, in few words: the necessity, the basis. */
  readonly text?: string;
  /** Of the document in the archive. */
  readonly documentId?: string;
  readonly by?: string;
}
export type Records = Readonly<Partial<Record<RecordKind, Recorded>>>;

/** How many are open and since when the oldest one is; `count: 0` says that it was looked at and there is none. */
export interface OpenItems {
  readonly count: number;
  readonly since: Day | null;
}
export type Open = Readonly<Partial<Record<OpenKind, OpenItems>>>;

/** Who runs a system: decides whether they may (Order 799, arts 7 and 9). */
export const ownerKinds = ['government', 'operator', 'security-duty-holder', 'other'] as const;
export type OwnerKind = (typeof ownerKinds)[number];

export const siteFunctions = ['collect', 'transmit', 'display', 'store'] as const;
export type SiteFunction = (typeof siteFunctions)[number];

/** A military zone or a unit that keeps state secrets: how near is near the law does not say, so the register does. */
export interface ProtectedNeighbour {
  readonly id: string;
  readonly name: string;
  readonly kind: 'military' | 'secret-unit';
  /** An area of three points or more, a line of two, or one point. */
  readonly outline: readonly Point[];
  readonly withinM: number;
}

/** A window, a door or a private area drawn on the plan: a camera that sees it needs a mask. */
export interface PrivateArea {
  readonly id: string;
  readonly kind: 'window' | 'door' | 'private-area';
  readonly outline: readonly Point[];
}

/** What of a filing changed afterwards. `stop` is the end of use. */
export const filedFields = [
  'unit',
  'address',
  'camera-added',
  'camera-removed',
  'camera-moved',
  'camera-type',
  'storage-period',
  'person-responsible',
  'stop',
] as const;
export type FiledField = (typeof filedFields)[number];
export interface FiledChange {
  readonly field: FiledField;
  readonly on: Day;
  readonly cameraId?: string;
}

export interface FilingFacts {
  /** `none`: never filed. `returned`: sent back with reasons, so the clock still runs. */
  readonly state: 'none' | 'submitted' | 'returned' | 'accepted';
  readonly submittedOn: Day | null;
  readonly acceptedOn: Day | null;
  readonly returnedOn: Day | null;
  /** What differs now from what was filed last, each since the day of the change; empty when all is as filed. */
  readonly unfiled: readonly FiledChange[];
  /** Devices as filed; null: not filed. */
  readonly filedCameras: number | null;
}

/** A main project and its video system: designed, built and put into use together. */
export interface ProjectFacts {
  readonly mainInUseOn: Day | null;
  readonly systemInUseOn: Day | null;
}

export interface SiteFacts {
  readonly id: string;
  readonly name: string;
  /** As the site names them; parents are added by `profilesOf`. */
  readonly profiles: readonly string[];
  readonly placeType: string | null;
  /** The recorded decision; null: nobody has decided. */
  readonly placeClass: PlaceClass | null;
  readonly keyTarget: boolean;
  readonly owner: OwnerKind | null;
  readonly functions: readonly SiteFunction[];
  readonly area: readonly Point[];
  /** Put into use (投入使用): the first day on which any camera of it recorded for its purpose. */
  readonly liveSince: Day | null;
  readonly stoppedOn: Day | null;
  readonly project: ProjectFacts | null;
  readonly filing: FilingFacts;
  /** Null: no longer than the law asks for. */
  readonly keeps: Period | null;
  readonly neighbours: readonly ProtectedNeighbour[];
  readonly privateAreas: readonly PrivateArea[];
  readonly records: Records;
  readonly open: Open;
}

/** The life of a camera, in order; suspended and back to operating, and retired from any step. */
export const cameraSteps = [
  'planned',
  'approved',
  'installed',
  'tested',
  'operating',
  'suspended',
  'retired',
] as const;
export type CameraStep = (typeof cameraSteps)[number];

export const cameraPurposes = ['public-safety', 'enforcement', 'other'] as const;
export type CameraPurpose = (typeof cameraPurposes)[number];

export const capabilities = ['high-definition', 'wide-dynamic-range', 'night-vision'] as const;
export type Capability = (typeof capabilities)[number];

export interface CameraFacts {
  readonly id: string;
  readonly name: string;
  readonly siteId: string;
  readonly step: CameraStep;
  /** The first day of operating; null: it never did. */
  readonly operatingSince: Day | null;
  /** Null: nobody has said what kind of room it is in. */
  readonly room: Room | null;
  /** Private: an area that is not open to the public (seed policy; asks for a second approval). */
  readonly zone: 'public' | 'private';
  /** Null: as the site's. */
  readonly owner: OwnerKind | null;
  readonly purpose: CameraPurpose;
  readonly at: Point | null;
  readonly azimuthDeg: number | null;
  readonly angleDeg: number | null;
  readonly rangeM: number | null;
  /** Turns and zooms: what it can see is its whole circle, unless an approved envelope says less. */
  readonly turns: boolean;
  /** Is sound recorded? */
  readonly sound: boolean;
  /** Private areas that its mask covers in what is served and what is stored. */
  readonly masked: readonly string[];
  readonly capabilities: readonly Capability[];
  readonly endOfSupport: Day | null;
  readonly records: Records;
  readonly open: Open;
}
