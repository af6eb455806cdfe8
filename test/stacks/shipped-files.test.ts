import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { packageRoot } from "../../package-root.ts";
import { parseEnvironmentConfig, readEnvironmentFile } from "../../stacks/environment-file.ts";
import { ITEM_KEYS } from "../../staging/entry-values.ts";
import { ENVIRONMENT_KEYS } from "../../staging/environment-values.ts";

const configOf = async (file: string) => {
  const text = await readFile(join(packageRoot(), file), "utf8");
  return { text, config: (parse(text) as { config: Record<string, unknown> }).config };
};

describe("the project's environment files", () => {
  it("have dev in the local cloud, in the three regions of the demo", async () => {
    const { settings } = await readEnvironmentFile(packageRoot(), "dev");
    expect(settings).to.deep.include({ name: "dev", cloud: "local" });
    expect(settings.regions).to.deep.equal(["us-east-1", "us-west-2", "eu-west-1"]);
  });

  it("have an example for AWS that is valid once copied", async () => {
    const { config } = await configOf("Pulumi.prod.example.yaml");
    const own = Object.entries(config).filter(([key]) => key.startsWith("spawn:"));
    const values = Object.fromEntries(own.map(([key, value]) => [key.slice("spawn:".length), value]));
    const { settings, entries } = parseEnvironmentConfig("prod", values, packageRoot());
    expect(settings.cloud).to.equal("aws");
    expect(settings.buckets.get(settings.tableRegion)).to.equal("example-org-staging-us-east-1");
    expect(entries).to.deep.equal([]);
  });

  it("document every key of an item (Pulumi.dev.yaml)", async () => {
    const { text } = await configOf("Pulumi.dev.yaml");
    const keys = [...text.matchAll(/^ {2}# {3}(\w+) {2,}\S/gm)].map(([, key]) => key);
    expect(keys).to.have.members(Object.keys(ITEM_KEYS));
  });

  for (const file of ["Pulumi.dev.yaml", "Pulumi.prod.example.yaml"]) {
    it(`document every key (${file})`, async () => {
      const { text } = await configOf(file);
      // A key without a generally valid value is a comment.
      const keys = [...text.matchAll(/^ {2}(?:# )?(spawn:\w+):/gm)].map(([, key]) => key);
      expect(keys).to.have.members(ENVIRONMENT_KEYS.map((key) => `spawn:${key}`));
    });

    // The engine rewrites the file when it creates the stack: it keeps comments above keys, but moves empty lines and comments
    // below the last key out of `config:`, where an uncommented example would have no effect.
    it(`stay unchanged when the engine adds its line (${file})`, async () => {
      const { text, config } = await configOf(file);
      const [, body = ""] = text.split("\nconfig:\n");
      expect(body).not.to.match(/^\s*$\n/m);
      expect(body.slice(body.indexOf("\n  spawn:entries:") + 1)).not.to.match(/^\s*#/m);
      expect(Object.keys(config).at(-1)).to.equal("spawn:entries");
    });
  }
});
