// The instrument's side of OIP written from firmware_bridge/PROTOCOL.md alone, against oip.json:
// whether the document says enough. Prints what was checked and what failed, as JSON.
//
//     node from_the_document.mjs oip.json

import { readFileSync } from "node:fs";

const golden = JSON.parse(readFileSync(process.argv[2], "utf8"));
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const unhex = (text) => Uint8Array.from(Buffer.from(text, "hex"));

// section 2
function crc32(body) {
  let crc = 0xffffffff;
  for (const byte of body) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function cobsEncode(data) {
  const out = [];
  let group = [];
  let full = false;
  for (const byte of data) {
    full = false;
    if (byte !== 0) group.push(byte);
    if (byte === 0 || group.length === 254) {
      out.push(group.length + 1, ...group);
      full = group.length === 254;
      group = [];
    }
  }
  if (!full) out.push(group.length + 1, ...group);
  return out;
}

function cobsDecode(coded) {
  const out = [];
  for (let at = 0; at < coded.length; ) {
    const code = coded[at];
    if (code === 0 || at + code > coded.length) return null;
    out.push(...coded.slice(at + 1, at + code));
    at += code;
    if (code !== 0xff && at < coded.length) out.push(0);
  }
  return out;
}

function encodeFrame(body) {
  const crc = crc32(body);
  return [...cobsEncode([...body, ...u(crc, 4)]), 0];
}

function decodeStream(stream) {
  const bodies = [];
  let held = [];
  let tooLong = false;
  for (const byte of stream) {
    if (byte !== 0) {
      tooLong ||= held.length === 519;
      if (!tooLong) held.push(byte);
      continue;
    }
    const content = tooLong ? null : cobsDecode(held);
    held = [];
    tooLong = false;
    if (content === null || content.length < 4) continue;
    const body = content.slice(0, -4);
    if (hex(u(crc32(body), 4)) === hex(content.slice(-4))) bodies.push(body);
  }
  return bodies;
}

// little-endian fields
function u(value, size) {
  const out = [];
  for (let big = BigInt(value), i = 0; i < size; i++, big >>= 8n) out.push(Number(big & 0xffn));
  return out;
}
const f32 = (value) => [...new Uint8Array(new Float32Array([value ?? NaN]).buffer)];
const f64 = (value) => [...new Uint8Array(new Float64Array([value ?? NaN]).buffer)];
const text = (value) => [...Buffer.from(value, "utf8")];

// section 3, instrument → host
const replies = {
  0x81: (f) => [
    ...u(f.boot_id, 4), ...u(f.pixel_count, 4), ...u(f.saturation_counts, 4),
    ...f64(f.laser_wavelength_nm), ...u(f.retained_frames, 4), ...u(f.next_sequence, 4),
    ...u(f.oldest_sequence, 4), ...u(f.baud_max, 4),
    f.wavelength_coefficients_nm.length, f.nonlinearity_coefficients.length,
    text(f.instrument_id).length, text(f.firmware_version).length,
    ...f.wavelength_coefficients_nm.flatMap(f64), ...f.nonlinearity_coefficients.flatMap(f64),
    ...text(f.instrument_id), ...text(f.firmware_version),
  ],
  0x82: (f) => [
    ...u(f.boot_id, 4), ...u(f.instrument_time_us, 8), ...f32(f.detector_temperature_c),
    ...f32(f.laser_temperature_c), ...f32(f.supply_voltage_v), +f.is_running, +f.laser_on,
    ...u(f.fault_bits, 4), ...u(f.retained_frames, 4), ...u(f.refused_frames, 4),
  ],
  0x83: (f) => [
    ...u(f.boot_id, 4), ...u(f.sequence, 4), ...u(f.index, 2), ...u(f.count, 2), ...unhex(f.data),
  ],
  0x84: () => [],
  0x85: (f) => [f.code, ...text(f.detail)],
  0x86: (f) => [...u(f.boot_id, 4), ...u(f.instrument_time_us, 8)],
};

// section 3, host → instrument; null where the message is to be refused
const commands = {
  0x01: (p) => (p.length === 0 ? {} : null),
  0x02: (p) => p.length === 11 && {
    integration_time_us: p.u(0, 4), averages: p.u(4, 2), period_us: p.u(6, 4), laser: p.u(10, 1),
  },
  0x03: (p) => p.length === 4 && { count: p.u(0, 4) },
  0x04: (p) => (p.length === 0 ? {} : null),
  0x05: (p) => (p.length === 0 ? {} : null),
  0x06: (p) => {
    if (p.length < 9 || p.length !== 9 + 8 * p.u(8, 1)) return null;
    const ranges = [];
    for (let at = 9; at < p.length; at += 8) ranges.push([p.u(at, 4), p.u(at + 4, 4)]);
    if (ranges.length > 32 || ranges.some(([first, last]) => first > last)) return null;
    return { boot_id: p.u(0, 4), send_before: p.u(4, 4), ranges };
  },
  0x07: (p) => {
    if (p.length < 9 || p.length !== 9 + 2 * p.u(8, 1) || p.u(8, 1) > 128) return null;
    const missing = [];
    for (let at = 9; at < p.length; at += 2) missing.push(p.u(at, 2));
    return { boot_id: p.u(0, 4), sequence: p.u(4, 4), missing };
  },
  0x08: (p) => p.length === 1 && { kind: p.u(0, 1) },
  0x09: (p) => p.length === 8 && { host_utc_us: p.u(0, 8) },
  0x0a: (p) => p.length === 4 && { baud: p.u(0, 4) },
};

function readCommand(body) {
  if (body.length < 4 || body[0] !== 1 || !(body[1] in commands)) return null;
  const payload = {
    length: body.length - 4,
    u: (at, size) => Number([...body.slice(4 + at, 4 + at + size)]
      .reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)),
  };
  const fields = commands[body[1]](payload);
  return fields ? { message_id: body[2] | (body[3] << 8), fields } : null;
}

