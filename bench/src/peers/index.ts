import { kafkajs } from './kafkajs.js';
import type { Peer } from './peer.js';
import { rta } from './rta.js';
import { streamsAtLeastOnce, streamsExactlyOnce } from './streams.js';

/** The first one is what the others are compared with. */
export const peers: readonly Peer[] = [rta, streamsExactlyOnce, streamsAtLeastOnce, kafkajs];

/** Those of a short run: the ones with figures to reach. */
export const quickPeers: readonly Peer[] = [rta, streamsExactlyOnce];
