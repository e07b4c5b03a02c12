/** What a storage's answer or a broken connection means, as a code of the catalogue and whether to try again. */
import { Fault } from '../../base/index.ts';
import {
  type BucketProblem,
  type BucketProblemCode,
  bucketProblems,
} from '../../contract/bucket-problems.ts';
import { fill } from '../../contract/causes.ts';
import { readXml, textOf } from './xml.ts';

/** A request to a bucket that did not do what it should. `problem` is for people, the message for the log. */
export class BucketFault extends Fault {
  readonly problem: BucketProblem;

  constructor(
    code: BucketProblemCode,
    values: Readonly<Record<string, string | number>> = {},
    options: { cause?: unknown; retry?: boolean } = {},
  ) {
    super(fill(bucketProblems[code].en, values), options);
    this.problem = { code, values };
  }
}

/** These say something about the whole bucket, not about one object: nothing else will work either. */
const ofTheBucket: ReadonlySet<BucketProblemCode> = new Set([
  ...([
    'host-unknown',
    'no-answer',
    'timed-out',
    'cut-off',
    'tls-untrusted',
    'tls-failed',
    'not-s3',
  ] as const),
  ...(['wrong-key', 'expired-credential', 'no-bucket', 'clock-skew', 'wrong-region', 'busy'] as const),
]);
export const isOfTheBucket = (code: BucketProblemCode): boolean => ofTheBucket.has(code);

export interface Place {
  readonly host: string;
  readonly port: number;
}

const untrusted = new Set([
  ...['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ...[
    'UNABLE_TO_GET_ISSUER_CERT',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'CERT_HAS_EXPIRED',
    'CERT_NOT_YET_VALID',
  ],
  ...['CERT_UNTRUSTED', 'CERT_REVOKED', 'CERT_REJECTED', 'INVALID_CA', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ...['CERT_SIGNATURE_FAILURE', 'HOSTNAME_MISMATCH'],
]);

/** Of a connection that broke before or in the middle of an answer. */
export function ofConnection(error: unknown, at: Place): BucketFault {
  const { code = '', message = '' } = error as NodeJS.ErrnoException;
  const options = { cause: error, retry: true };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new BucketFault('host-unknown', { host: at.host }, options);
  if (untrusted.has(code))
    return new BucketFault('tls-untrusted', { host: at.host, reason: code }, { ...options, retry: false });
  if (code.startsWith('ERR_SSL') || code === 'EPROTO' || code.startsWith('ERR_TLS'))
    return new BucketFault('tls-failed', { reason: code }, { ...options, retry: false });
  if (code.startsWith('HPE_'))
    return new BucketFault('not-s3', { ...at, what: code }, { ...options, retry: false });
  const isMidway = code === 'ECONNRESET' || code === 'EPIPE' || message === 'aborted';
  return new BucketFault(isMidway ? 'cut-off' : 'no-answer', { ...at }, options);
}

const byCode: Readonly<Record<string, BucketProblemCode | 'denied'>> = {
  InvalidAccessKeyId: 'wrong-key',
  SignatureDoesNotMatch: 'wrong-key',
  ExpiredToken: 'expired-credential',
  ExpiredTokenException: 'expired-credential',
  TokenRefreshRequired: 'expired-credential',
  InvalidToken: 'expired-credential',
  UserSuspended: 'expired-credential',
  AccountProblem: 'expired-credential',
  AccessDenied: 'denied',
  AllAccessDisabled: 'denied',
  NoSuchBucket: 'no-bucket',
  NoSuchKey: 'no-object',
  NoSuchVersion: 'no-object',
  NoSuchUpload: 'no-object',
  RequestTimeTooSkewed: 'clock-skew',
  RequestExpired: 'clock-skew',
  PermanentRedirect: 'wrong-region',
  TemporaryRedirect: 'wrong-region',
  AuthorizationHeaderMalformed: 'wrong-region',
  IllegalLocationConstraintException: 'wrong-region',
  QuotaExceeded: 'full',
  InsufficientStorage: 'full',
  InsufficientCapacity: 'full',
  XMinioStorageFull: 'full',
  SlowDown: 'busy',
  RequestLimitExceeded: 'busy',
  TooManyRequests: 'busy',
  ServiceUnavailable: 'busy',
  RequestTimeout: 'busy',
  BadDigest: 'digest',
  InvalidDigest: 'digest',
  XAmzContentSHA256Mismatch: 'digest',
  ObjectLockConfigurationNotFoundError: 'no-lock',
  InvalidRequestObjectLock: 'no-lock',
};
const mayTryAgain: ReadonlySet<BucketProblemCode> = new Set(['busy', 'broken', 'digest']);

/** What a request is for: said when the storage does not allow it. */
export type Doing = 'list' | 'read' | 'write' | 'delete' | 'lock';

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
  readonly doing: Doing;
  readonly bucket: string;
  readonly isOfObject: boolean;
}

/** Of an answer that is no success. HEAD has no body: there only the status speaks. */
export function ofAnswer(answer: Answered, at: Place): BucketFault {
  const { status, doing, bucket } = answer;
  const code = codeIn(answer.body);
  const meant = (code === null ? undefined : byCode[code]) ?? byStatus(answer, code);
  const known = meant === 'denied' ? (`denied-${doing}` as const) : meant;
  const region = String(answer.headers['x-amz-bucket-region'] ?? '?');
  const values: Record<string, string | number> = {
    ...(known === 'no-bucket' ? { bucket } : {}),
    ...(known === 'wrong-region' ? { region } : {}),
    ...(known === 'busy' ? { status } : {}),
    ...(known === 'broken' || known === 'refused' ? { status, code: code ?? '' } : {}),
    ...(known === 'not-s3' ? { ...at, what: String(status) } : {}),
  };
  return new BucketFault(known, values, { retry: mayTryAgain.has(known) });
}

function byStatus({ status, isOfObject, body }: Answered, code: string | null): BucketProblemCode | 'denied' {
  if (status === 404 && code === null && body.length === 0) return isOfObject ? 'no-object' : 'no-bucket';
  if (status === 403) return 'denied';
  if (status === 507) return 'full';
  if (status === 429 || status === 503) return 'busy';
  if (status === 301 || status === 307) return code === null ? 'not-s3' : 'wrong-region';
  if (status >= 500) return 'broken';
  return code === null && body.length > 0 ? 'not-s3' : 'refused';
}

/** The `Code` of an error document, if that is what it is; only letters and digits, because it is shown. */
function codeIn(body: Uint8Array): string | null {
  if (body.length === 0) return null;
  try {
    const root = readXml(body);
    const code = root.name === 'Error' ? textOf(root, 'Code') : null;
    return code !== null && /^[A-Za-z0-9._-]{1,80}$/.test(code) ? code : null;
  } catch {
    return null; // Not XML: whoever answered is no S3 server, and the status says the rest.
  }
}
