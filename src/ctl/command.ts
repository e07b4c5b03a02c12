/** What a command of `npx custos` is. */
import { type Environment, readSettings, type Settings, SettingsEnd } from '../base/index.ts';

export type Language = 'en' | 'zh';
export type Both = Readonly<Record<Language, string>>;

export interface Terminal {
  readonly language: Language;
  readonly environment: Environment;
}

export interface Command {
  readonly does: Both;
  run(args: readonly string[], terminal: Terminal): Promise<0 | 1 | 2>;
}

/** Asked for help, or asked for what does not exist. */
export class Usage extends Error {
  readonly isHelp: boolean;

  constructor(message: string, isHelp = false) {
    super(message);
    this.isHelp = isHelp;
  }
}

/** The settings that `npm start` would have with the same options, and whether JSON is wanted. */
export function readArguments(
  args: readonly string[],
  { environment }: Terminal,
): { settings: Settings; isJson: boolean } {
  try {
    const settings = readSettings(
      args.filter((arg) => arg !== '--json'),
      environment,
    );
    return { settings, isJson: args.includes('--json') };
  } catch (error) {
    if (error instanceof SettingsEnd) throw new Usage(error.message, error.exitCode === 0);
    throw error;
  }
}
