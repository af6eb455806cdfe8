import { Flags } from "@oclif/core";
import { DEFAULT_TIMEOUT_SECONDS } from "../staging/timeout.ts";
import { configured } from "./flags.ts";

/** The options of `stage upload`. */
export const uploadFlags = {
  regions: Flags.string({
    summary: "Regions that get the data, separated by commas; the first is the primary region.",
    ...configured("staging.regions"),
    helpValue: "REGIONS",
  }),
  dest: Flags.string({
    summary: "Absolute path at which instances find the data. Default: /mnt/data/<filename>.",
    helpValue: "PATH",
  }),
  exclude: Flags.string({
    summary: "Exclude files of a directory that match. Can be given several times.",
    description:
      "In the syntax of .gitignore, relative to the directory: '*.tmp' at any depth, 'build/' a folder with all that is in it, '/notes.txt' or './notes.txt' only at the top, '!keep.tmp' after another pattern to keep what that one leaves out, but not below a folder that it leaves out. An absolute path below the directory is read as relative to it. Matching is case-sensitive. A warning names each pattern that matches nothing.",
    multiple: true,
    multipleNonGreedy: true,
    helpValue: "PATTERN",
  }),
  "follow-links": Flags.boolean({
    default: false,
    summary: "Stage the targets of a directory's links in place of the links.",
    description:
      "This includes links that leave the directory. A broken or circular link is refused, and so is a link of another user that leads to what that user may be unable to read. Without this option, links inside the directory stay links.",
  }),
  name: Flags.string({
    summary: "Name under which the data are stored. Default: the last part of the path.",
    description: "Also the last part of the default destination. A name, without a path.",
    helpValue: "NAME",
  }),
  "no-sha256": Flags.boolean({
    default: false,
    summary: "Do not compute the SHA-256 of a source on S3, so that the source need not be read.",
    description:
      "The copies are still compared by S3's checksums, ETags and sizes. Instances then have no SHA-256 to check, and stage info says that it was not computed.",
  }),
  "sweep-id": Flags.string({ summary: "Sweep that the data belong to.", helpValue: "ID" }),
  ttl: Flags.string({
    summary: "Days from the upload until the data are deleted, 1 to 90.",
    ...configured("staging.ttl"),
    helpValue: "DAYS",
  }),
  "allow-accounts": Flags.string({
    summary: "AWS accounts that may read the data, too, separated by commas.",
    description:
      "They read by an S3 access point in each region, which stage info shows: nothing but this entry, once it is verified, until it is deleted. IAM policies of their own say which of their users may.",
    helpValue: "ACCOUNTS",
  }),
  reuse: Flags.boolean({
    default: false,
    summary: "Return an existing entry with the same data, if there is one, instead of uploading.",
    description:
      "The entry must have the same SHA-256, name, destination, sweep and readers, be in every requested region, and have at least 90 % of the requested TTL left. The command computes the SHA-256 of a local source; it compares a source on S3 by its ETags with the uploads from this machine. It checks the data of the entry in each requested region. If no entry fits, the command uploads the data, and a note says why.",
  }),
  multipart: Flags.boolean({
    default: false,
    summary: "Upload files of any size in parts.",
    description:
      "Files of more than 16 MiB are always uploaded in parts. With this option, smaller files are uploaded in parts of 5 MiB, too; after an interruption only the missing parts are uploaded again. It has no effect on a source on S3, which is copied.",
  }),
  timeout: Flags.string({
    summary: `Seconds without a response and without progress after which a request fails. Default: ${DEFAULT_TIMEOUT_SECONDS}.`,
    description:
      "The limit applies to each request, including its retries on other connections. An upload that makes progress has no time limit.",
    helpValue: "SECONDS",
  }),
  "bandwidth-limit": Flags.string({
    summary: "Bytes a second that this machine sends at most. Default: no limit.",
    description:
      "A number with a unit: 50MB/s, 500KiB/s or 200Mbit/s. KB, MB and GB are powers of 1,024, bits powers of 1,000. All connections share it. It also limits reads of a source on S3 for its SHA-256. It does not limit copies that S3 makes from bucket to bucket.",
    helpValue: "RATE",
  }),
  "request-payer": Flags.boolean({
    default: false,
    summary: "Accept the charges for reading a source in a Requester Pays bucket.",
    description:
      "AWS charges your account for the requests to the source and for the transfer out of its region.",
  }),
  replication: Flags.string({
    summary: "How replicas are made: by S3's replication rule, or copied by the client's request.",
    description:
      "rule lets S3 replicate in the background of the upload and falls back to a copy where it does not; copy asks S3 for parallel server-side copies, which is quicker.",
    ...configured("staging.replication"),
    helpValue: "rule|copy",
  }),
};
