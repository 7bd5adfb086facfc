// Two spans for each call: that of the instrumentation, and within it that of the SDK itself.
import { context } from '@opentelemetry/api';
import { setSession } from '@arizeai/openinference-core';
import { AnthropicInstrumentation } from '@arizeai/openinference-instrumentation-anthropic';
import Anthropic from '@anthropic-ai/sdk';
import { play, sdk } from './common.mjs';
import { anthropic } from './anthropic.mjs';

const flush = sdk();
new AnthropicInstrumentation().manuallyInstrument(Anthropic);
await play(anthropic(options => new Anthropic(options)), {
  flush,
  within: (cell, run) => context.with(setSession(context.active(), { sessionId: cell.session }), run),
});
