import { createOpenAI } from '@ai-sdk/openai';
import { Agent } from '@mastra/core/agent';
import { Mastra } from '@mastra/core/mastra';
import { createTool } from '@mastra/core/tools';
import { Observability } from '@mastra/observability';
import { OtelExporter } from '@mastra/otel-exporter';
import { z } from 'zod';
import * as c from './common.mjs';

const exporter = new OtelExporter({
  provider: { custom: { endpoint: c.otlp + '/v1/traces', protocol: 'http/protobuf' } }, timeout: 5000,
});
const schemas = {
  issue_refund: z.object({ order_id: z.string(), amount: z.number(), reason: z.enum(['damaged', 'late', 'other']) }),
  lookup_order: z.object({ order_id: z.string() }),
};
const tools = Object.fromEntries(c.tools.map(({ name, description, run }) =>
  [name, createTool({
    id: name, description, inputSchema: schemas[name], execute: args => run(args.context ?? args),
  })]));
const city = z.object({ city: z.string(), country: z.string(), population: z.number().int() });

const observability = new Observability({
  configs: { otel: { serviceName: process.env.CLIENT, exporters: [exporter] } },
});
let current; // the cell that runs
const agent = new Mastra({
  agents: {
    shop: new Agent({
      id: 'shop-agent', name: 'shop-agent', instructions: c.system, maxRetries: 0,
      model: () => createOpenAI({ apiKey: 'k', baseURL: current.url + '/v1' }).chat(c.openAIModel(current)),
      tools: () => (current.tools ? tools : {}),
    }),
  },
  logger: false, observability,
}).getAgent('shop');
const options = cell => ({
  maxSteps: c.steps,
  modelSettings: { maxRetries: cell.retries, ...(cell.maxTokens && { maxOutputTokens: cell.maxTokens }) },
  tracingOptions: { metadata: { sessionId: cell.session, threadId: cell.session } },
  ...(cell.timeoutMs && { abortSignal: AbortSignal.timeout(cell.timeoutMs) }),
  ...(cell.schema && { structuredOutput: { schema: city } }),
});

await c.play({
  generate: cell => c.turns(cell, async messages => (await agent.generate(messages, options(cell))).text),
  stream: cell => c.turns(cell, async messages => {
    const output = await agent.stream(messages, options(cell));
    await c.drain(output.fullStream);
    return output.text;
  }),
}, {
  within: (cell, run) => {
    current = cell;
    return run();
  },
  flush: async () => {
    await observability.flush();
    await exporter.flush();
  },
});
