"""Stands for AWS while recordings are replayed: moto, and a Lambda that runs the Python functions of the tests.

moto is corrected, unless `--plain` is given. Prints a line of JSON with the URLs of both, and ends with its standard input.
"""

import email.utils
import importlib.util
import json
import os
import sys
import threading
import time
import traceback
import urllib.parse
import uuid

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from corrections import Corrected
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

INVOKE = "/2015-03-31/functions/"
SCALE = float(os.environ["REPLAY_SCALE"])
functions = {}

real_sleep = time.sleep
time.sleep = lambda seconds: real_sleep(seconds / SCALE)


def load(file):
    """Loads the module of a function, under the path that it has at AWS."""
    spec = importlib.util.spec_from_file_location(f"function_{uuid.uuid4().hex}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.handler


def trace_of(error, file):
    frames = [each for each in traceback.extract_tb(error.__traceback__) if each.filename == file]
    return [line.replace(file, "/var/task/handler.py") for line in traceback.format_list(frames)]


def run(name, payload):
    """Returns what Lambda answers for a function in Python, and whether the function has failed."""
    file, handler = functions[name]
    try:
        result = handler(json.loads(payload or "{}"), None)
        # Lambda sends bytes as they are.
        return result.decode() if isinstance(result, bytes) else json.dumps(result), False
    except Exception as error:
        described = {
            "errorMessage": str(error),
            "errorType": type(error).__name__,
            "requestId": str(uuid.uuid4()),
            "stackTrace": trace_of(error, file),
        }
        return json.dumps(described), True


class Lambda(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        """Creates a function, as `{"name", "file"}`."""
        asked = json.loads(self.body())
        functions[asked["name"]] = (asked["file"], load(asked["file"]))
        self.answer(200, "{}", [])

    def do_POST(self):
        name = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path.removeprefix(INVOKE).removesuffix("/invocations"))
        short = name.split(":function:")[-1].split(":")[0]
        payload = self.body()
        region = self.headers["authorization"].split("/")[2]
        if short not in functions:
            arn = f"arn:aws:lambda:{region}:123456789012:function:{short}:$LATEST"
            message = json.dumps({"Type": "User", "Message": f"Function not found: {arn}"})
            return self.answer(404, message, [("x-amzn-ErrorType", "ResourceNotFoundException")])
        result, failed = run(short, payload)
        headers = [("X-Amz-Executed-Version", "$LATEST"), ("x-amzn-Remapped-Content-Length", "0")]
        headers += [("X-Amz-Function-Error", "Unhandled")] if failed else []
        if self.headers.get("x-amz-log-type") == "Tail":
            headers.insert(0, ("X-Amz-Log-Result", "TE9H"))
        self.answer(200, result, [*headers, ("X-Amzn-Trace-Id", "Root=1-0-0")])

    def body(self):
        return self.rfile.read(int(self.headers.get("content-length", 0))).decode()

    def answer(self, status, text, headers):
        data = text.encode()
        self.send_response_only(status)
        all_headers = [
            *headers,
            ("Connection", "keep-alive"),
            ("x-amzn-RequestId", str(uuid.uuid4())),
            ("Content-Length", str(len(data))),
            ("Date", email.utils.formatdate(usegmt=True)),
            ("Content-Type", "application/json"),
        ]
        for name, value in all_headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = True

    def log_message(self, *_arguments):
        pass


app = DomainDispatcherApplication(create_backend_app)
moto = make_server("127.0.0.1", 0, app if "--plain" in sys.argv else Corrected(app), threaded=True)
lambdas = ThreadingHTTPServer(("127.0.0.1", 0), Lambda)
for server in (moto, lambdas):
    threading.Thread(target=server.serve_forever, daemon=True).start()
urls = {"moto": f"http://127.0.0.1:{moto.port}", "lambda": f"http://127.0.0.1:{lambdas.server_port}"}
print(json.dumps(urls), flush=True)
sys.stdin.read()
