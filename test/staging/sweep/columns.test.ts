import { expect } from "chai";
import { columnProblem, valueProblem } from "../../../staging/sweep/columns.ts";

describe("a column", () => {
  for (const name of [
    "alpha",
    "A",
    "_x",
    "learning_rate",
    "NODE_COUNT",
    "GIT_COMMIT",
    "y",
    "path",
    "Path",
    "home",
    "x".repeat(64),
  ]) {
    it(`can be named ${name}`, () => {
      expect(columnProblem(name)).to.equal(undefined);
    });
  }

  for (const name of ["", "1a", "a b", "a-b", "a.b", "ä", "a\n", "x".repeat(65), "a=b", "$(id)"]) {
    it(`cannot be named ${JSON.stringify(name)}, which is no variable of a shell`, () => {
      expect(columnProblem(name)).to.match(/is empty|letters, digits and underscores/);
    });
  }

  for (const name of [
    "SWEEP_INDEX SWEEP_ID SWEEP_NAME SWEEP_ATTEMPT SWEEP_OTHER PARAM_SET PARAM_FILE RESULTS_DIR STAGED_PATH SPAWN_HOME",
    "PATH LD_PRELOAD LD_LIBRARY_PATH IFS HOME ENV SHELL BASH_ENV BASH_FUNC_x PWD PS4 UID PPID _ CDPATH",
    "AWS_ACCESS_KEY_ID AWS_ENDPOINT_URL AWS_EC2_METADATA_SERVICE_ENDPOINT BOTO_CONFIG PYTHONPATH PYTHONSTARTUP",
    "HTTPS_PROXY https_proxy no_proxy SSL_CERT_FILE CURL_CA_BUNDLE REQUESTS_CA_BUNDLE NODE_OPTIONS TMPDIR LC_ALL NOTIFY_SOCKET",
  ].flatMap((line) => line.split(" "))) {
    it(`cannot be named ${name}, which would change the worker`, () => {
      expect(columnProblem(name)).to.match(/^the variable is reserved: /);
    });
  }

  it("has values that a variable can hold", () => {
    expect(valueProblem("$(rm -rf /)\n'\"")).to.equal(undefined);
    expect(valueProblem("a\0b")).to.contain("NUL");
    expect(valueProblem("\udfff")).to.contain("UTF-8");
  });
});
