import { expect } from "chai";
import { MAX_YAML_BYTES, readPlainYaml } from "../../../staging/yaml/bounded.ts";

const plainValue = (text: string): unknown => {
  const read = readPlainYaml(text);
  if ("problems" in read) throw new Error(JSON.stringify(read.problems));
  return read.root?.toJSON() ?? null;
};

const problemsOf = (text: string): string[] => {
  const read = readPlainYaml(text);
  if (!("problems" in read)) throw new Error("the text was accepted");
  return read.problems.map(({ place, message }) => `${place.line}:${place.column} ${message}`);
};

const TOO_DEEP = "lists and mappings are nested in more than 32 levels";

describe("plain YAML", () => {
  for (const [title, text, value] of [
    ["an empty text", "", null],
    ["comments only", "# nothing\n", null],
    ["a byte order mark", "\uFEFFa: 1", { a: 1 }],
    ["lines that end in CRLF, also in a block", "a: |\r\n  x\r\n  y\r\nb: 2\r\n", { a: "x\ny\n", b: 2 }],
    ["the marks of one document", "---\na: 1\n...\n", { a: 1 }],
    ["words that look like tags within texts", `a: "!x"\nb: |\n  !!y\n`, { a: "!x", b: "!!y\n" }],
    ["an anchor that nothing refers to", "a: &x 1", { a: 1 }],
  ] as const) {
    it(`is read with ${title}`, () => {
      expect(plainValue(text)).to.deep.equal(value);
    });
  }

  for (const [title, text, problems] of [
    ["an alias", "a: &x [1]\nb: *x", ["2:4 the alias *x is not supported"]],
    ["a tag", "a: !!str 1", ["1:10 a tag is not supported"]],
    ["an unknown tag", "a: !x [1]", ["1:4 not YAML: Unresolved tag: !x"]],
    [
      "a key twice",
      "a: 1\nb: {c: 1, 'c': 2}\na: 2",
      ["2:11 the key c is given twice", "3:1 the key a is given twice"],
    ],
    ["a key of objects twice", "__proto__: 1\n__proto__: 2", ["2:1 the key __proto__ is given twice"]],
    ["a list as a key", "? [a]\n: b", ["1:1 a list or mapping cannot be a key"]],
    ["a second document", "a: 1\n---\nb: 1", ["2:1 a second document begins here"]],
    ["a tab as indentation", "a:\n\t- b", ["2:1 a tab is used as indentation"]],
    ["another version of YAML", "%YAML 1.1\n---\na: yes", ["1:1 a %YAML directive is not supported"]],
    ["a quote that is not closed", "a: 'x", ["1:6 not YAML: Missing closing 'quote"]],
  ] as const) {
    it(`is refused with ${title}`, () => {
      expect(problemsOf(text)).to.deep.equal(problems);
    });
  }

  for (const [title, text] of [
    ["lists in brackets", "[".repeat(500_000)],
    ["mappings in braces", "{a: ".repeat(200_000)],
    ["lists on one line", "- ".repeat(500_000)],
    ["keys on one line", "? ".repeat(500_000)],
    [
      "mappings by indentation",
      Array.from({ length: 1_400 }, (_, level) => `${" ".repeat(level)}a:`).join("\n"),
    ],
  ] as const) {
    it(`is refused with deeply nested ${title}`, () => {
      expect(problemsOf(text)[0]).to.match(new RegExp(`^\\d+:\\d+ ${TOO_DEEP}$`));
    });
  }

  it("is refused with a bomb of aliases", () => {
    const levels = Array.from(
      { length: 20 },
      (_, level) => `k${level}: &a${level} [${`*a${level - 1},`.repeat(9)}]`,
    );
    expect(problemsOf(["a: &a-1 [x]", ...levels].join("\n"))[0]).to.contain("is not supported");
  });

  it("is refused beyond 1 MB", () => {
    expect(problemsOf("#".repeat(MAX_YAML_BYTES + 1))).to.deep.equal(["1:1 the file is larger than 1.0 MB"]);
  });

  it("is read in linear time with many keys", () => {
    const keys = Array.from({ length: 40_000 }, (_, place) => `key${place}: 1`);
    expect(Object.keys(plainValue(keys.join("\n")) as object)).to.have.length(40_000);
  });
});
