import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { observeOpenAI } from '@langfuse/openai';
import { LangfuseSpanProcessor } from '@langfuse/otel';
import { propagateAttributes } from '@langfuse/tracing';
import OpenAI from 'openai';
import { otlp, play, sdk } from './common.mjs';
import { openai } from './openai.mjs';

const processor = new LangfuseSpanProcessor({
  publicKey: 'pk', secretKey: 'sk', baseUrl: otlp, exporter: new OTLPTraceExporter({ url: otlp + '/v1/traces' }),
  shouldExportSpan: () => true,
});
sdk({ spanProcessors: [processor] });
await play(openai(options => observeOpenAI(new OpenAI(options))), {
  flush: () => processor.forceFlush(),
  within: (cell, run) => propagateAttributes({ sessionId: cell.session }, run),
});
