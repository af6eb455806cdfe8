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
  it("keeps the known text of an equal document and takes a changed one", () => {
    expect(reconcileFields(fields, { policy: '{ "a": 1 }' }, { policy: '{"a":1}' })["policy"]).to.equal(
      '{ "a": 1 }',
    );
    expect(reconcileFields(fields, { policy: '{ "a": 1 }' }, { policy: '{"a":2}' })["policy"]).to.equal(
      '{"a":2}',
    );
  });
  it("keeps the known order of a list that has none, with what is new at its end", () => {
    const known = { rules: [{ id: "b", policy: "[ ]" }, { id: "a" }] };
    const actual = { rules: [{ id: "c" }, { id: "a" }, { id: "b", policy: "[]" }] };
    expect(reconcileFields(fields, known, actual)["rules"]).to.deep.equal([
      { id: "b", policy: "[ ]" },
      { id: "a" },
      { id: "c" },
    ]);
  });
  it("keeps what AWS does not report, or its default", () => {
    expect(reconcileFields(fields, { force: true }, {})).to.deep.equal({ force: true });
    expect(reconcileFields(fields, {}, {})).to.deep.equal({ force: false });
  });
  it("drops what is gone and adds what AWS chose", () => {
    const result = reconcileFields(fields, { tags: { a: "1" }, force: false }, { region: "r" });
    expect(result).to.deep.equal({ region: "r", force: false });
  });
  it("keeps an empty value that AWS has as none", () => {
    expect(reconcileFields(fields, { tags: {} }, {})["tags"]).to.deep.equal({});
  });
});

describe("refreshedInputs", () => {
  it("repeats the program where nothing changed, whatever AWS added", () => {
    const declared = { name: "n", policy: '{"a":1}' };
    const outputs = { name: "n", policy: '{ "a": 1 }', region: "r", force: false };
    expect(refreshedInputs(fields, declared, outputs)).to.deep.equal(declared);
  });
  it("shows what was changed, added and removed by hand", () => {
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
  it("takes all that is set, said once", () => {
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
