/*
 * Percent-encoding for signatures: all characters but the unreserved ones are encoded, more than JavaScript's own
 * functions encode. https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

const PLAIN = /^[\w.~/-]*$/;

/** A key in a path, with its slashes. */
export const encodeKey = (key: string): string =>
  PLAIN.test(key) ? key : encode(key).replaceAll("%2F", "/");

/** A query, sorted for the signature, without the `?`. */
export function encodeQuery(pairs: readonly (readonly [name: string, value: string])[]): string {
  if (pairs.length === 0) return "";
  return pairs
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, valueOfA], [b, valueOfB]) => compare(a, b) || compare(valueOfA, valueOfB))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
