import grpc from "@grpc/grpc-js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import anyProto from "google-protobuf/google/protobuf/any_pb.js";
import { describeError, UserError } from "../../staging/errors.ts";
import { PartialFailure } from "./types.ts";
import { encodeStruct } from "./values.ts";

/** Thrown in a call that was interrupted: by the engine (Ctrl-C), or because its time is over. */
export class CallAborted extends Error {
  override readonly name = "CallAborted";
}

/**
 * A failure as gRPC carries it. A {@link PartialFailure} travels in the status details, where the engine looks for
 * the state of a resource that exists but did not come up whole. Codes other than UNKNOWN tell the engine that the
 * resource's state is known, so that it doesn't warn of a state that may be wrong.
 */
export function toServiceError(error: unknown): Partial<grpc.ServiceError> {
  if (error instanceof PartialFailure) {
    return { code: grpc.status.UNKNOWN, details: error.message, metadata: partialFailureDetails(error) };
  }
  const details = describeError(error);
  if (error instanceof CallAborted) return { code: grpc.status.CANCELLED, details };
  if (error instanceof UserError) {
    return { code: error.exitCode === 2 ? grpc.status.INVALID_ARGUMENT : grpc.status.ABORTED, details };
  }
  return { code: grpc.status.UNKNOWN, details };
}

function partialFailureDetails(failure: PartialFailure): grpc.Metadata {
  const detail = new providerProto.ErrorResourceInitFailed();
  detail.setId(failure.id);
  detail.setProperties(encodeStruct(failure.outputs));
  detail.setReasonsList([failure.message]);
  const packed = new anyProto.Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new statusProto.Status();
  status.setCode(grpc.status.UNKNOWN);
  status.setMessage(failure.message);
  status.addDetails(packed);
  const metadata = new grpc.Metadata();
  // The name under which gRPC libraries look for a status with details; grpc-js leaves it to the caller.
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return metadata;
}
