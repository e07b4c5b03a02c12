/** What a child process of ours is given of the environment: enough to run, and no secret (`DATABASE_URL`, tokens). */

const handedOn = [
  ...['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'FONTCONFIG_PATH'],
  // Where Node keeps what it compiled, so that a child of ours need not do it again; and where it counts coverage.
  ...['NODE_COMPILE_CACHE', 'NODE_V8_COVERAGE'],
];

export function childEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of handedOn) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return { ...environment, ...extra };
}
