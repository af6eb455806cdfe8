import { join } from "node:path";
import { expect } from "chai";
import { ensureInstalled } from "../../local/cloud/install.ts";
import { runCommand } from "../../local/command.ts";
import { spawnPaths } from "../../local/paths.ts";
import { pythonIn } from "../../local/python-environment.ts";
import { packageRoot } from "../../package-root.ts";

describe("the process of the local cloud", () => {
  const { venv } = spawnPaths();
  before(() => ensureInstalled(venv));

  /** Runs a script with the modules of local/cloud/server/. */
  const run = (script: string) =>
    runCommand(pythonIn(venv), ["-B", "-I", "-c", script, join(packageRoot(), "local", "cloud")], {
      env: { PATH: process.env["PATH"], GATEWAY_PORT: "1" },
    });

  it("runs no code and opens no connection, even if the emulator tries", async () => {
    const script = `
import sys, os, subprocess, socket
sys.path.insert(0, sys.argv[1])
from server.services import confine, SERVICES
confine()
def refused(work, kinds=(PermissionError, ImportError)):
    try:
        work()
    except kinds:
        return
    raise SystemExit("it worked")
for work in (lambda: subprocess.run(["true"]), lambda: os.system("true"), lambda: os.fork(), lambda: os.execv("/bin/true", ["true"]),
             lambda: os.posix_spawn("/bin/true", ["true"], {}), lambda: os.popen("true"), lambda: __import__("pty").spawn("true"),
             lambda: socket.create_connection(("127.0.0.1", 1))):
    refused(work)
import ministack, pkgutil, importlib
names = [m.name for p in ("services", "core") for m in pkgutil.iter_modules([ministack.__path__[0] + "/" + p], f"ministack.{p}.")]
loaded = []
for name in names:
    try:
        importlib.import_module(name)
        loaded.append(name)
    except ImportError:
        pass
print(" ".join(name for name in loaded if name.startswith("ministack.services.")))
print(len(names))`;
    const { stdout, stderr } = await run(script);
    const [loaded, count] = stdout.trim().split("\n");
    expect(loaded, stderr).to.equal(
      ["_dynamodb_keywords", "dynamodb", "ec2", "iam", "s3", "sts"]
        .map((name) => `ministack.services.${name}`)
        .join(" "),
    );
    expect(Number(count)).to.be.greaterThan(90);
  });

  it("verifies a body that is signed in chunks, as in AWS's examples", async () => {
    // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html
    const script = `
import sys
sys.path.insert(0, sys.argv[1])
from server.sigv4 import Claim, signing_key, verify_chunks
key = signing_key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524", "us-east-1", "s3")
def claim(seed):
    return Claim("AKIAIOSFODNN7EXAMPLE", "20130524", "us-east-1", "s3", "", seed, "20130524T000000Z", False)
def framed(*signatures):
    chunks = zip((b"a" * 65536, b"a" * 1024, b""), signatures)
    return b"\\r\\n".join(b"%x;chunk-signature=%s\\r\\n%s" % (len(chunk), signature, chunk) for chunk, signature in chunks)
plain = framed(
    b"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    b"0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    b"b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9")
seed = claim("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9")
trailing = framed(
    b"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
    b"1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
    b"2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992")
trailing += b"x-amz-checksum-crc32c:sOO8/Q==\\r\\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\\r\\n\\r\\n"
other = claim("106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e")
assert verify_chunks(plain + b"\\r\\n", seed, key, False)
assert verify_chunks(trailing, other, key, True)
for body, begun, trailer in (
    (plain.replace(b"aaa", b"aba", 1), seed, False), (plain, other, False), (plain[:-40], seed, False), (plain + b"x", seed, False),
    (b"", seed, False), (b"0;chunk-signature=", seed, False), (plain.replace(b"10000;", b"zz;"), seed, False),
    (plain[plain.index(b"400;"):], seed, False), (trailing.replace(b"sOO8", b"sOO9"), other, True), (plain, seed, True)):
    assert not verify_chunks(body, begun, key, trailer), body[-200:]
print("fine")`;
    const { stdout, stderr } = await run(script);
    expect(stdout.trim(), stderr).to.equal("fine");
  });
});
