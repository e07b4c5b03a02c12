/** RTSP: the client of one camera (`openLink`), and the message parser that the demo's server shares. */
export { type Address, type AddressWithCredentials, splitAddress } from './address.ts';
export { defaultLimits, type LinkLimits } from './limits.ts';
export { type LinkOptions, openLink } from './link.ts';
export {
  encodeFrame,
  encodeRequest,
  encodeResponse,
  header,
  type RtspHeaders,
  type RtspMessage,
  type RtspRequest,
  type RtspResponse,
} from './message.ts';
export { Moderation } from './moderation.ts';
export { type ParserLimits, RtspParser, type RtspSink } from './parser.ts';
export { LinkProblem } from './problem.ts';
