import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from "yaml";
import { InputError } from "../staging/errors.ts";
import type { PlaceOf, SettingPath, SettingProblem } from "../staging/settings-error.ts";
import { shellQuoted, shellString } from "../staging/shell.ts";
import { ambiguityOf } from "../staging/yaml/scalars.ts";
import { readYamlDocument, UNLIMITED } from "./yaml-document.ts";

/** The configuration of a stack, with the positions of its values. */
export interface YamlConfig {
  /** One string per key of any namespace, with lists and mappings as JSON, as the engine passes them to a program. */
  readonly values: Readonly<Record<string, string>>;
  /** Values that YAML readers parse differently, or that are encrypted. */
  readonly problems: readonly SettingProblem[];
  /** The position of a value, or of the next value above it that exists. */
  readonly placeOf: PlaceOf;
}

/**
 * Parses the configuration of a stack, `config:` in its `Pulumi.<stack>.yaml`, so that all readers of the file use one
 * parser.
 *
 * A plain word that Go, this program or other YAML readers parse differently is a problem, and so is a number in place
 * of a string: `0123` is 83 for the engine, `1.10` is 1.1.
 * @param file named in errors
 * @param project the namespace of a key without one
 * @throws InputError if it is not YAML, or has no configuration; with the line and the column
 */
export function readYamlConfig(text: string, file: string, project = "spawn"): YamlConfig {
  const { document, placeAt } = readYamlDocument(text, file);
  const config = document.get("config", true);
  const isNothing = config === undefined || (isScalar(config) && config.value === null);
  if (isNothing && (document.contents === null || isMap(document.contents)))
    return { values: {}, problems: [], placeOf: () => undefined };
  if (!isMap(config)) {
    throw new InputError(`${file}: config must be a mapping of keys such as spawn:regions`);
  }
  const values: Record<string, string> = {};
  const problems: SettingProblem[] = [];
  /** The pairs of the project's own keys, without their namespace. */
  const own = new Map<string, { readonly key: Node; readonly value: Node | null }>();
  for (const { key, value } of config.items) {
    const name = configKey(String(isScalar(key) ? (key.source ?? key.value) : key), project);
    if (!name.startsWith(`${project}:`)) {
      values[name] = textOf(resolved(value as Node | null), document);
      continue;
    }
    const short = name.slice(project.length + 1);
    if (own.has(short)) {
      problems.push({ path: [short], text: `${name} is given twice`, isUnknownKey: true });
      continue;
    }
    const node = resolved(value as Node | null);
    own.set(short, { key: key as Node, value: node });
    check(node, [short]);
    values[name] = textOf(node, document);
  }
  return { values, problems, placeOf: (problem) => placeAt(nodeOf(problem)) };

  function resolved(node: Node | null): Node | null {
    return isAlias(node) ? (node.resolve(document) ?? null) : node;
  }

  function check(given: Node | null, path: SettingPath): void {
    const node = resolved(given);
    if (isSeq(node)) {
      for (const [place, item] of node.items.entries()) check(item as Node | null, [...path, place]);
    } else if (isMap(node)) {
      for (const { key, value } of node.items) {
        const name = String(isScalar(key) ? key.value : key);
        if (name === "secure") problems.push(encrypted(path));
        else check(value as Node | null, [...path, name]);
      }
    } else if (isScalar(node)) {
      checkScalar(node, path);
    }
  }

  function checkScalar(scalar: Scalar, path: SettingPath): void {
    if (scalar.type !== undefined && scalar.type !== "PLAIN") return;
    if (scalar.tag === "tag:yaml.org,2002:str" && scalar.value === scalar.source) return;
    const source = scalar.source ?? String(scalar.value);
    const taken = ambiguityOf(source) ?? (wantsString(path) ? otherThanString(scalar.value) : undefined);
    if (taken === undefined) return;
    const key = path.at(-1);
    if (NUMBERS.has(String(key))) {
      problems.push({
        path,
        text: `${nameOf(path)} is not a plain number: ${source}`,
        why: CHANGED,
        fix: `Write it in decimal digits, such as ${key}: 30`,
      });
      return;
    }
    const label = typeof key === "string" ? `${path.length === 1 ? `${project}:` : ""}${key}: ` : "";
    problems.push({
      path,
      text: `${nameOf(path)} is not a string: ${source} without quotes is ${taken}`,
      why: CHANGED,
      fix: `Put it in quotes: ${label}${JSON.stringify(source)}`,
    });
  }

  function encrypted(path: SettingPath): SettingProblem {
    const key = `${project}:${path[0]}`;
    return {
      path,
      text: `${nameOf(path)} is encrypted`,
      why: "Commands read the file without its passphrase, and nothing in it is secret.",
      fix: `pulumi config set ${path.length === 1 ? shellQuoted(key) : `--path ${shellString(`${project}:${shownPath(path)}`)}`} VALUE --plaintext`,
    };
  }

  /** `spawn:entries: item reference: sweep`. */
  function nameOf(path: SettingPath): string {
    const [key, place, ...rest] = path;
    if (key !== "entries" || typeof place !== "number") return `${project}:${shownPath(path)}`;
    const item = resolved(own.get(key)?.value ?? null);
    const name: unknown = isSeq(item) ? item.getIn([place, "name"]) : undefined;
    const label = typeof name === "string" ? ` item ${name}:` : `[${place}]`;
    return `${project}:${key}:${label} ${shownPath(rest)}`.trimEnd();
  }

  function nodeOf({ path: [first, ...rest], isUnknownKey }: SettingProblem): Node {
    const pair = own.get(String(first));
    if (pair === undefined) return config as Node;
    let { key, value: node } = pair;
    for (const [at, step] of rest.entries()) {
      const next = isMap(node)
        ? node.items.find(({ key: one }) => String(isScalar(one) ? one.value : one) === step)
        : isSeq(node) && typeof step === "number"
          ? { key: node.items[step], value: node.items[step] }
          : undefined;
      if (next === undefined) return node ?? key;
      key = next.key as Node;
      node = resolved(next.value as Node | null);
      if (isUnknownKey && at === rest.length - 1) return key;
    }
    if (node === null || (isScalar(node) && node.value === null)) return key;
    return isUnknownKey && rest.length === 0 ? key : node;
  }
}

