/** Floor 11, HTTP: routes from endpoint values, sessions and persons, the console's files, errors as problems. */

export { type BucketParts, mountBuckets } from './buckets.ts';
export { type Called, isLoopback } from './caller.ts';
export { mountCompleteness } from './completeness.ts';
export { mountDesk } from './desk.ts';
export { mountDuties } from './duties.ts';
export { mountFiling } from './filing.ts';
export { mountGauges } from './gauges.ts';
export { type KeepingParts, mountKeeping } from './keeping.ts';
export { mountLedgerTree } from './ledger.ts';
export { contractEndpoints, openApi } from './openapi.ts';
export { languageOf, problemOf } from './problem.ts';
export { type Call, type Edge, type How, type Input, mount } from './route.ts';
export { createServer, type Server, type ServerOptions } from './server.ts';
export { mountVolumePages, type VolumeParts } from './storage.ts';
export type { StreamSource } from './stream.ts';
export type { UpgradeHandler } from './upgrades.ts';
export { mountVideo } from './video.ts';
export type { VideoParts } from './video-edge.ts';
