/** What a browser does with a passkey: makes one, and answers a challenge with it. */

const base64url = (bytes: ArrayBuffer | null): string =>
  btoa(String.fromCharCode(...new Uint8Array(bytes ?? new ArrayBuffer(0))))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (each) => each.charCodeAt(0));

const timeout = 120_000;
const keyOf = (id: string): PublicKeyCredentialDescriptor => ({ type: 'public-key', id: bytesOf(id) });

export const hasPasskeys = (): boolean => typeof PublicKeyCredential === 'function';

/** Null: the person gave up, or the authenticator said no. */
export async function makePasskey(of: {
  readonly challenge: string;
  readonly rpId: string;
  readonly userId: string;
  readonly known: readonly string[];
  readonly algorithms: readonly number[];
  readonly name: string;
  readonly displayName: string;
}) {
  const made = await navigator.credentials
    .create({
      publicKey: {
        challenge: bytesOf(of.challenge),
        rp: { id: of.rpId, name: 'Custos' },
        user: { id: bytesOf(of.userId), name: of.name, displayName: of.displayName },
        pubKeyCredParams: of.algorithms.map((alg) => ({ type: 'public-key' as const, alg })),
        excludeCredentials: of.known.map(keyOf),
        authenticatorSelection: { residentKey: 'discouraged', userVerification: 'preferred' },
        attestation: 'none',
        timeout,
      },
    })
    .catch(() => null);
  if (!(made instanceof PublicKeyCredential)) return null;
  const response = made.response as AuthenticatorAttestationResponse;
  return {
    clientData: base64url(response.clientDataJSON),
    authenticatorData: base64url(response.getAuthenticatorData()),
    publicKey: base64url(response.getPublicKey()),
    algorithm: response.getPublicKeyAlgorithm(),
  };
}

/** Null: the person gave up, or has none of these here. */
export async function answerByPasskey(of: {
  readonly challenge: string;
  readonly rpId: string;
  readonly known: readonly string[];
}) {
  const got = await navigator.credentials
    .get({
      publicKey: {
        challenge: bytesOf(of.challenge),
        rpId: of.rpId,
        allowCredentials: of.known.map(keyOf),
        userVerification: 'preferred',
        timeout,
      },
    })
    .catch(() => null);
  if (!(got instanceof PublicKeyCredential)) return null;
  const response = got.response as AuthenticatorAssertionResponse;
  return {
    id: base64url(got.rawId),
    clientData: base64url(response.clientDataJSON),
    authenticatorData: base64url(response.authenticatorData),
    signature: base64url(response.signature),
  };
}
