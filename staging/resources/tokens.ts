/** The type tokens of the staging provider. They stand in the state of every stack, so they never change. */
export const STAGED_DATA = "staging:index:StagedData";
export const REPLICATION = "staging:index:Replication";
export const EXPIRATION = "staging:index:Expiration";
export const USAGE_ROW = "staging:index:UsageRow";
export const VERSIONING_READINESS = "staging:index:VersioningReadiness";
export const BUCKET_ADOPTION = "staging:index:BucketAdoption";
export const BUCKET_RULES = "staging:index:BucketRules";
export const SWEEP_RUN = "staging:index:SweepRun";

/** Function: a `SurveyRequest` to `EnvironmentFacts`, both in `staging/ownership/names.ts`. */
export const SURVEY_ENVIRONMENT = "staging:index:surveyEnvironment";

/** The type of an entry's record, which the official provider makes. */
export const RECORD_TYPE = "aws:dynamodb/tableItem:TableItem";
