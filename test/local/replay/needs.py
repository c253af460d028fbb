"""Notes what a test needs besides Step Functions alone, by its calls and by the definitions that it sends."""

import json
import re

NAMES = {
    "lambda": "functions",
    "s3": "objects",
    "sqs": "queues",
    "sfn": "nested executions",
    "states": "nested executions",
}
"""What services are called here. The others keep their names."""
FIXTURES = {"create_role_with_policy": "apigateway", "infrastructure_setup": "ecs"}
"""The services for which fixtures prepare that are missing here."""
STANDARD_LOG = "the log of a STANDARD machine"
RUNS = ("StartExecution", "StartSyncExecution", "TestState")

noted = set()
operations = set()
"""The operations of Step Functions that the test has called."""
resources = set()
"""The services of Tasks. They count if the test runs a machine, not if it only makes one."""


def begin():
    for each in (noted, operations, resources):
        each.clear()


def of_service(name):
    noted.add(NAMES.get(name, name))


def of_fixtures(names):
    noted.update(FIXTURES[name] for name in names if name in FIXTURES)


def of_tasks(text):
    services = re.findall(r":states:::(?:aws-sdk:)?(\w+):\w", text)
    services += ["lambda"] if re.search(r"arn:aws:lambda:|AWS::Lambda::Function", text) else []
    return {NAMES.get(service, service) for service in services}


def of_template(text):
    """Takes a template of CloudFormation, whose machine the test would run."""
    noted.update(of_tasks(text))


def of_call(params, model, **_more):
    """Takes the parameters of a call of Step Functions. A handler of botocore's `provide-client-params`."""
    text = params.get("definition") or ""
    text = text if isinstance(text, str) else json.dumps(text)
    if params.get("type") == "EXPRESS":
        noted.add("EXPRESS")
    elif params.get("loggingConfiguration", {}).get("level", "OFF") != "OFF":
        noted.add(STANDARD_LOG)
    if re.search(r'"Mode"\s*:\s*"DISTRIBUTED"', text):
        noted.add("Distributed Map")
    if "mock" not in params:
        resources.update(of_tasks(text))
    operations.add(model.name)


def found():
    """Returns what the test needed, sorted."""
    return sorted(noted | resources if operations.intersection(RUNS) else noted)
