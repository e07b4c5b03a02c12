// Opens a stored segment by docs/storage.md alone: `node read-by-the-page.mjs KEYS SEGMENT.cvs PLAIN.mp4`, prints what
// it found. Written from the page, not from our code: it shares nothing with it.
import * as crypto from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

const [keys, path, out] = process.argv.slice(2);
const file = readFileSync(path);

// The header, from the first copy.
const magic = '894356530d0a1a0a';
if (file.toString('hex', 0, 8) !== magic) throw new Error('not a segment');
if (file.readUInt16BE(8) !== 2) throw new Error('another format');
const suite = file.readUInt16BE(10);
const headerBytes = 16 + file.readUInt32BE(12) + 4;
const header = file.subarray(0, headerBytes);
if (crc32(header.subarray(0, -4)) !== header.readUInt32BE(headerBytes - 4)) throw new Error('damaged header');
if (!file.subarray(headerBytes, 2 * headerBytes).equals(header)) throw new Error('the copies differ');
const identity = JSON.parse(header.subarray(16, -4).toString());

// The day's key.
const source = `${identity.cameraId}.${identity.stream}`;
const master = readFileSync(join(keys, 'master.key'));
const stored = JSON.parse(readFileSync(join(keys, source, `${identity.keyDay}.key`)));
if (stored.keyId !== identity.keyId) throw new Error('another key');
const wrapped = Buffer.from(stored.wrapped, 'base64');
const unwrap = crypto.createDecipheriv('aes-256-gcm', master, wrapped.subarray(0, 12), { authTagLength: 16 });
unwrap.setAAD(Buffer.from(`custos day key\n${stored.keyId}\n${source}\n${identity.keyDay}`));
unwrap.setAuthTag(wrapped.subarray(12, 28));
const dayKey = Buffer.concat([unwrap.update(wrapped.subarray(28)), unwrap.final()]);

// The segment's key.
const hash = suite === 1 ? 'sha256' : 'sm3';
const salt = crypto.createHash(hash).update(header).digest();
const info = `custos segment 2 suite ${suite}`;
const derived = Buffer.from(crypto.hkdfSync(hash, dayKey, salt, info, suite === 1 ? 32 : 48));

function open(half, sequence, clear, sealed) {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(half, 0);
  nonce.writeBigUInt64BE(BigInt(sequence), 4);
  if (suite === 1) {
    const cipher = crypto.createDecipheriv('aes-256-gcm', derived, nonce, { authTagLength: 16 });
    cipher.setAAD(clear);
    cipher.setAuthTag(sealed.subarray(-16));
    return Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]);
  }
  const content = sealed.subarray(0, -32);
  const mac = crypto.createHmac('sm3', derived.subarray(16)).update(nonce).update(clear).update(content);
  if (!crypto.timingSafeEqual(mac.digest(), sealed.subarray(-32))) throw new Error('the tag does not fit');
  const counter = Buffer.concat([nonce, Buffer.alloc(4)]);
  return crypto.createDecipheriv('sm4-ctr', derived.subarray(0, 16), counter).update(content);
}

const plain = [];
const found = { identity, parts: [], end: null };
const records = [];
let plainAt = 0;
for (let at = 2 * headerBytes, sequence = 0; at < file.length; sequence++) {
  const clear = file.subarray(at, at + 64);
  if (clear.toString('hex', 0, 8) !== '894356520d0a1a0a') throw new Error(`no record at ${at}`);
  if (crc32(clear.subarray(0, 60)) !== clear.readUInt32BE(60)) throw new Error(`damaged record at ${at}`);
  if (clear.readUInt32BE(12) !== sequence) throw new Error(`sequence at ${at}`);
  const [type, flags] = [clear[8], clear[9]];
  const headEnd = at + 64 + clear.readUInt32BE(40);
  const end = headEnd + clear.readUInt32BE(44);
  const head = open(1, sequence, clear, file.subarray(at + 64, headEnd));
  if (type === 1 && sequence === 0) plain.push(head);
  if (type === 1 && sequence === 0) plainAt += head.length;
  if (type === 2) {
    const body = open(2, sequence, clear, file.subarray(headEnd, end));
    plain.push(head, body);
    found.parts.push({
      at: plainAt,
      wallMs: Number(clear.readBigUInt64BE(16)) / 1000,
      decodeTicks: Number(clear.readBigUInt64BE(24)),
      ticks: clear.readUInt32BE(32),
      pictures: clear.readUInt32BE(36),
      key: (flags & 1) !== 0,
      hasSound: (flags & 2) !== 0,
    });
    plainAt += head.length + body.length;
    records.push({ at, clear });
  }
  if (type === 3) {
    const said = JSON.parse(head);
    const digest = crypto.createHash('sha256').update(file.subarray(0, at)).digest('hex');
    if (said.bytes !== at || said.digest !== digest) throw new Error('the end says something else');
    if (endInTail(file.subarray(-32 * 1024)) !== at) throw new Error('the end is not found from behind');
    checkIndex(open(2, sequence, clear, file.subarray(headEnd, end)));
    found.end = { pictures: clear.readUInt32BE(36), parts: clear.readUInt32BE(48) };
    if (end !== file.length) throw new Error('something behind the end');
  }
  at = end;
}
// Where the end record begins, told from the last bytes alone.
function endInTail(tail) {
  for (let i = tail.length - 64; i >= 0; i--) {
    const clear = tail.subarray(i, i + 64);
    if (clear.toString('hex', 0, 8) !== '894356520d0a1a0a' || clear[8] !== 3) continue;
    if (crc32(clear.subarray(0, 60)) !== clear.readUInt32BE(60)) continue;
    if (i + 64 + clear.readUInt32BE(40) + clear.readUInt32BE(44) === tail.length)
      return file.length - tail.length + i;
  }
  return -1;
}

// The index says of each part what its own record says.
function checkIndex(index) {
  if (index.readUInt16BE(0) !== 1) throw new Error('another kind of index');
  const each = index.readUInt16BE(2);
  if (index.readUInt32BE(4) !== records.length || index.length !== 8 + each * records.length)
    throw new Error('an index of other parts');
  for (const [i, { at, clear }] of records.entries()) {
    const entry = index.subarray(8 + i * each, 8 + (i + 1) * each);
    const same = (where, there, bytes) =>
      entry.subarray(where, where + bytes).equals(clear.subarray(there, there + bytes));
    const agrees = same(8, 16, 8) && same(16, 24, 8) && same(24, 32, 4) && same(28, 36, 4);
    if (!agrees || !same(32, 40, 8) || !same(40, 12, 4) || entry.readUInt32BE(44) !== clear[9])
      throw new Error(`the index disagrees with part ${i}`);
    if (entry.readBigUInt64BE(0) !== BigInt(at) || entry.readUInt32BE(48) !== 32)
      throw new Error(`the index has part ${i} elsewhere`);
  }
  found.indexed = records.length;
}

writeFileSync(out, Buffer.concat(plain));
process.stdout.write(JSON.stringify(found));
