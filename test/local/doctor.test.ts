import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { type DoctorOptions, diagnose } from "../../local/doctor.ts";
import { spawnPaths } from "../../local/paths.ts";
import { awsPluginFolder } from "../../local/tool-environment.ts";
import { temporaryFolder } from "../support/folder.ts";

describe("diagnose", () => {
  const home = temporaryFolder("spawn doctor ");

  async function ask(name: string, env: NodeJS.ProcessEnv, options: DoctorOptions = {}) {
    const paths = spawnPaths({ SPAWN_HOME: home() });
    const list = await diagnose({ paths, env: { PATH: join(home(), "bin"), ...env }, ...options });
    const found = list.find((diagnosis) => diagnosis.name === name);
    expect(found, name).not.to.equal(undefined);
    return found;
  }

  async function command(name: string, body: string): Promise<string> {
    await mkdir(join(home(), "bin"), { recursive: true });
    const file = join(home(), "bin", name);
    await writeFile(file, `#!/bin/sh\n${body}\n`);
    await chmod(file, 0o755);
    return file;
  }

  it("names all requirements, in order", async () => {
    const list = await diagnose({ paths: spawnPaths({ SPAWN_HOME: home() }), env: { PATH: "/bin" } });
    expect(list.map(({ name }) => name)).to.deep.equal([
      "Node",
      "Pulumi engine",
      "Language host",
      "AWS plugin",
      "Local cloud",
      "Credentials",
      "Endpoint",
      "State",
      "Disk space",
    ]);
    for (const { name, status, fix } of list) {
      if (status === "fail") expect(fix, name).to.be.a("string");
    }
  });

  it("installs and starts nothing", async () => {
    await diagnose({ paths: spawnPaths({ SPAWN_HOME: home() }), env: { PATH: "/bin:/usr/bin" } });
    const { existsSync } = await import("node:fs");
    expect(existsSync(join(home(), "data"))).to.equal(false);
  });

  it("finds the engine, or prints how to install it", async () => {
    expect(await ask("Pulumi engine", {})).to.include({
      status: "warn",
      found: "none; 3.259.0 is built with Go at first use",
    });
    const file = await command("pulumi", "echo v3.200.0");
    expect(await ask("Pulumi engine", {})).to.deep.equal({
      name: "Pulumi engine",
      status: "ok",
      found: `3.200.0 on PATH (${file})`,
    });
  });

  it("fails if the local cloud has no Python", async () => {
    expect(await ask("Local cloud", {})).to.deep.include({
      status: "fail",
      found: "The local cloud needs Python 3.10 or newer, and there is none on PATH",
    });
    await command("python3", "echo 3.12.1 True");
    expect(await ask("Local cloud", {})).to.include({ status: "ok" });
    expect(await ask("Local cloud", { AWS_ENDPOINT_URL: "http://127.0.0.1:1" })).to.include({
      found: "not used: AWS_ENDPOINT_URL is http://127.0.0.1:1",
    });
  });

  it("never shows a whole key", async () => {
    const keys = { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY: "secret" };
    const masked = { name: "Credentials", status: "ok", found: "AWS_ACCESS_KEY_ID AKIA…MPLE" };
    expect(await ask("Credentials", keys, { cloud: "aws" })).to.deep.equal(masked);
    const own = { ...keys, AWS_ENDPOINT_URL: "http://moto:5000" };
    expect(await ask("Credentials", own)).to.deep.equal(masked);
    const file = join(home(), "data", "cloud", "key.json");
    expect(await ask("Credentials", keys)).to.include({
      found: `the key of the local cloud, made at its first start: ${file}`,
    });
  });

  it("warns without AWS keys, and reads profiles from the user's file", async () => {
    const file = join(home(), "credentials");
    const env = { AWS_SHARED_CREDENTIALS_FILE: file, AWS_CONFIG_FILE: join(home(), "config") };
    expect(await ask("Credentials", env, { cloud: "aws" })).to.include({ status: "warn" });
    await writeFile(file, "[default]\n");
    expect(await ask("Credentials", env, { cloud: "aws" })).to.include({ found: `profiles in ${file}` });
    expect(await ask("Credentials", { AWS_PROFILE: "work" }, { cloud: "aws" })).to.include({
      found: "AWS_PROFILE=work",
    });
  });

  it("reports an endpoint that does not respond, and a custom one on AWS", async () => {
    const env = { AWS_ENDPOINT_URL: "http://127.0.0.1:1" };
    expect(await ask("Endpoint", env)).to.include({ status: "fail" });
    expect(await ask("Endpoint", { ...env, SPAWN_CLOUD_ENDPOINT: "http://127.0.0.1:1" })).to.include({
      status: "warn",
    });
    expect(await ask("Endpoint", env, { cloud: "aws" })).to.include({ status: "warn" });
    expect(await ask("Endpoint", {}, { cloud: "aws" })).to.include({ status: "ok", found: "AWS's own" });
  });

  it("fails if the local cloud's plugin would serve AWS", async () => {
    const path = `${awsPluginFolder()}:/bin`;
    expect(await ask("AWS plugin", { PATH: path }, { cloud: "aws" })).to.include({ status: "fail" });
    expect(await ask("AWS plugin", {}, { cloud: "aws" })).to.include({ status: "ok" });
  });

  it("takes any backend of the state, and finds the folder of a local one", async () => {
    expect(await ask("State", {}, { stateUrl: "s3://bucket/state" })).to.include({
      found: "s3://bucket/state",
    });
    expect(await ask("State", {}, { stateUrl: "postgres://u:secret@host/state" })).to.include({
      found: "postgres://***@host/state",
    });
    expect(await ask("State", {})).to.include({ status: "ok", found: join(home(), "data", "state") });
  });
});
