/**
 * Threads that wait for disks. A disk that answers no more keeps each thread that waits for it, for hours if need be,
 * so every volume has its own few and no more: with all of them hanging, four of a process are left for the rest.
 */

/** Folders that are volumes at once; no machine has more disks. */
export const maxFolders = 32;
export const threadsPerFolder = 4;
/** Of each process that reads or writes footage. One more costs 12 KB of memory. */
export const poolThreads: number = maxFolders * threadsPerFolder + 4;
