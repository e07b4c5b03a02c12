/** How a measurement is told: a JSON line each on stdout as it comes; the caller makes the table. */

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

const round = (value: number): number => Number(value.toPrecision(4));

export function tell(measurement: Measurement): void {
  const line = Object.fromEntries(
    Object.entries(measurement).map(([key, value]) => [
      key,
      typeof value === 'number' ? round(value) : value,
    ]),
  ) as unknown as Measurement;
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

export const say = (text: string): void => void process.stderr.write(`${text}\n`);

export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN;
}
