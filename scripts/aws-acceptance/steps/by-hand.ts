import type { Step } from "../step.ts";

/** Points that need many instances, luck or an operator. The report says how to test them. */
const POINTS: Readonly<Record<string, { readonly expected: string; readonly how: string }>> = {
  "thousand-workers": {
    expected: "every group is at 0 at the end, and no index ran twice",
    how: "needs a quota of 2,000 vCPUs: spawn launch with count: 1000, max_concurrent: 1000, instance_type: t4g.nano and base_command: sleep 30; then spawn sweep info, and the group's scaling activities",
  },
  "transaction-conflicts": {
    expected: "indices end once; workers repeat refused transactions",
    how: "in the logs of the sweep for thousand-workers, look for TransactionConflict: spawn sweep logs ID | grep -c TransactionConflict",
  },
  "group-load": {
    expected: "the groups reach their capacity, or say why not",
    how: "spawn launch --spot with an instance type that is scarce; then aws autoscaling describe-scaling-activities",
  },
  "vpc-endpoint-copies": {
    expected: "spawn names the endpoint as the cause, and the upload ends all the same",
    how: "on an instance in a subnet with an S3 gateway endpoint: spawn stage upload FILE --replication copy --regions OTHER,REGION-OF-THE-INSTANCE",
  },
  zones: {
    expected: "instances start in the other zones",
    how: "spawn launch in us-east-1 with an instance type that us-east-1e lacks, such as c7g.medium; then aws autoscaling describe-scaling-activities",
  },
  "worker-ends": {
    expected: "the index continues with attempt 2, and the log of attempt 1 has its last lines",
    how: "during a sweep, aws ec2 terminate-instances of one worker, and aws fis for a spot interruption; then spawn sweep logs ID --index N --attempt 1",
  },
  "access-point-wildcard": {
    expected: "the workers of the other account download the data",
    how: "with the second account: the command that spawn stage info prints for it (spawn launch --stage-account …)",
  },
  "leading-attributes": {
    expected: "workers may count, and nothing else, in the usage row",
    how: "the sweep of this script has to succeed (worker-machine); then, with the worker's role: aws dynamodb update-item on another attribute of the row, which must be denied",
  },
};

export const byHand: Step = {
  name: "what has to be tried by hand",
  points: Object.keys(POINTS),
  usd: 0,
  minutes: 0,
  run: async () =>
    Object.entries(POINTS).map(([point, { expected, how }]) => ({
      ...{ point, command: how, expected, verdict: "open" as const },
      seen: "not tried by this script",
    })),
};
