"""Keeps the answers to calls. What differs from run to run (ids, keys, dates, ports) is replaced by what it is."""

import datetime
import json
import re

import boto3
from botocore.exceptions import ClientError

answers = {}
clients = {name: boto3.client(name) for name in ("iot", "iam", "sqs", "kms", "sts")}

PATTERNS = [
    (r"-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----\n?", "<pem>"),
    (r"\b[0-9a-f]{64}\b", "<hex64>"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uuid>"),
    (r"\b(AKIA|ASIA|AROA|AIDA|ANPA)[A-Z0-9]{12,20}\b", r"<\1>"),
    (r"http://[\w.]+:\d+", "<endpoint>"),
    (r"localhost:\d+|[\w-]+(\.credentials)?\.iot\.[\w.-]+", "<host>"),
]
# Random text without a form of its own.
OPAQUE = {"ReceiptHandle", "SecretAccessKey", "SessionToken", "nextToken", "nextMarker", "PublicKey", "Signature"}


def normalize(value, key=""):
    if isinstance(value, dict):
        return {name: normalize(member, name) for name, member in value.items() if name != "ResponseMetadata"}
    if isinstance(value, list):
        return [normalize(member, key) for member in value]
    if key in OPAQUE:
        return "<opaque>"
    if key in ("UserId", "PolicyId") and not re.match("AIDA|ANPA", value):
        return "<other id>"
    if isinstance(value, datetime.datetime) or key.endswith("Timestamp"):
        return "<date>"
    if isinstance(value, bytes):
        return "<bytes>"
    if isinstance(value, str) and value.startswith("{"):
        try:
            return normalize(json.loads(value))
        except ValueError:
            return value
    if isinstance(value, str):
        for pattern, name in PATTERNS:
            value = re.sub(pattern, name, value)
    return value


def call(label, service, operation, **parameters):
    """Returns the answer itself; empty when the call was refused."""
    try:
        answer = getattr(clients[service], operation)(**parameters)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        answers[f"{service} {label}"] = {"status": status, "code": error.response["Error"]["Code"]}
        return {}
    answers[f"{service} {label}"] = {
        "status": answer["ResponseMetadata"]["HTTPStatusCode"],
        "answer": normalize(answer),
    }
    return answer
