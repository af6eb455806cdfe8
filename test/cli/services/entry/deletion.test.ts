import { expect } from "chai";
import { openSession } from "../../../../cli/engine/session.ts";
import type { UpdateOptions } from "../../../../cli/engine/update.ts";
import { type Deletable, deletableOf } from "../../../../cli/services/entry/deletable.ts";
import { deleteEntries, deleteEntry } from "../../../../cli/services/entry/deletion.ts";
import { readUnfinished } from "../../../../cli/services/entry/upload/unfinished.ts";
import type { Progress } from "../../../../staging/progress.ts";
import type { StagingRecord } from "../../../../staging/record.ts";
import { ENTRY_GUARD, RECORD_TYPE, STAGED_DATA } from "../../../../staging/resources/tokens.ts";
import { failureOf } from "../../../support/failure.ts";
import { testId, testRecord } from "../../records.ts";
import { entryResource, freshRecord, Machine, type World } from "../machine.ts";

const REPORT: Progress = {
  phase: "delete",
  region: "us-east-1",
  done: 2000,
  total: 0,
  objectsDone: 2000,
  objectsTotal: 0,
  finished: false,
};

describe("the deletion of several entries", () => {
  const entryOf = (number: number, fileCount: number): Deletable =>
    deletableOf(testRecord({ stagingId: testId(number), fileCount, kind: "directory" }));

  it("takes a large tree's object count from its record, and names the entry of every event", async () => {
    const [small, large] = [entryOf(1, 10), entryOf(2, 5000)];
    const unfinished: Deletable = { ...small, id: testId(3), sizeBytes: undefined, fileCount: undefined };
    const seen: unknown[] = [];
    const remove = async (_entry: Deletable, { onProgress, onNote }: UpdateOptions) => {
      onProgress?.(REPORT, "");
      onProgress?.({ ...REPORT, phase: "wait" }, "");
      onNote?.("note", "info");
    };
    const outcomes = await deleteEntries(
      [small, large, unfinished],
      {
        onProgress: ({ id }, { phase, total }) => seen.push([id, phase, total]),
        onNote: ({ id }, message) => seen.push([id, message]),
        onDeleted: ({ id }) => seen.push([id, "deleted"]),
      },
      remove,
    );
    expect(outcomes.map(({ state }) => state)).to.deep.equal(["done", "done", "done"]);
    const of = (entry: Deletable, total: number) => [
      [entry.id, "delete", total],
      [entry.id, "wait", 0],
      [entry.id, "note"],
      [entry.id, "deleted"],
    ];
    expect(seen).to.have.deep.members([...of(small, 0), ...of(large, 5001), ...of(unfinished, 0)]);
  });

  it("passes an interruption on, and starts nothing afterwards", async () => {
    const abort = new AbortController();
    abort.abort();
    const outcomes = await deleteEntries([entryOf(1, 1)], { signal: abort.signal }, async () => {
      throw new Error("begun");
    });
    expect(outcomes).to.deep.equal([{ item: entryOf(1, 1), state: "left" }]);
  });
});

