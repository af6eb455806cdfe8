import type { Step } from "../step.ts";
import { byHand } from "./by-hand.ts";
import { environment } from "./environment.ts";
import { sharing } from "./sharing.ts";
import { expiration, kms, upload } from "./staging.ts";
import { groupErrors, sweep, table } from "./sweep.ts";

/** All steps in order: the first creates the resources of the others. */
export const STEPS: readonly Step[] = [
  environment,
  upload,
  expiration,
  sharing,
  sweep,
  table,
  groupErrors,
  kms,
  byHand,
];
