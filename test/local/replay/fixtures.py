"""The fixtures of the tests that LocalStack defines for its own service."""

import json
import os
import threading
import time

from datetime import datetime

import needs
import pytest

from clients import Clients, NeedsService
from localstack.testing.snapshots import transformer_utility
from localstack_snapshot.snapshots.transformer import RegexTransformer
from stand_ins import ACCOUNT, REGION, Difference

HERE = os.path.dirname(os.path.abspath(__file__))

with open(os.path.join(HERE, "exceptions.json"), encoding="utf-8") as file:
    EXCEPTIONS = json.load(file)


@pytest.fixture
def create_lambda_function(aws_client):
    def create(func_name, handler_file, **_more):
        aws_client.lambda_.create(func_name, str(handler_file))
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{func_name}"
        return {"CreateFunctionResponse": {"FunctionName": func_name, "FunctionArn": arn}}

    return create


@pytest.fixture
def s3_create_bucket(aws_client):
    def create(Bucket=None, **_more):
        name = Bucket or f"test-bucket-{os.urandom(4).hex()}"
        aws_client.s3.create_bucket(Bucket=name)
        return name

    return create


@pytest.fixture
def sqs_create_queue(aws_client):
    def create(QueueName=None, **more):
        name = QueueName or f"test-queue-{os.urandom(4).hex()}"
        return aws_client.sqs.create_queue(QueueName=name, **more)["QueueUrl"]

    return create


@pytest.fixture
def sqs_get_queue_arn(aws_client):
    def get(queue_url):
        found = aws_client.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
        return found["Attributes"]["QueueArn"]

    return get


@pytest.fixture
def sqs_receive_num_messages(aws_client):
    def receive(queue_url, expected_messages, **_more):
        answer = aws_client.sqs.receive_message(QueueUrl=queue_url, WaitTimeSeconds=20)
        assert len(answer.get("Messages", [])) == expected_messages
        return [json.loads(message["Body"]) for message in answer["Messages"]]

    return receive


@pytest.fixture
def sns_allow_topic_sqs_queue():
    """moto checks no policies of queues."""
    return lambda *_arguments: None


@pytest.fixture
def events_create_rule(aws_client):
    def create(EventPattern, **more):
        return aws_client.events.put_rule(EventPattern=json.dumps(EventPattern), **more)["RuleArn"]

    return create


@pytest.fixture
def deploy_cfn_template():
    def deploy(template_path, **_more):
        with open(template_path, encoding="utf-8") as template:
            needs.of_template(template.read())
        needs.of_service("cloudformation")
        raise NeedsService("cloudformation")

    return deploy


@pytest.fixture
def sfn_events_to_sqs_queue():
    def create(**_more):
        needs.of_service("events of executions")
        raise NeedsService("events of executions")

    return create


@pytest.fixture
def sns_create_topic(aws_client):
    def create(Name=None, **more):
        return aws_client.sns.create_topic(Name=Name or f"test-topic-{os.urandom(4).hex()}", **more)

    return create


@pytest.fixture
def dynamodb_create_table(aws_client):
    def create(table_name=None, partition_key="id", **_more):
        return aws_client.dynamodb.create_table(
            TableName=table_name or f"test-table-{os.urandom(4).hex()}",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": partition_key, "AttributeType": "S"}],
            KeySchema=[{"AttributeName": partition_key, "KeyType": "HASH"}],
        )

    return create


@pytest.fixture(scope="session")
def aws_client():
    return Clients()


@pytest.fixture(scope="session")
def aws_client_no_retry(aws_client):
    return aws_client


@pytest.fixture(scope="session")
def secondary_aws_client(aws_client):
    """Stands for another account. The local service has one, and doesn't check roles."""
    return aws_client


@pytest.fixture
def create_cross_account_admin_role_and_policy():
    return lambda **_more: f"arn:aws:iam::{ACCOUNT}:role/trusted-{os.urandom(8).hex()}"


@pytest.fixture(scope="session")
def aws_client_factory():
    return lambda config=None, **_more: Clients(config)


@pytest.fixture(scope="session")
def account_id():
    return ACCOUNT


@pytest.fixture(scope="session")
def region_name():
    return REGION


@pytest.fixture
def cleanups():
    """Takes the functions that would remove roles. There are none to remove."""
    return []


@pytest.fixture
def snapshot(request, _snapshot_session):
    utility = transformer_utility.TransformerUtility
    _snapshot_session.transform = utility
    for pattern, replacement in [(ACCOUNT, "1" * 12), (REGION, "<region>"), ("arn:aws:", "arn:<partition>:")]:
        _snapshot_session.add_transformer(RegexTransformer(pattern, replacement), priority=2)
    _snapshot_session.add_transformer(transformer_utility.SNAPSHOT_BASIC_TRANSFORMER, priority=2)
    NeedsService.last = None
    Difference.left_out.clear()
    Difference.later_members = later_members(recorded_at(_snapshot_session))
    return _snapshot_session


def recorded_at(session):
    """Returns the date of a test's recording, or None if the test has none."""
    if not os.path.exists(session.file_path):
        return None
    with open(session.file_path, encoding="utf-8") as file:
        entry = json.load(file).get(session.scope_key)
    return entry and datetime.strptime(entry["recorded-date"], "%d-%m-%Y, %H:%M:%S").date().isoformat()


def later_members(date):
    return {name for name, since in EXCEPTIONS["members"].items() if date and date < since}


@pytest.fixture
def sfn_activity_consumer(aws_client):
    """Takes one task and answers it, as the state machine of the test would."""
    return lambda template, activity_arn: Consumer(aws_client.stepfunctions, template, activity_arn).start()


class Consumer(threading.Thread):
    def __init__(self, client, template, activity_arn):
        super().__init__(daemon=True)
        self.client, self.states, self.activity_arn = client, template["States"], activity_arn

    def run(self):
        poll = {**self.states["GetActivityTask"]["Parameters"], "ActivityArn": self.activity_arn}
        poll.pop("ActivityArn.$", None)
        task = self.client.get_activity_task(**{key[0].lower() + key[1:]: text for key, text in poll.items()})
        self.answer(self.states["TaskReceived"], task)

    def answer(self, state, task):
        resource = state.get("Resource", "").split(":")[-1]
        if resource == "sendTaskSuccess":
            self.client.send_task_success(taskToken=task["taskToken"], output=task["input"])
        if resource == "sendTaskFailure":
            error = state["Parameters"]["Error"]
            self.client.send_task_failure(taskToken=task["taskToken"], error=error, cause=task["input"])
        if resource == "sendTaskHeartbeat":
            self.client.send_task_heartbeat(taskToken=task["taskToken"])
        time.sleep(state.get("Seconds", 0))
        if "Next" in state:
            self.answer(self.states[state["Next"]], task)
