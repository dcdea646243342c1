import type { CliContext } from '../context.js';
import { colours } from '../output/colour.js';
import { span } from './figures.js';
import { summaryLines } from './log-report.js';
import type { PipelineProgress } from './progress.js';
import type { RunReport } from './report.js';
import { screenLines } from './screen.js';

const HIDE_CURSOR = '\u001B[?25l';
const SHOW_CURSOR = '\u001B[?25h';
const CLEAR_LINE = '\u001B[K';
const CLEAR_BELOW = '\u001B[J';

/** A screen that is drawn again in place, below what the terminal shows already. */
export class LiveReport implements RunReport {
  /** Lines on the screen that are ours; the cursor stands below them. */
  private drawn = 0;
  private latest: readonly PipelineProgress[] = [];
  private readonly showCursor = (): void => {
    this.context.stdout.write(SHOW_CURSOR);
  };

  constructor(
    private readonly context: Pick<CliContext, 'stdout' | 'stderr' | 'env'>,
    /** What runs where: `rta run · embedded log in ./.rta` */
    private readonly title: string,
  ) {
    context.stdout.write(HIDE_CURSOR);
    // Whatever ends the process, a second Ctrl-C too.
    process.once('exit', this.showCursor);
  }

  progress(pipelines: readonly PipelineProgress[]): void {
    this.latest = pipelines;
    this.draw();
  }

  warning(pipeline: string, message: string): void {
    this.clear();
    this.context.stderr.write(`warning: ${pipeline}: ${message}\n`);
    if (this.latest.length > 0) this.draw();
  }

  end(pipelines: readonly PipelineProgress[]): void {
    this.clear();
    const width = this.context.stdout.columns ?? 80;
    this.context.stdout.write(
      `${summaryLines(pipelines, { width, colour: colours(this.context.stdout, this.context.env) }).join('\n')}\n${SHOW_CURSOR}`,
    );
    process.off('exit', this.showCursor);
  }

  private draw(): void {
    const { stdout, env } = this.context;
    const { columns: width = 80, rows: height = 24 } = stdout;
    const title = `${this.title} · ${span(this.latest[0]?.elapsedMs ?? 0)} · Ctrl-C ends it`;
    const lines = screenLines(this.latest, title, { width, height, colour: colours(stdout, env) });
    // One write: a terminal that shows half of it flickers.
    stdout.write(`${this.home()}${lines.map((line) => `${line}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}`);
    this.drawn = lines.length;
  }

  private clear(): void {
    this.context.stdout.write(`${this.home()}${CLEAR_BELOW}`);
    this.drawn = 0;
  }

  private home(): string {
    return this.drawn > 0 ? `\u001B[${String(this.drawn)}F` : '';
  }
}
