import { expect } from "chai";
import { bareCommandsIn } from "../../../scripts/lint/commands.ts";

const found = (line: string): string[] => bareCommandsIn("staging/a.ts", line).map(({ to }) => to);

describe("a suggested command", () => {
  for (const [line, text] of [
    ['const fix = "spawn stage list";', "spawn stage list"],
    [
      'const fix = "Stage the data again: spawn stage upload PATH";',
      "Stage the data again: spawn stage upload PATH",
    ],
    ["const fix = `spawn stage delete ${id} --yes`;", "spawn stage delete … --yes"],
    ["const fix = `${command(`spawn sweep delete ${id}`)}, then spawn launch`;", "…, then spawn launch"],
    ["const fix = other(`spawn environment up`);", "spawn environment up"],
  ] as const)
    it(`must name its environment: ${line}`, () => expect(found(line)).to.deep.equal([text]));

  for (const line of [
    "const fix = commandLine(`spawn stage delete ${id} --yes`, environment);",
    'const fix = (_spell, command) => `Again: ${command("spawn stage upload PATH")}`;',
    'this.note(`To start one: ${this.suggested("spawn launch --params FILE")}`);',
    "const fix = `run spawn environment up --environment ${name}`;",
    'class A { static override summary = "Remove it: spawn stage delete"; }',
    'const why = "Delete it with spawn stage delete.";',
    "// spawn stage list",
  ])
    it(`may be: ${line}`, () => expect(found(line)).to.deep.equal([]));
});
