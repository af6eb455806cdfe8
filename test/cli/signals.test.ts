import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../../package-root.ts";

const module = (name: string): string => JSON.stringify(join(packageRoot(), name));

/** Runs a program that listens to signals like a command and holds locks, and whose library listens, too. */
function ended(program: string): { code: number | null; stdout: string } {
  const text = `
    import { endBySignal, handleSignals } from ${module("cli/signals.ts")};
    endBySignal();
    await import(${module("local/lock.ts")});
    setTimeout(() => process.exit(3), 20_000);
    const interrupt = () => process.kill(process.pid, "SIGINT");
    ${program}`;
  const { status, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", text], {
    encoding: "utf8",
  });
  return { code: status, stdout };
}

describe("a signal", () => {
  it("ends a command without a handler, whatever its libraries listen to", () => {
    expect(ended("interrupt();").code).to.equal(130);
  });

  it("ends no command that handles it, until the handler is done", () => {
    const { code, stdout } = ended(`
      const release = handleSignals(["SIGINT", "SIGTERM"], () => {
        console.log("handled");
        release();
        interrupt();
      });
      interrupt();`);
    expect({ code, stdout }).to.deep.equal({ code: 130, stdout: "handled\n" });
  });
});
