/** One-time codes by time (RFC 6238: HMAC-SHA-1, six digits, 30 s), as every authenticator app makes them. Pure. */
import { createHmac } from 'node:crypto';

const stepMs = 30_000;
/** A phone's clock may be half a minute off, either way. */
const slack = 1;
/** RFC 4226 §4 asks for 128 bits at least and recommends 160. */
export const totpKeyBytes = 20;

export const stepAt = (nowMs: number): number => Math.floor(nowMs / stepMs);

/** RFC 4226 §5.3. */
export function codeOf(key: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', key).update(counter).digest();
  const at = mac[mac.length - 1]! & 0x0f;
  return String((mac.readUInt32BE(at) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
}

/** The step whose code this is, around now and after the last one used; null: wrong, used, or of another time. */
export function stepOfCode(key: Uint8Array, code: string, nowMs: number, lastStep: number): number | null {
  const given = code.replace(/[\s-]/g, '');
  if (!/^\d{6}$/.test(given)) return null;
  const now = stepAt(nowMs);
  for (let step = now - slack; step <= now + slack; step++)
    if (step > lastStep && step >= 0 && codeOf(key, step) === given) return step;
  return null;
}

const base32Letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 §6, without padding: what apps take. */
export function base32(bytes: Uint8Array): string {
  let [bits, held, text] = [0, 0, ''];
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += base32Letters[(held >>> (bits - 5)) & 31];
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? text + base32Letters[(held << (5 - bits)) & 31] : text;
}

/** What the QR code holds. */
export function totpUri(of: { key: Uint8Array; name: string; unit: string }): string {
  const label = `${encodeURIComponent(`Custos ${of.unit}`)}:${encodeURIComponent(of.name)}`;
  return `otpauth://totp/${label}?secret=${base32(of.key)}&issuer=${encodeURIComponent(`Custos ${of.unit}`)}`;
}
