"use strict";
// A zip archive of small files, stored as they are: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function checksum(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = table[(value ^ byte) & 0xff] ^ (value >>> 8);
  return ~value >>> 0;
}

function record(size, fields) {
  const view = new DataView(new ArrayBuffer(size));
  for (const [at, width, value] of fields) view[`setUint${width}`](at, value, true);
  return new Uint8Array(view.buffer);
}

// The start of 1980: the same files give the same bytes.
const DATE = 0x21;
const UTF8_NAMES = 0x800;
const MADE_BY_UNIX = 0x314;

/** The archive of files, each with `path`, `mode` (as chmod takes it) and `bytes`. */
export function zipped(files) {
  const parts = [], directory = [];
  let offset = 0;
  for (const { path, mode, bytes } of files) {
    const name = new TextEncoder().encode(path);
    const common = [[0, 16, 20], [2, 16, UTF8_NAMES], [8, 16, DATE], [10, 32, checksum(bytes)], [14, 32, bytes.length],
      [18, 32, bytes.length], [22, 16, name.length]];
    const local = record(30, [[0, 32, 0x04034b50], ...common.map(([at, width, value]) => [at + 4, width, value])]);
    const attributes = ((0o100000 | parseInt(mode, 8)) << 16) >>> 0;
    const central = record(46, [[0, 32, 0x02014b50], [4, 16, MADE_BY_UNIX], [38, 32, attributes], [42, 32, offset],
      ...common.map(([at, width, value]) => [at + 6, width, value])]);
    parts.push(local, name, bytes);
    directory.push(central, name);
    offset += local.length + name.length + bytes.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = record(22, [[0, 32, 0x06054b50], [8, 16, files.length], [10, 16, files.length], [12, 32, size], [16, 32, offset]]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}
