"""Calls control planes at the endpoint that AWS_ENDPOINT_URL names, and prints every answer as JSON."""

import json
import sys

from answers import answers, call, clients


def document(action="iot:Connect", **members):
    statement = {"Effect": "Allow", "Action": action, "Resource": "*", **members}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def things():
    call("CreateThingType", "iot", "create_thing_type", thingTypeName="camera")
    call("CreateThingType again", "iot", "create_thing_type", thingTypeName="camera")
    call("DescribeThingType", "iot", "describe_thing_type", thingTypeName="camera")
    call("DescribeThingType of none", "iot", "describe_thing_type", thingTypeName="none")
    attributes = {"attributes": {"Owner": "anna"}}
    call("CreateThing", "iot", "create_thing", thingName="cam", thingTypeName="camera", attributePayload=attributes)
    call(
        "CreateThing again", "iot", "create_thing", thingName="cam", thingTypeName="camera", attributePayload=attributes
    )
    call("CreateThing of no type", "iot", "create_thing", thingName="x", thingTypeName="none")
    call("DescribeThing", "iot", "describe_thing", thingName="cam")
    call("DescribeThing of none", "iot", "describe_thing", thingName="none")
    call(
        "UpdateThing",
        "iot",
        "update_thing",
        thingName="cam",
        attributePayload={"attributes": {"A": "1"}, "merge": True},
    )
    call("UpdateThing of none", "iot", "update_thing", thingName="none")
    call("UpdateThing of another version", "iot", "update_thing", thingName="cam", expectedVersion=7)
    call("DescribeThing after the update", "iot", "describe_thing", thingName="cam")
    call("ListThings", "iot", "list_things")
    call("ListThings by attribute", "iot", "list_things", attributeName="Owner", attributeValue="ben")
    call("ListThingTypes", "iot", "list_thing_types")
    call("DeleteThing of none", "iot", "delete_thing", thingName="none")


def groups():
    call("CreateThingGroup", "iot", "create_thing_group", thingGroupName="site")
    call("CreateThingGroup again", "iot", "create_thing_group", thingGroupName="site")
    call("CreateThingGroup below", "iot", "create_thing_group", thingGroupName="hall", parentGroupName="site")
    call("CreateThingGroup below none", "iot", "create_thing_group", thingGroupName="x", parentGroupName="none")
    call("DescribeThingGroup", "iot", "describe_thing_group", thingGroupName="hall")
    call("AddThingToThingGroup", "iot", "add_thing_to_thing_group", thingGroupName="hall", thingName="cam")
    call("AddThingToThingGroup of none", "iot", "add_thing_to_thing_group", thingGroupName="hall", thingName="none")
    call("ListThingGroups", "iot", "list_thing_groups")
    call("ListThingGroupsForThing", "iot", "list_thing_groups_for_thing", thingName="cam")
    call("ListThingsInThingGroup", "iot", "list_things_in_thing_group", thingGroupName="site", recursive=True)
    call("DeleteThingGroup with children", "iot", "delete_thing_group", thingGroupName="site")
    call("RemoveThingFromThingGroup", "iot", "remove_thing_from_thing_group", thingGroupName="hall", thingName="cam")
    call("DeleteThingGroup", "iot", "delete_thing_group", thingGroupName="hall")
    call("DescribeThingGroup of none", "iot", "describe_thing_group", thingGroupName="hall")


