import { expect } from "chai";
import { readYamlConfig } from "../../stacks/stack-config.ts";
import { parseYaml } from "../../stacks/yaml-document.ts";
import { InputError } from "../../staging/errors.ts";

const FILE = "Pulumi.dev.yaml";

/** Each level names the one before nine times. */
const bomb = (levels: number): string =>
  [
    "config:",
    "  other:a0: &a0 [x, x, x, x, x, x, x, x, x]",
    ...Array.from({ length: levels }, (_, level) => {
      const below = Array.from({ length: 9 }, () => `*a${level}`).join(", ");
      return `  other:a${level + 1}: &a${level + 1} [${below}]`;
    }),
    `  spawn:entries: *a${levels}`,
  ].join("\n");

/** Each level is one deeper than the one before. */
const chain = (levels: number): string =>
  [
    "config:",
    "  other:a0: &a0 [x]",
    ...Array.from({ length: levels }, (_, level) => `  other:a${level + 1}: &a${level + 1} [*a${level}]`),
    `  spawn:entries: *a${levels}`,
  ].join("\n");

const merged = [
  "config:",
  "  spawn:entries:",
  "    - &m0 {name: a}",
  ...Array.from(
    { length: 20 },
    (_, level) => `    - &m${level + 1} {<<: *m${level}, x: [*m${level}, *m${level}, *m${level}]}`,
  ),
].join("\n");

describe("YAML from outside", () => {
  for (const [what, text, where] of [
    ["a bomb of aliases", bomb(12), /:\d+:\d+: /],
    ["a bomb of merge keys", merged, /:\d+:/],
    ["a long chain of aliases", chain(900), /:\d+:/],
    ["many aliases", `config:\n  other:a: &a x\n  spawn:regions: [${"*a, ".repeat(5_000)}]`, /:3:/],
    ["a list that holds itself", "config:\n  spawn:regions: &a [*a]", /:2:/],
    ["deeply nested lists", `config:\n  spawn:regions: ${"[".repeat(300_000)}`, /:2:/],
    ["deeply nested mappings", `config:\n  spawn:regions: ${"{a: ".repeat(200_000)}`, /:2:/],
    ["a file of more than 1 MB", `config:\n  spawn:x: ${"y".repeat(1_100_000)}`, /:1:/],
  ] as const) {
    it(`is refused with ${what}, by the file's name and the line`, () => {
      for (const read of [readYamlConfig, parseYaml]) {
        const refused = () => read(text, FILE);
        expect(refused)
          .to.throw(InputError, /^Pulumi\.dev\.yaml/)
          .and.satisfies((error: InputError) => error.exitCode === 2 && where.test(error.message));
      }
    });
  }

  it("is refused with a key given twice, by the line", () => {
    expect(() => parseYaml("a: 1\nb: {c: 1, c: 2}", FILE)).to.throw(
      InputError,
      "Pulumi.dev.yaml:2:11: the key c is given twice",
    );
  });

  it("is read with very many keys, and with a huge one", () => {
    const keys = Array.from({ length: 40_000 }, (_, place) => `key${place}: 1`);
    expect(Object.keys(parseYaml(keys.join("\n"), FILE) as object)).to.have.length(40_000);
    const huge = "k".repeat(500_000);
    expect(() => parseYaml(`${huge}: 1`, FILE)).to.throw(InputError, "Pulumi.dev.yaml:1:1: not valid YAML");
    expect(parseYaml(`? ${huge}\n: 1`, FILE)).to.deep.equal({ [huge]: 1 });
  });

  it("is read with one alias in 200 entries, and with merge keys", () => {
    const entries = Array.from({ length: 200 }, (_, place) => `    - {name: n${place}, regions: *r}`);
    const text = `config:\n  other:r: &r [us-east-1]\n  spawn:entries:\n${entries.join("\n")}`;
    const values = JSON.parse(readYamlConfig(text, FILE).values["spawn:entries"] ?? "") as {
      regions: string[];
    }[];
    expect(values).to.have.length(200);
    expect(values[199]?.regions).to.deep.equal(["us-east-1"]);
    expect(parseYaml("a: &a {x: 1}\nb: {<<: *a, y: 2}", FILE)).to.deep.equal({
      a: { x: 1 },
      b: { x: 1, y: 2 },
    });
  });

  it("changes no object of the program by a key of objects", () => {
    const text = '{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}';
    const read = parseYaml(text, FILE) as Record<string, unknown>;
    expect(Object.keys(read)).to.deep.equal(["__proto__", "constructor"]);
    expect(read["polluted"]).to.equal(undefined);
    readYamlConfig(`config:\n  spawn:regions: ${text.replaceAll("true", '"yes"')}`, FILE);
    expect(({} as Record<string, unknown>)["polluted"]).to.equal(undefined);
  });
});
