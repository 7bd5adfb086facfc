import { GoogleGenAI } from '@google/genai';
import { Client } from 'langsmith';
import { initializeOTEL } from 'langsmith/experimental/otel/setup';
import { wrapGemini } from 'langsmith/wrappers/gemini';
import * as c from './common.mjs';

initializeOTEL({ exporterConfig: { url: c.otlp + '/v1/traces' } });
const client = new Client();
const make = cell => wrapGemini(
  new GoogleGenAI({
    apiKey: 'k',
    httpOptions: { baseUrl: cell.url, timeout: cell.timeout, retryOptions: { attempts: cell.retries + 1 } },
  }),
  { client, metadata: { session_id: cell.session } },
);
const request = (cell, messages) => ({
  model: c.gemini,
  contents: messages.map(({ role, content }) =>
    ({ role: role === 'user' ? role : 'model', parts: [{ text: content }] })),
  config: {
    systemInstruction: c.system,
    ...(cell.maxTokens && { maxOutputTokens: cell.maxTokens }),
    ...(cell.tools && {
      tools: [{
        functionDeclarations: c.tools.map(({ name, description, parameters }) =>
          ({ name, description, parametersJsonSchema: parameters })),
      }],
    }),
    ...(cell.schema && { responseMimeType: 'application/json', responseJsonSchema: c.citySchema }),
  },
});

await c.play({
  generate: cell => c.turns(cell, async messages =>
    (await make(cell).models.generateContent(request(cell, messages))).text),
}, { flush: () => client.awaitPendingTraceBatches() });
