import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";
import grpc from "@grpc/grpc-js";
import { type FindOwners, requireOwnPeer } from "./peer.ts";

export interface EnginePort {
  /** On 127.0.0.1; free when it was asked for. */
  readonly port: number;
  /** Ends all connections and calls at once, and the port. */
  close(): void;
}

/** Milliseconds that a refused peer has to ask for something and to read why it gets nothing. */
const REFUSAL_MS = 5_000;

/**
 * Serves gRPC to the Pulumi engine, on a port of 127.0.0.1: the engine can be told nothing else (it dials the number that a plugin
 * prints). Every user of the machine can connect to such a port, and the engine sends no secret, so each connection is
 * checked once, before anything of it is read: it must belong to a process of this user. Any other gets PERMISSION_DENIED as
 * the answer to each call.
 */
export async function serveEngine(server: grpc.Server, findOwners?: FindOwners): Promise<EnginePort> {
  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  const sockets = new Set<Socket>();
  const listener = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => undefined); // a peer that goes away while it is checked
    requireOwnPeer(socket, findOwners).then(
      () => {
        if (socket.destroyed) return;
        startReading(socket);
        injector.injectConnection(socket);
      },
      (error: unknown) => refuse(socket, error instanceof Error ? error.message : String(error)),
    );
  });
  const port = await new Promise<number>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(0, "127.0.0.1", () => resolve((listener.address() as AddressInfo).port));
  });
  return {
    port,
    close: () => {
      listener.close();
      for (const socket of sockets) socket.destroy();
      server.forceShutdown();
    },
  };
}

/** A socket that was accepted with `pauseOnConnect` reads nothing before this. HTTP/2 takes over before anything arrives. */
const startReading = (socket: Socket): unknown => socket.read(0);

/** Answers each call on the connection without looking at it, for a while, and closes. */
function refuse(socket: Socket, reason: string): void {
  if (socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), REFUSAL_MS);
  timer.unref();
  socket.once("close", () => clearTimeout(timer));
  const refusal = createHttp2Server();
  refusal.on("session", (session: ServerHttp2Session) => session.on("error", () => undefined));
  refusal.on("stream", (stream) => {
    stream.on("error", () => undefined);
    stream.respond(
      {
        ":status": 200,
        "content-type": "application/grpc",
        "grpc-status": String(grpc.status.PERMISSION_DENIED),
        "grpc-message": encodeURI(`spawn refuses this connection: ${reason}`),
      },
      { endStream: true },
    );
    stream.close();
  });
  startReading(socket);
  refusal.emit("connection", socket);
}
