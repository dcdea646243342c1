/** OpenTelemetry traces of what pipelines do, where they are asked for. */
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@rta/runtime';
import type { CliContext } from '../../context.js';
import { UsageError } from '../../failure.js';
import { VERSION } from '../../version.js';

export interface Tracing {
  /** Where they are sent; threads send theirs themselves. */
  readonly url: string;
  /** The log, as workers of a pipeline are given it. */
  log(log: Log, pipeline: string): Log;
  /** Sends what there is; takes some seconds at most. Never rejects. */
  flush(): Promise<void>;
  /** The same, for the last time. */
  close(): Promise<void>;
}

/** What is not sent by then is left, ms. */
const EXPORT_MS = 5_000;
/** The same trouble is told so often at most, ms. */
const WARN_AGAIN_MS = 60_000;

export const TRACE = [
  '--trace <url>',
  'OpenTelemetry traces of fetches, commits, rebalances and restores, to a collector (OTLP over HTTP; default: OTEL_EXPORTER_OTLP_ENDPOINT)',
] as const;

/**
 * Where traces are sent; null: nowhere.
 *
 * @param given with the command; before what the environment says
 * @throws UsageError for what is no URL
 */
export function traceUrl({ env }: Pick<CliContext, 'env'>, given: string | undefined): string | null {
  if (given === undefined && env['OTEL_SDK_DISABLED'] === 'true') return null;
  const [traces = '', all = ''] = [env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'], env['OTEL_EXPORTER_OTLP_ENDPOINT']];
  if (given === undefined && traces !== '') return urlOf(traces).href;
  const base = given ?? all;
  if (base === '') return null;
  const url = urlOf(base);
  if (!url.pathname.endsWith('/v1/traces')) url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return url.href;
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UsageError(`traces are sent to a URL, such as http://localhost:4318; got ${JSON.stringify(text)}`);
  return url;
}

/** Waits for it as long as there is sense in it; what went wrong has been told. */
async function soon(done: Promise<void>): Promise<void> {
  await Promise.race([done.catch(() => undefined), delay(EXPORT_MS, undefined, { ref: false })]);
}

/** @param warn told when the collector takes nothing */
export async function openTracing(url: string, warn: (message: string) => void): Promise<Tracing> {
  // Nobody else pays for loading it.
  const [{ BasicTracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }, resources, core, { tracedLog }] = await Promise.all([
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/core'),
    import('./traced-log.js'),
  ]);
  let warned = -Infinity;
  core.setGlobalErrorHandler((error) => {
    if (performance.now() - warned < WARN_AGAIN_MS) return;
    warned = performance.now();
    warn(`traces: ${url}: ${error instanceof Error ? error.message : JSON.stringify(error)}`);
  });
  const ours = { 'service.name': 'rta', 'service.version': VERSION, 'service.instance.id': `${hostname()}-${process.pid}` };
  const resource = resources.resourceFromAttributes(ours).merge(resources.detectResources({ detectors: [resources.envDetector] }));
  const provider = new BasicTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url, timeoutMillis: EXPORT_MS }))],
  });
  const tracer = provider.getTracer('rta', VERSION);
  return {
    url,
    log: (log, pipeline) => tracedLog(log, tracer, pipeline),
    flush: () => soon(provider.forceFlush()),
    close: () => soon(provider.shutdown()),
  };
}
