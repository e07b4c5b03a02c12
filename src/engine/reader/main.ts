/** The reader process: everything that is read from stored footage. Started by the supervisor. */
import { systemClock } from '../../base/index.ts';
import { type Child, type MediaConnection, runChild } from '../ipc.ts';
import { Reader } from './reader.ts';

runChild({
  start(child: Child) {
    const reader = new Reader(child, systemClock);
    return {
      asks: reader.asks,
      tells: reader.tells,
      serve: (connection: MediaConnection) => reader.serve(connection),
      close: () => reader.close(),
    };
  },
});
