/**
 * Why there is no video: the closed list of causes of a gap, and of what can be wrong with a camera, with the
 * sentence a guard reads. One list for engine, store and console.
 */

import { drawnName, isRoom, needName, regionName, rooms, stepNames } from '../law/index.ts';
import { awayReasons } from './away.ts';
import type { Said } from './said.ts';

/** Causes of a gap. `{…}` is filled from the gap's detail. */
export const gapCauses = {
  unreachable: { en: 'camera unreachable', zh: '摄像机无法连接' },
  refused: { en: 'camera refused the connection or the password', zh: '摄像机拒绝连接或密码错误' },
  stalled: { en: 'camera connected but sent nothing', zh: '摄像机已连接但无画面数据' },
  'network-loss': { en: 'packets lost in the network', zh: '网络丢包' },
  'unsupported-stream': { en: 'camera sent a stream that cannot be recorded', zh: '摄像机的码流无法录制' },
  'engine-restart': { en: 'the recording engine was restarted', zh: '录像引擎重启' },
  'system-stopped': { en: 'Custos was stopped by an operator', zh: '系统被人员停止' },
  'system-crash': {
    en: 'Custos ended without being stopped (power or crash)',
    zh: '系统异常中断（断电或崩溃）',
  },
  disk: { en: 'the disk did not take the recording', zh: '磁盘无法写入' },
  deleted: {
    en: 'deleted on its day, certificate {certificate}',
    zh: '到期已删除，删除证书第 {certificate} 号',
  },
  'no-key': {
    en: 'there was no key to encrypt the recording with',
    zh: '没有可用密钥，录像无法加密保存',
  },
  'key-destroyed': {
    en: 'the key of this day was destroyed: its recordings cannot be read any more',
    zh: '当日密钥已销毁，录像不可再读取',
  },
  'key-missing': {
    en: 'the key of this day is not in the key ring: its recordings cannot be read',
    zh: '密钥库中没有当日密钥，录像无法读取',
  },
  'bucket-away': {
    en: 'the recording lies in {name}, which cannot be reached now: {awayWhy}',
    zh: '录像存放于 {name}，目前无法访问：{awayWhy}',
  },
  damaged: { en: 'a stored file is damaged', zh: '录像文件损坏' },
  missing: { en: 'a stored file is missing', zh: '录像文件丢失' },
  paused: { en: 'recording was paused by {by}', zh: '录像被 {by} 暂停' },
  retired: { en: 'the camera was retired by {by}', zh: '摄像机被 {by} 停用' },
  suspended: { en: 'the camera was suspended by {by}', zh: '摄像机被 {by} 暂停使用' },
  starting: { en: 'recording was being started', zh: '录像启动中' },
  changed: {
    en: "the camera's address or access was changed by {by}",
    zh: '摄像机地址或访问方式被 {by} 修改',
  },
  'clock-step': { en: "the server's clock was set", zh: '服务器时钟被调整' },
  'index-rebuilt': {
    en: 'the index was made anew from the disks; why nothing was recorded is not known any more',
    zh: '索引由磁盘重建，未录像的原因已无从查考',
  },
  space: {
    en: 'storage {volume} was full: this camera recorded nothing new',
    zh: '存储卷 {volume} 已满，该摄像机暂停新录像',
  },
  'space-sub': {
    en: 'storage {volume} was nearly full: only the sub-stream was recorded',
    zh: '存储卷 {volume} 将满，仅录制子码流',
  },
  unexplained: { en: 'no cause is known', zh: '原因不明' },
} as const satisfies Record<string, Said>;
export type GapCause = keyof typeof gapCauses;

/** Where a span has no footage and no cause is told of it. */
export const nothingRecorded: Said = { en: 'nothing was recorded', zh: '没有录像' };

/** `bucket-away` where it is not known which storage it is. */
export const somewhereAway: Said = {
  en: 'the recording lies in storage that cannot be reached now',
  zh: '录像所在的存储目前无法访问',
};

