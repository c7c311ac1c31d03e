"""Amazon S3, as boto3 uses it."""

import base64
import hashlib
import io
import urllib.error
import urllib.request
import zlib

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from checks import ACCOUNT, equal, refusal, run_checks

s3 = boto3.client("s3", config=Config(signature_version="s3v4"))
BUCKET = "boto3-checks"
MIB = 1024 * 1024


def body(key, **parameters):
    return s3.get_object(Bucket=BUCKET, Key=key, **parameters)["Body"].read()


def fetch(url, method="GET", data=None, headers={}):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method)) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


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
    equal(refusal(s3.put_object, Bucket=BUCKET, Key="bad", Body=data, ContentMD5="AAAAAAAAAAAAAAAAAAAAAA=="), ("BadDigest", 400))
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
    equal([row["Key"] for row in s3.list_objects_v2(Bucket=BUCKET, Prefix="list/", StartAfter="list/b/2")["Contents"]], ["list/c", "list/d/1"])
    equal(refusal(s3.list_objects_v2, Bucket=BUCKET, ContinuationToken="?"), ("InvalidArgument", 400))


def check_multipart_uploads():
    data = bytes(range(256)) * (6 * MIB // 256)
    config = TransferConfig(multipart_threshold=MIB, multipart_chunksize=5 * MIB)
    s3.upload_fileobj(io.BytesIO(data), BUCKET, "parts", Config=config)
    head = s3.head_object(Bucket=BUCKET, Key="parts")
    digests = hashlib.md5(data[: 5 * MIB]).digest() + hashlib.md5(data[5 * MIB :]).digest()
    equal(head["ETag"], f'"{hashlib.md5(digests).hexdigest()}-2"')
    got = io.BytesIO()
    s3.download_fileobj(BUCKET, "parts", got, Config=config)
    equal(got.getvalue() == data, True)
    equal(s3.head_object(Bucket=BUCKET, Key="parts", PartNumber=2)["ContentLength"], MIB)
    equal(body("parts", PartNumber=2) == data[5 * MIB :], True)


def check_multipart_by_hand():
    upload = dict(Bucket=BUCKET, Key="by-hand", UploadId=s3.create_multipart_upload(Bucket=BUCKET, Key="by-hand")["UploadId"])
    tags = [s3.upload_part(**upload, PartNumber=number, Body=b"x" * 10)["ETag"] for number in (1, 2)]
    equal([part["PartNumber"] for part in s3.list_parts(**upload)["Parts"]], [1, 2])
    equal([row["Key"] for row in s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]], ["by-hand"])
    parts = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, 1)]

    def complete(parts):
        return refusal(s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": parts})

    equal(complete(parts), ("EntityTooSmall", 400))
    equal(complete(parts[::-1]), ("InvalidPartOrder", 400))
    equal(complete([{"PartNumber": 3, "ETag": tags[0]}]), ("InvalidPart", 400))
    s3.abort_multipart_upload(**upload)
    equal(refusal(s3.list_parts, **upload), ("NoSuchUpload", 404))
    equal(refusal(s3.upload_part, **upload, PartNumber=1, Body=b""), ("NoSuchUpload", 404))


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
    equal(s3.get_object_tagging(Bucket=BUCKET, Key="tagged")["TagSet"], [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    s3.put_object_tagging(Bucket=BUCKET, Key="tagged", Tagging={"TagSet": [{"Key": "c", "Value": "3"}]})
    equal(s3.get_object_tagging(Bucket=BUCKET, Key="tagged")["TagSet"], [{"Key": "c", "Value": "3"}])
    s3.delete_object_tagging(Bucket=BUCKET, Key="tagged")
    equal(s3.get_object_tagging(Bucket=BUCKET, Key="tagged")["TagSet"], [])


def check_presigned_urls():
    put = s3.generate_presigned_url("put_object", {"Bucket": BUCKET, "Key": "signed url"}, ExpiresIn=60)
    equal(fetch(put, "PUT", b"by url")[0], 200)
    get = s3.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "signed url"}, ExpiresIn=60)
    equal(fetch(get), (200, b"by url"))
    once = {"Bucket": BUCKET, "Key": "signed url", "IfNoneMatch": "*"}
    condition = {"If-None-Match": "*"}
    guarded = s3.generate_presigned_url("put_object", once, ExpiresIn=60)
    equal(fetch(guarded, "PUT", b"again", condition)[0], 412)
    status, answer = fetch(guarded, "PUT", b"again")
    equal((status, b"<Code>SignatureDoesNotMatch</Code>" in answer or b"<Code>AccessDenied</Code>" in answer), (403, True))
    status, answer = fetch(get.replace("signed%20url", "other"))
    equal((status, b"<Code>SignatureDoesNotMatch</Code>" in answer), (403, True))
    status, answer = fetch(get, "PUT", b"x")
    equal((status, b"<Code>SignatureDoesNotMatch</Code>" in answer), (403, True))
    status, answer = fetch(s3.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "x"}, ExpiresIn=604801))
    equal((status, b"<Code>AuthorizationQueryParametersError</Code>" in answer), (400, True))


def check_browser_forms():
    form = s3.generate_presigned_post(
        BUCKET, "form/${filename}", Conditions=[["content-length-range", 1, 4]], ExpiresIn=60
    )

    def post(content):
        parts = [f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in form["fields"].items()]
        file = '--B\r\nContent-Disposition: form-data; name="file"; filename="f.txt"\r\n\r\n' + content + "\r\n--B--\r\n"
        return fetch(form["url"], "POST", "".join(parts + [file]).encode(), {"Content-Type": "multipart/form-data; boundary=B"})

    equal(post("1234")[0], 204)
    equal(body("form/f.txt"), b"1234")
    status, answer = post("12345")
    equal((status, b"<Code>EntityTooLarge</Code>" in answer), (400, True))


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
    equal(refusal(s3.select_object_content, Bucket=BUCKET, Key="c", Expression="SELECT 1", ExpressionType="SQL", InputSerialization={"CSV": {}}, OutputSerialization={"CSV": {}}), ("NotImplemented", 501))


def check_deleting():
    equal(s3.delete_object(Bucket=BUCKET, Key="none")["ResponseMetadata"]["HTTPStatusCode"], 204)
    keys = [row["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET) for row in page["Contents"]]
    answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in keys + ["none"]]})
    equal(sorted(row["Key"] for row in answer["Deleted"]), sorted(keys + ["none"]))
    equal("Errors" in answer, False)
    s3.delete_bucket(Bucket=BUCKET)
    equal(s3.list_buckets()["Buckets"], [])


run_checks(globals())
