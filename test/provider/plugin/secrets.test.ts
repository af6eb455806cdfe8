import { expect } from "chai";
import fc from "fast-check";
import { markedAs, secretIn, withoutSecrets } from "../../../provider/plugin/secrets.ts";
import type { Json, Properties } from "../../../provider/plugin/types.ts";

const secret = (value: Json): Json => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value,
});

describe("secrets", () => {
  it("removes the marks at any depth", () => {
    const given = {
      a: secret("x"),
      b: [1, secret({ c: secret(true) })],
      d: { e: secret(null) },
      f: undefined,
    };
    expect(withoutSecrets(given)).to.deep.equal({
      ...{ a: "x", b: [1, { c: true }], d: { e: null }, f: undefined },
    });
  });

  it("leaves values without secrets as they are", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(withoutSecrets(value as Json)).to.deep.equal(value);
        expect(secretIn(value as Json)).to.equal(undefined);
      }),
    );
  });

  it("finds the path of the first secret", () => {
    const cases: readonly [Properties, string | undefined][] = [
      [{ a: 1, b: ["x"] }, undefined],
      [{ a: secret(1) }, "a"],
      [{ a: { b: [1, { c: secret(2) }] } }, "a.b[1].c"],
      [{ a: [1, secret(2), secret(3)] }, "a[1]"],
    ];
    for (const [value, path] of cases) expect(secretIn(value)).to.equal(path);
  });

  it("marks the result of a secret input, and no other", () => {
    const inputs = { a: secret("x"), b: "y", c: [1, secret(2)], d: { e: secret("z"), f: 1 }, g: secret(1) };
    const results = { a: "new", b: "y", c: [2, 1], d: { e: "z", f: 1, h: 2 }, made: true };
    expect(markedAs(inputs, results)).to.deep.equal({
      a: secret("new"),
      b: "y",
      c: secret([2, 1]),
      d: { e: secret("z"), f: 1, h: 2 },
      made: true,
    });
  });

  it("marks no result without secret inputs", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (results) => {
        const same = results as Properties;
        expect(markedAs(same, same)).to.deep.equal(same);
      }),
    );
  });
});
