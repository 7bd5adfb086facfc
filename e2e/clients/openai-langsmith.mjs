import { Client } from 'langsmith';
import { initializeOTEL } from 'langsmith/experimental/otel/setup';
import { wrapOpenAI } from 'langsmith/wrappers';
import OpenAI from 'openai';
import { otlp, play } from './common.mjs';
import { openai } from './openai.mjs';

initializeOTEL({ exporterConfig: { url: otlp + '/v1/traces' } });
const client = new Client();
await play(
  openai((options, cell) => wrapOpenAI(new OpenAI(options), { client, metadata: { session_id: cell.session } })),
  { flush: () => client.awaitPendingTraceBatches() },
);
