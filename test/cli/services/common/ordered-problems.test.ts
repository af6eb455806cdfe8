import { expect } from "chai";
import { withOrderedProblems } from "../../../../cli/services/common/ordered-problems.ts";

describe("problems of concurrent work on many items", () => {
  /** Responses arrive in the reverse order of the items. */
  const backwards = async (at: number): Promise<void> => {
    for (let turn = 0; turn < 10 - at; turn++) await Promise.resolve();
  };

  it("are reported in the order of the items", async () => {
    const seen: string[] = [];
    const results = await withOrderedProblems(
      [1, 2, 3],
      (error: Error) => seen.push(error.message),
      async (at, problem) => {
        await backwards(at);
        problem(new Error(`first of ${at}`));
        problem(new Error(`second of ${at}`));
        return at * 10;
      },
    );
    expect(results).to.deep.equal([10, 20, 30]);
    expect(seen).to.deep.equal([1, 2, 3].flatMap((at) => [`first of ${at}`, `second of ${at}`]));
  });

  it("are all reported before an error that ends the work", async () => {
    const seen: string[] = [];
    let thrown: unknown;
    try {
      await withOrderedProblems(
        [1, 2, 3],
        (error: Error) => seen.push(error.message),
        async (at, problem) => {
          await backwards(at);
          if (at === 2) throw new Error("the end");
          problem(new Error(`of ${at}`));
        },
      );
    } catch (error) {
      thrown = error;
    }
    expect(seen).to.deep.equal(["of 1", "of 3"]);
    expect(thrown).to.be.an("error").with.property("message", "the end");
  });
});
