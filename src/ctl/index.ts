/** Floor 12: the commands of `npx custos`. */

export { backup } from './backup.ts';
export { type Command, type Terminal, Usage } from './command.ts';
export { doctor } from './doctor.ts';
export { fsck } from './fsck.ts';
export { keys } from './keys.ts';
export { openapi } from './openapi.ts';
export { person } from './person.ts';
export { restore } from './restore.ts';
export { witness } from './witness.ts';
