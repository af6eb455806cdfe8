import { expect } from "chai";
import * as v from "valibot";
import { attributes, decode, decodeJson, MAPPING, parsed, text, whole } from "../../staging/decode.ts";
import { InputError } from "../../staging/errors.ts";
import { parseRegion } from "../../staging/regions.ts";

const SCHEMA = v.object({ regions: v.array(v.object({ region: text(parseRegion), start: whole(0, 9) })) });

function problemOf(value: unknown, schema: v.GenericSchema = SCHEMA): string {
  try {
    decode(schema, value, ({ path, message }) => new Error(`${path}|${message}`));
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("the value was accepted");
}

describe("decode", () => {
  it("names the path of the first bad value", () => {
    const good = { region: "us-east-1", start: 0 };
    expect(problemOf({ regions: [good, { ...good, start: 10 }] })).to.match(
      /^regions\[1\]\.start\|must be a whole number from 0 to 9$/,
    );
    expect(problemOf({ regions: [good, { start: 1 }] })).to.match(/^regions\[1\]\.region\|is missing$/);
    expect(problemOf(undefined)).to.match(/^\|is missing$/);
  });

  it("passes the message of a parser on, and its bugs", () => {
    expect(problemOf({ regions: [{ region: "mars-1", start: 0 }] })).to.equal(
      'regions[0].region|is not valid: unknown region "mars-1"',
    );
    const wrong = parsed(v.string(), () => {
      throw new TypeError("a bug");
    });
    expect(() => decode(wrong, "x", () => new InputError("x"))).to.throw(TypeError, "a bug");
  });

  it("treats neither inherited members nor lists as a mapping", () => {
    const schema = v.pipe(
      MAPPING,
      v.object({ constructor: v.optional(v.string()), a: v.optional(v.string()) }),
    );
    expect(decode(schema, {}, () => new Error())).to.deep.equal({});
    expect(decode(schema, Object.create({ a: 1 }), () => new Error())).to.deep.equal({});
    expect(problemOf([], schema)).to.equal("|must be a mapping");
  });

  it("turns attributes into members, absent ones included", () => {
    const schema = attributes({ size_bytes: whole(), sweep_id: v.optional(v.string()) });
    const value = decode(schema, { size_bytes: 1, other: 2 }, () => new Error());
    expect(value).to.deep.equal({ sizeBytes: 1, sweepId: undefined });
  });

  it("returns nothing for truncated or malformed JSON", () => {
    expect(decodeJson(v.object({ a: v.number() }), '{"a":1}')).to.deep.equal({ a: 1 });
    for (const other of ["", '{"a":', '{"a":"1"}', "null"]) {
      expect(decodeJson(v.object({ a: v.number() }), other)).to.equal(undefined);
    }
  });
});
