import { expect } from "chai";
import fc from "fast-check";
import { bucketPolicy } from "../../components/bucket-policy.ts";
import { type AccountId, parseAccountId } from "../../staging/accounts.ts";
import {
  bucketReaders,
  MAX_READERS,
  MAX_TAGGED_READERS,
  parseReaders,
  parseReadersTag,
  readersTagOf,
} from "../../staging/readers.ts";
import { environmentSettings } from "../components/settings.ts";
import { refusalOf } from "./refusal.ts";

const account = (number: number): AccountId => parseAccountId(String(number).padStart(12, "0"));
const many = (count: number): AccountId[] => Array.from({ length: count }, (_, at) => account(at));
const accounts = fc.uniqueArray(fc.nat(999_999_999_999).map(account), { maxLength: 40 });

describe("readers by a bucket's name", () => {
  it("are the accounts of an entry that spawn:readers names, as many as a tag has room for", () => {
    fc.assert(
      fc.property(accounts, accounts, (allowed, readers) => {
        const named = bucketReaders(allowed, readers);
        expect(named.every((one) => allowed.includes(one) && readers.includes(one))).to.equal(true);
        const tag = readersTagOf(named);
        expect(tag ?? "").to.match(/^[\w/]{0,256}$/);
        expect(parseReadersTag(tag ?? "")).to.deep.equal(named);
      }),
    );
    expect(bucketReaders(many(30), many(30))).to.have.length(MAX_TAGGED_READERS);
    expect((readersTagOf(many(MAX_TAGGED_READERS + 1)) ?? "").length).to.be.greaterThan(256);
  });

  it("are found in the tag whole: no account is a part of two others", () => {
    fc.assert(
      fc.property(accounts, fc.nat(999_999_999_999).map(account), (named, other) => {
        expect((readersTagOf(named) ?? "").includes(other)).to.equal(named.includes(other));
      }),
    );
  });

  it("have room in the policy of a bucket", () => {
    const sharing = { bucket: "b".repeat(63), accountId: account(1), cloud: "aws" } as const;
    const policy = bucketPolicy({ ...sharing, readers: many(MAX_READERS) });
    expect(policy.length).to.be.lessThan(20_480);
    expect(bucketPolicy({ ...sharing, readers: [] })).to.not.contain("ReadTagged");
  });

  it("are a setting of the environment", () => {
    const readers = ["123456789012", "000000000042", "123456789012"];
    expect(environmentSettings({ readers }).readers).to.deep.equal(["000000000042", "123456789012"]);
    expect(environmentSettings({ readers: readers.join(", ") }).readers).to.have.length(2);
    expect(environmentSettings().readers).to.deep.equal([]);
    expect(refusalOf(() => environmentSettings({ readers: [123456789012] })).message).to.contain(
      'spawn:readers must be a list of account IDs in quotes, such as ["123456789012"]',
    );
    expect(refusalOf(() => environmentSettings({ readers: ["42"] })).message).to.contain("spawn:readers");
    expect(refusalOf(() => parseReaders(many(MAX_READERS + 1))).message).to.contain("too many");
  });

  it("are refused in another form of the tag", () => {
    for (const text of ["42", "123456789012,123456789012", "different", many(20).join("/")])
      expect(() => parseReadersTag(text), text).to.throw("does not name the accounts");
  });
});
