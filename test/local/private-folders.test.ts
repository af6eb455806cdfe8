import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { spawnPaths } from "../../local/paths.ts";
import {
  makeDataFolder,
  modeFor,
  securePrivateFolders,
  startPrivately,
} from "../../local/private-folders.ts";
import { refusalOf } from "../staging/refusal.ts";

const NOBODY = 65534;
const user = process.getuid?.() ?? 0;
const isRoot = user === 0;

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe("the user's private folders", () => {
  let home: string;
  const env = () => ({ SPAWN_HOME: home });
  const data = () => spawnPaths(env()).data;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "spawn folders "));
    chmodSync(home, 0o755);
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  const refusal = (as = user) => refusalOf(() => securePrivateFolders(env(), as));

  it("are closed to other users: the data folder of an older version is closed silently", () => {
    const state = join(data(), "state");
    mkdirSync(state, { recursive: true, mode: 0o755 });
    const checkpoint = join(state, "dev.json");
    writeFileSync(checkpoint, "secret", { mode: 0o644 });
    chmodSync(data(), 0o755);
    if (isRoot) expect(readAs(NOBODY, checkpoint)).to.equal("secret");
    securePrivateFolders(env());
    expect(modeOf(data())).to.equal("700");
    if (isRoot) expect(readAs(NOBODY, checkpoint)).to.equal(undefined);
  });

  it("are private, whatever the umask", () => {
    const before = process.umask(0);
    try {
      makeDataFolder(spawnPaths(env()));
      expect(modeOf(data())).to.equal("700");
      const file = join(data(), "file");
      writeFileSync(file, "", { mode: modeFor(file, spawnPaths(env())) });
      expect(modeOf(file)).to.equal("600");
      const made = join(home, "by a program");
      startPrivately(() => spawnSync("touch", [made]));
      expect(modeOf(made)).to.equal("600");
      expect(process.umask()).to.equal(0);
    } finally {
      process.umask(before);
    }
  });

  it("are not created by reading their paths", () => {
    securePrivateFolders(env());
    expect(() => statSync(data())).to.throw("ENOENT");
  });

  for (const [name, place] of [
    ["SPAWN_HOME", () => home],
    ["the data folder", () => data()],
    ["the cache", () => spawnPaths(env()).cache],
  ] as const) {
    it(`are refused if ${name} belongs to another user`, () => {
      mkdirSync(place(), { recursive: true });
      if (isRoot) chownSync(place(), NOBODY, NOBODY);
      const error = refusal(isRoot ? user : user + 1);
      expect(error.exitCode).to.equal(2);
      expect(error.message).to.contain(place()).and.contain("belongs to another user");
      expect(error.fix).to.contain("chown -R").and.contain(`'${place()}'`);
    });

    it(`are refused if every user may write to ${name}, and accepted after the command in the error`, () => {
      mkdirSync(place(), { recursive: true });
      chmodSync(place(), 0o777);
      const { fix = "", message } = refusal();
      expect(message).to.contain("every user may write to");
      const command = fix.slice(fix.indexOf("chmod"));
      expect(spawnSync("sh", ["-c", command]).status).to.equal(0);
      securePrivateFolders(env());
    });
  }

  it("are refused behind a link of another user", () => {
    const target = join(home, "target");
    mkdirSync(target);
    symlinkSync(target, data());
    securePrivateFolders(env());
    expect(modeOf(target)).to.equal("700");
    if (isRoot) lchownSync(data(), NOBODY, NOBODY);
    expect(refusal(isRoot ? user : user + 1).message).to.contain("belongs to another user");
  });

  it("are restricted if a group can write to the cache", () => {
    const { cache } = spawnPaths(env());
    mkdirSync(cache);
    chmodSync(cache, 0o775);
    securePrivateFolders(env());
    expect(modeOf(cache)).to.equal("700");
  });

  /** The text that another user reads; undefined if the system refuses it. */
  function readAs(uid: number, file: string): string | undefined {
    const { status, stdout } = spawnSync("/bin/cat", [file], { uid, gid: uid, encoding: "utf8" });
    return status === 0 ? stdout : undefined;
  }
});
