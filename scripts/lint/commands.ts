import ts from "typescript";
import type { Violation } from "./imports.ts";

/** A command on one environment, where a text begins or after words that introduce a command. Prose names commands elsewhere, too. */
const COMMAND =
  /(?:^|[:;,.(`] ?|&& |\b(?:run|then|or|and) )spawn (?:stage|sweep|environment|launch|config (?:set|unset)) ?/;
/** Functions that add the environment. */
const ADDING = /\b(?:commandLine|command|suggested)$/;
/** Help, which is the same in every environment. */
const HELP = /^(?:summary|description|examples|command)$/;

/**
 * Suggested commands that lack `--environment`: a user would paste them and run them on the default environment.
 * @param file its path from the root of the repository
 */
export function bareCommandsIn(file: string, source: string): Violation[] {
  if (!source.includes("spawn ")) return [];
  const found: Violation[] = [];
  const comment = "Add the environment: with `command` of Words, `suggested` of a command, or commandLine.";
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ADDING.test(node.expression.getText())) return;
    if ((ts.isPropertyDeclaration(node) || ts.isPropertyAssignment(node)) && HELP.test(node.name.getText()))
      return;
    const to = textOf(node);
    if (to !== undefined && COMMAND.test(to) && !/ --(?:environment|help)/.test(to))
      found.push({ rule: "no-bare-command", comment, from: file, to });
    node.forEachChild(visit);
  };
  visit(ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true));
  return found;
}

/** The text of a literal, with `…` for each expression in it; undefined for any other node. */
function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join("…");
}
