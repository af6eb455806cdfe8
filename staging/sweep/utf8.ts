import { InputError } from "../errors.ts";

/**
 * The text of a file. An invalid UTF-8 byte would silently become another character, and so another parameter.
 * @param file its name, for errors
 * @throws InputError for another encoding
 */
export function utf8Text(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
    throw new InputError(`${file} is not UTF-8`, {
      why: isUtf16 ? "It begins like UTF-16." : "It has bytes that are not valid UTF-8.",
      fix: `Save it as UTF-8, for example: iconv -f ${isUtf16 ? "UTF-16" : "WINDOWS-1252"} -t UTF-8`,
    });
  }
}
