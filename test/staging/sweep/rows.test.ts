import { expect } from "chai";
import fc from "fast-check";
import { encodeParamSet } from "../../../staging/sweep/param-set.ts";
import { SweepFileError } from "../../../staging/sweep/problems.ts";
import { MAX_ROW_BYTES } from "../../../staging/sweep/row-checks.ts";
import { parseRows, rowAt, rowJson } from "../../../staging/sweep/rows.ts";
import { refusalOf } from "../refusal.ts";

/** `line: message` of each mistake. */
function problemsOf(text: string, file = "p.csv"): string[] {
  const error = refusalOf(() => parseRows(text, file));
  if (!(error instanceof SweepFileError)) throw error;
  return error.problems.map(({ place, message }) => `${place?.line ?? "-"}: ${message}`);
}

const SHELL_NAME =
  "a column is a variable of the command, so its name has 1 to 64 letters, digits and underscores and does not begin with a digit";

describe("a CSV file of rows", () => {
  for (const [title, text, values] of [
    [
      "plain values",
      "a,b\n1,x\n2,y\n",
      [
        ["1", "x"],
        ["2", "y"],
      ],
    ],
    ["no line break at its end", "a,b\n1,x", [["1", "x"]]],
    ["lines that end in CRLF", "a,b\r\n1,x\r\n", [["1", "x"]]],
    ["a byte order mark", "\uFEFFa,b\n1,x", [["1", "x"]]],
    ["quotes, commas and line breaks", 'a,b\n"x, ""y""","1\n2"\n', [['x, "y"', "1\n2"]]],
    ["quoted names of columns", '"a","b"\n1,x', [["1", "x"]]],
    [
      "texts that look like numbers, dates and formulas",
      "a,b\n0123,1.10\n7e10,2026-11-01\nyes,=1+1\n",
      [
        ["0123", "1.10"],
        ["7e10", "2026-11-01"],
        ["yes", "=1+1"],
      ],
    ],
    ["blanks, which are kept", "a,b\n x ,\ty\n", [[" x ", "\ty"]]],
    [
      "empty values",
      'a,b\n,\n"",""\n',
      [
        ["", ""],
        ["", ""],
      ],
    ],
    ["empty lines at its end and its beginning", "\n\na,b\n1,x\n\n\r\n", [["1", "x"]]],
    [
      "what a shell would run",
      'a,b\n$(id),`id`\n"\'; rm -rf /",\\\n',
      [
        ["$(id)", "`id`"],
        ["'; rm -rf /", "\\"],
      ],
    ],
  ] as const) {
    it(`is read with ${title}`, () => {
      expect(parseRows(text, "p.csv")).to.deep.equal({ columns: ["a", "b"], values });
    });
  }

  for (const [title, text, problems] of [
    ["nothing in it", "", ["-: the file is empty; its first line must name the columns"]],
    ["a header only", "a,b\n", ["-: there are no rows below the header"]],
    [
      "rows of other lengths",
      'a,b\n1\n"x\ny",2,3\n4,5\n',
      ["2: the row has 1 values for 2 columns", "3: the row has 3 values for 2 columns"],
    ],
    ["an empty line between rows", "a\nx\n\ny\n", ["3: a line between two rows is empty"]],
    [
      "a column twice, a reserved and an empty one",
      "a,a,PATH,\n1,2,3,4",
      [
        '1: column "a" is given twice',
        '1: column "PATH": the variable is reserved: the shell uses it',
        '1: column "": it is empty',
      ],
    ],
    ["another separator", "a;b\n1;2", [`1: column "a;b": ${SHELL_NAME}`]],
    ["a blank before a name", "a, b\n1,2", [`1: column " b": ${SHELL_NAME}`]],
    ["a quote within a value", 'a\nx"y"\n', ["2: a quote stands within a value"]],
    [
      "something after a quote",
      'a\n"x"y\n',
      ["2: a comma or the end of the line must follow a closing quote"],
    ],
    [
      "a quote that is not closed",
      'a\n"x\ny\n',
      ["3: a quote that was opened is not closed at the end of the file"],
    ],
    ["the character NUL", "a\nx\ny\0z\n", ['3: column "a": the character NUL cannot be in a variable']],
    [
      "a row that is too large",
      `a\n${"x".repeat(MAX_ROW_BYTES)}\n`,
      ["2: the row has 32,771 bytes; the maximum is 32,768"],
    ],
    ["a row without end", `a\n${"x".repeat(1_000_000)}`, ["2: the row is too long"]],
    ["too many rows", `a\n${"1\n".repeat(100_001)}`, ["100002: there are more than 100,000 rows"]],
    [
      "too many columns",
      `${Array.from({ length: 257 }, (_, place) => `c${place}`).join(",")}\n`,
      ["1: there are 257 columns; the maximum is 256"],
    ],
  ] as const) {
    it(`is refused with ${title}`, () => {
      expect(problemsOf(text)).to.deep.equal(problems);
    });
  }

  it("gives back every text that is written by the rules of RFC 4180", () => {
    const values = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", ""));
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(values, values), { minLength: 1, maxLength: 20 }),
        fc.constantFrom("\n", "\r\n"),
        (rows, end) => {
          const lines = ["a,b", ...rows.map((row) => row.map(quoted).join(","))];
          expect(parseRows(lines.join(end) + end, "p.csv").values).to.deep.equal(rows);
        },
      ),
    );
  });

  it("suggests commas after another separator", () => {
    expect(refusalOf(() => parseRows("a;b\n1;2", "p.csv")).fix).to.equal("Separate columns by commas.");
  });

  it("can have 100,000 rows", () => {
    const { values } = parseRows(`a,b\n${"1,2\n".repeat(100_000)}`, "p.csv");
    expect(values).to.have.length(100_000);
  });
});

