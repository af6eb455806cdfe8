import { expect } from "chai";
import { heldEntries, type StateEntry } from "../../staging/held-entry.ts";
import { ENTRY_GUARD, RECORD_TYPE, STAGED_DATA, STAGING_ENTRY } from "../../staging/resources/tokens.ts";

const ID = "stage-abc123def456";
const resource = (type: string, properties: Record<string, unknown>): StateEntry => ({
  ...{ urn: `urn:pulumi:dev::spawn::${type}::${ID}`, type, properties },
});
const data = resource(STAGED_DATA, { stagingId: ID, region: "us-east-1" });
const component = resource(STAGING_ENTRY, { id: ID });
const record = resource(RECORD_TYPE, { item: JSON.stringify({ staging_id: { S: ID } }) });
const guard = resource(ENTRY_GUARD, { stagingId: ID });
const isGuarded = (resources: readonly StateEntry[]) => heldEntries(resources).map(({ guarded }) => guarded);

describe("An entry in a state", () => {
  it("has no guard if an update of version 0.1.0 has completed it", () => {
    expect(isGuarded([component, data, record])).to.deep.equal([false]);
  });

  it("gets its guard back if a deletion was interrupted", () => {
    expect(isGuarded([component, data])).to.deep.equal([true]);
  });

  it("has a guard, or gets it if its creation was interrupted before", () => {
    expect(isGuarded([component, data, record, guard])).to.deep.equal([true]);
    expect(isGuarded([resource(STAGING_ENTRY, {}), data])).to.deep.equal([true]);
  });
});
