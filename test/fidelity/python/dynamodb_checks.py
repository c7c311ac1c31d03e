"""Amazon DynamoDB, as boto3 uses it: client and table resource."""

from decimal import Decimal

import boto3
from boto3.dynamodb.conditions import Attr, Key
from checks import ACCOUNT, REGION, equal, refusal, run_checks

dynamodb = boto3.client("dynamodb")
table = boto3.resource("dynamodb").Table("log")


def check_tables():
    dynamodb.create_table(
        TableName="log",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "day")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-day",
                "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.get_waiter("table_exists").wait(TableName="log", WaiterConfig={"Delay": 1})
    described = dynamodb.describe_table(TableName="log")["Table"]
    equal(described["TableArn"], f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/log")
    equal((described["TableStatus"], described["BillingModeSummary"]["BillingMode"]), ("ACTIVE", "PAY_PER_REQUEST"))
    equal(dynamodb.list_tables()["TableNames"], ["log"])
    equal(refusal(dynamodb.describe_table, TableName="none"), ("ResourceNotFoundException", 400))


def check_items():
    item = {
        "pk": "a",
        "sk": "1",
        "day": "d1",
        "n": Decimal("1.50"),
        "set": {"x", "y"},
        "photo": b"\0",
        "list": [None, True, {"k": "v"}],
    }
    table.put_item(Item=item)
    got = table.get_item(Key={"pk": "a", "sk": "1"}, ConsistentRead=True)["Item"]
    equal({**got, "photo": got["photo"].value}, item)
    equal("Item" in table.get_item(Key={"pk": "a", "sk": "none"}), False)
    equal(refusal(table.get_item, Key={"pk": "a"}), ("ValidationException", 400))


def check_conditional_writes():
    refused = ("ConditionalCheckFailedException", 400)
    equal(refusal(table.put_item, Item={"pk": "a", "sk": "1"}, ConditionExpression=Attr("pk").not_exists()), refused)
    updated = table.update_item(
        Key={"pk": "a", "sk": "1"},
        UpdateExpression="SET #n = #n + :one, seen = list_append(if_not_exists(seen, :none), :who) REMOVE photo",
        ConditionExpression="#n = :before",
        ExpressionAttributeNames={"#n": "n"},
        ExpressionAttributeValues={":one": 1, ":before": Decimal("1.5"), ":none": [], ":who": ["me"]},
        ReturnValues="ALL_NEW",
    )["Attributes"]
    equal((updated["n"], updated["seen"], "photo" in updated), (Decimal("2.5"), ["me"], False))
    equal(refusal(table.delete_item, Key={"pk": "a", "sk": "1"}, ConditionExpression=Attr("n").gt(9)), refused)
    equal(table.delete_item(Key={"pk": "a", "sk": "1"}, ReturnValues="ALL_OLD")["Attributes"]["n"], Decimal("2.5"))


def check_queries_and_pages():
    with table.batch_writer() as batch:
        for number in range(30):
            batch.put_item(Item={"pk": "q", "sk": f"{number:03}", "day": f"d{number % 2}", "n": number})
    page = table.query(
        KeyConditionExpression=Key("pk").eq("q") & Key("sk").between("005", "010"), ScanIndexForward=False
    )
    equal([item["sk"] for item in page["Items"]], ["010", "009", "008", "007", "006", "005"])
    pages = dynamodb.get_paginator("query").paginate(
        TableName="log",
        IndexName="by-day",
        KeyConditionExpression="#d = :d AND begins_with(sk, :p)",
        ExpressionAttributeNames={"#d": "day"},
        ExpressionAttributeValues={":d": {"S": "d1"}, ":p": {"S": "0"}},
        PaginationConfig={"PageSize": 4},
    )
    rows = [[item["sk"]["S"] for item in page["Items"]] for page in pages]
    equal([len(row) for row in rows][:3], [4, 4, 4])
    equal(sum(rows, []), [f"{number:03}" for number in range(1, 30, 2)])
    filtered = table.scan(FilterExpression=Attr("n").gte(28), Select="COUNT")
    equal((filtered["Count"], filtered["ScannedCount"]), (2, 30))
    keys = [{"pk": {"S": "q"}, "sk": {"S": text}} for text in ("001", "none")]
    got = dynamodb.batch_get_item(RequestItems={"log": {"Keys": keys}})
    equal([item["n"] for item in got["Responses"]["log"]], [{"N": "1"}])


def check_settings():
    dynamodb.update_time_to_live(TableName="log", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})
    described = dynamodb.describe_time_to_live(TableName="log")["TimeToLiveDescription"]
    equal((described["TimeToLiveStatus"], described["AttributeName"]), ("ENABLED", "expires"))
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/log"
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}])
    equal(dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"], [{"Key": "a", "Value": "1"}])
    dynamodb.update_table(TableName="log", DeletionProtectionEnabled=True)
    equal(refusal(dynamodb.delete_table, TableName="log"), ("ValidationException", 400))
    dynamodb.update_table(TableName="log", DeletionProtectionEnabled=False)


def check_what_is_not_there_says_so():
    put = {"Put": {"TableName": "log", "Item": {"pk": {"S": "t"}, "sk": {"S": "t"}}}}
    equal(refusal(dynamodb.transact_write_items, TransactItems=[put]), ("NotImplemented", 501))
    equal(refusal(dynamodb.execute_statement, Statement="SELECT * FROM log"), ("NotImplemented", 501))


def check_deleting():
    dynamodb.delete_table(TableName="log")
    dynamodb.get_waiter("table_not_exists").wait(TableName="log", WaiterConfig={"Delay": 1})


run_checks(globals())
