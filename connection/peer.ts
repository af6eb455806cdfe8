import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { endianness } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { messageOf } from "../staging/errors.ts";

/** A connection to a port of this machine, identified by its two ends. IPv4 only. */
export interface Ends {
  /** The end of this process. */
  readonly own: string;
  readonly ownPort: number;
  /** The end of the peer. */
  readonly peer: string;
  readonly peerPort: number;
}

/** The two ends of a socket; undefined after it is closed. */
interface SocketEnds {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** The users (uids) of processes that hold the peer's end of a connection. Empty if no process does. */
export type FindOwners = (ends: Ends) => Promise<number[]>;

/** The reason why a connection is refused. */
export class PeerRefused extends Error {
  override readonly name = "PeerRefused";
}

/** The kernel writes the table in chunks: concurrent changes can hide an entry. */
const LOOKS = 3;
const PAUSE_MS = 20;

/**
 * Checks that the other end of a connection belongs to the user of this process. A port on 127.0.0.1 accepts every
 * user of the machine; connections of root are not accepted for another user. The connection must stay open during
 * the check: a peer without an owner is refused.
 * @param user the effective user of this process; undefined on systems without users
 * @throws PeerRefused with the reason
 */
export async function requireOwnPeer(
  socket: SocketEnds,
  findOwners: FindOwners = findOwnersHere,
  user: number | undefined = process.geteuid?.(),
): Promise<void> {
  if (user === undefined) throw new PeerRefused("this system does not report the user of a process");
  const ends = endsOf(socket);
  if (ends === undefined) throw new PeerRefused("the connection is closed, or not an IPv4 connection");
  let owners: number[] = [];
  try {
    for (let look = 1; look <= LOOKS && owners.length === 0; look += 1) {
      if (look > 1) await sleep(PAUSE_MS);
      owners = await findOwners(ends);
    }
  } catch (error) {
    throw new PeerRefused(`the owner of the connection cannot be found: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (owners.length === 0) throw new PeerRefused("the system lists no open connection of this peer");
  const other = owners.find((owner) => owner !== user);
  if (other !== undefined) {
    throw new PeerRefused(`the connection belongs to the user with id ${other}, and not to ${user}`);
  }
}

function endsOf({ localAddress, localPort, remoteAddress, remotePort }: SocketEnds): Ends | undefined {
  if (localPort === undefined || remotePort === undefined) return undefined;
  const own = ipv4(localAddress);
  const peer = ipv4(remoteAddress);
  if (own === undefined || peer === undefined) return undefined;
  return { own, ownPort: localPort, peer, peerPort: remotePort };
}

/** The IPv4 address, also in the form `::ffff:127.0.0.1` of a dual-stack socket. */
function ipv4(address: string | undefined): string | undefined {
  return /^(?:::ffff:)?(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address ?? "")?.[1];
}

/** Linux has a table of all connections; other systems have `lsof`. */
function findOwnersHere(ends: Ends): Promise<number[]> {
  return process.platform === "linux" ? findOwnersInProc(ends) : findOwnersByLsof(ends);
}

async function findOwnersInProc(ends: Ends): Promise<number[]> {
  const found = ownersInTable(await readFile("/proc/net/tcp", "latin1"), ends);
  if (found.length > 0) return found;
  // An IPv6 socket that is connected to an IPv4 address. The file does not exist without IPv6.
  const table = await readFile("/proc/net/tcp6", "latin1").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  return ownersInTable(table, ends);
}

/** The state `TCP_ESTABLISHED`. In later states the socket may have lost its process, and then counts as root's. */
const ESTABLISHED = "01";

/**
 * The owners of a connection's peer in the text of `/proc/net/tcp` or `/proc/net/tcp6`
 * (https://docs.kernel.org/networking/proc_net_tcp.html). Only open sockets with a process count.
 */
export function ownersInTable(table: string, { own, ownPort, peer, peerPort }: Ends): number[] {
  const owners: number[] = [];
  for (const prefix of ["", MAPPED]) {
    const pair = ` ${prefix}${inHex(peer, peerPort)} ${prefix}${inHex(own, ownPort)} ${ESTABLISHED} `;
    for (let at = table.indexOf(pair); at >= 0; at = table.indexOf(pair, at + 1)) {
      const end = table.indexOf("\n", at);
      // The next fields: queues, timer, retransmissions, uid, timeout, inode.
      const fields = table
        .slice(at + pair.length, end < 0 ? undefined : end)
        .trim()
        .split(/\s+/);
      const [uid, inode] = [fields[3], fields[5]];
      if (uid !== undefined && /^\d+$/.test(uid) && inode !== undefined && inode !== "0") {
        owners.push(Number(uid));
      }
    }
  }
  return owners;
}

const IS_LITTLE_ENDIAN = endianness() === "LE";
/** `::ffff:` before an IPv4 address, in the table's words of 4 bytes. */
const MAPPED = `0000000000000000${IS_LITTLE_ENDIAN ? "FFFF0000" : "0000FFFF"}`;

/** An address in the table's form: the address is one word in this machine's byte order, the port is not. */
function inHex(address: string, port: number): string {
  const bytes = address.split(".").map(Number);
  if (IS_LITTLE_ENDIAN) bytes.reverse();
  const hex = (value: number, digits: number): string =>
    value.toString(16).toUpperCase().padStart(digits, "0");
  return `${bytes.map((byte) => hex(byte, 2)).join("")}:${hex(port, 4)}`;
}

const LSOF_LIMIT_MS = 10_000;

/**
 * `lsof` sees the sockets of this user's processes, or all sockets if run as root. It omits another user's socket, or
 * lists it with that user.
 */
async function findOwnersByLsof(ends: Ends): Promise<number[]> {
  const lsof = process.platform === "darwin" ? "/usr/sbin/lsof" : "lsof";
  const args = ["-nP", "-w", `-iTCP@${ends.peer}:${ends.peerPort}`, "-sTCP:ESTABLISHED", "-Fun"];
  try {
    const { stdout } = await promisify(execFile)(lsof, args, { timeout: LSOF_LIMIT_MS });
    return ownersInLsof(stdout, ends);
  } catch (error) {
    // `lsof` exits with 1 if it finds nothing.
    const { code, stdout } = error as { code?: unknown; stdout?: string };
    if (code === 1) return ownersInLsof(stdout ?? "", ends);
    throw error;
  }
}

/**
 * The owners of a connection's peer in the output of `lsof -Fun`: a line per process, its user, and each of its
 * connections.
 */
export function ownersInLsof(text: string, { own, ownPort, peer, peerPort }: Ends): number[] {
  const owners: number[] = [];
  let user: number | undefined;
  for (const line of text.split("\n")) {
    const value = line.slice(1);
    if (line.startsWith("p")) user = undefined;
    else if (line.startsWith("u")) user = Number(value);
    else if (line === `n${peer}:${peerPort}->${own}:${ownPort}`) owners.push(user ?? Number.NaN);
  }
  return owners;
}
