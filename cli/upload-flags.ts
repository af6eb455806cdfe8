import { Flags } from "@oclif/core";
import { DEFAULT_TIMEOUT_SECONDS } from "../staging/timeout.ts";
import { configured, REPEATABLE } from "./flags.ts";

/** The options of `stage upload`. */
export const uploadFlags = {
  regions: Flags.string({
    summary: "Regions of the data, separated by commas; the first is the primary region.",
    ...configured("staging.regions"),
    helpValue: "REGIONS",
  }),
  dest: Flags.string({
    summary: "Absolute path of the data on instances. Default: /mnt/data/<filename>.",
    helpValue: "PATH",
  }),
  exclude: Flags.string({
    summary: "Exclude matching files of a directory. Repeatable.",
    description:
      "In the syntax of .gitignore, relative to the directory: '*.tmp' at any depth, 'build/' a folder with all its content, '/notes.txt' or './notes.txt' only at the top, '!keep.tmp' after another pattern to keep a file that it excludes, but not below an excluded folder. An absolute path below the directory is relative to it. Matching is case-sensitive. A warning names each pattern that matches nothing.",
    ...REPEATABLE,
    helpValue: "PATTERN",
  }),
  "follow-links": Flags.boolean({
    default: false,
    summary: "Stage the targets of a directory's links instead of the links.",
    description:
      "This includes links out of the directory. A broken or circular link is refused, and so is a link of another user whose target that user may be unable to read. Without this option, links inside the directory stay links.",
  }),
  name: Flags.string({
    summary: "Name of the staged data. Default: the last part of the path.",
    description: "Also the last part of the default destination. A name, without a path.",
    helpValue: "NAME",
  }),
  "no-sha256": Flags.boolean({
    default: false,
    summary: "Skip the SHA-256 of an S3 source, which requires reading the source.",
    description:
      "The copies are still verified by S3's checksums, ETags and sizes. Instances cannot verify a SHA-256, and stage info reports that it was not computed.",
  }),
  "sweep-id": Flags.string({ summary: "Label of the sweep that uses the data.", helpValue: "ID" }),
  ttl: Flags.string({
    summary: "Days from the upload until the data are deleted, 1 to 90.",
    ...configured("staging.ttl"),
    helpValue: "DAYS",
  }),
  "allow-accounts": Flags.string({
    summary: "Other AWS accounts that may read the data, separated by commas.",
    description:
      "They read through an S3 access point in each region, which stage info shows. It gives access to this entry only, from its verification to its deletion. IAM policies in their accounts decide which users may read.",
    helpValue: "ACCOUNTS",
  }),
  reuse: Flags.boolean({
    default: false,
    summary: "Return an existing entry with the same data, if possible, instead of uploading.",
    description:
      "The entry must have the same SHA-256, name, destination, sweep and readers, be in every requested region, and have at least 90 % of the requested TTL left. The command computes the SHA-256 of a local source; it compares the ETags of an S3 source with the uploads from this machine. It checks the entry's data in each requested region. If no entry matches, the command uploads the data and prints the reason.",
  }),
  multipart: Flags.boolean({
    default: false,
    summary: "Upload files of any size in parts.",
    description:
      "Files of more than 16 MiB are always uploaded in parts. With this option, smaller files are uploaded in parts of 5 MiB, too; after an interruption only the missing parts are uploaded again. It has no effect on an S3 source, which is copied.",
  }),
  timeout: Flags.string({
    summary: `Fail after this many seconds without data from S3. Default: ${DEFAULT_TIMEOUT_SECONDS}.`,
    description:
      "The limit applies to each request, including its retries on other connections. An upload that makes progress has no time limit.",
    helpValue: "SECONDS",
  }),
  "bandwidth-limit": Flags.string({
    summary: "Maximum bandwidth of this machine. Default: no limit.",
    description:
      "A number with a unit: 50MB/s, 500KiB/s or 200Mbit/s. KB, MB and GB are powers of 1,024, bits powers of 1,000. All connections share it. It also limits reads of an S3 source for its SHA-256. It does not limit server-side copies.",
    helpValue: "RATE",
  }),
  "request-payer": Flags.boolean({
    default: false,
    summary: "Accept the charges for reading a source in a Requester Pays bucket.",
    description:
      "AWS charges your account for the requests to the source and for the transfer out of its region.",
  }),
  replication: Flags.string({
    summary: "Replication method: S3's replication rule, or server-side copies.",
    description:
      "rule lets S3 replicate during the upload, with a copy as fallback; copy requests parallel server-side copies, which is faster.",
    ...configured("staging.replication"),
    helpValue: "rule|copy",
  }),
};
