/** Floor 7, transmit: what flows from the cameras to us. */
export { Pulls, type PullsOptions } from './pulls.ts';
