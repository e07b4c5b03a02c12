/** A pair of UDP sockets for one media: RTP on an even port, RTCP on the odd one behind it (RFC 3550 §11). */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { Fault } from '../../base/index.ts';

export interface UdpSink {
  rtp(packet: Buffer): void;
  rtcp(packet: Buffer): void;
}

/** A burst of one large key picture: what the kernel holds while we do something else. */
const receiveBytes = 1024 * 1024;
const maxTries = 32;

export class UdpPair implements AsyncDisposable {
  readonly port: number;
  readonly #rtp: Socket;
  readonly #rtcp: Socket;
  readonly #peers: Set<string>;
  #peerPorts: readonly [number, number] | null = null;
  #peer: string;

  private constructor(rtp: Socket, rtcp: Socket, port: number, peer: string, sink: UdpSink) {
    this.#rtp = rtp;
    this.#rtcp = rtcp;
    this.port = port;
    this.#peer = plain(peer);
    this.#peers = new Set([this.#peer]);
    rtp.on('message', (packet: Buffer, from: RemoteInfo) => {
      if (packet.length >= 12 && this.#peers.has(plain(from.address))) sink.rtp(packet);
    });
    rtcp.on('message', (packet: Buffer, from: RemoteInfo) => {
      if (packet.length >= 8 && this.#peers.has(plain(from.address))) sink.rtcp(packet);
    });
    // A refused datagram comes back as an error; whether media flows is the watchdog's question.
    for (const socket of [rtp, rtcp]) socket.on('error', () => undefined);
  }

  /** Binds a free pair on the address the camera already talks to. */
  static async open(local: string, peer: string, sink: UdpSink): Promise<UdpPair> {
    for (let tries = 0; tries < maxTries; tries++) {
      const first = await bind(local, 0);
      const port = first?.address().port ?? 0;
      const second = first === null ? null : await bind(local, port % 2 === 0 ? port + 1 : port - 1);
      if (first && second) {
        const [rtp, rtcp] = port % 2 === 0 ? [first, second] : [second, first];
        return new UdpPair(rtp, rtcp, port - (port % 2), peer, sink);
      }
      first?.close();
    }
    throw new Fault('no free pair of UDP ports', { retry: true });
  }

  /** The camera's answer to SETUP: where it sends from. Packets of anyone else are left out. */
  expect(ports: readonly [number, number] | null, source: string | null): void {
    this.#peerPorts = ports;
    if (source !== null) this.#peers.add(plain(source));
  }

  /** Opens the way through a firewall: an empty RTP packet and an empty report towards the camera. */
  punch(): void {
    if (this.#peerPorts === null) return;
    const rtp = Buffer.from('800000000000000000000000', 'hex');
    const rtcp = Buffer.from('80c9000100000000', 'hex');
    this.#rtp.send(rtp, this.#peerPorts[0], this.#peer, () => undefined);
    this.#rtcp.send(rtcp, this.#peerPorts[1], this.#peer, () => undefined);
  }

  report(packet: Buffer): void {
    if (this.#peerPorts) this.#rtcp.send(packet, this.#peerPorts[1], this.#peer, () => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      [this.#rtp, this.#rtcp].map((socket) => new Promise<void>((done) => socket.close(() => done()))),
    );
  }
}

/** `::ffff:10.0.0.1` is 10.0.0.1. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');

/** A socket on that port, or null when the port is taken. */
function bind(local: string, port: number): Promise<Socket | null> {
  const address = plain(local);
  return new Promise((resolve) => {
    const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4', recvBufferSize: receiveBytes });
    socket.once('error', () => {
      socket.close();
      resolve(null);
    });
    socket.bind({ port, address, exclusive: true }, () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}
