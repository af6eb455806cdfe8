import { ENVIRONMENT } from "./environment-table.ts";
import { REPLICATION } from "./replication-table.ts";
import { SHARING } from "./sharing-table.ts";
import { decides } from "./table.ts";
import { WORKER } from "./worker-table.ts";

decides("by AWS's rules, as iam-simulate has them, the policies of sharing", SHARING);
decides("by AWS's rules, as iam-simulate has them, the policy of a worker", WORKER);
decides("by AWS's rules, as iam-simulate has them, the policies of the roles", REPLICATION);
decides("by AWS's rules, as iam-simulate has them, the policies of an environment", ENVIRONMENT);
