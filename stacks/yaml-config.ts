import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from "yaml";
import { InputError } from "../staging/errors.ts";
import { shellQuoted, shellString } from "../staging/shell.ts";
import { ambiguityOf } from "../staging/yaml/scalars.ts";
import { readYamlDocument, UNLIMITED } from "./yaml-document.ts";

/** The path of a value in the configuration: `["spawn:entries", 0, "sweep"]`. */
type Path = readonly (string | number)[];

/**
 * The configuration of a stack, `config:` in its `Pulumi.<stack>.yaml`: one string per key, with lists and mappings
 * as JSON, as the engine passes it to a program. So all readers of the file use one parser.
 *
 * A plain word that Go, this program or other YAML readers parse differently is refused, and so is a number in place
 * of a string: `0123` is 83 for the engine, `1.10` is 1.1.
 * @param file named in errors
 * @param project the namespace of a key without one
 * @throws InputError that names the file, the item, the line and the column
 */
export function readYamlConfig(text: string, file: string, project = "spawn"): Record<string, string> {
  const { document, at } = readYamlDocument(text, file);
  const config = document.get("config", true);
  const isNothing = config === undefined || (isScalar(config) && config.value === null);
  if (isNothing && (document.contents === null || isMap(document.contents))) return {};
  if (!isMap(config)) {
    throw new InputError(`${file}: config must be a mapping of keys such as spawn:regions`);
  }
  const values: Record<string, string> = {};
  for (const { key, value } of config.items) {
    const name = configKey(String(isScalar(key) ? (key.source ?? key.value) : key), project);
    if (!name.startsWith(`${project}:`)) continue; // for the engine and its plugins
    if (Object.hasOwn(values, name)) throw new InputError(`${file}: ${name} is given twice`);
    const node = resolved(value as Node | null);
    check(node, [name]);
    values[name] = textOf(node, document);
  }
  return values;

  function resolved(node: Node | null): Node | null {
    return isAlias(node) ? (node.resolve(document) ?? null) : node;
  }

  function check(given: Node | null, path: Path): void {
    const node = resolved(given);
    if (isSeq(node)) {
      for (const [place, item] of node.items.entries()) check(item as Node | null, [...path, place]);
    } else if (isMap(node)) {
      for (const { key, value } of node.items) {
        const name = String(isScalar(key) ? key.value : key);
        if (name === "secure") throw encrypted(path, node);
        check(value as Node | null, [...path, name]);
      }
    } else if (isScalar(node)) {
      checkScalar(node, path);
    }
  }

  function checkScalar(scalar: Scalar, path: Path): void {
    if (scalar.type !== undefined && scalar.type !== "PLAIN") return;
    if (scalar.tag === "tag:yaml.org,2002:str" && scalar.value === scalar.source) return;
    const source = scalar.source ?? String(scalar.value);
    const taken = ambiguityOf(source) ?? (wantsString(path) ? otherThanString(scalar.value) : undefined);
    if (taken === undefined) return;
    const key = path.at(-1);
    if (key === "ttl") {
      throw new InputError(`${whereOf(path)} is not a plain number: ${source} ${at(scalar)}`, {
        why: CHANGED,
        fix: "Write it in decimal digits, such as ttl: 30",
      });
    }
    const label = typeof key === "string" ? `${key}: ` : "";
    throw new InputError(
      `${whereOf(path)} is not a string: ${source} without quotes is ${taken} ${at(scalar)}`,
      {
        why: CHANGED,
        fix: `Put it in quotes: ${label}${JSON.stringify(source)}`,
      },
    );
  }

  function encrypted(path: Path, node: Node): InputError {
    const key = path[0];
    return new InputError(`${whereOf(path)} is encrypted ${at(node)}`, {
      why: "Commands read the file without its passphrase, and nothing in it is secret.",
      fix: `pulumi config set ${path.length === 1 ? shellQuoted(String(key)) : `--path ${shellString(shownPath(path))}`} VALUE --plaintext`,
    });
  }

  /** `Pulumi.dev.yaml: spawn:entries: item reference: sweep`. */
  function whereOf(path: Path): string {
    const [key, place, ...rest] = path;
    if (key !== `${project}:entries` || typeof place !== "number") return `${file}: ${shownPath(path)}`;
    const name: unknown = document.getIn(["config", key, place, "name"]);
    const item = typeof name === "string" ? ` item ${name}:` : `[${place}]`;
    return `${file}: ${key}:${item} ${shownPath(rest)}`.trimEnd();
  }
}

/** The engine's form of a key: `regions`, `spawn:regions` and `spawn:config:regions` are the same. */
function configKey(key: string, project: string): string {
  const [namespace = "", ...rest] = key.split(":");
  if (rest.length === 0) return `${project}:${key}`;
  return rest.length === 2 && rest[0] === "config" ? `${namespace}:${rest[1]}` : key;
}

/** As the engine passes a value: no value and an empty string are the same. */
function textOf(node: Node | null, document: Document): string {
  const value: unknown = node?.toJS(document, UNLIMITED) ?? "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Keys of an item of `spawn:entries` whose value is a string, or a list of strings. */
const STRINGS: ReadonlySet<string> = new Set([
  "name",
  "source",
  "filename",
  "exclude",
  "regions",
  "dest",
  "sweep",
  "replication",
]);

/** Every value of `spawn:…` itself arrives as a string. */
const wantsString = ([key, place, name]: Path): boolean =>
  key?.toString().endsWith(":entries") === true
    ? name === undefined || STRINGS.has(String(name))
    : place !== undefined;

const CHANGED = "YAML readers parse it differently.";

function otherThanString(value: unknown): string | undefined {
  if (typeof value === "boolean") return "a truth value";
  return typeof value === "number" || typeof value === "bigint" ? "a number" : undefined;
}

const shownPath = (path: Path): string =>
  path
    .map((part, place) => (typeof part === "number" ? `[${part}]` : place === 0 ? part : `.${part}`))
    .join("");
