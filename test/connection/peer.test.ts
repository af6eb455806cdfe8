import { connect, createServer, type Socket } from "node:net";
import { endianness } from "node:os";
import { expect } from "chai";
import {
  type Ends,
  type FindOwners,
  ownersInLsof,
  ownersInTable,
  PeerRefused,
  requireOwnPeer,
} from "../../connection/peer.ts";

const ENDS: Ends = { own: "127.0.0.1", ownPort: 0x901d, peer: "127.0.0.1", peerPort: 0xc002 };
const SOCKET = { localAddress: "127.0.0.1", localPort: 1, remoteAddress: "127.0.0.1", remotePort: 2 };

const HOST = endianness() === "LE" ? "0100007F" : "7F000001";
const MAPPED = `0000000000000000${endianness() === "LE" ? "FFFF0000" : "0000FFFF"}${HOST}`;

/** A table of the kernel with our listening port, our own end, and the peer's end as given. */
function table(peer: { state?: string; uid?: number; inode?: number; address?: string }): string {
  const { state = "01", uid = 1000, inode = 77, address = HOST } = peer;
  const rest = "00000000:00000000 00:00000000 00000000";
  return [
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
    `   0: ${HOST}:901D 00000000:0000 0A ${rest}     0        0 70 1 00 100 0 0 10 0`,
    `   1: ${HOST}:901D ${HOST}:C002 01 ${rest}     0        0 71 1 00 20 4 30 10 -1`,
    `   2: ${address}:C002 ${address}:901D ${state} ${rest} ${String(uid).padStart(5)}        0 ${inode} 1 00 20 4 30 10 -1`,
    "",
  ].join("\n");
}

async function refusal(promise: Promise<void>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    expect(error).to.be.instanceOf(PeerRefused);
    return (error as Error).message;
  }
  throw new Error("the peer was accepted");
}

describe("requireOwnPeer", () => {
  it("finds the user of the peer's end, and not of the own end", () => {
    expect(ownersInTable(table({}), ENDS)).to.deep.equal([1000]);
    expect(ownersInTable(table({ address: MAPPED }), ENDS)).to.deep.equal([1000]);
    expect(ownersInTable(table({}), { ...ENDS, peerPort: 0xc003 })).to.deep.equal([]);
    expect(ownersInTable(table({}), { ...ENDS, peer: "127.0.0.2" })).to.deep.equal([]);
    expect(ownersInTable("", ENDS)).to.deep.equal([]);
  });

  it("does not treat a socket without a process as root's", () => {
    // FIN_WAIT1, FIN_WAIT2, TIME_WAIT, CLOSE_WAIT, LAST_ACK
    for (const state of ["04", "05", "06", "08", "09"]) {
      expect(ownersInTable(table({ state, uid: 0, inode: 0 }), ENDS), state).to.deep.equal([]);
    }
    expect(ownersInTable(table({ uid: 0, inode: 0 }), ENDS)).to.deep.equal([]);
  });

  it("finds the users in the output of lsof", () => {
    const text = [
      ...["p10", "u501", "f12", "n127.0.0.1:49154->127.0.0.1:36893"],
      ...[
        "p11",
        "u502",
        "f4",
        "n127.0.0.1:36893->127.0.0.1:49154",
        "f5",
        "n127.0.0.1:49154->127.0.0.1:36893",
      ],
    ].join("\n");
    expect(ownersInLsof(text, ENDS)).to.deep.equal([501, 502]);
    expect(ownersInLsof("", ENDS)).to.deep.equal([]);
    expect(ownersInLsof("p10\nn127.0.0.1:49154->127.0.0.1:36893", ENDS)).to.deep.equal([Number.NaN]);
  });

  it("accepts only connections that belong to this user alone", async () => {
    const owned =
      (...owners: number[]): FindOwners =>
      async () =>
        owners;
    await requireOwnPeer(SOCKET, owned(1000), 1000);
    await requireOwnPeer({ ...SOCKET, remoteAddress: "::ffff:127.0.0.1" }, owned(1000, 1000), 1000);
    expect(await refusal(requireOwnPeer(SOCKET, owned(65534), 1000))).to.include("65534");
    expect(await refusal(requireOwnPeer(SOCKET, owned(0), 1000))).to.include("id 0");
    expect(await refusal(requireOwnPeer(SOCKET, owned(1000), 0))).to.include("id 1000");
    expect(await refusal(requireOwnPeer(SOCKET, owned(1000, 1001), 1000))).to.include("1001");
    expect(await refusal(requireOwnPeer(SOCKET, owned(), 1000))).to.include("no open connection");
    const blind: FindOwners = async () => Promise.reject(new Error("spawn lsof ENOENT"));
    expect(await refusal(requireOwnPeer(SOCKET, blind, 1000))).to.include("spawn lsof ENOENT");
    expect(await refusal(requireOwnPeer({ ...SOCKET, remoteAddress: "::1" }, owned(1000), 1000))).to.include(
      "IPv4",
    );
    const closed = { ...SOCKET, remoteAddress: undefined, remotePort: undefined };
    expect(await refusal(requireOwnPeer(closed, owned(1000), 1000))).to.include("closed");
  });

  for (const host of ["127.0.0.1", "::ffff:127.0.0.1"]) {
    it(`finds this process at the other end of a connection to ${host}, and no user after it is closed`, async () => {
      const server = createServer({ pauseOnConnect: true });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("no port");
      const client = connect({ host, port: address.port });
      client.on("error", () => undefined);
      const socket = await accepted;
      try {
        await requireOwnPeer(socket);
        const { localAddress, localPort, remoteAddress, remotePort } = socket;
        await new Promise<void>((resolve) => client.once("close", () => resolve()).destroy());
        const ends = { localAddress, localPort, remoteAddress, remotePort };
        expect(await refusal(requireOwnPeer(ends))).to.include("no open connection");
      } finally {
        socket.destroy();
        server.close();
      }
    });
  }
});
