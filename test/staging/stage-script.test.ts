import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import * as fc from "fast-check";
import { property, string } from "fast-check";
import { runCommand } from "../../local/command.ts";
import { packageRoot } from "../../package-root.ts";
import { parseDestination } from "../../staging/destination.ts";
import { parseStagingId } from "../../staging/ids.ts";
import { parseRegionList } from "../../staging/regions.ts";
import { shellWord } from "../../staging/shell.ts";
import { renderStageScript } from "../../staging/stage-script.ts";
import { ensureVenv } from "../support/venv.ts";

const ENTRY = {
  stagingId: parseStagingId("stage-abc123def456"),
  filename: "reference.fasta",
  kind: "file",
  manifestSha256: "a".repeat(64),
  regions: parseRegionList("us-east-1,us-west-2"),
  buckets: ["spawn-staging-us-east-1", "spawn-staging-us-west-2"],
  destination: parseDestination("/mnt/data/reference.fasta"),
} as const;

const template = await readFile(join(packageRoot(), "worker", "stage.sh"), "utf8");
const sh = (script: string) => runCommand("/bin/sh", ["-c", script]);

describe("The download script of an entry", () => {
  it("is found correct by shellcheck, as template and as printed, and fits into user data", async () => {
    const shellcheck = join(await ensureVenv("aws"), "shellcheck");
    const printed = renderStageScript(template, ENTRY);
    for (const text of [template, printed]) {
      const check = await runCommand("/bin/sh", [
        "-c",
        'printf "%s" "$2" | "$1" -s sh -',
        "sh",
        shellcheck,
        text,
      ]);
      expect(check).to.include({ code: 0, stdout: "" });
    }
    expect(gzipSync(printed).length).to.be.below(10_000);
  });

  it("has names of the record as data only", async () => {
    const hostile = "'; echo HACKED; $(echo HACKED) `echo HACKED`\n# End of the parameters.\necho HACKED '\\";
    const printed = renderStageScript(template, { ...ENTRY, filename: hostile }, { destination: hostile });
    const parameters = printed.slice(printed.indexOf("id="), printed.indexOf("\nexport "));
    const { stdout } = await sh(`${parameters}\nprintf '%s|%s|%s' "$name" "$destination" "$copies"`);
    expect(stdout).to.equal(
      `${hostile}|${hostile}|us-east-1 spawn-staging-us-east-1\nus-west-2 spawn-staging-us-west-2`,
    );
  });

  it("is refused for a record with impossible values", () => {
    for (const change of [
      { manifestSha256: "none" },
      { buckets: ["spawn-staging-us-east-1", "a b"] },
      { buckets: ["one"] },
      { filename: "../up" },
      { filename: "nul\0" },
    ]) {
      expect(() => renderStageScript(template, { ...ENTRY, ...change })).to.throw(
        "is not valid for a script",
      );
    }
  });

  it("quotes every text so that a shell gives it back", async () => {
    const words: string[] = [];
    fc.assert(
      property(string({ unit: "binary", maxLength: 20 }), (text) => {
        if (!text.includes("\0")) words.push(text);
      }),
      { numRuns: 200 },
    );
    const { stdout } = await sh(words.map((word) => `printf '%s\\0' ${shellWord(word)}`).join("\n"));
    expect(stdout).to.equal(words.map((word) => `${word}\0`).join(""));
  });
});
