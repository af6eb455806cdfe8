import grpc from "@grpc/grpc-js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineProto from "@pulumi/pulumi/proto/engine_pb.js";
import { ANY_MESSAGE_SIZE } from "../../connection/engine-port.ts";
import { encodeErrorDetails } from "../../staging/error-details.ts";
import type { CallContext } from "./types.ts";

type Severity = Parameters<CallContext["log"]>[0];

const SEVERITIES = {
  debug: engineProto.LogSeverity.DEBUG,
  info: engineProto.LogSeverity.INFO,
  warning: engineProto.LogSeverity.WARNING,
  error: engineProto.LogSeverity.ERROR,
} as const;

/** Milliseconds that the response to a failed call waits for the delivery of the error's details. */
const DETAILS_MS = 500;

interface LogTarget {
  readonly urn?: string;
  /** Shown only while it is the latest message: progress. */
  readonly ephemeral?: boolean;
}

/**
 * Messages to the engine, one after the other: the engine handles calls concurrently, so a report could arrive after a later one. Never
 * throws: a lost message must not fail the work.
 */
export class EngineLog {
  #client: InstanceType<typeof engineServices.EngineClient> | undefined;
  #address = "";
  /** The first one is in flight. */
  #queue: engineProto.LogRequest[] = [];
  #idle: (() => void)[] = [];

  /** The engine's address; empty if unknown. */
  get address(): string {
    return this.#address;
  }

  /** Connects to the engine. An engine that attaches to a running plugin sends its address late, or a new one. */
  connect(address: string): void {
    if (address === "" || address === this.#address) return;
    this.close();
    this.#address = address;
    this.#client = new engineServices.EngineClient(
      address,
      grpc.credentials.createInsecure(),
      ANY_MESSAGE_SIZE,
    );
  }

  log(severity: Severity, message: string, target: LogTarget = {}): void {
    if (this.#client === undefined) return;
    const request = new engineProto.LogRequest()
      .setSeverity(SEVERITIES[severity])
      .setMessage(message)
      .setUrn(target.urn ?? "")
      .setEphemeral(target.ephemeral ?? false);
    this.#queue.push(request);
    if (this.#queue.length === 1) this.#send();
  }

  #send(): void {
    const [client, [request]] = [this.#client, this.#queue];
    if (request === undefined) for (const resolve of this.#idle.splice(0)) resolve();
    if (client === undefined || request === undefined) return;
    // An error means that the engine has ended; the message is lost.
    client.log(request, () => {
      if (client !== this.#client) return;
      this.#queue.shift();
      this.#send();
    });
  }

  /** Sends an error's details and waits for their delivery, so that they precede the response to the call. Never rejects. */
  async logDetails(error: unknown, urn: string): Promise<void> {
    this.log("debug", encodeErrorDetails(error), { urn, ephemeral: true });
    await this.flush(DETAILS_MS);
  }

  /** Waits until every message was delivered or lost, at most `milliseconds`. */
  async flush(milliseconds: number): Promise<void> {
    if (this.#queue.length === 0) return;
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
    this.#address = "";
    this.#queue = [];
    this.#send();
  }
}
