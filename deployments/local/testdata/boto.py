"""Uses the local servers with boto3, as a program for AWS does. Older versions of boto3 take
endpoints as parameters only, and speak SQS's query protocol."""
import io
import json
import os
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from boto3.s3.transfer import TransferConfig

s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL_S3"])
sqs = boto3.client("sqs", endpoint_url=os.environ["AWS_ENDPOINT_URL_SQS"])
bucket = os.environ["CALOTYPE_BUCKET"]


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        found = error.response["Error"]["Code"]
        assert code in found, f"{call.__name__}: {found}, want {code}"
        return
    raise AssertionError(f"{call.__name__} is not refused")


# Objects, with metadata, ranges, copies and listings.
body = bytes(range(256)) * 40_000
s3.put_object(Bucket=bucket, Key="boto/é 1.bin", Body=body, ContentType="image/jpeg", Metadata={"focal": "0.3,0.7"})
head = s3.head_object(Bucket=bucket, Key="boto/é 1.bin")
assert head["ContentLength"] == len(body) and head["Metadata"] == {"focal": "0.3,0.7"}, head
part = s3.get_object(Bucket=bucket, Key="boto/é 1.bin", Range="bytes=256-511")
assert part["Body"].read() == bytes(range(256))
s3.copy_object(Bucket=bucket, Key="boto/2.bin", CopySource={"Bucket": bucket, "Key": "boto/é 1.bin"})
s3.upload_fileobj(io.BytesIO(body), bucket, "boto/3.bin", Config=TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20))
assert s3.get_object(Bucket=bucket, Key="boto/3.bin")["Body"].read() == body
pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="boto/", PaginationConfig={"PageSize": 2})
keys = [o["Key"] for page in pages for o in page.get("Contents", [])]
assert keys == ["boto/2.bin", "boto/3.bin", "boto/é 1.bin"], keys
signer = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL_S3"], config=Config(signature_version="s3v4"))  # The default is version 2.
url = signer.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "boto/2.bin"})
assert urllib.request.urlopen(url).read() == body
refused("NoSuchKey", s3.get_object, Bucket=bucket, Key="boto/none.bin")
refused("404", s3.head_object, Bucket=bucket, Key="boto/none.bin")
deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys]})
assert len(deleted["Deleted"]) == 3 and not deleted.get("Errors"), deleted

# Queues, with a dead-letter queue, batches, attributes, delays, tags and moves.
dead = sqs.create_queue(QueueName="boto-dead")["QueueUrl"]
arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
jobs = sqs.create_queue(QueueName="boto-jobs", Attributes={
    "VisibilityTimeout": "30", "RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "1"})}, tags={"team": "pictures"})["QueueUrl"]
assert sqs.get_queue_url(QueueName="boto-jobs")["QueueUrl"] == jobs
assert jobs in sqs.list_queues(QueueNamePrefix="boto-")["QueueUrls"]
assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [jobs]
assert sqs.list_queue_tags(QueueUrl=jobs)["Tags"] == {"team": "pictures"}
sent = sqs.send_message(QueueUrl=jobs, MessageBody='<a & "b">\né', MessageAttributes={"n": {"DataType": "Number", "StringValue": "5"}})
batch = sqs.send_message_batch(QueueUrl=jobs, Entries=[{"Id": "1", "MessageBody": "one"}, {"Id": "2", "MessageBody": "later", "DelaySeconds": 900}])
assert len(batch["Successful"]) == 2 and not batch.get("Failed"), batch
got = []
while len(got) < 2:
    got += sqs.receive_message(QueueUrl=jobs, MaxNumberOfMessages=10, WaitTimeSeconds=2, AttributeNames=["All"], MessageAttributeNames=["All"])["Messages"]
first = next(m for m in got if m["MessageId"] == sent["MessageId"])
assert first["Body"] == '<a & "b">\né' and first["MessageAttributes"]["n"]["StringValue"] == "5", first
assert first["Attributes"]["ApproximateReceiveCount"] == "1", first
sqs.change_message_visibility(QueueUrl=jobs, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0)
other = next(m for m in got if m is not first)
done = sqs.delete_message_batch(QueueUrl=jobs, Entries=[{"Id": "x", "ReceiptHandle": other["ReceiptHandle"]}])
assert len(done["Successful"]) == 1, done
assert "Messages" not in sqs.receive_message(QueueUrl=jobs, WaitTimeSeconds=1)  # It was received once: it is dead.
letter = sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=2, VisibilityTimeout=0)["Messages"][0]
assert letter["MessageId"] == sent["MessageId"], letter
if hasattr(sqs, "start_message_move_task"):
    sqs.start_message_move_task(SourceArn=arn)
    moved = sqs.receive_message(QueueUrl=jobs, WaitTimeSeconds=5)["Messages"][0]
    assert moved["Body"] == first["Body"] and moved["MessageId"] != sent["MessageId"], moved  # A moved message is a new one.
refused("NonExistentQueue", sqs.get_queue_url, QueueName="boto-none")
refused("ReceiptHandleIsInvalid", sqs.delete_message, QueueUrl=jobs, ReceiptHandle="none")
for queue in (jobs, dead):
    sqs.delete_queue(QueueUrl=queue)
print("boto3", boto3.__version__, "did all of it")
