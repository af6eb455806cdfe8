import { expect } from "chai";
import fc from "fast-check";
import {
  formatItem,
  itemProblem,
  parseItem,
  sameItem,
} from "../../../../local/aws-plugin/dynamodb/attribute-values.ts";

describe("items of a table", () => {
  it("survive a round trip through text", () => {
    const number = fc.integer().map(String);
    const base64 = fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString("base64"));
    const set = (of: fc.Arbitrary<string>) => fc.uniqueArray(of, { minLength: 1, maxLength: 3 });
    const name = fc.string({ minLength: 1 }).filter((key) => key !== "__proto__");
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.record({ S: fc.string() }),
        fc.record({ N: number }),
        fc.record({ B: base64 }),
        fc.record({ BOOL: fc.boolean() }),
        fc.constant({ NULL: true }),
        fc.record({ SS: set(fc.string()) }),
        fc.record({ NS: set(number) }),
        fc.record({ BS: set(base64) }),
        fc.record({ L: fc.array(tie("value"), { maxLength: 3 }) }),
        fc.record({ M: fc.dictionary(name, tie("value"), { maxKeys: 3, noNullPrototype: true }) }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true }), (item) => {
        const text = JSON.stringify(item);
        expect(itemProblem(text)).to.equal(undefined);
        const formatted = formatItem(parseItem(text));
        expect(formatItem(parseItem(formatted))).to.equal(formatted);
        expect(sameItem(text, formatted)).to.equal(true);
      }),
    );
  });

  it("are the same in any order of attributes and of a set's members", () => {
    const a = '{"a":{"S":"1"},"b":{"SS":["x","y"]},"c":{"NS":["1","2"]}}';
    const b = '{ "c": {"NS":["2","1"]}, "b": {"SS":["y","x"]}, "a": {"S":"1"} }';
    expect(sameItem(a, b)).to.equal(true);
  });

  const other: [string, string, string][] = [
    ["the order of a list", '{"a":{"L":[{"S":"1"},{"S":"2"}]}}', '{"a":{"L":[{"S":"2"},{"S":"1"}]}}'],
    ["a number and its text", '{"a":{"N":"1"}}', '{"a":{"S":"1"}}'],
    ["true and its text", '{"a":{"BOOL":true}}', '{"a":{"S":"true"}}'],
    ["an attribute more", '{"a":{"S":"1"}}', '{"a":{"S":"1"},"b":{"S":"2"}}'],
    ["text that is no item", '{"a":{"S":"1"}}', "no item"],
  ];
  for (const [what, a, b] of other) {
    it(`differ by ${what}`, () => {
      expect(sameItem(a, b)).to.equal(false);
    });
  }

  const wrong: [string, RegExp][] = [
    ["{", /not valid JSON/],
    ['"text"', /not a JSON object/],
    ['{"id":"x"}', /attribute id is not an object of a type and a value/],
    ['{"id":{}}', /attribute id must have one type/],
    ['{"id":{"S":"x","N":"1"}}', /attribute id must have one type/],
    ['{"id":{"X":"x"}}', /attribute id has the type X/],
    ['{"id":{"S":1}}', /attribute id is of type S, but no string/],
    ['{"n":{"N":1}}', /attribute n is of type N, but no number in a string/],
    ['{"n":{"N":"1,5"}}', /attribute n is of type N/],
    ['{"b":{"B":"***"}}', /attribute b is of type B, but no base64/],
    ['{"n":{"NULL":false}}', /attribute n is of type NULL/],
    ['{"s":{"SS":[]}}', /attribute s is of type SS/],
    ['{"m":{"M":{"deep":{"L":[{"S":"ok"},{"S":2}]}}}}', /attribute m\.deep\[1\] is of type S/],
  ];
  for (const [text, message] of wrong) {
    it(`refuse ${text} with its position`, () => {
      expect(itemProblem(text)).to.match(message);
    });
  }
});
