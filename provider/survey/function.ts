import { IAMClient } from "@aws-sdk/client-iam";
import { type Access, clientSettings } from "../../connection/access.ts";
import { accountOf } from "../../connection/account.ts";
import { once } from "../../staging/once.ts";
import type { SurveyRequest } from "../../staging/resources/environment-facts.ts";
import type { Dependencies } from "../deps.ts";
import { createDynamoClients } from "../dynamo-clients.ts";
import type { CallContext, Properties } from "../plugin/types.ts";
import { explained } from "../store/explain.ts";
import { surveyEnvironment } from "./survey.ts";

/** IAM has one global endpoint. Requests to it are signed for this region. */
const IAM_REGION = "us-east-1";

/** The provider function `surveyEnvironment`. A program calls it before it declares resources. */
export function surveyFunction(deps: Pick<Dependencies, "now" | "s3">, access: Access) {
  const dynamodb = createDynamoClients({ access });
  const iam = once(() => new IAMClient(clientSettings(access, "IAM", IAM_REGION)));
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
    return JSON.parse(JSON.stringify({ ...facts, time: deps.now().toISOString() })) as Properties;
  };
}
