/** Floor 9, display: views, their tickets, and the ways their bytes take. */
export { playlist } from './playlist.ts';
export { isSameFile, readRange, type Wanted } from './range.ts';
export { relay } from './relay.ts';
export { beginShift, endShift, runningShift, type Shift } from './shifts.ts';
export { anomaliesIn, listUses, type UseRow, usesBetween } from './uses.ts';
export { subjectOfFootage, subjectOfView, type View } from './view.ts';
export { Views, type ViewsOptions, type Wish } from './views.ts';
