"""The machine images of the local cloud: Amazon Linux 2023, per region and architecture, as on AWS."""

import hashlib
import re
from dataclasses import dataclass

PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-"
ARCHITECTURES = ("x86_64", "arm64")

_ARM = re.compile(r"a1\.|[a-z]+[0-9]+g")


@dataclass(frozen=True)
class Image:
    image_id: str
    name: str
    architecture: str


def image_of(region, architecture):
    """The image of a region. Its ID is fictitious but stable, and differs between regions."""
    digest = hashlib.sha256(f"al2023 {region} {architecture}".encode()).hexdigest()
    return Image(f"ami-{digest[:17]}", f"al2023-ami-2023.9.20251110.1-kernel-6.1-{architecture}", architecture)


def images_of(region):
    return [image_of(region, architecture) for architecture in ARCHITECTURES]


def architecture_of(instance_type):
    """By the letter g after the generation of a type (Graviton), and a1.
    https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
    """
    return "arm64" if _ARM.match(instance_type) else "x86_64"
