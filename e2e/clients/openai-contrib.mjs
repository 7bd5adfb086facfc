// The instrumentation of OpenTelemetry puts content into log records, for which it needs a LoggerProvider.
import { OpenAIInstrumentation } from '@opentelemetry/instrumentation-openai';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { logs } from '@opentelemetry/sdk-node';
import * as sdk6 from 'openai-6';
import { otlp, play, sdk } from './common.mjs';
import { openai } from './openai.mjs';

const instrumentation = new OpenAIInstrumentation({ captureMessageContent: true });
const processor = new logs.BatchLogRecordProcessor({
  exporter: new OTLPLogExporter({ url: otlp + '/v1/logs' }),
});
const flush = sdk({ instrumentations: [instrumentation], logRecordProcessors: [processor] });
instrumentation.init()[0].patch(sdk6); // its hook waits for a package with the name openai

await play(openai(options => new sdk6.OpenAI(options)), {
  flush: async () => {
    await processor.forceFlush();
    await flush();
  },
});