def certificates():
    made = call("CreateKeysAndCertificate", "iot", "create_keys_and_certificate", setAsActive=True)
    arn, identity = made["certificateArn"], made["certificateId"]
    call("DescribeCertificate", "iot", "describe_certificate", certificateId=identity)
    call("DescribeCertificate of none", "iot", "describe_certificate", certificateId="0" * 64)
    call("ListCertificates", "iot", "list_certificates")
    call(
        "RegisterCertificateWithoutCA again",
        "iot",
        "register_certificate_without_ca",
        certificatePem=made["certificatePem"],
    )
    call("AttachThingPrincipal", "iot", "attach_thing_principal", thingName="cam", principal=arn)
    call("AttachThingPrincipal to none", "iot", "attach_thing_principal", thingName="none", principal=arn)
    call("ListThingPrincipals", "iot", "list_thing_principals", thingName="cam")
    call("ListThingPrincipals of none", "iot", "list_thing_principals", thingName="none")
    call("ListPrincipalThings", "iot", "list_principal_things", principal=arn)
    call("DeleteThing with a principal", "iot", "delete_thing", thingName="cam")
    call("CreatePolicy", "iot", "create_policy", policyName="p", policyDocument=document())
    call("CreatePolicy again", "iot", "create_policy", policyName="p", policyDocument=document())
    call("GetPolicy", "iot", "get_policy", policyName="p")
    call("GetPolicy of none", "iot", "get_policy", policyName="none")
    call("ListPolicies", "iot", "list_policies")
    call("AttachPolicy", "iot", "attach_policy", policyName="p", target=arn)
    call("AttachPolicy of none", "iot", "attach_policy", policyName="none", target=arn)
    call("ListAttachedPolicies", "iot", "list_attached_policies", target=arn)
    call("ListTargetsForPolicy", "iot", "list_targets_for_policy", policyName="p")
    call("ListPrincipalPolicies", "iot", "list_principal_policies", principal=arn)
    call("ListPolicyPrincipals", "iot", "list_policy_principals", policyName="p")
    call("CreatePolicyVersion", "iot", "create_policy_version", policyName="p", policyDocument=document("iot:Publish"))
    call("ListPolicyVersions", "iot", "list_policy_versions", policyName="p")
    call("GetPolicyVersion", "iot", "get_policy_version", policyName="p", policyVersionId="2")
    call("GetPolicyVersion of none", "iot", "get_policy_version", policyName="p", policyVersionId="9")
    call("SetDefaultPolicyVersion", "iot", "set_default_policy_version", policyName="p", policyVersionId="2")
    call("DeletePolicyVersion that is the default", "iot", "delete_policy_version", policyName="p", policyVersionId="2")
    call("DeletePolicy that is attached", "iot", "delete_policy", policyName="p")
    call("DetachPolicy", "iot", "detach_policy", policyName="p", target=arn)
    call("DeletePolicy of several versions", "iot", "delete_policy", policyName="p")
    call("DeletePolicyVersion", "iot", "delete_policy_version", policyName="p", policyVersionId="1")
    call("DeletePolicy", "iot", "delete_policy", policyName="p")
    call("DeletePolicy of none", "iot", "delete_policy", policyName="p")
    call("DeleteCertificate that is active", "iot", "delete_certificate", certificateId=identity)
    call("UpdateCertificate", "iot", "update_certificate", certificateId=identity, newStatus="INACTIVE")
    call("UpdateCertificate of none", "iot", "update_certificate", certificateId="0" * 64, newStatus="INACTIVE")
    call("DeleteCertificate that is attached", "iot", "delete_certificate", certificateId=identity)
    call("DetachThingPrincipal", "iot", "detach_thing_principal", thingName="cam", principal=arn)
    call("DeleteCertificate", "iot", "delete_certificate", certificateId=identity)
    call("DeleteThing", "iot", "delete_thing", thingName="cam")
    call("DeprecateThingType", "iot", "deprecate_thing_type", thingTypeName="camera")
    call("DeleteThingType too early", "iot", "delete_thing_type", thingTypeName="camera")
    call("GetRegistrationCode", "iot", "get_registration_code")
    call("DescribeCACertificate of none", "iot", "describe_ca_certificate", certificateId="0" * 64)
    call("DescribeEndpoint", "iot", "describe_endpoint", endpointType="iot:Data-ATS")
    call("DescribeEndpoint of credentials", "iot", "describe_endpoint", endpointType="iot:CredentialProvider")
    call("DescribeEndpoint of none", "iot", "describe_endpoint", endpointType="iot:None")


