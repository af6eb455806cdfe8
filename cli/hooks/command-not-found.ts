import type { Hook } from "@oclif/core";
import { InputError } from "../../staging/errors.ts";
import { nearest } from "../../staging/nearest.ts";
import { shellQuoted } from "../../staging/shell.ts";

/** Reports an unknown command, and suggests a similar one. */
const hook: Hook.CommandNotFound = async ({ id, config }) => {
  if (id.startsWith("-")) {
    throw new InputError(`the flag ${id} precedes the command`, {
      fix: `${config.bin} COMMAND ${shellQuoted(id)}; all commands: ${config.bin} --help`,
    });
  }
  // If a command takes no argument, oclif parses an argument as part of the command's name.
  const command = config.commands.find((candidate) => id.startsWith(`${candidate.id}:`));
  if (command !== undefined) {
    const name = `${config.bin} ${command.id.replaceAll(":", " ")}`;
    throw new InputError(`unexpected argument ${id.slice(command.id.length + 1).replaceAll(":", " ")}`, {
      why: `${name} takes no further argument.`,
      fix: `${name} --help`,
    });
  }
  const typed = id.replaceAll(":", " ");
  const known = config.commands
    .filter(({ hidden }) => !hidden)
    .map((command) => command.id.replaceAll(":", " "));
  // oclif also lists every command as a topic.
  const topics = config.topics
    .filter(({ hidden }) => !hidden)
    .map(({ name }) => name.replaceAll(":", " "))
    .filter((name) => !known.includes(name));
  const meant = commandsMeant(typed.split(" "), known, topics).map((name) => `${config.bin} ${name}`);
  const topic = topics.find((name) => typed.startsWith(`${name} `));
  const help = topic === undefined ? `${config.bin} --help` : `${config.bin} ${topic} --help`;
  throw new InputError(`there is no command ${config.bin} ${typed}`, {
    fix: meant.length === 0 ? help : `Did you mean ${meant.join(" or ")}? All commands: ${help}`,
  });
};

/** Suggestions: the nearest name, where trailing words may be arguments; otherwise the commands that end with the first word. */
function commandsMeant(
  words: readonly string[],
  commands: readonly string[],
  topics: readonly string[],
): string[] {
  for (let count = words.length; count > 0; count--) {
    const near = nearest(words.slice(0, count).join(" "), [...commands, ...topics]);
    if (near !== undefined && !(count < words.length && topics.includes(near))) return [near];
  }
  return commands.filter((name) => name.endsWith(` ${words[0]}`));
}

export default hook;
