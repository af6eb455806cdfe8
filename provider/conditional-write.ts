import { errorName } from "../connection/errors/failure.ts";

/**
 * Sends a conditional write to DynamoDB. If the SDK retries a write whose response was lost, the condition may fail because the first
 * attempt was applied.
 * @returns whether the condition was met
 */
export async function conditionMet(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (errorName(error) === "ConditionalCheckFailedException") return false;
    throw error;
  }
}
