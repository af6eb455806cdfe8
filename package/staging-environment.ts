import { StagingEnvironment } from "../components/staging-environment.ts";
import { environmentCopy } from "../stacks/stack-settings.ts";
import type { stagingEnvironmentComponent } from "../staging/components/staging-environment.ts";
import type { Build } from "./component.ts";
import { environmentOf } from "./environment-argument.ts";

export const buildEnvironment: Build<typeof stagingEnvironmentComponent> = async (
  { name, options, type },
  args,
) => {
  const { settings } = await environmentOf({ name, ...args }, "");
  const resource = new StagingEnvironment(name, { settings }, options, type);
  const { writableAt, accountId } = resource;
  return {
    resource,
    outputs: {
      environment: { ...environmentCopy(settings), writableAt },
      ...{ accountId, writableAt },
      replicationRole: resource.replication.role?.arn,
    },
  };
};
