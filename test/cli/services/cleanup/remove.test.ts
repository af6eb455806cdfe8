import type { S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import type { EngineSettings } from "../../../../cli/engine/process.ts";
import type { CleanableEntry } from "../../../../cli/services/cleanup/plan.ts";
import { removeExpired, removeOrphan } from "../../../../cli/services/cleanup/remove.ts";
import { deletableOf } from "../../../../cli/services/entry/delete.ts";
import { UserError } from "../../../../staging/errors.ts";
import { ZERO } from "../../../../staging/money.ts";
import { parseRegion } from "../../../../staging/regions.ts";
import { parseStackName } from "../../../../staging/stack-name.ts";
import { parseTtlDays } from "../../../../staging/ttl.ts";
import { NOW } from "../../ledger.ts";
import { testId, testRecord } from "../../records.ts";
import { contextWith } from "./context.ts";

const ID = testId(1);
const record = testRecord({ stagingId: ID, uploadedAt: new Date(NOW.getTime() - 8 * 86_400_000) });
const { filename, sizeBytes } = record;
const entry: CleanableEntry = {
  ...deletableOf(record),
  ...{ filename, sizeBytes, reason: "expired", expiresAt: NOW, isRecorded: true },
  ...{ hasStack: true, costPerDay: ZERO },
};
const EXPIRED = { expired: true, sweepId: undefined, orphans: false };
/** An engine that cannot be started: nothing may come to using it. */
const project: EngineSettings = { command: "/no/engine", env: {}, project: "/no/project" };

describe("the removal of what was found", () => {
  it("leaves an entry that was given more time, or was declared, since it was found", async () => {
    for (const changes of [{ ttl: parseTtlDays(30) }, { declaredAs: "mesh", stack: parseStackName("dev") }]) {
      const kept = new Map<string, string>();
      const context = contextWith({ records: [{ ...record, ...changes }] });
      const stacks = new Set([ID]);
      await removeExpired({ context, project, question: EXPIRED, stacks, now: NOW, kept }, entry, {});
      expect([...kept.keys()]).to.deep.equal([ID]);
    }
  });

  it("takes an entry that another cleanup has removed for removed", async () => {
    const kept = new Map<string, string>();
    const cleaning = { context: contextWith({}), project, question: EXPIRED, now: NOW, kept };
    await removeExpired({ ...cleaning, stacks: new Set() }, entry, {});
    expect(kept.size).to.equal(0);
  });

  it("refuses to remove without its stack what has not expired", async () => {
    const question = { expired: false, sweepId: "sweep-xyz789", orphans: false };
    const cleaning = { context: contextWith({ records: [record] }), project, question, now: NOW };
    const error = await removeExpired(
      { ...cleaning, stacks: new Set(), kept: new Map() },
      { ...entry, reason: "sweep", hasStack: false },
      {},
    ).catch((reason: unknown) => reason);
    expect(error)
      .to.be.instanceOf(UserError)
      .and.have.property("message")
      .that.contains("is not in the backend");
  });

  it("leaves an orphan that has an owner by now, without looking at its data", async () => {
    const send = () => Promise.reject(new Error("asked"));
    const client = { send } as unknown as S3Client;
    const bucket = { client, region: parseRegion("us-east-1"), name: "bucket", isOwn: true };
    for (const [records, stacks] of [
      [[record], new Set<typeof ID>()],
      [[], new Set([ID])],
    ] as const) {
      const kept = new Map<string, string>();
      const context = contextWith({ records });
      const orphan = { id: ID, kind: "data", places: [], changedAt: NOW, costPerDay: ZERO } as const;
      await removeOrphan({ context, buckets: [bucket], stacks, now: NOW, kept }, orphan);
      expect([...kept.keys()]).to.deep.equal([ID]);
    }
  });
});
