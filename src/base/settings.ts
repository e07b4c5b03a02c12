/**
 * The settings: one schema, read from the command line, the environment and a file, in that order of weight. Whatever
 * is wrong is said in a sentence, before anything is started. `docs/settings.md` is printed from here.
 */
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { z } from 'zod';

interface Both {
  readonly en: string;
  readonly zh: string;
}

/** How a setting is given and what it does. */
interface Meaning {
  readonly does: Both;
  /** What a value looks like; stands in the error when one does not. */
  readonly takes: Both;
  readonly environment: string;
  /** False for what would otherwise stand in the list of processes for all to read. */
  readonly option?: false;
  readonly flag?: true;
}

const flagForm: Both = { en: 'true or false', zh: 'true 或 false' };
const pathForm: Both = { en: 'a path', zh: '路径' };
const isFlag = z.union([
  z.boolean(),
  z.enum(['true', '1', 'yes']).transform(() => true),
  z.enum(['false', '0', 'no']).transform(() => false),
]);
const path = z
  .string()
  .min(1)
  .max(4_096)
  .transform((given) => resolve(given));
const digits = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number);
const count = (least: number, most: number) =>
  z.union([z.number(), digits]).pipe(z.number().int().min(least).max(most));

const schema = z.strictObject({
  host: z
    .string()
    .regex(/^[A-Za-z0-9.:_-]{1,255}$/)
    .default('127.0.0.1'),
  port: count(0, 65_535).default(8700),
  data: path.prefault('data'),
  demo: isFlag.default(false),
  databaseUrl: z
    .string()
    .regex(/^postgres(ql)?:\/\//)
    .optional(),
  tlsCert: path.optional(),
  tlsKey: path.optional(),
  behindProxy: isFlag.default(false),
  metricsToken: z.string().min(16).max(256).optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  camerasPerProcess: count(1, 256).default(64),
  transcodeLimit: count(0, 64).default(2),
  ffmpeg: path.optional(),
  masterKey: path.optional(),
  masterPassphraseFile: path.optional(),
  masterPassphrase: z.string().min(8).max(1_024).optional(),
  masterCommand: path.optional(),
  witnessKeys: z
    .string()
    .max(8_192)
    .regex(/^[^\s+,]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+(\s*,\s*[^\s+,]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+)*$/)
    .optional(),
  cipher: z.enum(['aes-256-gcm', 'sm4-ctr-hmac-sm3']).default('aes-256-gcm'),
});

type Name = keyof typeof schema.shape;
type Parsed = z.output<typeof schema>;

export interface Settings extends Omit<Parsed, 'ffmpeg'> {
  /** Path of the FFmpeg that is given or stands in PATH; null when there is none. */
  readonly ffmpeg: string | null;
}

const meanings: Record<Name, Meaning> = {
  host: {
    does: {
      en: 'Address to listen on. Off loopback, TLS or a proxy that ends it is needed.',
      zh: '监听地址。非本机回环地址必须启用 TLS 或由反向代理终止 TLS。',
    },
    takes: { en: 'a host name or an IP address', zh: '主机名或 IP 地址' },
    environment: 'CUSTOS_HOST',
  },
  port: {
    does: { en: 'Port to listen on.', zh: '监听端口。' },
    takes: {
      en: 'a whole number from 0 to 65535 (0: any free port)',
      zh: '0 到 65535 的整数（0 表示任意空闲端口）',
    },
    environment: 'CUSTOS_PORT',
  },
  data: {
    does: {
      en: 'Folder for everything that is kept: database, footage, keys.',
      zh: '数据目录：数据库、录像、密钥均保存于此。',
    },
    takes: { en: 'a folder', zh: '目录' },
    environment: 'CUSTOS_DATA',
  },
  demo: {
    does: {
      en: 'Starts with a demo unit and four synthetic street cameras.',
      zh: '以演示单位和四路合成街景摄像机启动。',
    },
    takes: flagForm,
    environment: 'CUSTOS_DEMO',
    flag: true,
  },
  databaseUrl: {
    does: {
      en: 'PostgreSQL 17 or newer to use instead of the embedded one. May hold a password: no option.',
      zh: '使用指定的 PostgreSQL（17 或更高版本）代替内置数据库。可能含密码，故不提供命令行选项。',
    },
    takes: {
      en: 'an address that begins with postgres:// or postgresql://',
      zh: '以 postgres:// 或 postgresql:// 开头的地址',
    },
    environment: 'DATABASE_URL',
    option: false,
  },
  tlsCert: {
    does: {
      en: 'Certificate chain (PEM) to serve HTTPS with; needs --tls-key.',
      zh: 'HTTPS 证书链（PEM），须与 --tls-key 同时给出。',
    },
    takes: pathForm,
    environment: 'CUSTOS_TLS_CERT',
  },
  tlsKey: {
    does: {
      en: 'Private key (PEM) of the certificate; needs --tls-cert.',
      zh: '证书私钥（PEM），须与 --tls-cert 同时给出。',
    },
    takes: pathForm,
    environment: 'CUSTOS_TLS_KEY',
  },
  behindProxy: {
    does: {
      en: 'A proxy in front ends TLS: plain HTTP is served off loopback, and the forwarded address of the caller is believed.',
      zh: '前置代理终止 TLS：允许在非回环地址提供 HTTP，并采信代理转发的来访地址。',
    },
    takes: flagForm,
    environment: 'CUSTOS_BEHIND_PROXY',
    flag: true,
  },
  metricsToken: {
    does: {
      en: 'Bearer token that opens /metrics from elsewhere than loopback. Secret: no option.',
      zh: '从非回环地址访问 /metrics 所需的令牌。属机密，故不提供命令行选项。',
    },
    takes: { en: '16 to 256 characters', zh: '16 到 256 个字符' },
    environment: 'CUSTOS_METRICS_TOKEN',
    option: false,
  },
  logLevel: {
    does: { en: 'How much the log on stderr says.', zh: '日志（标准错误输出）的详细程度。' },
    takes: { en: 'debug, info, warn or error', zh: 'debug、info、warn 或 error' },
    environment: 'CUSTOS_LOG_LEVEL',
  },
  camerasPerProcess: {
    does: { en: 'Cameras that one intake process pulls.', zh: '每个接入进程拉取的摄像机数量。' },
    takes: { en: 'a whole number from 1 to 256', zh: '1 到 256 的整数' },
    environment: 'CUSTOS_CAMERAS_PER_PROCESS',
  },
  transcodeLimit: {
    does: {
      en: 'Views that may be turned into H.264 by FFmpeg at the same time; each takes about a core.',
      zh: '可同时由 FFmpeg 转码为 H.264 的查看数量，每路约占用一个处理器核心。',
    },
    takes: { en: 'a whole number from 0 to 64', zh: '0 到 64 的整数' },
    environment: 'CUSTOS_TRANSCODE_LIMIT',
  },
  ffmpeg: {
    does: {
      en: 'The FFmpeg to use; without it the one in PATH.',
      zh: '要使用的 FFmpeg；未指定时在 PATH 中查找。',
    },
    takes: { en: 'the path of a program', zh: '程序路径' },
    environment: 'CUSTOS_FFMPEG',
  },
  masterKey: {
    does: {
      en: 'File with the master key (32 bytes) under which the keys of all footage lie; made at the first start. Without it DATA/keys/footage/master.key. Back it up apart from the footage: without it nothing can be read.',
      zh: '保存主密钥（32 字节）的文件，全部录像密钥由其加密保护，首次启动时生成。未指定时为 DATA/keys/footage/master.key。请与录像分开备份，丢失后录像无法读取。',
    },
    takes: pathForm,
    environment: 'CUSTOS_MASTER_KEY',
  },
  masterPassphraseFile: {
    does: {
      en: 'File whose first line is a passphrase that the master key is made of, instead of a key file.',
      zh: '以该文件首行的口令派生主密钥，代替密钥文件。',
    },
    takes: pathForm,
    environment: 'CUSTOS_MASTER_PASSPHRASE_FILE',
  },
  masterPassphrase: {
    does: {
      en: 'The passphrase itself. Secret: no option.',
      zh: '直接给出该口令。属机密，故不提供命令行选项。',
    },
    takes: { en: '8 to 1024 characters', zh: '8 到 1024 个字符' },
    environment: 'CUSTOS_MASTER_PASSPHRASE',
    option: false,
  },
  masterCommand: {
    does: {
      en: 'Program that wraps and unwraps keys by a key management service, instead of a master key here; how it is spoken to stands in docs/storage.md.',
      zh: '由该程序通过密钥管理服务加密和解密密钥，本机不保存主密钥；调用方式见 docs/storage.md。',
    },
    takes: { en: 'the path of a program', zh: '程序路径' },
    environment: 'CUSTOS_MASTER_COMMAND',
  },
  witnessKeys: {
    does: {
      en: 'Keys of the witnesses that cosign the ledger, as `custos witness` prints them, separated by commas; who is named here and stays silent for ten minutes is said loudly.',
      zh: '联署存证账本的见证方公钥（由 `custos witness` 给出），以逗号分隔；列入者超过十分钟未联署即发出警示。',
    },
    takes: { en: 'NAME+ID+KEY, or several of them', zh: '一个或多个 名称+编号+公钥' },
    environment: 'CUSTOS_WITNESS_KEYS',
  },
  cipher: {
    does: {
      en: 'How footage is encrypted from now on; what is stored stays as it is.',
      zh: '此后录像采用的加密方式，已有录像不变。',
    },
    takes: { en: 'aes-256-gcm or sm4-ctr-hmac-sm3', zh: 'aes-256-gcm 或 sm4-ctr-hmac-sm3' },
    environment: 'CUSTOS_CIPHER',
  },
};

const names = Object.keys(schema.shape) as Name[];
const optionOf = (name: Name): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
const byOption = new Map(
  names.filter((name) => meanings[name].option !== false).map((name) => [optionOf(name), name]),
);
const configOption = '--config';

/** Ends the start before it began: a sentence for the terminal and the exit code. Code 0 is asked-for help. */
export class SettingsEnd extends Error {
  override readonly name = 'SettingsEnd';
  readonly exitCode: 0 | 2;

  constructor(message: string, exitCode: 0 | 2) {
    super(message);
    this.exitCode = exitCode;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;
type Given = Partial<Record<Name, unknown>>;

/** `argv` without node and script. Throws `SettingsEnd`. */
export function readSettings(argv: readonly string[], environment: Environment): Settings {
  const say = speaker(environment);
  const fromOptions = readOptions(argv, say, environment);
  const fromEnvironment = readEnvironment(environment);
  const fromFile = fromOptions.config ? readFile(fromOptions.config, say) : {};
  const given = { ...fromFile, ...fromEnvironment, ...fromOptions.given };
  const origins = { fromOptions: fromOptions.given, fromEnvironment };
  const result = schema.safeParse(given);
  if (!result.success) throw wrongValue(result.error, given, origins, say);
  const settings = result.data;
  if ((settings.tlsCert === undefined) !== (settings.tlsKey === undefined)) {
    throw end(
      say,
      '--tls-cert and --tls-key go together: give both or neither.',
      '--tls-cert 与 --tls-key 必须同时给出。',
    );
  }
  const masters = ['masterKey', 'masterPassphraseFile', 'masterPassphrase', 'masterCommand'] as const;
  if (masters.filter((name) => settings[name] !== undefined).length > 1) {
    throw end(
      say,
      'One master only: --master-key, --master-passphrase-file, CUSTOS_MASTER_PASSPHRASE or --master-command.',
      '主密钥只能选择一种：--master-key、--master-passphrase-file、CUSTOS_MASTER_PASSPHRASE 或 --master-command。',
    );
  }
  return { ...settings, ffmpeg: settings.ffmpeg ?? findProgram('ffmpeg', environment) };
}

/** The first executable of this name in PATH, or null. */
export function findProgram(name: string, environment: Environment = process.env): string | null {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false; // Not there: the next folder may have it.
  }
}

function readOptions(
  argv: readonly string[],
  say: Say,
  environment: Environment,
): { given: Given; config: string | null } {
  const given: Given = {};
  let config: string | null = null;
  for (let i = 0; i < argv.length; i++) {
    const [option, inline] = splitOption(argv[i] as string);
    if (option === '--help' || option === '-h') throw new SettingsEnd(settingsHelp(environment), 0);
    const name = byOption.get(option);
    if (!name && option !== configOption) throw unknownOption(option, say);
    const isFlagOption = name !== undefined && meanings[name].flag === true;
    const value = inline ?? (isFlagOption ? 'true' : argv[++i]);
    if (value === undefined || value === '') {
      throw end(say, `${option} needs a value.`, `${option} 需要一个值。`);
    }
    if (name) given[name] = value;
    else config = value;
  }
  return { given, config };
}

function splitOption(text: string): [string, string | undefined] {
  const at = text.startsWith('--') ? text.indexOf('=') : -1;
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** An empty variable is one that is not set. */
function readEnvironment(environment: Environment): Given {
  const pairs = names.map((name) => [name, environment[meanings[name].environment]] as const);
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined && value !== ''));
}

function readFile(file: string, say: Say): Given {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = (error as Error).message;
    throw end(
      say,
      `The file ${file} cannot be read as JSON: ${why}.`,
      `无法将文件 ${file} 读取为 JSON：${why}。`,
    );
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw end(say, `The file ${file} must hold a JSON object.`, `文件 ${file} 必须是一个 JSON 对象。`);
  }
  const strange = Object.keys(content).find((key) => !(names as string[]).includes(key));
  if (strange === undefined) return content;
  const near = nearest(strange, names);
  throw end(
    say,
    `The file ${file} holds an unknown setting "${strange}"${near ? `; did you mean "${near}"?` : '.'}`,
    `文件 ${file} 中有未知设置“${strange}”${near ? `，是否指“${near}”？` : '。'}`,
  );
}

