/**
 * The link to one camera: OPTIONS, DESCRIBE, SETUP, PLAY; then packets until it fails or is disposed. It never
 * reconnects, and it ends exactly once, with one problem (or none when we ended it).
 */
import { type Clock, Fault, type Log, newId } from '../../base/index.ts';
import { type Assembler, Origin, Receiver, ReorderBuffer, SoundStream, VideoStream } from '../rtp/index.ts';
import type { Source } from '../terms.ts';
import type { Link, LinkCounters, LinkEvents } from '../units.ts';
import { type Address, controlUris, readUri, requestUri, splitAddress } from './address.ts';
import { Connection } from './connection.ts';
import { SignIn } from './digest.ts';
import { defaultLimits, type LinkLimits } from './limits.ts';
import { type AudioMedia, chooseAudio, chooseVideo, type VideoMedia } from './media.ts';
import { encodeFrame, header, type RtspResponse } from './message.ts';
import type { Moderation } from './moderation.ts';
import { LinkProblem } from './problem.ts';
import { parseSdp, type Sdp, type SdpMedia } from './sdp.ts';
import { readSession, readTransport } from './transport.ts';
import { UdpPair, type UdpSink } from './udp.ts';

export interface LinkOptions {
  readonly source: Source;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<LinkLimits>;
  /** Of the process, when it gathers its reads. */
  readonly moderation?: Moderation;
}

/** Begins to open a link; everything that follows is told by `events`, never before this returns. */
export function openLink(options: LinkOptions, events: LinkEvents): Link {
  return new RtspLink(options, events);
}

/** What was set up for one media: where its packets come in and where its reports go out. */
interface Path {
  readonly receiver: Receiver;
  sendReport(report: Buffer): void;
}

