/**
 * Rows of the book that this software makes so by itself, today. A board calls such a duty met; what is not listed here
 * it calls not yet known. `test/golden/law-coverage.txt` names for each of them where and by which test.
 */
export const enforced: ReadonlySet<string> = new Set([
  ...['SC-03', 'RE-03', 'RE-05', 'RE-11', 'RE-18'],
  ...['IG-02', 'IG-04', 'US-01', 'US-02', 'US-03', 'US-04', 'US-05', 'US-06', 'US-08', 'US-10', 'PE-08'],
]);