def aliases_and_rules():
    role = "arn:aws:iam::123456789012:role/r"
    call("CreateRoleAlias", "iot", "create_role_alias", roleAlias="a", roleArn=role)
    call("CreateRoleAlias again", "iot", "create_role_alias", roleAlias="a", roleArn=role)
    call("DescribeRoleAlias", "iot", "describe_role_alias", roleAlias="a")
    call("DescribeRoleAlias of none", "iot", "describe_role_alias", roleAlias="none")
    call("UpdateRoleAlias", "iot", "update_role_alias", roleAlias="a", credentialDurationSeconds=900)
    call("ListRoleAliases", "iot", "list_role_aliases")
    call("DeleteRoleAlias", "iot", "delete_role_alias", roleAlias="a")
    call("DeleteRoleAlias of none", "iot", "delete_role_alias", roleAlias="a")
    action = {"sqs": {"roleArn": role, "queueUrl": "https://sqs/1/q"}}
    payload = {"sql": "SELECT * FROM 'a'", "actions": [action]}
    call("CreateTopicRule", "iot", "create_topic_rule", ruleName="r", topicRulePayload=payload)
    call("CreateTopicRule again", "iot", "create_topic_rule", ruleName="r", topicRulePayload=payload)
    call("GetTopicRule", "iot", "get_topic_rule", ruleName="r")
    call("GetTopicRule of none", "iot", "get_topic_rule", ruleName="none")
    call("DisableTopicRule", "iot", "disable_topic_rule", ruleName="r")
    call("ListTopicRules", "iot", "list_topic_rules")
    call("ReplaceTopicRule of none", "iot", "replace_topic_rule", ruleName="none", topicRulePayload=payload)
    call("DeleteTopicRule", "iot", "delete_topic_rule", ruleName="r")


def identities():
    trust = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
    )
    read = document("s3:GetObject")
    call("CreateRole", "iam", "create_role", RoleName="r", AssumeRolePolicyDocument=trust, Description="d")
    call("CreateRole again", "iam", "create_role", RoleName="r", AssumeRolePolicyDocument=trust)
    call("GetRole", "iam", "get_role", RoleName="r")
    call("GetRole of none", "iam", "get_role", RoleName="none")
    call("UpdateRole", "iam", "update_role", RoleName="r", MaxSessionDuration=7200)
    call("TagRole", "iam", "tag_role", RoleName="r", Tags=[{"Key": "a", "Value": "1"}])
    call("ListRoleTags", "iam", "list_role_tags", RoleName="r")
    policy = call("CreatePolicy", "iam", "create_policy", PolicyName="p", PolicyDocument=read)["Policy"]["Arn"]
    call("CreatePolicy again", "iam", "create_policy", PolicyName="p", PolicyDocument=read)
    call("GetPolicy", "iam", "get_policy", PolicyArn=policy)
    call("GetPolicy of none", "iam", "get_policy", PolicyArn=policy + "x")
    call("AttachRolePolicy", "iam", "attach_role_policy", RoleName="r", PolicyArn=policy)
    call("AttachRolePolicy of none", "iam", "attach_role_policy", RoleName="r", PolicyArn=policy + "x")
    call("ListAttachedRolePolicies", "iam", "list_attached_role_policies", RoleName="r")
    call("ListEntitiesForPolicy", "iam", "list_entities_for_policy", PolicyArn=policy)
    call(
        "CreatePolicyVersion", "iam", "create_policy_version", PolicyArn=policy, PolicyDocument=read, SetAsDefault=True
    )
    call("ListPolicyVersions", "iam", "list_policy_versions", PolicyArn=policy)
    call("DeletePolicyVersion that is the default", "iam", "delete_policy_version", PolicyArn=policy, VersionId="v2")
    call("PutRolePolicy", "iam", "put_role_policy", RoleName="r", PolicyName="inline", PolicyDocument=read)
    call("GetRolePolicy", "iam", "get_role_policy", RoleName="r", PolicyName="inline")
    call("GetRolePolicy of none", "iam", "get_role_policy", RoleName="r", PolicyName="none")
    call("ListRolePolicies", "iam", "list_role_policies", RoleName="r")
    call("AssumeRole", "sts", "assume_role", RoleArn="arn:aws:iam::123456789012:role/r", RoleSessionName="session")
    call("DeleteRole in use", "iam", "delete_role", RoleName="r")
    call("DeleteRolePolicy", "iam", "delete_role_policy", RoleName="r", PolicyName="inline")
    call("DetachRolePolicy", "iam", "detach_role_policy", RoleName="r", PolicyArn=policy)
    call("DetachRolePolicy again", "iam", "detach_role_policy", RoleName="r", PolicyArn=policy)
    call("DeleteRole", "iam", "delete_role", RoleName="r")
    call("DeleteRole of none", "iam", "delete_role", RoleName="r")
    call("CreateUser", "iam", "create_user", UserName="u", Path="/staff/")
    call("CreateUser again", "iam", "create_user", UserName="u")
    call("GetUser", "iam", "get_user", UserName="u")
    call("GetUser of none", "iam", "get_user", UserName="none")
    key = call("CreateAccessKey", "iam", "create_access_key", UserName="u")["AccessKey"]["AccessKeyId"]
    call("ListAccessKeys", "iam", "list_access_keys", UserName="u")
    call("DeleteAccessKey", "iam", "delete_access_key", UserName="u", AccessKeyId=key)
    call("DeleteUser", "iam", "delete_user", UserName="u")


