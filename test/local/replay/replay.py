"""Runs LocalStack's recorded tests of Step Functions against the local service. A plugin of pytest.

The tests make the calls, and LocalStack's own library compares the answers with the recordings, all members of them. A
test that needs a service that nothing here stands for is skipped, with the name of the service.
"""

import json
import os
import re
import signal
import threading
import time
import urllib.request

from datetime import datetime

import needs

from stand_ins import ACCOUNT, REGION, Difference

ENDPOINT = os.environ["REPLAY_ENDPOINT"]
SCALE = float(os.environ["REPLAY_SCALE"])
LIMIT = 60
"""The seconds that a test may take, of the machine's own clock."""
REPORT = os.environ["REPLAY_REPORT"]
LOG = os.environ["REPLAY_LOG"]
SERVICES = json.loads(os.environ["REPLAY_SERVICES"])
"""The URLs of moto and of the stand-in for Lambda; empty if there is no moto."""
MOTO = ["dynamodb", "events", "s3", "secretsmanager", "sns", "sqs"]
SUITE = "tests/aws/services/stepfunctions/v2/"
HERE = os.path.dirname(os.path.abspath(__file__))

with open(os.path.join(HERE, "exceptions.json"), encoding="utf-8") as file:
    EXCEPTIONS = json.load(file)


import boto3  # noqa: E402
import pytest  # noqa: E402
from botocore.config import Config  # noqa: E402
from localstack.testing.pytest.stepfunctions import fixtures as theirs  # noqa: E402
from localstack.testing.snapshots import transformer_utility  # noqa: E402
from localstack_snapshot.snapshots import SnapshotAssertionError  # noqa: E402
from localstack_snapshot.snapshots.transformer import RegexTransformer  # noqa: E402

os.environ["TEST_TARGET"] = "AWS_CLOUD"  # so that no member of a recording is left out of the comparison
del theirs.sfn_activity_consumer, theirs.sfn_events_to_sqs_queue
theirs.is_aws_cloud = lambda: False  # so that no role is tried out at AWS

pytest.skip = lambda *_arguments: None  # What LocalStack leaves out for limits of its own is recorded too.

real_sleep = time.sleep
time.sleep = lambda seconds: real_sleep(seconds / SCALE)


class NeedsService(Exception):
    """A test uses a service other than Step Functions."""

    last = None
    """The service that the test has asked for last. It counts also where the test goes on without it."""

    def __init__(self, service):
        super().__init__(service)
        NeedsService.last = service


class Iam:
    """Gives out roles that nobody checks."""

    def create_role(self, RoleName, **_more):
        return {"Role": {"Arn": f"arn:aws:iam::{ACCOUNT}:role/{RoleName}", "RoleName": RoleName}}

    def create_policy(self, PolicyName, **_more):
        return {"Policy": {"Arn": f"arn:aws:iam::{ACCOUNT}:policy/{PolicyName}"}}

    def __getattr__(self, _name):
        return lambda **_arguments: {}


class Logs:
    """Gives out the log of the local service. A group has what was logged since it was created."""

    def __init__(self):
        self.names = {}

    def create_log_group(self, logGroupName):
        needs.of_service("logs")
        self.names[logGroupName] = len(self.lines())

    def describe_log_streams(self, logGroupName):
        if needs.STANDARD_LOG in needs.noted:
            raise NeedsService(needs.STANDARD_LOG)
        return {"logStreams": [{"logStreamName": "log"}] if self.lines()[self.names[logGroupName] :] else []}

    def get_log_events(self, logGroupName, **_more):
        return {"events": [{"message": line} for line in self.lines()[self.names[logGroupName] :]]}

    def delete_log_group(self, logGroupName):
        self.names.pop(logGroupName, None)

    def lines(self):
        with open(LOG, encoding="utf-8") as log:
            return log.read().splitlines()

    def describe_log_groups(self, logGroupNamePrefix):
        names = [name for name in self.names if name.startswith(logGroupNamePrefix)]
        return {"logGroups": [{"arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*"} for name in names]}

    def __getattr__(self, _name):
        raise NeedsService("logs")


