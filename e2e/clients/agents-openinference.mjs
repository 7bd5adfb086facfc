// The OpenAI Agents SDK. The variant mcp takes its tools from an MCP server.
import * as agents from '@openai/agents';
import { OpenAIAgentsInstrumentation } from '@arizeai/openinference-instrumentation-openai-agents';
import { trace } from '@opentelemetry/api';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';
import { z } from 'zod';
import * as c from './common.mjs';

const flush = c.sdk();
new OpenAIAgentsInstrumentation({ tracerProvider: trace.getTracerProvider() }).manuallyInstrument(agents);

const tools = c.tools.map(({ name, description, parameters, run }) => agents.tool({
  name, description, parameters, strict: false, execute: async args => JSON.stringify(await run(args)),
}));
const client = cell =>
  new OpenAI({ apiKey: 'k', baseURL: cell.url + '/v1', maxRetries: cell.retries, timeout: cell.timeout });
const city = z.object({ city: z.string(), country: z.string(), population: z.number().int() });

const run = (model, { stream = false, servers = [] } = {}) => cell =>
  agents.withTrace(cell.name, () => c.turns(cell, async messages => {
    const agent = new agents.Agent({
      name: 'shop_agent', instructions: c.system, model: new model(client(cell), c.openAIModel(cell)),
      ...(cell.tools && (servers.length ? { mcpServers: servers } : { tools })),
      ...(cell.schema && { outputType: city }),
      modelSettings: cell.maxTokens ? { maxTokens: cell.maxTokens } : {},
    });
    const input = messages.map(({ role, content }) =>
      (role === 'user' ? agents.user(content) : agents.assistant(content)));
    const result = await agents.run(agent, input, { maxTurns: c.steps, stream });
    if (stream) {
      await c.drain(result);
      await result.completed;
    }
    return result.finalOutput;
  }), { groupId: cell.session });

const server = new agents.MCPServerStdio({
  name: 'shop', command: process.execPath, args: [fileURLToPath(new URL('mcp-server.mjs', import.meta.url))],
  clientSessionTimeoutSeconds: 60, // to start
});
if (process.env.VARIANTS.includes('mcp')) await server.connect();
process.on('exit', () => server.close());

await c.play({
  chat: run(agents.OpenAIChatCompletionsModel),
  responses: run(agents.OpenAIResponsesModel),
  'responses-stream': run(agents.OpenAIResponsesModel, { stream: true }),
  mcp: run(agents.OpenAIResponsesModel, { servers: [server] }),
}, {
  flush: async () => {
    await agents.getGlobalTraceProvider().forceFlush();
    await flush();
  },
});
