/** Floor 3: PostgreSQL, embedded or given, and the types of its tables. */
export { clusterBytes, copyCluster } from './backup.ts';
export { openBeside } from './beside.ts';
export { type Database, type DatabaseOptions, openDatabase, openKysely } from './database.ts';
export { brokenConstraint, isLockTimeout } from './pool.ts';
export { type DatabaseProbe, probeDatabase } from './probe.ts';
export type { Tables } from './tables.ts';
