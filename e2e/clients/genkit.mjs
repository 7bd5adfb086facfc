// Genkit brings OpenTelemetry 1.25 and needs an exporter of that age.
process.env.GENKIT_ENV = 'prod';
import { OTLPTraceExporter } from 'genkit-otlp-exporter';
import { BatchSpanProcessor } from 'genkit-sdk-trace-base';
import { openAI } from '@genkit-ai/compat-oai/openai';
import { genkit } from 'genkit';
import { enableTelemetry } from 'genkit/tracing';
import * as c from './common.mjs';

const processor = new BatchSpanProcessor(new OTLPTraceExporter({ url: c.otlp + '/v1/traces' }));
await enableTelemetry({ serviceName: process.env.CLIENT, spanProcessors: [processor] });

await c.play({
  generate: cell => c.turns(cell, async messages => {
    const ai = genkit({
      plugins: [openAI({ apiKey: 'k', baseURL: cell.url + '/v1', maxRetries: cell.retries, timeout: cell.timeout })],
    });
    const tools = c.tools.map(({ name, description, parameters, run }) =>
      ai.defineTool({ name, description, inputJsonSchema: parameters }, run));
    const response = await ai.generate({
      model: openAI.model(c.openAIModel(cell)), system: c.system, maxTurns: c.steps - 1,
      messages: messages.map(({ role, content }) =>
        ({ role: role === 'user' ? role : 'model', content: [{ text: content }] })),
      config: cell.maxTokens ? { maxOutputTokens: cell.maxTokens } : {},
      ...(cell.tools && { tools }),
      ...(cell.schema && { output: { jsonSchema: c.citySchema } }),
    });
    return response.text;
  }),
}, { flush: () => processor.forceFlush() });
