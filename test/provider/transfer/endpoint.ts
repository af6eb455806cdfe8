import type { AddressInfo, Server } from "node:net";

/** Starts a server on a free port of this machine. @returns its URL */
export async function listenOn(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Sets variables of this process, with keys for any emulator. @returns a function that restores the old values */
export function setVariables(variables: Readonly<Record<string, string>>): () => void {
  const all = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", ...variables };
  const saved = Object.keys(all).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, all);
  return () => {
    for (const [name, value] of saved) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}
