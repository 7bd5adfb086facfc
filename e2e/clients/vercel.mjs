import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { LegacyOpenTelemetry, OpenTelemetry } from '@ai-sdk/otel';
import { LangSmithOTLPTraceExporter } from 'langsmith/experimental/otel/exporter';
import { generateText, isStepCount, jsonSchema, Output, registerTelemetry, streamText, tool } from 'ai';
import * as c from './common.mjs';

// The exporter of LangSmith turns the attributes of version 6 into its own.
const langsmith = process.env.CLIENT === 'vercel-langsmith';
const legacy = langsmith || process.env.CLIENT === 'vercel-legacy';
const flush = c.sdk(langsmith ? { exporter: new LangSmithOTLPTraceExporter({ url: c.traces }) } : {});
registerTelemetry(legacy ? new LegacyOpenTelemetry() : new OpenTelemetry({ runtimeContext: true }));

const tools = Object.fromEntries(c.tools.map(({ name, description, parameters, run }) =>
  [name, tool({ description, inputSchema: jsonSchema(parameters), execute: run })]));

const request = (model, cell, messages) => ({
  model, instructions: c.system, messages, maxRetries: cell.retries,
  telemetry: { isEnabled: true, functionId: cell.name, includeRuntimeContext: { sessionId: true } },
  runtimeContext: { sessionId: cell.session },
  ...(cell.maxTokens && { maxOutputTokens: cell.maxTokens }),
  ...(cell.timeoutMs && { abortSignal: AbortSignal.timeout(cell.timeoutMs) }),
  ...(cell.tools && { tools, stopWhen: isStepCount(c.steps) }),
  ...(cell.schema && { output: Output.object({ schema: jsonSchema(c.citySchema) }) }),
});

const models = {
  chat: cell => createOpenAI({ apiKey: 'k', baseURL: cell.url + '/v1' }).chat(c.openAIModel(cell)),
  responses: cell => createOpenAI({ apiKey: 'k', baseURL: cell.url + '/v1' }).responses(c.openAIModel(cell)),
  anthropic: cell => createAnthropic({ apiKey: 'k', baseURL: cell.url + '/v1' })(c.claude),
  google: cell => createGoogleGenerativeAI({ apiKey: 'k', baseURL: cell.url + '/v1beta' })(c.gemini),
};

const generate = model => cell => c.turns(cell, async messages =>
  (await generateText(request(model(cell), cell, messages))).text);
const stream = model => cell => c.turns(cell, messages => c.drain(
  streamText({ ...request(model(cell), cell, messages), onError: () => {} }).fullStream,
  event => (event.type === 'text-delta' ? event.text : ''),
));

const variants = {};
for (const [name, model] of Object.entries(models)) {
  variants[name] = generate(model);
  variants[name + '-stream'] = stream(model);
}
await c.play(variants, { flush });
