export { ClickhouseSink } from './clickhouse-sink.js';
