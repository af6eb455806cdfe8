import { expect } from "chai";
import { policyProblem, samePolicy } from "../../../../local/aws-plugin/iam/same-policy.ts";

const statement = (more: object) => ({ Effect: "Allow", Action: "s3:GetObject", Resource: "*", ...more });
const policy = (...statements: object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });

describe("samePolicy", () => {
  const same: [string, string, string][] = [
    ["the order of keys", '{"a":"1","b":"2"}', '{"b":"2","a":"1"}'],
    ["white space", policy(statement({})), JSON.stringify(JSON.parse(policy(statement({}))), undefined, 2)],
    [
      "the order of a list",
      policy(statement({ Action: ["a", "b"] })),
      policy(statement({ Action: ["b", "a"] })),
    ],
    ["one or a list of one", policy(statement({ Action: "a" })), policy(statement({ Action: ["a"] }))],
    [
      "one statement bare",
      JSON.stringify({ Statement: statement({}) }),
      JSON.stringify({ Statement: [statement({})] }),
    ],
    [
      "the order of statements",
      policy(statement({ Sid: "1" }), statement({ Sid: "2" })),
      policy(statement({ Sid: "2" }), statement({ Sid: "1" })),
    ],
    [
      "an account or its root",
      policy(statement({ Principal: { AWS: "123456789012" } })),
      policy(statement({ Principal: { AWS: ["arn:aws:iam::123456789012:root"] } })),
    ],
    [
      "a condition's value as a word or as text",
      policy(statement({ Condition: { Bool: { "aws:SecureTransport": false } } })),
      policy(statement({ Condition: { Bool: { "aws:SecureTransport": "false" } } })),
    ],
  ];
  for (const [what, a, b] of same) {
    it(`ignores ${what}`, () => {
      expect(samePolicy(a, b)).to.equal(true);
      expect(samePolicy(b, a)).to.equal(true);
    });
  }

  const other: [string, string, string][] = [
    ["another action", policy(statement({})), policy(statement({ Action: "s3:PutObject" }))],
    ["another effect", policy(statement({})), policy(statement({ Effect: "Deny" }))],
    ["one statement more", policy(statement({})), policy(statement({}), statement({ Sid: "2" }))],
    ["a condition", policy(statement({})), policy(statement({ Condition: { Bool: { x: "true" } } }))],
    [
      "a role of the account",
      policy(statement({ Principal: { AWS: "123456789012" } })),
      policy(statement({ Principal: { AWS: "arn:aws:iam::123456789012:role/root" } })),
    ],
    ["text that is no policy", policy(statement({})), "not JSON"],
  ];
  for (const [what, a, b] of other) {
    it(`detects ${what}`, () => {
      expect(samePolicy(a, b)).to.equal(false);
      expect(samePolicy(b, a)).to.equal(false);
    });
  }
});

describe("policyProblem", () => {
  it("accepts an object", () => {
    expect(policyProblem(policy())).to.equal(undefined);
  });
  for (const text of ["", "{", "[]", "null", '"text"']) {
    it(`refuses ${text || "nothing"}`, () => {
      expect(policyProblem(text)).to.match(/^contains an invalid JSON policy: /);
    });
  }
});
