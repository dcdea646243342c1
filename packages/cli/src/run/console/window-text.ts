import { showDuration, type WindowSpec } from '@rta/dsl';

/** As a pipeline says it: `tumbling 1m`, `hopping 5m every 1m, grace 10s`. */
export function windowText(window: WindowSpec): string {
  const grace = window.graceMs === 0 ? '' : `, grace ${showDuration(window.graceMs)}`;
  const zone = 'zone' in window && window.zone !== null ? ` in ${window.zone}` : '';
  return `${kindText(window)}${zone}${grace}`;
}

function kindText(window: WindowSpec): string {
  switch (window.kind) {
    case 'hopping': {
      const { sizeMs, advanceMs } = window;
      if (sizeMs === advanceMs) return `tumbling ${showDuration(sizeMs)}`;
      return `hopping ${showDuration(sizeMs)} every ${showDuration(advanceMs)}`;
    }
    case 'cumulate':
      return `cumulate ${showDuration(window.sizeMs)} every ${showDuration(window.stepMs)}`;
    case 'sliding':
      return `sliding ${showDuration(window.sizeMs)}`;
    case 'session':
      return `session ${showDuration(window.gapMs)}`;
  }
}
