import type { Checksums } from "./object-store.ts";

const ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;

/** The name of a checksum; `Type` names the type of all checksums. */
export type ChecksumName = (typeof ALGORITHMS)[number] | "Type";

/** @param read returns the value of a checksum by its name */
export function readChecksums(read: (name: ChecksumName) => string | undefined): Checksums {
  const found = new Map<string, string>();
  for (const algorithm of ALGORITHMS) {
    const value = read(algorithm);
    if (value === undefined) continue;
    // Older servers send no type. A checksum of parts then ends in their number.
    const type = read("Type") ?? (/-\d+$/.test(value) ? "COMPOSITE" : "FULL_OBJECT");
    found.set(`${algorithm}/${type}`, value);
  }
  return found;
}
