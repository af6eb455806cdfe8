import type { S3Client } from "@aws-sdk/client-s3";

interface CommandClass<Input extends object, Command> {
  new (input: Input): Command;
}

/**
 * A command of the SDK that is made when the SDK gets to send it, by {@link made}: each costs as much as its signature, and most
 * requests with data go past the SDK.
 */
export function late<Input extends object, Command extends object>(
  make: CommandClass<Input, Command>,
  input: Input,
): Command {
  return { input, constructor: make } as unknown as Command;
}

/** The command itself. */
export function made(command: object): object {
  const make = command.constructor as CommandClass<object, object>;
  return command instanceof make ? command : new make((command as { readonly input: object }).input);
}

/** Lets a client that sends everything by the SDK take commands of {@link late}. */
export function takeLateCommands(client: S3Client): void {
  const send = client.send.bind(client) as (command: object, ...rest: unknown[]) => Promise<object>;
  const sendMade = (command: object, ...rest: unknown[]) => send(made(command), ...rest);
  client.send = sendMade as unknown as S3Client["send"];
}
