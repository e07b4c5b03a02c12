"""Reads a segment file by docs/storage.md alone; prints what it finds. Written from the page, not from our code."""
import json
import struct
import sys

data = open(sys.argv[1], 'rb').read()


def u32(at):
    return struct.unpack_from('>I', data, at)[0]


def u64(at):
    return struct.unpack_from('>Q', data, at)[0]


def box(at):
    return u32(at), data[at + 4 : at + 8].decode('ascii')


at = 0
found = {'parts': []}
for expected in ('ftyp', 'moov', 'uuid'):
    size, kind = box(at)
    assert kind == expected, (kind, expected)
    if kind == 'uuid':
        assert data[at + 8 : at + 24].hex() == 'b5f1c0de637545739f4f735365676d31'
        found['identity'] = json.loads(data[at + 24 : at + size])
        assert found['identity']['format'] == 1
    at += size

while at < len(data):
    size, kind = box(at)
    assert kind == 'prft' and size == 32
    seconds, fraction = u32(at + 16), u32(at + 20)
    era = 1 << 32 if seconds < 1 << 31 else 0
    wall_ms = (seconds + era - 2208988800) * 1000 + fraction * 1000 / (1 << 32)
    media_time = u64(at + 24)
    moof = at + 32
    moof_size, kind = box(moof)
    assert kind == 'moof' and box(moof + 24)[1] == 'traf'
    assert u32(moof + 32 + 12) == 1 and u32(moof + 32 + 16) == 1
    decode = u64(moof + 52 + 12)
    assert decode == media_time
    count, offset = u32(moof + 72 + 12), u32(moof + 72 + 16)
    samples = [struct.unpack_from('>IIIi', data, moof + 92 + 16 * i) for i in range(count)]
    sound = []
    if 92 + 16 * count < moof_size:
        traf = moof + 92 + 16 * count
        assert box(traf)[1] == 'traf' and u32(traf + 8 + 12) == 2
        trun = traf + 8 + 20 + 20
        sound = [struct.unpack_from('>II', data, trun + 20 + 8 * i) for i in range(u32(trun + 12))]
    mdat_size, kind = box(moof + moof_size)
    assert kind == 'mdat' and offset == moof_size + 8
    assert mdat_size - 8 == sum(s[1] for s in samples) + sum(s[1] for s in sound)
    assert all(s[2] == 0x01010000 for s in samples[1:])
    key = samples[0][2] == 0x02000000
    ticks = sum(s[0] for s in samples)
    found['parts'].append([at, decode, ticks, count, key, len(sound), wall_ms])
    at = moof + moof_size + mdat_size

json.dump(found, sys.stdout)
