import { InputError } from "../../../staging/errors.ts";
import { excludePatternOf } from "../../../staging/exclude-path.ts";
import { SAMPLE_ID } from "../../../staging/ids.ts";
import { objectKey } from "../../../staging/manifest.ts";
import type { Words } from "../../../staging/option.ts";
import { unusablePath } from "../../../staging/s3-url.ts";

/** A key below a prefix that no file system can hold. */
interface OddKey {
  readonly message: string;
  readonly why: string;
  /** Excludes the key, and nothing else if that is possible. */
  readonly pattern: string;
  readonly fix: Words;
}

/** The number of keys that an error describes. Its fix has the patterns of all keys. */
const NAMED_KEYS = 5;
/** A prefix with more odd keys is not meant for files. */
const MOST_KEYS = 100;

/** Collects the odd keys below a prefix, so that one error has the options that exclude all of them. */
export class OddKeys {
  readonly #url: string;
  readonly #filename: string;
  readonly #found = new Map<string, OddKey>();

  /**
   * @param url of the prefix
   * @param filename the name under which the prefix is staged
   */
  constructor(url: string, filename: string) {
    this.#url = url;
    this.#filename = filename;
  }

  /**
   * Checks one key, and remembers it if it is odd.
   * @param path relative to the prefix
   * @returns whether it is odd
   * @throws InputError if there are too many odd keys
   */
  isOdd(path: string, size: number): boolean {
    const why =
      unusablePath(path) ??
      (path.endsWith("/") && size > 0 ? "It ends in a slash, as folders do, and has content." : undefined) ??
      this.#tooLong(path);
    if (why === undefined) return false;
    const below = path.endsWith("/") ? ", with all that is below it" : "";
    this.#add({
      message: `${JSON.stringify(this.#url + path)} cannot become a file`,
      why,
      pattern: excludePatternOf(path),
      fix: (spell) => `Leave it out${below}: ${spell("exclude", excludePatternOf(path))}. Or rename it.`,
    });
    return true;
  }

  #tooLong(path: string): string | undefined {
    try {
      objectKey(SAMPLE_ID, `${this.#filename}/${path}`);
      return undefined;
    } catch (error) {
      if (error instanceof InputError) return error.why;
      throw error;
    }
  }

  /** Remembers a file that is also the folder of another key. @throws InputError if there are too many odd keys */
  addFolder(file: string, path: string): void {
    const [own, folder] = [excludePatternOf(file), excludePatternOf(`${file}/`)];
    this.#add({
      message: `${this.#url}${file} is a file and a folder at once`,
      why: `There is also ${JSON.stringify(this.#url + path)}; no file system can hold both.`,
      pattern: folder,
      fix: (spell) =>
        `Leave the folder out: ${spell("exclude", folder)}. Or leave the file out: ${spell("exclude", [own, `!${folder}`])}`,
    });
  }

  #add(key: OddKey): void {
    if (!this.#found.has(key.pattern)) this.#found.set(key.pattern, key);
    if (this.#found.size >= MOST_KEYS) this.refuse();
  }

  /** @throws InputError if there are odd keys */
  refuse(): void {
    const [first, ...others] = [...this.#found.values()];
    if (first === undefined) return;
    if (others.length === 0) throw new InputError(first.message, { why: first.why, fix: first.fix });
    const all = [first, ...others];
    const named = all.slice(0, NAMED_KEYS).map(({ message, why }) => `${message}. ${why}`);
    const more = all.length > NAMED_KEYS ? [`And ${all.length - NAMED_KEYS} more.`] : [];
    throw new InputError(`${all.length} keys below ${this.#url} cannot become files`, {
      why: [...named, ...more].join(" "),
      fix: (spell) =>
        `Leave them out, with all that is below them: ${spell(
          "exclude",
          all.map(({ pattern }) => pattern),
        )}`,
    });
  }
}
