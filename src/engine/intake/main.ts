/** An intake process: up to 64 cameras, their recorders and their live viewers. Started by the supervisor. */
import { systemClock } from '../../base/index.ts';
import { type Child, type MediaConnection, runChild } from '../ipc.ts';
import { Intake } from './intake.ts';

runChild({
  start(child: Child) {
    const intake = new Intake(child, systemClock);
    return {
      asks: intake.asks,
      tells: intake.tells,
      serve: (connection: MediaConnection) => intake.serve(connection),
      close: (gap) => intake.close(gap),
    };
  },
});
