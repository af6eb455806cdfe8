import { expect } from "chai";
import type { EngineSettings } from "../../../../cli/engine/process.ts";
import { openSession } from "../../../../cli/engine/session.ts";
import type { CleanableEntry } from "../../../../cli/services/cleanup/plan.ts";
import { removeExpired, removeOrphan } from "../../../../cli/services/cleanup/remove.ts";
import { deletableOf } from "../../../../cli/services/entry/deletable.ts";
import { beginDeletion, readUnfinished } from "../../../../cli/services/entry/upload/unfinished.ts";
import { sdkStore } from "../../../../provider/store/client.ts";
import { UserError } from "../../../../staging/errors.ts";
import { ZERO } from "../../../../staging/money.ts";
import { parseRegion } from "../../../../staging/regions.ts";
import { parseStackName } from "../../../../staging/stack-name.ts";
import { parseTtlDays } from "../../../../staging/ttl.ts";
import { errorOf } from "../../../support/failure.ts";
import { NOW } from "../../ledger.ts";
import { testId, testRecord } from "../../records.ts";
import { Machine } from "../machine.ts";
import { contextWith } from "./context.ts";

const ID = testId(1);
const record = testRecord({ stagingId: ID, uploadedAt: new Date(NOW.getTime() - 8 * 86_400_000) });
const { filename, sizeBytes } = record;
const entry: CleanableEntry = {
  ...deletableOf(record),
  ...{ filename, sizeBytes, reason: "expired", expiresAt: NOW, isRecorded: true },
  costPerDay: ZERO,
};
const EXPIRED = { expired: true, sweepId: undefined, orphans: false };
/** An engine that cannot be started: no test may use it. */
const project: EngineSettings = { command: "/no/engine", env: {}, project: "/no/project" };

describe("the removal of selected entries", () => {
  it("keeps an entry whose TTL was extended or that was declared meanwhile", async () => {
    for (const changes of [{ ttl: parseTtlDays(30) }, { declaredAs: "mesh", stack: parseStackName("dev") }]) {
      const kept = new Map<string, string>();
      const context = contextWith({ records: [{ ...record, ...changes }] });
      const stacks = new Set([ID]);
      await removeExpired({ context, project, question: EXPIRED, stacks, now: NOW, kept }, entry, {});
      expect([...kept.keys()]).to.deep.equal([ID]);
    }
  });

  it("counts an entry that another cleanup removed as removed", async () => {
    const kept = new Map<string, string>();
    const cleaning = { context: contextWith({}), project, question: EXPIRED, now: NOW, kept };
    await removeExpired({ ...cleaning, stacks: new Set() }, entry, {});
    expect(kept.size).to.equal(0);
  });

  it("refuses an entry without a stack that has not expired", async () => {
    const question = { expired: false, sweepId: "sweep-xyz789", orphans: false };
    const cleaning = { context: contextWith({ records: [record] }), project, question, now: NOW };
    const error = await removeExpired(
      { ...cleaning, stacks: new Set(), kept: new Map() },
      { ...entry, reason: "sweep" },
      {},
    ).catch((reason: unknown) => reason);
    expect(error)
      .to.be.instanceOf(UserError)
      .and.have.property("message")
      .that.contains("is not in the backend");
  });

  it("keeps an orphan that has an owner now, and does not read its data", async () => {
    const send = () => Promise.reject(new Error("asked"));
    const store = sdkStore({ send }, "us-east-1");
    const bucket = { store, region: parseRegion("us-east-1"), name: "bucket", isOwn: true };
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

  describe("after the deletion of an entry has begun on this machine", () => {
    const machine = Machine.forEachTest();
    const stack = parseStackName(`dev.${ID}`);
    let bucket: { left: boolean; readonly isDown: boolean };

    const remove = async (stacks: readonly (typeof ID)[]) => {
      const context = machine.context({
        s3: ({ method, bucket: name, query }) => {
          if (name !== "spawn-staging-us-east-1") return undefined;
          if (method === "POST") {
            if (bucket.isDown) return { status: 403, code: "AccessDenied" };
            bucket.left = false;
            return { body: "<DeleteResult/>" };
          }
          return "versions" in query && bucket.left
            ? { body: `<R><Version><Key>${ID}/a</Key><VersionId>v</VersionId><Size>1</Size></Version></R>` }
            : undefined;
        },
      });
      const { entryProject } = await openSession(context);
      const cleaning = { context, project: entryProject, question: EXPIRED, now: NOW, kept: new Map() };
      await removeExpired({ ...cleaning, stacks: new Set(stacks) }, { ...entry, uploadedAt: undefined }, {});
    };

    it("removes the data that it has left, without a stack and a record", async () => {
      bucket = { left: true, isDown: false };
      await beginDeletion(stack, { startedAt: undefined, sizeBytes: 1, fileCount: 1 });
      await remove([]);
      expect(bucket.left).to.equal(false);
      expect(await readUnfinished(stack)).to.equal(undefined);
    });

    it("fails while data are left, although the stack and the record are gone", async () => {
      bucket = { left: true, isDown: true };
      const event = { resourcePreEvent: { metadata: { op: "delete", type: "staging:index:StagedData" } } };
      await machine.stack(stack);
      await machine.engine("destroy", `echo '${JSON.stringify(event)}'`);
      expect((await errorOf(remove([ID]), Error)).name).to.equal("AccessDenied");
      expect(await readUnfinished(stack)).to.include({ deleting: true });
      expect((await errorOf(remove([]), Error)).name).to.equal("AccessDenied");
      bucket = { left: true, isDown: false };
      await remove([]);
      expect(bucket.left).to.equal(false);
    });
  });
});
