import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { startTestCloud, type TestCloud } from "../support/cloud.ts";
import { makeTestProject, type SpawnResult, type TestProject } from "./process.ts";

interface Started {
  readonly project: TestProject;
  readonly cloud: TestCloud;
  /** The client of the tables' region. */
  readonly dynamo: DynamoDBClient;
}

/** An installed command line, and a local cloud of its own. */
export class LocalProject {
  #started: Started | undefined;

  /** Runs during the tests of the surrounding suite. */
  static forSuite(): LocalProject {
    const suite = new LocalProject();
    before("install the command line and start a local cloud", () => suite.#start());
    after(() => suite.#stop());
    return suite;
  }

  async #start(): Promise<void> {
    const [project, cloud] = await Promise.all([makeTestProject(), startTestCloud()]);
    const { endpoint, keys: credentials } = cloud;
    this.#started = {
      project,
      cloud,
      dynamo: new DynamoDBClient({ endpoint, credentials, region: "us-east-1" }),
    };
  }

  async #stop(): Promise<void> {
    if (this.#started === undefined) return;
    const { project, cloud, dynamo } = this.#started;
    dynamo.destroy();
    await cloud.stop();
    await project.remove();
  }

  get #running(): Started {
    if (this.#started === undefined) throw new Error("the suite has not started");
    return this.#started;
  }

  get project(): TestProject {
    return this.#running.project;
  }

  get cloud(): TestCloud {
    return this.#running.cloud;
  }

  get dynamo(): DynamoDBClient {
    return this.#running.dynamo;
  }

  run(...args: string[]): Promise<SpawnResult> {
    return this.project.run(args, this.cloud.env);
  }
}