function unknownOption(option: string, say: Say): SettingsEnd {
  const near = nearest(option, [...byOption.keys(), configOption, '--help']);
  return end(
    say,
    `There is no option ${option}${near ? `; did you mean ${near}?` : '.'} --help lists them all.`,
    `没有选项 ${option}${near ? `，是否指 ${near}？` : '。'}使用 --help 查看全部选项。`,
  );
}

function wrongValue(
  error: z.ZodError,
  given: Given,
  origins: { fromOptions: Given; fromEnvironment: Given },
  say: Say,
): SettingsEnd {
  const name = error.issues[0]?.path[0] as Name;
  const { takes, environment, option } = meanings[name];
  const where =
    name in origins.fromOptions
      ? optionOf(name)
      : name in origins.fromEnvironment
        ? environment
        : `"${name}"`;
  // What may not stand in the list of processes may not stand in a terminal's scroll-back either.
  const value = option === false ? '' : JSON.stringify(given[name]);
  return end(
    say,
    `${where} takes ${takes.en}${value ? `, and ${value} was given` : ''}.`,
    `${where} 应为${takes.zh}${value ? `，实际为 ${value}` : ''}。`,
  );
}

type Say = (both: Both) => string;

function speaker(environment: Environment): Say {
  const locale = environment.LC_ALL || environment.LC_MESSAGES || environment.LANG || '';
  return locale.startsWith('zh') ? ({ zh }) => zh : ({ en }) => en;
}

