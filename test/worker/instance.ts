import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** The response to a metadata request, or its failure. */
type Metadata = string | { readonly status: number; readonly delayMs?: number };

/** A group's response to the request to end an instance. */
const TERMINATED = `<TerminateInstanceInAutoScalingGroupResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/">
<TerminateInstanceInAutoScalingGroupResult/></TerminateInstanceInAutoScalingGroupResponse>`;

/** A folder that acts as an instance: a metadata service, an Auto Scaling service that records requests, and the worker as a plain process. */
export class TestInstance {
  readonly root: string;
  readonly id: string;
  /** The paths of the metadata service; a test changes them. */
  readonly metadata = new Map<string, Metadata>();
  /** Instances that were ended with decrement of the group's capacity. */
  readonly ended: string[] = [];
  /** Auto Scaling's error response, if any. */
  refusal: string | undefined;
  /** All that the worker wrote to stderr. */
  stderr = "";
  #worker: ChildProcess | undefined;
  readonly #server: Server;

  private constructor(root: string, id: string, server: Server) {
    this.root = root;
    this.id = id;
    this.#server = server;
  }

  static async start(root: string, id: string, region: string): Promise<TestInstance> {
    const server = createServer((request, response) => {
      request.setEncoding("utf8");
      let body = "";
      request.on("data", (text: string) => {
        body += text;
      });
      request.on("end", () => {
        const { method = "", url = "", headers } = request;
        const { status, text, delayMs = 0 } = self.#answer(method, url, body, headers);
        setTimeout(() => response.writeHead(status).end(text), delayMs).unref();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const self = new TestInstance(root, id, server);
    self.metadata.set("instance-id", id).set("placement/region", region);
    await mkdir(join(root, "bin"), { recursive: true });
    await writeFile(join(root, "bin", "shutdown"), `#!/bin/sh\necho "$*" >>'${root}/shutdown'\n`, {
      mode: 0o755,
    });
    return self;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #answer(
    method: string,
    url: string,
    body: string,
    headers: NodeJS.Dict<string | string[]>,
  ): { status: number; text: string; delayMs?: number } {
    if (url === "/latest/api/token") {
      const isAsked = method === "PUT" && headers["x-aws-ec2-metadata-token-ttl-seconds"] !== undefined;
      return this.metadata.has("instance-id") && isAsked
        ? { status: 200, text: "the-token" }
        : { status: 503, text: "" };
    }
    const [, path] = /^\/latest\/meta-data\/(.*)$/.exec(url) ?? [];
    if (path === undefined) {
      const query = new URLSearchParams(body);
      if (query.get("Action") !== "TerminateInstanceInAutoScalingGroup") return { status: 400, text: "" };
      if (this.refusal !== undefined) {
        return {
          status: 400,
          text: `<ErrorResponse><Error><Code>${this.refusal}</Code><Message>no</Message></Error></ErrorResponse>`,
        };
      }
      this.ended.push(`${query.get("InstanceId")} ${query.get("ShouldDecrementDesiredCapacity")}`);
      return { status: 200, text: TERMINATED };
    }
    if (headers["x-aws-ec2-metadata-token"] !== "the-token") return { status: 401, text: "" };
    const found = this.metadata.get(path) ?? { status: 404 };
    return typeof found === "string" ? { status: 200, text: found } : { ...found, text: "not found" };
  }

  /** Runs a script before each call of a program; the script may exit. */
  async wrap(program: string, script: string): Promise<void> {
    const text = `#!/bin/sh\nPATH=\${PATH#*:}\n${script}\nexec ${program} "$@"\n`;
    await writeFile(join(this.root, "bin", program), text, { mode: 0o755 });
  }

  /** Starts the worker like systemd: at first, and after a reboot. */
  boot(shell: readonly string[], env: NodeJS.ProcessEnv): void {
    const [command = "sh", ...args] = shell;
    const worker = spawn(command, [...args, join(this.root, "opt", "spawn", "worker.sh")], {
      cwd: "/",
      env: {
        ...env,
        PATH: `${join(this.root, "bin")}:${env["PATH"]}`,
        SPAWN_ROOT: this.root,
        AWS_EC2_METADATA_SERVICE_ENDPOINT: this.endpoint,
        AWS_ENDPOINT_URL_AUTO_SCALING: this.endpoint,
      },
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    });
    worker.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.#worker = worker;
  }

  /** Waits until the worker ends. @returns its exit code */
  async exit(): Promise<number | null> {
    const worker = this.#worker;
    if (worker === undefined) throw new Error("the worker was not started");
    if (worker.exitCode !== null || worker.signalCode !== null) return worker.exitCode;
    return new Promise((resolve) => worker.once("exit", resolve));
  }

  /** Waits for a condition. @throws Error if the worker ends first */
  async until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await isSo())) {
      if (this.#worker?.exitCode !== null)
        throw new Error(`the worker ended before ${what}:\n${this.stderr}`);
      await sleep(100);
    }
  }

  /** Kills the worker alone, like `systemctl stop` or a crash. */
  signal(name: NodeJS.Signals): void {
    this.#worker?.kill(name);
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    if (worker?.pid !== undefined && worker.exitCode === null && worker.signalCode === null) {
      worker.kill("SIGTERM");
      await this.exit();
    }
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
