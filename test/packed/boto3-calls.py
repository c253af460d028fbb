# Makes the calls that it reads, a line each, with boto3, and writes a line for each answer. Clients of Python use
# boto3; the AWS CLI is built on the same library.
import json
import re
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

client = boto3.client("stepfunctions")
print(json.dumps({"answer": boto3.__version__}), flush=True)
for line in sys.stdin:
    operation, given = json.loads(line)
    method = re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
    try:
        answer = getattr(client, method)(**given)
        answer.pop("ResponseMetadata", None)
        print(json.dumps({"answer": answer}, default=str), flush=True)
    except (ClientError, BotoCoreError) as error:
        print(json.dumps({"error": str(error)}), flush=True)
