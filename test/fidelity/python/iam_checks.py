"""AWS IAM and AWS STS, as boto3 uses them, and what a role may do elsewhere."""

import json

import boto3
from checks import ACCOUNT, equal, refusal, run_checks

iam = boto3.client("iam")
sts = boto3.client("sts")


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


TRUST = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
READ = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}


def check_callers():
    identity = sts.get_caller_identity()
    equal((identity["Account"], identity["Arn"]), (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/operator"))
    equal(iam.get_user()["User"]["UserName"], "operator")


def check_roles():
    role = iam.create_role(
        RoleName="reader", AssumeRolePolicyDocument=document(TRUST), Tags=[{"Key": "a", "Value": "1"}]
    )["Role"]
    equal((role["Arn"], role["Path"]), (f"arn:aws:iam::{ACCOUNT}:role/reader", "/"))
    equal(role["RoleId"][:4], "AROA")
    equal(role["AssumeRolePolicyDocument"]["Statement"], [TRUST])
    equal(iam.get_role(RoleName="reader")["Role"]["MaxSessionDuration"], 3600)
    equal(iam.list_role_tags(RoleName="reader")["Tags"], [{"Key": "a", "Value": "1"}])
    equal("reader" in [row["RoleName"] for row in iam.list_roles()["Roles"]], True)
    equal(
        refusal(iam.create_role, RoleName="reader", AssumeRolePolicyDocument=document(TRUST)),
        ("EntityAlreadyExists", 409),
    )
    equal(refusal(iam.create_role, RoleName="r", AssumeRolePolicyDocument="{"), ("MalformedPolicyDocument", 400))
    equal(refusal(iam.get_role, RoleName="none"), ("NoSuchEntity", 404))


def check_policies():
    policy = iam.create_policy(PolicyName="read", PolicyDocument=document(READ))["Policy"]
    arn = f"arn:aws:iam::{ACCOUNT}:policy/read"
    equal((policy["Arn"], policy["DefaultVersionId"], policy["AttachmentCount"]), (arn, "v1", 0))
    iam.attach_role_policy(RoleName="reader", PolicyArn=arn)
    equal(
        iam.list_attached_role_policies(RoleName="reader")["AttachedPolicies"],
        [{"PolicyName": "read", "PolicyArn": arn}],
    )
    equal(iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"]["Statement"], [READ])
    equal(refusal(iam.delete_policy, PolicyArn=arn), ("DeleteConflict", 409))
    second = iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(READ), SetAsDefault=True)["PolicyVersion"]
    equal((second["VersionId"], second["IsDefaultVersion"]), ("v2", True))
    equal(refusal(iam.delete_policy_version, PolicyArn=arn, VersionId="v2"), ("DeleteConflict", 409))
    for _ in range(3):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(READ))
    equal(refusal(iam.create_policy_version, PolicyArn=arn, PolicyDocument=document(READ)), ("LimitExceeded", 409))
    iam.put_role_policy(RoleName="reader", PolicyName="inline", PolicyDocument=document(READ))
    equal(iam.list_role_policies(RoleName="reader")["PolicyNames"], ["inline"])
    equal(refusal(iam.get_role_policy, RoleName="reader", PolicyName="none"), ("NoSuchEntity", 404))
    equal(refusal(iam.delete_role, RoleName="reader"), ("DeleteConflict", 409))


def check_sessions():
    assumed = sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/reader", RoleSessionName="s1")
    credentials = assumed["Credentials"]
    equal(assumed["AssumedRoleUser"]["Arn"], f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/s1")
    session = boto3.Session(credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])
    equal(session.client("sts").get_caller_identity()["Arn"], f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/s1")
    s3 = session.client("s3")
    equal("Buckets" in s3.list_buckets(), True)
    equal(refusal(s3.create_bucket, Bucket="not-allowed"), ("AccessDenied", 403))
    equal(refusal(session.client("sqs").list_queues), ("AccessDenied", 400))
    equal(refusal(session.client("iot").list_things), ("AccessDeniedException", 403))
    equal(refusal(session.client("iam").list_roles), ("AccessDenied", 403))
    equal(refusal(session.client("kms").list_keys), ("AccessDeniedException", 400))
    equal(refusal(session.client("dynamodb").list_tables), ("AccessDeniedException", 400))
    narrowed = sts.assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/reader",
        RoleSessionName="s2",
        Policy=document({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}),
    )["Credentials"]
    session = boto3.Session(narrowed["AccessKeyId"], narrowed["SecretAccessKey"], narrowed["SessionToken"])
    equal(refusal(session.client("s3").list_buckets), ("AccessDenied", 403))
    equal(
        refusal(sts.assume_role, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/none", RoleSessionName="session"),
        ("AccessDenied", 403),
    )
    equal(
        refusal(
            sts.assume_role,
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/reader",
            RoleSessionName="session",
            DurationSeconds=7200,
        ),
        ("ValidationError", 400),
    )
    broken = boto3.Session(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"] + "x"
    )
    equal(refusal(broken.client("sts").get_caller_identity), ("InvalidClientTokenId", 403))


def check_users_and_keys():
    equal(iam.create_user(UserName="anna", Path="/staff/")["User"]["Arn"], f"arn:aws:iam::{ACCOUNT}:user/staff/anna")
    made = iam.create_access_key(UserName="anna")["AccessKey"]
    equal((made["AccessKeyId"][:4], made["Status"]), ("AKIA", "Active"))
    anna = boto3.Session(made["AccessKeyId"], made["SecretAccessKey"])
    equal(anna.client("sts").get_caller_identity()["Arn"], f"arn:aws:iam::{ACCOUNT}:user/staff/anna")
    iam.update_access_key(UserName="anna", AccessKeyId=made["AccessKeyId"], Status="Inactive")
    equal(refusal(anna.client("sts").get_caller_identity), ("InvalidClientTokenId", 403))
    equal(refusal(iam.delete_user, UserName="anna"), ("DeleteConflict", 409))
    iam.delete_access_key(UserName="anna", AccessKeyId=made["AccessKeyId"])
    iam.delete_user(UserName="anna")
    equal(
        refusal(boto3.Session("AKIAAAAAAAAAAAAAAAAA", "x").client("sts").get_caller_identity),
        ("InvalidClientTokenId", 403),
    )


def check_what_is_not_there_says_so():
    equal(refusal(iam.create_group, GroupName="g"), ("NotImplemented", 501))
    equal(refusal(sts.get_session_token), ("NotImplemented", 501))


run_checks(globals())