describe("a file of JSON lines", () => {
  it("keeps texts as they are, and numbers as they are written", () => {
    const text =
      '\uFEFF{"a": "x\\n\\u00e4", "b": 1.10}\r\n\n{"b":true, "a":-1e5}\n{"a":12345678901234567890,"b":"0123"}';
    expect(parseRows(text, "p.jsonl")).to.deep.equal({
      columns: ["a", "b"],
      values: [
        ["x\nä", "1.10"],
        ["-1e5", "true"],
        ["12345678901234567890", "0123"],
      ],
    });
  });

  for (const [title, text, problems] of [
    ["nothing in it", "\n", ["-: there are no rows"]],
    ["a row without columns", "{}", ["1: the first row has no columns"]],
    [
      "other columns",
      '{"a":1}\n{"a":1,"b":2}\n{"b":2}\n{}',
      [
        '2: the row has "b", which the first row has not',
        '3: the row has no "a", which the first row has',
        '4: the row has no "a", which the first row has',
      ],
    ],
    ["a name twice", '{"a":1,"a":2}', ['1: "a" is given twice']],
    [
      "reserved names",
      '{"__proto__":1,"LD_PRELOAD":"x"}',
      ['1: column "LD_PRELOAD": the variable is reserved: the dynamic linker and the C library read it'],
    ],
    [
      "values that are no scalars",
      '{"a":null}\n{"a":[1]}\n{"a":{}}\n{"a":01}\n{"a":1x}',
      [
        '1: the value of "a" must be a string, a number, true or false, got null',
        '2: the value of "a" must be a string, a number, true or false, got a list',
        '3: the value of "a" must be a string, a number, true or false, got an object',
        '4: the value of "a" must be a string, a number, true or false',
        '5: the value of "a" must be a string, a number, true or false',
      ],
    ],
    [
      "what is not JSON",
      '[1]\n{\'a\':1}\n{"a" 1}\n{"a":1\n{"a":1} x\n{"a":1,}',
      [
        "1: expected a JSON object",
        "2: expected the name of a column in double quotes",
        '3: expected a colon after "a"',
        "4: expected a comma or the end of the object",
        "5: expected the end of the line after the object",
        "6: expected the name of a column in double quotes",
      ],
    ],
    [
      "half of a surrogate pair",
      '{"a":"\\ud800"}',
      ['1: column "a": half of a surrogate pair has no form in UTF-8'],
    ],
    ["the character NUL", '{"a":"\\u0000"}', ['1: column "a": the character NUL cannot be in a variable']],
  ] as const) {
    it(`is refused with ${title}`, () => {
      expect(problemsOf(text, "p.ndjson")).to.deep.equal(problems);
    });
  }

  it("gives every JSON value back", () => {
    const rows = fc.array(fc.tuple(fc.string({ unit: "grapheme" }), fc.integer()), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(rows, (all) => {
        const clean = all.map(([a, b]) => [a.replaceAll("\0", ""), b] as const);
        const text = clean.map(([a, b]) => JSON.stringify({ a, b })).join("\n");
        expect(parseRows(text, "p.jsonl").values).to.deep.equal(clean.map(([a, b]) => [a, String(b)]));
      }),
    );
  });
});

describe("a row", () => {
  it("is found by its index, and none else is", () => {
    const rows = parseRows("a,b\n1,x\n2,y\n", "p.csv");
    expect(rowAt(rows, 1)).to.deep.equal([
      ["a", "2"],
      ["b", "y"],
    ]);
    expect(() => rowAt(rows, 2)).to.throw(RangeError);
  });

  it("is an object of strings as JSON, in the order of its columns", () => {
    expect(
      rowJson([
        ["b", 'x"\n'],
        ["__proto__", "1"],
      ]),
    ).to.equal('{"b":"x\\"\\n","__proto__":"1"}');
  });

  it("fits into a variable and into an item at its largest", () => {
    for (const value of ["é".repeat((MAX_ROW_BYTES - 4) / 2), "\u0001".repeat(MAX_ROW_BYTES - 3)]) {
      const rows = parseRows(JSON.stringify({ a: value }), "p.jsonl");
      const row = rowAt(rows, 0);
      expect(Buffer.byteLength(`PARAM_SET=${encodeParamSet(row)}\0`)).to.be.at.most(128 * 1024);
      expect(Buffer.byteLength(rowJson(row))).to.be.at.most(200 * 1024);
    }
  });

  it("is read from names of files that end in csv, jsonl and ndjson only", () => {
    expect(refusalOf(() => parseRows("a\n1", "p.tsv")).message).to.equal(
      'params_file "p.tsv" is of an unknown format',
    );
    expect(parseRows("a\n1", "P.CSV").values).to.deep.equal([["1"]]);
  });
});
