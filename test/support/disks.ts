/**
 * Real disks for a test: file systems of their own that can be taken away, frozen or made to fail. Mounting needs root;
 * a test that cannot have it says what it did not do.
 */
import { execFile, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Disk extends Disposable {
  readonly path: string;
}

/** Null: mounts are not allowed here. */
export function whyNoMounts(): string | null {
  const path = mkdtempSync(join(tmpdir(), 'custos-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path], { stdio: 'ignore' });
    execFileSync('umount', [path], { stdio: 'ignore' });
    return null;
  } catch {
    return 'file systems cannot be mounted here (it needs root): failing disks were not tried';
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

/** A file system in memory. */
export async function memoryDisk(mb: number): Promise<Disk> {
  const path = mkdtempSync(join(tmpdir(), 'custos-disk-'));
  await run('mount', ['-t', 'tmpfs', '-o', `size=${mb}m,mode=755`, 'tmpfs', path]);
  return disk(path);
}

/** ext4 on a file, so that it can be frozen: every write to it then waits in the kernel, as on a dead network share. */
export async function frozenDisk(
  mb: number,
): Promise<Disk & { freeze(): Promise<void>; thaw(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'custos-image-'));
  const image = join(folder, 'image');
  const path = mkdtempSync(join(tmpdir(), 'custos-disk-'));
  await run('truncate', ['-s', `${mb}M`, image]);
  await run('mkfs.ext4', ['-q', '-m', '0', image]);
  await run('mount', ['-o', 'loop', image, path]);
  let frozen = false;
  const thaw = async () => {
    if (frozen) await run('fsfreeze', ['-u', path]);
    frozen = false;
  };
  const whole = disk(path);
  return {
    path,
    freeze: async () => {
      await run('fsfreeze', ['-f', path]);
      frozen = true;
    },
    thaw,
    [Symbol.dispose]() {
      if (frozen) execFileSync('fsfreeze', ['-u', path]);
      whole[Symbol.dispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * A file system that a process serves, as a network share is served by another machine. Stopped, nothing that is asked
 * of it returns: neither writing nor looking. Null where this kernel has none.
 */
export async function sharedDisk(): Promise<(Disk & { stop(): void; goOn(): void }) | null> {
  if (!existsSync('/dev/fuse')) return null;
  const backing = mkdtempSync(join(tmpdir(), 'custos-share-'));
  const path = mkdtempSync(join(tmpdir(), 'custos-disk-'));
  const server = fork(new URL('./fuse-child.ts', import.meta.url), [path, backing], { execArgv: [] });
  await once(server, 'message');
  const whole = disk(path);
  return {
    path,
    stop: () => server.kill('SIGSTOP'),
    goOn: () => server.kill('SIGCONT'),
    [Symbol.dispose]() {
      // Whoever waits for it gets an error, and goes on.
      server.kill('SIGKILL');
      whole[Symbol.dispose]();
      rmSync(backing, { recursive: true, force: true });
    },
  };
}

/** ext4 that turns read-only under open files, as the kernel does when it finds an error: `turn` makes it find one. */
export async function fallibleDisk(mb: number): Promise<(Disk & { turn(): void }) | null> {
  const folder = mkdtempSync(join(tmpdir(), 'custos-image-'));
  const image = join(folder, 'image');
  const path = mkdtempSync(join(tmpdir(), 'custos-disk-'));
  await run('truncate', ['-s', `${mb}M`, image]);
  await run('mkfs.ext4', ['-q', '-m', '0', image]);
  await run('mount', ['-o', 'loop,errors=remount-ro', image, path]);
  const { stdout } = await run('findmnt', ['-n', '-o', 'SOURCE', path]);
  const trigger = join('/sys/fs/ext4', basename(stdout.trim()), 'trigger_fs_error');
  const whole = disk(path);
  const dispose = () => {
    whole[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  };
  if (!existsSync(trigger)) {
    dispose();
    return null;
  }
  return { path, turn: () => writeFileSync(trigger, 'for a test'), [Symbol.dispose]: dispose };
}

/** ext4 on a device that can be cut short: what lies behind its new end answers EIO, as a failing disk does. */
export async function failingDisk(): Promise<Disk & { fail(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'custos-image-'));
  const image = join(folder, 'image');
  const path = mkdtempSync(join(tmpdir(), 'custos-disk-'));
  await run('truncate', ['-s', '60M', image]);
  await run('mkfs.ext4', ['-q', '-m', '0', '-O', '^has_journal', image]);
  const { stdout } = await run('losetup', ['-f', '--show', image]);
  const device = stdout.trim();
  await run('mount', [device, path]);
  const whole = disk(path);
  return {
    path,
    fail: async () => {
      await run('truncate', ['-s', '1M', image]);
      await run('losetup', ['-c', device]);
    },
    [Symbol.dispose]() {
      whole[Symbol.dispose]();
      execFileSync('losetup', ['-d', device]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const unmountLazily = (path: string): Promise<unknown> => run('umount', ['-l', path]);
export const mountMemory = (path: string, mb: number): Promise<unknown> =>
  run('mount', ['-t', 'tmpfs', '-o', `size=${mb}m,mode=755`, 'tmpfs', path]);
export const bind = (from: string, to: string): Promise<unknown> => run('mount', ['--bind', from, to]);

const disk = (path: string): Disk => ({
  path,
  [Symbol.dispose]() {
    for (let i = 0; i < 4; i++) {
      try {
        execFileSync('umount', ['-l', path], { stdio: 'ignore' });
      } catch {
        break; // Nothing is mounted there any more.
      }
    }
    rmSync(path, { recursive: true, force: true });
  },
});
