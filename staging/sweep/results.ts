import { InputError } from "../errors.ts";
import { isPrefix, parseS3Url } from "../s3-url.ts";

/** @throws InputError if `text` is not `s3://BUCKET/` or `s3://BUCKET/PREFIX/` */
export function parseResults(text: string): string {
  const url = parseS3Url(text);
  if (isPrefix(url)) return text;
  throw new InputError(`${text} is an object, not a prefix`, { fix: `Add a slash at its end: ${text}/` });
}
