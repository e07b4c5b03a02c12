/** RTSP: the client of one camera (`openLink`), and the message parser that the demo's server shares. */
export { defaultLimits, type LinkLimits } from './limits.ts';
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
export { type ParserLimits, RtspParser, type RtspSink } from './parser.ts';
export { LinkProblem } from './problem.ts';
