export { exportCopy, type ExportedFile, exportOlap } from './duckdb/export-olap.js';
export { OlapStore } from './duckdb/olap-store.js';
export { ParquetSink } from './duckdb/parquet-sink.js';
export { readOlap } from './duckdb/read-olap.js';
export { TableSink } from './duckdb/table-sink.js';
export { StoreError } from './sink-store.js';