describe("the deletion of an entry", () => {
  const RECORD = freshRecord();
  const { stagingId: ID, stack: STACK } = RECORD;
  const data = entryResource(STAGED_DATA, { stagingId: ID, region: "us-east-1" });
  const record = entryResource(RECORD_TYPE, { stagingId: ID });
  const machine = Machine.forEachTest();

  /** One bucket with an object of the entry until it is deleted, which `isLocked` prevents. */
  function bucket(isLocked = false): World["s3"] {
    let left = true;
    return ({ method, bucket, key, query }) => {
      if (bucket !== "spawn-staging-us-east-1") return undefined;
      if ("object-lock" in query && isLocked)
        return { body: "<R><ObjectLockEnabled>Enabled</ObjectLockEnabled></R>" };
      if (method === "HEAD" && key !== "") return { headers: { "x-amz-object-lock-legal-hold": "ON" } };
      if (method === "POST") {
        left = isLocked;
        return { body: "<DeleteResult/>" };
      }
      return "versions" in query && left
        ? { body: `<R><Version><Key>${ID}/a</Key><VersionId>v</VersionId><Size>1</Size></Version></R>` }
        : undefined;
    };
  }
  const remove = async (world: World = {}, options: UpdateOptions = {}, expected?: StagingRecord) => {
    const context = machine.context({ records: [RECORD], s3: bucket(), ...world });
    const { entryProject } = await openSession(context);
    await deleteEntry(context, entryProject, deletableOf(RECORD), options, expected);
  };
  const journal = () => readUnfinished(STACK);

  it("destroys the stack, and then removes the record before the data that the engine has left", async () => {
    await machine.stack(STACK, [data, record]);
    await remove();
    expect(await machine.log()).to.deep.equal([
      "pulumi destroy",
      "DeleteItem records",
      "POST s3://spawn-staging-us-east-1/",
    ]);
    expect(await journal()).to.equal(undefined);
  });

  it("removes a record that the state does not have before the engine deletes data", async () => {
    await machine.stack(STACK, [data]);
    await remove();
    expect((await machine.log()).slice(0, 2)).to.deep.equal(["DeleteItem records", "pulumi destroy"]);
  });

  it("needs the ID alone", async () => {
    const notes: string[] = [];
    await remove({}, { onNote: (note) => notes.push(note) });
    expect(notes).to.deep.equal([`The stack ${STACK} is not in the backend; ${ID} is deleted by its ID.`]);
    expect(await machine.log()).to.deep.equal(["DeleteItem records", "POST s3://spawn-staging-us-east-1/"]);
  });

  const kept = testId(9);
  for (const [what, resources, world, message] of [
    ["is protected", [{ ...data, protect: true }], {}, `${ID} is protected`],
    ["has a locked object", [data], { s3: bucket(true) }, "S3 Object Lock protects its objects"],
    [
      "has a stack with another entry",
      [entryResource(STAGED_DATA, { stagingId: kept })],
      { records: [{ ...RECORD, stagingId: kept }] },
      kept,
    ],
  ] as const) {
    it(`is refused if the entry ${what}, and nothing is changed or marked as deleting`, async () => {
      await machine.stack(STACK, resources);
      expect((await failureOf(remove(world))).message).to.contain(message);
      expect(await machine.log()).to.deep.equal([]);
    });
  }

  it("is refused for an entry that the environment's stack has", async () => {
    await machine.stack("dev", [data]);
    expect((await failureOf(remove())).message).to.contain("belongs to the stack of environment dev");
    expect(await machine.log()).to.deep.equal([]);
  });

  it("leaves no mark if it fails before anything is deleted", async () => {
    await machine.stack(STACK, [data, record]);
    await machine.engine("destroy", "echo 'error: no' >&2; exit 255");
    await failureOf(remove());
    expect(await journal()).to.equal(undefined);
    expect(await machine.log()).to.deep.equal(["pulumi destroy"]);
  });

  /** The engine fails during the deletion of a resource. */
  const failAt = async ({ type, urn }: typeof record): Promise<void> => {
    const event = { resourcePreEvent: { metadata: { op: "delete", type, urn } } };
    await machine.engine("destroy", `echo '${JSON.stringify(event)}'; exit 255`);
  };

  it("leaves no mark if the guard refuses it, because a sweep reads the entry", async () => {
    const guard = entryResource(ENTRY_GUARD, { stagingId: ID });
    await machine.stack(STACK, [data, record, guard]);
    await failAt(guard);
    await failureOf(remove());
    expect(await journal()).to.equal(undefined);
    expect(await machine.log()).to.deep.equal(["pulumi destroy"]);
  });

  it("stays visible if it fails after something was deleted: as deleting, with an open usage row", async () => {
    await machine.stack(STACK, [data, record]);
    await failAt(record);
    await failureOf(remove());
    expect(await journal()).to.include({ deleting: true });
    expect(await machine.log()).to.deep.equal(["pulumi destroy", "UpdateItem usage"]);
  });
});
