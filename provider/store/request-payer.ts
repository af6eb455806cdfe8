/** A place on S3 whose requests the requester may have to pay for. */
export interface Billed {
  /** Whether the credentials in use pay for requests and transfer, where the bucket's owner wants that. */
  readonly requestPayer?: boolean | undefined;
}

/**
 * The input of a command that accepts the charges.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ObjectsinRequesterPaysBuckets.html
 */
export const paidFor = ({ requestPayer }: Billed): { RequestPayer?: "requester" } =>
  requestPayer === true ? { RequestPayer: "requester" } : {};
