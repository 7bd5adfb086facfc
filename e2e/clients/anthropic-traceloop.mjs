// The instrumentation does not start with version 1 of the SDK.
import * as traceloop from '@traceloop/node-server-sdk';
import * as sdk from 'anthropic-sdk-0';
import { otlp, play } from './common.mjs';
import { anthropic } from './anthropic.mjs';

traceloop.initialize({
  appName: process.env.CLIENT, baseUrl: otlp, apiKey: 'k', instrumentModules: { anthropic: sdk },
  silenceInitializationMessage: true, traceloopSyncEnabled: false,
});
await play(anthropic(options => new sdk.Anthropic(options)), {
  flush: () => traceloop.forceFlush(),
  within: (cell, run) => traceloop.withAssociationProperties({ session_id: cell.session }, run),
});
