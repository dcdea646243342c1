import { reportFigure } from '@rta/tools';
import { describe } from 'vitest';
import { onEmbedded, onKafka, withoutCluster } from './backend.js';
import { restoreTests } from './restores.js';

describe('restores on the embedded log', () => {
  // Records of a changelog can be deleted on this log alone.
  restoreTests(onEmbedded(), (row, figure) => {
    if (row === 'changelog') reportFigure(row, figure);
    else console.info(`${row} on the embedded log: ${figure}`);
  });
});

describe.skipIf(withoutCluster)('restores on Kafka', () => {
  restoreTests(onKafka(), reportFigure);
});
