/** The Transport and Session headers of a SETUP answer (RFC 2326 §12.37, §12.39), as cameras write them. */

export interface TransportAnswer {
  readonly tcp: boolean;
  readonly channels: readonly [number, number] | null;
  readonly serverPorts: readonly [number, number] | null;
  readonly source: string | null;
  /** As a signed 32-bit number. */
  readonly ssrc: number | null;
}

/** Null when the camera said nothing: then what was asked is taken as granted. */
export function readTransport(text: string | undefined): TransportAnswer | null {
  if (text === undefined || text.trim() === '') return null;
  const items = (text.split(',')[0] ?? '').split(';').map((item) => item.trim());
  const values = new Map<string, string>();
  for (const item of items.slice(1, 32)) {
    const equals = item.indexOf('=');
    const name = equals === -1 ? item : item.slice(0, equals);
    values.set(
      name.trim().toLowerCase(),
      equals === -1
        ? ''
        : item
            .slice(equals + 1)
            .trim()
            .replace(/"/g, ''),
    );
  }
  // Zeros are what cameras write that do not know it yet.
  const ssrc = /^(?!0+$)[0-9a-f]{1,8}$/i.exec(values.get('ssrc') ?? '');
  const channels = readPair(values.get('interleaved'), 255);
  return {
    tcp: /^RTP\/\w+\/TCP$/i.test(items[0] ?? '') || channels !== null,
    channels,
    serverPorts: readPair(values.get('server_port'), 65_535),
    source: values.get('source') || null,
    ssrc: ssrc ? Number.parseInt(ssrc[0], 16) | 0 : null,
  };
}

/** `4-5`, or `4` alone, which means 4 and 5. */
function readPair(text: string | undefined, limit: number): readonly [number, number] | null {
  const pair = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text ?? '');
  if (!pair) return null;
  const first = Number(pair[1]);
  const second = pair[2] === undefined ? first + 1 : Number(pair[2]);
  return first <= limit && second <= limit ? [first, second] : null;
}

/** `1A2B;timeout=60` → its id and how long it lives unasked. */
export function readSession(text: string | undefined): { id: string; timeoutMs: number } | null {
  const id = (text ?? '').split(';')[0]?.trim() ?? '';
  if (id === '' || id.length > 256) return null;
  const timeout = Number(/;\s*timeout\s*=\s*"?(\d{1,6})/i.exec(text ?? '')?.[1] ?? 60);
  return { id, timeoutMs: timeout * 1000 };
}
