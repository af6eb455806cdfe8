import { expect } from "chai";
import { isExcepted, isLoopback } from "../../connection/no-proxy.ts";

describe("NO_PROXY", () => {
  const cases: [list: string, host: string, port: number, isExcepted: boolean][] = [
    ["", "s3.amazonaws.com", 443, false],
    ["*", "s3.amazonaws.com", 443, true],
    ["amazonaws.com", "s3.amazonaws.com", 443, true],
    [".amazonaws.com", "s3.amazonaws.com", 443, true],
    [".amazonaws.com", "amazonaws.com", 443, true],
    ["*.amazonaws.com", "b.s3.amazonaws.com", 443, true],
    ["amazonaws.com.", "S3.AmazonAWS.com", 443, true],
    ["aws.com", "s3.amazonaws.com", 443, false],
    ["s3.amazonaws.com:443", "s3.amazonaws.com", 443, true],
    ["s3.amazonaws.com:8443", "s3.amazonaws.com", 443, false],
    ["example.com, minio", "minio", 9000, true],
    ["example.com minio:9000", "minio", 9000, true],
    ["10.0.0.0/8", "10.1.2.3", 80, true],
    ["10.0.0.0/8", "11.1.2.3", 80, false],
    ["10.0.0.0/99", "10.1.2.3", 80, false],
    ["10.1.2.3", "10.1.2.3", 80, true],
    ["10.1.2.3:81", "10.1.2.3", 80, false],
    ["2.3", "10.1.2.3", 80, false],
    ["10.0.0.0/8", "ten.example.com", 80, false],
    ["fd00::/8", "[fd00::1]", 443, true],
    ["[fd00::1]:443", "[fd00::1]", 443, true],
    ["[fd00::1]:80", "[fd00::1]", 443, false],
    ["fd00::1", "[fd00:0:0::1]", 443, true],
    [".", "s3.amazonaws.com", 443, false],
    [",, ,", "s3.amazonaws.com", 443, false],
  ];
  for (const [list, hostname, port, expected] of cases) {
    it(`"${list}" ${expected ? "excepts" : "does not except"} ${hostname}:${port}`, () => {
      expect(isExcepted(list, { hostname, port })).to.equal(expected);
    });
  }

  it("recognises all names of this machine", () => {
    for (const host of [
      "localhost",
      "LOCALHOST.",
      "x.localhost",
      "127.0.0.1",
      "127.9.9.9",
      "::1",
      "[::1]",
      "::ffff:127.0.0.1",
    ]) {
      expect(isLoopback(host), host).to.equal(true);
    }
    for (const host of ["localhost.example.com", "128.0.0.1", "127.0.0.1.example.com", "::2", "10.0.0.1"]) {
      expect(isLoopback(host), host).to.equal(false);
    }
  });
});
