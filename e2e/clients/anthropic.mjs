// Requests with the Anthropic SDK, the same for every instrumentation. make returns a client.
import * as c from './common.mjs';

const request = (cell, messages) => ({
  model: c.claude,
  max_tokens: cell.maxTokens ?? 1024,
  system: c.system,
  messages,
  ...(cell.tools && {
    tools: c.tools.map(({ name, description, parameters }) => ({ name, description, input_schema: parameters })),
  }),
  ...(cell.schema && { output_config: { format: { type: 'json_schema', schema: c.citySchema } } }),
});

const options = (make, cell) =>
  make({ apiKey: 'k', baseURL: cell.url, maxRetries: cell.retries, timeout: cell.timeout }, cell);

// extra are options of a request.
export const anthropic = (make, extra = () => ({})) => ({
  messages: cell => c.turns(cell, async messages =>
    (await options(make, cell).messages.create(request(cell, messages), extra(cell))).content[0]?.text),
  stream: cell => c.turns(cell, async messages => c.drain(
    await options(make, cell).messages.create({ ...request(cell, messages), stream: true }, extra(cell)),
    event => event.delta?.text,
  )),
});
