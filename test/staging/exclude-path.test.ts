import { expect } from "chai";
import fc from "fast-check";
import { exclusionOf } from "../../staging/exclude.ts";
import { excludePatternOf } from "../../staging/exclude-path.ts";
import { parseExcludePattern } from "../../staging/exclude-pattern.ts";

describe("The pattern that leaves out one path", () => {
  const excludes = (path: string, other = path): boolean =>
    exclusionOf([parseExcludePattern(excludePatternOf(path))]).excludes(other);

  for (const path of [
    ...["sub/", "x//y", "x//", "/", "//", "/abs", "../up", "./here", "a/../b", "..", "."],
    ...["*.tmp", "[a]", "a?", "!a", "#a", "a\\", "a\\b", "a ", " ", "tab\there", "a\nb", "ü/é"],
  ]) {
    it(`matches ${JSON.stringify(path)}`, () => expect(excludes(path)).to.equal(true));
  }

  it("matches any path, and no sibling of it", () => {
    const part = fc.string({ unit: fc.constantFrom(..."ab.*?[]!#\\ '\"$~-"), minLength: 1, maxLength: 4 });
    const path = fc.tuple(fc.array(part, { minLength: 1, maxLength: 4 }), fc.constantFrom("/", "//"));
    fc.assert(
      fc.property(path, ([parts, slash]) => {
        const text = parts.join(slash);
        expect(excludes(text)).to.equal(true);
        expect(excludes(text, `${text}x`)).to.equal(false);
      }),
    );
  });
});
