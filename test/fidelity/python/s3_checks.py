"""Amazon S3, as boto3 uses it: buckets and objects."""

import base64
import hashlib
import zlib

import boto3
from botocore.config import Config
from checks import ACCOUNT, equal, refusal, run_checks

s3 = boto3.client("s3", config=Config(signature_version="s3v4"))
BUCKET = "boto3-checks"


def body(key, **parameters):
    return s3.get_object(Bucket=BUCKET, Key=key, **parameters)["Body"].read()


def check_buckets():
    equal(s3.create_bucket(Bucket=BUCKET)["Location"], f"/{BUCKET}")
    equal([bucket["Name"] for bucket in s3.list_buckets()["Buckets"]], [BUCKET])
    s3.get_waiter("bucket_exists").wait(Bucket=BUCKET)
    equal(s3.get_bucket_location(Bucket=BUCKET)["LocationConstraint"], None)
    equal(refusal(s3.head_bucket, Bucket="boto3-nowhere"), ("404", 404))
    equal(refusal(s3.list_objects_v2, Bucket="boto3-nowhere"), ("NoSuchBucket", 404))
    equal(refusal(s3.head_bucket, Bucket=BUCKET, ExpectedBucketOwner="999999999999"), ("403", 403))
    equal(refusal(s3.create_bucket, Bucket="Not_A_Bucket_Name"), ("InvalidBucketName", 400))


def check_put_get_and_head():
    answer = s3.put_object(
        Bucket=BUCKET, Key="a/b c+é.txt", Body=b"hello", ContentType="text/plain", Metadata={"origin": "boto3"}
    )
    equal(answer["ETag"], f'"{hashlib.md5(b"hello").hexdigest()}"')
    got = s3.get_object(Bucket=BUCKET, Key="a/b c+é.txt")
    equal(got["Body"].read(), b"hello")
    equal((got["ContentType"], got["Metadata"]), ("text/plain", {"origin": "boto3"}))
    head = s3.head_object(Bucket=BUCKET, Key="a/b c+é.txt")
    equal((head["ContentLength"], head["ETag"]), (5, answer["ETag"]))
    equal(refusal(s3.get_object, Bucket=BUCKET, Key="none"), ("NoSuchKey", 404))
    equal(refusal(s3.head_object, Bucket=BUCKET, Key="none"), ("404", 404))


def check_keys_are_not_paths():
    for key in ["../escape", "a/../b", "a//b", "/abs", "con.", "%2e%2e", "x" * 1024]:
        s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
    for key in ["../escape", "a/../b", "a//b", "/abs", "con.", "%2e%2e", "x" * 1024]:
        equal(body(key), key.encode())
    equal(refusal(s3.put_object, Bucket=BUCKET, Key="x" * 1025, Body=b""), ("KeyTooLongError", 400))


def check_ranges():
    s3.put_object(Bucket=BUCKET, Key="digits", Body=b"0123456789")
    for asked, expected, content_range in [
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
    ]:
        got = s3.get_object(Bucket=BUCKET, Key="digits", Range=asked)
        equal((got["Body"].read(), got["ContentRange"]), (expected, content_range))
        equal(got["ResponseMetadata"]["HTTPStatusCode"], 206)
    equal(refusal(s3.get_object, Bucket=BUCKET, Key="digits", Range="bytes=10-"), ("InvalidRange", 416))


def check_conditional_reads():
    answer = s3.put_object(Bucket=BUCKET, Key="c", Body=b"1")
    modified = s3.head_object(Bucket=BUCKET, Key="c")["LastModified"]
    equal(body("c", IfMatch=answer["ETag"]), b"1")
    equal(refusal(s3.get_object, Bucket=BUCKET, Key="c", IfMatch='"0"'), ("PreconditionFailed", 412))
    equal(refusal(s3.get_object, Bucket=BUCKET, Key="c", IfNoneMatch=answer["ETag"]), ("304", 304))
    equal(refusal(s3.get_object, Bucket=BUCKET, Key="c", IfModifiedSince=modified), ("304", 304))
    equal(body("c", IfUnmodifiedSince=modified), b"1")


def check_conditional_writes():
    answer = s3.put_object(Bucket=BUCKET, Key="once", Body=b"1", IfNoneMatch="*")
    equal(refusal(s3.put_object, Bucket=BUCKET, Key="once", Body=b"2", IfNoneMatch="*"), ("PreconditionFailed", 412))
    equal(refusal(s3.put_object, Bucket=BUCKET, Key="once", Body=b"2", IfMatch='"0"'), ("PreconditionFailed", 412))
    equal(refusal(s3.put_object, Bucket=BUCKET, Key="none", Body=b"2", IfMatch='"0"'), ("NoSuchKey", 404))
    s3.put_object(Bucket=BUCKET, Key="once", Body=b"3", IfMatch=answer["ETag"])
    equal(body("once"), b"3")