function end(say: Say, en: string, zh: string): SettingsEnd {
  return new SettingsEnd(say({ en, zh }), 2);
}

/** The known word that a mistyped one is closest to, if it is close at all. */
export function nearest(word: string, known: readonly string[]): string | null {
  const ranked = known.map((one) => ({ one, distance: editDistance(word, one) }));
  const best = ranked.sort((a, b) => a.distance - b.distance)[0];
  return best && best.distance <= Math.max(2, Math.floor(best.one.length / 3)) ? best.one : null;
}

function editDistance(from: string, to: string): number {
  const a = from.slice(0, 64);
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}

function defaultOf(name: Name): string {
  const fallback = (schema.shape[name].def as { defaultValue?: unknown }).defaultValue;
  return fallback === undefined ? '' : String(fallback);
}

export function settingsHelp(environment: Environment = {}): string {
  const say = speaker(environment);
  const head = say({
    en: 'npm start -- [options]\n\nOptions win over the environment, the environment over the file.',
    zh: 'npm start -- [选项]\n\n命令行选项优先于环境变量，环境变量优先于配置文件。',
  });
  const lines = names.map((name) => {
    const { does, takes, environment: variable, option, flag } = meanings[name];
    const given = option === false ? variable : `${optionOf(name)}${flag ? '' : ' …'}  (${variable})`;
    const fallback = defaultOf(name);
    const ends = fallback && !flag ? say({ en: ` Default: ${fallback}.`, zh: `默认：${fallback}。` }) : '';
    const form = flag ? '' : say({ en: ` Takes ${takes.en}.`, zh: `取值：${takes.zh}。` });
    return `  ${given}\n      ${say(does)}${form}${ends}`;
  });
  const file = say({
    en: 'JSON file with any of these, by the names in docs/settings.md.',
    zh: 'JSON 配置文件，键名见 docs/settings.md。',
  });
  return [head, '', ...lines, `  ${configOption} …\n      ${file}`].join('\n');
}

