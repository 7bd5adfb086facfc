#!/usr/bin/env python3
"""An application that refunds orders, with the standard library alone.

    app.py "a question"   answers one customer, and sends the trace to OTEL_EXPORTER_OTLP_ENDPOINT
    app.py                answers one case of a dataset: JSON on standard input, the answer on standard output

OPENAI_BASE_URL is where the model is.
"""
import json
import os
import secrets
import sys
import time
import urllib.request
from pathlib import Path

MODEL = "gpt-4.1-mini"
PROMPT = (Path(__file__).parent / "prompt.txt").read_text(encoding="utf-8").strip()
TOOLS = [{
    "type": "function",
    "function": {
        "name": "issue_refund",
        "description": "Pays an order back.",
        "parameters": {
            "type": "object",
            "properties": {"order_id": {"type": "string"}, "amount": {"type": "number"}},
            "required": ["order_id", "amount"],
        },
    },
}]


def post(url, body):
    headers = {"Content-Type": "application/json"}
    if key := os.environ.get("OPENAI_API_KEY"):
        headers["Authorization"] = "Bearer " + key
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers), timeout=30) as response:
        return json.load(response)


def ask(messages):
    """Asks the model with the application's own prompt and tools."""
    base = os.environ.get("OPENAI_BASE_URL", "http://127.0.0.1:8099/v1")
    return post(base + "/chat/completions", {
        "model": MODEL, "tools": TOOLS, "messages": [{"role": "system", "content": PROMPT}] + messages,
    })


def record(question, answer, began):
    """Sends the call as a span of the GenAI conventions. An OpenTelemetry SDK does this in a real application."""
    message = answer["choices"][0]["message"]
    parts = [{"type": "text", "content": message["content"]}] if message.get("content") else []
    for call in message.get("tool_calls") or []:
        arguments = json.loads(call["function"]["arguments"])
        parts.append({"type": "tool_call", "id": call["id"], "name": call["function"]["name"], "arguments": arguments})
    texts = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": MODEL,
        "gen_ai.prompt.name": "refunds",
        "gen_ai.system_instructions": json.dumps([{"type": "text", "content": PROMPT}]),
        "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": question}]}]),
        "gen_ai.output.messages": json.dumps([{
            "role": "assistant", "parts": parts, "finish_reason": answer["choices"][0]["finish_reason"],
        }]),
        "gen_ai.tool.definitions": json.dumps(TOOLS),
    }
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in texts.items()]
    for kind, tokens in (("input", "prompt_tokens"), ("output", "completion_tokens")):
        count = str(answer["usage"][tokens])
        attributes.append({"key": f"gen_ai.usage.{kind}_tokens", "value": {"intValue": count}})
    span = {
        "traceId": secrets.token_hex(16), "spanId": secrets.token_hex(8), "name": "chat " + MODEL, "kind": 3,
        "startTimeUnixNano": str(began), "endTimeUnixNano": str(time.time_ns()), "attributes": attributes,
    }
    service = {"attributes": [{"key": "service.name", "value": {"stringValue": "refunds"}}]}
    export = {"resourceSpans": [{"resource": service, "scopeSpans": [{"spans": [span]}]}]}
    post(os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] + "/v1/traces", export)


def main():
    if len(sys.argv) > 1:  # a customer
        question, began = " ".join(sys.argv[1:]), time.time_ns()
        answer = ask([{"role": "user", "content": question}])
        if "OTEL_EXPORTER_OTLP_ENDPOINT" in os.environ:
            record(question, answer, began)
        print(json.dumps(answer["choices"][0]["message"]))
        return
    case = json.load(sys.stdin)
    print(json.dumps(ask(case["messages"])))


if __name__ == "__main__":
    main()
