// LangChain with one of two instrumentations, which the name of the client ends in.
import { tool } from '@langchain/core/tools';
import { awaitAllCallbacks } from '@langchain/core/callbacks/promises';
import * as callbackManagerModule from '@langchain/core/callbacks/manager';
import { ChatOpenAI } from '@langchain/openai';
import { createAgent } from 'langchain';
import * as c from './common.mjs';

const instrument = {
  openinference: async () => {
    const { LangChainInstrumentation } = await import('@arizeai/openinference-instrumentation-langchain');
    const flush = c.sdk();
    new LangChainInstrumentation().manuallyInstrument(callbackManagerModule);
    return flush;
  },
  traceloop: async () => {
    const { LangChainInstrumentation } = await import('@traceloop/instrumentation-langchain');
    const flush = c.sdk();
    new LangChainInstrumentation({ traceContent: true }).manuallyInstrument({ callbackManagerModule });
    return flush;
  },
};
const flush = await instrument[process.env.CLIENT.split('-')[1]]();

const tools = c.tools.map(({ name, description, parameters, run }) =>
  tool(async args => JSON.stringify(await run(args)), { name, description, schema: parameters }));

const model = (cell, options = {}) => new ChatOpenAI({
  apiKey: 'k', model: c.openAIModel(cell), maxRetries: cell.retries, timeout: cell.timeout,
  configuration: { baseURL: cell.url + '/v1' }, ...(cell.maxTokens && { maxTokens: cell.maxTokens }), ...options,
});
const format = { type: 'json_schema', json_schema: { name: 'city', strict: true, schema: c.citySchema } };
const bound = (m, cell) =>
  cell.tools ? m.bindTools(tools) : cell.schema ? m.withConfig({ response_format: format }) : m;
const config = cell => ({
  metadata: { session_id: cell.session, thread_id: cell.session }, configurable: { thread_id: cell.session },
});
const ask = (cell, messages) => [{ role: 'system', content: c.system }, ...messages];
const text = content => (typeof content === 'string' ? content : content.map(part => part.text ?? '').join(''));

await c.play({
  chat: cell => c.turns(cell, async messages =>
    text((await bound(model(cell), cell).invoke(ask(cell, messages), config(cell))).content)),
  stream: cell => c.turns(cell, async messages => c.drain(
    await bound(model(cell, { streaming: true }), cell).stream(ask(cell, messages), config(cell)),
    chunk => text(chunk.content),
  )),
  responses: cell => c.turns(cell, async messages =>
    text((await bound(model(cell, { useResponsesApi: true }), cell)
      .invoke(ask(cell, messages), config(cell))).content)),
  agent: cell => c.turns(cell, async messages => {
    const agent = createAgent({ model: model(cell), tools, systemPrompt: c.system, name: 'shop_agent' });
    const result = await agent.invoke({ messages }, { ...config(cell), recursionLimit: 2 * c.steps });
    return text(result.messages.at(-1).content);
  }),
}, {
  flush: async () => {
    await awaitAllCallbacks();
    await flush();
  },
});
