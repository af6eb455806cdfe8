import { join } from "node:path";
import ts from "typescript";
import { packageRoot } from "../../../package-root.ts";

/** The types of the program's sources, as the compiler sees them. */
export class Types {
  readonly #program: ts.Program;
  readonly #checker: ts.TypeChecker;

  /** @param files with the types, relative to the package */
  constructor(files: readonly string[]) {
    const root = packageRoot();
    const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files }, ts.sys, root);
    this.#program = ts.createProgram(
      files.map((file) => join(root, file)),
      options,
    );
    this.#checker = this.#program.getTypeChecker();
  }

  /** The JSON keys of the result of a command's `run` (the command is the default export of `file`). */
  keysOfResult(file: string): string[] {
    const command = this.#checker.getDeclaredTypeOfSymbol(this.#exportOf(file, "default"));
    const run = this.#checker.getPropertyOfType(command, "run");
    const [signature] = run === undefined ? [] : this.#checker.getTypeOfSymbol(run).getCallSignatures();
    const result = signature && this.#checker.getAwaitedType(signature.getReturnType());
    if (result === undefined) throw new Error(`${file} has no run()`);
    return this.#lines("", result, []);
  }

  /** The JSON keys of an interface. */
  keysOfInterface(file: string, name: string): string[] {
    const source = this.#program.getSourceFile(join(packageRoot(), file));
    const known = source && this.#checker.getSymbolsInScope(source, ts.SymbolFlags.Interface);
    const found = known?.find((symbol) => symbol.name === name);
    if (found === undefined) throw new Error(`${file} does not have ${name}`);
    return this.#lines("", this.#checker.getDeclaredTypeOfSymbol(found), []);
  }

  #exportOf(file: string, name: string): ts.Symbol {
    const source = this.#program.getSourceFile(join(packageRoot(), file));
    const module = source && this.#checker.getSymbolAtLocation(source);
    const found = module && this.#checker.getExportsOfModule(module).find((symbol) => symbol.name === name);
    if (found === undefined) throw new Error(`${file} does not export ${name}`);
    return found;
  }

  /** One line for each value below `path`: `regions[]: string`. */
  #lines(path: string, type: ts.Type, outer: readonly ts.Type[]): string[] {
    const parts = (type.isUnion() ? type.types : [type]).filter((part) => !isAbsent(part));
    const structures = parts.filter((part) => this.#isStructure(part));
    const scalars = [...new Set(parts.filter((part) => !structures.includes(part)).map(scalarName))].sort();
    const own = scalars.length === 0 ? [] : [`${path || "(itself)"}: ${scalars.join(" | ")}`];
    const inner = structures.flatMap((part) => {
      if (outer.includes(part)) return [`${path}: (as above)`];
      return this.#membersOf(part).flatMap(([suffix, member]) =>
        this.#lines(suffix.startsWith("[") || path === "" ? path + suffix : `${path}.${suffix}`, member, [
          ...outer,
          part,
        ]),
      );
    });
    return [...new Set([...own, ...inner])];
  }

  /** The elements of an array, and the properties of an object that JSON has. */
  #membersOf(type: ts.Type): [suffix: string, type: ts.Type][] {
    const element = this.#checker.isArrayLikeType(type)
      ? this.#checker.getIndexTypeOfType(type, ts.IndexKind.Number)
      : undefined;
    if (element !== undefined) return [["[]", element]];
    const properties = this.#checker.getPropertiesOfType(type).flatMap((property): [string, ts.Type][] => {
      const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0;
      const of = this.#checker.getTypeOfSymbol(property);
      return of.getCallSignatures().length > 0 ? [] : [[`${property.name}${isOptional ? "?" : ""}`, of]];
    });
    const values = this.#checker.getIndexTypeOfType(type, ts.IndexKind.String);
    return values === undefined ? properties : [...properties, ["{}", values]];
  }

  /** A branded string is a scalar, although it has a property. */
  #isStructure(type: ts.Type): boolean {
    return (
      (type.flags & ts.TypeFlags.Object) !== 0 ||
      (type.isIntersection() && type.types.every((part) => this.#isStructure(part)))
    );
  }
}

const isAbsent = (type: ts.Type): boolean =>
  (type.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Void)) !== 0;

function scalarName(type: ts.Type): string {
  if (type.isStringLiteral()) return JSON.stringify(type.value);
  if (type.isNumberLiteral()) return String(type.value);
  const { flags } = type.isIntersection()
    ? (type.types.find((part) => (part.flags & ts.TypeFlags.Object) === 0) ?? type)
    : type;
  const names: readonly [ts.TypeFlags, string][] = [
    [ts.TypeFlags.StringLike, "string"],
    [ts.TypeFlags.NumberLike, "number"],
    [ts.TypeFlags.BooleanLike, "boolean"],
    [ts.TypeFlags.Null, "null"],
  ];
  return names.find(([mask]) => (flags & mask) !== 0)?.[1] ?? "any value";
}