class RtspLink implements Link {
  readonly counters: LinkCounters = {
    packets: 0,
    bytes: 0,
    packetsLost: 0,
    packetsReordered: 0,
    packetsLate: 0,
    damagedUnits: 0,
    ignoredMedia: 0,
  };
  readonly #source: Source;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #limits: LinkLimits;
  readonly #moderation: Moderation | null;
  readonly #events: LinkEvents;
  readonly #origin = new Origin();
  readonly #ssrc = fold(newId('ssrc'));
  readonly #paths: Path[] = [];
  /** By interleaved channel: even ones carry RTP, odd ones RTCP, unless the camera numbers otherwise. */
  readonly #rtp: (Receiver | undefined)[] = [];
  readonly #rtcp: (Receiver | undefined)[] = [];
  readonly #pairs: UdpPair[] = [];
  readonly #hurries = new DisposableStack();
  readonly #reorders: ReorderBuffer[] = [];
  #connection: Connection | null = null;
  #udp: boolean;
  #tls = false;
  #video: VideoStream | null = null;
  #videoReceiver: Receiver | null = null;
  #session: { id: string; timeoutMs: number } | null = null;
  #control = '';
  #playedMs = 0;
  #seenPackets = 0;
  #seenMs = 0;
  #reportedMs = 0;
  #keptMs = 0;
  #keeping = false;
  #keepBy: 'GET_PARAMETER' | 'OPTIONS' = 'OPTIONS';
  #ticker: NodeJS.Timeout | null = null;
  #over = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: LinkOptions, events: LinkEvents) {
    this.#source = options.source;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#moderation = options.moderation ?? null;
    this.#events = events;
    this.#udp = options.source.transport === 'udp';
    void this.#run();
  }

  get transport(): 'tcp' | 'udp' | 'tls' {
    if (this.#udp) return 'udp';
    return this.#tls ? 'tls' : 'tcp';
  }

  async #run(): Promise<void> {
    try {
      // Not before `openLink` has returned.
      await Promise.resolve();
      const described = await this.#describe();
      await this.#setUp(described.sdp, described.base, described.address);
      await this.#play(described.address);
    } catch (error) {
      if (!(error instanceof LinkProblem)) throw error;
      this.#finish(error);
    }
  }

  /** Connects and asks what there is, following a bounded number of redirections. */
  async #describe(): Promise<{ sdp: Sdp; base: string; address: Address }> {
    const first = splitAddress(this.#source.url);
    const user = this.#source.user || first.user;
    const password = this.#source.user === '' ? first.password : this.#source.password;
    let address: Address = first;
    for (let hops = 0; hops <= this.#limits.redirects; hops++) {
      // Credentials stay with the host they were given for, and are never carried out of an encrypted line.
      const trusted = address.host.toLowerCase() === first.host.toLowerCase() && (address.tls || !first.tls);
      const signIn = trusted ? new SignIn(user, password, nonce) : new SignIn('', '', nonce);
      const connection = await this.#connect(address, signIn);
      await this.#options(connection);
      const response = await connection.ask('DESCRIBE', requestUri(address), [['Accept', 'application/sdp']]);
      if (response.status < 300 || response.status > 399) {
        return { ...this.#readDescription(response, address, signIn), address };
      }
      address = this.#redirected(response, address);
      this.#connection = null;
      connection.close();
    }
    throw new LinkProblem('bad-answer', { what: `> ${this.#limits.redirects} redirects` });
  }

  async #connect(address: Address, signIn: SignIn): Promise<Connection> {
    if (this.#over) throw new LinkProblem('closed');
    const connection = new Connection(address, signIn, this.#limits, this.#clock, {
      frame: (channel, bytes, from, to, arrivedMs) => this.#frame(channel, bytes, from, to, arrivedMs),
      expects: (channel) => this.#rtp[channel] !== undefined || this.#rtcp[channel] !== undefined,
      failed: (problem) => this.#finish(problem),
    });
    this.#connection = connection;
    this.#tls = address.tls;
    // Media by UDP would leave an encrypted line in the clear.
    if (address.tls) this.#udp = false;
    await connection.ready;
    return connection;
  }

  /** Learns how to keep the session alive. An answer of any kind will do: many cameras refuse OPTIONS. */
  async #options(connection: Connection): Promise<void> {
    const response = await connection.ask('OPTIONS', requestUri(connection.address), []);
    this.#learnMethods(response);
  }

  #learnMethods(response: RtspResponse): void {
    if (/\bGET_PARAMETER\b/i.test((response.headers.get('public') ?? []).join()))
      this.#keepBy = 'GET_PARAMETER';
  }

  #redirected(response: RtspResponse, from: Address): Address {
    const location = header(response, 'location') ?? '';
    const to = location.startsWith('/') ? readUri(from.origin + location) : readUri(location);
    if (to === null) throw new LinkProblem('bad-answer', { what: `${response.status} Location` });
    return to;
  }

  #readDescription(response: RtspResponse, address: Address, signIn: SignIn): { sdp: Sdp; base: string } {
    requireOk(response, signIn);
    this.#learnMethods(response);
    const sdp = parseSdp(response.body.toString('utf8'));
    if (sdp === null) throw new LinkProblem('bad-answer', { what: 'SDP' });
    const given = header(response, 'content-base') ?? header(response, 'content-location') ?? '';
    const base = readUri(given.trim());
    return { sdp, base: base === null ? requestUri(address) : requestUri(base) };
  }

  async #setUp(sdp: Sdp, base: string, address: Address): Promise<void> {
    const video = chooseVideo(sdp);
    const audio = chooseAudio(sdp);
    this.#control = controlUris(base, sdp.control, address)[0] ?? base;
    const stream = this.#videoStream(video, audio);
    this.#video = stream;
    this.#videoReceiver = await this.#setUpMedia(video.media, stream, base, address);
    // Without a recorded basis for sound it is not even asked for.
    if (this.#source.sound && audio !== null) await this.#setUpSound(audio, base, address);
  }

  #videoStream(video: VideoMedia, audio: AudioMedia | null): VideoStream {
    return new VideoStream(
      {
        codec: video.codec,
        clockRate: video.media.clockRate,
        sets: video.sets,
        orderNumbers: video.orderNumbers,
        audio: audio?.track ?? null,
        unitBytes: this.#limits.unitBytes,
        nalsPerUnit: this.#limits.nalsPerUnit,
      },
      this.#origin,
      this.counters,
      this.#events,
    );
  }

  async #setUpSound(audio: AudioMedia, base: string, address: Address): Promise<void> {
    const stream = new SoundStream(
      audio.track,
      audio.media.clockRate,
      audio.layout,
      this.#origin,
      this.#events,
    );
    try {
      await this.#setUpMedia(audio.media, stream, base, address);
    } catch (error) {
      if (!(error instanceof LinkProblem) || this.#over) throw error;
      this.#video?.withoutSound();
      this.#log.info({ source: this.#source.id, problem: error.problem }, 'sound could not be set up');
    }
  }

  /** SETUP of one media, by each URI its control may mean, by TCP and then, if that is refused, by UDP. */
  async #setUpMedia(media: SdpMedia, stream: Assembler, base: string, address: Address): Promise<Receiver> {
    const uris = controlUris(base, media.control, address);
    let answer = await this.#trySetUp(uris, media, stream);
    const mayFallBack =
      !this.#udp && this.#source.transport === 'auto' && !address.tls && this.#paths.length === 0;
    if (!(answer instanceof Receiver) && answer.status === 461 && mayFallBack) {
      this.#udp = true;
      answer = await this.#trySetUp(uris, media, stream);
    }
    if (answer instanceof Receiver) return answer;
    throw refusal(answer, this.#open.signIn);
  }

  async #trySetUp(
    uris: readonly string[],
    media: SdpMedia,
    stream: Assembler,
  ): Promise<Receiver | RtspResponse> {
    let answer: Receiver | RtspResponse | null = null;
    for (const uri of uris) {
      answer = this.#udp ? await this.#byUdp(uri, media, stream) : await this.#byTcp(uri, media, stream);
      if (answer instanceof Receiver || ![400, 404, 454, 459, 460].includes(answer.status)) return answer;
    }
    if (answer === null) throw new LinkProblem('bad-answer', { what: 'SDP control' });
    return answer;
  }

  async #byTcp(uri: string, media: SdpMedia, stream: Assembler): Promise<Receiver | RtspResponse> {
    const first = this.#paths.length * 2;
    const response = await this.#ask('SETUP', uri, [
      ['Transport', `RTP/AVP/TCP;unicast;interleaved=${first}-${first + 1}`],
    ]);
    if (response.status !== 200) return response;
    const transport = readTransport(header(response, 'transport'));
    // Granted, but not what was asked for.
    if (transport !== null && !transport.tcp && transport.serverPorts) return { ...response, status: 461 };
    this.#keepSession(response);
    const [rtp, rtcp] = transport?.channels ?? [first, first + 1];
    const receiver = this.#receiver(media, stream, transport?.ssrc ?? null);
    this.#rtp[rtp] = receiver;
    this.#rtcp[rtcp] = receiver;
    this.#paths.push({ receiver, sendReport: (report) => this.#connection?.send(encodeFrame(rtcp, report)) });
    return receiver;
  }

  async #byUdp(uri: string, media: SdpMedia, stream: Assembler): Promise<Receiver | RtspResponse> {
    const connection = this.#open;
    let reorder: ReorderBuffer | null = null;
    let receiver: Receiver | null = null;
    const pair = await openPair(connection, {
      rtp: (packet) => this.#datagram(reorder, packet),
      rtcp: (packet) => receiver?.rtcp(packet, 0, packet.length, this.#clock.monoMs()),
    });
    if (this.#over) {
      await pair[Symbol.asyncDispose]();
      throw new LinkProblem('closed');
    }
    this.#pairs.push(pair);
    if (this.#moderation) this.#hurries.use(this.#moderation.hurry());
    const response = await this.#ask('SETUP', uri, [
      ['Transport', `RTP/AVP;unicast;client_port=${pair.port}-${pair.port + 1}`],
    ]);
    if (response.status !== 200) return response;
    this.#keepSession(response);
    const transport = readTransport(header(response, 'transport'));
    pair.expect(transport?.serverPorts ?? null, transport?.source ?? null);
    const made = this.#receiver(media, stream, transport?.ssrc ?? null);
    receiver = made;
    const limits = { packets: this.#limits.reorderPackets, waitMs: this.#limits.reorderMs };
    reorder = new ReorderBuffer(limits, (packet) => {
      made.packet(packet, 0, packet.length, this.#clock.monoMs());
    });
    this.#reorders.push(reorder);
    this.#paths.push({ receiver: made, sendReport: (report) => pair.report(report) });
    pair.punch();
    return made;
  }

  #receiver(media: SdpMedia, stream: Assembler, ssrc: number | null): Receiver {
    return new Receiver(
      stream,
      this.counters,
      {
        senderReport: (report, arrivedMs) => {
          if (stream instanceof VideoStream) stream.senderReport(report, arrivedMs);
        },
        bye: () => {
          if (stream instanceof VideoStream) this.#finish(new LinkProblem('closed'));
        },
      },
      { payloadType: media.payloadType, clockRate: media.clockRate, ssrc },
    );
  }

  #keepSession(response: RtspResponse): void {
    this.#session = readSession(header(response, 'session')) ?? this.#session;
  }

  async #play(address: Address): Promise<void> {
    let response: RtspResponse | null = null;
    for (const uri of new Set([this.#control, requestUri(address)])) {
      response = await this.#ask('PLAY', uri, [['Range', 'npt=0.000-']]);
      this.#control = uri;
      if (![400, 404, 454, 460].includes(response.status)) break;
    }
    if (response) requireOk(response, this.#open.signIn);
    if (this.#over) return;
    for (const pair of this.#pairs) pair.punch();
    const nowMs = this.#clock.monoMs();
    this.#playedMs = nowMs;
    this.#seenMs = nowMs;
    this.#keptMs = nowMs;
    this.#reportedMs = nowMs;
    const { stalledMs, reportMs, firstPacketMs } = this.#limits;
    const everyMs = Math.max(20, Math.min(1000, stalledMs / 5, reportMs, firstPacketMs / 5));
    this.#ticker = setInterval(() => this.#tick(), everyMs);
    this.#log.debug({ source: this.#source.id, transport: this.transport }, 'playing');
  }

  get #open(): Connection {
    if (this.#connection === null || this.#over) throw new LinkProblem('closed');
    return this.#connection;
  }

  #ask(
    method: string,
    uri: string,
    headers: readonly (readonly [string, string])[],
    timeoutMs?: number,
  ): Promise<RtspResponse> {
    const session = this.#session ? [['Session', this.#session.id] as const] : [];
    return this.#open.ask(method, uri, [...headers, ...session], timeoutMs);
  }

  #frame(channel: number, bytes: Buffer, from: number, to: number, arrivedMs: number): void {
    const receiver = this.#rtp[channel];
    if (receiver !== undefined) {
      receiver.packet(bytes, from, to, arrivedMs);
      this.#moderation?.came();
    } else if (this.#rtcp[channel] !== undefined) this.#rtcp[channel].rtcp(bytes, from, to, arrivedMs);
    else this.counters.ignoredMedia++;
  }

  #datagram(reorder: ReorderBuffer | null, packet: Buffer): void {
    if (reorder === null || this.#over) return;
    const before = reorder.reordered;
    reorder.push(packet);
    this.counters.packetsReordered += reorder.reordered - before;
  }

  /** What is due: the watchdog, a report, a sign of life. */
  #tick(): void {
    const nowMs = this.#clock.monoMs();
    const problem = this.#watch(nowMs);
    if (problem !== null) {
      this.#finish(problem);
      return;
    }
    if (nowMs - this.#reportedMs >= this.#limits.reportMs) {
      this.#reportedMs = nowMs;
      for (const path of this.#paths) {
        const report = path.receiver.report(this.#ssrc, nowMs);
        if (report !== null) path.sendReport(report);
      }
    }
    const lifeMs = this.#session?.timeoutMs ?? 60_000;
    if (nowMs - this.#keptMs >= Math.min(30_000, Math.max(1000, lifeMs / 2))) void this.#keepAlive(nowMs);
  }

  #watch(nowMs: number): LinkProblem | null {
    const packets = this.#videoReceiver?.packets ?? 0;
    if (packets !== this.#seenPackets) {
      this.#seenPackets = packets;
      this.#seenMs = nowMs;
    }
    const silentMs = nowMs - this.#seenMs;
    if (packets === 0) {
      if (silentMs < this.#limits.firstPacketMs) return null;
      return this.#udp ? new LinkProblem('udp-blocked') : stalled(silentMs);
    }
    if (silentMs >= this.#limits.stalledMs) return stalled(silentMs);
    if (this.#video?.units === 0 && nowMs - this.#playedMs >= this.#limits.firstUnitMs) {
      return new LinkProblem('bad-answer', { what: this.#video.missing ?? 'RTP' });
    }
    return null;
  }

  /** A sign of life. Whatever comes back, or nothing: while media flows, the session lives. */
  async #keepAlive(nowMs: number): Promise<void> {
    if (this.#keeping) return;
    this.#keeping = true;
    this.#keptMs = nowMs;
    try {
      const response = await this.#ask(this.#keepBy, this.#control, []);
      if (response.status >= 400) this.#keepBy = 'OPTIONS';
    } catch (error) {
      if (!(error instanceof LinkProblem)) throw error;
      if (!this.#over)
        this.#log.debug({ source: this.#source.id, problem: error.problem }, 'keep-alive failed');
    }
    this.#keeping = false;
  }

  #finish(cause: LinkProblem | null): void {
    if (this.#over) return;
    this.#over = true;
    for (const reorder of this.#reorders) reorder.flush();
    for (const path of this.#paths) path.receiver.flush();
    const farewell = this.#tearDown();
    if (this.#ticker) clearInterval(this.#ticker);
    this.#rtp.length = 0;
    this.#rtcp.length = 0;
    this.#ended = this.#close(farewell);
    if (cause !== null) this.#log.debug({ source: this.#source.id, problem: cause.problem }, 'link ended');
    this.#events.closed(cause?.problem ?? null);
  }

  /** Always said: cameras with a dangling session refuse the next one (retina #17). */
  async #tearDown(): Promise<void> {
    if (this.#session === null || this.#connection === null) return;
    const session = [['Session', this.#session.id]] as const;
    try {
      await this.#connection.ask('TEARDOWN', this.#control, session, this.#limits.teardownMs);
    } catch (error) {
      if (!(error instanceof LinkProblem)) throw error;
    }
  }

  async #close(farewell: Promise<void>): Promise<void> {
    await farewell;
    this.#connection?.close();
    this.#hurries.dispose();
    await Promise.all(this.#pairs.map((pair) => pair[Symbol.asyncDispose]()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#finish(null);
    await this.#ended;
  }
}

/** Two ports beside the connection. That there are none is as bad as a firewall. */
async function openPair(connection: Connection, sink: UdpSink): Promise<UdpPair> {
  try {
    return await UdpPair.open(connection.localAddress ?? '', connection.remoteAddress ?? '', sink);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new LinkProblem('udp-blocked', {}, error);
  }
}

const nonce = (): string => newId('cn').slice(3);

const stalled = (silentMs: number): LinkProblem =>
  new LinkProblem('stalled', { seconds: Math.round(silentMs / 1000) });

/** 32 bits of an id, signed. */
function fold(id: string): number {
  let hash = 0;
  for (let i = 0; i < id.length; i++) hash = (Math.imul(hash, 31) + id.charCodeAt(i)) | 0;
  return hash;
}

function requireOk(response: RtspResponse, signIn: SignIn): void {
  if (response.status !== 200) throw refusal(response, signIn);
}

/** What a camera's "no" means to a person. */
function refusal(response: RtspResponse, signIn: SignIn): LinkProblem {
  const { status } = response;
  if (status === 404 || status === 410) return new LinkProblem('not-found');
  if (status === 453 || status === 486 || status === 503) return new LinkProblem('busy', { status });
  const reason = signIn
    .strike(response.reason)
    .replace(/[^\x20-\x7e\u00a1-\uffff]/g, ' ')
    .slice(0, 80);
  return new LinkProblem('refused-by-camera', { status, reason: reason.trim() });
}
