import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import grpc from "@grpc/grpc-js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { expect } from "chai";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { startPlugin as startBesideEngine } from "../../cli/engine/plugin.ts";
import { hostProgram } from "../../cli/engine/program-server.ts";
import { serveEngine } from "../../connection/engine-port.ts";
import type { FindOwners } from "../../connection/peer.ts";
import { packageRoot } from "../../package-root.ts";
import { call, failure, startPlugin } from "../provider/plugin/client.ts";
import { temporaryFolder } from "../support/folder.ts";

const REFUSED = grpc.status.PERMISSION_DENIED;
const NOBODY = 65534;
const STRANGER = join(packageRoot(), "test", "local", "stranger.ts");

/** The servers for the engine on a port of this machine, by their program. */
const PROGRAMS = {
  "the language host": "local/language-host/main.ts",
  "the staging provider": "package/main.ts",
  "the local aws plugin": "local/aws-plugin/main.ts",
} as const;

describe("a port for the engine", () => {
  const folder = temporaryFolder("spawn-ports-", "suite");
  before(async () => {
    await writeFile(join(folder(), "secret"), "secret");
    await writeFile(join(folder(), "attack.cjs"), `require("fs").writeFileSync("${folder()}/attacked", "")`);
    await writeFile(join(folder(), "Pulumi.yaml"), "name: p\nruntime: nodejs\n");
    await writeFile(join(folder(), "index.js"), "");
  });

  /** The gRPC code of each call for a user of this machine. */
  async function attack(port: string, uid: number): Promise<Record<string, number>> {
    const { stdout } = await promisify(execFile)(process.execPath, [STRANGER, String(uid), port, folder()]);
    return JSON.parse(stdout) as Record<string, number>;
  }

  // Only root can become another user. For any other user, the next test injects the owner that the system would name.
  if (process.getuid?.() === 0) {
    for (const [name, program] of Object.entries(PROGRAMS)) {
      it(`of ${name} refuses other users`, async () => {
        const env = { ...process.env, AWS_ENDPOINT_URL: "http://127.0.0.1:9" };
        const running = await startPlugin(
          [process.execPath, join(packageRoot(), program), "127.0.0.1:9"],
          env,
        );
        try {
          const refused = { GetPluginInfo: REFUSED, Configure: REFUSED, Create: REFUSED, Run: REFUSED };
          expect(await attack(running.stdout().trim(), NOBODY)).to.deep.equal(refused);
          expect(existsSync(join(folder(), "attacked"))).to.equal(false);
        } finally {
          await running.stop();
        }
      });
    }

    it("of a plugin that the command line started refuses other users", async () => {
      const settings = { command: "pulumi", env: process.env, project: packageRoot() };
      const plugin = await startBesideEngine(settings);
      try {
        const port = plugin.env["PULUMI_DEBUG_PROVIDERS"]?.split(":").at(-1) ?? "";
        expect(await attack(port, NOBODY)).to.include({ GetPluginInfo: REFUSED, Create: REFUSED });
      } finally {
        await plugin.stop();
      }
    });

    it("of the command line refuses other users, and serves this one", async () => {
      let runs = 0;
      const hosted = await hostProgram(() => async () => {
        runs += 1;
      });
      hosted.load(Promise.resolve());
      try {
        const port = hosted.address.split(":")[1] ?? "";
        expect(await attack(port, NOBODY)).to.include({ GetPluginInfo: REFUSED, Run: REFUSED });
        expect(runs).to.equal(0);
        const own = await attack(port, 0);
        expect(own).to.include({ Create: grpc.status.UNIMPLEMENTED });
      } finally {
        hosted.close();
      }
    });
  }

  it("reports the reason of a refused connection", async () => {
    let calls = 0;
    const refusal = async (findOwners: FindOwners): Promise<grpc.ServiceError> => {
      const server = new grpc.Server();
      server.addService(services.ResourceProviderService, {
        getPluginInfo: () => {
          calls += 1;
        },
      });
      const { port, close } = await serveEngine(server, findOwners);
      const client = new services.ResourceProviderClient(
        `127.0.0.1:${port}`,
        grpc.credentials.createInsecure(),
      );
      try {
        return await failure(call(client, "getPluginInfo", new empty.Empty()));
      } finally {
        client.close();
        close();
      }
    };
    const stranger = await refusal(async () => [NOBODY]);
    expect(stranger.code).to.equal(REFUSED);
    expect(stranger.details).to.include(`belongs to the user with id ${NOBODY}`);
    const gone = await refusal(async () => []);
    expect(gone).to.have.property("code", REFUSED);
    const blind = await refusal(async () => Promise.reject(new Error("spawn lsof ENOENT")));
    expect(blind.code).to.equal(REFUSED);
    expect(blind.details).to.include("the owner of the connection cannot be found: spawn lsof ENOENT");
    expect(calls).to.equal(0);
  });
});
