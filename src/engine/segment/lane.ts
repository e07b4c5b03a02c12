/**
 * Reading from a folder volume, with as many threads as one may hold (`threads.ts`), and never waiting much longer than
 * a viewer would: a disk that answers no more is an error then, while its threads go on waiting.
 */
import { Fault, Lane } from '../../base/index.ts';
import { threadsPerFolder } from '../threads.ts';

/** A disk that has to spin up takes ten seconds; one that takes longer for a megabyte is none. */
const answerWithinMs = 12_000;
/** Each viewer and each survey has a few. */
const mostWaiting = 4_096;
const lanes = new Map<string, Lane>();

/** The volume does not answer: whatever else is asked of it now will not be answered either. */
export class NoAnswer extends Fault {
  constructor(root: string) {
    super(`${root} does not answer`, { retry: true });
  }
}

export function inLane<T>(root: string, operation: () => Promise<T>): Promise<T> {
  const lane = lanes.get(root) ?? new Lane(threadsPerFolder, mostWaiting);
  lanes.set(root, lane);
  return lane.run(operation, answerWithinMs, () => new NoAnswer(root));
}
