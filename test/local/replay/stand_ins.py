"""Stands in for the parts of LocalStack that its tests import and that a replay does not need.

Modules of LocalStack's tests, of its types of the API and of its helpers for Step Functions are loaded from the
checkout. Everything else of it, and each package that it needs and that is not installed, is an empty stand-in.
"""

import importlib.abc
import importlib.machinery
import json
import os
import sys
import types
import hashlib
import re
import uuid

CHECKOUT = os.environ["REPLAY_CHECKOUT"]
ACCOUNT = "123456789012"
REGION = "us-east-1"
REAL = (
    "localstack.aws.api.",
    "localstack.testing.pytest.marking",
    "localstack.testing.pytest.stepfunctions",
    "localstack.testing.snapshots",
    "localstack.utils.json",
    "localstack.utils.numbers",
    "localstack.utils.sync",
    "localstack.utils.threads",
    "localstack.services.stepfunctions.asl.utils.encoding",
    "localstack.services.stepfunctions.asl.eval.count_down_latch",
)
FOLDERS = (
    "localstack",
    "localstack.aws",
    "localstack.services",
    "localstack.services.stepfunctions",
    "localstack.services.stepfunctions.asl",
    "localstack.services.stepfunctions.asl.utils",
    "localstack.services.stepfunctions.asl.eval",
    "localstack.testing",
    "localstack.testing.pytest",
    "localstack.utils",
    "localstack.utils.aws",
)
SUITE = "tests.aws.services.stepfunctions"
MISSING = ("aws_cdk", "rolo", "deepdiff", "json5", "yaml")


class Anything:
    """Has every attribute, and can be called, subclassed and subscripted."""

    def __init__(self, *_args, **_kwargs):
        pass

    def __init_subclass__(cls, **_kwargs):
        pass

    def __call__(self, *_args, **_kwargs):
        return Anything()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()

    def __getitem__(self, _key):
        return Anything()

    def __mro_entries__(self, _bases):
        return (Anything,)


class StandIn(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()


OF_ITS_TIME = ("RequestId", "x-amzn-RequestId", "Content-Length", "billedDurationInMilliseconds", "SignatureVersion")
"""The members of an answer that tell of one request. Their values are not compared: the recordings name them in two
ways, a length counts the digits of a date, the machine is not AWS's, and moto signs notifications in another way."""

ATTEMPTS = " (SDK Attempt Count: 1)"

HEADERS = ("AllHttpHeaders", "HttpHeaders")
"""The headers of an answer of moto are its own. Its server names itself in them."""


class Difference:
    """Where two values differ, as a list of lines. Empty, and so false, if they are equal."""

    later_members = frozenset()
    """The members of answers that AWS added after the recording was made. They are not compared."""

    left_out = set()
    """The members that were not compared for this reason."""

    def __init__(self, recorded, observed, **_options):
        self.lines = list(differences("", recorded, observed))
        self.tree = {}

    def __bool__(self):
        return bool(self.lines)


def differences(place, recorded, observed):
    if isinstance(recorded, str):
        # The local service has one account, so that the second one of a test is the same.
        recorded = recorded.replace("<secondary_test_aws_account_id>", "<test_aws_account_id>")
        # Since November 2025.
        if isinstance(observed, str) and ATTEMPTS not in recorded:
            observed = observed.replace(ATTEMPTS, "")
        # Until then an input that states pass on was shown as it was sent. It has been compact since.
        if "white space" in Difference.later_members and recorded != observed and compact(recorded) == observed:
            Difference.left_out.add("white space")
            return
    if isinstance(recorded, dict) and isinstance(observed, dict):
        for key in [*recorded, *(key for key in observed if key not in recorded)]:
            if key in OF_ITS_TIME and key in recorded and key in observed:
                continue
            if key in HEADERS and "Werkzeug" in json.dumps(observed.get(key)):
                continue
            # moto tells it also where nobody asks for it.
            if key == "ConsumedCapacity" and key not in recorded:
                continue
            # Of a Distributed Map it follows MapRunStarted since then, and followed MapRunSucceeded before.
            name = f"{recorded.get('type')}.{key}"
            if name in Difference.later_members and recorded[key] == observed.get(key, 0) + 1:
                Difference.left_out.add(name)
                continue
            if key not in observed:
                yield f"{place}/{key}: missing, recorded {short(recorded[key])}"
            elif key not in recorded:
                if key in Difference.later_members:
                    Difference.left_out.add(key)
                    continue
                yield f"{place}/{key}: not recorded, answered {short(observed[key])}"
            else:
                yield from differences(f"{place}/{key}", recorded[key], observed[key])
    elif isinstance(recorded, list) and isinstance(observed, list) and len(recorded) == len(observed):
        for index, (one, other) in enumerate(zip(recorded, observed)):
            yield from differences(f"{place}[{index}]", one, other)
    elif isinstance(recorded, list) and isinstance(observed, list):
        yield f"{place}: recorded {len(recorded)} entries, answered {len(observed)}"
        yield from (f"  recorded {short(entry)}" for entry in recorded if entry not in observed)
        yield from (f"  answered {short(entry)}" for entry in observed if entry not in recorded)
    elif recorded != observed or isinstance(recorded, bool) != isinstance(observed, bool):
        yield f"{place}: recorded {short(recorded)}, answered {short(observed)}"


def compact(text):
    try:
        return json.dumps(json.loads(text), separators=(",", ":"))
    except ValueError:
        return text


def short(value):
    text = json.dumps(value, default=str)
    return text if len(text) <= 1500 else f"{text[:1500]}…"


def module(name, **members):
    made = StandIn(name)
    made.__path__ = []
    made.__dict__.update(members)
    return made


def version_free(_name):
    """Decorates an operation of the API's types, which nobody calls here."""
    return lambda fn: fn


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, members):
        self.members = members

    def find_spec(self, name, path=None, target=None):
        if self.is_real(name):
            return None
        if name in self.members or self.is_left_out(name):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def is_real(self, name):
        return name in FOLDERS or (name.startswith(REAL) and name not in self.members)

    def is_left_out(self, name):
        top = name.split(".")[0]
        if top == "tests":
            inside = name.startswith(SUITE) or SUITE.startswith(name)
            return not inside
        if top in MISSING:
            return not installed(top)
        return top == "localstack"

    def create_module(self, spec):
        return module(spec.name, **self.members.get(spec.name, {}))

    def exec_module(self, _module):
        pass


