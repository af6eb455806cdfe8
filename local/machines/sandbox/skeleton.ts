import { existsSync } from "node:fs";
import {
  chmod,
  chown,
  cp,
  lchown,
  lstat,
  mkdir,
  readdir,
  readlink,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { ifThere } from "../../../files/read.ts";

interface SkeletonOptions {
  readonly hostName: string;
  /** The script of the user data. */
  readonly script: Uint8Array | undefined;
  /** The owner of all files; undefined for this user. */
  readonly owner: number | undefined;
}

/** The instance's own folders. Mounts cover some of them. */
const FOLDERS = [
  "dev",
  "etc",
  "home",
  "mnt",
  "opt",
  "proc",
  "root",
  "run",
  "srv",
  "sys",
  "tmp",
  "usr",
  "var",
];
/** Links into /usr, if this machine has them: https://systemd.io/THE_CASE_FOR_THE_USR_MERGE */
const INTO_USR = ["bin", "lib", "lib32", "lib64", "libx32", "sbin"];

/** Files of this machine's /etc that programs in its /usr need. None of them is secret, although root reads them. */
const COPIED = [
  ...[
    "alternatives",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "nsswitch.conf",
  ],
  ...["os-release", "protocols", "resolv.conf", "services", "shells"],
  ...[
    "ssl/certs/ca-certificates.crt",
    "ssl/openssl.cnf",
    "pki/tls/certs/ca-bundle.crt",
    "pki/tls/openssl.cnf",
  ],
  ...["pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "crypto-policies/back-ends/opensslcnf.config"],
];

/**
 * Creates the root folder of a machine, once: a later write could follow a link that the machine has created. The
 * folder must not exist.
 */
export async function makeSkeleton(
  root: string,
  { hostName, script, owner }: SkeletonOptions,
): Promise<void> {
  await mkdir(root, { mode: 0o755 });
  for (const name of FOLDERS) await mkdir(join(root, name), { mode: 0o755 });
  for (const name of INTO_USR) {
    if ((await ifThere(lstat(`/${name}`)))?.isSymbolicLink()) {
      await symlink(await readlink(`/${name}`), join(root, name));
    }
  }
  await mkdir(join(root, "var", "tmp"), { mode: 0o1777 });
  for (const name of COPIED) {
    const source = join("/etc", name);
    if (!existsSync(source)) continue;
    const isFolder = (await lstat(source)).isDirectory();
    await mkdir(dirname(join(root, "etc", name)), { recursive: true });
    // Links in a folder stay links: /etc/alternatives/awk leads into /usr, which the machine has.
    await cp(source, join(root, "etc", name), {
      recursive: isFolder,
      dereference: !isFolder,
      verbatimSymlinks: isFolder,
    });
  }
  for (const [name, text] of Object.entries(ownFiles(hostName)))
    await writeFile(join(root, "etc", name), text);
  await mkdir(join(root, "etc", "systemd", "system"), { recursive: true });
  if (script !== undefined) {
    const folder = join(root, "var", "lib", "cloud", "instance", "scripts");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "part-001"), script, { mode: 0o700 });
    await chmod(join(folder, "part-001"), 0o700);
  }
  if (owner !== undefined) await giveTo(owner, root);
}

function ownFiles(hostName: string): Readonly<Record<string, string>> {
  const short = hostName.split(".", 1)[0];
  return {
    passwd: "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
    group: "root:x:0:\nnogroup:x:65534:\n",
    hostname: `${hostName}\n`,
    hosts: `127.0.0.1 localhost\n::1 localhost\n127.0.1.1 ${hostName} ${short}\n`,
  };
}

async function giveTo(owner: number, root: string): Promise<void> {
  await chown(root, owner, owner);
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    await lchown(join(entry.parentPath, entry.name), owner, owner);
  }
}
