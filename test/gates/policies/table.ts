import { expect } from "chai";
import { type Answer, type Asked, simulate } from "./simulator.ts";

/** An action, and the requests that must all be allowed for it: one, or one to an access point and one to the bucket behind it. */
export type Table = Readonly<Record<string, readonly Asked[]>>;

/** Declares a test for each row of two tables: allowed and denied actions. */
export function decides(title: string, { allowed, denied }: { allowed: Table; denied: Table }): void {
  describe(title, () => {
    const lines = [
      ...Object.entries(allowed).map(([what, asked]) => ({ what, asked, expected: true })),
      ...Object.entries(denied).map(([what, asked]) => ({ what, asked, expected: false })),
    ];
    let answers: readonly Answer[];
    before(async () => {
      answers = await simulate(lines.flatMap(({ asked }) => asked));
    });
    let next = 0;
    for (const { what, asked, expected } of lines) {
      const from = next;
      next += asked.length;
      it(`${expected ? "allows" : "denies"}: ${what}`, () => {
        const own = answers.slice(from, from + asked.length);
        expect(
          own.filter(({ error, ignored = [] }) => error !== undefined || ignored.length > 0),
        ).to.deep.equal([]);
        expect(
          own.every(({ verdict }) => verdict === "Allowed"),
          JSON.stringify(own),
        ).to.equal(expected);
      });
    }
  });
}