def queues():
    url = call("CreateQueue", "sqs", "create_queue", QueueName="q", Attributes={"DelaySeconds": "0"})["QueueUrl"]
    call("CreateQueue again otherwise", "sqs", "create_queue", QueueName="q", Attributes={"DelaySeconds": "9"})
    call("CreateQueue with a bad name", "sqs", "create_queue", QueueName="a b")
    call("GetQueueUrl", "sqs", "get_queue_url", QueueName="q")
    call("GetQueueUrl of none", "sqs", "get_queue_url", QueueName="none")
    call("GetQueueAttributes", "sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"])
    call("SetQueueAttributes of none", "sqs", "set_queue_attributes", QueueUrl=url, Attributes={"None": "1"})
    call("ReceiveMessage of none", "sqs", "receive_message", QueueUrl=url)
    call("SendMessage", "sqs", "send_message", QueueUrl=url, MessageBody="m")
    call("SendMessage of nothing", "sqs", "send_message", QueueUrl=url, MessageBody="")
    call("SendMessageBatch of nothing", "sqs", "send_message_batch", QueueUrl=url, Entries=[])
    received = call("ReceiveMessage", "sqs", "receive_message", QueueUrl=url, AttributeNames=["All"])
    handle = received["Messages"][0]["ReceiptHandle"]
    call(
        "ChangeMessageVisibility",
        "sqs",
        "change_message_visibility",
        QueueUrl=url,
        ReceiptHandle=handle,
        VisibilityTimeout=9,
    )
    call("DeleteMessage", "sqs", "delete_message", QueueUrl=url, ReceiptHandle=handle)
    call("DeleteMessage by no handle", "sqs", "delete_message", QueueUrl=url, ReceiptHandle="x")
    call("TagQueue", "sqs", "tag_queue", QueueUrl=url, Tags={"a": "1"})
    call("ListQueueTags", "sqs", "list_queue_tags", QueueUrl=url)
    call("ListQueues", "sqs", "list_queues")
    call("PurgeQueue", "sqs", "purge_queue", QueueUrl=url)
    call("DeleteQueue", "sqs", "delete_queue", QueueUrl=url)
    call("SendMessage to none", "sqs", "send_message", QueueUrl=url, MessageBody="m")
    call("ListQueues of none", "sqs", "list_queues")


