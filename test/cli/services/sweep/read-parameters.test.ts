import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { readParameters } from "../../../../cli/services/sweep/read-parameters.ts";
import { InputError } from "../../../../staging/errors.ts";
import { errorOf } from "../../../support/failure.ts";
import { temporaryFolder } from "../../../support/folder.ts";

describe("the parameter file of a launch", () => {
  const folder = temporaryFolder("spawn params ", "suite");
  before(async () => {
    await mkdir(join(folder(), "runs"));
  });

  const write = async (name: string, text: string | Uint8Array): Promise<string> => {
    await writeFile(join(folder(), name), text);
    return join(folder(), name);
  };
  const refusal = (run: Promise<unknown>): Promise<InputError> => errorOf(run, InputError);
  async function* input(...texts: string[]): AsyncGenerator<Uint8Array> {
    for (const text of texts) yield Buffer.from(text);
  }

  it("names its rows relative to itself", async () => {
    await write("runs/rows.csv", "alpha,label\n1,a\n2,b\n");
    const path = await write("runs/s.yaml", "params_file: rows.csv\nbase_command: echo $alpha\n");
    const { name, count, rows } = await readParameters(path, {});
    expect({ name, count, columns: rows?.columns }).to.deep.equal({
      name: "s",
      count: 2,
      columns: ["alpha", "label"],
    });
  });

  it("is read from standard input in pieces of any size", async () => {
    const text = ["count: 3\nbase_com", "mand: echo é", "\n"];
    const { name, count, command } = await readParameters("-", {}, input(...text));
    expect({ name, count, command }).to.deep.equal({ name: "stdin", count: 3, command: "echo é" });
  });

  it("is overridden by options", async () => {
    const path = await write(
      "o.yaml",
      "stage_id: stage-abc123def456\ninstance_type: c5.xlarge\nbase_command: x\n",
    );
    const options = { stageIds: ["stage-0123"], instanceType: "m5.xlarge", spot: true };
    const { entries, instanceTypes, spot } = await readParameters(path, options);
    expect({ entries, instanceTypes, spot }).to.deep.equal({
      entries: ["stage-0123"],
      instanceTypes: ["m5.xlarge"],
      spot: true,
    });
  });

  it("is refused with line and column, and the nearest key", async () => {
    const path = await write("bad.yaml", "count: 2\nregoins: [us-east-1]\nbase_command: x\n");
    const { message } = await refusal(readParameters(path, {}));
    expect(message).to.match(/unknown key "regoins".* \(line 2, column 1\)/);
  });

  it("is refused if it is missing, a folder, not UTF-8 or too large", async () => {
    const missing = await refusal(readParameters(join(folder(), "none.yaml"), {}));
    expect(missing.message).to.contain("there is no file");
    expect(missing.why).to.equal("It must be the parameter file.");
    expect((await refusal(readParameters(folder(), {}))).message).to.contain("is a folder");
    const latin = await write("latin.yaml", Buffer.from([0x61, 0x3a, 0x20, 0xe9]));
    expect((await refusal(readParameters(latin, {}))).message).to.contain("is not UTF-8");
    const huge = input(...Array.from({ length: 5 }, () => "#".repeat(1024 * 1024)));
    expect((await refusal(readParameters("-", {}, huge))).message).to.contain("is too large");
  });

  it("is refused if its rows are missing, with the file that names them", async () => {
    const path = await write("r.yaml", "params_file: none.csv\nbase_command: x\n");
    const { message, why } = await refusal(readParameters(path, {}));
    expect(message).to.contain("none.csv");
    expect(why).to.contain(`params_file of ${path}`);
  });
});
