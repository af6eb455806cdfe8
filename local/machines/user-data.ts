import { gunzipSync } from "node:zlib";

/** Maximum bytes of decompressed user data: EC2's own limit is 16 KB before. */
const LIMIT = 4 * 1024 * 1024;

/**
 * The script in an instance's user data, possibly compressed, as cloud-init accepts it
 * (https://docs.cloud-init.io/en/latest/explanation/format.html).
 * @returns undefined for other kinds, such as `#cloud-config`, which machines do not support
 */
export function scriptIn(data: Uint8Array): Uint8Array | undefined {
  const plain = startsWith(data, [0x1f, 0x8b]) ? gunzipSync(data, { maxOutputLength: LIMIT }) : data;
  return startsWith(plain, [...Buffer.from("#!")]) ? plain : undefined;
}

const startsWith = (data: Uint8Array, bytes: readonly number[]): boolean =>
  bytes.every((byte, at) => data[at] === byte);
