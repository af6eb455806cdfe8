import { expect } from "chai";
import { describeExpired } from "../../../../cli/render/expired.ts";
import { expiredEntries } from "../../../../cli/services/environment/expired-declared.ts";
import { parseStagingId } from "../../../../staging/ids.ts";
import { EXPIRATION, STAGED_DATA } from "../../../../staging/resources.ts";

const ID = parseStagingId("stage-abc123def456");
const ENTRY = { id: ID, declaredAs: "grch38" };
const resource = (type: string, outputs: Record<string, unknown>) => ({ type, outputs });
const STATE = [
  resource(STAGED_DATA, { stagingId: ID, uploadedAt: "2026-01-01T10:00:00Z", ttlDays: 1 }),
  resource(EXPIRATION, { stagingId: "stage-000000000000", uploadedAt: "2020-01-01T10:00:00Z", ttlDays: 1 }),
  resource(EXPIRATION, { stagingId: ID, uploadedAt: "2026-01-01T10:00:00Z", ttlDays: 90 }),
];
const at = (time: string, entries: Parameters<typeof expiredEntries>[1] = [ENTRY], state = STATE) =>
  expiredEntries(state, entries, new Date(time));

describe("declared entries that have expired", () => {
  it("are those whose TTL is over, by the upload that the state knows", () => {
    expect(at("2026-04-01T09:59:59Z")).to.deep.equal([]);
    const expiredAt = new Date("2026-04-01T10:00:00Z");
    expect(at("2026-04-01T10:00:00Z")).to.deep.equal([{ item: "grch38", stagingId: ID, expiredAt }]);
  });

  it("are none of those that are not declared, or not staged yet", () => {
    expect(at("2030-01-01T00:00:00Z", [])).to.deep.equal([]);
    expect(at("2030-01-01T00:00:00Z", [ENTRY], [])).to.deep.equal([]);
    expect(at("2030-01-01T00:00:00Z", [ENTRY], [resource(EXPIRATION, { stagingId: ID })])).to.deep.equal([]);
  });

  it("are told with what stages them again", () => {
    const [entry] = at("2030-01-01T00:00:00Z");
    expect(entry && describeExpired(entry, "prod")).to.equal(
      "the item grch38 of spawn:entries (stage-abc123def456) expired on 2026-04-01: S3 deletes its data, and no update stages them again. To stage them again, give the item another name in Pulumi.prod.yaml.",
    );
  });
});
