/** The bounds of one link, each with what happens when it is passed: the link ends with a problem that names it. */

export interface LinkLimits {
  /** Name look-up, TCP and TLS handshake together. */
  readonly connectMs: number;
  /** From a request to the end of its answer. */
  readonly answerMs: number;
  /** From PLAY to the first packet. */
  readonly firstPacketMs: number;
  /** From PLAY to the first picture: parameter sets may come only with the next key, so it is longer. */
  readonly firstUnitMs: number;
  /** Without a packet of the picture. */
  readonly stalledMs: number;
  /** Between two receiver reports. */
  readonly reportMs: number;
  /** How long a TEARDOWN may take before the socket is cut. */
  readonly teardownMs: number;
  /** Start line and headers of one message. */
  readonly headerBytes: number;
  readonly headerLines: number;
  readonly bodyBytes: number;
  /** Bytes between messages that are neither: a framing slip is skipped up to here. */
  readonly garbageBytes: number;
  readonly unitBytes: number;
  readonly nalsPerUnit: number;
  readonly redirects: number;
  /** How long a hole in the sequence of UDP packets is waited for. */
  readonly reorderMs: number;
  readonly reorderPackets: number;
}

export const defaultLimits: LinkLimits = {
  connectMs: 10_000,
  answerMs: 10_000,
  firstPacketMs: 10_000,
  firstUnitMs: 30_000,
  stalledMs: 5_000,
  reportMs: 5_000,
  teardownMs: 500,
  headerBytes: 64 * 1024,
  headerLines: 256,
  bodyBytes: 1024 * 1024,
  garbageBytes: 256 * 1024,
  unitBytes: 16 * 1024 * 1024,
  nalsPerUnit: 4096,
  redirects: 3,
  reorderMs: 100,
  reorderPackets: 64,
};
