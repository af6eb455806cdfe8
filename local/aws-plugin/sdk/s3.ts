import { S3Client } from "@aws-sdk/client-s3";
import { clientOf } from "./call.ts";

export const s3 = clientOf("S3", (settings) => new S3Client({ ...settings, forcePathStyle: true }));