/** The engine's form of a key: `regions`, `spawn:regions` and `spawn:config:regions` are the same. */
export function configKey(key: string, project: string): string {
  const [namespace = "", ...rest] = key.split(":");
  if (rest.length === 0) return `${project}:${key}`;
  return rest.length === 2 && rest[0] === "config" ? `${namespace}:${rest[1]}` : key;
}

/** As the engine passes a value: no value and an empty string are the same. */
function textOf(node: Node | null, document: Document): string {
  const value: unknown = node?.toJS(document, UNLIMITED) ?? "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Keys of an item of `spawn:entries` whose value is a number. */
const NUMBERS: ReadonlySet<string> = new Set(["ttl", "timeout"]);

/** Keys of an item of `spawn:entries` whose value is a string, or a list of strings. */
const STRINGS: ReadonlySet<string> = new Set([
  "name",
  "id",
  "source",
  "filename",
  "exclude",
  "regions",
  "dest",
  "bandwidthLimit",
  "sweep",
  "sha256",
  "replication",
]);

/** Every value of `spawn:…` itself arrives as a string. */
const wantsString = ([key, place, name]: SettingPath): boolean =>
  key === "entries" ? name === undefined || STRINGS.has(String(name)) : place !== undefined;

const CHANGED = "YAML readers parse it differently.";

function otherThanString(value: unknown): string | undefined {
  if (typeof value === "boolean") return "a truth value";
  return typeof value === "number" || typeof value === "bigint" ? "a number" : undefined;
}

const shownPath = (path: SettingPath): string =>
  path
    .map((part, place) => (typeof part === "number" ? `[${part}]` : place === 0 ? part : `.${part}`))
    .join("");
