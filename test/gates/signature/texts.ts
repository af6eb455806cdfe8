import type { Random } from "../../faults/random.ts";

/** All general categories except surrogates, which UTF-8 excludes: https://www.unicode.org/reports/tr44/#General_Category_Values */
const CATEGORIES = [
  ...["Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No"],
  ...["Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So"],
  ...["Zs", "Zl", "Zp", "Cc", "Cf", "Co", "Cn"],
] as const;

/** Texts that break parsers of URLs and signers of requests. */
const DELICATE = [
  ...[
    "/",
    "//",
    ".",
    "..",
    "/../",
    "/./",
    "+",
    " ",
    "  ",
    "%",
    "%2F",
    "%25",
    "%zz",
    "~",
    "*",
    "'",
    "(",
    ")",
    "!",
  ],
  ...[
    "?",
    "#",
    "&",
    "=",
    ";",
    ":",
    "@",
    "$",
    ",",
    "\\",
    "|",
    "^",
    "`",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    '"',
    "\t",
  ],
];

const LAST_CODE_POINT = 0x10ffff;
/** Code points of a category for test texts: its first, its last, and some between. */
const OF_CATEGORY = 200;

/** Spaces in only one of Python and JavaScript. */
const DISPUTED = new Set([0x1c, 0x1d, 0x1e, 0x1f, 0x85, 0xfeff].map((code) => String.fromCodePoint(code)));

/** Texts with characters of every category of Unicode. */
export class Texts {
  readonly #random: Random;
  readonly #characters: readonly (readonly string[])[];

  constructor(random: Random) {
    this.#random = random;
    const all = allCharacters();
    this.#characters = CATEGORIES.map((category) => {
      const found = all.match(new RegExp(`\\p{General_Category=${category}}`, "gu")) ?? [];
      const step = Math.max(1, Math.floor(found.length / OF_CATEGORY));
      return found.filter((_, index) => index % step === 0 || index === found.length - 1);
    });
  }

  /** Texts of `least` to `most` characters or difficult pieces. */
  any(least: number, most: number): string {
    return this.#repeat(least, most, () =>
      this.#random.next() < 0.3
        ? this.#random.pick(DELICATE)
        : this.#random.pick(this.#random.pick(this.#characters)),
    );
  }

  /**
   * For header values: without the characters that only some signers treat as spaces. No request has them in its headers: the fast path
   * sends only visible ASCII, and HTTP allows none of them.
   */
  header(least: number, most: number): string {
    return [...this.any(least, most)].filter((character) => !DISPUTED.has(character)).join("");
  }

  of(characters: string, least: number, most: number): string {
    return this.#repeat(least, most, () => this.#random.pick([...characters]));
  }

  #repeat(least: number, most: number, piece: () => string): string {
    return Array.from({ length: this.#random.integer(least, most) }, piece).join("");
  }
}

function allCharacters(): string {
  const pieces: string[] = [];
  for (let code = 0; code <= LAST_CODE_POINT; code += 1) {
    if (code < 0xd800 || code > 0xdfff) pieces.push(String.fromCodePoint(code));
  }
  return pieces.join("");
}
