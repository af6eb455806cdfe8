"""Declares an environment and an entry with Python."""

import pulumi
import pulumi_staging as staging

lab = staging.StagingEnvironment(
    "lab",
    cloud="local",  # "aws" for an AWS account
    regions=["us-east-1", "us-west-2"],
    name_prefix="labpy",
)

reference = staging.StagingEntry(
    "reference",
    environment=lab.environment,
    source="reference.fasta",  # a file in this folder, a directory, or an s3:// URL
    ttl=30,
)

pulumi.export("id", reference.staging_id)
pulumi.export("uris", reference.uris)
