import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../../package-root.ts";
import { withItem, withItemKey, withoutItem } from "../../stacks/entries-file.ts";
import { readYamlConfig } from "../../stacks/stack-config.ts";
import { InputError } from "../../staging/errors.ts";

const FILE = "Pulumi.dev.yaml";
const ITEM = {
  name: "1000genomes",
  id: "stage-123456789012",
  source: "data/x",
  regions: ["us-east-1", "us-west-2"],
  ttl: 7,
  sweep: "0123",
};
const LINES = `    - name: "1000genomes"
      id: stage-123456789012
      source: data/x
      regions: [us-east-1, us-west-2]
      ttl: 7
      sweep: "0123"
`;

const entriesIn = (text: string): unknown =>
  JSON.parse(readYamlConfig(text, FILE).values["spawn:entries"] ?? "null");

describe("an edit of spawn:entries", () => {
  it("adds an item to the file of this repository, changes no other line, and is undone by its removal", async () => {
    const before = await readFile(join(packageRoot(), FILE), "utf8");
    const after = withItem(before, FILE, ITEM);
    expect(after).to.equal(before.replace("  spawn:entries: []\n", `  spawn:entries:\n${LINES}`));
    expect(entriesIn(after)).to.deep.equal([ITEM]);
    expect(withoutItem(after, FILE, ITEM.name)).to.equal(before);
  });

  for (const [what, before] of [
    ["without the key", "config:\n  spawn:cloud: local # local\n"],
    ["with an empty key", "config:\n  spawn:entries:\n"],
    ["with a key of another form", "config:\n  spawn:config:entries: []\n"],
  ] as const) {
    it(`adds an item to a file ${what}`, () => {
      const after = withItem(before, FILE, ITEM);
      expect(entriesIn(after)).to.deep.equal([ITEM]);
      if (before.includes("#")) expect(after).to.contain("local # local");
    });
  }

  const OTHERS = `# The environment
config:
  spawn:regions: [ us-east-1 ] # spaces
  spawn:entries:
  # first
  - name: a # kept
    source: "./a"

  # second
  - name: b
    source: 'b'
`;
  it("keeps comments, quotes, spaces and the indentation of lists", () => {
    const set = withItemKey(OTHERS, FILE, "a", "id", ITEM.id);
    expect(set).to.equal(OTHERS.replace('"./a"\n', `"./a"\n    id: ${ITEM.id}\n`));
    expect(withItemKey(set, FILE, "a", "id", "stage-0123456789ab")).to.contain("id: stage-0123456789ab\n");
    const without = withoutItem(OTHERS, FILE, "b");
    expect(without).to.equal(OTHERS.slice(0, OTHERS.indexOf("\n  # second")));
  });

  it("is refused if another item is written by an alias of the removed one", () => {
    const text = "config:\n  spawn:entries:\n    - &base\n      name: a\n    - <<: *base\n      name: b\n";
    expect(() => withoutItem(text, FILE, "a")).to.throw(InputError, "spawn:entries cannot be edited");
    expect(withoutItem(text, FILE, "b")).to.not.contain("name: b");
  });

  it("is refused without a list, and without the item", () => {
    expect(() => withItem("config:\n  spawn:entries: 7\n", FILE, ITEM)).to.throw(
      InputError,
      "cannot be edited",
    );
    expect(() => withItem("other: 1\n", FILE, ITEM)).to.throw(InputError, "cannot be edited");
    for (const edit of [withoutItem, withItemKey])
      expect(() => edit(OTHERS, FILE, "c", "id", "x")).to.throw(InputError, "has no item c");
  });
});
