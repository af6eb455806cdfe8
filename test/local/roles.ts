import type { Keys } from "../../connection/connection.ts";
import { startTestCloud, type TestCloud } from "../support/cloud.ts";
import { RoleCloud, type Statement } from "./role-cloud.ts";
import { SweepCloud } from "./sweep-cloud.ts";

interface Started {
  readonly cloud: TestCloud;
  /** Clients with the local cloud's own key. */
  readonly root: RoleCloud;
  readonly aws: SweepCloud;
}

/** A local cloud, and clients with the credentials of its roles. */
export class Roles {
  #started: Started | undefined;
  readonly #opened: RoleCloud[] = [];

  /** Runs during the tests of the surrounding suite. @param prepare creates the data of the tests */
  static forSuite(prepare: (started: Started) => Promise<void>): Roles {
    const roles = new Roles();
    before("start a local cloud", async () => {
      const cloud = await startTestCloud();
      roles.#started = { cloud, root: new RoleCloud(cloud.endpoint, cloud.keys), aws: new SweepCloud(cloud) };
      await prepare(roles.#started);
    });
    after(() => roles.#stop());
    return roles;
  }

  async #stop(): Promise<void> {
    if (this.#started === undefined) return;
    const { cloud, root, aws } = this.#started;
    for (const each of [...this.#opened, root, aws]) each.destroy();
    await cloud.stop();
  }

  get #running(): Started {
    if (this.#started === undefined) throw new Error("the suite has not started");
    return this.#started;
  }

  get cloud(): TestCloud {
    return this.#running.cloud;
  }

  get root(): RoleCloud {
    return this.#running.root;
  }

  get aws(): SweepCloud {
    return this.#running.aws;
  }

  /** Creates a role, and clients with its credentials. */
  async make(
    ...role: [name: string, statements: readonly Statement[], managed?: string[]]
  ): Promise<RoleCloud> {
    return this.open(await this.root.assume(await this.root.role(...role)));
  }

  open(credentials: Keys): RoleCloud {
    const opened = new RoleCloud(this.cloud.endpoint, credentials);
    this.#opened.push(opened);
    return opened;
  }
}

/** The name of a request's error; "" on success. */
export const outcomeOf = (request: Promise<unknown>): Promise<string> =>
  request.then(
    () => "",
    (error: Error) => error.name,
  );
