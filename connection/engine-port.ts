import { once } from "node:events";
import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import grpc from "@grpc/grpc-js";
import { messageOf } from "../staging/errors.ts";
import { type FindOwners, requireOwnPeer } from "./peer.ts";

interface EnginePort {
  /** A free port on 127.0.0.1. */
  readonly port: number;
  /** Closes all connections, calls and the port at once. */
  close(): void;
}

/** Messages of any size, as in the engine and its SDKs: a stack's inputs can be large. */
export const ANY_MESSAGE_SIZE = {
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
} as const satisfies grpc.ChannelOptions;

/** Milliseconds in which a refused peer can send a call and read the reason. */
const REFUSAL_MS = 5_000;

/**
 * Serves gRPC to the Pulumi engine on a port of 127.0.0.1, the only address that the engine supports (it dials the
 * port number that a plugin prints). Every user of the machine can connect to the port, and the engine sends no
 * secret. So the server checks each connection before it reads data: the connection must belong to a process of this
 * user. Every other peer gets PERMISSION_DENIED for each call.
 *
 * @param opened a port that another process opened for this one. @default a free port
 */
export async function serveEngine(
  server: grpc.Server,
  findOwners?: FindOwners,
  opened?: Server,
): Promise<EnginePort> {
  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  const sockets = new Set<Socket>();
  const listener = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => undefined); // a peer that disconnects during the check
    requireOwnPeer(socket, findOwners).then(
      () => {
        if (socket.destroyed) return;
        startReading(socket);
        injector.injectConnection(socket);
      },
      (error: unknown) => refuse(socket, messageOf(error)),
    );
  });
  if (opened === undefined) listener.listen(0, "127.0.0.1");
  else listener.listen(opened);
  await once(listener, "listening");
  listener.on("error", () => undefined); // a connection that could not be accepted
  const { port } = listener.address() as AddressInfo;
  return {
    port,
    close: () => {
      listener.close();
      for (const socket of sockets) socket.destroy();
      server.forceShutdown();
    },
  };
}

/** A socket accepted with `pauseOnConnect` reads nothing before this. HTTP/2 takes over before data arrive. */
const startReading = (socket: Socket): unknown => socket.read(0);

/** Refuses each call on the connection without reading it, then closes the connection. */
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
