/** The type tokens of the staging provider. They stand in the state of every stack, so they never change. */
export const STAGED_DATA = "staging:index:StagedData";
export const REPLICATION = "staging:index:Replication";
export const EXPIRATION = "staging:index:Expiration";
export const USAGE_ROW = "staging:index:UsageRow";
export const ENTRY_GUARD = "staging:index:EntryGuard";
export const VERSIONING_READINESS = "staging:index:VersioningReadiness";
export const BUCKET_ADOPTION = "staging:index:BucketAdoption";
export const BUCKET_RULES = "staging:index:BucketRules";
export const SWEEP_RUN = "staging:index:SweepRun";

/** Function: compares a source with the data that were staged from it. */
export const COMPARE_SOURCE = "staging:index:compareSource";
/** Function: a `SurveyRequest` to `EnvironmentFacts`, both in `environment-facts.ts`. */
export const SURVEY_ENVIRONMENT = "staging:index:surveyEnvironment";

/** Function: returns nothing once the plugin runs. */
export const PLUGIN_READY = "staging:index:pluginReady";

/** The component of an entry. */
export const STAGING_ENTRY = "spawn:index:StagingEntry";

/** The type of an entry's record, which the official provider makes. */
export const RECORD_TYPE = "aws:dynamodb/tableItem:TableItem";
