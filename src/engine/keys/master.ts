/** The master of a key ring: which kind it is stands in `master.json`, made at the first start and proven at each. */
import { dirname, join } from 'node:path';
import { Fault, newId, newKey } from '../../base/index.ts';
import { ownFolder, readIfThere, writeNew } from './durable.ts';
import {
  commandWrapper,
  type KeyWrapper,
  masterOfPassphrase,
  masterWrapper,
  newPassphraseCost,
  type PassphraseCost,
} from './wrapper.ts';

/** What the operator chose. A file is the default, and lies beside the keys unless another place is named. */
export type MasterChoice =
  | { readonly kind: 'file'; readonly path?: string }
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'command'; readonly program: string }
  | { readonly kind: 'given'; readonly wrapper: KeyWrapper };

export interface Master {
  /** `mst_…`; every day key names the master that wrapped it. */
  readonly id: string;
  readonly wrapper: KeyWrapper;
}

interface MasterFile {
  readonly format: 1;
  readonly id: string;
  readonly kind: MasterChoice['kind'];
  readonly cost: PassphraseCost | null;
  /** A known text, wrapped: another master is noticed at the start and not at the first segment. */
  readonly check: string;
}

const masterBytes = 32;
const checkText = 'custos key ring';
const checkContext = (id: string): string => `custos master\n${id}`;

export async function openMaster(dir: string, choice: MasterChoice): Promise<Master> {
  const known = await readIfThere(join(dir, 'master.json'));
  return known === null ? makeMaster(dir, choice) : openKnown(dir, choice, parse(known, dir));
}

/** Which ring lies there, told without its master; null: none. */
export async function masterIdIn(dir: string): Promise<string | null> {
  const known = await readIfThere(join(dir, 'master.json'));
  return known === null ? null : parse(known, dir).id;
}

function parse(bytes: Buffer, dir: string): MasterFile {
  try {
    const file = JSON.parse(bytes.toString()) as MasterFile;
    if (file.format === 1 && typeof file.id === 'string' && typeof file.check === 'string') return file;
  } catch {
    // Said below.
  }
  throw new Fault(`${join(dir, 'master.json')} is damaged: put it back from its backup`);
}

async function openKnown(dir: string, choice: MasterChoice, file: MasterFile): Promise<Master> {
  if (file.kind !== choice.kind)
    throw new Fault(`the footage's keys are under a master of the kind "${file.kind}", not "${choice.kind}"`);
  const wrapper = await wrapperOf(dir, choice, file.cost, false);
  const text = await wrapper.unwrap(Buffer.from(file.check, 'base64'), checkContext(file.id)).catch(wrong);
  if (Buffer.from(text).toString() !== checkText) wrong(null);
  return { id: file.id, wrapper };
}

function wrong(cause: unknown): never {
  // A service that does not answer is no wrong key.
  if (cause instanceof Fault && cause.retry) throw cause;
  throw new Fault("the footage's keys are under another master key (or passphrase) than the one given", {
    cause,
  });
}

async function makeMaster(dir: string, choice: MasterChoice): Promise<Master> {
  const id = newId('mst');
  const cost = choice.kind === 'passphrase' ? newPassphraseCost() : null;
  const wrapper = await wrapperOf(dir, choice, cost, true);
  const check = Buffer.from(await wrapper.wrap(Buffer.from(checkText), checkContext(id)));
  const file: MasterFile = { format: 1, id, kind: choice.kind, cost, check: check.toString('base64') };
  await writeNew(join(dir, 'master.json'), Buffer.from(`${JSON.stringify(file)}\n`));
  // Two first starts at once: whoever came first has made it.
  const made = await readIfThere(join(dir, 'master.json'));
  return made === null ? { id, wrapper } : openKnown(dir, choice, parse(made, dir));
}

async function wrapperOf(
  dir: string,
  choice: MasterChoice,
  cost: PassphraseCost | null,
  mayMake: boolean,
): Promise<KeyWrapper> {
  switch (choice.kind) {
    case 'given':
      return choice.wrapper;
    case 'command':
      return commandWrapper(choice.program);
    case 'passphrase':
      if (cost === null) throw new Fault('master.json does not say how its passphrase is used');
      return masterWrapper(await masterOfPassphrase(choice.passphrase, cost));
    case 'file':
      return masterWrapper(await masterOfFile(choice.path ?? join(dir, 'master.key'), mayMake));
  }
}

async function masterOfFile(path: string, mayMake: boolean): Promise<Uint8Array> {
  const known = await readIfThere(path);
  if (known !== null) return whole(known, path);
  if (!mayMake)
    throw new Fault(
      `the master key ${path} is missing: put it back from its backup. Without it no footage recorded so far can be read`,
    );
  await ownFolder(dirname(path));
  await writeNew(path, newKey(masterBytes));
  return whole((await readIfThere(path)) ?? Buffer.alloc(0), path);
}

function whole(key: Buffer, path: string): Uint8Array {
  if (key.length !== masterBytes) throw new Fault(`${path} is not a key of ${masterBytes} bytes`);
  return key;
}
