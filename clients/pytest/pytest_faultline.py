"""Turns a dataset of Faultline into tests, and says on every span which row it is a run of.

A test that takes the fixture faultline_case runs once for each case.
"""
import json
import os
import secrets
import time
import urllib.request
from typing import Any, Dict, Iterator, List, Optional

import pytest

ROW = "app.llm.dataset.row"
RUN = "app.llm.dataset.run"


class Case:
    """One case: what faultline run gives to a system."""

    def __init__(self, data: Dict[str, Any]):
        self.data = data
        self.row: str = data["row"]
        self.run: int = data.get("run", 1)
        self.input: str = data.get("input", "")
        self.system: str = data.get("system", "")
        self.messages: List[Dict[str, Any]] = data.get("messages", [])
        self.tools: List[Dict[str, Any]] = data.get("tools", [])
        self.schema: Optional[Dict[str, Any]] = data.get("schema")
        self.documents: List[Dict[str, Any]] = data.get("documents", [])
        self._began = time.time_ns()

    def __repr__(self) -> str:
        return f"Case({self.row!r})"

    def record(self, answer: Any, model: str = "") -> None:
        """Sends an answer as a span: a text, or a chat completion as a dict. Without an endpoint it does nothing."""
        endpoint = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
        if not endpoint:
            return
        message, reason = {"content": answer}, "stop"
        if isinstance(answer, dict):
            choice = answer["choices"][0] if "choices" in answer else {"message": answer}
            message, reason = choice["message"], choice.get("finish_reason") or "stop"
            model = model or answer.get("model", "")
        attributes = {
            ROW: self.row,
            RUN: str(self.run),
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": model or self.data.get("model", ""),
            "gen_ai.prompt.name": self.data.get("prompt_name", ""),
            "gen_ai.input.messages": json.dumps([_message(m) for m in self.messages]),
            "gen_ai.output.messages": json.dumps([{**_message({**message, "role": "assistant"}), "finish_reason": reason}]),
        }
        if self.system:
            attributes["gen_ai.system_instructions"] = json.dumps([{"type": "text", "content": self.system}])
        if self.tools:
            attributes["gen_ai.tool.definitions"] = json.dumps(self.tools)
        if self.schema:
            attributes["gen_ai.request.structured_output_schema"] = json.dumps(self.schema)
        span = {
            "traceId": secrets.token_hex(16), "spanId": secrets.token_hex(8), "name": "chat", "kind": 3,
            "startTimeUnixNano": str(self._began), "endTimeUnixNano": str(time.time_ns()),
            "attributes": _attributes({k: v for k, v in attributes.items() if v}),
        }
        service = {"service.name": self.data.get("service") or "pytest"}
        export = {"resourceSpans": [{
            "resource": {"attributes": _attributes(service)}, "scopeSpans": [{"scope": {"name": "pytest-faultline"}, "spans": [span]}],
        }]}
        request = urllib.request.Request(
            endpoint.rstrip("/") + "/v1/traces", json.dumps(export).encode(), {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30):
            pass


def _attributes(texts: Dict[str, str]) -> List[Dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in texts.items()]


def _message(message: Dict[str, Any]) -> Dict[str, Any]:
    """A message of the chat API as the GenAI conventions have it."""
    if message.get("role") == "tool":
        parts = [{"type": "tool_call_response", "id": message.get("tool_call_id", ""), "response": message.get("content")}]
        return {"role": "tool", "parts": parts}
    parts = []
    if message.get("content") or not message.get("tool_calls"):
        parts.append({"type": "text", "content": message.get("content") or ""})
    for call in message.get("tool_calls") or []:
        arguments = call["function"]["arguments"]
        try:
            arguments = json.loads(arguments) if isinstance(arguments, str) else arguments
        except ValueError:
            pass  # what the model wrote is no JSON: it is kept as it is
        parts.append({"type": "tool_call", "id": call.get("id", ""), "name": call["function"]["name"], "arguments": arguments})
    return {"role": message.get("role", "user"), "parts": parts}


def _from_row(row: Dict[str, Any]) -> Dict[str, Any]:
    """A case from a row of a dataset: what faultline run makes of it, as far as a test without it needs that."""
    call = row.get("call") or {}
    messages = [{"role": m["role"], "content": m.get("text", "")} for m in call.get("input_messages", [])]
    system = call.get("system_instructions", "")
    while messages and messages[0]["role"] in ("system", "developer"):
        system = system or messages[0]["content"]
        messages.pop(0)
    asked = [m["content"] for m in messages if m["role"] == "user" and m["content"]]
    return {
        "row": row["id"], "service": row.get("service", ""), "model": call.get("request_model", ""), "system": system,
        "messages": messages, "input": asked[-1] if asked else "", "tools": call.get("tool_definitions") or [],
        "schema": call.get("output_schema"),
    }


def read(path: str) -> Iterator[Case]:
    """Reads the cases of faultline run, or the rows of a dataset."""
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            data = json.loads(line)
            if "row" not in data and "id" not in data:
                raise pytest.UsageError(f"{path}: line {number} is neither a case nor a row of a dataset")
            yield Case(data if "row" in data else _from_row(data))


def pytest_addoption(parser):
    parser.addoption("--faultline-dataset", help="cases or dataset for faultline_case (default: FAULTLINE_DATASET)")


def pytest_configure(config):
    config.stash[_CURRENT] = _Current()
    config.stash[_CURRENT].watch()


def pytest_generate_tests(metafunc):
    if "faultline_case" not in metafunc.fixturenames:
        return
    path = metafunc.config.getoption("--faultline-dataset") or os.environ.get("FAULTLINE_DATASET")
    if path and not os.path.exists(path):
        raise pytest.UsageError(f"{path} does not exist: it must be a dataset, or a file of cases")
    cases = list(read(path)) if path else []
    metafunc.parametrize("faultline_case", cases, ids=[c.row for c in cases], indirect=True)


@pytest.fixture
def faultline_case(request):
    case = request.param
    case._began = time.time_ns()
    current = request.config.stash[_CURRENT]
    current.case = case
    current.watch()  # the application may have set its tracer up since
    yield case
    current.case = None
    current.flush()


class _Current:
    """The case that runs now. As a span processor it puts the row on every span that starts meanwhile."""

    def __init__(self):
        self.case: Optional[Case] = None
        self._provider = None

    def watch(self):
        try:
            from opentelemetry import trace
        except ImportError:
            return
        provider = trace.get_tracer_provider()
        if provider is not self._provider and hasattr(provider, "add_span_processor"):
            provider.add_span_processor(self)
            self._provider = provider

    def flush(self):
        if self._provider is not None:
            self._provider.force_flush()

    def on_start(self, span, parent_context=None):
        if self.case is not None:
            span.set_attribute(ROW, self.case.row)
            span.set_attribute(RUN, str(self.case.run))

    def on_end(self, span):
        pass

    def _on_ending(self, span):
        pass

    def shutdown(self):
        pass

    def force_flush(self, timeout_millis=30000):
        return True


_CURRENT = pytest.StashKey()
