import { describe, expect, test } from 'vitest';
import { exposition } from '../src/metrics/exposition.js';

describe('exposition', () => {
  test('labels are escaped, buckets are cumulative, what is not known is left out', () => {
    const text = exposition([
      { name: 'a_total', type: 'counter', help: 'A.', samples: [{ labels: { x: 'say "hi"\\\n' }, value: 3 }] },
      { name: 'b', type: 'gauge', help: 'B.', samples: [{ labels: {}, value: null }] },
      { name: 'c_seconds', type: 'histogram', help: 'C.', samples: [{ labels: { p: 1 }, value: { bounds: [0.5, 1], counts: [2, 0, 1], sum: 4.5 } }] },
    ]); // prettier-ignore
    expect(text).toBe(
      [
        '# HELP a_total A.',
        '# TYPE a_total counter',
        'a_total{x="say \\"hi\\"\\\\\\n"} 3',
        '# HELP c_seconds C.',
        '# TYPE c_seconds histogram',
        'c_seconds_bucket{p="1",le="0.5"} 2',
        'c_seconds_bucket{p="1",le="1"} 2',
        'c_seconds_bucket{p="1",le="+Inf"} 3',
        'c_seconds_sum{p="1"} 4.5',
        'c_seconds_count{p="1"} 3',
        '',
      ].join('\n'),
    );
  });
});
