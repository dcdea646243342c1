export * from './log/log.js';
export * from './state/store.js';
export * from './plan/physical.js';
export { planStages, applicationIdOf } from './plan/plan-stages.js';
export { StagingError } from './plan/stage-builder.js';
export type { KernelCompiler, KernelFactory, KernelStats, StageKernel } from './kernel/stage-kernel.js';
export { checkFunctions, loadFunctions } from './functions/load-functions.js';
export { openPipeline, type Pipeline, type PipelineOptions } from './pipeline.js';
export { Worker } from './task/worker.js';
export type { WorkerSnapshot, WorkerStatus, StepSnapshot, BoardSnapshot } from './task/snapshot.js';
export { addHistograms, DURATION_BOUNDS, type Histogram } from './task/histogram.js';
export { internalTopics, outputTopics, sourceTopics, stagePartitions, topicSpec } from './task/topology.js';
export { PipelineError, BadRecordError, type PipelineErrorCode } from './task/errors.js';
export { ManualClock, systemClock, type Clock } from './task/clock.js';
export type { SinkSchemaIds } from './task/task-context.js';
export type { SchemaSource } from './task/writer-schema.js';
export { SchemaChangedError, type JudgeWriterSchema, type RunnablePlan, type SchemaChange } from './task/schema-change.js';
export { planLayout } from './kernel/plan-layout.js';
export { compileStage } from './kernel/compile-stage.js';
export { kernelOf, nodesOfLines } from './kernel/kernel-marks.js';
export { openEmbeddedLog, ownEmbeddedLog, shareEmbeddedLog, DEFAULT_LOG_DIR } from './log/embedded/open.js';
export { serveLogPort } from './log/embedded/port-server.js';
export { PortLog } from './log/embedded/port-log.js';
export { openKafkaLog } from './log/kafka/kafka-log.js';
export type { KafkaLogEntry, KafkaLogOptions } from './log/kafka/options.js';
export { pipelineLag, type InputLag, type PipelineLag } from './inspect/lag.js';
export { lettersOf, type Letter } from './dead-letters/letters.js';
export { ReadAgain, type Verdict } from './dead-letters/read-again.js';
export { replay, Replayed, targetPartition } from './dead-letters/replay.js';
export { asideTopics as deadLetterTopics } from './testing/test-plan.js';
export { planReset, ResetError, type ResetPlan, type ResetTarget } from './reset/plan-reset.js';
export { performReset, type ResetStep } from './reset/perform-reset.js';
export { committedWatermark, windowHold } from './inspect/committed-watermark.js';
export { plainJson, rowJson } from './inspect/row-json.js';
export { queryChangelog, storeNamed, type StoreAnswer, type StoreQuery } from './inspect/store-query.js';
export { storeRows, storeSizes, storesOf, type StoreOfPlan, type StorePartition } from './inspect/stores.js';
export { inspectKafka, type KafkaCluster } from './log/kafka/inspect.js';
export { memoryStateStores } from './state/memory-store.js';
export { encodedHeaders } from './task/headers.js';
export { BatchBuilder } from './log/batch/batch-builder.js';
export { writeVarint, writeVarlong } from './log/batch/varint.js';
export { holdsRecords } from './log/holds-records.js';
export { partitionOf } from './log/partitioner.js';
export { planFingerprint, planIdentity, type PlanIdentity } from './plan/identity.js';
export { explainText } from './plan/explain.js';
export { explainJson } from './plan/explain-json.js';
export { explainMermaid, explainLogicalMermaid } from './plan/explain-mermaid.js';
export { adviceOf, type Advice } from './plan/advice/advice.js';
export { DRAWING_STYLE, explainSvg, topologyDrawing, type DrawnEdge, type TopologyDrawing } from './plan/svg/explain-svg.js';
export { explainKernels } from './plan/explain-kernel.js';
export { records, LogRecord } from './log/batch/records.js';
export {
  openTestBench,
  type Recorded,
  replayAlerts,
  showFailure,
  showValue,
  sinkReader,
  type TestBench,
  type TestFailure,
  type TestOutcome,
} from './testing/index.js';
export * from './deployments/record.js';
export * from './deployments/transitions.js';
export { changedBy, Deployments, DEPLOYMENTS_TOPIC, pipelineOf } from './deployments/deployments.js';
export { RebuildWatch } from './deployments/rebuild.js';
export { ensureStaging, ownTopics, stagingRoute } from './deployments/staging.js';
export { takeOver } from './deployments/take-over.js';
export type { SourceLimit } from './task/source-limits.js';
