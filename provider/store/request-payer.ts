/** A location on S3 whose bucket may be Requester Pays. */
export interface Billed {
  /** Whether the account in use pays for requests and transfer if the bucket is Requester Pays. */
  readonly requestPayer?: boolean | undefined;
}

/**
 * The input that accepts the charges of a command.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ObjectsinRequesterPaysBuckets.html
 */
export const paidFor = ({ requestPayer }: Billed): { RequestPayer?: "requester" } =>
  requestPayer === true ? { RequestPayer: "requester" } : {};
