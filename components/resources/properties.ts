import type { Input, Output } from "@pulumi/pulumi";

/** The inputs `I` of a resource type in a program: each may be the output of another resource. */
export type ProgramArgs<I> = {
  [K in keyof I]: Partial<Pick<I, K>> extends Pick<I, K> ? Input<I[K] | undefined> : Input<I[K]>;
};

/** The computed properties of `O`: the SDK needs their names before it has their values. */
export type Computed<I, O extends I> = Record<Exclude<keyof O, keyof I> & string, undefined>;

/** The outputs `O` of a resource in a program. */
export type ProgramOutputs<O> = { readonly [K in keyof O]-?: Output<O[K]> };
