import * as pulumi from "@pulumi/pulumi";
import { PLUGIN_READY, SURVEY_ENVIRONMENT } from "../../staging/resources/tokens.ts";

/** One resource as the program registered it. */
interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Names of the resources that it depends on. */
  readonly dependsOn: readonly string[];
  /** Name of its parent. */
  readonly parent: string;
  /** URN and ID of the declared provider; "" for the default one. */
  readonly provider: string;
  /** Whether the engine refuses to delete it. */
  readonly isProtected: boolean;
  /** The ID of the resource that it adopts; "" for none. */
  readonly importId: string;
  /** Properties whose changes the engine ignores. */
  readonly ignoreChanges: readonly string[];
  /** The time-outs of its provider, if the program declares any. */
  readonly timeouts: { readonly create?: string; readonly update?: string };
}

export interface Recording {
  readonly resources: readonly Registered[];
  /** The resource of that name. @throws Error if it does not exist */
  get(name: string): Registered;
  ofType(type: string): Registered[];
  /** The program's result, with its outputs resolved. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

export const ACCOUNT_ID = "123456789012";

/** The outputs that the providers would compute, by type. An AWS resource gets an ARN. */
const COMPUTED: Readonly<Record<string, Record<string, unknown>>> = {
  "staging:index:StagedData": {
    filename: "reference.fasta",
    kind: "file",
    key: "stage-abc123def456/reference.fasta",
    sizeBytes: 107_374_182_400,
    fileCount: 1,
    sha256: "a1".repeat(32),
    manifestKey: "stage-abc123def456/.spawn-manifest.jsonl",
    manifestSha256: "b2".repeat(32),
    partSizeBytes: 67_108_864,
    uploadedAt: "2024-01-22T10:30:15Z",
  },
  "staging:index:Replication": {
    ruleId: "a-rule",
    via: "rule",
    objects: 2,
    seconds: 4.5,
    verifiedBy: "checksum",
  },
  "staging:index:Expiration": { ruleId: "spawn-ttl-7", removedAt: "2024-01-30T00:00:00Z" },
  "staging:index:UsageRow": { openedAt: "2024-01-22T10:31:00Z" },
  "staging:index:EntryGuard": {},
  "staging:index:VersioningReadiness": { writableAt: "2024-01-22T10:15:00Z" },
  "staging:index:BucketAdoption": { writableAt: "2024-01-22T10:15:00Z" },
  "staging:index:BucketRules": {},
  "staging:index:SweepRun": {
    createdAt: "2024-01-22T10:30:00Z",
    deadlineAt: "2024-01-23T10:30:10Z",
    startedAt: "2024-01-22T10:30:10Z",
  },
  "pulumi:providers:aws": {},
};

/** The result of a provider's function. */
type Answer = (
  args: Readonly<Record<string, unknown>>,
  /** The types that the program has registered so far. */
  registered: readonly string[],
) => Record<string, unknown> | Promise<Record<string, unknown>>;

/** The results of a sweep's lookups in an account with default VPCs. */
export const LOOKUPS: Readonly<
  Record<string, (args: Readonly<Record<string, unknown>>) => Record<string, unknown>>
> = {
  "aws:ec2/getSubnets:getSubnets": ({ region }) => ({
    ids: ["b", "a"].map((zone) => `subnet-0${zone}0of${String(region)}`),
  }),
  "aws:ec2/getSubnet:getSubnet": ({ region, id }) => ({ id, vpcId: `vpc-of-${String(region)}` }),
  "aws:ssm/getParameter:getParameter": ({ region, name }) => ({
    insecureValue: `ami-${String(region)}-${String(name).split("-").at(-1)}`,
  }),
};

/** The part of the SDK's mock engine that is intercepted. */
interface Monitor {
  registerResource(request: RegisterRequest, callback: unknown): Promise<void>;
}
interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getCustom(): boolean;
  getDependenciesList(): string[];
  getProvider(): string;
  getProtect(): boolean | undefined;
  getImportid(): string;
  getIgnorechangesList(): string[];
  getCustomtimeouts(): { getCreate(): string; getUpdate(): string } | undefined;
}

