import { reportFigure } from '@rta/tools';
import { describe } from 'vitest';
import { onEmbedded, onKafka, withoutCluster } from './backend.js';
import { poisonTests } from './poison.js';

describe('poison on the embedded log', () => {
  poisonTests(onEmbedded(), (figure) => console.info(`poison on the embedded log: ${figure}`));
});

describe.skipIf(withoutCluster)('poison on Kafka', () => {
  poisonTests(onKafka(), (figure) => reportFigure('poison', figure));
});
