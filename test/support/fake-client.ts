interface Sent {
  readonly name: string;
  readonly input: Record<string, unknown>;
}

/** The responses of a client of the AWS SDK, by the names of its commands. A response that is an error is thrown. */
export type Responses = Readonly<Record<string, (input: Record<string, unknown>) => unknown>>;

/**
 * A client of the AWS SDK that responds from a table and records its requests. Every other command fails.
 * @param prototype of the client's class, for the SDK's paginators
 */
export function fakeClient<C extends object>(responses: Responses, prototype: C | null = null) {
  const sent: Sent[] = [];
  const send = async (command: { input: Record<string, unknown> }) => {
    const { name } = command.constructor;
    sent.push({ name, input: command.input });
    const respond = responses[name];
    if (respond === undefined) throw new Error(`unexpected ${name}`);
    const response = respond(command.input);
    if (response instanceof Error) throw response;
    return response;
  };
  return { client: Object.assign(Object.create(prototype), { send }) as C, sent };
}