const nameOfUrn = (urn: string): string => urn.split("::").at(-1) ?? "";

/**
 * Runs a program against a mock engine and records its registrations. Functions that no test knows of, and
 * AWS resources without an explicit region make it fail.
 */
export async function record(
  program: () => Promise<Record<string, unknown>>,
  options: {
    stack?: string;
    config?: Record<string, string>;
    preview?: boolean;
    /** Results in place of the usual ones, by token. */
    lookups?: Readonly<Record<string, Answer>>;
  } = {},
): Promise<Recording> {
  const inputs = new Map<string, Record<string, unknown>>();
  const registered: string[] = [];
  await pulumi.runtime.setMocks(
    {
      call({ token, inputs: args }) {
        if (token === "aws:index/getCallerIdentity:getCallerIdentity") return { accountId: ACCOUNT_ID };
        // A new stack in an empty account.
        const answer: Answer | undefined = options.lookups?.[token] ?? LOOKUPS[token];
        if (answer !== undefined) return answer(args as Record<string, unknown>, registered);
        if (token === "pulumi:pulumi:readStackOutputs") return { outputs: {} };
        if (token === PLUGIN_READY) return {};
        if (token === SURVEY_ENVIRONMENT) return { tables: [], buckets: [] };
        throw new Error(`the program called ${token}`);
      },
      newResource({ type, name, inputs: given, custom }) {
        if (inputs.has(name)) throw new Error(`two resources are named ${name}`);
        inputs.set(name, given as Record<string, unknown>);
        if (!custom) return { id: undefined, state: {} };
        const computed = computedBy(type, name);
        return { id: `${name}-id`, state: { ...given, ...(options.preview ? {} : computed) } };
      },
    },
    "spawn",
    options.stack ?? "dev",
    options.preview ?? false,
    "organization",
  );
  pulumi.runtime.setAllConfig(options.config ?? {});
  const resources: Omit<Registered, "inputs">[] = [];
  const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
  const registerResource = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    registered.push(request.getType());
    resources.push({
      type: request.getType(),
      name: request.getName(),
      dependsOn: request.getDependenciesList().map(nameOfUrn),
      parent: nameOfUrn(request.getParent()),
      provider: request.getProvider(),
      isProtected: request.getProtect() ?? false,
      importId: request.getImportid(),
      ignoreChanges: request.getIgnorechangesList(),
      timeouts: timeoutsOf(request),
    });
    return registerResource(request, callback);
  };
  const returned = await pulumi.runtime.runInPulumiStack(program);
  const outputs = await settled(pulumi.output(returned));
  await pulumi.runtime.disconnect();
  return recording(
    resources.map((resource) => ({ ...resource, inputs: inputs.get(resource.name) ?? {} })),
    (outputs ?? {}) as Record<string, unknown>,
  );
}

function timeoutsOf(request: RegisterRequest): Registered["timeouts"] {
  const timeouts = request.getCustomtimeouts();
  const given = { create: timeouts?.getCreate(), update: timeouts?.getUpdate() };
  return Object.fromEntries(Object.entries(given).filter(([, time]) => time));
}

function computedBy(type: string, name: string): Record<string, unknown> {
  if (type.startsWith("aws:s3/accessPoint:"))
    return { arn: `arn:aws:s3:us-east-1:111111111111:accesspoint/${name}`, alias: `${name}-s3alias` };
  if (type.startsWith("aws:")) return { arn: `arn:of:${name}` };
  const computed = COMPUTED[type];
  if (computed === undefined) throw new Error(`the program declares ${type}, which no test knows of`);
  return computed;
}

/** The value of an output; undefined if a preview does not know it. */
function settled<T>(output: pulumi.Output<T>): Promise<T> {
  return (output as unknown as { promise(): Promise<T> }).promise();
}

function recording(resources: readonly Registered[], outputs: Record<string, unknown>): Recording {
  return {
    resources,
    outputs,
    get(name) {
      const found = resources.find((resource) => resource.name === name);
      if (!found)
        throw new Error(`no resource ${name} among ${resources.map((each) => each.name).join(", ")}`);
      return found;
    },
    ofType: (type) => resources.filter((resource) => resource.type === type),
  };
}
