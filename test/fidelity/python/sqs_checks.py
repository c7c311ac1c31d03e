"""Amazon SQS, as boto3 uses it."""

import json

import boto3
from checks import ACCOUNT, REGION, equal, refusal, run_checks

sqs = boto3.client("sqs")
queues = {}


def receive(queue, **parameters):
    return sqs.receive_message(QueueUrl=queues[queue], **parameters).get("Messages", [])


def check_queues():
    queues["work"] = sqs.create_queue(QueueName="work", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
    equal(sqs.create_queue(QueueName="work", Attributes={"VisibilityTimeout": "30"})["QueueUrl"], queues["work"])
    equal(
        refusal(sqs.create_queue, QueueName="work", Attributes={"VisibilityTimeout": "31"}), ("QueueAlreadyExists", 400)
    )
    equal(sqs.get_queue_url(QueueName="work")["QueueUrl"], queues["work"])
    equal(refusal(sqs.get_queue_url, QueueName="none"), ("AWS.SimpleQueueService.NonExistentQueue", 400))
    equal(sqs.list_queues(QueueNamePrefix="wo")["QueueUrls"], [queues["work"]])
    attributes = sqs.get_queue_attributes(QueueUrl=queues["work"], AttributeNames=["All"])["Attributes"]
    equal(attributes["QueueArn"], f"arn:aws:sqs:{REGION}:{ACCOUNT}:work")
    equal((attributes["VisibilityTimeout"], attributes["MessageRetentionPeriod"]), ("30", "345600"))
    equal(refusal(sqs.create_queue, QueueName="no spaces"), ("InvalidParameterValue", 400))
    equal(
        refusal(sqs.set_queue_attributes, QueueUrl=queues["work"], Attributes={"VisibilityTimeout": "x"}),
        ("InvalidAttributeValue", 400),
    )


def check_messages():
    attributes = {
        "kind": {"DataType": "String", "StringValue": "é"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\0\1"},
    }
    # botocore itself checks the MD5 of body and of attributes.
    sent = sqs.send_message(QueueUrl=queues["work"], MessageBody="héllo", MessageAttributes=attributes)
    (message,) = receive("work", MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"])
    equal((message["MessageId"], message["Body"]), (sent["MessageId"], "héllo"))
    equal(message["MessageAttributes"], attributes)
    equal(message["Attributes"]["ApproximateReceiveCount"], "1")
    equal(receive("work"), [])
    counted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts = sqs.get_queue_attributes(QueueUrl=queues["work"], AttributeNames=counted)["Attributes"]
    equal([counts[name] for name in counted], ["0", "1"])
    handle = dict(QueueUrl=queues["work"], ReceiptHandle=message["ReceiptHandle"])
    sqs.change_message_visibility(**handle, VisibilityTimeout=0)
    (again,) = receive("work", AttributeNames=["ApproximateReceiveCount"])
    equal(again["Attributes"], {"ApproximateReceiveCount": "2"})
    sqs.delete_message(QueueUrl=queues["work"], ReceiptHandle=again["ReceiptHandle"])
    sqs.delete_message(**handle)
    equal(refusal(sqs.delete_message, QueueUrl=queues["work"], ReceiptHandle="x"), ("ReceiptHandleIsInvalid", 404))
    equal(refusal(sqs.send_message, QueueUrl=queues["work"], MessageBody="\x01"), ("InvalidMessageContents", 400))


def check_batches():
    entries = [{"Id": str(number), "MessageBody": f"m{number}"} for number in range(10)]
    equal(len(sqs.send_message_batch(QueueUrl=queues["work"], Entries=entries)["Successful"]), 10)
    messages = receive("work", MaxNumberOfMessages=10)
    equal(sorted(message["Body"] for message in messages), sorted(entry["MessageBody"] for entry in entries))
    handles = [{"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]} for index, message in enumerate(messages)]
    visibilities = [{**handle, "VisibilityTimeout": 60} for handle in handles]
    equal(len(sqs.change_message_visibility_batch(QueueUrl=queues["work"], Entries=visibilities)["Successful"]), 10)
    answer = sqs.delete_message_batch(
        QueueUrl=queues["work"], Entries=handles[:9] + [{"Id": "bad", "ReceiptHandle": "x"}]
    )
    equal(
        [(row["Id"], row["Code"], row["SenderFault"]) for row in answer["Failed"]],
        [("bad", "ReceiptHandleIsInvalid", True)],
    )
    code = "AWS.SimpleQueueService."
    twice = entries[:1] * 2
    equal(
        refusal(sqs.send_message_batch, QueueUrl=queues["work"], Entries=twice),
        (code + "BatchEntryIdsNotDistinct", 400),
    )
    eleven = entries + [{"Id": "11", "MessageBody": "x"}]
    equal(
        refusal(sqs.send_message_batch, QueueUrl=queues["work"], Entries=eleven),
        (code + "TooManyEntriesInBatchRequest", 400),
    )
    equal(refusal(sqs.send_message_batch, QueueUrl=queues["work"], Entries=[]), (code + "EmptyBatchRequest", 400))


def check_dead_letters():
    queues["dead"] = sqs.create_queue(QueueName="dead")["QueueUrl"]
    policy = {"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead", "maxReceiveCount": "1"}
    attributes = {"RedrivePolicy": json.dumps(policy), "VisibilityTimeout": "0"}
    queues["fragile"] = sqs.create_queue(QueueName="fragile", Attributes=attributes)["QueueUrl"]
    equal(sqs.list_dead_letter_source_queues(QueueUrl=queues["dead"])["queueUrls"], [queues["fragile"]])
    sqs.send_message(QueueUrl=queues["fragile"], MessageBody="poison")
    equal(len(receive("fragile")), 1)
    equal(receive("fragile"), [])
    (dead,) = receive("dead", AttributeNames=["DeadLetterQueueSourceArn"])
    equal(dead["Body"], "poison")
    equal(dead["Attributes"]["DeadLetterQueueSourceArn"], f"arn:aws:sqs:{REGION}:{ACCOUNT}:fragile")


def check_long_polls():
    equal(receive("dead", WaitTimeSeconds=1), [])
    equal(refusal(sqs.receive_message, QueueUrl=queues["dead"], WaitTimeSeconds=21), ("InvalidParameterValue", 400))


def check_tags_and_permissions():
    sqs.tag_queue(QueueUrl=queues["work"], Tags={"a": "1", "b": "2"})
    sqs.untag_queue(QueueUrl=queues["work"], TagKeys=["a"])
    equal(sqs.list_queue_tags(QueueUrl=queues["work"])["Tags"], {"b": "2"})
    equal(
        refusal(
            sqs.add_permission, QueueUrl=queues["work"], Label="l", AWSAccountIds=[ACCOUNT], Actions=["SendMessage"]
        ),
        ("NotImplemented", 501),
    )


def check_purging_and_deleting():
    sqs.send_message(QueueUrl=queues["work"], MessageBody="x")
    sqs.purge_queue(QueueUrl=queues["work"])
    equal(refusal(sqs.purge_queue, QueueUrl=queues["work"]), ("AWS.SimpleQueueService.PurgeQueueInProgress", 403))
    equal(receive("work"), [])
    for url in queues.values():
        sqs.delete_queue(QueueUrl=url)
    equal(
        refusal(sqs.send_message, QueueUrl=queues["work"], MessageBody="x"),
        ("AWS.SimpleQueueService.NonExistentQueue", 400),
    )
    equal(sqs.list_queues().get("QueueUrls", []), [])


def check_fifo_queues_are_not_there():
    equal(refusal(sqs.create_queue, QueueName="q.fifo", Attributes={"FifoQueue": "true"}), ("NotImplemented", 501))


run_checks(globals())
