/**
 * The demo's RTSP server: plays channels to whoever signs in, over TCP or UDP, with digest authentication and sender
 * reports. It speaks as much RTSP/1.0 (RFC 2326) as a modest camera, on loopback only.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type Log, sayError } from '../src/base/index.ts';
import { encodeResponse, header, RtspParser, type RtspRequest } from '../src/engine/rtsp/index.ts';
import type { Channel, Player } from './channel.ts';
import { digestAnswer, readDigest } from './digest.ts';
import { describe, encodePicture, encodeReport, type RtpState } from './rtp.ts';

export interface RtspServerOptions {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** By path, without the leading slash. */
  readonly channels: ReadonlyMap<string, Channel>;
  readonly log: Log;
}

const realm = 'Custos demo';
const host = '127.0.0.1';
const methods = 'OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN';
type Header = [name: string, value: string | number];
/** A player that lets this much wait is cut, as a camera would. */
const maxWaitingBytes = 4 * 1024 * 1024;
const maxConnections = 200;
const sessionTimeoutS = 60;

export class RtspServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #open = new Set<Connection>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(options: RtspServerOptions): Promise<RtspServer> {
    const server = createServer({ noDelay: true });
    const self = new RtspServer(server);
    server.maxConnections = maxConnections;
    server.on('connection', (socket) => {
      const connection = new Connection(socket, options, () => self.#open.delete(connection));
      self.#open.add(connection);
    });
    server.listen(options.port, host);
    await once(server, 'listening');
    return self;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const connection of this.#open) connection.cut();
    await closed;
  }
}

