import type { Statement } from "../../../staging/policies/document.ts";
import { RoleCloud } from "../../local/role-cloud.ts";
import type { Aws } from "./aws.ts";
import type { Ended } from "./process.ts";
import type { World } from "./world.ts";

/** Creates roles with statements of policies, and runs commands with their credentials. */
export class Roles {
  readonly #world: World;
  readonly #aws: Aws;
  readonly root: RoleCloud;
  readonly #opened: RoleCloud[] = [];

  constructor(world: World, aws: Aws) {
    this.#world = world;
    this.#aws = aws;
    this.root = new RoleCloud(aws.endpoint, aws.keys);
  }

  close(): void {
    for (const each of [this.root, ...this.#opened]) each.destroy();
  }

  async make(name: string, statements: readonly Statement[]): Promise<Role> {
    const arn = await this.root.role(
      name,
      statements.map((statement) => ({ ...statement })),
    );
    const clients = await this.assume(arn);
    const { accessKeyId, secretAccessKey, sessionToken = "" } = clients.credentials;
    const env = {
      AWS_ENDPOINT_URL: this.#aws.endpoint,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
    };
    return { clients, env, spawn: (...args) => this.#world.startIn({ env }, ...args).ended };
  }

  /** Clients with the credentials of a role. */
  async assume(arn: string): Promise<RoleCloud> {
    const clients = new RoleCloud(this.#aws.endpoint, await this.root.assume(arn));
    this.#opened.push(clients);
    return clients;
  }
}

export interface Role {
  readonly clients: RoleCloud;
  readonly env: NodeJS.ProcessEnv;
  /** Runs a command of `spawn` with the credentials of the role. */
  spawn(...args: string[]): Promise<Ended>;
}
