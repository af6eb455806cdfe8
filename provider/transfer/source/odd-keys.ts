import { InputError } from "../../../staging/errors.ts";
import { excludePatternOf } from "../../../staging/exclude-path.ts";
import { SAMPLE_ID } from "../../../staging/ids.ts";
import { objectKey } from "../../../staging/manifest.ts";
import { unusablePath } from "../../../staging/s3-url.ts";
import { shellString } from "../../../staging/shell.ts";

/** A key below a prefix that no file system can hold. */
interface OddKey {
  readonly message: string;
  readonly why: string;
  /** Leaves it out, and nothing else where that is possible. */
  readonly pattern: string;
  readonly fix: string;
}

/** An error names so many keys; the patterns of all are in its fix. */
const NAMED_KEYS = 5;
/** With more, the prefix is not meant for files. */
const MOST_KEYS = 100;

/** Gathers the odd keys below a prefix, so that one error names all and one pasted remedy leaves all out. */
export class OddKeys {
  readonly #url: string;
  readonly #filename: string;
  readonly #found = new Map<string, OddKey>();

  /**
   * @param url of the prefix
   * @param filename under which it is staged
   */
  constructor(url: string, filename: string) {
    this.#url = url;
    this.#filename = filename;
  }

  /**
   * Looks at one key.
   * @param path relative to the prefix
   * @returns whether it is odd
   * @throws InputError when there are too many
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
      fix: `Leave it out${below}: ${excluding(path)}. Or rename it.`,
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

  /** Notes a file that is also the folder of another key. */
  addFolder(file: string, path: string): void {
    const keepFolder = shellString(`!${excludePatternOf(`${file}/`)}`);
    this.#add({
      message: `${this.#url}${file} is a file and a folder at once`,
      why: `There is also ${JSON.stringify(this.#url + path)}; no file system can hold both.`,
      pattern: excludePatternOf(`${file}/`),
      fix: `Leave the folder out: ${excluding(`${file}/`)}. Or leave the file out: ${excluding(file)} --exclude ${keepFolder}`,
    });
  }

  #add(key: OddKey): void {
    if (!this.#found.has(key.pattern)) this.#found.set(key.pattern, key);
    if (this.#found.size >= MOST_KEYS) this.refuse();
  }

  /** @throws InputError when there are any */
  refuse(): void {
    const [first, ...others] = [...this.#found.values()];
    if (first === undefined) return;
    if (others.length === 0) throw new InputError(first.message, { why: first.why, fix: first.fix });
    const all = [first, ...others];
    const named = all.slice(0, NAMED_KEYS).map(({ message, why }) => `${message}. ${why}`);
    const more = all.length > NAMED_KEYS ? [`And ${all.length - NAMED_KEYS} more.`] : [];
    throw new InputError(`${all.length} keys below ${this.#url} cannot become files`, {
      why: [...named, ...more].join(" "),
      fix: `Leave them out, with all that is below them: ${all.map(({ pattern }) => `--exclude ${shellString(pattern)}`).join(" ")}`,
    });
  }
}

const excluding = (path: string): string => `--exclude ${shellString(excludePatternOf(path))}`;
