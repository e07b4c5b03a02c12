/** Whether bytes are a PDF as far as can be told without drawing it: its head, its end, and where that leads. Pure. */

const headWithin = 1024;
const tailWithin = 2048;

/** ISO 32000-1, 7.5: `%PDF-1.x` first, `startxref`, a place inside of the file, and `%%EOF` last. */
export function isPdf(bytes: Uint8Array): boolean {
  const text = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString('latin1');
  if (!/^%PDF-[12]\.\d/.test(text(0, headWithin))) return false;
  const tail = text(Math.max(0, bytes.length - tailWithin), bytes.length);
  const [, place] = /startxref\s+(\d{1,10})\s+%%EOF\s*$/.exec(tail) ?? [];
  if (place === undefined || Number(place) >= bytes.length) return false;
  const at = text(Number(place), Number(place) + 40);
  // A table of places, or an object that is one.
  return /^\s*(xref\b|\d+\s+\d+\s+obj\b)/.test(at);
}

/** Only the one right writing of base64 is taken. */
export function fromBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}
