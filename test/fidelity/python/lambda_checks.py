"""AWS Lambda and its log groups, as boto3 uses them, on a function that a stack deployed."""

import json
import os

import boto3
from checks import ACCOUNT, REGION, equal, refusal, run_checks

functions = boto3.client("lambda")
logs = boto3.client("logs")
NAME = os.environ["CLOUD_FUNCTION"]


def check_functions():
    (listed,) = functions.list_functions()["Functions"]
    equal(listed["FunctionArn"], f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{NAME}")
    got = functions.get_function(FunctionName=NAME)["Configuration"]
    equal((got["State"], got["Handler"], got["MemorySize"]), ("Active", "index.handler", 128))
    equal(refusal(functions.get_function, FunctionName="none"), ("ResourceNotFoundException", 404))


def check_invocations():
    answer = functions.invoke(FunctionName=NAME, Payload=json.dumps({"n": 20}))
    equal((answer["StatusCode"], answer["ExecutedVersion"], "FunctionError" in answer), (200, "$LATEST", False))
    equal(json.loads(answer["Payload"].read()), {"n": 21})
    failed = functions.invoke(FunctionName=NAME, Payload=json.dumps({"fail": "broken"}))
    equal((failed["StatusCode"], failed["FunctionError"]), (200, "Unhandled"))
    equal(json.loads(failed["Payload"].read())["errorMessage"], "broken")
    equal(functions.invoke(FunctionName=NAME, InvocationType="Event", Payload=b"{}")["StatusCode"], 202)
    equal(functions.invoke(FunctionName=NAME, InvocationType="DryRun")["StatusCode"], 204)
    equal(refusal(functions.invoke, FunctionName="none"), ("ResourceNotFoundException", 404))
    equal(refusal(functions.invoke, FunctionName=NAME, Payload=b"{"), ("InvalidRequestContentException", 400))


def check_configuration():
    functions.update_function_configuration(FunctionName=NAME, Environment={"Variables": {"STEP": "5"}})
    answer = functions.invoke(FunctionName=NAME, Payload=json.dumps({"n": 20}))
    equal(json.loads(answer["Payload"].read()), {"n": 25})
    equal(
        refusal(
            functions.update_function_configuration, FunctionName=NAME, Environment={"Variables": {"AWS_REGION": "x"}}
        ),
        ("InvalidParameterValueException", 400),
    )
    functions.put_function_concurrency(FunctionName=NAME, ReservedConcurrentExecutions=0)
    equal(refusal(functions.invoke, FunctionName=NAME), ("TooManyRequestsException", 429))
    functions.delete_function_concurrency(FunctionName=NAME)


def check_permissions():
    statement = dict(FunctionName=NAME, StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")
    functions.add_permission(**statement)
    equal(refusal(functions.add_permission, **statement), ("ResourceConflictException", 409))
    equal(json.loads(functions.get_policy(FunctionName=NAME)["Policy"])["Statement"][0]["Sid"], "s3")
    functions.remove_permission(FunctionName=NAME, StatementId="s3")
    equal(refusal(functions.get_policy, FunctionName=NAME), ("ResourceNotFoundException", 404))


def check_log_groups():
    logs.create_log_group(logGroupName="own")
    logs.put_retention_policy(logGroupName="own", retentionInDays=7)
    equal(logs.describe_log_groups(logGroupNamePrefix="own")["logGroups"][0]["retentionInDays"], 7)
    equal(refusal(logs.create_log_group, logGroupName="own"), ("ResourceAlreadyExistsException", 400))
    logs.delete_log_group(logGroupName="own")
    equal(refusal(logs.delete_log_group, logGroupName="own"), ("ResourceNotFoundException", 400))


def check_what_is_not_there_says_so():
    code = {"ZipFile": b"x"}
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    equal(
        refusal(functions.create_function, FunctionName="f", Runtime="nodejs24.x", Role=role, Handler="i.h", Code=code),
        ("NotImplemented", 501),
    )
    equal(refusal(functions.invoke, FunctionName=NAME, LogType="Tail"), ("NotImplemented", 501))
    equal(refusal(functions.publish_version, FunctionName=NAME), ("NotImplemented", 501))
    equal(refusal(functions.list_layers), ("NotImplemented", 501))
    equal(refusal(logs.describe_log_streams, logGroupName="own"), ("NotImplemented", 501))


run_checks(globals())
