import { InputError } from "./errors.ts";

/** The parts of an `s3://` URL. */
export interface S3Url {
  readonly bucket: string;
  /** An object's key, or a prefix: empty or with `/` at its end. */
  readonly key: string;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, with the older buckets' freedom */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/;

export const isS3Url = (source: string): boolean => source.startsWith("s3://");

/** Whether the URL names a prefix instead of one object. */
export const isPrefix = ({ key }: S3Url): boolean => key === "" || key.endsWith("/");

/** @throws InputError if `text` is not `s3://BUCKET/KEY` or `s3://BUCKET/PREFIX/` */
export function parseS3Url(text: string): S3Url {
  if (text.startsWith("s3://arn:")) {
    throw new InputError(`${JSON.stringify(text)} names an access point by its ARN`, {
      why: "An S3 source is s3://BUCKET/KEY. BUCKET may be the alias of an access point, which ends in -s3alias.",
      fix: "To find the alias: aws s3control list-access-points --account-id ACCOUNT",
    });
  }
  const [, bucket = "", key] = /^s3:\/\/([^/]*)(?:\/(.*))?$/s.exec(text) ?? [];
  if (!BUCKET.test(bucket)) {
    throw new InputError(`${JSON.stringify(text)} names no bucket`, {
      why: "An S3 source is s3://BUCKET/KEY, or s3://BUCKET/PREFIX/ for everything below it.",
    });
  }
  if (key === undefined) {
    throw new InputError(`${JSON.stringify(text)} names no object`, {
      fix: `For the whole bucket: s3://${bucket}/`,
    });
  }
  return { bucket, key };
}

/** Checks that the SHA-256 of a source can be skipped. @throws InputError for a source that is read anyway */
export function assertOnS3(source: string): void {
  if (isS3Url(source)) return;
  throw new InputError(`the SHA-256 of ${source} cannot be skipped`, {
    why: "Only S3 sources can be staged without reading them.",
    fix: (spell) => `Remove ${spell("noSha256")}.`,
  });
}

/** Checks that requests to a source can be charged to the requester. @throws InputError for a source that is not in S3 */
export function assertRequestPayer(source: string): void {
  if (isS3Url(source)) return;
  throw new InputError(`there are no request charges for reading ${source}`, {
    why: "A requester pays only for S3 sources.",
    fix: (spell) => `Remove ${spell("requestPayer")}.`,
  });
}

/** @throws InputError for a source that has no symbolic links to follow */
export function assertHasLinks(source: string): void {
  if (!isS3Url(source)) return;
  throw new InputError(`${source} has no links to follow`, {
    why: "Only directories on this machine have symbolic links.",
    fix: (spell) => `Remove ${spell("followLinks")}.`,
  });
}

/** Checks that the content of a source can be pinned. @throws InputError for a source in S3 */
export function assertLocal(source: string): void {
  if (!isS3Url(source)) return;
  throw new InputError(`the content of ${source} cannot be pinned`, {
    why: "spawn compares S3 sources by their ETags, without reading them.",
    fix: "Remove sha256.",
  });
}

/** The reason why an object below a prefix cannot become a file; undefined if it can. */
export function unusablePath(path: string): string | undefined {
  const parts = path.replace(/\/$/, "").split("/");
  if (parts.includes("")) return "It has an empty part between two slashes.";
  if (parts.includes(".") || parts.includes("..")) return 'It has a part "." or "..".';
  return path.includes("\0") ? "It holds the character NUL." : undefined;
}
