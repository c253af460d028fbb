"""Answers of moto that are not as those of AWS, corrected as AWS's recordings have them. A WSGI middleware."""

import io
import json
import re
import time
import urllib.parse
import uuid

from moto.events.utils import EventTemplateParser

TABLE_NAME = "[a-zA-Z0-9_.-]+"
SECRET_NAME = r"[\w/+=.@!-]+"


def json_error(target, asked):
    """Returns the code and the message by which AWS refuses a call that moto takes, or fails at. None if it does not."""
    table = asked.get("TableName")
    if target.startswith("DynamoDB_") and table and not re.fullmatch(TABLE_NAME, table):
        problem = f"Value '{table}' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern"
        return "ValidationException", f"1 validation error detected: {problem}: {TABLE_NAME}"
    if target.endswith(".PutItem") and asked.get("Item") is None:
        problem = "Value null at 'item' failed to satisfy constraint: Member must not be null"
        return "ValidationException", f"1 validation error detected: {problem}"
    if target == "AmazonSQS.SendMessage" and asked.get("MessageBody") is None:
        return "MissingParameter", "The request must contain the parameter MessageBody."
    if target == "secretsmanager.CreateSecret" and not re.fullmatch(SECRET_NAME, asked["Name"]):
        words = "Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
        return "ValidationException", f"Invalid name. {words}"
    return None


def publish_error(asked):
    """The same of SNS, whose calls are forms."""
    if asked.get("Action") == "Publish" and asked.get("TopicArn", "").endswith(".fifo") and "MessageGroupId" not in asked:
        return "InvalidParameter", "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"
    return None


def publish_answer(asked, text):
    if asked.get("TopicArn", "").endswith(".fifo"):
        number = f"<SequenceNumber>{time.time_ns():020}</SequenceNumber>"
        text = text.replace("</MessageId>", f"</MessageId>{number}")
    return text.replace("Endpoint does not exist", "Topic does not exist") if "TopicArn" in asked else text


def is_malformed(entry):
    """Returns true for the detail of an event that is JSON, but no object. moto fails at it."""
    try:
        return "Detail" in entry and not isinstance(json.loads(entry["Detail"]), dict)
    except ValueError:
        return False


def object_headers(headers):
    """Adds what S3 tells of each answer, and of each object."""
    names = {name.lower() for name, _value in headers}
    more = [("x-amz-id-2", uuid.uuid4().hex)]
    if "etag" in names:
        more.append(("x-amz-server-side-encryption", "AES256"))
    if any(name.startswith("x-amz-checksum-") for name in names):
        more.append(("x-amz-checksum-type", "FULL_OBJECT"))
    return [*headers, *((name, value) for name, value in more if name not in names)]


class Corrected:
    def __init__(self, app):
        self.app = app
        # moto delivers events without the account.
        text = EventTemplateParser.DEFAULT_EVENT_INPUT_TEMPLATE
        EventTemplateParser.DEFAULT_EVENT_INPUT_TEMPLATE = text.replace('"region"', '"account": "<account>", "region"')

    def __call__(self, environ, start_response):
        credential = environ.get("HTTP_AUTHORIZATION", "")
        if "/s3/" in credential:
            return self.app(environ, lambda status, headers, *more: start_response(status, object_headers(headers), *more))
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        if target := environ.get("HTTP_X_AMZ_TARGET"):
            asked = json.loads(body)
            if error := json_error(target, asked):
                return answer(start_response, "application/x-amz-json-1.1", json.dumps({"__type": error[0], "message": error[1]}))
            if target == "AWSEvents.PutEvents":
                return self.put_events(environ, start_response, asked["Entries"])
        elif "/sns/" in credential:
            return self.publish(environ, start_response, dict(urllib.parse.parse_qsl(body.decode())))
        return self.app(environ, start_response)

    def publish(self, environ, start_response, asked):
        if error := publish_error(asked):
            code, message = error
            text = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            return answer(start_response, "text/xml", f"<ErrorResponse>{text}<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>")
        return self.changed(environ, start_response, lambda text: publish_answer(asked, text))

    def put_events(self, environ, start_response, entries):
        body = json.dumps({"Entries": [entry for entry in entries if not is_malformed(entry)]}).encode()
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))

        def change(text):
            others = iter(json.loads(text)["Entries"])
            error = {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
            told = [error if is_malformed(entry) else next(others) for entry in entries]
            return json.dumps({"FailedEntryCount": sum("ErrorCode" in each for each in told), "Entries": told})

        return self.changed(environ, start_response, change)

    def changed(self, environ, start_response, change):
        """Gives moto's answer with another text."""
        begun = []
        text = change(b"".join(self.app(environ, lambda *started: begun.extend(started))).decode()).encode()
        headers = [(name, value) for name, value in begun[1] if name.lower() != "content-length"]
        start_response(begun[0], [*headers, ("Content-Length", str(len(text)))])
        return [text]


def answer(start_response, kind, text):
    start_response("400 Bad Request", [("Content-Type", kind), ("x-amzn-RequestId", str(uuid.uuid4()))])
    return [text.encode()]
