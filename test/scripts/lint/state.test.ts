import { expect } from "chai";
import { asText } from "../../../scripts/lint/imports.ts";
import { violationsIn } from "../../../scripts/lint/state.ts";

const found = (file: string, text: string): string[] => violationsIn(file, text).map(asText);

describe("source", () => {
  for (const line of [
    "let count = 0;",
    "export let count: number | undefined;",
    "const count = new Map<string, number>();",
    "export const count: WeakMap<object, string> = new WeakMap();",
    "const count = new Semaphore(24);",
    "const count: string[] = [];",
    "const count = {};",
  ])
    it(`may not hold state of a module: ${line}`, () => {
      expect(found("staging/a.ts", `\n${line}\n`)).to.deep.equal(["no-module-state: staging/a.ts -> count"]);
    });

  for (const line of [
    'const NAMES: ReadonlySet<string> = new Set(["a"]);',
    "const KINDS: ReadonlyMap<number, string> = new Map([[1, 'a']]);",
    "const EMPTY: readonly string[] = [];",
    "const PATTERN = new RegExp(TEXT);",
    "const NEVER = new AbortController().signal;",
    "  let count = 0;",
    "  const seen = new Set<string>();",
  ])
    it(`may hold constants and variables of functions: ${line}`, () => {
      expect(found("staging/a.ts", `\n${line}\n`)).to.deep.equal([]);
    });

  it("may hold what belongs to a program in its main file", () => {
    expect(found("local/machines/main.ts", "let server;\n")).to.deep.equal([]);
  });

  it("makes AWS clients in factories only", () => {
    const text = "  return new S3Client(config);\n";
    expect(found("cli/services/a.ts", text)).to.deep.equal([
      "no-client-outside-factory: cli/services/a.ts -> S3",
    ]);
    for (const file of ["cli/clients/s3.ts", "provider/store/clients.ts", "connection/account.ts"])
      expect(found(file, text)).to.deep.equal([]);
  });
});
