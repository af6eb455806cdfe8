import { UserError } from "../../staging/errors.ts";

/** There is no such Auto Scaling group. */
export class MissingGroup extends UserError {
  constructor(region: string, group: string, cause?: unknown) {
    super(`the Auto Scaling group ${group} is not in ${region}`, {
      why: "It was deleted, or the credentials are those of another account.",
      fix: "Create it again with the stack of the sweep: pulumi refresh, then pulumi up.",
      cause,
    });
  }
}
