import { DeleteAccessPointCommand, type S3ControlClient } from "@aws-sdk/client-s3-control";
import { errorName } from "../../../connection/errors/failure.ts";
import { UserError } from "../../../staging/errors.ts";
import type { Context } from "../../context.ts";
import type { StateResource } from "../../engine/pending.ts";

export const ACCESS_POINT_TYPE = "aws:s3/accessPoint:AccessPoint";

/**
 * Deletes access points whose creation was interrupted. They may exist in AWS without being in the state: the engine would not delete
 * them, and could not create them a second time.
 */
export async function deleteCutAccessPoints(
  context: Pick<Context, "clientConfig">,
  creating: readonly StateResource[],
): Promise<void> {
  const cut = creating.filter(({ type }) => type === ACCESS_POINT_TYPE);
  await deleteAccessPoints(
    context,
    cut.map(({ urn, inputs = {} }) => {
      const { accountId, name, region } = inputs;
      if (typeof accountId === "string" && typeof name === "string" && typeof region === "string") {
        return { accountId, name, region };
      }
      throw new UserError(`the access point ${urn} cannot be read from the state`, {
        why: "The state was changed by hand or by another version of spawn.",
        fix: "Delete the access point by hand: aws s3control list-access-points",
      });
    }),
  );
}

/** The identity of an access point. */
export interface AccessPointName {
  readonly accountId: string;
  readonly name: string;
  readonly region: string;
}

/** Deletes access points. A missing one is no error. */
export async function deleteAccessPoints(
  context: Pick<Context, "clientConfig">,
  points: readonly AccessPointName[],
): Promise<void> {
  for (const { accountId, name, region } of points) {
    const command = new DeleteAccessPointCommand({ AccountId: accountId, Name: name });
    await withS3Control(context, region, (client) => client.send(command)).catch((error: unknown) => {
      if (errorName(error) !== "NoSuchAccessPoint") throw error;
    });
  }
}

/** Runs `work` with a client of S3 Control, which it closes afterwards. */
export async function withS3Control<T>(
  context: Pick<Context, "clientConfig">,
  region: string,
  work: (client: S3ControlClient) => Promise<T>,
): Promise<T> {
  const { makeS3ControlClient } = await import("../../clients/s3-control.ts");
  const client = makeS3ControlClient(await context.clientConfig("S3_CONTROL", region));
  try {
    return await work(client);
  } finally {
    client.destroy();
  }
}
