/** How the whole is: what `/api/health` says to anyone, in one word. */
import type { CameraRegister, CameraStates } from './collect/index.ts';
import type { Database } from './db/index.ts';
import type { Engine } from './engine/index.ts';
import type { LedgerTree } from './ledger/index.ts';
import type { Keeper, Volumes } from './store/index.ts';

export interface HealthOf {
  readonly db: Database;
  readonly ledger: LedgerTree;
  readonly engine: Engine;
  readonly keeper: Keeper;
  readonly cameras: CameraRegister;
  readonly states: CameraStates;
  readonly volumes: Volumes;
}

/** Rows that wait for seconds mean that the database does not take them. */
const manyRows = 1_000;

export function healthOf({
  db,
  ledger,
  engine,
  keeper,
  cameras,
  states,
  volumes,
}: HealthOf): 'ok' | 'degraded' {
  const isRestarting = !db.isUp || engine.processes().some(({ up, restarts }) => !up && restarts > 0);
  const isInTrouble = cameras.all().some((camera) => ['trouble', 'no-video'].includes(states.status(camera)));
  const isUnwitnessed = ledger.cosignatures.states().some(({ isSilent }) => isSilent);
  const isContradicted = ledger.halted !== null || isUnwitnessed;
  const isStorageInTrouble = volumes.states().some(({ away, rung }) => away !== null || rung >= 3);
  return isStorageInTrouble || isRestarting || isContradicted || isInTrouble || keeper.waiting > manyRows
    ? 'degraded'
    : 'ok';
}
