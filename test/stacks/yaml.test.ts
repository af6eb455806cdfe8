import { expect } from "chai";
import fc from "fast-check";
import { parse, parseDocument, Scalar, visit } from "yaml";
import { toYaml } from "../../stacks/yaml.ts";

/** Unquoted texts that some reader parses as a number, a date, a boolean, null or an operator. */
const TRAPS = [
  ...["2026-11-01", "2026-11-01T10:00:00Z", "12:30", "1_000", "1,000", "0x1F", "0o17", "0b11", "0123", "089"],
  ...["1e3", "7e10", "1.10", ".5", "+5", "-0", ".inf", "-.INF", ".nan", "123456789012", "000000000042"],
  ...["no", "No", "on", "OFF", "y", "N", "yes", "true", "False", "null", "Null", "~"],
  ...["", "=", "<<", "-", "?", "- x", "a: b", "a #b", "# c", "[x", "{x", "&a", "*a", "!x", "%x", "@x", "`x"],
  ...["'x", '"x', "\\", "|", ">"],
  ...[" x ", "a\nb", "\t", "\r\n", "\u0000", "\u0085", "\u2028", "\u007f", "\ufeff", "😀", "\ud800"],
];

describe("YAML that is written", () => {
  for (const version of ["1.1", "1.2"] as const) {
    it(`is read as it was by YAML ${version}`, () => {
      const numbers = [0, 1e-7, 4.5e-8, 1e21, 1.5e300, -2.5, 3];
      const value = { strings: TRAPS, numbers, others: [true, false, null, [], {}], y: { on: 1, "012": [] } };
      expect(parse(toYaml(value), { version })).to.deep.equal(value);
      expect(parse(toYaml(TRAPS), { version })).to.deep.equal(TRAPS);
    });
  }

  it("has every string in quotes, and keys where a reader needs them", () => {
    const value = { strings: TRAPS, y: 1, on: 2, "2026-11-01": 3, staging_id: "x", "us-east-1": "y" };
    visit(parseDocument(toYaml(value)), {
      Scalar(key, { type, value }) {
        if (typeof value !== "string") return;
        const isPlain = key === "key" && ["strings", "staging_id", "us-east-1"].includes(value);
        expect(type, value).to.equal(isPlain ? Scalar.PLAIN : Scalar.QUOTE_DOUBLE);
      },
    });
  });

  it("is read as it was, whatever it holds", () => {
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...TRAPS));
    const leaf = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ depthSize: "small" }, leaf, fc.array(tie("tree")), fc.dictionary(text, tie("tree"))),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        // JSON.parse of Node 24.21 reads the key "\\u0000" as "\\" after an object with that key.
        expect(parse(toYaml(value))).to.deep.equal(structuredClone(value));
      }),
    );
  });

  it("has no line that a reader would fold or refuse", () => {
    expect(toYaml({ strings: TRAPS })).to.match(/^[\n\u0020-\u007e\u00a0-\u2027\u202a-\u{10ffff}]*$/u);
  });
});
