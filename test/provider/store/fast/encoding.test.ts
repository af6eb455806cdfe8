import { expect } from "chai";
import { encodeKey, encodeQuery } from "../../../../provider/store/fast/encoding.ts";

describe("the encoding of signed requests", () => {
  it("encodes all characters of a key except unreserved ones and slashes", () => {
    expect(encodeKey("a/ü b+c(1)!'*~%/=&?#")).to.equal("a/%C3%BC%20b%2Bc%281%29%21%27%2A~%25/%3D%26%3F%23");
  });

  it("encodes the values of a query in the same way, including slashes", () => {
    expect(encodeQuery([["uploadId", "(a/b)'*!~"]])).to.equal("uploadId=%28a%2Fb%29%27%2A%21~");
  });

  it("sorts a query by its encoded names, then values", () => {
    const pairs = [
      ["b", "1"],
      ["a", "ü"],
      ["a-b", ""],
      ["a", "2"],
      ["é", ""],
    ] as const;
    expect(encodeQuery(pairs)).to.equal("%C3%A9=&a=%C3%BC&a=2&a-b=&b=1");
  });
});