/** `docs/settings.md`. */
export function settingsPage(): string {
  const rows = names.map((name) => {
    const { does, takes, environment, option } = meanings[name];
    const cells = [
      `\`${name}\``,
      option === false ? '' : `\`${optionOf(name)}\``,
      `\`${environment}\``,
      defaultOf(name) && `\`${defaultOf(name)}\``,
      `${does.en} Takes ${takes.en}.<br>${does.zh}取值：${takes.zh}。`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return `# Settings · 设置

Printed from \`src/base/settings.ts\`; a test proves that this page is current.
Options win over the environment, the environment over the file that \`--config FILE\` names (a JSON object with the names of the first column). What is unknown or wrong ends the start with a sentence and exit code 2.

本页由 \`src/base/settings.ts\` 生成，并由测试保证与源代码一致。命令行选项优先于环境变量，环境变量优先于 \`--config FILE\` 指定的 JSON 文件（键名见第一列）。未知或错误的设置会使启动以一句说明和退出码 2 结束。

| name 名称 | option 选项 | environment 环境变量 | default 默认 | meaning 含义 |
|---|---|---|---|---|
${rows.join('\n')}

Only for the set-up that \`npm start\` and \`npm test\` do 仅用于 \`npm start\` 与 \`npm test\` 的环境准备: \`CUSTOS_NO_APT=1\` installs no system package 不安装任何系统软件包.
`;
}
