import grpc from "@grpc/grpc-js";
import errorsProto from "@pulumi/pulumi/proto/errors_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import type { Message } from "google-protobuf";
import anyProto from "google-protobuf/google/protobuf/any_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { describeError, UserError } from "../../staging/errors.ts";
import { InvalidInputs, PartialFailure } from "./types.ts";
import { encodeStruct } from "./values.ts";

/** The engine interrupted the call (Ctrl-C), or the call's timeout ended. */
export class CallAborted extends Error {
  override readonly name = "CallAborted";
}

/**
 * Converts an error to a gRPC status. The status details of a {@link PartialFailure} have the state of the incomplete
 * resource, those of {@link InvalidInputs} the properties. For every code but UNKNOWN, the engine assumes that the
 * resource's state is correct, and does not warn.
 * @param inputs a result of a secret input is secret
 */
export function toServiceError(error: unknown, inputs?: Struct): Partial<grpc.ServiceError> {
  if (error instanceof PartialFailure) {
    const details = describeError(error.reason);
    return { code: grpc.status.UNKNOWN, details, metadata: partialFailureDetails(error, details, inputs) };
  }
  if (error instanceof InvalidInputs) {
    const { message: details } = error;
    return { code: grpc.status.INVALID_ARGUMENT, details, metadata: invalidInputsDetails(error) };
  }
  const details = describeError(error);
  if (error instanceof CallAborted) return { code: grpc.status.CANCELLED, details };
  if (error instanceof UserError) {
    return { code: error.exitCode === 2 ? grpc.status.INVALID_ARGUMENT : grpc.status.ABORTED, details };
  }
  return { code: grpc.status.UNKNOWN, details };
}

function partialFailureDetails(
  failure: PartialFailure,
  message: string,
  inputs: Struct | undefined,
): grpc.Metadata {
  const detail = new providerProto.ErrorResourceInitFailed()
    .setId(failure.id)
    .setProperties(encodeStruct(failure.outputs, inputs))
    .setReasonsList([message]);
  return detailsOf(grpc.status.UNKNOWN, message, detail, "pulumirpc.ErrorResourceInitFailed");
}

function invalidInputsDetails({ message, failures }: InvalidInputs): grpc.Metadata {
  const detail = new errorsProto.InputPropertiesError();
  for (const { property, reason } of failures) {
    const error = new errorsProto.InputPropertiesError.PropertyError();
    detail.addErrors(error.setPropertyPath(property).setReason(reason));
  }
  return detailsOf(grpc.status.INVALID_ARGUMENT, message, detail, "pulumirpc.InputPropertiesError");
}

function detailsOf(code: grpc.status, message: string, detail: Message, type: string): grpc.Metadata {
  const packed = new anyProto.Any();
  packed.pack(detail.serializeBinary(), type);
  const status = new statusProto.Status().setCode(code).setMessage(message);
  status.addDetails(packed);
  const metadata = new grpc.Metadata();
  // gRPC libraries read a status with details from this name; grpc-js does not write it.
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return metadata;
}
