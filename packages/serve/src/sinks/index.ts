export { Deliverer } from './deliverer.js';
export { OlapStore } from './duckdb/olap-store.js';
export { TableSink } from './duckdb/table-sink.js';
