import { InputError } from "../staging/errors.ts";

/** The error for an environment in AWS in a shell that `spawn env` has set to the local cloud. */
export const shellOfLocalCloud = (environment: string): InputError =>
  new InputError(`environment ${environment} is in AWS, but this shell is set to the local cloud`, {
    why: "It has the variables of spawn env: AWS_ENDPOINT_URL and the local cloud's keys.",
    fix: "Use another shell, or first: unset AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE",
  });