def check_checksums():
    data = b"sum"
    crc32 = base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()
    sha256 = base64.b64encode(hashlib.sha256(data).digest()).decode()
    sha1 = base64.b64encode(hashlib.sha1(data).digest()).decode()
    equal(s3.put_object(Bucket=BUCKET, Key="sum", Body=data)["ChecksumCRC32"], crc32)
    equal(s3.put_object(Bucket=BUCKET, Key="sum1", Body=data, ChecksumAlgorithm="SHA1")["ChecksumSHA1"], sha1)
    equal(s3.put_object(Bucket=BUCKET, Key="sum2", Body=data, ChecksumAlgorithm="SHA256")["ChecksumSHA256"], sha256)
    got = s3.get_object(Bucket=BUCKET, Key="sum2", ChecksumMode="ENABLED")
    equal((got["ChecksumSHA256"], got["ChecksumType"]), (sha256, "FULL_OBJECT"))
    wrong = base64.b64encode(b"\0\0\0\0").decode()
    equal(refusal(s3.put_object, Bucket=BUCKET, Key="bad", Body=data, ChecksumCRC32=wrong), ("BadDigest", 400))
    equal(
        refusal(s3.put_object, Bucket=BUCKET, Key="bad", Body=data, ContentMD5="AAAAAAAAAAAAAAAAAAAAAA=="),
        ("BadDigest", 400),
    )
    equal(refusal(s3.get_object, Bucket=BUCKET, Key="bad"), ("NoSuchKey", 404))
    attributes = s3.get_object_attributes(Bucket=BUCKET, Key="sum2", ObjectAttributes=["Checksum", "ObjectSize"])
    equal((attributes["Checksum"]["ChecksumSHA256"], attributes["ObjectSize"]), (sha256, 3))


def check_listing_with_prefix_delimiter_and_pages():
    for key in ["list/a", "list/b/1", "list/b/2", "list/c", "list/d/1"]:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"")
    flat = s3.list_objects_v2(Bucket=BUCKET, Prefix="list/")
    equal([row["Key"] for row in flat["Contents"]], ["list/a", "list/b/1", "list/b/2", "list/c", "list/d/1"])
    rolled = s3.list_objects_v2(Bucket=BUCKET, Prefix="list/", Delimiter="/")
    equal([row["Key"] for row in rolled["Contents"]], ["list/a", "list/c"])
    equal([row["Prefix"] for row in rolled["CommonPrefixes"]], ["list/b/", "list/d/"])
    equal(rolled["KeyCount"], 4)
    for operation in ["list_objects_v2", "list_objects"]:
        pages = s3.get_paginator(operation).paginate(
            Bucket=BUCKET, Prefix="list/", Delimiter="/", PaginationConfig={"PageSize": 1}
        )
        seen = [
            row.get("Key") or row.get("Prefix")
            for page in pages
            for row in page.get("Contents", []) + page.get("CommonPrefixes", [])
        ]
        equal(seen, ["list/a", "list/b/", "list/c", "list/d/"])
    equal(
        [row["Key"] for row in s3.list_objects_v2(Bucket=BUCKET, Prefix="list/", StartAfter="list/b/2")["Contents"]],
        ["list/c", "list/d/1"],
    )
    equal(refusal(s3.list_objects_v2, Bucket=BUCKET, ContinuationToken="?"), ("InvalidArgument", 400))


def check_copies():
    s3.put_object(Bucket=BUCKET, Key="from", Body=b"copied", Metadata={"m": "1"}, ContentType="text/x")
    s3.copy_object(Bucket=BUCKET, Key="to", CopySource={"Bucket": BUCKET, "Key": "from"})
    got = s3.get_object(Bucket=BUCKET, Key="to")
    equal((got["Body"].read(), got["Metadata"], got["ContentType"]), (b"copied", {"m": "1"}, "text/x"))
    s3.copy_object(
        Bucket=BUCKET, Key="to", CopySource=f"{BUCKET}/from", MetadataDirective="REPLACE", Metadata={"m": "2"}
    )
    equal(s3.head_object(Bucket=BUCKET, Key="to")["Metadata"], {"m": "2"})
    equal(refusal(s3.copy_object, Bucket=BUCKET, Key="from", CopySource=f"{BUCKET}/from"), ("InvalidRequest", 400))
    equal(refusal(s3.copy_object, Bucket=BUCKET, Key="to", CopySource=f"{BUCKET}/none"), ("NoSuchKey", 404))


