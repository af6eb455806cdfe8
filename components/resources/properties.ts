import type { Input, Output } from "@pulumi/pulumi";

/** The inputs `I` of a resource type as a program gives them: each may be the output of another resource. */
export type ProgramArgs<I> = {
  [K in keyof I]: Partial<Pick<I, K>> extends Pick<I, K> ? Input<I[K] | undefined> : Input<I[K]>;
};

/** What of `O` is not an input: the SDK must be told these names before their values are known. */
export type Computed<I, O extends I> = Record<Exclude<keyof O, keyof I> & string, undefined>;

/** The outputs `O` of a resource as a program sees them. */
export type ProgramOutputs<O> = { readonly [K in keyof O]-?: Output<O[K]> };
