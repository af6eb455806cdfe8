import { expect } from "chai";
import {
  importedInputs,
  reconcileFields,
  refreshedInputs,
} from "../../../../provider/plugin/schema/reconcile.ts";
import { boolean, document, list, object, string, strings } from "../../../../staging/schema/fields.ts";

const sameJson = (a: string, b: string) => JSON.stringify(JSON.parse(a)) === JSON.stringify(JSON.parse(b));
const fields = {
  name: string({ required: true }),
  policy: document(sameJson, {}),
  rules: list(object({ id: string({ required: true }), policy: document(sameJson, {}) }), {
    keyOf: ({ id }) => id,
  }),
  force: boolean({ default: false, unreported: true }),
  region: string({ computed: true }),
  other: string({ computed: true, alternative: true }),
  tags: strings(),
};

describe("reconcileFields", () => {
  it("keeps the text of an equal document, and takes a changed one", () => {
    expect(reconcileFields(fields, { policy: '{ "a": 1 }' }, { policy: '{"a":1}' })["policy"]).to.equal(
      '{ "a": 1 }',
    );
    expect(reconcileFields(fields, { policy: '{ "a": 1 }' }, { policy: '{"a":2}' })["policy"]).to.equal(
      '{"a":2}',
    );
  });
  it("keeps the order of an unordered list, with new elements at its end", () => {
    const known = { rules: [{ id: "b", policy: "[ ]" }, { id: "a" }] };
    const actual = { rules: [{ id: "c" }, { id: "a" }, { id: "b", policy: "[]" }] };
    expect(reconcileFields(fields, known, actual)["rules"]).to.deep.equal([
      { id: "b", policy: "[ ]" },
      { id: "a" },
      { id: "c" },
    ]);
  });
  it("keeps values that AWS does not report, or its default", () => {
    expect(reconcileFields(fields, { force: true }, {})).to.deep.equal({ force: true });
    expect(reconcileFields(fields, {}, {})).to.deep.equal({ force: false });
  });
  it("drops removed values and adds AWS's own", () => {
    const result = reconcileFields(fields, { tags: { a: "1" }, force: false }, { region: "r" });
    expect(result).to.deep.equal({ region: "r", force: false });
  });
  it("keeps an empty value that AWS reports as absent", () => {
    expect(reconcileFields(fields, { tags: {} }, {})["tags"]).to.deep.equal({});
  });
});

describe("refreshedInputs", () => {
  it("repeats the program's inputs after no change, whatever AWS added", () => {
    const declared = { name: "n", policy: '{"a":1}' };
    const outputs = { name: "n", policy: '{ "a": 1 }', region: "r", force: false };
    expect(refreshedInputs(fields, declared, outputs)).to.deep.equal(declared);
  });
  it("shows manual changes, additions and removals", () => {
    const outputs = { name: "n", tags: { by: "hand" }, policy: "[]" };
    expect(refreshedInputs(fields, { name: "n", policy: "{}", rules: [{ id: "a" }] }, outputs)).to.deep.equal(
      {
        name: "n",
        policy: "[]",
        tags: { by: "hand" },
      },
    );
  });
});

describe("importedInputs", () => {
  it("has every value once", () => {
    const outputs = {
      name: "n",
      policy: "[]",
      tags: {},
      force: false,
      region: "r",
      other: "n",
      arn: "arn:n",
    };
    expect(importedInputs(fields, outputs)).to.deep.equal({ name: "n", policy: "[]", region: "r" });
  });
});