def check_tags():
    s3.put_object(Bucket=BUCKET, Key="tagged", Body=b"", Tagging="a=1&b=2")
    equal(s3.get_object(Bucket=BUCKET, Key="tagged")["TagCount"], 2)
    equal(
        s3.get_object_tagging(Bucket=BUCKET, Key="tagged")["TagSet"],
        [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
    )
    s3.put_object_tagging(Bucket=BUCKET, Key="tagged", Tagging={"TagSet": [{"Key": "c", "Value": "3"}]})
    equal(s3.get_object_tagging(Bucket=BUCKET, Key="tagged")["TagSet"], [{"Key": "c", "Value": "3"}])
    s3.delete_object_tagging(Bucket=BUCKET, Key="tagged")
    equal(s3.get_object_tagging(Bucket=BUCKET, Key="tagged")["TagSet"], [])


def check_versions():
    bucket = f"{BUCKET}-versions"
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    equal(s3.get_bucket_versioning(Bucket=bucket)["Status"], "Enabled")
    one, two = [s3.put_object(Bucket=bucket, Key="v", Body=text)["VersionId"] for text in (b"1", b"2")]
    equal(s3.get_object(Bucket=bucket, Key="v", VersionId=one)["Body"].read(), b"1")
    marker = s3.delete_object(Bucket=bucket, Key="v")
    equal(marker["DeleteMarker"], True)
    equal(refusal(s3.get_object, Bucket=bucket, Key="v"), ("NoSuchKey", 404))
    equal(refusal(s3.get_object, Bucket=bucket, Key="v", VersionId=marker["VersionId"]), ("MethodNotAllowed", 405))
    listed = s3.list_object_versions(Bucket=bucket)
    equal([row["VersionId"] for row in listed["Versions"]], [two, one])
    equal([row["VersionId"] for row in listed["DeleteMarkers"]], [marker["VersionId"]])
    s3.delete_object(Bucket=bucket, Key="v", VersionId=marker["VersionId"])
    equal(s3.get_object(Bucket=bucket, Key="v")["VersionId"], two)
    equal(refusal(s3.get_object, Bucket=bucket, Key="v", VersionId="none"), ("InvalidArgument", 400))
    equal(refusal(s3.delete_bucket, Bucket=bucket), ("BucketNotEmpty", 409))
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "v", "VersionId": id} for id in (one, two)]})
    s3.delete_bucket(Bucket=bucket)


def check_policies_and_configurations():
    equal(refusal(s3.get_bucket_policy, Bucket=BUCKET), ("NoSuchBucketPolicy", 404))
    equal(refusal(s3.put_bucket_policy, Bucket=BUCKET, Policy="{}"), ("MalformedPolicy", 400))
    equal(refusal(s3.get_bucket_lifecycle_configuration, Bucket=BUCKET), ("NoSuchLifecycleConfiguration", 404))
    equal(refusal(s3.get_bucket_tagging, Bucket=BUCKET), ("NoSuchTagSet", 404))
    rules = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    equal(rules[0]["ApplyServerSideEncryptionByDefault"], {"SSEAlgorithm": "AES256"})
    equal(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]["BlockPublicPolicy"], True)
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:nowhere"
    configuration = {"QueueConfigurations": [{"QueueArn": queue, "Events": ["s3:ObjectCreated:*"]}]}
    equal(
        refusal(s3.put_bucket_notification_configuration, Bucket=BUCKET, NotificationConfiguration=configuration),
        ("InvalidArgument", 400),
    )


def check_what_is_not_there_says_so():
    equal(refusal(s3.get_bucket_website, Bucket=BUCKET), ("NotImplemented", 501))
    equal(refusal(s3.get_bucket_cors, Bucket=BUCKET), ("NotImplemented", 501))
    equal(
        refusal(
            s3.select_object_content,
            Bucket=BUCKET,
            Key="c",
            Expression="SELECT 1",
            ExpressionType="SQL",
            InputSerialization={"CSV": {}},
            OutputSerialization={"CSV": {}},
        ),
        ("NotImplemented", 501),
    )


def check_deleting():
    equal(s3.delete_object(Bucket=BUCKET, Key="none")["ResponseMetadata"]["HTTPStatusCode"], 204)
    keys = [
        row["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET) for row in page["Contents"]
    ]
    answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in keys + ["none"]]})
    equal(sorted(row["Key"] for row in answer["Deleted"]), sorted(keys + ["none"]))
    equal("Errors" in answer, False)
    s3.delete_bucket(Bucket=BUCKET)
    equal(s3.list_buckets()["Buckets"], [])


run_checks(globals())
