// Turns a dataset of Faultline into tests, and says on every trace which row it is a run of.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

const ROW = "app.llm.dataset.row";
const RUN = "app.llm.dataset.run";

const otel = await import("@opentelemetry/api").catch(() => undefined);

/** Reads the cases of a file: those of faultline run, or a dataset. */
export function cases(path = process.env.FAULTLINE_DATASET) {
  if (!path) return [];
  if (!existsSync(path)) throw new Error(`${path} does not exist: it must be a dataset, or a file of cases`);
  return readFileSync(path, "utf8").split("\n").flatMap((line, i) => {
    if (!line.trim()) return [];
    const data = JSON.parse(line);
    if (!("row" in data) && !("id" in data)) {
      throw new Error(`${path}: line ${i + 1} is neither a case nor a row of a dataset`);
    }
    return [newCase("row" in data ? data : fromRow(data))];
  });
}

function newCase(data) {
  const began = now();
  const c = { run: 1, input: "", system: "", messages: [], tools: [], documents: [], ...data };
  // Not listed among the properties, so that reports of tests show the data alone.
  Object.defineProperty(c, "record", { value: (answer, options) => record(c, answer, c.began ?? began, options) });
  Object.defineProperty(c, "began", { value: undefined, writable: true });
  return c;
}

/** Runs a function in a span that says which row it is a run of. */
export async function withRow(c, fn) {
  c.began = now();
  if (!otel) return fn();
  return otel.trace.getTracer("vitest-faultline").startActiveSpan(`row ${c.row}`, async (span) => {
    span.setAttribute(ROW, c.row);
    span.setAttribute(RUN, String(c.run));
    try {
      return await fn();
    } finally {
      span.end();
      const provider = otel.trace.getTracerProvider();
      await (provider.getDelegate?.() ?? provider).forceFlush?.();
    }
  });
}

async function record(c, answer, began, { model } = {}) {
  const endpoint = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (!endpoint) return;
  const whole = typeof answer === "string" ? { message: { content: answer } } : answer.choices?.[0] ?? { message: answer };
  const output = { ...message({ ...whole.message, role: "assistant" }), finish_reason: whole.finish_reason ?? "stop" };
  const texts = {
    [ROW]: c.row,
    [RUN]: String(c.run),
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": model ?? answer?.model ?? c.model,
    "gen_ai.prompt.name": c.prompt_name,
    "gen_ai.system_instructions": c.system && JSON.stringify([{ type: "text", content: c.system }]),
    "gen_ai.input.messages": JSON.stringify(c.messages.map(message)),
    "gen_ai.output.messages": JSON.stringify([output]),
    "gen_ai.tool.definitions": c.tools.length ? JSON.stringify(c.tools) : "",
    "gen_ai.request.structured_output_schema": c.schema && JSON.stringify(c.schema),
  };
  const span = {
    traceId: randomBytes(16).toString("hex"), spanId: randomBytes(8).toString("hex"), name: "chat", kind: 3,
    startTimeUnixNano: began, endTimeUnixNano: now(), attributes: attributes(texts),
  };
  const resource = { attributes: attributes({ "service.name": c.service || "vitest" }) };
  const response = await fetch(`${endpoint.replace(/\/$/, "")}/v1/traces`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "vitest-faultline" }, spans: [span] }] }] }),
  });
  if (!response.ok) throw new Error(`the span was not taken: ${response.status} ${await response.text()}`);
}

const now = () => String(BigInt(Date.now()) * 1_000_000n);

const attributes = (texts) =>
  Object.entries(texts).filter(([, value]) => value).map(([key, value]) => ({ key, value: { stringValue: value } }));

/** A message of the chat API as the GenAI conventions have it. */
function message(m) {
  if (m.role === "tool") {
    return { role: "tool", parts: [{ type: "tool_call_response", id: m.tool_call_id ?? "", response: m.content }] };
  }
  const parts = [];
  if (m.content || !m.tool_calls?.length) parts.push({ type: "text", content: m.content ?? "" });
  for (const call of m.tool_calls ?? []) {
    parts.push({ type: "tool_call", id: call.id ?? "", name: call.function.name, arguments: parsed(call.function.arguments) });
  }
  return { role: m.role ?? "user", parts };
}

function parsed(text) {
  try {
    return typeof text === "string" ? JSON.parse(text) : text;
  } catch {
    return text; // what the model wrote is no JSON: it is kept as it is
  }
}

/** A case from a row of a dataset: what faultline run makes of it, as far as a test without it needs that. */
function fromRow(row) {
  const call = row.call ?? {};
  const messages = (call.input_messages ?? []).map((m) => ({ role: m.role, content: m.text ?? "" }));
  let system = call.system_instructions ?? "";
  while (["system", "developer"].includes(messages[0]?.role)) {
    const { content } = messages.shift();
    system ||= content;
  }
  return {
    row: row.id, service: row.service ?? "", model: call.request_model ?? "", system, messages,
    input: messages.findLast((m) => m.role === "user" && m.content)?.content ?? "", tools: call.tool_definitions ?? [],
    schema: call.output_schema,
  };
}
