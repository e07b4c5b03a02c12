/** Chance, for waits that must not fall together; never for secrets. In [0, 1). */
export const chance = (): number => Math.random();
