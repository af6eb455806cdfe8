import { expect } from "chai";
import { updateExpression } from "../../../../local/aws-plugin/dynamodb/update-expression.ts";

describe("updateExpression", () => {
  const id = { S: "x" };

  it("sets new attributes and removes old ones", () => {
    const update = updateExpression(
      { id, old: { S: "o" }, size: { N: "1" } },
      { id, size: { N: "2" }, new: { S: "n" } },
      ["id"],
    );
    expect(update).to.deep.equal({
      UpdateExpression: "SET #a0 = :v0, #a1 = :v1 REMOVE #a2",
      ExpressionAttributeNames: { "#a0": "size", "#a1": "new", "#a2": "old" },
      ExpressionAttributeValues: { ":v0": { N: "2" }, ":v1": { S: "n" } },
    });
  });
  it("has no values if it only removes", () => {
    expect(updateExpression({ id, old: { S: "o" } }, { id }, ["id"])).to.deep.equal({
      UpdateExpression: "REMOVE #a0",
      ExpressionAttributeNames: { "#a0": "old" },
    });
  });
  it("is absent for an item of keys alone", () => {
    expect(updateExpression({ id }, { id }, ["id"])).to.deep.equal({});
  });
});
