import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { printable } from "../../staging/printable.ts";
import { shellPath, shellQuoted, shellString } from "../../staging/shell.ts";

const HARMLESS_TO_SHELLS_ALONE = [
  "plain.txt",
  "",
  "with space",
  "$(touch pwned)",
  "`touch pwned`",
  "x; touch pwned",
  "x && touch pwned #",
  "x | touch pwned",
  "it's here",
  "'; touch pwned; '",
  '"; touch pwned; "',
  "bang!touch",
  "!!",
  "~root",
  "=touch",
  "*",
  "[a-z]?{a,b}",
  "back\\slash\\",
  "$HOME ${IFS} $0",
  "<in >out &",
  "-rf",
  "--yes",
  "%1 ^a^b",
  "# no comment",
  "é 数据",
];

const WITH_CONTROLS = [
  "two\nlines; touch pwned",
  "'\n$(touch pwned)!'",
  "tab\tbell\u0007escape\u001b]52;c;eA==\u0007",
  "C1 \u009b2J and \u202ereversed",
  "digit after\u00017",
  "\\'\n\\",
  "ends with a line\n",
];

/** The words after the shell's expansion, each on its own line, in JSON. */
function wordsIn(shell: readonly string[], words: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "spawn shell "));
  try {
    const [command = "", ...args] = shell;
    const print = "process.stdout.write(JSON.stringify(process.argv.slice(1)))";
    // Read from stdin like a pasted line: with history expansion if the shell is interactive.
    const output = execFileSync(command, args, {
      cwd: folder,
      input: `'${process.execPath}' -e '${print}' -- ${words.join(" ")}\n`,
      env: { PATH: process.env["PATH"], HOME: folder, PS1: "", HISTFILE: "" },
      stdio: ["pipe", "pipe", "ignore"],
      encoding: "utf8",
    });
    expect(readdirSync(folder)).to.deep.equal([], "a name ran a command");
    return JSON.parse(output.slice(output.indexOf("["), output.lastIndexOf("]") + 1)) as string[];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const BASH = ["bash", "--norc", "--noprofile"];

describe("a name in a suggested command", () => {
  for (const [shell, names] of [
    [["sh"], HARMLESS_TO_SHELLS_ALONE],
    [BASH, [...HARMLESS_TO_SHELLS_ALONE, ...WITH_CONTROLS]],
    [
      [...BASH, "-o", "histexpand", "-o", "history"],
      [...HARMLESS_TO_SHELLS_ALONE, ...WITH_CONTROLS],
    ],
  ] as const) {
    it(`is one word for ${shell.join(" ")}, whatever the name`, () => {
      expect(wordsIn(shell, names.map(shellQuoted))).to.deep.equal(names);
      expect(wordsIn(shell, names.map(shellString))).to.deep.equal(names);
    });
  }

  it("reaches the terminal without a control character", () => {
    for (const name of WITH_CONTROLS) expect(shellQuoted(name)).to.equal(printable(shellQuoted(name)));
  });

  it("stays unquoted if no shell would change it", () => {
    for (const name of ["plain.txt", "s3://bucket/a+b=c,d@e%f", "us-east-1"]) {
      expect(shellQuoted(name)).to.equal(name);
    }
  });

  it("is never an option if it is a path", () => {
    expect(shellPath("-rf")).to.equal("./-rf");
    expect(shellPath("-r f")).to.equal("'./-r f'");
    expect(shellPath("/data/-rf")).to.equal("/data/-rf");
  });
});
