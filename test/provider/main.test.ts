import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import { expect } from "chai";
import { build } from "esbuild";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import { newStagingId } from "../../staging/ids.ts";
import {
  EXPIRATION,
  REPLICATION,
  STAGED_DATA,
  USAGE_ROW,
  VERSIONING_READINESS,
} from "../../staging/resources.ts";
import {
  call,
  createRequest,
  failure,
  type RunningPlugin,
  startPlugin,
  struct,
  urnOf,
} from "./plugin/client.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

describe("the staging provider, bundled", function () {
  this.timeout(30_000);
  let folder: string;
  let plugin: RunningPlugin;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "spawn bundle "));
    await build({
      entryPoints: [join(ROOT, "provider", "main.ts")],
      bundle: true,
      splitting: true,
      platform: "node",
      format: "esm",
      minify: true,
      outdir: folder,
      outExtension: { ".js": ".mjs" },
      banner: { js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);' },
    });
    plugin = await startPlugin([process.execPath, join(folder, "main.mjs")]);
  });
  after(async () => {
    await plugin.stop();
    await rm(folder, { recursive: true });
  });

  it("has the package's version", async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { version: string };
    const info = await call(plugin.client, "getPluginInfo", new emptyProto.Empty());
    expect(info.getVersion()).to.equal(version);
  });

  it("starts without the AWS SDK", async () => {
    const second = await startPlugin([process.execPath, join(folder, "main.mjs")]);
    await second.stop();
    // 0.1 s on an idle machine, to which the tests around add; with the SDK it is far more.
    expect(second.startMs).to.be.lessThan(2_000);
  });

  for (const type of [STAGED_DATA, REPLICATION, EXPIRATION, USAGE_ROW, VERSIONING_READINESS]) {
    it(`previews ${type} and checks its inputs`, async () => {
      const request = createRequest(type, { region: "us-east-1" }, { preview: true });
      const previewed = await call(plugin.client, "create", request);
      expect(Object.keys(previewed.getProperties()?.toJavaScript() ?? {})).to.have.length.greaterThan(1);
      const check = new proto.CheckRequest()
        .setType(type)
        .setUrn(urnOf(type))
        .setNews(struct({ region: "mars" }));
      const checked = await call(plugin.client, "check", check);
      const failed = checked.getFailuresList().map((item) => item.getProperty());
      expect(failed).to.include("region");
    });
  }

  it("tells a bad source with its reason", async () => {
    const inputs = {
      stagingId: newStagingId(),
      source: "/none",
      region: "us-east-1",
      bucket: "b",
      replicateTo: [],
      ttlDays: 7,
    };
    const error = await failure(call(plugin.client, "create", createRequest(STAGED_DATA, inputs)));
    expect(error.details).to.equal("no such file: /none");
  });
});
