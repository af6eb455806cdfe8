import { boolean, choice, list, object, string } from "../schema/fields.ts";
import { declareFunction } from "../schema/resource.ts";
import { SURVEY_ENVIRONMENT } from "./tokens.ts";

const regionOf = (what: string) => string({ description: `The region of the ${what}.`, required: true });
const nameOf = (what: string) => string({ description: `The name of the ${what}.`, required: true });
const exists = boolean({ description: "Whether it exists.", required: true });

const owner = object(
  {
    environment: string({ description: "The environment's name." }),
    bucket: string({ description: "A bucket of the environment that owns a table or a role." }),
    recordsTable: string({ description: "The records table of the environment that owns a bucket." }),
  },
  { name: "Owner", description: "The environment that owns it, as its tags say.", required: true },
);

const table = { region: regionOf("table"), name: nameOf("table") };
const bucket = { region: regionOf("bucket"), name: nameOf("bucket") };

export const surveyEnvironmentFunction = declareFunction({
  token: SURVEY_ENVIRONMENT,
  description:
    "Reads which tables, buckets and role of an environment exist, and which environment owns them.",
  inputs: {
    tables: list(object(table, { name: "SurveyedTable", description: "A table to look at." }), {
      description: "The tables to look at.",
      required: true,
    }),
    buckets: list(
      object(
        {
          ...bucket,
          data: boolean({ description: "Whether to look for data in it." }),
          settings: boolean({ description: "Whether to look at its settings." }),
        },
        { name: "SurveyedBucket", description: "A bucket to look at." },
      ),
      { description: "The buckets to look at.", required: true },
    ),
    role: string({ description: "The replication role to look at." }),
  },
  outputs: {
    tables: list(
      object(
        { ...table, exists, account: string({ description: "The account of the table." }), owner },
        { name: "TableFact", description: "A table as it is in AWS." },
      ),
      { description: "The tables.", required: true },
    ),
    buckets: list(
      object(
        {
          ...bucket,
          state: choice(["none", "there", "foreign", "denied", "elsewhere"], {
            description:
              "`foreign`: another account's, but readable. `denied`: another account's or not readable. `elsewhere`: in another region.",
            required: true,
          }),
          owner,
          inUse: boolean({ description: "Whether it has objects, versions or uploads in progress." }),
          lacks: list(string({}), { description: "Settings that it lacks, such as `versioning`." }),
        },
        { name: "BucketFact", description: "A bucket as it is in AWS." },
      ),
      { description: "The buckets.", required: true },
    ),
    role: object(
      {
        name: nameOf("role"),
        exists,
        owner,
        buckets: list(string({}), { description: "Buckets that its policy names.", required: true }),
        denied: boolean({ description: "The credentials may not look at roles." }),
        lacksPolicy: boolean({ description: "The role lacks the policy of spawn." }),
      },
      { name: "RoleFact", description: "The replication role as it is in IAM." },
    ),
    account: string({ description: "The account of the credentials, if the server has accounts." }),
    time: string({ description: "The server's time (ISO 8601, UTC)." }),
  },
});
