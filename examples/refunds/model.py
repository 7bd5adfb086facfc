#!/usr/bin/env python3
"""A stand-in for a model behind OpenAI's chat API. It needs no key and always answers alike.

It calls issue_refund for a message that names an order. Only a prompt that asks for a number gets one: without it, the
model writes the amount as people do.
"""
import json
import os
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PRICES = {"4471": "19,99", "4472": "5,00", "4473": "120,50"}


def answer(request):
    messages = request.get("messages", [])
    prompt = " ".join(m["content"] for m in messages if m["role"] == "system").lower()
    question = next((m["content"] for m in reversed(messages) if m["role"] == "user"), "")
    order = re.search(r"\border (\d+)", question)
    if not order or not request.get("tools") or messages[-1]["role"] == "tool":
        return {"role": "assistant", "content": "Which order is it? Please tell me its number."}, "stop"
    amount = PRICES.get(order[1], "10,00") + " EUR"
    if "number" in prompt:
        amount = float(amount[:-4].replace(",", "."))
    arguments = json.dumps({"order_id": order[1], "amount": amount})
    call = {"id": "call_1", "type": "function", "function": {"name": "issue_refund", "arguments": arguments}}
    return {"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls"


class Model(BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        message, reason = answer(request)
        body = json.dumps({
            "id": "chatcmpl-1", "object": "chat.completion", "model": request.get("model", "stand-in"),
            "choices": [{"index": 0, "message": message, "finish_reason": reason}],
            "usage": {"prompt_tokens": 120, "completion_tokens": 25, "total_tokens": 145},
        }).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    port = int(os.environ.get("MODEL_PORT", "8099"))
    ThreadingHTTPServer(("127.0.0.1", port), Model).serve_forever()
