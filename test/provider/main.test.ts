import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import { expect } from "chai";
import { build, type Metafile } from "esbuild";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import { UNKNOWN } from "../../provider/plugin/values.ts";
import { newStagingId } from "../../staging/ids.ts";
import {
  ENTRY_GUARD,
  EXPIRATION,
  REPLICATION,
  STAGED_DATA,
  USAGE_ROW,
  VERSIONING_READINESS,
} from "../../staging/resources/tokens.ts";
import {
  call,
  createRequest,
  failure,
  type RunningPlugin,
  startPlugin,
  struct,
  urnOf,
} from "./plugin/client.ts";

/** Packages that the plugin loads with the first component. */
const LATE = ["@pulumi/aws/*", "typescript", "ts-node", "tsx", "@npmcli/arborist"];

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

describe("The bundled staging provider", () => {
  let folder: string;
  let plugin: RunningPlugin;
  let bundle: Metafile;
  before(async function () {
    this.timeout(180_000);
    folder = await mkdtemp(join(tmpdir(), "spawn bundle "));
    const built = await build({
      entryPoints: [join(ROOT, "package", "main.ts")],
      bundle: true,
      splitting: true,
      platform: "node",
      format: "esm",
      minify: true,
      metafile: true,
      // Large, and not needed for the start.
      external: LATE,
      outdir: folder,
      outExtension: { ".js": ".mjs" },
      banner: { js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);' },
    });
    bundle = built.metafile;
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

  it("starts without the AWS SDK and Pulumi's SDK", () => {
    const { outputs } = bundle;
    const loaded = new Set<string>();
    const others = new Set<string>();
    const load = (path: string): void => {
      if (loaded.has(path)) return;
      loaded.add(path);
      for (const { path: next, kind } of outputs[path]?.imports ?? []) {
        if (kind !== "import-statement") continue;
        if (outputs[next] === undefined) others.add(next);
        else load(next);
      }
    };
    const entryOf = (name: string) =>
      Object.keys(outputs).filter((path) => outputs[path]?.entryPoint?.endsWith(name));
    const entries = ["package/main.ts", "provider/plugin/serve.ts", "provider/staging-plugin.ts"].flatMap(
      entryOf,
    );
    expect(entries).to.have.length(3);
    entries.forEach(load);
    const inputs = [...loaded].flatMap((path) => Object.keys(outputs[path]?.inputs ?? {}));
    expect(inputs.some((path) => path.includes("@grpc/grpc-js"))).to.equal(true);
    const late = /@aws-sdk|@smithy|provider\/(transfer|store)|@pulumi\/pulumi\/(resource|runtime)/;
    expect(inputs.filter((path) => late.test(path))).to.deep.equal([]);
    expect([...others].filter((path) => path.startsWith("@pulumi/"))).to.deep.equal([]);
  });

  for (const type of [ENTRY_GUARD, STAGED_DATA, REPLICATION, EXPIRATION, USAGE_ROW, VERSIONING_READINESS]) {
    it(`previews ${type} and checks its inputs`, async () => {
      // As in the first preview of an environment: other resources do not exist yet.
      const inputs = { region: "us-east-1", source: UNKNOWN, sha256: UNKNOWN };
      const request = createRequest(type, inputs, { preview: true });
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

  it("reports a bad source with the reason", async () => {
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
