import { UserError } from "../../staging/errors.ts";

/** The Auto Scaling group does not exist. */
export class MissingGroup extends UserError {
  constructor(region: string, group: string, cause?: unknown) {
    super(`the Auto Scaling group ${group} is not in ${region}`, {
      why: "It was deleted, or the credentials are those of another account.",
      fix: "Create it again with the stack of the sweep: pulumi refresh, then pulumi up.",
      cause,
    });
  }
}
