"""Amazon S3, as boto3 uses it: uploads in parts, by URL and by form."""

import hashlib
import io
import urllib.error
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from checks import equal, refusal, run_checks

s3 = boto3.client("s3", config=Config(signature_version="s3v4"))
BUCKET = "boto3-uploads"
MIB = 1024 * 1024
s3.create_bucket(Bucket=BUCKET)


def body(key, **parameters):
    return s3.get_object(Bucket=BUCKET, Key=key, **parameters)["Body"].read()


def fetch(url, method="GET", data=None, headers={}):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method)) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


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
    upload = dict(
        Bucket=BUCKET, Key="by-hand", UploadId=s3.create_multipart_upload(Bucket=BUCKET, Key="by-hand")["UploadId"]
    )
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
    equal(
        (status, b"<Code>SignatureDoesNotMatch</Code>" in answer or b"<Code>AccessDenied</Code>" in answer), (403, True)
    )
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
        parts = [
            f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in form["fields"].items()
        ]
        file = (
            '--B\r\nContent-Disposition: form-data; name="file"; filename="f.txt"\r\n\r\n' + content + "\r\n--B--\r\n"
        )
        return fetch(
            form["url"], "POST", "".join(parts + [file]).encode(), {"Content-Type": "multipart/form-data; boundary=B"}
        )

    equal(post("1234")[0], 204)
    equal(body("form/f.txt"), b"1234")
    status, answer = post("12345")
    equal((status, b"<Code>EntityTooLarge</Code>" in answer), (400, True))


run_checks(globals())
