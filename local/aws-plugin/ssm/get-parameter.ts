import { UserError } from "../../../staging/errors.ts";
import { boolean, string } from "../../../staging/schema/fields.ts";
import { defineFunction } from "../function.ts";
import { callSsm } from "../sdk/ssm.ts";

const fields = {
  name: string({ required: true }),
  withDecryption: boolean({ default: true }),
};

/** A parameter of Systems Manager, such as the name of Amazon Linux's newest image. */
export default defineFunction({
  doing: "reading the parameter of Systems Manager",
  fields,
  async run({ name, withDecryption }, call) {
    const response = await callSsm("GetParameter", { Name: name, WithDecryption: withDecryption }, call);
    const { Parameter } = response as { Parameter?: Record<string, unknown> };
    const text = (member: string): string => {
      const value = Parameter?.[member];
      if (typeof value === "string") return value;
      throw new UserError(`the parameter ${name} has no ${member} in AWS's answer`);
    };
    const type = text("Type");
    const value = text("Value");
    return {
      id: text("Name"),
      arn: text("ARN"),
      name: text("Name"),
      type,
      value,
      insecureValue: type === "SecureString" ? "" : value,
      version: Number(Parameter?.["Version"] ?? 1),
    };
  },
});