def keys():
    made = call("CreateKey", "kms", "create_key", KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY", Description="d")
    key = made["KeyMetadata"]["KeyId"]
    call("DescribeKey", "kms", "describe_key", KeyId=key)
    call("DescribeKey of none", "kms", "describe_key", KeyId="00000000-0000-0000-0000-000000000000")
    call("GetPublicKey", "kms", "get_public_key", KeyId=key)
    call("Sign", "kms", "sign", KeyId=key, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")
    call("Sign by another algorithm", "kms", "sign", KeyId=key, Message=b"m", SigningAlgorithm="RSASSA_PSS_SHA_256")
    verify = dict(KeyId=key, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")
    call("Verify of a bad signature", "kms", "verify", **verify, Signature=b"0" * 70)
    call("CreateAlias", "kms", "create_alias", AliasName="alias/a", TargetKeyId=key)
    call("CreateAlias again", "kms", "create_alias", AliasName="alias/a", TargetKeyId=key)
    call("ListAliases", "kms", "list_aliases", KeyId=key)
    call("DeleteAlias", "kms", "delete_alias", AliasName="alias/a")
    call("DeleteAlias of none", "kms", "delete_alias", AliasName="alias/a")
    call("GetKeyPolicy", "kms", "get_key_policy", KeyId=key, PolicyName="default")
    call("TagResource", "kms", "tag_resource", KeyId=key, Tags=[{"TagKey": "a", "TagValue": "1"}])
    call("ListResourceTags", "kms", "list_resource_tags", KeyId=key)
    call("DisableKey", "kms", "disable_key", KeyId=key)
    call("Sign with a disabled key", "kms", "sign", KeyId=key, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")
    call("ScheduleKeyDeletion", "kms", "schedule_key_deletion", KeyId=key, PendingWindowInDays=7)
    call("DescribeKey that goes", "kms", "describe_key", KeyId=key)
    call("CancelKeyDeletion", "kms", "cancel_key_deletion", KeyId=key)


def refusals():
    """On resources of their own: where one cloud refuses and the other does not, later answers would differ too."""
    attributes = {"attributes": {"Owner": "anna"}}
    call("CreateThing alike", "iot", "create_thing", thingName="other", attributePayload=attributes)
    call("CreateThing again otherwise", "iot", "create_thing", thingName="other")
    call("CreateThing with a bad name", "iot", "create_thing", thingName="a b")
    call("RegisterCertificateWithoutCA of nothing", "iot", "register_certificate_without_ca", certificatePem="x")
    call("CreatePolicy of no document", "iot", "create_policy", policyName="q", policyDocument="{")
    call("CreateRole of no document", "iam", "create_role", RoleName="q", AssumeRolePolicyDocument="{")
    call("CreatePolicy of no document", "iam", "create_policy", PolicyName="q", PolicyDocument="{")
    call("CreateUser of its own", "iam", "create_user", UserName="v")
    policy = clients["iam"].create_policy(PolicyName="v", PolicyDocument=document("s3:GetObject"))["Policy"]["Arn"]
    call("AttachUserPolicy", "iam", "attach_user_policy", UserName="v", PolicyArn=policy)
    call("DeletePolicy that is attached", "iam", "delete_policy", PolicyArn=policy)
    call("CreateAccessKey of its own", "iam", "create_access_key", UserName="v")
    call("DeleteUser in use", "iam", "delete_user", UserName="v")
    key = clients["kms"].create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    call("CreateAlias of AWS", "kms", "create_alias", AliasName="alias/aws/a", TargetKeyId=key)
    clients["kms"].schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    call("EnableKey that goes", "kms", "enable_key", KeyId=key)


for group in (things, groups, certificates, aliases_and_rules, identities, queues, keys, refusals):
    group()
json.dump(answers, sys.stdout, sort_keys=True)
