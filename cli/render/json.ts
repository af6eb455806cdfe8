/** Characters that JSON allows in a string, and a terminal may interpret. */
const UNSAFE = /[\u007f-\u009f\u2028\u2029\ufff9-\ufffb\p{Bidi_Control}]/gu;

/**
 * Data as JSON, with the last line's end. Characters that a terminal may interpret are escaped (`\u009b`), so that
 * the text is harmless on a terminal and programs read the exact data.
 */
export const toJson = (data: unknown): string => `${jsonText(data)}\n`;

/** The same without a line's end. */
export const jsonText = (data: unknown): string =>
  JSON.stringify(data, null, 2).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
