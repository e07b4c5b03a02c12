/** The mover: the process that carries closed segments into buckets. Started by the supervisor when there is one to carry. */
import { sayError, systemClock } from '../../base/index.ts';
import { type Child, type MediaConnection, runChild } from '../ipc.ts';
import { knowBucket } from './access.ts';
import { type CarryAnswer, type CarryOrder, carry } from './carry.ts';
import { BucketFault } from './problem.ts';

/** One segment at a time for each bucket would leave the line idle while the other end thinks. */
const atOnce = 4;

runChild({
  start(child: Child) {
    const ending = new AbortController();
    let underWay = 0;
    const carryOne = async (order: CarryOrder): Promise<CarryAnswer> => {
      if (underWay >= atOnce) return { ok: false, problem: null, why: 'the mover is busy', retry: true };
      underWay++;
      try {
        return { ok: true, ...(await carry(order, systemClock, ending.signal)) };
      } catch (error) {
        child.log.warn({ path: order.path, problem: sayError(error) }, 'a segment was not carried');
        if (!(error instanceof BucketFault))
          return { ok: false, problem: null, why: sayError(error), retry: true };
        return { ok: false, problem: error.problem, why: error.message, retry: error.retry };
      } finally {
        underWay--;
      }
    };
    return {
      asks: { carry: carryOne },
      tells: { bucket: ({ volumeId, access }) => knowBucket(volumeId, access) },
      serve: (connection: MediaConnection) => connection.socket.destroy(),
      close: async () => ending.abort(),
    };
  },
});
