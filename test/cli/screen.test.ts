import { PassThrough } from "node:stream";
import { expect } from "chai";
import fc from "fast-check";
import { renderDiagnosis } from "../../cli/render/diagnosis.ts";
import { failureEnvelope, renderDetails, renderFailure } from "../../cli/render/failure.ts";
import { jsonText, toJson } from "../../cli/render/json.ts";
import { renderTable } from "../../cli/render/table.ts";
import { displayWidth } from "../../cli/render/text.ts";
import { guardScreen, linesFor, shown, textOf, writeExactly } from "../../cli/screen.ts";
import { formatProgress } from "../../local/progress.ts";
import { toYaml } from "../../stacks/yaml.ts";
import { UserError } from "../../staging/errors.ts";

/** Any control character except the line end, and characters that reorder text. */
const CONTROL = /[^\P{Cc}\n]|[\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

const ATTACKS = [
  "\u001b]52;c;ZXZpbA==\u0007",
  "\u001b[2J\u001b[H",
  "\u001b[31mred",
  "\u009b2J",
  "\r✅ forged",
  "\n✅ forged",
  "\u2028✅ forged",
  "\u202egnp.exe",
  "\ud800",
];

const hostile = fc
  .array(fc.oneof(fc.constantFrom(...ATTACKS), fc.string({ unit: "binary" }), fc.string()))
  .map((parts) => parts.join(""));

/** A readable standard output. */
function screen() {
  const stream = new PassThrough() as unknown as NodeJS.WriteStream & PassThrough;
  const text = () => String(stream.read() ?? "");
  return { stream, text };
}

const plain = process.stderr.isTTY ? (new PassThrough() as unknown as NodeJS.WriteStream) : process.stderr;

describe("The screen", () => {
  it("receives no control character from a renderer, whatever the names, and no line that starts inside a name", () => {
    const rows = (cell: string) => [{ cell }, { cell: "b" }];
    const columns = [
      { title: "A", value: (row: { cell: string }) => row.cell },
      { title: "B", value: () => "x" },
    ];
    fc.assert(
      fc.property(hostile, (name) => {
        const failure = new UserError(name, { why: name, fix: name });
        const texts = [
          textOf([name, `File: ${name}`]),
          renderTable(columns, rows(name)),
          renderFailure(failure, plain),
          renderDetails(failure),
          renderDiagnosis([{ name: "State", status: "ok", found: name, fix: name }], plain),
          linesFor(plain, name, { style: "yellow", label: "Warning:", text: name }),
          formatProgress({ text: name }),
        ];
        for (const text of texts) expect(text).to.not.match(CONTROL);
        expect(textOf([name, "x"]).split("\n")).to.have.length(2);
        expect(renderTable(columns, rows(name)).split("\n")).to.have.length(4);
        for (const line of renderFailure(failure, plain).split("\n")) {
          expect(line).to.match(/^(Error: |Why: |Fix: |$)/);
        }
      }),
    );
  });

  it("keeps the columns of a table aligned", () => {
    const columns = [
      { title: "NAME", value: (row: { name: string }) => row.name },
      { title: "B", value: () => "|" },
    ];
    const lines = renderTable(columns, [{ name: "a\u001b[2J\nb" }, { name: "plain" }, { name: "数据" }]);
    const places = lines
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((line) => displayWidth(line.slice(0, line.indexOf("|"))));
    expect(new Set(places)).to.have.property("size", 1);
  });

  it("accepts only line ends and oclif's bold and underlined text besides characters", () => {
    fc.assert(
      fc.property(hostile, (name) => {
        const styles = ["1", "22", "4", "24"].map((code) => `\u001b[${code}m`);
        const rest = styles.reduce((text, style) => text.replaceAll(style, ""), shown(name));
        expect(rest).to.not.match(CONTROL);
      }),
    );
    const { stream, text } = screen();
    guardScreen([stream]);
    stream.write("\u001b[1mUSAGE\u001b[22m\n\u001b]52;c;eA==\u0007\u001b[31m\n");
    expect(text()).to.equal("\u001b[1mUSAGE\u001b[22m\n\\x1b]52;c;eA==\\x07\\x1b[31m\n");
    stream.write(Buffer.from("\u001b[2J"));
    expect(text()).to.equal("\\x1b[2J");
  });

  it("passes data through unchanged, and colours only the program's own labels", () => {
    const { stream, text } = screen();
    guardScreen([stream]);
    writeExactly(stream, "\u001b[32m✓\u001b[39m a\u0000\n");
    expect(text()).to.equal("\u001b[32m✓\u001b[39m a\u0000\n");
    expect(linesFor(undefined, { style: "red", label: "Error:", text: "\u001b[31m" })).to.equal(
      "Error: \\x1b[31m\n",
    );
  });

  it("receives JSON and YAML without a control character, with the exact data", () => {
    fc.assert(
      fc.property(hostile, (name) => {
        const data = { name, list: [name] };
        expect(toJson(data)).to.not.match(CONTROL);
        expect(JSON.parse(jsonText(data))).to.deep.equal(data);
        expect(toYaml({ name })).to.not.match(CONTROL);
        expect(toJson(failureEnvelope(new UserError(name), [name]))).to.not.match(CONTROL);
      }),
    );
  });
});
