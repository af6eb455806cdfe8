import { expect } from "chai";
import { compareFields, differs } from "../../../../provider/plugin/schema/compare.ts";
import type { Json } from "../../../../provider/plugin/types.ts";
import { UNKNOWN } from "../../../../provider/plugin/values.ts";
import {
  boolean,
  document,
  type Field,
  integer,
  list,
  object,
  string,
  strings,
} from "../../../../staging/schema/fields.ts";

const text = string({});
const ignoringCase = document((a, b) => a.toLowerCase() === b.toLowerCase(), {});
const rule = object({ id: string({ required: true }), days: integer(), size: integer({ computed: true }) });
const rules = list(rule, { keyOf: ({ id }) => id });
const oneWay = object(
  { name: text, alias: string({ computed: true }) },
  { normal: ({ alias, name }) => ({ name: name ?? alias }) },
);

describe("differs", () => {
  const table: [string, Field, Json | undefined, Json | undefined, boolean][] = [
    ["equal text", text, "a", "a", false],
    ["other text", text, "a", "b", true],
    ["neither there nor wanted", text, undefined, undefined, false],
    ["empty for absent", text, "", undefined, false],
    ["absent for empty", text, undefined, "", false],
    ["there, not wanted", text, "a", undefined, true],
    ["wanted, not there", text, undefined, "a", true],
    ["not known yet", text, "a", UNKNOWN, true],
    ["AWS's own choice", string({ computed: true }), "a", undefined, false],
    ["another than AWS's choice", string({ computed: true }), "a", "b", true],
    ["the default for absent", integer({ default: 3600 }), 3600, undefined, false],
    ["not the default", integer({ default: 3600 }), 0, undefined, true],
    ["false for absent", boolean(), false, undefined, false],
    ["true, not wanted", boolean(), true, undefined, true],
    ["a document of the same meaning", ignoringCase, "A", "a", false],
    ["a document of another meaning", ignoringCase, "A", "b", true],
    ["equal tags", strings(), { a: "1", b: "2" }, { b: "2", a: "1" }, false],
    ["a tag less", strings(), { a: "1", b: "2" }, { a: "1" }, true],
    ["a tag not known yet", strings(), { a: "1" }, { a: UNKNOWN }, true],
    ["no tags", strings(), {}, undefined, false],
    ["what AWS adds to an object", rule, { id: "a", size: 3 }, { id: "a" }, false],
    ["an addition to an object", rule, { id: "a", days: 3 }, { id: "a" }, true],
    ["an object of nothing", object({ text }), {}, undefined, false],
    [
      "an object of AWS's choices alone",
      object({ text: string({ computed: true }) }),
      { text: "a" },
      undefined,
      false,
    ],
    [
      "an object of which AWS has nothing",
      object({ text: string({ computed: true }) }, { computed: true }),
      undefined,
      { text: "a" },
      true,
    ],
    ["two ways to say it", oneWay, { name: "a", alias: "a" }, { alias: "a" }, false],
    ["two ways to say something else", oneWay, { name: "a", alias: "a" }, { alias: "b" }, true],
    ["the order where it counts", list(text), ["a", "b"], ["b", "a"], true],
    ["the order where it does not", rules, [{ id: "a" }, { id: "b" }], [{ id: "b" }, { id: "a" }], false],
    ["an item more", rules, [{ id: "a" }, { id: "b" }], [{ id: "a" }], true],
    ["another item", rules, [{ id: "a" }], [{ id: "b" }], true],
    ["a changed item", rules, [{ id: "a", days: 1 }], [{ id: "a", days: 2 }], true],
    ["an item whose key is not known yet", rules, [{ id: "a" }], [{ id: UNKNOWN }], true],
    ["no items", rules, [], undefined, false],
  ];
  for (const [what, field, state, wanted, expected] of table) {
    it(`${what}: ${expected ? "a difference" : "none"}`, () => {
      expect(differs(field, state, wanted)).to.equal(expected);
    });
  }
});

describe("compareFields", () => {
  const fields = {
    name: string({ required: true, replaces: true, names: true }),
    parent: string({ required: true, replaces: true }),
    tags: strings(),
  };
  const state = { name: "n", parent: "p", tags: { a: "1" }, arn: "arn:n" };

  it("finds no difference between equal values", () => {
    expect(compareFields(fields, state, { name: "n", parent: "p", tags: { a: "1" } })).to.deep.equal({
      replaces: [],
      updates: [],
      deleteBeforeReplace: false,
    });
  });
  it("updates fields that can change", () => {
    expect(compareFields(fields, state, { name: "n", parent: "p" }).updates).to.deep.equal(["tags"]);
  });
  it("creates the replacement first if the name is free", () => {
    const { replaces, deleteBeforeReplace } = compareFields(fields, state, {
      name: "m",
      parent: "p",
      tags: { a: "1" },
    });
    expect({ replaces, deleteBeforeReplace }).to.deep.equal({
      replaces: ["name"],
      deleteBeforeReplace: false,
    });
  });
  it("deletes first if the name stays the same", () => {
    const { replaces, deleteBeforeReplace } = compareFields(fields, state, { name: "n", parent: "q" });
    expect({ replaces, deleteBeforeReplace }).to.deep.equal({
      replaces: ["parent"],
      deleteBeforeReplace: true,
    });
  });
  it("does not rely on an unknown name", () => {
    const { deleteBeforeReplace } = compareFields(fields, state, { name: UNKNOWN, parent: "q" });
    expect(deleteBeforeReplace).to.equal(false);
  });
});
