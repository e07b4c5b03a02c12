/**
 * Passkeys (W3C WebAuthn level 2, §7.1 and §7.2) as a second factor: what a browser answers, held against what was
 * asked. Pure. No attestation is asked for, so there is nothing in CBOR to read: the browser hands the public key over
 * as SPKI, and it must be the very key that stands in the authenticator's data.
 */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';

export interface PasskeyWanted {
  /** The one challenge that was given out, base64url. */
  readonly challenge: string;
  /** `https://host:port` of the console. */
  readonly origin: string;
  /** The host's name. */
  readonly rpId: string;
}

export interface Registered {
  readonly credentialId: Buffer;
  readonly publicKey: Buffer;
  readonly algorithm: number;
  readonly signCount: number;
}

/** ES256, EdDSA and RS256 (COSE algorithms): what authenticators make. */
export const passkeyAlgorithms = [-7, -8, -257] as const;

const userPresent = 0x01;
const hasCredential = 0x40;
const fixedBytes = 37;
const credentialAt = fixedBytes + 16 + 2;

const sha256 = (bytes: Uint8Array | string): Buffer => createHash('sha256').update(bytes).digest();
export const fromBase64url = (text: string): Buffer => Buffer.from(text, 'base64url');

/** The new key; null: this is no answer to what was asked. */
export function readRegistration(
  given: { clientData: string; authenticatorData: string; publicKey: string; algorithm: number },
  wanted: PasskeyWanted,
): Registered | null {
  const data = fromBase64url(given.authenticatorData);
  if (!isClientData(given.clientData, 'webauthn.create', wanted)) return null;
  const flags = readFlags(data, wanted.rpId);
  if (flags === null || !(flags & hasCredential) || data.length < credentialAt) return null;
  const idBytes = data.readUInt16BE(credentialAt - 2);
  const credentialId = data.subarray(credentialAt, credentialAt + idBytes);
  if (idBytes === 0 || credentialId.length !== idBytes) return null;
  const publicKey = fromBase64url(given.publicKey);
  const key = readKey(publicKey, given.algorithm);
  if (!key || !standsIn(key, data.subarray(credentialAt + idBytes))) return null;
  return { credentialId, publicKey, algorithm: given.algorithm, signCount: data.readUInt32BE(33) };
}

/** The authenticator's count after a right answer; null: wrong, of another challenge, or a copy of the key. */
export function readAssertion(
  given: { clientData: string; authenticatorData: string; signature: string },
  wanted: PasskeyWanted,
  known: { publicKey: Uint8Array; algorithm: number; signCount: number },
): number | null {
  const data = fromBase64url(given.authenticatorData);
  if (!isClientData(given.clientData, 'webauthn.get', wanted)) return null;
  if (readFlags(data, wanted.rpId) === null) return null;
  const key = readKey(known.publicKey, known.algorithm);
  const signed = Buffer.concat([data, sha256(fromBase64url(given.clientData))]);
  if (!key || !isSigned(signed, key, known.algorithm, fromBase64url(given.signature))) return null;
  const count = data.readUInt32BE(33);
  // §6.1.1: a count that does not grow means that the key exists twice. Those that do not count say 0 for ever.
  if ((count !== 0 || known.signCount !== 0) && count <= known.signCount) return null;
  return count;
}

function isClientData(text: string, type: string, wanted: PasskeyWanted): boolean {
  try {
    const said: unknown = JSON.parse(fromBase64url(text).toString('utf8'));
    const { type: of, challenge, origin, crossOrigin } = said as Record<string, unknown>;
    return of === type && challenge === wanted.challenge && origin === wanted.origin && crossOrigin !== true;
  } catch {
    // Not JSON: whoever sent it is no browser.
    return false;
  }
}

/** Null: of another host, or nobody touched the key. */
function readFlags(data: Buffer, rpId: string): number | null {
  if (data.length < fixedBytes || !data.subarray(0, 32).equals(sha256(rpId))) return null;
  const flags = data[32]!;
  return flags & userPresent ? flags : null;
}

const kinds: Readonly<Record<number, string>> = { [-7]: 'ec', [-8]: 'ed25519', [-257]: 'rsa' };

function readKey(spki: Uint8Array, algorithm: number): KeyObject | null {
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    const isKnown = key.asymmetricKeyType === kinds[algorithm];
    const curve = key.asymmetricKeyDetails?.namedCurve;
    return isKnown && (curve === undefined || curve === 'prime256v1') ? key : null;
  } catch {
    // No key at all.
    return null;
  }
}

/** The numbers of the key stand, byte for byte, in the COSE key behind the credential's id. */
function standsIn(key: KeyObject, cose: Buffer): boolean {
  const { x, y, n } = key.export({ format: 'jwk' });
  const numbers = [x, y, n].filter((each) => each !== undefined).map(fromBase64url);
  return numbers.length > 0 && numbers.every((each) => cose.includes(each));
}

function isSigned(data: Buffer, key: KeyObject, algorithm: number, signature: Buffer): boolean {
  try {
    return verify(algorithm === -8 ? null : 'sha256', data, key, signature);
  } catch {
    // Bytes that are no signature of this kind.
    return false;
  }
}
