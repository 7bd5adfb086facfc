// Requests with the OpenAI SDK, the same for every instrumentation. make returns a client.
import * as c from './common.mjs';

const options = (make, cell) =>
  make({ apiKey: 'sk-test', baseURL: cell.url + '/v1', maxRetries: cell.retries, timeout: cell.timeout }, cell);

const chatRequest = (cell, messages) => ({
  model: c.openAIModel(cell),
  messages: [{ role: 'system', content: c.system }, ...messages],
  ...(cell.maxTokens && { max_completion_tokens: cell.maxTokens }),
  ...(cell.tools && {
    tools: c.tools.map(({ name, description, parameters }) =>
      ({ type: 'function', function: { name, description, parameters } })),
  }),
  ...(cell.schema && {
    response_format: { type: 'json_schema', json_schema: { name: 'city', strict: true, schema: c.citySchema } },
  }),
});

const responsesRequest = (cell, messages) => ({
  model: c.openAIModel(cell),
  instructions: c.system,
  input: messages.length > 1 ? messages : cell.prompt,
  ...(cell.maxTokens && { max_output_tokens: cell.maxTokens }),
  ...(cell.tools && {
    tools: c.tools.map(({ name, description, parameters }) =>
      ({ type: 'function', strict: false, name, description, parameters })),
  }),
  ...(cell.schema && { text: { format: { type: 'json_schema', name: 'city', strict: true, schema: c.citySchema } } }),
});

export const openai = make => ({
  chat: cell => c.turns(cell, async messages => {
    const answer = await options(make, cell).chat.completions.create(chatRequest(cell, messages));
    return answer.choices[0].message.content;
  }),
  stream: cell => c.turns(cell, async messages => c.drain(
    await options(make, cell).chat.completions.create({
      ...chatRequest(cell, messages), stream: true, stream_options: { include_usage: true },
    }),
    event => event.choices[0]?.delta.content,
  )),
  responses: cell => c.turns(cell, async messages =>
    (await options(make, cell).responses.create(responsesRequest(cell, messages))).output_text),
  'responses-stream': cell => c.turns(cell, async messages => c.drain(
    await options(make, cell).responses.create({ ...responsesRequest(cell, messages), stream: true }),
    event => (event.type === 'response.output_text.delta' ? event.delta : ''),
  )),
});
