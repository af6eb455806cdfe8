import { expect } from "chai";
import { type Behaviour, declaredResource } from "../../../provider/plugin/declared.ts";
import { UNKNOWN } from "../../../provider/plugin/values.ts";
import { parseRegion, REGIONS } from "../../../staging/regions.ts";
import { integer, json, list, string } from "../../../staging/schema/fields.ts";
import {
  declareResource,
  type InputsOfResource,
  type OutputsOfResource,
  refusedBy,
} from "../../../staging/schema/resource.ts";
import { TestContext } from "../cloud-fixture.ts";

const thing = declareResource({
  token: "staging:index:Thing",
  description: "A thing.",
  deleteBeforeReplace: true,
  inputs: {
    region: string({ required: true, replaces: true, problem: refusedBy(parseRegion) }),
    size: integer({ required: true, min: 1 }),
    names: list(string({})),
    rules: list(json<Readonly<Record<string, unknown>>>()),
    source: string({ ignored: true }),
  },
  outputs: {
    madeAt: string({ required: true }),
    checkedAt: string({ required: true, changes: true }),
    lost: string({}),
  },
});

type Inputs = InputsOfResource<typeof thing>;
type Outputs = OutputsOfResource<typeof thing>;

const outputs = (inputs: Inputs): Outputs => ({ ...inputs, madeAt: "then", checkedAt: "now" });

const behaviour: Behaviour<Inputs, Outputs> = {
  create: async (inputs) => ({ id: "it", outputs: outputs(inputs) }),
  notImported: { fix: "Create it." },
  delete: async () => {},
};

const handler = declaredResource(thing, behaviour);
const inputs: Inputs = { region: "us-east-1", size: 1 };

describe("declaredResource", () => {
  const failures = async (news: object, used = handler): Promise<string[]> => {
    const checked = await used.check?.({ ...news }, undefined, new TestContext());
    return (checked?.failures ?? []).map(({ property, reason }) => `${property}: ${reason}`);
  };

  it("knows no output before the creation, but omits optional ones", () => {
    expect(handler.computed).to.deep.equal(["madeAt", "checkedAt"]);
    expect(handler.changing).to.deep.equal(["checkedAt"]);
  });

  it("checks types, ranges and the domain's rules, each with its path", async () => {
    expect(await failures({ region: "mars", size: 0, names: ["a", 1], other: 1 })).to.deep.equal([
      "other: staging:index:Thing does not support it (it supports region, size, names, rules, source)",
      `region: unknown region "mars". Staging is offered in ${REGIONS.join(", ")}.`,
      "size: expected a whole number from 1, got 0",
      "names[1]: expected a string, got 1",
    ]);
    expect(await failures({})).to.deep.equal([
      "region: it is required, but not given",
      "size: it is required, but not given",
    ]);
  });

  it("accepts unknown values", async () => {
    expect(await failures({ region: UNKNOWN, size: UNKNOWN, names: [UNKNOWN] })).to.deep.equal([]);
  });

  it("adds the type's own problems, except for inputs that are already invalid", async () => {
    const check = () => ["region", "size"].map((property) => ({ property, reason: "too much" }));
    const strict = declaredResource(thing, { ...behaviour, check });
    expect(await failures({ region: "us-east-1", size: -1 }, strict)).to.deep.equal([
      "size: expected a whole number from 1, got -1",
      "region: too much",
    ]);
  });

  it("distinguishes replacements, updates and equal inputs", async () => {
    const diff = async (changes: Partial<Inputs>, olds = inputs) =>
      handler.diff("it", olds, outputs(olds), { ...olds, ...changes });
    expect(await diff({ region: "us-west-2", source: "/b" })).to.deep.equal({
      replaces: ["region"],
      updates: [],
      deleteBeforeReplace: true,
    });
    expect(await diff({ size: 2, names: ["a"] })).to.deep.include({
      replaces: [],
      updates: ["size", "names"],
    });
    expect(await diff({ source: "/b" })).to.deep.include({ replaces: [], updates: [] });
    expect(await diff({ names: ["b", "a"] }, { ...inputs, names: ["a", "b"] })).to.deep.include({
      updates: ["names"],
    });
  });

  it("compares the content of another API's objects", async () => {
    const olds: Inputs = { ...inputs, rules: [{ ID: "a", Filter: { Prefix: "x", Tag: "y" } }] };
    const same: Inputs = { ...inputs, rules: [{ Filter: { Tag: "y", Prefix: "x" }, ID: "a" }] };
    const other: Inputs = { ...inputs, rules: [{ ID: "a", Filter: { Prefix: "x" } }] };
    expect(await handler.diff("it", olds, outputs(olds), same)).to.deep.include({ updates: [] });
    expect(await handler.diff("it", olds, outputs(olds), other)).to.deep.include({ updates: ["rules"] });
  });

  it("completes an earlier partial update", async () => {
    const resuming = declaredResource(thing, {
      ...behaviour,
      pending: ({ madeAt }) => (madeAt === undefined ? ["size"] : []),
    });
    const partial: Partial<Outputs> = { ...inputs };
    expect(await resuming.diff("it", inputs, { ...outputs(inputs) }, inputs)).to.deep.include({
      updates: [],
    });
    expect(await resuming.diff("it", inputs, partial as Outputs, { ...inputs, size: 2 })).to.deep.include({
      updates: ["size"],
    });
  });
});
