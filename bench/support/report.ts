/** How a measurement is told: a JSON line each on stdout as it comes, a table for people at the end. */

export interface Measurement {
  readonly metric: string;
  readonly unit: string;
  readonly at?: Readonly<Record<string, string | number>>;
  readonly ours: number;
  readonly p50?: number;
  readonly p95?: number;
  readonly peer?: number;
  readonly peerName?: string;
  /** ours / peer. */
  readonly ratio?: number;
  /** What must be reached, as a person reads it. */
  readonly must: string;
  readonly reached: boolean;
}

const told: Measurement[] = [];

const round = (value: number): number => Number(value.toPrecision(4));

export function tell(measurement: Measurement): void {
  const line = Object.fromEntries(
    Object.entries(measurement).map(([key, value]) => [
      key,
      typeof value === 'number' ? round(value) : value,
    ]),
  ) as unknown as Measurement;
  told.push(line);
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

export const say = (text: string): void => void process.stderr.write(`${text}\n`);

export function tellTable(): void {
  const rows = told.map((m) => [
    m.metric,
    m.at
      ? Object.entries(m.at)
          .map(([key, value]) => `${key} ${value}`)
          .join(', ')
      : '',
    `${m.ours} ${m.unit}`,
    m.peer === undefined ? '' : `${m.peer} (${m.peerName})`,
    m.ratio === undefined ? '' : String(m.ratio),
    m.must,
    m.reached ? 'yes' : 'NO',
  ]);
  const head = ['metric', 'at', 'ours', 'peer', 'ratio', 'must', 'reached'];
  const widths = head.map((name, i) =>
    Math.max(name.length, ...rows.map((row) => (row[i] as string).length)),
  );
  const print = (row: readonly string[]) =>
    say(row.map((cell, i) => cell.padEnd(widths[i] as number)).join('  '));
  print(head);
  for (const row of rows) print(row);
}

export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN;
}
