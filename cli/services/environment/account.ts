import type { Connection } from "../../../connection/connection.ts";
import type { AccountId } from "../../../staging/accounts.ts";
import type { EnvironmentSettings } from "../../../staging/environment.ts";
import { InputError } from "../../../staging/errors.ts";
import { refuseOtherAccount } from "../../../staging/ownership/account.ts";
import type { TableFact } from "../../../staging/resources/environment-facts.ts";
import type { SessionSource } from "../../engine/session.ts";

/**
 * The account of the credentials: from the tables' ARNs, which every command reads anyway, or from STS.
 * @returns undefined if the server has no accounts
 * @throws InputError if `spawn:account` names another account
 */
export async function findAccount(
  environment: {
    settings(): Promise<EnvironmentSettings>;
    connection(): Promise<Connection>;
  },
  tables: () => Promise<readonly TableFact[]>,
): Promise<AccountId | undefined> {
  const [settings, connection, { accountOf, hasAccounts, isSameServer }] = await Promise.all([
    environment.settings(),
    environment.connection(),
    import("../../../connection/account.ts"),
  ]);
  if (hasAccounts(connection) === "never") return undefined;
  const ofTables = isSameServer(connection, "S3", "DYNAMODB") ? await accountOfTables(tables) : undefined;
  const account = ofTables ?? (await askSts());
  refuseOtherAccount(settings, account);
  return account;

  async function askSts(): Promise<AccountId | undefined> {
    const { openAccess } = await import("../../../connection/access.ts");
    return await accountOf(await openAccess("cli", connection), settings.tableRegion);
  }
}

async function accountOfTables(tables: () => Promise<readonly TableFact[]>): Promise<AccountId | undefined> {
  // If the tables cannot be read, STS knows the account; the command that needs the tables reports the error.
  const facts = await tables().catch(() => []);
  return facts.find(({ account }) => account !== undefined)?.account;
}

/**
 * Checks whether a missing environment exists in another account, which its stack's state names. For a command that has failed: it costs
 * the reading of a state.
 * @returns the error that names both accounts, or else `error`
 */
export async function explainMissing(
  environment: SessionSource & { account(): Promise<AccountId | undefined> },
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof InputError)) return error;
  try {
    const [settings, account] = await Promise.all([environment.settings(), environment.account()]);
    if (settings.cloud !== "aws") return error;
    const [{ openSession }, { readStateOrBackup }, { heldOf }] = await Promise.all([
      import("../../engine/session.ts"),
      import("../../engine/state.ts"),
      import("./held.ts"),
    ]);
    const { environmentProject } = await openSession(environment);
    const { resources } = await readStateOrBackup(environmentProject, settings.name);
    refuseOtherAccount(settings, account, heldOf(resources));
    return error;
  } catch (found) {
    // Without the state, the first error remains.
    return found instanceof InputError ? found : error;
  }
}
