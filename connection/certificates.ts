import { readFileSync } from "node:fs";
import { InputError, messageOf } from "../staging/errors.ts";
import type { Variables } from "./variables.ts";

/** The accepted certificate authorities of servers, in place of Node's own. */
export interface Authorities {
  /** PEM. */
  readonly certificates: readonly string[];
  /** The file. */
  readonly file: string;
  /** The origin of the file name: AWS_CA_BUNDLE, or a profile. */
  readonly source: string;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * Reads the bundle of AWS_CA_BUNDLE, or of the profile's `ca_bundle`. As in the AWS CLI it replaces the default
 * authorities; those of NODE_EXTRA_CA_CERTS are added.
 * @throws InputError that names the variable and the file if it cannot be read or has no certificate
 */
export function authorities(
  env: Variables,
  profileBundle?: { readonly file: string; readonly source: string },
): Authorities | undefined {
  const named = env["AWS_CA_BUNDLE"];
  const bundle = named ? { file: named, source: "AWS_CA_BUNDLE" } : profileBundle;
  if (bundle === undefined) return undefined;
  const certificates = [...read(bundle)];
  const extra = env["NODE_EXTRA_CA_CERTS"];
  if (extra) certificates.push(...read({ file: extra, source: "NODE_EXTRA_CA_CERTS" }));
  return { certificates, ...bundle };
}

function read({ file, source }: Pick<Authorities, "file" | "source">): string[] {
  const fix =
    source === "AWS_CA_BUNDLE" || source === "NODE_EXTRA_CA_CERTS"
      ? `Set ${source} to the absolute path of a file with certificates in PEM form, or unset ${source}`
      : `Set ca_bundle of ${source} to a file with certificates in PEM form, or remove it.`;
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new InputError(`the certificates in ${file} cannot be read`, {
      why: `${source} names this file: ${messageOf(error)}`,
      fix,
    });
  }
  const found = text.match(CERTIFICATE);
  if (found === null) {
    throw new InputError(`${file} has no certificates`, {
      why: `${source} names this file, which has no part that begins with -----BEGIN CERTIFICATE-----.`,
      fix,
    });
  }
  return found;
}
