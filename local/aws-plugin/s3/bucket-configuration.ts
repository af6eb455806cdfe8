import type { CheckFailure, Properties, ResourceHandler } from "../../../provider/plugin/types.ts";
import { type Field, type Fields, type InputsOf, string } from "../../../staging/schema/fields.ts";
import { type Actual, defineResource } from "../resource.ts";
import type { Call, Server } from "../sdk/call.ts";
import { undefinedOn } from "../sdk/errors.ts";
import { settleGone } from "../sdk/settle.ts";
import { bucketNameProblem } from "./bucket-names.ts";
import { isOtherServer, LACKING, unlessLacking } from "./lacking.ts";

/** S3's codes for a missing bucket; a HEAD response has no body for one. */
export const NO_BUCKET = ["NoSuchBucket", "NotFound"] as const;

type BucketField = { bucket: Field<string, true> };

/** A part of a bucket's settings that S3 puts, gets and deletes as a whole. Its ID is the bucket's name. */
interface BucketConfiguration<F extends Fields> {
  readonly title: string;
  readonly fields: F;
  /** S3's codes for "not set". */
  readonly absent: readonly string[];
  check?(inputs: Properties): CheckFailure[];
  put(bucket: string, inputs: InputsOf<F>, call: Call): Promise<unknown>;
  get(bucket: string, call: Call): Promise<Partial<InputsOf<F>> | undefined>;
  inForce?(inputs: InputsOf<F>, actual: Partial<InputsOf<F>>): boolean;
  remove(bucket: string, call: Call, outputs: InputsOf<F>): Promise<unknown>;
  /** The response of another server than the local cloud, completed from the state. @default the response */
  recalled?(response: Partial<InputsOf<F>> | undefined, known: InputsOf<F>): Partial<InputsOf<F>> | undefined;
  /** For settings that every bucket has: removing them restores a default. */
  readonly hasDefault?: true;
}

export function defineBucketConfiguration<F extends Fields>(
  settings: BucketConfiguration<F>,
): (server: Server) => ResourceHandler {
  type All = BucketField & F;
  const fields = {
    bucket: string({ required: true, replaces: true, problem: bucketNameProblem }),
    ...settings.fields,
  } as All;
  const absentCodes = [...NO_BUCKET, ...settings.absent];
  const get = (bucket: string, call: Call) => undefinedOn(absentCodes, settings.get(bucket, call));
  // A setting that the server does not support stays in the state as declared.
  const lacking = <T>(call: Call, request: Promise<T>, instead: T): Promise<T> =>
    unlessLacking(settings.title, [], call, request, () => instead);
  const put = (bucket: string, inputs: InputsOf<All>, call: Call): Promise<unknown> =>
    lacking(call, settings.put(bucket, inputs as unknown as InputsOf<F>, call), undefined);
  return defineResource<All, object>({
    title: settings.title,
    fields,
    computed: [],
    ...(settings.check && { check: settings.check }),
    async create(inputs, call) {
      const { bucket } = inputs as unknown as { bucket: string };
      await put(bucket, inputs, call);
      return bucket;
    },
    async update(bucket, inputs, _actual, call) {
      await put(bucket, inputs, call);
    },
    async read(bucket, call, known) {
      const declared = "bucket" in known ? (known as unknown as InputsOf<F>) : undefined;
      const response = await lacking(call, get(bucket, call), declared);
      const { recalled } = settings;
      const recalls = declared !== undefined && recalled !== undefined && isOtherServer();
      const actual = recalls ? recalled(response, declared) : response;
      return actual && ({ ...actual, bucket } as unknown as Actual<All, object>);
    },
    ...(settings.inForce && { inForce: settings.inForce as (inputs: object, actual: object) => boolean }),
    async delete(bucket, outputs, call) {
      const request = settings.remove(bucket, call, outputs as unknown as InputsOf<F>);
      await undefinedOn([...absentCodes, LACKING], request);
      if (settings.hasDefault) return;
      const find = () => undefinedOn([LACKING], get(bucket, call));
      await settleGone(call, `the ${settings.title} of ${bucket}`, find);
    },
  });
}
