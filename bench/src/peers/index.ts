import { kafkajs } from './kafkajs.js';
import type { Peer } from './peer.js';
import { rta } from './rta.js';

/** The first one is what the others are compared with. */
export const peers: readonly Peer[] = [rta, kafkajs];
