"""Inputs that botocore's models accept and AWS refuses: for each rule of validator/rules at least one, with a part of its message."""

import base64

_BUCKET = {"Bucket": "my-bucket"}
_OBJECT = {**_BUCKET, "Key": "key"}
_COPY = {**_OBJECT, "CopySource": "my-bucket/a%20key"}
_GROUP = {"AutoScalingGroupName": "group", "MinSize": 0, "MaxSize": 1, "LaunchTemplate": {"LaunchTemplateName": "name"}}
_SECURITY = {"GroupName": "name", "Description": "text", "VpcId": "vpc-1"}
_ROLE = {"RoleName": "role", "AssumeRolePolicyDocument": "{}"}
_TABLE = {
    "TableName": "table",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
_KEY = {"TableName": "table", "Key": {"id": {"S": "1"}}}


def _tags(count, value="v"):
    return [{"Key": f"key-{at}", "Value": value} for at in range(count)]


def _lifecycle(*rules, **more):
    given = [{"ID": f"rule-{at}", "Status": "Enabled", **rule} for at, rule in enumerate(rules)]
    return {**_BUCKET, "LifecycleConfiguration": {"Rules": [{**rule, **more} for rule in given]}}


def _replication(*rules):
    given = {"Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::other"}, "Filter": {"Prefix": "a"}, "Priority": 1}
    given["DeleteMarkerReplication"] = {"Status": "Disabled"}
    return {
        **_BUCKET,
        "ReplicationConfiguration": {"Role": "arn:aws:iam::123456789012:role/r", "Rules": [{**given, **rule} for rule in rules]},
    }


def _template(**data):
    return {"LaunchTemplateName": "name", "LaunchTemplateData": data}


def _update(expression, names=None, values=None):
    members = {**_KEY, "UpdateExpression": expression}
    members |= {"ExpressionAttributeNames": names} if names else {}
    return members | ({"ExpressionAttributeValues": values} if values else {})


def _item(**attributes):
    return {"TableName": "table", "Item": {"id": {"S": "1"}, **attributes}}


_TAGGED = {"Filter": {"Tag": {"Key": "a", "Value": "b"}}}
_EXPIRING = {"Filter": {"Prefix": "a"}, "Expiration": {"Days": 1}}

