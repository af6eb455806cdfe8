import { isMap, isScalar, isSeq, type Node, type Scalar } from "yaml";
import { shown } from "../printable.ts";
import { formatBytes, formatInteger } from "../units.ts";
import { COLUMN_PATTERN, columnProblem, MAX_COLUMNS, valueProblem } from "./columns.ts";
import { type Reader, type Shape, sourceOf } from "./reader.ts";
import { MAX_INDICES, MAX_ROWS_BYTES, rowProblem } from "./row-checks.ts";
import type { Rows } from "./rows.ts";

/** A parameter of a grid with its values. */
interface GridAxis {
  readonly name: string;
  readonly values: readonly string[];
}

type Grid = readonly GridAxis[];

const EXPECTED = "a mapping from parameters to lists of values";

/**
 * Every combination of the values as a row. As in nested loops, the last parameter changes fastest: `{a: [1, 2], b: [x, y]}` gives
 * `1 x`, `1 y`, `2 x`, `2 y`.
 */
export function gridRows(grid: Grid): Rows {
  const values = grid.reduce<readonly (readonly string[])[]>(
    (rows, axis) => rows.flatMap((row) => axis.values.map((value) => [...row, value])),
    [[]],
  );
  return { columns: grid.map(({ name }) => name), values };
}

/** Values keep their text: a plain `0123`, `1.10` or `yes` is not converted. */
export const gridShape: Shape<Grid> = {
  expected: EXPECTED,
  schema: {
    type: "object",
    propertyNames: { type: "string", pattern: COLUMN_PATTERN },
    additionalProperties: {
      type: "array",
      items: { type: ["string", "number", "boolean", "null"] },
      minItems: 1,
      maxItems: MAX_INDICES,
    },
    minProperties: 1,
    maxProperties: MAX_COLUMNS,
  },
  read(node, path, reader) {
    if (!isMap(node) || node.items.length === 0) return reader.wrong(node, path, EXPECTED);
    if (node.items.length > MAX_COLUMNS) {
      return reader.add(
        node,
        `${path}: there are ${node.items.length} parameters; the maximum is ${MAX_COLUMNS}`,
      );
    }
    const axes = node.items.flatMap((pair): GridAxis[] => {
      const keyNode = pair.key as Scalar;
      const name = sourceOf(keyNode);
      const problem = columnProblem(name);
      if (problem !== undefined) {
        reader.add(keyNode, `${path}: parameter ${shown(name)}: ${problem}`);
        return [];
      }
      const values = reader.under(keyNode, () =>
        readValues(pair.value as Node | null, `${path}.${name}`, reader),
      );
      return values === undefined ? [] : [{ name, values }];
    });
    if (axes.length !== node.items.length) return undefined;
    return tooMuch(axes, node, path, reader) ? undefined : axes;
  },
};

function readValues(node: Node | null, path: string, reader: Reader): readonly string[] | undefined {
  if (!isSeq(node) || node.items.length === 0) return reader.wrong(node, path, "a list of values");
  const values = (node.items as readonly (Node | null)[]).flatMap((item, place): string[] => {
    const at = `${path}[${place}]`;
    const value = isScalar(item) ? sourceOf(item) : undefined;
    // A plain word keeps its text, but a missing value is probably a mistake.
    if (value === undefined || item === null || (value === "" && isScalar(item) && item.value === null)) {
      reader.add(item, `${at}: expected a value`, 'Write an empty value as "".');
      return [];
    }
    const problem = valueProblem(value);
    if (problem === undefined) return [value];
    reader.add(item, `${at}: ${problem}`);
    return [];
  });
  return values.length === node.items.length ? values : undefined;
}

/** The number of rows of a grid. */
export const combinationsOf = (grid: Grid): number =>
  grid.reduce((product, { values }) => product * values.length, 1);

/** Before the rows are created: a few lists of a thousand values are a billion rows. */
function tooMuch(axes: Grid, node: Node, path: string, reader: Reader): boolean {
  const count = combinationsOf(axes);
  if (count > MAX_INDICES) {
    reader.add(
      node,
      `${path}: there are ${formatInteger(count)} combinations; the maximum is ${formatInteger(MAX_INDICES)}`,
    );
    return true;
  }
  const bytes = (text: string): number => Buffer.byteLength(text);
  // Each value of an axis is in `count / values.length` rows.
  const total = axes.reduce(
    (sum, { values }) => sum + (count / values.length) * values.reduce((all, value) => all + bytes(value), 0),
    0,
  );
  if (total > MAX_ROWS_BYTES) {
    reader.add(
      node,
      `${path}: the rows have ${formatBytes(total)}; the maximum is ${formatBytes(MAX_ROWS_BYTES)}`,
    );
    return true;
  }
  const longest = axes.map(({ values }) =>
    values.reduce((most, value) => (bytes(value) > bytes(most) ? value : most), ""),
  );
  const problem = rowProblem(
    axes.map(({ name }) => name),
    longest,
  );
  if (problem !== undefined) reader.add(node, `${path}: with its longest values, ${problem}`);
  return problem !== undefined;
}
