"""DescribeInstanceTypes of the local cloud: every name of the usual form, with the vCPUs that its size has in most families."""

import re

from ministack.services import ec2

from .images import architecture_of

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\.(nano|micro|small|medium|large|([0-9]{0,3})xlarge|metal(?:-[0-9]+xl)?)")
_FAMILY = re.compile(r"(?:[cmrtigpxzhdfu]|a1|im|is|inf|trn|mac|hpc|vt|dl)[0-9]*[a-z0-9-]*\.")
_SMALL = {"nano": 2, "micro": 2, "small": 2, "medium": 2, "large": 2, "metal": 96}
# GiB for each processor: https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-types.html
_MEMORY = {"c": 2, "m": 4, "t": 4, "r": 8, "x": 16}
_USUAL = ("t3.micro", "t3.large", "t4g.large", "m5.large", "m5.xlarge", "m7g.xlarge", "c5.large", "c5.xlarge", "r5.large")


def processors_of(instance_type):
    """The number of vCPUs, or None if there is no such type."""
    match = _NAME.fullmatch(instance_type)
    if match is None or _FAMILY.match(instance_type) is None:
        return None
    size, factor = match.groups()
    if factor is not None:
        return 4 * int(factor or 1)
    return _SMALL[size.partition("-")[0]]


def describe_instance_types(params):
    asked = ec2._parse_member_list(params, "InstanceType")
    unknown = [name for name in asked if processors_of(name) is None]
    if unknown:
        message = f"The following supplied instance types do not exist: [{ec2._esc(', '.join(unknown))}]"
        return ec2._error("InvalidInstanceType", message, 400)
    items = "".join(_item(name) for name in (asked or _USUAL))
    return ec2._xml(200, "DescribeInstanceTypesResponse", f"<instanceTypeSet>{items}</instanceTypeSet>")


def _item(name):
    processors = processors_of(name)
    memory = 1024 * processors * _MEMORY.get(name[0], 4)
    return (
        f"<item><instanceType>{name}</instanceType><currentGeneration>true</currentGeneration>"
        "<supportedUsageClasses><item>on-demand</item><item>spot</item></supportedUsageClasses>"
        "<supportedRootDeviceTypes><item>ebs</item></supportedRootDeviceTypes>"
        "<supportedVirtualizationTypes><item>hvm</item></supportedVirtualizationTypes>"
        f"<bareMetal>{'true' if '.metal' in name else 'false'}</bareMetal>"
        f"<processorInfo><supportedArchitectures><item>{architecture_of(name)}</item></supportedArchitectures></processorInfo>"
        f"<vCpuInfo><defaultVCpus>{processors}</defaultVCpus></vCpuInfo>"
        f"<memoryInfo><sizeInMiB>{memory}</sizeInMiB></memoryInfo>"
        "<instanceStorageSupported>false</instanceStorageSupported></item>"
    )
