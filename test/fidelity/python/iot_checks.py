"""AWS IoT's control plane, as boto3 uses it."""

import json

import boto3
from checks import ACCOUNT, REGION, equal, refusal, run_checks

iot = boto3.client("iot")
certificate = {}
ARN = f"arn:aws:iot:{REGION}:{ACCOUNT}"


def document(action="iot:Connect"):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})


def check_thing_types_and_things():
    made = iot.create_thing_type(thingTypeName="camera", thingTypeProperties={"searchableAttributes": ["Owner"]})
    equal(made["thingTypeArn"], f"{ARN}:thingtype/camera")
    thing = iot.create_thing(
        thingName="cam-1", thingTypeName="camera", attributePayload={"attributes": {"Owner": "anna"}}
    )
    equal((thing["thingName"], thing["thingArn"]), ("cam-1", f"{ARN}:thing/cam-1"))
    described = iot.describe_thing(thingName="cam-1")
    equal((described["attributes"], described["thingTypeName"], described["version"]), ({"Owner": "anna"}, "camera", 1))
    equal(described["defaultClientId"], "cam-1")
    again = dict(thingName="cam-1", thingTypeName="camera", attributePayload={"attributes": {"Owner": "anna"}})
    equal(iot.create_thing(**again)["thingId"], thing["thingId"])
    equal(refusal(iot.create_thing, thingName="cam-1"), ("ResourceAlreadyExistsException", 409))
    equal(refusal(iot.create_thing, thingName="a/b"), ("InvalidRequestException", 400))
    equal(refusal(iot.create_thing, thingName="cam-2", thingTypeName="none"), ("ResourceNotFoundException", 404))
    equal(refusal(iot.describe_thing, thingName="none"), ("ResourceNotFoundException", 404))
    equal(refusal(iot.update_thing, thingName="cam-1", expectedVersion=9), ("VersionConflictException", 409))
    iot.update_thing(thingName="cam-1", attributePayload={"attributes": {"Place": "door"}, "merge": True})
    equal(iot.describe_thing(thingName="cam-1")["attributes"], {"Owner": "anna", "Place": "door"})


def check_listing():
    for number in range(2, 6):
        iot.create_thing(thingName=f"cam-{number}", attributePayload={"attributes": {"Owner": "ben"}})
    pages = list(iot.get_paginator("list_things").paginate(PaginationConfig={"PageSize": 2}))
    equal([len(page["things"]) for page in pages], [2, 2, 1])
    equal(sorted(thing["thingName"] for page in pages for thing in page["things"]), [f"cam-{n}" for n in range(1, 6)])
    owned = iot.list_things(attributeName="Owner", attributeValue="ben")["things"]
    equal(sorted(thing["thingName"] for thing in owned), ["cam-2", "cam-3", "cam-4", "cam-5"])
    equal([thing["thingName"] for thing in iot.list_things(thingTypeName="camera")["things"]], ["cam-1"])


def check_groups():
    iot.create_thing_group(thingGroupName="site")
    iot.create_thing_group(thingGroupName="hall", parentGroupName="site")
    iot.add_thing_to_thing_group(thingGroupName="hall", thingName="cam-1")
    equal(iot.list_things_in_thing_group(thingGroupName="site")["things"], [])
    equal(iot.list_things_in_thing_group(thingGroupName="site", recursive=True)["things"], ["cam-1"])
    equal([group["groupName"] for group in iot.list_thing_groups_for_thing(thingName="cam-1")["thingGroups"]], ["hall"])
    parents = iot.describe_thing_group(thingGroupName="hall")["thingGroupMetadata"]["rootToParentThingGroups"]
    equal([parent["groupName"] for parent in parents], ["site"])
    equal(refusal(iot.delete_thing_group, thingGroupName="site"), ("InvalidRequestException", 400))


def check_certificates():
    made = iot.create_keys_and_certificate(setAsActive=True)
    certificate.update(id=made["certificateId"], arn=made["certificateArn"], pem=made["certificatePem"])
    equal(made["certificateArn"], f"{ARN}:cert/{made['certificateId']}")
    equal(made["keyPair"]["PrivateKey"].splitlines()[0], "-----BEGIN RSA PRIVATE KEY-----")
    described = iot.describe_certificate(certificateId=certificate["id"])["certificateDescription"]
    equal((described["status"], described["certificatePem"]), ("ACTIVE", made["certificatePem"]))
    equal([row["certificateId"] for row in iot.list_certificates()["certificates"]], [certificate["id"]])
    equal(
        refusal(iot.register_certificate_without_ca, certificatePem=certificate["pem"]),
        ("ResourceAlreadyExistsException", 409),
    )
    equal(refusal(iot.register_certificate_without_ca, certificatePem="x"), ("CertificateValidationException", 400))
    equal(refusal(iot.describe_certificate, certificateId="0" * 64), ("ResourceNotFoundException", 404))
    equal(
        refusal(iot.update_certificate, certificateId=certificate["id"], newStatus="PENDING_ACTIVATION"),
        ("InvalidRequestException", 400),
    )
    equal(refusal(iot.delete_certificate, certificateId=certificate["id"]), ("CertificateStateException", 406))


def check_principals():
    iot.attach_thing_principal(thingName="cam-1", principal=certificate["arn"])
    equal(iot.list_thing_principals(thingName="cam-1")["principals"], [certificate["arn"]])
    equal(iot.list_principal_things(principal=certificate["arn"])["things"], ["cam-1"])
    equal(
        refusal(iot.attach_thing_principal, thingName="none", principal=certificate["arn"]),
        ("ResourceNotFoundException", 404),
    )
    equal(refusal(iot.delete_thing, thingName="cam-1"), ("InvalidRequestException", 400))


