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
    summary: "Leave out of a directory what matches. Can be given several times.",
    description:
      "In the syntax of .gitignore, relative to the directory: '*.tmp' at any depth, 'build/' a folder with all that is in it, '/notes.txt' or './notes.txt' only at the top, '!keep.tmp' after another pattern to keep what that one leaves out, but not below a folder that it leaves out. An absolute path below the directory is read as relative to it. Upper and lower case count. A pattern that matches nothing is named in a warning.",
    multiple: true,
    multipleNonGreedy: true,
    helpValue: "PATTERN",
  }),
  "follow-links": Flags.boolean({
    default: false,
    summary: "Stage what the links of a directory lead to in their place, each link's content once.",
    description:
      "Also of links that leave the directory. A link that leads to nothing, or in a circle, is refused. Without it, links inside the directory stay links.",
  }),
  name: Flags.string({
    summary: "Name under which the data are stored. Default: the last part of the path.",
    description: "Also the last part of the default destination. A name, without a path.",
    helpValue: "NAME",
  }),
  "no-sha256": Flags.boolean({
    default: false,
    summary: "Do without the SHA-256 of a source on S3, which has to be read for it.",
    description:
      "The copies are compared by S3's checksums, ETags and sizes all the same. Instances then have no SHA-256 to check, and stage info says that it was not computed.",
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
    summary: "Answer with an entry that has the same data, where there is one, in place of another upload.",
    description:
      "Such an entry has the same SHA-256, which is computed of a local source, name, destination, sweep and readers, is in every region that is asked for, and has at least 90 % of the TTL that is asked for left. Its data are looked at in each of these regions. A source on S3 is compared by its ETags with what was uploaded from this machine. Where nothing fits, the data are uploaded, and a note says why.",
  }),
  multipart: Flags.boolean({
    default: false,
    summary: "Send in parts whatever the size.",
    description:
      "Files of more than 16 MiB always go in parts; with this, smaller ones go in parts of 5 MiB, too, of which only the missing ones are sent again. It does nothing for what is on S3 already, which is copied.",
  }),
  timeout: Flags.string({
    summary: `Seconds for which S3 may answer nothing and no byte may move. Default: ${DEFAULT_TIMEOUT_SECONDS}.`,
    description:
      "Of each request, with its retries on other connections. An upload takes as long as it takes while bytes move.",
    helpValue: "SECONDS",
  }),
  "bandwidth-limit": Flags.string({
    summary: "Bytes a second that this machine sends at most. Default: no limit.",
    description:
      "A number with a unit: 50MB/s, 500KiB/s or 200Mbit/s. KB, MB and GB are powers of 1,024, bits powers of 1,000. All connections share it. It also limits what is read of a source on S3 for its SHA-256. Copies that S3 makes from bucket to bucket send nothing from here, and have no limit.",
    helpValue: "RATE",
  }),
  "request-payer": Flags.boolean({
    default: false,
    summary: "Pay for reading a source on S3 whose bucket has the requester pay.",
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
