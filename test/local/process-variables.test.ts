import { expect } from "chai";
import { changed, type Variables } from "../../connection/variables.ts";
import { commandVariables, engineVariables, programVariables } from "../../local/engine/variables.ts";
import { withoutPythonSettings } from "../../local/python-environment.ts";
import { nodeOptionsForChildren, shellVariables } from "../../local/shell-variables.ts";

describe("variables of the processes that spawn starts", () => {
  const HOME = "/data/engine";
  const local = (env: Variables) => changed(env, engineVariables(env, { cloud: "local", home: HOME }));

  it("contain no Pulumi setting on the local cloud except the state's backend", () => {
    const clean = local({ PULUMI_BACKEND_URL: "file:///s" });
    expect(clean).to.deep.equal({
      PULUMI_BACKEND_URL: "file:///s",
      PULUMI_HOME: HOME,
      PULUMI_CONFIG_PASSPHRASE: "",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    });
    const others = [
      "CONFIG",
      "STACK",
      "ACCESS_TOKEN",
      "HOME",
      "DEBUG_GRPC",
      "DEBUG_PROVIDERS",
      "OPTION_PARALLEL",
      "EXPERIMENTAL",
    ];
    const more = [
      "ENABLE_STREAMING_JSON_PREVIEW",
      "PARALLEL",
      "PREFER_YARN",
      "DIY_BACKEND_GZIP",
      "SELF_MANAGED_STATE_GZIP",
    ];
    const state = [
      "CONFIG_PASSPHRASE",
      "CONFIG_PASSPHRASE_FILE",
      "DISABLE_JOURNALING",
      "RUN_PROGRAM",
      "TARGETS",
      "NEO",
    ];
    for (const name of [...others, ...more, ...state]) {
      expect(local({ PULUMI_BACKEND_URL: "file:///s", [`PULUMI_${name}`]: "x" }), name).to.deep.equal(clean);
    }
    expect(local({ PULUMI_BACKEND_URL: "file:///s", OTEL_SDK: "x", TRACEPARENT: "x" })).to.deep.equal(clean);
  });

  it("keep the login to the user's own backend on the local cloud", () => {
    const env = { PULUMI_ACCESS_TOKEN: "t", PULUMI_HOME: "/home/me/.pulumi", PULUMI_STACK: "x" };
    const kept = changed(env, engineVariables(env, { cloud: "local" }));
    expect(kept).to.include({ PULUMI_ACCESS_TOKEN: "t", PULUMI_HOME: "/home/me/.pulumi" });
    expect(kept).to.not.have.property("PULUMI_STACK");
  });

  it("keep all Pulumi settings on AWS, and choose no passphrase there", () => {
    const own = [
      {},
      { PULUMI_CONFIG_PASSPHRASE: "p" },
      { PULUMI_CONFIG_PASSPHRASE: "" },
      { PULUMI_CONFIG_PASSPHRASE_FILE: "/f", PULUMI_PARALLEL: "4" },
    ];
    for (const env of own) {
      const kept = changed(env, engineVariables(env, { cloud: "aws" }));
      expect(kept).to.deep.equal({ ...env, PULUMI_SKIP_UPDATE_CHECK: "true" });
    }
  });

  it("keep the user's passphrase for the user's own state on the local cloud", () => {
    const on = (env: Variables) => changed(env, engineVariables(env, { cloud: "local" }));
    expect(on({})).to.include({ PULUMI_CONFIG_PASSPHRASE: "" });
    expect(on({ PULUMI_CONFIG_PASSPHRASE: "p" })).to.include({ PULUMI_CONFIG_PASSPHRASE: "p" });
    const file = on({ PULUMI_CONFIG_PASSPHRASE_FILE: "/f" });
    expect(file).to.include({ PULUMI_CONFIG_PASSPHRASE_FILE: "/f" });
    expect(file).to.not.have.property("PULUMI_CONFIG_PASSPHRASE");
  });

  it("contain no options of single commands, and none that could lose the state in a crash", () => {
    const env = {
      PULUMI_OPTION_TARGET: "x",
      PULUMI_STACK: "x",
      PULUMI_RUN_PROGRAM: "1",
      PULUMI_SKIP_CHECKPOINTS: "1",
      PULUMI_PARALLEL: "4",
    };
    expect(changed(env, commandVariables(env))).to.deep.equal({
      PULUMI_PARALLEL: "4",
      PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true",
    });
    const program = { PULUMI_CONFIG: "{", PULUMI_NODEJS_MONITOR: "x", PULUMI_CONFIG_PASSPHRASE: "p" };
    expect(changed(program, programVariables(program))).to.deep.equal({ PULUMI_CONFIG_PASSPHRASE: "p" });
  });

  it("keep Node's options except relative module paths and debugging ports", () => {
    const cases: [string, string][] = [
      ["--max-old-space-size=900", "--max-old-space-size=900"],
      ["--require ./a.cjs --trace-warnings", "--trace-warnings"],
      ['-r "./a b.cjs" --no-warnings', "--no-warnings"],
      ["--import=./a.mjs --inspect=9229 --use-openssl-ca", "--use-openssl-ca"],
      ["--inspect-brk --experimental-loader x", ""],
      ['--title="a b"', '--title="a b"'],
    ];
    for (const [given, kept] of cases) expect(nodeOptionsForChildren(given), given).to.equal(kept);
  });

  it("point to no other repository or folder, and name the user", () => {
    const env = { GIT_DIR: "x", GIT_SSH: "ssh", CDPATH: "/", BASH_ENV: "x", HOME: "/h", USER: "u" };
    expect(changed(env, shellVariables(env))).to.deep.equal({ GIT_SSH: "ssh", HOME: "/h", USER: "u" });
    expect(shellVariables({})).to.have.all.keys("HOME", "USER");
  });

  it("keep pip's network settings only, and none of Python's", () => {
    const env = {
      ...{ PIP_INDEX_URL: "i", PIP_CERT: "c", PIP_PROXY: "p", https_proxy: "h" },
      ...{ PIP_TARGET: "x", PIP_DRY_RUN: "1", PIP_PYTHON: "x", PIP_CONSTRAINT: "x", PIP_NO_BINARY: ":all:" },
      ...{ PYTHONPATH: "x", PYTHONHOME: "x", PYTHONSTARTUP: "x" },
    };
    expect(withoutPythonSettings(env)).to.deep.equal({
      PIP_INDEX_URL: "i",
      PIP_CERT: "c",
      PIP_PROXY: "p",
      https_proxy: "h",
    });
  });
});
