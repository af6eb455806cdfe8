import { boolean, choice, integer, list, object, string } from "../schema/fields.ts";
import { declareFunction } from "../schema/resource.ts";
import { COMPARE_SOURCE } from "./tokens.ts";

export const compareSourceFunction = declareFunction({
  token: COMPARE_SOURCE,
  description:
    "Compares a source with data that were staged from it. Reads a local source only if sizes or times differ, and never reads a source on S3.",
  inputs: {
    source: string({ description: "An absolute path, or an `s3://` URL.", required: true }),
    exclude: list(string({}), { description: "Patterns of files to leave out of a directory." }),
    followLinks: boolean({
      description: "Compares the targets of a directory's links in place of the links.",
    }),
    requestPayer: boolean({ description: "For a source on S3: accepts the charges for its requests." }),
    pinned: string({ description: "The SHA-256 that the source must have." }),
    staged: list(
      object(
        {
          stagingId: string({ description: "The entry's ID.", required: true }),
          sha256: string({ description: "The SHA-256 of the data.", required: true }),
          sizeBytes: integer({ description: "Bytes of all files.", required: true, wide: true }),
          fileCount: integer({ description: "Number of files.", required: true }),
          uploadedAt: string({ description: "When the data were uploaded (ISO 8601).", required: true }),
          sourceVersion: string({ description: "The version of the source when the data were staged." }),
        },
        { name: "StagedVersion", description: "Data that were staged from the source." },
      ),
      { description: "The staged data.", required: true },
    ),
  },
  outputs: {
    state: choice(["same", "changed", "unreadable"], {
      description: "`unreadable`: this machine does not have the source.",
      required: true,
    }),
    stagingId: string({ description: "The entry with the content of the source." }),
    content: string({ description: "A digest that follows from the changed content." }),
    sha256: string({ description: "The SHA-256 of the content; absent if the source was not read." }),
    isPinned: boolean({
      description:
        "Whether the content that was read has the pinned SHA-256, here or in a checkout under another umask.",
    }),
    why: string({ description: "Why the source is unreadable." }),
  },
});
