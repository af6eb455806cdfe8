import { expect } from "chai";
import { MAX_SHARED_ACCOUNTS, parseAccountId, parseAccountList } from "../../staging/accounts.ts";
import { refusalOf } from "./refusal.ts";

describe("accounts", () => {
  it("are 12 digits, leading zeros included", () => {
    for (const id of ["123456789012", "000000000042"]) expect(parseAccountId(id)).to.equal(id);
    for (const text of [
      "",
      "12345678901",
      "1234567890123",
      "12345678901a",
      "arn:aws:iam::123456789012:root",
    ]) {
      const { message, exitCode } = refusalOf(() => parseAccountId(text));
      expect(message).to.equal(`"${text}" is not the ID of an AWS account`);
      expect(exitCode).to.equal(2);
    }
  });

  it("are suggested without the hyphens that the console shows", () => {
    expect(refusalOf(() => parseAccountId("1234-5678-9012")).fix).to.equal("Use 123456789012.");
  });

  it("are listed with commas, each once", () => {
    expect(parseAccountList(" 123456789012, 987654321098,123456789012")).to.deep.equal([
      "123456789012",
      "987654321098",
    ]);
    expect(parseAccountList(["123456789012"])).to.deep.equal(["123456789012"]);
  });

  it("are at least one, and at most the number that fits into a policy", () => {
    for (const none of ["", " , ", []]) {
      expect(refusalOf(() => parseAccountList(none)).message).to.equal("no account given to share with");
    }
    const many = Array.from({ length: MAX_SHARED_ACCOUNTS + 1 }, (_, index) => String(10 ** 11 + index));
    expect(parseAccountList(many.slice(1))).to.have.length(MAX_SHARED_ACCOUNTS);
    expect(refusalOf(() => parseAccountList(many)).message).to.equal(
      "101 accounts are too many to share with",
    );
  });
});
