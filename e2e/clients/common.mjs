// What the clients share: where to send, what to ask, and the loop over the scenarios.
import { trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';

export * from './tools.mjs';

const { RECORDER, PROVIDER, CLIENT, SCENARIOS, VARIANTS, STEPS } = process.env;

export const otlp = RECORDER;
export const steps = Number(STEPS); // after which an agent stops
export const system = 'You are a helpful assistant.';
export const openAIModel = ask => (ask.thinking ? 'o4-mini' : 'gpt-4o-mini');
export const claude = 'claude-sonnet-4-5';
export const gemini = 'gemini-2.5-flash';

// Instrumentations read a copy of a stream, and leave the error of a broken one or of a rejected call unhandled.
process.on('unhandledRejection', () => {});

export const traces = otlp + '/v1/traces';

// sdk starts OpenTelemetry as applications do. It returns how to flush it.
export function sdk({ exporter = new OTLPTraceExporter({ url: traces }), ...options } = {}) {
  const processor = new BatchSpanProcessor(exporter);
  new NodeSDK({ serviceName: CLIENT, spanProcessors: [processor], ...options }).start();
  return () => processor.forceFlush();
}

// play runs every variant of a client through every scenario. A cell has what the scenario asks, the session, and the
// address of the provider. flush exports the spans of a cell, within runs a cell inside a session.
export async function play(variants, { flush, within = (cell, run) => run() }) {
  const tracer = trace.getTracer('app');
  for (const variant of VARIANTS.split(',')) {
    for (const [scenario, ask] of Object.entries(JSON.parse(SCENARIOS))) {
      const name = `${CLIENT}/${variant}`;
      const cell = {
        ...ask, scenario, name,
        session: `session-${CLIENT}-${variant}-${scenario}`,
        url: `${PROVIDER}/${scenario}/${CLIENT}-${variant}`,
        timeout: ask.timeoutMs ?? 30000,
      };
      await fetch(`${RECORDER}/cell/${name}/${scenario}`, { method: 'POST' });
      await tracer.startActiveSpan('request', async span => {
        try {
          await within(cell, () => variants[variant](cell));
        } catch (e) {
          if (process.env.VERBOSE) console.log(name, scenario, e?.constructor?.name, String(e?.message ?? e));
        }
        await new Promise(setImmediate); // instrumentations end spans in callbacks of their own
        span.end();
      });
      await flush();
    }
  }
  process.exit(0);
}

// turns asks for every turn of a conversation, with what was said so far.
export async function turns(cell, ask) {
  const messages = [{ role: 'user', content: cell.prompt }];
  let answer;
  for (let turn = 1; ; turn++) {
    answer = await ask(messages);
    if (turn >= (cell.turns ?? 1)) return answer;
    messages.push({ role: 'assistant', content: String(answer) }, { role: 'user', content: `And of country ${turn}?` });
  }
}

// drain reads a stream to its end and joins what text picks.
export async function drain(stream, text = () => '') {
  let all = '';
  for await (const event of stream) all += text(event) ?? '';
  return all;
}