/** What is wrong with a camera that does not deliver. `{…}` is filled from the problem's detail. */
export const cameraProblems = {
  'bad-url': {
    en: 'The address is not a camera address (rtsp://host/path).',
    zh: '地址格式不正确，应为 rtsp://主机/路径。',
  },
  'host-unknown': { en: 'The name {host} is not known in this network.', zh: '网络中找不到主机 {host}。' },
  'port-closed': {
    en: 'Nothing answers at {host}:{port}. Is the camera on, and is the port right?',
    zh: '{host}:{port} 无应答，请检查摄像机是否开机、端口是否正确。',
  },
  'no-answer': {
    en: '{host}:{port} does not answer within {seconds} s.',
    zh: '{host}:{port} 在 {seconds} 秒内没有应答。',
  },
  'bad-credentials': { en: 'The camera refuses this name or password.', zh: '摄像机不接受该用户名或密码。' },
  'needs-credentials': { en: 'The camera asks for a name and a password.', zh: '摄像机需要用户名和密码。' },
  'auth-unsupported': {
    en: 'The camera asks for a kind of sign-in that Custos does not speak ({scheme}).',
    zh: '摄像机要求的认证方式（{scheme}）不受支持。',
  },
  'not-found': {
    en: 'The camera answers, but has no stream at this path.',
    zh: '摄像机有应答，但该路径没有视频流。',
  },
  'not-rtsp': {
    en: 'Something answers at {host}:{port}, but it does not speak RTSP.',
    zh: '{host}:{port} 有应答，但不是 RTSP 协议。',
  },
  'bad-answer': {
    en: 'The camera answers in a way that cannot be understood ({what}).',
    zh: '摄像机的应答无法识别（{what}）。',
  },
  'too-large': {
    en: 'The camera sends more than is allowed ({what}).',
    zh: '摄像机发送的数据超出限制（{what}）。',
  },
  'no-video': { en: 'The camera offers no video in this stream.', zh: '该码流中没有视频。' },
  'codec-unknown': {
    en: 'The camera sends {codec}; Custos records H.264 and H.265.',
    zh: '摄像机编码为 {codec}，系统仅支持 H.264 和 H.265。',
  },
  busy: {
    en: 'The camera has no free connection (it answered {status}).',
    zh: '摄像机连接数已满（应答 {status}）。',
  },
  'refused-by-camera': {
    en: 'The camera refused: {status} {reason}.',
    zh: '摄像机拒绝：{status} {reason}。',
  },
  'tls-failed': { en: 'The encrypted connection failed: {reason}.', zh: '加密连接失败：{reason}。' },
  'udp-blocked': {
    en: 'The camera sends by UDP, but no packet arrives.',
    zh: '摄像机使用 UDP 发送，但未收到数据。',
  },
  stalled: {
    en: 'The camera is connected, but has sent nothing for {seconds} s.',
    zh: '摄像机已连接，但 {seconds} 秒没有数据。',
  },
  closed: { en: 'The camera closed the connection.', zh: '摄像机关闭了连接。' },
  'engine-down': { en: 'The recording engine is starting again.', zh: '录像引擎正在重启。' },
} as const satisfies Record<string, Said>;
export type CameraProblem = keyof typeof cameraProblems;

export interface Problem {
  readonly code: CameraProblem;
  /** Values for the sentence. Never holds credentials. */
  readonly values: Readonly<Record<string, string | number>>;
}

/**
 * Fills `{name}` in a sentence; a value that is missing stays visible as its name. A `{period}` is ISO 8601 (`P30D`)
 * and said in the language of the sentence.
 */
export function fill(sentence: string, values: Readonly<Record<string, string | number>>): string {
  const language = /\p{Script=Han}/u.test(sentence) ? 'zh' : 'en';
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = String(values[name] ?? whole);
    return name === 'awayWhy' ? sayAway(value, values, language) : sayValue(name, value, language);
  });
}

/** Why a volume is away, kept by its code and with the values of its own sentence; without the stop at its end. */
function sayAway(code: string, values: Parameters<typeof fill>[1], language: 'en' | 'zh'): string {
  const said = Object.hasOwn(awayReasons, code) ? awayReasons[code] : undefined;
  return said ? fill(said[language], values).replace(/[.。]$/, '') : code;
}

/** Words of the law's are kept by their id and said in the language of the sentence. */
function sayValue(name: string, value: string, language: 'en' | 'zh'): string {
  if (name === 'period') return sayPeriod(value, language);
  if (name === 'room') return isRoom(value) ? rooms[value][language] : value;
  if (name === 'region') return regionName(value)[language];
  if (name === 'area') return drawnName(value)[language];
  if (name === 'step' || name === 'from' || name === 'to') return sayFrom(stepNames, value, language);
  if (name !== 'needs') return value;
  const said = value.split(' ').map((each) => needName(each)[language]);
  return said.join(language === 'zh' ? '、' : ', ');
}

function sayFrom(words: Readonly<Record<string, Said>>, id: string, language: 'en' | 'zh'): string {
  return Object.hasOwn(words, id) ? (words[id]?.[language] ?? id) : id;
}

const periodWords = {
  H: { en: 'hour', zh: '小时' },
  D: { en: 'day', zh: '日' },
  M: { en: 'month', zh: '个月' },
  Y: { en: 'year', zh: '年' },
} as const;

/** `P30D` → 30 days · 30 日. What is no period of one unit stays as it is. */
export function sayPeriod(iso: string, language: 'en' | 'zh'): string {
  const [, n, unit] = /^PT?(\d+)([HDMY])$/.exec(iso) ?? [];
  if (n === undefined || unit === undefined) return iso;
  const word = periodWords[unit as keyof typeof periodWords];
  return language === 'zh' ? `${n} ${word.zh}` : `${n} ${n === '1' ? word.en : `${word.en}s`}`;
}