const packReply = (type, id, fields) => [1, type, ...u(id, 2), ...replies[type](fields)];

// section 4
function packSpectrum(f, width) {
  const content = [
    1, f.kind, ...u(f.averages, 2), width, ...u(f.counts.length, 4),
    ...u(f.integration_time_us, 4), ...u(f.saturation_counts, 4), ...u(f.instrument_time_us, 8),
    ...f32(f.detector_temperature_c), ...f64(f.laser_wavelength_nm),
    ...f.counts.flatMap((count) => u(count, width)),
  ];
  return [...content, ...u(crc32(content), 4)];
}

function cut(payload, vector) {
  const { boot_id, sequence, fragment_bytes } = vector;
  const count = Math.ceil(payload.length / fragment_bytes);
  return Array.from({ length: count }, (_, index) => {
    const data = hex(payload.slice(index * fragment_bytes, (index + 1) * fragment_bytes));
    return encodeFrame(packReply(0x83, 0, { boot_id, sequence, index, count, data }));
  });
}

const failed = [];
let checked = 0;
function check(what, got, expected) {
  checked++;
  if (JSON.stringify(got) !== JSON.stringify(expected)) failed.push(what);
}

for (const it of golden.messages) {
  if (it.type_number >= 0x80) {
    const body = packReply(it.type_number, it.message_id, it.fields);
    check(it.name, hex(encodeFrame(body)), it.line);
  } else {
    const [body] = decodeStream(unhex(it.line));
    check(it.name, readCommand(body), { message_id: it.message_id, fields: it.fields });
  }
}
for (const it of golden.not_messages) check(it.name, readCommand(unhex(it.body)), null);
for (const it of golden.frames) {
  check(it.name, hex(encodeFrame(unhex(it.body))), it.line);
  check(`${it.name}, back`, decodeStream(unhex(it.line)).map(hex), [it.body]);
}
for (const it of golden.streams) {
  const bodies = it.found.filter((found) => "body" in found).map((found) => found.body);
  check(it.name, decodeStream(unhex(it.line)).map(hex), bodies);
}
for (const it of golden.spectra) {
  const payload = packSpectrum(it.fields, it.bytes_per_count);
  check(it.name, hex(payload), it.payload);
  check(`${it.name}, cut`, cut(payload, it).map(hex), it.lines);
}
console.log(JSON.stringify({ checked, failed }));
