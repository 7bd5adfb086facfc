// The SDK traces itself from version 1 on.
import Anthropic from '@anthropic-ai/sdk';
import { play, sdk } from './common.mjs';
import { anthropic } from './anthropic.mjs';

const flush = sdk();
await play(
  anthropic(options => new Anthropic(options), cell => ({ openTelemetry: { conversationId: cell.session } })),
  { flush },
);
