import { expect } from "chai";
import { utf8Text } from "../../../staging/sweep/utf8.ts";
import { refusalOf } from "../refusal.ts";

describe("the text of a parameter file", () => {
  it("is UTF-8, with its byte order mark", () => {
    expect(utf8Text(Buffer.from("\uFEFFä€😀"), "p.csv")).to.equal("\uFEFFä€😀");
  });

  it("is refused in UTF-16 and in other encodings", () => {
    const utf16 = Buffer.from("\uFEFFa\n1\n", "utf16le");
    expect(refusalOf(() => utf8Text(utf16, "p.csv"))).to.include({
      message: "p.csv is not UTF-8",
      why: "It begins like UTF-16.",
    });
    const { fix } = refusalOf(() => utf8Text(Buffer.from("a\né\n", "latin1"), "p.csv"));
    expect(fix).to.contain("iconv -f WINDOWS-1252 -t UTF-8");
  });
});
