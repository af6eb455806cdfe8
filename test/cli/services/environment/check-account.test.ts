import { expect } from "chai";
import { checkAccount } from "../../../../cli/services/environment/check-account.ts";
import { type AccountId, parseAccountId } from "../../../../staging/accounts.ts";
import { InputError } from "../../../../staging/errors.ts";
import { fullSettings } from "../../records.ts";

const ACCOUNT = parseAccountId("123456789012");
const at = { environment: "dev", connection: undefined } as const;
const contextWith = (account: () => Promise<AccountId | undefined>, declared?: AccountId) => ({
  at,
  account,
  settings: async () =>
    fullSettings({ cloud: "aws", ...(declared === undefined ? {} : { account: declared }) }),
});

describe("doctor's account", () => {
  it("is that of the credentials, or none", async () => {
    expect(await checkAccount(contextWith(async () => ACCOUNT))).to.include({ status: "ok", found: ACCOUNT });
    expect(await checkAccount(contextWith(async () => ACCOUNT, ACCOUNT)))
      .to.have.property("found")
      .that.equals(`${ACCOUNT}, as spawn:account says`);
    expect(await checkAccount(contextWith(async () => undefined)))
      .to.have.property("found")
      .that.matches(/^none/);
  });

  it("needs no request on the local cloud", async () => {
    const context = {
      ...contextWith(() => Promise.reject(new Error("asked"))),
      settings: async () => fullSettings(),
    };
    expect(await checkAccount(context)).to.include({ status: "ok", found: "not used by this environment" });
  });

  it("fails if it differs from the environment's", async () => {
    const refusal = new InputError("another account", { fix: "Use the right one." });
    expect(await checkAccount(contextWith(() => Promise.reject(refusal)))).to.deep.equal({
      ...{ name: "Account", status: "fail", found: "another account", fix: "Use the right one." },
    });
  });

  it("is unknown if AWS does not return it", async () => {
    expect(await checkAccount(contextWith(() => Promise.reject(new Error("broken"))))).to.include({
      ...{ status: "warn", found: "unknown: broken", fix: "aws sts get-caller-identity" },
    });
  });
});
