import { existsSync } from "node:fs";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import grpc from "@grpc/grpc-js";
import services from "@pulumi/pulumi/proto/language_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/language_pb.js";
import { expect } from "chai";
import { serveEngine } from "../../connection/engine-port.ts";
import {
  type RequestedProgram,
  requireOwnProgram,
  requireOwnProject,
} from "../../local/language-host/project.ts";
import { languageRuntime } from "../../local/language-host/service.ts";
import { failure } from "../provider/plugin/client.ts";
import { errorOf } from "../support/failure.ts";
import { temporaryFolder } from "../support/folder.ts";
import { runRequest } from "./run-request.ts";

describe("the project that the language host serves", () => {
  const folder = temporaryFolder("spawn project ", "suite");
  let root: string;
  let program: string;
  let other: string;

  before(async () => {
    root = join(folder(), "root");
    program = join(root, "dist");
    other = join(folder(), "other");
    await mkdir(program, { recursive: true });
    await mkdir(other);
    await writeFile(join(program, "index.js"), "");
    await writeFile(join(program, "second.js"), "");
    await writeFile(join(other, "index.js"), "");
    await writeFile(join(other, "Pulumi.yaml"), "name: o\nruntime: nodejs\n");
    await declare("main: dist/index.js", "{ typescript: false, nodeargs: --max-old-space-size=512, n: 2 }");
  });

  const declare = (main: string, options: string): Promise<void> =>
    writeFile(
      join(root, "Pulumi.yaml"),
      `name: p\n${main}\nruntime:\n  name: nodejs\n  options: ${options}\n`,
    );

  const asked = (changes: Partial<RequestedProgram> = {}): RequestedProgram => ({
    ...{ root, folder: program, entryPoint: "index.js" },
    options: { typescript: false, nodeargs: "--max-old-space-size=512", n: 2 },
    ...changes,
  });

  const refused = async (changes: Partial<RequestedProgram>, started = program): Promise<string> => {
    return (await errorOf(requireOwnProgram(asked(changes), started))).message;
  };

  it("is the program of its Pulumi.yaml, also through links", async () => {
    await requireOwnProgram(asked(), program);
    const link = join(folder(), "link");
    await symlink(root, link);
    await requireOwnProgram(asked({ root: link, folder: join(link, "dist") }), join(link, "dist"));
    expect(await requireOwnProject(root, program)).to.equal(root);
  });

  it("may name its program from a folder that only this user can write to", async () => {
    const own = join(folder(), "own");
    await mkdir(own, { mode: 0o700 });
    const file = join(own, "Pulumi.yaml");
    await writeFile(file, `name: p\nruntime: nodejs\nmain: ${JSON.stringify(join(program, "index.js"))}\n`);
    await chmod(file, 0o600);
    await requireOwnProgram(asked({ root: own, options: {} }), program);
    // A program outside the folder in which the host was started, or a file that others can write to.
    expect(await refused({ root: own, options: {} }, other)).to.contain("serves the project in");
    await chmod(file, 0o666);
    expect(await refused({ root: own, options: {} })).to.contain("serves the project in");
  });

  it("runs with no other runtime options", async () => {
    const options = { typescript: false, nodeargs: "--max-old-space-size=512", n: 2 };
    const others = [
      { ...options, nodeargs: "--require /tmp/x.cjs" },
      { ...options, nodeargs: undefined },
      { ...options, typescript: true },
      { ...options, packagemanager: "/tmp/x" },
      { ...options, n: "2" },
      {},
    ];
    for (const other of others) {
      const message = await refused({ options: JSON.parse(JSON.stringify(other)) });
      expect(message).to.match(/Pulumi\.yaml in .* another value of the runtime option/);
    }
  });

  it("runs no other program", async () => {
    for (const changes of [
      { entryPoint: "second.js" },
      { entryPoint: "../../other/index.js" },
      { folder: other },
      { folder: "" },
    ]) {
      expect(await refused(changes)).to.include("names another program");
    }
    for (const changes of [{ root: other, folder: other }, { root: "/" }, { root: "" }]) {
      expect(await refused(changes)).to.include(`serves the project in ${root} only`);
    }
    expect(await refused({}, tmpdir())).to.include("There is no Pulumi.yaml");
    await declare("main: ../other/index.js", "{}");
    expect(await refused({ folder: other, options: {} })).to.include("outside of its project's folder");
    await declare("main: dist", "{}");
    await requireOwnProgram(asked({ entryPoint: ".", options: {} }), program);
  });

  it("refuses calls of the same user that would run other code", async () => {
    const attack = join(folder(), "attack.cjs");
    await writeFile(attack, `require("fs").writeFileSync(${JSON.stringify(join(folder(), "attacked"))}, "")`);
    await writeFile(
      join(other, "package.json"),
      JSON.stringify({ name: "o", scripts: { preinstall: `touch '${join(folder(), "attacked")}'` } }),
    );
    const server = new grpc.Server();
    server.addService(services.LanguageRuntimeService, languageRuntime("", program).handlers);
    const { port, close } = await serveEngine(server);
    const client = new services.LanguageRuntimeClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    try {
      const run = (request: messages.RunRequest): Promise<unknown> =>
        new Promise((resolve, reject) =>
          client.run(request, (error, response) => (error ? reject(error) : resolve(response))),
        );
      const forged = runRequest({
        ...{ folder: program, root, entryPoint: "." },
        options: { nodeargs: `--require=${attack}` },
      });
      expect((await failure(run(forged))).details).to.include('runtime option "nodeargs"');
      expect((await failure(run(runRequest({ folder: other })))).details).to.include("serves the project in");
      const info = new messages.ProgramInfo().setRootDirectory(other).setProgramDirectory(other);
      const installing = client.installDependencies(new messages.InstallDependenciesRequest().setInfo(info));
      const error = await new Promise<Error>((resolve) => installing.once("error", resolve).resume());
      expect(error.message).to.include("serves the project in");
      const dependencies = await failure(
        new Promise((resolve, reject) =>
          client.getProgramDependencies(
            new messages.GetProgramDependenciesRequest().setInfo(info),
            (reason, response) => (reason ? reject(reason) : resolve(response)),
          ),
        ),
      );
      expect(dependencies.details).to.include("serves the project in");
      expect(existsSync(join(folder(), "attacked"))).to.equal(false);
    } finally {
      client.close();
      close();
    }
  });
});
