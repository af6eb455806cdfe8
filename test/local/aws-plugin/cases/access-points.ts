import { allow, blocked, bucket, type Case, json, REGION } from "./case.ts";

const readers = (account: string) =>
  allow("s3:GetObject", `arn:aws:s3:${REGION}:000000000000:accesspoint/conf-point/object/*`, {
    Principal: { AWS: `arn:aws:iam::${account}:root` },
  });

export const accessPointCases: readonly Case[] = [
  {
    name: "AccessPoint",
    type: "aws:s3/accessPoint:AccessPoint",
    needs: [bucket("conf-shared")],
    inputs: {
      name: "conf-point",
      bucket: "conf-shared",
      region: REGION,
      publicAccessBlockConfiguration: blocked,
      policy: json(readers("111122223333")),
    },
    id: "ACCOUNT:conf-point",
    outputs: { networkOrigin: "Internet" },
    same: { policy: json(readers("111122223333"), 2) },
    change: { policy: json(readers("444455556666")) },
    replacing: [
      { change: { name: "conf-point-two" } },
      { change: { bucket: "conf-other" }, deleteFirst: true },
      {
        change: { publicAccessBlockConfiguration: { ...blocked, blockPublicAcls: false } },
        deleteFirst: true,
      },
    ],
  },
  {
    name: "AccessPoint whose policy is removed",
    type: "aws:s3/accessPoint:AccessPoint",
    needs: [bucket("conf-unshared")],
    inputs: {
      name: "conf-bare",
      bucket: "conf-unshared",
      region: REGION,
      policy: json(readers("111122223333")),
    },
    id: "ACCOUNT:conf-bare",
    change: { policy: "{}" },
    replacing: [],
  },
];
