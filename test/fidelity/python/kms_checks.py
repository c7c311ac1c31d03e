"""AWS KMS, as boto3 uses it."""

import hashlib

import boto3
from checks import ACCOUNT, REGION, equal, refusal, run_checks

kms = boto3.client("kms")
key = {}


def check_signing_keys():
    created = kms.create_key(
        KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY", Description="d", Tags=[{"TagKey": "a", "TagValue": "1"}]
    )
    key.update(KeyId=created["KeyMetadata"]["KeyId"])
    equal(created["KeyMetadata"]["Arn"], f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key['KeyId']}")
    equal(created["KeyMetadata"]["SigningAlgorithms"], ["ECDSA_SHA_256"])
    described = kms.describe_key(**key)["KeyMetadata"]
    equal((described["KeyState"], described["Description"], described["Enabled"]), ("Enabled", "d", True))
    equal([row["KeyId"] for row in kms.list_keys()["Keys"]], [key["KeyId"]])
    equal(kms.list_resource_tags(**key)["Tags"], [{"TagKey": "a", "TagValue": "1"}])
    equal(refusal(kms.describe_key, KeyId="00000000-0000-0000-0000-000000000000"), ("NotFoundException", 400))


def check_signatures():
    public = kms.get_public_key(**key)
    equal(public["PublicKey"][:2], b"\x30\x59")
    digest = hashlib.sha256(b"hello").digest()
    signing = dict(**key, SigningAlgorithm="ECDSA_SHA_256")
    signed = kms.sign(**signing, Message=digest, MessageType="DIGEST")["Signature"]
    equal(kms.verify(**signing, Message=b"hello", MessageType="RAW", Signature=signed)["SignatureValid"], True)
    equal(
        refusal(kms.verify, **signing, Message=b"other", MessageType="RAW", Signature=signed),
        ("KMSInvalidSignatureException", 400),
    )
    equal(refusal(kms.sign, **signing, Message=b"short", MessageType="DIGEST"), ("ValidationException", 400))


def check_aliases():
    kms.create_alias(AliasName="alias/fleet", TargetKeyId=key["KeyId"])
    equal(kms.describe_key(KeyId="alias/fleet")["KeyMetadata"]["KeyId"], key["KeyId"])
    equal([row["AliasName"] for row in kms.list_aliases(**key)["Aliases"]], ["alias/fleet"])
    equal(refusal(kms.create_alias, AliasName="alias/fleet", TargetKeyId=key["KeyId"]), ("AlreadyExistsException", 400))
    equal(refusal(kms.create_alias, AliasName="alias/aws/x", TargetKeyId=key["KeyId"]), ("NotAuthorizedException", 400))
    kms.delete_alias(AliasName="alias/fleet")
    equal(refusal(kms.describe_key, KeyId="alias/fleet"), ("NotFoundException", 400))


def check_states():
    kms.disable_key(**key)
    signing = dict(**key, SigningAlgorithm="ECDSA_SHA_256", Message=b"m")
    equal(refusal(kms.sign, **signing), ("DisabledException", 400))
    kms.enable_key(**key)
    equal(kms.schedule_key_deletion(**key, PendingWindowInDays=7)["KeyState"], "PendingDeletion")
    equal(refusal(kms.sign, **signing), ("KMSInvalidStateException", 400))
    kms.cancel_key_deletion(**key)
    equal(kms.describe_key(**key)["KeyMetadata"]["KeyState"], "Disabled")


def check_what_is_not_there_says_so():
    equal(refusal(kms.create_key), ("NotImplemented", 501))
    equal(refusal(kms.create_key, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY"), ("NotImplemented", 501))
    equal(refusal(kms.encrypt, **key, Plaintext=b"x"), ("NotImplemented", 501))


run_checks(globals())
