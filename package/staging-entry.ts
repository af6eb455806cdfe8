import { all, type Input, type Output, output } from "@pulumi/pulumi";
import { StagingEntry } from "../components/staging-entry.ts";
import { parseBandwidthLimit } from "../staging/bandwidth.ts";
import type { stagingEntryComponent } from "../staging/components/staging-entry.ts";
import { declaredSource } from "../staging/declared-source.ts";
import { defaultDestination } from "../staging/destination.ts";
import { type EntrySpec, filenameOf, parseItemName } from "../staging/entry.ts";
import { parseEntrySpec } from "../staging/entry-values.ts";
import { bucketOf, type EnvironmentSettings } from "../staging/environment.ts";
import { declaredStagingId } from "../staging/ids.ts";
import { parseRegionList } from "../staging/regions.ts";
import { assertHasLinks, assertOnS3, assertRequestPayer } from "../staging/s3-url.ts";
import type { InputsOfComponent } from "../staging/schema/resource.ts";
import { expiresAt, isoSeconds } from "../staging/ttl.ts";
import { at, type Build, type ComponentCall } from "./component.ts";
import { environmentOf } from "./environment-argument.ts";

type EntryArguments = InputsOfComponent<typeof stagingEntryComponent>;

export const buildEntry: Build<typeof stagingEntryComponent> = async (call, args) => {
  const { settings, writableAt } = await environmentOf(args.environment, "environment");
  const spec = specOf(call, args, settings);
  const environment = { settings, dependsOn: [...call.dependencies], ...(writableAt && { writableAt }) };
  const resource = new StagingEntry(call.name, { spec, environment }, call.options, call.type);
  const { data, record } = resource;
  const buckets = Object.fromEntries(spec.regions.map((region) => [region, bucketOf(settings, region)]));
  // The record is created last, so users of the outputs depend on it.
  const recorded = <T>(value: Input<T>): Output<T> => all([value, record?.id]).apply(([known]) => known as T);
  const { kind, filename, sizeBytes, manifestSha256 } = data;
  return {
    resource,
    outputs: {
      stagingId: spec.id,
      sizeBytes: recorded(sizeBytes),
      fileCount: recorded(data.fileCount),
      destination: spec.destination,
      uris: recorded(data.key).apply((key) =>
        Object.fromEntries(
          Object.entries(buckets).map(([region, bucket]) => [region, `s3://${bucket}/${key}`]),
        ),
      ),
      expiresAt: recorded(data.uploadedAt).apply((time) => isoSeconds(expiresAt(new Date(time), spec.ttl))),
      dataset: recorded(
        output({
          ...{ stagingId: spec.id, kind, filename, sizeBytes, manifestSha256 },
          ...{ destination: spec.destination, buckets },
        }),
      ),
    },
  };
};

/** @throws InvalidInputs that names the property */
function specOf(
  { name, parent }: ComponentCall,
  args: EntryArguments,
  settings: EnvironmentSettings,
): EntrySpec {
  const { filename, exclude = [], noSha256 = false, followLinks = false, requestPayer = false } = args;
  // The engine starts a plugin in the program's folder.
  const { location: source, canonical } = declaredSource(args.source, process.cwd());
  if (noSha256) at("noSha256", () => assertOnS3(source));
  if (followLinks) at("followLinks", () => assertHasLinks(source));
  if (requestPayer) at("requestPayer", () => assertRequestPayer(source));
  const regions = at("regions", () => parseRegionList(args.regions ?? settings.regions));
  const [primary] = regions;
  const [bucket] = at("regions", () => regions.map((region) => bucketOf(settings, region)));
  const declaredAs = at("name", () => parseItemName(name));
  // Data are never replaced in place, so another environment or bucket gives another entry.
  const scope = [parent, settings.name, bucket].join(" ");
  const options = { exclude, noSha256, filename, followLinks };
  const { bandwidthLimit } = args;
  const spec = {
    ...{ source, exclude, noSha256, followLinks, requestPayer, regions, declaredAs },
    id: declaredStagingId(scope, name, canonical, primary, options),
    destination: args.dest ?? at("filename", () => defaultDestination(filename ?? filenameOf(source))),
    ttl: args.ttl,
    replication: args.replication,
    allowAccounts: args.allowAccounts ?? [],
    ...(filename === undefined ? {} : { filename }),
    ...(args.sweep === undefined ? {} : { sweepId: args.sweep }),
    ...(bandwidthLimit === undefined ? {} : { bandwidthLimit: parseBandwidthLimit(bandwidthLimit) }),
  };
  return at("source", () => parseEntrySpec(spec, "the entry"));
}
