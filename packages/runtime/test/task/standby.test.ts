import { reportFigure } from '@rta/tools';
import { describe } from 'vitest';
import { onEmbedded, onKafka, withoutCluster } from './backend.js';
import { standbyTests } from './standby.js';

describe('standby copies on the embedded log', () => {
  standbyTests(onEmbedded(), (figure) => console.info(`standby on the embedded log: ${figure}`));
});

describe.skipIf(withoutCluster)('standby copies on Kafka', () => {
  standbyTests(onKafka(), (figure) => reportFigure('standby', figure));
});