def installed(name):
    return importlib.machinery.PathFinder.find_spec(name) is not None


def install(checkout, members):
    sys.path[:0] = [checkout, os.path.join(checkout, "localstack-core")]
    sys.meta_path.insert(0, StandIns(members))


class NoSuchJsonPathError(Exception):
    pass


def extract_json(path, data):
    """Returns what stands at a path: the value if there is one, a list if there are more."""
    from jsonpath_ng.ext import parse

    found = [match.value for match in parse(path).find(data)]
    if not found:
        raise NoSuchJsonPathError(path)
    return found[0] if len(found) == 1 else found


def short_uid():
    return str(uuid.uuid4())[:8]


def arn_of(service, kind):
    def arn(name, account_id=ACCOUNT, region_name=REGION, **_more):
        return f"arn:aws:{service}:{region_name}:{account_id}:{kind}:{name}"

    return arn


def execution_arn(state_machine_arn, execution_name):
    return f"{state_machine_arn.replace(':stateMachine:', ':execution:')}:{execution_name}"


def poll_condition(**arguments):
    from localstack.utils.sync import poll_condition as wait

    return wait(**arguments)


def load_json5(file):
    """Reads JSON with comments, plain keys, trailing commas and line continuations, as the templates have them."""
    text = file.read()
    pattern = r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|//[^\n]*|/\*.*?\*/|[A-Za-z_]\w*(?=\s*:)|.'
    pieces = re.findall(pattern, text, re.S)
    kept = [json5_piece(piece) for piece in pieces if not piece.startswith(("//", "/*"))]
    plain = re.sub(r",(\s*[}\]])", r"\1", "".join(kept))
    return json.loads(plain, strict=False)


def json5_piece(piece):
    if piece.startswith("'") and len(piece) > 1:
        return json.dumps(piece[1:-1].replace("\\'", "'"))
    if re.match("[A-Za-z_]", piece) and len(piece) > 1:
        return json.dumps(piece)
    return piece.replace("\\\n", "") if piece.startswith('"') else piece


install(
    CHECKOUT,
    {
        "deepdiff": {"DeepDiff": Difference},
        "json5": {"load": load_json5},
        "localstack.aws.api": {
            "__path__": [os.path.join(CHECKOUT, "localstack-core/localstack/aws/api")],
            "handler": lambda *_args, **_kwargs: lambda fn: fn,
            "RequestContext": dict,
            "ServiceException": Exception,
            "ServiceRequest": dict,
            "ServiceResponse": dict,
            "CommonServiceException": Exception,
        },
        "tests.aws.test_notifications": {"PUBLICATION_RETRIES": 10, "PUBLICATION_TIMEOUT": 1},
        "rolo.testing.pytest": {"poll_condition": poll_condition},
        "localstack.testing.aws.util": {"is_aws_cloud": lambda: True},
        "localstack.testing.config": {
            "TEST_AWS_ACCOUNT_ID": ACCOUNT,
            "SECONDARY_TEST_AWS_ACCOUNT_ID": "210987654321",
            "TEST_AWS_REGION_NAME": REGION,
        },
        "localstack.utils.strings": {
            "short_uid": short_uid,
            "long_uid": lambda: str(uuid.uuid4()),
            "md5": lambda text: hashlib.md5(text.encode()).hexdigest(),
        },
        "localstack.utils.net": {"IP_REGEX": r"\d+\.\d+\.\d+\.\d+"},
        "localstack.utils.aws.arns": {
            "stepfunctions_state_machine_arn": arn_of("states", "stateMachine"),
            "stepfunctions_standard_execution_arn": execution_arn,
            "stepfunctions_activity_arn": arn_of("states", "activity"),
        },
        "localstack.services.stepfunctions.asl.utils.json_path": {
            "extract_json": extract_json,
            "NoSuchJsonPathError": NoSuchJsonPathError,
        },
    },
)