def check_policies():
    made = iot.create_policy(policyName="connect", policyDocument=document())
    equal((made["policyArn"], made["policyVersionId"]), (f"{ARN}:policy/connect", "1"))
    equal(
        refusal(iot.create_policy, policyName="connect", policyDocument=document()),
        ("ResourceAlreadyExistsException", 409),
    )
    equal(refusal(iot.create_policy, policyName="bad", policyDocument="{}"), ("MalformedPolicyException", 400))
    iot.attach_policy(policyName="connect", target=certificate["arn"])
    equal(
        [policy["policyName"] for policy in iot.list_attached_policies(target=certificate["arn"])["policies"]],
        ["connect"],
    )
    equal(iot.list_targets_for_policy(policyName="connect")["targets"], [certificate["arn"]])
    effective = iot.get_effective_policies(principal=certificate["arn"], thingName="cam-1")["effectivePolicies"]
    equal([policy["policyName"] for policy in effective], ["connect"])
    equal(refusal(iot.delete_policy, policyName="connect"), ("DeleteConflictException", 409))
    for _ in range(4):
        iot.create_policy_version(policyName="connect", policyDocument=document("iot:Publish"))
    equal(
        refusal(iot.create_policy_version, policyName="connect", policyDocument=document()),
        ("VersionsLimitExceededException", 409),
    )
    iot.set_default_policy_version(policyName="connect", policyVersionId="2")
    equal(iot.get_policy(policyName="connect")["policyDocument"], document("iot:Publish"))


def check_role_aliases():
    role = f"arn:aws:iam::{ACCOUNT}:role/any"
    made = iot.create_role_alias(roleAlias="uploads", roleArn=role)
    equal(made["roleAliasArn"], f"{ARN}:rolealias/uploads")
    equal(iot.describe_role_alias(roleAlias="uploads")["roleAliasDescription"]["credentialDurationSeconds"], 3600)
    equal(refusal(iot.create_role_alias, roleAlias="uploads", roleArn=role), ("ResourceAlreadyExistsException", 409))
    equal(iot.list_role_aliases()["roleAliases"], ["uploads"])
    iot.update_role_alias(roleAlias="uploads", credentialDurationSeconds=900)
    iot.delete_role_alias(roleAlias="uploads")


def check_topic_rules():
    payload = {
        "sql": "SELECT * FROM 'a/+'",
        "actions": [{"sqs": {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/r", "queueUrl": "http://q/1/q"}}],
    }
    iot.create_topic_rule(ruleName="rule_1", topicRulePayload=payload)
    got = iot.get_topic_rule(ruleName="rule_1")
    equal(
        (got["ruleArn"], got["rule"]["sql"], got["rule"]["ruleDisabled"]), (f"{ARN}:rule/rule_1", payload["sql"], False)
    )
    equal(
        refusal(iot.create_topic_rule, ruleName="rule_1", topicRulePayload=payload),
        ("ResourceAlreadyExistsException", 409),
    )
    equal(
        refusal(iot.create_topic_rule, ruleName="rule_2", topicRulePayload={**payload, "sql": "SELECT"}),
        ("SqlParseException", 400),
    )
    iot.disable_topic_rule(ruleName="rule_1")
    equal([(rule["ruleName"], rule["ruleDisabled"]) for rule in iot.list_topic_rules()["rules"]], [("rule_1", True)])
    iot.delete_topic_rule(ruleName="rule_1")


def check_ca_certificates_and_endpoints():
    equal(len(iot.get_registration_code()["registrationCode"]), 64)
    equal(
        refusal(iot.register_ca_certificate, caCertificate="x", verificationCertificate="y"),
        ("CertificateValidationException", 400),
    )
    equal(iot.list_ca_certificates()["certificates"], [])
    for kind in ("iot:Data-ATS", "iot:CredentialProvider"):
        equal(iot.describe_endpoint(endpointType=kind)["endpointAddress"].startswith("localhost:"), True)
    equal(refusal(iot.describe_endpoint, endpointType="iot:None"), ("InvalidRequestException", 400))


def check_tags():
    resource = f"{ARN}:policy/connect"
    iot.tag_resource(resourceArn=resource, tags=[{"Key": "a", "Value": "1"}])
    equal(iot.list_tags_for_resource(resourceArn=resource)["tags"], [{"Key": "a", "Value": "1"}])
    iot.untag_resource(resourceArn=resource, tagKeys=["a"])
    equal(iot.list_tags_for_resource(resourceArn=resource)["tags"], [])


def check_what_is_not_there_says_so():
    equal(refusal(iot.list_jobs), ("NotImplemented", 501))
    equal(refusal(iot.search_index, queryString="*"), ("NotImplemented", 501))
    equal(refusal(boto3.client("iot-data").get_thing_shadow, thingName="cam-1"), ("NotImplemented", 501))


def check_taking_apart():
    iot.detach_policy(policyName="connect", target=certificate["arn"])
    iot.detach_thing_principal(thingName="cam-1", principal=certificate["arn"])
    iot.update_certificate(certificateId=certificate["id"], newStatus="INACTIVE")
    iot.delete_certificate(certificateId=certificate["id"])
    for version in ("1", "3", "4", "5"):
        iot.delete_policy_version(policyName="connect", policyVersionId=version)
    iot.delete_policy(policyName="connect")
    for number in range(1, 6):
        iot.delete_thing(thingName=f"cam-{number}")
    iot.delete_thing_group(thingGroupName="hall")
    iot.delete_thing_group(thingGroupName="site")
    equal(refusal(iot.delete_thing_type, thingTypeName="camera"), ("InvalidRequestException", 400))
    iot.deprecate_thing_type(thingTypeName="camera")
    equal(refusal(iot.delete_thing_type, thingTypeName="camera"), ("InvalidRequestException", 400))


run_checks(globals())
