import { chmod, mkdir } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import type { Aws } from "./support/aws.ts";
import { run, succeed } from "./support/process.ts";
import { bucketOf, REGIONS, sharedWorld, type World } from "./support/world.ts";

interface Case {
  readonly what: string;
  readonly args: readonly string[];
  /** Parts that the message must contain, on stderr and, under --json, in the envelope. */
  readonly says: readonly string[];
}

const upload = (...flags: string[]): string[] => ["stage", "upload", "good.dat", ...flags];
const UNKNOWN = "stage-0123456789ab";

/** Root can read every file, so these cases are skipped for root. */
const UNREADABLE: readonly Case[] =
  process.getuid?.() === 0
    ? []
    : [
        {
          what: "a file without permission to read it",
          args: ["stage", "upload", "secret.dat"],
          says: ['"secret.dat" cannot be read', "Permission denied", "chmod u+r"],
        },
        {
          what: "a file in a folder without permission to enter it",
          args: ["stage", "upload", "locked/file.dat"],
          says: ['"locked/file.dat" cannot be read', "Permission denied"],
        },
      ];

const CASES: readonly Case[] = [
  { what: "no such file", args: ["stage", "upload", "none.dat"], says: ['there is no file "none.dat"'] },
  {
    what: "a path through a file",
    args: ["stage", "upload", "good.dat/more"],
    says: ['there is no file "good.dat/more"'],
  },
  { what: "a path that is too long", args: ["stage", "upload", "x".repeat(300)], says: ["cannot be read"] },
  { what: "an empty path", args: ["stage", "upload", ""], says: ["no file is given"] },
  {
    what: "a pipe",
    args: ["stage", "upload", "pipe"],
    says: ['"pipe" is not a regular file', "YOUR-COMMAND > data.bin && spawn stage upload data.bin"],
  },
  {
    what: "the standard input",
    args: ["stage", "upload", "-"],
    says: ['"-" is the standard input', "YOUR-COMMAND > data.bin && spawn stage upload data.bin"],
  },
  ...["/dev/stdin", "/dev/fd/63", "/proc/self/fd/0"].map((path) => ({
    what: path,
    args: ["stage", "upload", path],
    says: [`${path} is handed over by the shell`, "YOUR-COMMAND > data.bin"],
  })),
  { what: "the standard input of an estimate", args: ["stage", "estimate", "-"], says: ["standard input"] },
  { what: "a socket", args: ["stage", "upload", "socket"], says: ['"socket" is not a regular file'] },
  { what: "a device", args: ["stage", "upload", "/dev/null"], says: ["is not a regular file"] },
  {
    what: "a name that S3 cannot list",
    args: ["stage", "upload", "two\nlines.txt", "--dest", "/mnt/data/two-lines.txt"],
    says: ['"two\\nlines.txt" contains a control character', "Rename the file."],
  },
  {
    what: "a file whose content does not match its size",
    args: ["stage", "upload", "/proc/cpuinfo"],
    says: ["/proc/cpuinfo does not hold as many bytes as its size says", "cat /proc/cpuinfo > copy"],
  },
  {
    what: "patterns that leave no file",
    args: ["stage", "upload", "tree", "--exclude", "*"],
    says: ["the patterns exclude all of"],
  },
  {
    what: "a pattern that cannot keep what is below an excluded folder",
    args: ["stage", "upload", "tree", "--exclude", "*", "--exclude", "!keep/x.csv"],
    says: ["--exclude '*' --exclude '!/keep/' --exclude '!keep/x.csv'"],
  },
  {
    what: "a pattern that begins with the directory's own name",
    args: ["stage", "upload", "tree", "--exclude", "./tree/keep/"],
    says: ["matches nothing", "--exclude '/keep/'"],
  },
  {
    what: "a directory that contains the data of spawn",
    args: ["stage", "upload", ".."],
    says: ["contains a folder of spawn itself", "--exclude '/data/'"],
  },
  {
    what: "links to follow on S3",
    args: ["stage", "upload", "s3://example/p/", "--follow-links"],
    says: ["has no links to follow"],
  },
  ...UNREADABLE,
  { what: "no path", args: ["stage", "upload"], says: ["<local-path> is missing", "stage upload --help"] },
  { what: "two paths", args: upload("more.dat"), says: ["unexpected argument more.dat"] },
  {
    what: "an unknown region",
    args: upload("--regions", "us-east-1,mars-north-1"),
    says: ['unknown region "mars-north-1"', "us-east-1, us-east-2"],
  },
  {
    what: "a region twice",
    args: upload("--regions", "us-east-1,us-west-2,us-east-1"),
    says: ["region us-east-1 is given twice"],
  },
  { what: "no region", args: upload("--regions", ""), says: ["region"] },
  { what: "a region without a name", args: upload("--regions", "us-east-1,,us-west-2"), says: ["region"] },
  {
    what: "a region without a bucket",
    args: upload("--regions", "us-east-1,ap-south-1"),
    says: ["has no bucket in ap-south-1", "spawn:regions in Pulumi.dev.yaml", "spawn environment up"],
  },
  ...["0", "91", "1.5", "abc", "", "1e1", "7 days", "٧"].map((ttl) => ({
    what: `a TTL of ${JSON.stringify(ttl)}`,
    args: upload("--ttl", ttl),
    says: [`TTL "${ttl}" is not a whole number of days from 1 to 90`],
  })),
  { what: "a TTL of -1", args: upload("--ttl=-1"), says: ['TTL "-1" is not a whole number of days'] },
  { what: "a TTL that looks like a flag", args: upload("--ttl", "-1"), says: ["-1"] },
  ...["data/x", "./x", "../x", "~/x", ""].map((dest) => ({
    what: `a destination of ${JSON.stringify(dest)}`,
    args: upload("--dest", dest),
    says: [`destination "${dest}" is not an absolute path`],
  })),
  {
    what: "a destination that climbs",
    args: upload("--dest", "/mnt/../etc/passwd"),
    says: ['contains ".."'],
  },
  { what: "a destination that is the root", args: upload("--dest", "/"), says: ["no place for data"] },
  ...["sweep xyz", "", "../x", "é", "x".repeat(129)].map((sweep) => ({
    what: `a sweep of ${JSON.stringify(sweep.slice(0, 20))}`,
    args: upload("--sweep-id", sweep),
    says: ["is not a sweep ID"],
  })),
  {
    what: "an unknown way to replicate",
    args: upload("--replication", "magic"),
    says: ["neither rule nor copy"],
  },
  {
    what: "an unknown flag",
    args: upload("--region", "us-east-1"),
    says: ["unknown flag --region", "--regions"],
  },
  {
    what: "an unknown environment",
    args: upload("--environment", "staging"),
    says: ["there is no environment staging", "Pulumi.staging.yaml", "dev"],
  },
  {
    what: "an impossible environment",
    args: upload("--environment", "../dev"),
    says: ['"../dev" is not the name of an environment'],
  },
  ...["info", "delete"].flatMap((command) => [
    {
      what: `an unknown id in ${command}`,
      args: ["stage", command, UNKNOWN],
      says: [`there is no staging entry ${UNKNOWN} in environment dev`, "spawn stage list"],
    },
    {
      what: `a malformed id in ${command}`,
      args: ["stage", command, "stage-XYZ"],
      says: ['"stage-XYZ" is not a staging ID', "12 hexadecimal digits"],
    },
    { what: `no id in ${command}`, args: ["stage", command], says: ["<staging-id> is missing"] },
  ]),
  { what: "an unknown format", args: ["stage", "list", "--format", "xml"], says: ["table, json, yaml"] },
  {
    what: "an unknown region in list",
    args: ["stage", "list", "--region", "x"],
    says: ['unknown region "x"'],
  },
  {
    what: "an unknown command",
    args: ["stage", "uplaod", "good.dat"],
    says: ["there is no command spawn stage uplaod", "Did you mean spawn stage upload?"],
  },
  { what: "an unknown topic", args: ["enviroment", "up"], says: ["spawn environment up"] },
];

