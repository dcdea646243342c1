import { flinkOnDisk, flinkOnHeap } from './flink.js';
import { kafkajs } from './kafkajs.js';
import { top } from '../workloads/top.js';
import { tumble } from '../workloads/windows.js';
import type { Workload } from '../workloads/workload.js';
import type { Peer } from './peer.js';
import { rta } from './rta.js';
import { streamsAtLeastOnce, streamsExactlyOnce } from './streams.js';

/** The first one is what the others are compared with. */
export const peers: readonly Peer[] = [rta, streamsExactlyOnce, streamsAtLeastOnce, flinkOnHeap, flinkOnDisk, kafkajs];

/** Those of a short run: the ones with figures to reach, of which Flink's start takes longer than some workloads. */
export function quickPeers({ name }: Workload): readonly Peer[] {
  return name === top.name || name === tumble.name ? [rta, streamsExactlyOnce, flinkOnHeap] : [rta, streamsExactlyOnce];
}
