import { type Document, isMap, isScalar, isSeq, Scalar, visit, type YAMLMap, YAMLSeq } from "yaml";
import { InputError, messageOf } from "../staging/errors.ts";
import { ambiguityOf } from "../staging/yaml/scalars.ts";
import { configKey } from "./stack-config.ts";
import { readYamlDocument } from "./yaml-document.ts";

/*
 * Edits of `spawn:entries` in the file of an environment. They keep comments, quotes and the style of lists.
 */

const KEY = "spawn:entries";

/** Adds an item at the end of the list. @throws InputError if the file has no list there */
export function withItem(text: string, file: string, item: Readonly<Record<string, unknown>>): string {
  return edited(text, file, (list, document) => {
    list.flow = false;
    list.add(nodeOf(document, item));
  });
}

/** Sets a key of an item. @throws InputError if there is no such item */
export function withItemKey(text: string, file: string, name: string, key: string, value: string): string {
  return edited(text, file, (list, document) => {
    const item = list.items.find((one) => isItem(one, name));
    if (!isMap(item)) throw noItem(file, name);
    item.set(key, nodeOf(document, value));
  });
}

/** Removes an item with the comments before it. @throws InputError if there is no such item */
export function withoutItem(text: string, file: string, name: string): string {
  return edited(text, file, (list) => {
    const place = list.items.findIndex((one) => isItem(one, name));
    if (place < 0) throw noItem(file, name);
    list.items.splice(place, 1);
    if (list.items.length === 0) list.flow = true;
  });
}

function edited(text: string, file: string, edit: (list: YAMLSeq, document: Document) => void): string {
  const { document } = readYamlDocument(text, file);
  edit(listIn(document, file), document);
  const style = {
    lineWidth: 0,
    flowCollectionPadding: /^[^#\n]*\[ \S/m.test(text),
    indentSeq: !/^( *)[^\s#-].*:.*\n(?:\1#.*\n)*\1- /m.test(text),
  };
  try {
    return document.toString(style);
  } catch (error) {
    // An alias whose anchor is gone.
    throw new InputError(`${file}: ${KEY} cannot be edited`, {
      why: `${messageOf(error)}.`,
      fix: "Write the values in place of the alias.",
    });
  }
}

function listIn(document: Document, file: string): YAMLSeq {
  const config = document.get("config");
  if (!isMap(config)) throw unfit(file);
  const pair = config.items.find(({ key }) => isScalar(key) && configKey(String(key.value), "spawn") === KEY);
  const value = pair?.value;
  if (isSeq(value)) return value;
  if (value !== undefined && !(isScalar(value) && value.value === null)) throw unfit(file);
  const list = new YAMLSeq();
  if (pair === undefined) (config as YAMLMap<unknown, unknown>).set(KEY, list);
  else pair.value = list;
  return list;
}

/** Quotes strings that readers parse differently. */
function nodeOf(document: Document, value: unknown): unknown {
  const node = document.createNode(value);
  visit(node, {
    Scalar(key, scalar) {
      if (key === "key" || typeof scalar.value !== "string") return;
      if (/^\d/.test(scalar.value) || ambiguityOf(scalar.value) !== undefined)
        scalar.type = Scalar.QUOTE_DOUBLE;
    },
    Seq(_, list) {
      list.flow = true;
    },
  });
  return node;
}

const isItem = (node: unknown, name: string): boolean => isMap(node) && node.get("name") === name;

const unfit = (file: string): InputError =>
  new InputError(`${file}: ${KEY} cannot be edited`, {
    why: "It is not a list of items in the block config.",
    fix: `Write ${KEY} as a list: ${KEY}: []`,
  });

const noItem = (file: string, name: string): InputError =>
  new InputError(`${file}: ${KEY} has no item ${name}`);