describe("Bad input", () => {
  let world: World;
  let aws: Aws;
  let server: Server;
  let untouched: unknown;

  /** All traces that a command could leave: stacks, settings, objects, open uploads. */
  const everything = async () => ({
    traces: (await world.traces()).sort(),
    versions: await Promise.all(REGIONS.map((region) => aws.versions(region, bucketOf(region)))),
    uploads: await Promise.all(REGIONS.map((region) => aws.openUploads(region, bucketOf(region)))),
  });

  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
    await world.writeFile("good.dat", Buffer.from("good\n"));
    await world.writeFile("two\nlines.txt", Buffer.from("both\n"));
    await chmod(await world.writeFile("secret.dat", Buffer.from("secret\n")), 0o000);
    await mkdir(join(world.folder, "tree/keep"), { recursive: true });
    await world.writeFile("tree/keep/x.csv", Buffer.from("x\n"));
    await world.writeFile("tree/other", Buffer.from("x\n"));
    await mkdir(join(world.folder, "locked"), { mode: 0o000 });
    await succeed(run("mkfifo", [join(world.folder, "pipe")], { env: world.env }));
    server = createServer();
    await new Promise<void>((resolve) => server.listen(join(world.folder, "socket"), resolve));
    untouched = await everything();
  });
  after(() => new Promise<unknown>((resolve) => server.close(resolve)));

  for (const { what, args, says } of CASES) {
    it(`is refused before anything is created: ${what}`, async () => {
      const [text, json] = await Promise.all([world.spawn(...args), world.spawn(...args, "--json")]);
      expect(text.code, text.stderr).to.equal(2);
      expect(text.stdout).to.equal("");
      expect(text.stderr).to.match(/^Error: /);
      for (const part of says) expect(text.stderr).to.contain(part);
      expect(text.stderr).to.not.match(/\n\s+at /);

      expect(json.code).to.equal(2);
      expect(json.stderr).to.equal("");
      const envelope = JSON.parse(json.stdout);
      expect(Object.keys(envelope)).to.deep.equal(["status", "error", "warnings"]);
      expect(envelope.status).to.equal(2);
      for (const part of says) expect(Object.values(envelope.error).join("\n")).to.contain(part);
    });
  }

  it("is refused from a pipe, as a path and as data", async () => {
    const { code, stderr } = await world.bash("set +e; echo good.dat | spawn stage upload; exit $?");
    expect({ code, first: stderr.split("\n", 1)[0] }).to.deep.equal({
      code: 2,
      first: "Error: <local-path> is missing",
    });
    const there = await world.bash("set +e; spawn stage upload /dev/stdin < good.dat; exit $?");
    expect(there.code).to.equal(2);
  });

  it("leaves nothing behind", async () => {
    expect(await everything()).to.deep.equal(untouched);
  });
});
