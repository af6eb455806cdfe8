import grpc from "@grpc/grpc-js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineProto from "@pulumi/pulumi/proto/engine_pb.js";
import { encodeErrorDetails } from "../../staging/error-details.ts";
import type { CallContext } from "./types.ts";

export type Severity = Parameters<CallContext["log"]>[0];

const SEVERITIES = {
  debug: engineProto.LogSeverity.DEBUG,
  info: engineProto.LogSeverity.INFO,
  warning: engineProto.LogSeverity.WARNING,
  error: engineProto.LogSeverity.ERROR,
} as const;

/** Milliseconds that an error waits for its details to arrive. */
const DETAILS_MS = 500;

export interface LogTarget {
  readonly urn?: string;
  /** Shown while it is the latest message, and then forgotten: progress. */
  readonly ephemeral?: boolean;
  /** Messages of one stream are parts of one text; 0: a message of its own. */
  readonly streamId?: number;
}

/** Messages to the engine. Nothing here throws: a message that gets lost must not fail the work that it tells of. */
export class EngineLog {
  #client: InstanceType<typeof engineServices.EngineClient> | undefined;
  #address: string | undefined;
  #pending = 0;
  #idle: (() => void)[] = [];

  /** Says where the engine listens; a plugin that an engine attaches to learns it late, or a new one each time. */
  connect(address: string): void {
    if (address === "" || address === this.#address) return;
    this.close();
    this.#address = address;
    this.#client = new engineServices.EngineClient(address, grpc.credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
      "grpc.max_send_message_length": -1,
    });
  }

  log(severity: Severity, message: string, target: LogTarget = {}): void {
    const client = this.#client;
    if (client === undefined) return;
    const request = new engineProto.LogRequest();
    request.setSeverity(SEVERITIES[severity]);
    request.setMessage(message);
    request.setUrn(target.urn ?? "");
    request.setEphemeral(target.ephemeral ?? false);
    request.setStreamid(target.streamId ?? 0);
    this.#pending += 1;
    // An error means that the engine is gone; there is nobody left to tell.
    client.log(request, () => {
      this.#pending -= 1;
      if (this.#pending === 0) for (const resolve of this.#idle.splice(0)) resolve();
    });
  }

  /** Sends an error's details, and waits until the engine has them: its answer to the call must not come first. Never rejects. */
  async logDetails(error: unknown, urn: string): Promise<void> {
    this.log("debug", encodeErrorDetails(error), { urn, ephemeral: true });
    await this.flush(DETAILS_MS);
  }

  /** Resolves when every message was delivered or lost, after `milliseconds` at the latest. */
  async flush(milliseconds: number): Promise<void> {
    if (this.#pending === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#idle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
    this.#address = undefined;
  }
}
