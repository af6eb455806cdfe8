import { PassThrough } from "node:stream";
import { expect } from "chai";
import { confirm } from "../../cli/confirm.ts";
import { UserError } from "../../staging/errors.ts";

function terminal(isTTY = true) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = new PassThrough();
  let shown = "";
  output.on("data", (text: Buffer) => {
    shown += text.toString();
  });
  return { input, output, shown: () => shown };
}

const options = { yes: false, command: "spawn local reset" };

/** The result of `confirm`, or its error. */
async function answerTo(typed: string | undefined): Promise<boolean | UserError> {
  const { input, output } = terminal();
  const asked = confirm("Continue?", { ...options, terminal: { input, output } });
  if (typed === undefined) input.end();
  else input.write(typed);
  return asked.catch((error: unknown) => {
    if (error instanceof UserError) return error;
    throw error;
  });
}

describe("confirm", () => {
  it("accepts y and yes, and nothing else", async () => {
    for (const yes of ["y\n", "Y\r\n", " yes \n"]) expect(await answerTo(yes), yes).to.equal(true);
    for (const no of ["n\n", "\n", "yep\n", "ja\n", undefined])
      expect(await answerTo(no), no).to.equal(false);
  });

  it("writes the prompt to the output, with the default in capitals", async () => {
    const { input, output, shown } = terminal();
    const asked = confirm("Continue?", { ...options, terminal: { input, output } });
    input.write("n\n");
    await asked;
    expect(shown()).to.contain("Continue? [y/N]: ");
  });

  it("exits with 130 on Ctrl-C", async () => {
    const error = await answerTo("\u0003");
    expect(error).to.be.instanceOf(UserError).with.property("exitCode", 130);
  });

  it("is refused without a terminal, with the command that does not prompt", async () => {
    const error = await confirm("Continue?", { ...options, terminal: terminal(false) }).then(
      () => undefined,
      (reason: UserError) => reason,
    );
    expect(error?.exitCode).to.equal(2);
    expect(error?.why).to.contain("--yes");
    expect(error?.fix).to.equal("spawn local reset --yes");
  });

  it("does not prompt with --yes", async () => {
    const { input, output, shown } = terminal(false);
    expect(await confirm("Continue?", { ...options, yes: true, terminal: { input, output } })).to.equal(true);
    expect(shown()).to.equal("");
  });
});
