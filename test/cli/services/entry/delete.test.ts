import { expect } from "chai";
import type { UpdateOptions } from "../../../../cli/engine/update.ts";
import { type Deletable, deletableOf, deleteEntries } from "../../../../cli/services/entry/delete.ts";
import type { Progress } from "../../../../staging/progress.ts";
import { testId, testRecord } from "../../records.ts";

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

  it("counts a large tree's objects by its record, and tells of which entry every event is", async () => {
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

  it("hands an interruption on, and begins nothing after it", async () => {
    const abort = new AbortController();
    abort.abort();
    const outcomes = await deleteEntries([entryOf(1, 1)], { signal: abort.signal }, async () => {
      throw new Error("begun");
    });
    expect(outcomes).to.deep.equal([{ item: entryOf(1, 1), state: "left" }]);
  });
});
