/**
 * A file system of our own, in a process of its own: what is asked of PATH is done in BACKING. Stopped (SIGSTOP) it is a
 * dead network share: nothing that is asked of it ever returns, neither a write nor a look. It speaks the kernel's
 * protocol (linux/fuse.h, 7.31) as far as recording needs it.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { dirname, join } from 'node:path';

const [mountPath, backing] = process.argv.slice(2) as [string, string];
const device = fs.openSync('/dev/fuse', 'r+');
const options = `fd=3,rootmode=40000,user_id=0,group_id=0`;
execFileSync('mount', ['-i', '-t', 'fuse', '-o', options, 'custos-test', mountPath], {
  stdio: ['ignore', 'ignore', 'inherit', device],
});

const rootId = 1;
const pathOf = new Map<number, string>([[rootId, '']]);
const idOf = new Map<string, number>([['', rootId]]);
let lastId = rootId;
const idFor = (path: string): number => {
  const known = idOf.get(path);
  if (known !== undefined) return known;
  lastId++;
  idOf.set(path, lastId);
  pathOf.set(lastId, path);
  return lastId;
};
const full = (path: string): string => join(backing, path);
const child = (node: number, name: string): string => join(pathOf.get(node)!, name);
const nameIn = (body: Buffer, at: number): string => body.toString('utf8', at, body.indexOf(0, at));

function attr(into: Buffer, at: number, path: string): void {
  const of = fs.lstatSync(full(path));
  into.writeBigUInt64LE(BigInt(idFor(path)), at);
  into.writeBigUInt64LE(BigInt(of.size), at + 8);
  into.writeBigUInt64LE(BigInt(of.blocks), at + 16);
  for (const [i, ms] of [of.atimeMs, of.mtimeMs, of.ctimeMs].entries())
    into.writeBigUInt64LE(BigInt(Math.floor(ms / 1000)), at + 24 + 8 * i);
  into.writeUInt32LE(of.mode, at + 60);
  into.writeUInt32LE(of.nlink, at + 64);
  into.writeUInt32LE(4096, at + 80);
}

function entry(path: string, more = 0): Buffer {
  const out = Buffer.alloc(128 + more);
  out.writeBigUInt64LE(BigInt(idFor(path)), 0);
  attr(out, 40, path);
  return out;
}

function attributes(path: string): Buffer {
  const out = Buffer.alloc(104);
  attr(out, 16, path);
  return out;
}

const opened = (fd: number): Buffer => {
  const out = Buffer.alloc(16);
  out.writeBigUInt64LE(BigInt(fd), 0);
  return out;
};

function list(path: string, offset: number, size: number): Buffer {
  const names = ['.', '..', ...fs.readdirSync(full(path))];
  const found: Buffer[] = [];
  let bytes = 0;
  for (let i = offset; i < names.length; i++) {
    const name = Buffer.from(names[i]!);
    const one = Buffer.alloc(Math.ceil((24 + name.length) / 8) * 8);
    if (bytes + one.length > size) break;
    one.writeBigUInt64LE(1n, 0);
    one.writeBigUInt64LE(BigInt(i + 1), 8);
    one.writeUInt32LE(name.length, 16);
    name.copy(one, 24);
    found.push(one);
    bytes += one.length;
  }
  return Buffer.concat(found);
}

function space(): Buffer {
  const disk = fs.statfsSync(backing);
  const out = Buffer.alloc(80);
  for (const [i, value] of [disk.blocks, disk.bfree, disk.bavail, disk.files, disk.ffree].entries())
    out.writeBigUInt64LE(BigInt(value), 8 * i);
  for (const [i, value] of [disk.bsize, 255, disk.bsize].entries()) out.writeUInt32LE(value, 40 + 4 * i);
  return out;
}

function begin(): Buffer {
  const out = Buffer.alloc(64);
  for (const [i, value] of [7, 31, 0, 1 << 5].entries()) out.writeUInt32LE(value, 4 * i);
  out.writeUInt16LE(64, 16);
  out.writeUInt16LE(48, 18);
  out.writeUInt32LE(128 * 1024, 20);
  out.writeUInt32LE(1, 24);
  return out;
}

const nothing = Buffer.alloc(0);
const fdAt = (body: Buffer): number => Number(body.readBigUInt64LE(0));
const u64 = (body: Buffer, at: number): number => Number(body.readBigUInt64LE(at));

/** By the numbers of linux/fuse.h; undefined: no such operation here. */
function answer(op: number, node: number, body: Buffer): Buffer | undefined {
  const path = pathOf.get(node)!;
  switch (op) {
    case 1:
      return entry(child(node, nameIn(body, 0)));
    case 3:
      return attributes(path);
    case 4:
      if (body.readUInt32LE(0) & 8) fs.truncateSync(full(path), u64(body, 16));
      return attributes(path);
    case 9:
      fs.mkdirSync(full(child(node, nameIn(body, 8))));
      return entry(child(node, nameIn(body, 8)));
    case 10:
      fs.unlinkSync(full(child(node, nameIn(body, 0))));
      return nothing;
    case 11:
      fs.rmdirSync(full(child(node, nameIn(body, 0))));
      return nothing;
    case 14:
      return opened(fs.openSync(full(path), body.readUInt32LE(0) & ~fs.constants.O_CREAT));
    case 15: {
      const into = Buffer.alloc(body.readUInt32LE(16));
      return into.subarray(0, fs.readSync(fdAt(body), into, 0, into.length, u64(body, 8)));
    }
    case 16: {
      const out = Buffer.alloc(8);
      const size = body.readUInt32LE(16);
      out.writeUInt32LE(fs.writeSync(fdAt(body), body, 40, size, u64(body, 8)), 0);
      return out;
    }
    case 17:
      return space();
    case 18:
      fs.closeSync(fdAt(body));
      return nothing;
    case 20:
      fs.fdatasyncSync(fdAt(body));
      return nothing;
    case 26:
      return begin();
    case 28:
      return list(path, u64(body, 8), body.readUInt32LE(16));
    case 25: // flush
    case 29: // releasedir
    case 30: // fsyncdir
    case 34: // access
      return nothing;
    case 27:
      return opened(0);
    case 35: {
      const made = child(node, nameIn(body, 16));
      const fd = fs.openSync(full(made), body.readUInt32LE(0) | fs.constants.O_CREAT, 0o640);
      const out = entry(made, 16);
      opened(fd).copy(out, 128);
      return out;
    }
  }
  return undefined;
}

const numbers: Record<string, number> = { ENOENT: 2, EEXIST: 17, ENOTEMPTY: 39, ENOSPC: 28, EACCES: 13 };
const request = Buffer.alloc(256 * 1024);
process.send?.(`mounted in ${dirname(mountPath)}`);
for (;;) {
  let bytes = 0;
  try {
    bytes = fs.readSync(device, request, 0, request.length, null);
  } catch {
    process.exit(0); // Unmounted.
  }
  const op = request.readUInt32LE(4);
  // Forgetting and interrupting want no answer.
  if ([2, 36, 42].includes(op)) continue;
  let error = 0;
  let out: Buffer | undefined;
  try {
    out = answer(op, Number(request.readBigUInt64LE(16)), request.subarray(40, bytes));
    if (out === undefined) error = 38;
  } catch (caught) {
    error = numbers[(caught as NodeJS.ErrnoException).code ?? ''] ?? 5;
  }
  const head = Buffer.alloc(16);
  head.writeUInt32LE(16 + (error === 0 ? out!.length : 0), 0);
  head.writeInt32LE(-error, 4);
  request.copy(head, 8, 8, 16);
  fs.writevSync(device, error === 0 ? [head, out!] : [head]);
}
