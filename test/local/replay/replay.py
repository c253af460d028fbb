"""Runs LocalStack's recorded tests of Step Functions against the local service. A plugin of pytest.

The tests make the calls, and LocalStack's own library compares the answers with the recordings, all members of them. A
test that needs a service that nothing here stands for is skipped, with the name of the service.
"""

import json
import os
import signal
import time
import urllib.request

import needs

from stand_ins import Difference  # Before all that comes from LocalStack.

import fixtures  # noqa: E402
import pytest  # noqa: E402
from clients import SERVICES, NeedsService  # noqa: E402
from localstack.testing.pytest.stepfunctions import fixtures as theirs  # noqa: E402
from localstack_snapshot.snapshots import SnapshotAssertionError  # noqa: E402

SCALE = float(os.environ["REPLAY_SCALE"])
LIMIT = 120
"""The seconds that a test may take, of the machine's own clock."""
REPORT = os.environ["REPLAY_REPORT"]
SUITE = "tests/aws/services/stepfunctions/v2/"

os.environ["TEST_TARGET"] = "AWS_CLOUD"  # so that no member of a recording is left out of the comparison
theirs.is_aws_cloud = lambda: False  # so that no role is tried out at AWS
pytest.skip = lambda *_arguments: None  # What LocalStack leaves out for limits of its own is recorded too.

real_sleep = time.sleep
time.sleep = lambda seconds: real_sleep(seconds / SCALE)


def pytest_configure(config):
    config.pluginmanager.register(theirs, "theirs")
    config.pluginmanager.register(fixtures, "ours")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Keeps the tests that were validated at AWS, and skips those with a fixture of another service."""
    validated = [item for item in items if item.get_closest_marker("aws_validated") and is_recorded(item)]
    # These are marked as validated, but have texts of LocalStack's own.
    validated = [item for item in validated if item.originalname not in fixtures.EXCEPTIONS["ownWords"]]
    config.hook.pytest_deselected(items=[item for item in items if item not in validated])
    items[:] = validated
    for item in items:
        item.own_markers = [mark for mark in item.own_markers if mark.name != "skip"]
        known = {*item.session._fixturemanager._arg2fixturedefs, "request", *params_of(item)}
        missing = [name for name in item.fixturenames if name not in known]
        if missing:
            item.add_marker(pytest.mark.skip(reason=f"needs {missing[0]}"))


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
        results[name] = {"outcome": "failed", "reason": lines_of(error, report)}
    elif call.when == "call":
        results.setdefault(name, {"outcome": "passed"})
    if name in results:
        results[name]["needs"] = needs.found()
    if call.when == "call":
        results[name]["seconds"] = call.duration
        results[name]["histories"] = histories_of(item.funcargs.get("snapshot"), error)
        results[name]["operations"] = sorted(needs.operations)
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


def lines_of(error, report):
    if isinstance(error, SnapshotAssertionError):
        return [f"{result.key}{line}" for result in error.result for line in result.result.lines]
    return [f"{type(error).__name__}: {error}", *str(report.longrepr).splitlines()[-8:]]


def pytest_sessionfinish():
    with open(REPORT, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1, default=str)
