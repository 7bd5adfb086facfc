import { context } from '@opentelemetry/api';
import { setSession } from '@arizeai/openinference-core';
import { OpenAIInstrumentation } from '@arizeai/openinference-instrumentation-openai';
import OpenAI from 'openai';
import { play, sdk } from './common.mjs';
import { openai } from './openai.mjs';

const flush = sdk();
new OpenAIInstrumentation().manuallyInstrument(OpenAI);
await play(openai(options => new OpenAI(options)), {
  flush,
  within: (cell, run) => context.with(setSession(context.active(), { sessionId: cell.session }), run),
});
