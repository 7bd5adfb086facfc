import * as traceloop from '@traceloop/node-server-sdk';
import OpenAI from 'openai';
import { otlp, play } from './common.mjs';
import { openai } from './openai.mjs';

traceloop.initialize({
  appName: process.env.CLIENT, baseUrl: otlp, apiKey: 'k', instrumentModules: { openAI: OpenAI },
  silenceInitializationMessage: true, traceloopSyncEnabled: false,
});
await play(openai(options => new OpenAI(options)), {
  flush: () => traceloop.forceFlush(),
  within: (cell, run) => traceloop.withAssociationProperties({ session_id: cell.session }, run),
});
