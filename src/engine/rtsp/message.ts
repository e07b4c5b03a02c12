/** RTSP/1.0 messages as values, and their bytes. Header names are lower-case inside, as given on the wire. */
import { assert } from '../../base/index.ts';

/** Header values by lower-case name, in the order they came. */
export type RtspHeaders = ReadonlyMap<string, readonly string[]>;

export interface RtspRequest {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
  readonly headers: RtspHeaders;
  readonly body: Buffer;
}

export interface RtspResponse {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
  readonly headers: RtspHeaders;
  readonly body: Buffer;
}

export type RtspMessage = RtspRequest | RtspResponse;

/** The first value of a header, or undefined. `name` in lower case. */
export const header = (message: RtspMessage, name: string): string | undefined =>
  message.headers.get(name)?.[0];

type HeaderList = readonly (readonly [name: string, value: string | number])[];

export function encodeRequest(method: string, uri: string, headers: HeaderList, body?: Uint8Array): Buffer {
  return encode(`${method} ${uri} RTSP/1.0`, headers, body);
}

export function encodeResponse(
  status: number,
  reason: string,
  headers: HeaderList,
  body?: Uint8Array,
): Buffer {
  return encode(`RTSP/1.0 ${status} ${reason}`, headers, body);
}

function encode(startLine: string, headers: HeaderList, body: Uint8Array | undefined): Buffer {
  const lines = [startLine, ...headers.map(([name, value]) => `${name}: ${value}`)];
  if (body !== undefined) lines.push(`Content-Length: ${body.length}`);
  // A line break inside a value would be a header of someone else's making.
  for (const line of lines) assert(!/[\r\n]/.test(line), 'a header holds a line break');
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'utf8');
  return body === undefined ? head : Buffer.concat([head, body]);
}

/** `$`, channel, length, payload: a binary frame between messages (RFC 2326 §10.12). */
export function encodeFrame(channel: number, payload: Uint8Array): Buffer {
  assert(channel >= 0 && channel < 256 && payload.length < 65_536, 'an interleaved frame has its bounds');
  const frame = Buffer.allocUnsafe(4 + payload.length);
  frame[0] = 0x24;
  frame[1] = channel;
  frame.writeUInt16BE(payload.length, 2);
  frame.set(payload, 4);
  return frame;
}

const responseLine = /^RTSP\/1\.\d[ \t]+(\d{3})(?:[ \t]+(.*))?$/i;
const requestLine = /^([A-Z_]{3,32})[ \t]+(\S+)[ \t]+RTSP\/1\.\d[ \t]*$/;

/** Is this the first line of a message? Asked as soon as the line is there: what is not RTSP may never end a head. */
export function isStartLine(text: string): boolean {
  const line = text.split(/[\r\n]/, 1)[0] ?? '';
  return responseLine.test(line) || requestLine.test(line);
}

/**
 * Reads a header section without its empty last line. Null when the start line is not RTSP. Lines without a colon
 * are passed over, folded lines are joined: cameras write both.
 */
export function parseHead(
  text: string,
  maxLines: number,
): Omit<RtspRequest, 'body'> | Omit<RtspResponse, 'body'> | 'too-many' | null {
  const lines = text.split(/\r\n|\n|\r/, maxLines + 2);
  if (lines.length > maxLines + 1) return 'too-many';
  const start = lines[0] ?? '';
  const headers = readHeaders(lines);
  const response = responseLine.exec(start);
  if (response) {
    return { kind: 'response', status: Number(response[1]), reason: (response[2] ?? '').trim(), headers };
  }
  const request = requestLine.exec(start);
  if (!request) return null;
  return { kind: 'request', method: request[1] ?? '', uri: request[2] ?? '', headers };
}

function readHeaders(lines: readonly string[]): RtspHeaders {
  const headers = new Map<string, string[]>();
  let values: string[] | undefined;
  for (const line of lines.slice(1)) {
    if (/^[ \t]/.test(line) && values) {
      values.push(`${values.pop()} ${line.trim()}`);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    values = headers.get(name);
    if (!values) {
      values = [];
      headers.set(name, values);
    }
    values.push(line.slice(colon + 1).trim());
  }
  return headers;
}

/** The declared length of a body; null when it is no length at all, which cameras that mean "none" also send. */
export function contentLength(headers: RtspHeaders): number {
  const text = headers.get('content-length')?.[0];
  if (text === undefined) return 0;
  return /^\d+$/.test(text) ? Number(text) : 0;
}