class Sts:
    def get_caller_identity(self):
        return {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:root"}


class Clients:
    def __init__(self, config=None):
        base = Config(inject_host_prefix=False, retries={"total_max_attempts": 1})
        self.stepfunctions = boto3.client(
            "stepfunctions",
            endpoint_url=ENDPOINT,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=base.merge(config) if config else base,
        )
        self.stepfunctions.meta.events.register("provide-client-params.stepfunctions.*", needs.of_call)
        self.iam = Iam()
        self.logs = Logs()
        self.sts = Sts()
        self.lambda_ = Lambda()
        self.made = {}

    def __getattr__(self, name):
        needs.of_service(name)
        if not SERVICES or name not in MOTO:
            raise NeedsService(name)
        if name in self.made:
            return self.made[name]
        client = boto3.client(
            name,
            endpoint_url=SERVICES["moto"],
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        self.made[name] = client
        return client


class Lambda:
    """Creates functions of the stand-in. Nobody checks who may call them."""

    def create(self, name, file):
        needs.of_service("lambda")
        if not SERVICES:
            raise NeedsService("lambda")
        body = json.dumps({"name": name, "file": file}).encode()
        urllib.request.urlopen(urllib.request.Request(SERVICES["lambda"], body, method="PUT")).read()

    def __getattr__(self, _name):
        return lambda **_arguments: {}


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


def pytest_configure(config):
    config.pluginmanager.register(theirs, "theirs")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Keeps the tests that were validated at AWS, and skips those with a fixture of another service."""
    validated = [item for item in items if item.get_closest_marker("aws_validated") and is_recorded(item)]
    # These are marked as validated, but have texts of LocalStack's own.
    validated = [item for item in validated if item.originalname not in EXCEPTIONS["ownWords"]]
    config.hook.pytest_deselected(items=[item for item in items if item not in validated])
    items[:] = validated
    for item in items:
        item.own_markers = [mark for mark in item.own_markers if mark.name != "skip"]
        known = {*item.session._fixturemanager._arg2fixturedefs, "request", *params_of(item)}
        needs = [name for name in item.fixturenames if name not in known]
        if needs:
            item.add_marker(pytest.mark.skip(reason=f"needs {needs[0]}"))


def is_recorded(item):
    path = str(item.path).removesuffix(".py") + ".snapshot.json"
    if not os.path.exists(path):
        return False
    with open(path, encoding="utf-8") as file:
        return item.nodeid in json.load(file)


def params_of(item):
    return item.callspec.params if hasattr(item, "callspec") else {}


results = {}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """Fails a test that waits for ever, and leaves nothing in moto to the next one."""
    needs.begin()
    needs.of_fixtures(item.fixturenames)
    signal.signal(signal.SIGALRM, lambda *_arguments: pytest.fail(f"has waited for {LIMIT} seconds"))
    signal.alarm(LIMIT)
    yield
    signal.alarm(0)
    if SERVICES:
        urllib.request.urlopen(urllib.request.Request(f"{SERVICES['moto']}/moto-api/reset", b"", method="POST")).read()


NOT_HERE = {
    r"is a Map in DISTRIBUTED mode|Distributed Map": "needs a Distributed Map",
    r"Nothing answers 'arn:[^']*:::(?:aws-sdk:sfn|states):\w+": "needs a nested execution or Step Functions as a service",
    r"Nothing answers 'arn:[^']*:::(?:aws-sdk:)?(\w+)": r"needs \1",
    r"Nothing answers 'arn:[^']*:function:": "needs lambda",
}
"""The texts by which the local service says that it does not have something, and what it is."""


def not_here(lines):
    """Returns what the test needs that the local service does not have, or None."""
    for pattern, meaning in NOT_HERE.items():
        for line in lines:
            if match := re.search(pattern, line):
                return match.expand(meaning)
    return None


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    name = item.nodeid.removeprefix(SUITE)
    error = call.excinfo.value if call.excinfo else None
    if NeedsService.last and call.when == "call":
        results[name] = {"outcome": "skipped", "reason": f"needs {NeedsService.last}"}
    elif report.skipped:
        results.setdefault(name, {"outcome": "skipped", "reason": skip_reason(report)})
    elif report.failed and call.when != "teardown":
        results[name] = failure(error, report)
    elif call.when == "call":
        results.setdefault(name, {"outcome": "passed"})
    if name in results:
        results[name]["needs"] = needs.found()
    if call.when == "call":
        results[name]["seconds"] = call.duration
        results[name]["histories"] = histories_of(item.funcargs.get("snapshot"), error)
        results[name]["without"] = sorted(Difference.left_out)


def histories_of(session, error):
    """Tells of each history that a test has reached whether it is the same as the recorded one."""
    if session and error and not isinstance(error, SnapshotAssertionError):
        # Nothing was compared yet.
        try:
            session._assert_all()
        except SnapshotAssertionError as found:
            error = found
    wrong = {each.key for each in error.result if not each} if isinstance(error, SnapshotAssertionError) else set()
    observed = session.observed_state if session else {}
    return {key: key not in wrong for key, value in observed.items() if isinstance(value, dict) and "events" in value}


def skip_reason(report):
    return str(report.longrepr[-1]).removeprefix("Skipped: ")


def failure(error, report):
    lines = lines_of(error, report)
    needed = not_here(lines)
    return {"outcome": "skipped", "reason": needed} if needed else {"outcome": "failed", "reason": lines}


def lines_of(error, report):
    if isinstance(error, SnapshotAssertionError):
        return [f"{result.key}{line}" for result in error.result for line in result.result.lines]
    return [f"{type(error).__name__}: {error}", *str(report.longrepr).splitlines()[-8:]]


def pytest_sessionfinish():
    with open(REPORT, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1, default=str)
