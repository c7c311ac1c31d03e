"""Runs the check_* functions of a script in their order, and prints what came of each as JSON: its error or null."""

import json
import os
import sys
import traceback

from botocore.exceptions import ClientError

ACCOUNT = os.environ["CLOUD_ACCOUNT_ID"]
REGION = os.environ["AWS_DEFAULT_REGION"]


def equal(actual, expected):
    if actual != expected:
        raise AssertionError(f"{actual!r} is not {expected!r}")


def refusal(call, **parameters):
    """Code and HTTP status with which a call is refused."""
    try:
        call(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    raise AssertionError(f"{call.__name__} was not refused")


def run_checks(script):
    results = {}
    for name, check in script.items():
        if not name.startswith("check_"):
            continue
        try:
            check()
            results[name.removeprefix("check_").replace("_", " ")] = None
        except Exception as error:
            line = next((f.lineno for f in traceback.extract_tb(error.__traceback__) if f.name == name), 0)
            results[name.removeprefix("check_").replace("_", " ")] = f"line {line}: {type(error).__name__}: {error}"
    json.dump(results, sys.stdout)
