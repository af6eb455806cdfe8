import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { SweepGroups } from "../../../provider/sweep/groups.ts";

/** The error of a request after the process was killed: it sends no more requests. */
export class Killed extends Error {
  override readonly name = "Killed";
}

/** The moment at which a request kills its process: before it is sent, or after AWS executed it and before the response arrives. */
export type Moment = "before" | "after";

/** Counts the requests of a process, and kills it at one of them. */
export class Kill {
  readonly #at: number;
  readonly #moment: Moment;
  #requests = 0;
  #dead = false;

  /** @param at the number of the request, from 1; 0 for a process that lives */
  constructor(at: number, moment: Moment) {
    this.#at = at;
    this.#moment = moment;
  }

  get requests(): number {
    return this.#requests;
  }

  get hasKilled(): boolean {
    return this.#dead;
  }

  async around<T>(request: () => Promise<T>): Promise<T> {
    if (this.#dead) throw new Killed();
    this.#requests++;
    if (this.#requests !== this.#at) return request();
    if (this.#moment === "after") await request();
    this.#dead = true;
    throw new Killed();
  }

  /** Counts the client's requests. */
  watch(client: DynamoDBClient): DynamoDBClient {
    client.middlewareStack.add((next) => (args) => this.around(() => next(args)), {
      step: "initialize",
      name: "kill",
    });
    return client;
  }

  groups(groups: SweepGroups): SweepGroups {
    return {
      find: (...args) => this.around(() => groups.find(...args)),
      setDesired: (...args) => this.around(() => groups.setDesired(...args)),
      endAt: (...args) => this.around(() => groups.endAt(...args)),
    };
  }
}
