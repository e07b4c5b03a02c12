/** Floor 0: what stands on Node alone and is used by every floor above. */
export { BoundedMap, FactQueue } from './bounded.ts';
export { chance } from './chance.ts';
export { type Clock, rfc3339, systemClock } from './clock.ts';
export { childEnvironment } from './environment.ts';
export { assert, Fault, sayError } from './fault.ts';
export { idPattern, newId, timeOfId } from './ids.ts';
export { Lane } from './lane.ts';
export { type Log, noLog, openLog, withoutCredentials } from './log.ts';
export { type Because, Refusal, refuse } from './refusal.ts';
export { openSecretBox, type SecretBox } from './secret-box.ts';
export { newCode, newKey, newSecret } from './secrets.ts';
export { type Environment, findProgram, readSettings, type Settings, SettingsEnd } from './settings.ts';
export { machineUptime, type Uptime } from './uptime.ts';