# An operation, its input, and a part of the message; None for a valid input.
CASES = [
    ("s3:PutObject", {**_OBJECT, "Key": "é" * 513}, "longer than 1024 bytes"),
    ("s3:PutObject", {**_OBJECT, "Metadata": {"a": "b" * 2048}}, "2049 bytes are above the most, 2048"),
    ("s3:PutObject", {**_OBJECT, "Tagging": "a=1&a=2"}, "'a' is there twice"),
    ("s3:PutObject", {**_OBJECT, "Tagging": "&".join(f"k{at}=v" for at in range(11))}, "11 tags are above the most, 10"),
    ("s3:CreateMultipartUpload", {**_OBJECT, "Tagging": "a=%2A"}, "'*' is no value of a tag"),
    ("s3:PutObject", {**_OBJECT, "Tagging": "aws:a=1"}, "'aws:a' is no key of a tag"),
    ("s3:PutObject", {**_OBJECT, "Tagging": "spawn:a=1%202"}, None),
    ("s3:PutObjectTagging", {**_OBJECT, "Tagging": {"TagSet": _tags(11)}}, "11 tags are above the most, 10"),
    ("s3:CopyObject", {**_COPY, "CopySource": "my-bucket/100%"}, "is not URL-encoded or has no key"),
    ("s3:CopyObject", {**_COPY, "ContentType": "text/plain"}, "is ignored without MetadataDirective=REPLACE"),
    ("s3:CopyObject", {**_COPY, "Tagging": "a=1"}, "is ignored without TaggingDirective=REPLACE"),
    ("s3:CopyObject", {**_COPY, "Tagging": "a=1", "TaggingDirective": "REPLACE"}, None),
    ("s3:UploadPart", {**_OBJECT, "PartNumber": 10001, "UploadId": "id"}, "10001 is not from 1 to 10000"),
    (
        "s3:UploadPartCopy",
        {**_COPY, "PartNumber": 1, "UploadId": "id", "CopySourceRange": "bytes=0-5368709120"},
        "above the most of one request, 5 GiB",
    ),
    (
        "s3:CompleteMultipartUpload",
        {**_OBJECT, "UploadId": "id", "MultipartUpload": {"Parts": [{"PartNumber": at, "ETag": "e"} for at in (2, 1)]}},
        "not in ascending order",
    ),
    ("s3:DeleteObjects", {**_BUCKET, "Delete": {"Objects": [{"Key": "k"}] * 1001}}, "1001 objects are not from 1 to 1000"),
    ("s3:CreateBucket", {"Bucket": "My_Bucket"}, "is no name of a bucket"),
    (
        "s3:CreateBucket",
        {**_BUCKET, "CreateBucketConfiguration": {"LocationConstraint": "us-west-2"}},
        "is us-west-2, and the request goes to us-east-1",
    ),
    ("s3:PutBucketTagging", {**_BUCKET, "Tagging": {"TagSet": _tags(51)}}, "51 tags are above the most, 50"),
    ("s3:PutBucketLifecycleConfiguration", _lifecycle(*[_EXPIRING] * 1001), "1001 are not from 1 to 1000"),
    ("s3:PutBucketLifecycleConfiguration", _lifecycle(_EXPIRING, _EXPIRING, ID="one"), "two have the same ID"),
    ("s3:PutBucketLifecycleConfiguration", _lifecycle(_EXPIRING, ID="a" * 256), "longer than 255 characters"),
    ("s3:PutBucketLifecycleConfiguration", _lifecycle({**_EXPIRING, "Expiration": {"Days": 0}}), "days begin at 1"),
    ("s3:PutBucketLifecycleConfiguration", _lifecycle({"Filter": {"Prefix": ""}}), "does nothing"),
    ("s3:PutBucketLifecycleConfiguration", _lifecycle({"Expiration": {"Days": 1}}), "neither Filter nor Prefix"),
    (
        "s3:PutBucketLifecycleConfiguration",
        _lifecycle({**_EXPIRING, "Expiration": {"Days": 1, "ExpiredObjectDeleteMarker": True}}),
        "which exclude each other",
    ),
    (
        "s3:PutBucketLifecycleConfiguration",
        _lifecycle({**_TAGGED, "Expiration": {"ExpiredObjectDeleteMarker": True}}),
        "ExpiredObjectDeleteMarker cannot have a filter by tags",
    ),
    (
        "s3:PutBucketLifecycleConfiguration",
        _lifecycle({**_TAGGED, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}),
        "AbortIncompleteMultipartUpload cannot have a filter by tags",
    ),
    (
        "s3:PutBucketLifecycleConfiguration",
        _lifecycle({"Filter": {"And": {"Prefix": "a"}}, "Expiration": {"Days": 1}}),
        "And has fewer than two conditions",
    ),
    ("s3:PutBucketReplication", _replication({"ID": "a"}, {"ID": "b"}), "two have the same priority"),
    ("s3:PutBucketReplication", _replication({"ID": "a"}, {"ID": "b", "Priority": 2}), None),
    (
        "s3:PutBucketReplication",
        _replication({**_TAGGED, "DeleteMarkerReplication": {"Status": "Enabled"}}),
        "does not replicate delete markers",
    ),
    ("s3:PutBucketReplication", _replication({"Destination": {"Bucket": "other"}}), "is no ARN of a bucket"),
    ("s3:PutBucketPolicy", {**_BUCKET, "Policy": '"' + "a" * 20479 + '"'}, "20481 bytes are above the most"),
    ("s3:PutBucketPolicy", {**_BUCKET, "Policy": "{"}, "is no JSON"),
    ("s3control:CreateAccessPoint", {"AccountId": "1" * 12, "Name": "Point", "Bucket": "my-bucket"}, "no name of an access point"),
    ("dynamodb:PutItem", _item(text={"S": "a" * 400 * 1024}), "bytes are above the most, 409600"),
    ("dynamodb:PutItem", _item(both={"S": "a", "N": "1"}), "exactly one type, not 2"),
    ("dynamodb:PutItem", _item(number={"N": "1" * 39}), "no number of at most 38 digits"),
    ("dynamodb:PutItem", _item(words={"SS": ["a", "a"]}), "has nothing twice"),
    ("dynamodb:PutItem", _item(deep={"M": {"a": {"L": [{"NS": []}]}}}), "a set is not empty"),
    ("dynamodb:GetItem", {"TableName": "table", "Key": {"id": {"S": ""}}}, "the key's id is empty"),
    ("dynamodb:UpdateItem", _update("SET a = :a"), ":a is not defined"),
    ("dynamodb:UpdateItem", _update("SET a = :a", values={":a": {"S": "1"}, ":b": {"S": "1"}}), ":b is defined and not used"),
    ("dynamodb:UpdateItem", _update("SET #a = :a", values={":a": {"S": "1"}}), "#a is not defined"),
    ("dynamodb:UpdateItem", _update("REMOVE size_of, status"), "status is a reserved word"),
    ("dynamodb:UpdateItem", _update("REMOVE " + "a" * 4096), "4103 bytes are not from 1 to 4096"),
    ("dynamodb:UpdateItem", _update("SET a = if_not_exists(a, :a) + :a", values={":a": {"N": "1"}}), None),
    ("dynamodb:TransactWriteItems", {"TransactItems": [{"Delete": _KEY}, {"Delete": _KEY}]}, "the same item is there twice"),
    ("dynamodb:BatchGetItem", {"RequestItems": {"table": {"Keys": [_KEY["Key"]] * 2}}}, "the same item is there twice"),
    (
        "dynamodb:BatchWriteItem",
        {"RequestItems": {name: [{"DeleteRequest": {"Key": {"id": {"N": str(at)}}}} for at in range(13)] for name in ("one", "two")}},
        "26 items are not from 1 to 25",
    ),
    ("dynamodb:CreateTable", {**_TABLE, "AttributeDefinitions": [{"AttributeName": "x", "AttributeType": "S"}]}, "and keys use"),
    ("iam:CreateRole", {**_ROLE, "AssumeRolePolicyDocument": '"' + "a" * 2047 + '"'}, "2049 characters are above the most, 2048"),
    (
        "iam:UpdateAssumeRolePolicy",
        {"RoleName": "role", "PolicyDocument": '"' + "a" * 2047 + '"'},
        "2049 characters are above the most, 2048",
    ),
    ("iam:CreateRole", {**_ROLE, "Tags": [{"Key": "A", "Value": ""}, {"Key": "a", "Value": ""}]}, "differ in their case only"),
    (
        "iam:PutRolePolicy",
        {"RoleName": "role", "PolicyName": "name", "PolicyDocument": '"' + "a" * 10239 + '"'},
        "10241 characters are above the most, 10240",
    ),
    ("ec2:CreateLaunchTemplate", _template(UserData=base64.b64encode(b"a" * 16385).decode()), "16385 bytes are above the most"),
    ("ec2:CreateLaunchTemplate", _template(UserData=base64.b64encode(b"a" * 16384).decode()), None),
    (
        "ec2:CreateLaunchTemplate",
        _template(
            MetadataOptions={"InstanceMetadataTags": "enabled"},
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "a/b", "Value": ""}]}],
        ),
        "cannot be in the instance's metadata",
    ),
    ("ec2:CreateTags", {"Resources": ["i-1"], "Tags": _tags(51)}, "51 tags are above the most, 50"),
    ("ec2:CreateSecurityGroup", {**_SECURITY, "Description": "it's"}, "has other characters"),
    (
        "ec2:AuthorizeSecurityGroupEgress",
        {"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "it's"}]}]},
        "has other characters",
    ),
    ("ec2:DescribeSubnets", {"Filters": [{"Name": "vpc-id", "Values": ["a"] * 201}]}, "has 201 values"),
    ("ec2:DescribeInstances", {"InstanceIds": ["i-1"], "MaxResults": 5}, "cannot be beside InstanceIds"),
    ("autoscaling:CreateAutoScalingGroup", {**_GROUP, "AutoScalingGroupName": "a:b"}, "is no name of a group"),
    ("autoscaling:CreateAutoScalingGroup", {**_GROUP, "MinSize": 2}, "are not in order"),
    ("autoscaling:CreateAutoScalingGroup", {**_GROUP, "InstanceId": "i-1"}, "not 2"),
    ("autoscaling:PutScheduledUpdateGroupAction", {"AutoScalingGroupName": "g", "ScheduledActionName": "a"}, "at least one of"),
    ("autoscaling:SuspendProcesses", {"AutoScalingGroupName": "g", "ScalingProcesses": ["Lunch"]}, "there is no process 'Lunch'"),
]