/** One client: at most one session, which plays at most one channel. */
class Connection implements Player {
  readonly #socket: Socket;
  readonly #options: RtspServerOptions;
  readonly #onEnd: () => void;
  readonly #nonce = randomBytes(16).toString('hex');
  readonly #session = randomBytes(8).toString('hex');
  readonly #rtp: RtpState = {
    sequence: randomBytes(2).readUInt16BE(),
    ssrc: randomBytes(4).readUInt32BE(),
    base: randomBytes(4).readUInt32BE(),
    packets: 0,
    bytes: 0,
  };
  #channel: Channel | undefined;
  #playing = false;
  /** Interleaved channel of TCP, or the client's UDP port. */
  #way: { tcp: number } | { udp: UdpSocket; port: number } | undefined;

  constructor(socket: Socket, options: RtspServerOptions, onEnd: () => void) {
    this.#socket = socket;
    this.#options = options;
    this.#onEnd = onEnd;
    const parser = new RtspParser({
      frame: () => {},
      expects: () => true,
      message: (message) => {
        if (message.kind === 'request') this.#answer(message).catch((error) => this.#fail(error));
      },
    });
    socket.on('data', (chunk) => {
      try {
        parser.push(chunk);
      } catch (error) {
        this.#fail(error);
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => this.#end());
  }

  cut(): void {
    this.#socket.destroy();
  }

  picture(picture: Parameters<Player['picture']>[0], ticks: number): void {
    const way = this.#way;
    if (this.#socket.writableLength > maxWaitingBytes) this.cut();
    else if (way && 'tcp' in way) this.#socket.write(encodePicture(this.#rtp, picture, ticks, way.tcp));
    else if (way) this.#sendDatagrams(encodePicture(this.#rtp, picture, ticks, null), way);
  }

  report(ticks: number, wallMs: number): void {
    const way = this.#way;
    if (!way) return;
    const report = encodeReport(this.#rtp, ticks, wallMs);
    if ('udp' in way) way.udp.send(report, way.port + 1, host);
    else this.#socket.write(Buffer.concat([Buffer.from([36, way.tcp + 1, 0, report.length]), report]));
  }

  #sendDatagrams(framed: Buffer, way: { udp: UdpSocket; port: number }): void {
    for (let at = 0; at + 4 <= framed.length; ) {
      const length = framed.readUInt16BE(at + 2);
      way.udp.send(framed.subarray(at + 4, at + 4 + length), way.port, host);
      at += 4 + length;
    }
  }

  async #answer(request: RtspRequest): Promise<void> {
    if (request.method !== 'OPTIONS' && !this.#signedIn(request)) this.#challenge(request);
    else await this.#obey(request);
  }

  #signedIn(request: RtspRequest): boolean {
    const offered = readDigest(header(request, 'authorization'));
    const { user, password } = this.#options;
    if (!offered || offered.nonce !== this.#nonce || offered.username !== user) return false;
    return offered.response === digestAnswer(offered, { user, realm, password, method: request.method });
  }

  #challenge(request: RtspRequest): void {
    const challenge = (algorithm: string): Header => [
      'WWW-Authenticate',
      `Digest realm="${realm}", nonce="${this.#nonce}", algorithm=${algorithm}, qop="auth"`,
    ];
    this.#say(request, 401, 'Unauthorized', [challenge('SHA-256'), challenge('MD5')]);
  }

  async #obey(request: RtspRequest): Promise<void> {
    const channel = this.#channelOf(request.uri);
    const session: Header = ['Session', this.#session];
    if (request.method === 'OPTIONS') this.#say(request, 200, 'OK', [['Public', methods]]);
    else if (request.method === 'DESCRIBE' && channel) this.#describe(request, channel);
    else if (request.method === 'SETUP' && channel) await this.#setup(request, channel);
    else if (request.method === 'DESCRIBE' || request.method === 'SETUP')
      this.#say(request, 404, 'Not Found', []);
    else if (request.method === 'PLAY') this.#play(request);
    else if (request.method === 'GET_PARAMETER') this.#say(request, 200, 'OK', [session]);
    else if (request.method === 'TEARDOWN') {
      this.#say(request, 200, 'OK', [session]);
      this.#socket.end();
    } else this.#say(request, 405, 'Method Not Allowed', []);
  }

  #channelOf(uri: string): Channel | undefined {
    const path = uri
      .replace(/^rtsps?:\/\/[^/]*\//i, '')
      .replace(/\/trackID=0$/, '')
      .replace(/\/$/, '');
    return this.#options.channels.get(path);
  }

  #describe(request: RtspRequest, channel: Channel): void {
    const base = request.uri.endsWith('/') ? request.uri : `${request.uri}/`;
    const headers: Header[] = [
      ['Content-Base', base],
      ['Content-Type', 'application/sdp'],
    ];
    this.#say(request, 200, 'OK', headers, Buffer.from(describe(channel.clip)));
  }

  async #setup(request: RtspRequest, channel: Channel): Promise<void> {
    const wanted = header(request, 'transport') ?? '';
    const session: Header = ['Session', `${this.#session};timeout=${sessionTimeoutS}`];
    const clientPort = Number(/client_port=(\d{1,5})/.exec(wanted)?.[1] ?? 0);
    this.#channel = channel;
    if (/RTP\/AVP\/TCP/i.test(wanted)) {
      const tcp = Number(/interleaved=(\d{1,3})/.exec(wanted)?.[1] ?? 0) & 254;
      this.#way = { tcp };
      const transport = `RTP/AVP/TCP;unicast;interleaved=${tcp}-${tcp + 1}`;
      this.#say(request, 200, 'OK', [session, ['Transport', transport]]);
    } else if (clientPort > 0 && clientPort < 65_535) {
      const own = await this.#openUdp(clientPort);
      const ports = `client_port=${clientPort}-${clientPort + 1};server_port=${own}-${own + 1}`;
      this.#say(request, 200, 'OK', [session, ['Transport', `RTP/AVP;unicast;${ports}`]]);
    } else this.#say(request, 461, 'Unsupported Transport', []);
  }

  async #openUdp(port: number): Promise<number> {
    const udp = createSocket('udp4');
    udp.on('error', () => this.cut());
    udp.bind(0, host);
    await once(udp, 'listening');
    this.#closeUdp();
    this.#way = { udp, port };
    return udp.address().port;
  }

  #play(request: RtspRequest): void {
    if (!this.#channel || !this.#way) {
      this.#say(request, 455, 'Method Not Valid in This State', []);
      return;
    }
    const headers: Header[] = [
      ['Session', this.#session],
      ['Range', 'npt=0.000-'],
    ];
    this.#say(request, 200, 'OK', headers);
    if (!this.#playing) this.#channel.join(this);
    this.#playing = true;
  }

  #say(
    request: RtspRequest,
    status: number,
    reason: string,
    headers: readonly Header[],
    body?: Uint8Array,
  ): void {
    const sequence = header(request, 'cseq') ?? '0';
    this.#socket.write(
      encodeResponse(status, reason, [['CSeq', sequence], ['Server', realm], ...headers], body),
    );
  }

  #fail(error: unknown): void {
    this.#options.log.debug({ why: sayError(error) }, 'demo camera cut a client');
    this.cut();
  }

  #closeUdp(): void {
    if (this.#way && 'udp' in this.#way) this.#way.udp.close();
  }

  #end(): void {
    this.#channel?.leave(this);
    this.#closeUdp();
    this.#way = undefined;
    this.#onEnd();
  }
}

/** A password nobody has to remember: the system keeps it with the camera. */
export const newPassword = (): string =>
  createHash('sha256').update(randomBytes(32)).digest('base64url').slice(0, 20);
