/**
 * A camera made for one test: an RTSP server on a loopback socket that answers as it is told, well or badly, and
 * remembers what it was asked.
 */
import { createServer, type Socket } from 'node:net';
import {
  encodeFrame,
  encodeResponse,
  header,
  type RtspMessage,
  RtspParser,
  type RtspRequest,
} from '../../../src/engine/rtsp/index.ts';
import { h264Pps, h264Samples } from '../codec/samples.ts';
import { rtpPacket } from '../rtp/packets.ts';

export type HeaderList = [name: string, value: string | number][];

export interface Answer {
  readonly status?: number;
  readonly reason?: string;
  readonly headers?: HeaderList;
  readonly body?: string;
}

export interface CameraOptions {
  /** By method; null says nothing at all, undefined leaves it to the camera's good manners. */
  readonly answer?: (request: RtspRequest, camera: Camera) => Answer | null | undefined;
  readonly sdp?: string;
  /** Sends one key picture a few times after PLAY; false: nothing. */
  readonly media?: boolean;
  /** Takes over the whole socket. */
  readonly raw?: (socket: Socket) => void;
}

export interface Camera extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly requests: RtspRequest[];
  readonly answers: RtspMessage[];
  readonly reports: Buffer[];
  readonly sockets: Set<Socket>;
  /** Sends a message or a frame to whoever is connected. */
  say(bytes: Buffer): void;
  /** Sends one key picture with its parameter sets. */
  show(channel?: number): void;
}

const [sps] = [h264Samples[1]!.sps];
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

export const goodSdp = [
  'v=0',
  'o=- 1 1 IN IP4 0.0.0.0',
  's=camera',
  't=0 0',
  'a=control:*',
  'm=video 0 RTP/AVP 96',
  'a=rtpmap:96 H264/90000',
  `a=fmtp:96 packetization-mode=1;sprop-parameter-sets=${base64(sps)},${base64(h264Pps)}`,
  'a=control:trackID=1',
  '',
].join('\r\n');

export async function startCamera(options: CameraOptions = {}): Promise<Camera> {
  let sequence = 0;
  const camera = {
    port: 0,
    url: '',
    requests: [] as RtspRequest[],
    answers: [] as RtspMessage[],
    reports: [] as Buffer[],
    sockets: new Set<Socket>(),
    say(bytes: Buffer) {
      for (const socket of camera.sockets) socket.write(bytes);
    },
    show(channel = 0) {
      const timestamp = 3600 * sequence;
      for (const [i, nal] of [sps, h264Pps, Buffer.from([0x65, 0x80, 1, 2, 3])].entries()) {
        camera.say(
          encodeFrame(channel, rtpPacket({ sequence: sequence++, timestamp, marker: i === 2 }, nal)),
        );
      }
    },
    async [Symbol.asyncDispose]() {
      for (const socket of camera.sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
  const server = createServer((socket) => {
    camera.sockets.add(socket);
    socket.on('close', () => camera.sockets.delete(socket));
    socket.on('error', () => undefined);
    if (options.raw) options.raw(socket);
    else serve(socket, camera, options);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const address = server.address();
  camera.port = typeof address === 'object' && address ? address.port : 0;
  camera.url = `rtsp://127.0.0.1:${camera.port}/cam`;
  return camera;
}

function serve(socket: Socket, camera: Camera, options: CameraOptions): void {
  const parser = new RtspParser({
    frame: (_channel, bytes, from, to) => camera.reports.push(Buffer.from(bytes.subarray(from, to))),
    expects: () => true,
    message(message) {
      if (message.kind === 'response') camera.answers.push(message);
      else {
        camera.requests.push(message);
        reply(socket, message, camera, options);
      }
    },
  });
  socket.on('data', (chunk) => parser.push(Buffer.from(chunk)));
}

function reply(socket: Socket, request: RtspRequest, camera: Camera, options: CameraOptions): void {
  const told = options.answer?.(request, camera);
  if (told === null) return;
  const answer = told ?? manners(request, options);
  const headers: HeaderList = [['CSeq', header(request, 'cseq') ?? '0'], ...(answer.headers ?? [])];
  const body = answer.body === undefined ? undefined : Buffer.from(answer.body);
  socket.write(encodeResponse(answer.status ?? 200, answer.reason ?? 'OK', headers, body));
  if (request.method !== 'PLAY' || (answer.status ?? 200) !== 200 || options.media === false) return;
  for (let i = 0; i < 3; i++) camera.show();
}

function manners(request: RtspRequest, options: CameraOptions): Answer {
  const session: HeaderList = [['Session', '42;timeout=60']];
  switch (request.method) {
    case 'OPTIONS':
      return { headers: [['Public', 'OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER']] };
    case 'DESCRIBE':
      return {
        headers: [
          ['Content-Type', 'application/sdp'],
          ['Content-Base', `${request.uri}/`],
        ],
        body: options.sdp ?? goodSdp,
      };
    case 'SETUP':
      return { headers: [...session, ['Transport', header(request, 'transport') ?? '']] };
    default:
      return { headers: session };
  }
}
