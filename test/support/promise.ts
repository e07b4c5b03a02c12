/**
 * A promised time, in ms: what a test holds a machine to that does nothing else (`CUSTOS_STRICT=1`). A busy one is
 * only kept from hanging; how fast it is stands in the benches.
 */
export const promisedMs = (ms: number): number => (process.env.CUSTOS_STRICT === '1' ? ms : ms + 30_000);
