import { IAMClient } from "@aws-sdk/client-iam";
import { type Access, serviceSettings } from "../../connection/access.ts";
import { accountOf } from "../../connection/account.ts";
import type { SurveyRequest } from "../../staging/ownership/names.ts";
import type { Dependencies } from "../deps.ts";
import { createDynamoClients } from "../dynamo-clients.ts";
import type { CallContext, Properties } from "../plugin/types.ts";
import { explained } from "../store/explain.ts";
import { surveyEnvironment } from "./survey.ts";

/** IAM has one endpoint for all regions, which is signed for in this one. */
export const IAM_REGION = "us-east-1";

/** The provider's function `surveyEnvironment`: what a program asks before it declares anything. */
export function surveyFunction(deps: Pick<Dependencies, "s3">, access: Access) {
  const dynamodb = createDynamoClients({ access });
  let client: IAMClient | undefined;
  const iam = (): IAMClient => {
    client ??= new IAMClient({
      ...serviceSettings(access.connection, "IAM", IAM_REGION),
      requestHandler: access.transport.handler({ connectionTimeout: 10_000, socketTimeout: 30_000 }),
    });
    return client;
  };
  return async (args: Properties, { signal }: CallContext): Promise<Properties> => {
    const request = args as unknown as SurveyRequest;
    const clients = {
      s3: (region: string) => deps.s3.of(region),
      dynamodb,
      iam,
      account: () => accountOf(access, IAM_REGION),
    };
    const facts = await explained("looking at the tables and buckets of the environment", () =>
      surveyEnvironment(request, clients, signal),
    );
    return JSON.parse(JSON.stringify(facts)) as Properties;
  };
}
