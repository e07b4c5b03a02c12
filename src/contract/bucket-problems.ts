/** What can be wrong with a bucket, in words; without schemas, for the engine's processes do not pay for them. */
import type { Said } from './said.ts';

/** `{…}` is filled from the problem's values, which hold no secret. */
export const bucketProblems = {
  'host-unknown': { en: 'The name {host} is not known in this network.', zh: '网络中找不到主机 {host}。' },
  'no-answer': {
    en: 'Nothing answers at {host}:{port}. Is the storage on, and is the port right?',
    zh: '{host}:{port} 无应答，请检查存储服务是否运行、端口是否正确。',
  },
  'timed-out': {
    en: '{host}:{port} did not answer within {seconds} s.',
    zh: '{host}:{port} 在 {seconds} 秒内没有应答。',
  },
  'cut-off': {
    en: 'The connection to {host}:{port} was cut in the middle of an answer.',
    zh: '与 {host}:{port} 的连接在传输过程中断开。',
  },
  'tls-untrusted': {
    en: 'The certificate of {host} is not trusted ({reason}). Give the certificate of the authority that signed it.',
    zh: '{host} 的证书不受信任（{reason}），请提供签发机构的证书。',
  },
  'tls-failed': { en: 'The encrypted connection failed: {reason}.', zh: '加密连接失败：{reason}。' },
  'not-s3': {
    en: 'Something answers at {host}:{port}, but it does not speak S3 ({what}).',
    zh: '{host}:{port} 有应答，但不是 S3 协议（{what}）。',
  },
  'wrong-key': {
    en: 'The storage does not know this access key, or the secret does not belong to it.',
    zh: '访问密钥不存在，或密钥不匹配。',
  },
  'expired-credential': {
    en: 'The access key has expired or was suspended. Give a new one.',
    zh: '访问密钥已过期或被停用，请更换。',
  },
  'denied-list': { en: 'The access key may not list this bucket.', zh: '该访问密钥无权列出存储桶内容。' },
  'denied-read': { en: 'The access key may not read from this bucket.', zh: '该访问密钥无权读取存储桶。' },
  'denied-write': { en: 'The access key may not write to this bucket.', zh: '该访问密钥无权写入存储桶。' },
  'denied-delete': {
    en: 'The access key may not delete from this bucket.',
    zh: '该访问密钥无权从存储桶删除。',
  },
  'denied-lock': {
    en: 'The access key may not lock objects in this bucket.',
    zh: '该访问密钥无权锁定存储桶中的对象。',
  },
  'no-bucket': { en: 'There is no bucket {bucket}.', zh: '存储桶 {bucket} 不存在。' },
  'no-object': { en: 'The object is not in the bucket.', zh: '存储桶中没有该对象。' },
  'clock-skew': {
    en: "The clocks of this machine and of the storage differ by more than the storage allows. Set this machine's clock.",
    zh: '本机时钟与存储服务相差过大，请校准本机时钟。',
  },
  'wrong-region': {
    en: 'The bucket is in another region ({region}).',
    zh: '存储桶位于其他区域（{region}）。',
  },
  full: { en: 'The bucket or its quota is full.', zh: '存储桶已满或超出配额。' },
  busy: {
    en: 'The storage asks to be left alone for a moment ({status}).',
    zh: '存储服务繁忙，请稍后（{status}）。',
  },
  broken: {
    en: 'The storage answered with a fault of its own ({status} {code}).',
    zh: '存储服务内部故障（{status} {code}）。',
  },
  refused: { en: 'The storage refused: {status} {code}.', zh: '存储服务拒绝：{status} {code}。' },
  locked: {
    en: 'The object is locked by the storage until {until}.',
    zh: '该对象被存储服务锁定至 {until}。',
  },
  digest: {
    en: 'What lies in the bucket is not what was sent: its digest differs.',
    zh: '存储桶中的内容与上传内容不一致（摘要不同）。',
  },
  'local-file': {
    en: 'The file on this machine cannot be read ({what}).',
    zh: '本机文件无法读取（{what}）。',
  },
  'no-lock': {
    en: 'The bucket has no object lock. It can only be switched on when a bucket is made.',
    zh: '存储桶未启用对象锁定，只能在创建存储桶时启用。',
  },
  'engine-down': {
    en: 'The process that reads and writes buckets is starting again.',
    zh: '读写存储桶的进程正在重启。',
  },
} as const satisfies Record<string, Said>;
export type BucketProblemCode = keyof typeof bucketProblems;

export interface BucketProblem {
  readonly code: BucketProblemCode;
  readonly values: Readonly<Record<string, string | number>>;
}
