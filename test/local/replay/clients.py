"""The clients that the tests get: Step Functions is the local service, other services are moto or stand-ins."""

import json
import os
import urllib.request

import boto3
import needs

from botocore.config import Config
from stand_ins import ACCOUNT, REGION

ENDPOINT = os.environ["REPLAY_ENDPOINT"]
LOG = os.environ["REPLAY_LOG"]
SERVICES = json.loads(os.environ["REPLAY_SERVICES"])
"""The URLs of moto and of the stand-in for Lambda; empty if there is no moto."""
MOTO = ["dynamodb", "events", "s3", "secretsmanager", "sns", "sqs"]


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
