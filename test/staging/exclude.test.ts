import { expect } from "chai";
import { checkFilesLeft, exclusionOf } from "../../staging/exclude.ts";
import { parseExcludePattern, type SourceNames } from "../../staging/exclude-pattern.ts";
import { refusalOf } from "./refusal.ts";

const SOURCE: SourceNames = { locations: ["/data/my d", "/mnt/my d"], home: "/data" };

/** Matches paths like a walk: an excluded folder is not entered. */
function kept(patterns: readonly string[], paths: readonly string[], names = SOURCE): string[] {
  const exclusion = exclusionOf(patterns, names);
  const out: string[] = [];
  for (const path of paths) {
    if (out.some((folder) => path.startsWith(folder))) {
      exclusion.assertNotKept(path);
      continue;
    }
    if (exclusion.excludes(path)) out.push(path);
  }
  exclusion.finish();
  return paths.filter((path) => !out.some((one) => path === one || path.startsWith(one)));
}

describe("exclusion", () => {
  const cases: [patterns: string[], path: string, excluded: boolean][] = [
    [[], "a", false],
    [["*.tmp"], "deep/.x.tmp", true],
    [["*.tmp"], "a.TMP", false],
    [["build/"], "src/build/", true],
    [["build/"], "src/build", false],
    [["/notes"], "notes", true],
    [["/notes"], "sub/notes", false],
    [["./.env"], ".env", true],
    [["./.env"], "sub/.env", false],
    [["././keys//"], "keys/", true],
    [["*.csv", "!./a.csv"], "a.csv", false],
    [["/data/my d/.env"], ".env", true],
    [["/mnt/my d/keys/*.pem"], "keys/a.pem", true],
    [["/data/my d/./keys/"], "keys/", true],
    [["~/my d/.env"], ".env", true],
    [["/data/my\\ d/x"], "x", false],
    [["/etc/passwd"], "etc/passwd", true],
    [["*.tmp", "!keep.tmp"], "keep.tmp", false],
    [["**/cache/*.bin"], "a/b/cache/x.bin", true],
    [["a?c"], "a\nc", true],
    [["\\#odd"], "#odd", true],
    [["[[]x]"], "[x]", true],
    [["x\\ "], "x ", true],
  ];
  for (const [patterns, path, excluded] of cases) {
    it(`${JSON.stringify(patterns)} ${excluded ? "leaves out" : "keeps"} ${JSON.stringify(path)}`, () => {
      expect(exclusionOf(patterns, SOURCE).excludes(path)).to.equal(excluded);
    });
  }

  it("reads the URL of what is below a prefix on S3 as relative to it", () => {
    const exclusion = exclusionOf(["s3://bucket/p/x.csv"], { locations: ["s3://bucket/p"] });
    expect(["x.csv", "sub/x.csv"].map((path) => exclusion.excludes(path))).to.deep.equal([true, false]);
  });

  it("behaves the same after its cache is cleared", () => {
    const exclusion = exclusionOf(["*0"]);
    for (let count = 0; count < 25_000; count += 1) {
      expect(exclusion.excludes(`file ${count}`)).to.equal(count % 10 === 0);
    }
  });

  it("refuses patterns that match nothing", () => {
    for (const pattern of ["", "  ", "# a comment", "a\nb", "end\\"]) {
      expect(refusalOf(() => parseExcludePattern(pattern)).message).to.contain("excludes nothing");
    }
  });

  const ambiguous: [pattern: string, fix: string][] = [
    ["name ", "--exclude 'name'"],
    ["keys\\secret.pem", "--exclude 'keys/secret.pem'"],
    ["../d/.env", "--exclude '/d/.env'"],
    ["a/../b", "--exclude '/b'"],
    [".", "--exclude '/folder/'"],
    ["!./", "--exclude '!/folder/'"],
  ];
  for (const [pattern, fix] of ambiguous) {
    it(`refuses ${JSON.stringify(pattern)}, and its fix is a pattern`, () => {
      expect(refusalOf(() => parseExcludePattern(pattern)).fix).to.equal(fix);
      parseExcludePattern(fix.slice("--exclude '".length, -1));
    });
  }

  describe("warns of a pattern that matches nothing", () => {
    const warnings = (patterns: string[], paths: string[]): string[] => {
      const exclusion = exclusionOf(patterns, SOURCE);
      for (const path of paths) exclusion.excludes(path);
      return exclusion.finish();
    };
    it("and names it as it was given", () => {
      expect(warnings(["./gone", "*.csv"], ["a.csv", "b"])).to.deep.equal([
        'the pattern "./gone" matches nothing in /data/my d: it leaves out nothing',
      ]);
    });
    it("or that keeps nothing, since nothing before it leaves that out", () => {
      expect(warnings(["!a", "*.csv", "!b.csv", "!c.csv"], ["a", "b.csv"])).to.deep.equal([
        'the pattern "!a" matches nothing in /data/my d: it keeps nothing',
        'the pattern "!c.csv" matches nothing in /data/my d: it keeps nothing',
      ]);
    });
    for (const pattern of ["my d/.env", "./my d/.env", "data/my d/.env", "/my d/.env"]) {
      it(`but refuses ${JSON.stringify(pattern)}, with the pattern that is meant`, () => {
        expect(refusalOf(() => warnings([pattern], [".env"])).fix).to.equal("--exclude '/.env'");
        expect(warnings([pattern], ["x"])).to.have.length(1);
      });
    }
    it("takes the directory's own name for a folder of that name in it", () => {
      expect(warnings(["my d/.env"], [".env", "my d/", "my d/.env"])).to.deep.equal([]);
    });
  });

  describe("refuses a pattern that cannot keep a path below an excluded folder", () => {
    const TREE = [
      "a.csv",
      "keep/",
      "keep/deep/",
      "keep/deep/y.csv",
      "keep/x.csv",
      "keep/z.txt",
      "w ?/",
      "w ?/v.csv",
    ];
    const unkept: [patterns: string[], path: string, alsoKept: string[]][] = [
      [["*", "!keep/x.csv"], "keep/x.csv", []],
      [["*", "!keep/deep/y.csv"], "keep/deep/y.csv", []],
      [["keep/", "!keep/x.csv"], "keep/x.csv", ["a.csv", "w ?/v.csv"]],
      [["keep", "!keep/deep/"], "keep/deep/", ["keep/deep/y.csv", "a.csv", "w ?/v.csv"]],
      [["*", "!*.csv"], "keep/deep/y.csv", ["a.csv", "keep/x.csv", "w ?/v.csv"]],
      [["w*", "!/w*/v.csv"], "w ?/v.csv", ["a.csv", "keep/x.csv"]],
    ];
    for (const [patterns, path, alsoKept] of unkept) {
      it(`${JSON.stringify(patterns)}, and its fix keeps ${path}`, () => {
        const refusal = refusalOf(() => kept(patterns, TREE));
        expect(refusal.message).to.contain("cannot keep");
        const [wanted = ""] = refusal.fix?.split(". To leave it out") ?? [];
        const fixed = [...wanted.matchAll(/--exclude '([^']*)'/g)].map(([, pattern = ""]) => pattern);
        const files = kept(fixed, TREE).filter((each) => !each.endsWith("/"));
        const wished = [...new Set([path, ...alsoKept])].filter((each) => !each.endsWith("/")).sort();
        for (const file of wished) expect(files, fixed.join(" ")).to.include(file);
        if (patterns[0] !== "w*") expect(files).not.to.include("keep/z.txt");
      });
    }
    it("but not one that comes before what excludes the folder", () => {
      expect(kept(["*", "!keep/x.csv", "keep/"], TREE)).to.deep.equal([]);
      expect(kept(["*.csv", "!y.csv", "keep/"], TREE)).to.deep.equal(["w ?/"]);
    });
    it("and not what git's own idiom keeps", () => {
      const files = kept(["*", "!*/", "!*.csv"], TREE).filter((path) => !path.endsWith("/"));
      expect(files).to.deep.equal(["a.csv", "keep/deep/y.csv", "keep/x.csv", "w ?/v.csv"]);
    });
  });

  it("refuses patterns that leave no file of a directory that has some, and warns of a directory without files", () => {
    const exclusion = exclusionOf(["*"]);
    expect(checkFilesLeft("d", 0, exclusion)).to.deep.equal(["d has no files: the entry will be empty"]);
    exclusion.excludes("a");
    expect(refusalOf(() => checkFilesLeft("d", 0, exclusion)).exitCode).to.equal(2);
    expect(checkFilesLeft("d", 1, exclusion)).to.deep.equal([]);
  });
});
