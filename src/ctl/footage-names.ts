/** How what Custos keeps on a volume is named (`docs/storage.md`); whatever is named otherwise is foreign. */
const sourceName = /^[A-Za-z0-9_-]{1,64}\.(main|sub)$/;
const dayName = /^\d{4}-\d{2}-\d{2}$/;
const segmentName = /^(\d{1,15})-([A-Za-z0-9_-]{1,64})\.cvs$/;

export const isSource = (name: string): boolean => sourceName.test(name);
export const isDay = (name: string): boolean => dayName.test(name) && !Number.isNaN(Date.parse(name));

export function fileNameOf(name: string): { startMs: number; id: string } | null {
  const match = segmentName.exec(name);
  return match ? { startMs: Number(match[1]), id: match[2] as string } : null;
}
