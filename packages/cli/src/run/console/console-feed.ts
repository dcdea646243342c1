/** What the console shows of a run: the boards as they are, the figures of each second and those of the last minutes. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { BoardRows, ConsoleState, Figures, HistoryPoint } from '@rta/console';
import type { Plan, SinkNode, Value } from '@rta/dsl';
import { DRAWING_STYLE, plainJson, topologyDrawing } from '@rta/runtime';
import type { ConsoleSource } from '@rta/serve';
import type { Backend } from '../../backend/backend.js';
import { boardViews, type BoardView } from '../board-rows.js';
import type { OlapDoor } from '../olap-door.js';
import type { PipelineProgress } from '../progress.js';
import type { RunReport } from '../report.js';
import { boardId, boardRows, pipelineFacts, pipelineFigures } from './console-state.js';
import { finalUntil, SettledWatermarks } from './finality.js';
import { IncidentHistory } from './incident-history.js';
import { provenanceOf } from './provenance.js';
import { rangeBoard } from './range-board.js';
import { RankMoves } from './rank-moves.js';
import type { ShownPipeline } from './shown-pipeline.js';
import { WindowsSeen } from './windows-seen.js';

/** How often it is looked for boards that have changed, while somebody watches; ms. */
const LOOK_MS = 250;
/** After so long without anything else it is said that nothing has changed, ms. */
const ALIVE_MS = 500;
/** Seconds. */
const HISTORY = 300;

type Say = (event: string, data: string) => void;

export class ConsoleFeed implements ConsoleSource, RunReport {
  readonly script = asset('console.js');
  readonly style = asset('console.css') + DRAWING_STYLE;
  private readonly run = randomUUID();
  private readonly readers = new Set<Say>();
  private readonly moves = new RankMoves();
  private readonly settled = new SettledWatermarks();
  private readonly history = new Map<string, HistoryPoint[]>();
  private figures: Figures | null = null;
  /** Of boards that are no ranks, as of the last second. */
  private latest: readonly BoardView[] = [];
  private latestAt = Date.now();
  /** What was last said of each board. */
  private readonly said = new Map<string, string>();
  private saidAt = 0;
  private timer: NodeJS.Timeout | null = null;

  private readonly windows: WindowsSeen;
  /** Whoever tells targets of incidents tells this, too. */
  readonly incidents: IncidentHistory;
  /** Boards over ranges of time are read one after the other: those who ask in SQL have their turn between. */
  private ranges: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly pipelines: readonly ShownPipeline[],
    readonly title: string,
    private readonly backend: Pick<Backend, 'description' | 'log' | 'registry'>,
    private readonly door: Pick<OlapDoor, 'store'>,
  ) {
    const { log, registry } = backend;
    this.windows = new WindowsSeen(pipelines);
    this.incidents = new IncidentHistory(pipelines, log, registry);
  }

  state(): string {
    return JSON.stringify(
      {
        run: this.run,
        title: this.title,
        on: this.backend.description,
        pipelines: this.pipelines.map(({ plan }) => pipelineFacts(plan)),
        boards: this.boards(),
        figures: this.figures,
        history: Object.fromEntries(this.history),
      } satisfies ConsoleState,
      plainJson,
    );
  }

  subscribe(say: Say): () => void {
    this.readers.add(say);
    this.timer ??= setInterval(() => this.look(), LOOK_MS);
    return () => {
      this.readers.delete(say);
      if (this.readers.size > 0 || this.timer === null) return;
      clearInterval(this.timer);
      this.timer = null;
    };
  }

  topology(name: string): string | null {
    const found = this.pipelines.find(({ plan }) => plan.pipeline === name);
    return found === undefined ? null : JSON.stringify(topologyDrawing(found.plan));
  }

  /** The pipelines are others now. */
  changed(): void {
    const names = new Set(this.pipelines.map(({ plan }) => plan.pipeline));
    for (const name of this.history.keys()) if (!names.has(name)) this.history.delete(name);
    this.saidAt = performance.now();
    const text = this.state();
    for (const say of this.readers) say('state', text);
  }

  async ask(question: string, about: Readonly<Record<string, string>>): Promise<object | null> {
    const plan = this.pipelines.find((each) => each.plan.pipeline === about['pipeline'])?.plan;
    switch (question) {
      case 'provenance':
        return plan === undefined ? null : provenanceOf(this.backend.log, plan, about['board'] ?? '');
      case 'range':
        return plan === undefined ? null : this.range(plan, about);
      case 'windows':
        return this.windows.look();
      case 'incidents':
        return this.incidents.answer();
      default:
        return null;
    }
  }

  private range(plan: Plan, about: Readonly<Record<string, string>>): ReturnType<typeof rangeBoard> {
    const until = (sink: SinkNode): number | null => finalUntil(plan, sink, this.settled.of(plan, sink.id));
    const turn = this.ranges.then(() => rangeBoard(this.door.store, plan, about, until));
    this.ranges = turn.catch(() => undefined);
    return turn;
  }

  progress(pipelines: readonly PipelineProgress[]): void {
    const asOf = Math.max(0, ...pipelines.map(({ snapshot }) => snapshot.at)) || Date.now();
    this.figures = { asOf, pipelines: pipelines.map(pipelineFigures) };
    for (const { pipeline, inPerSecond, lag, endToEnd } of this.figures.pipelines) {
      const points = this.history.get(pipeline) ?? [];
      points.push({ at: asOf, inPerSecond, lag, endToEnd });
      if (points.length > HISTORY) points.shift();
      this.history.set(pipeline, points);
    }
    this.latest = pipelines.flatMap(({ boards }) => boards);
    this.latestAt = asOf;
    for (const { plan, run } of this.pipelines) this.settled.note(plan, run.snapshot());
    // What has moved is known to who comes later.
    this.boards();
    this.say('figures', this.figures);
  }

  warning(): void {
    // It is said where the run was started.
  }

  end(pipelines: readonly PipelineProgress[]): void {
    this.progress(pipelines);
    this.look();
  }

  private look(): void {
    const changed = this.boards().filter((board) => {
      const { asOf: _, ...content } = board;
      const text = JSON.stringify(content, plainJson);
      if (this.said.get(board.id) === text) return false;
      this.said.set(board.id, text);
      return true;
    });
    if (changed.length > 0) this.say('boards', changed);
    else if (performance.now() - this.saidAt >= ALIVE_MS) this.say('alive', null);
  }

  /** Ranks as they are now, everything else as of the last second. */
  private boards(): BoardRows[] {
    return this.pipelines.flatMap(({ plan, run }) => {
      const snapshot = run.snapshot();
      const views = boardViews(plan, snapshot);
      return (plan.boards ?? []).flatMap((board): BoardRows[] => {
        const own = views.find((view) => view.board.name === board.name);
        const view = own ?? this.latest.find((each) => each.pipeline === plan.pipeline && each.board.name === board.name);
        if (view === undefined) return [];
        const at = own === undefined ? this.latestAt : snapshot.at;
        const watermark = this.settled.of(plan, board.sink);
        const { show, label, value } = board;
        if (show !== 'ranking' || label === null) return [boardRows(plan, view, at, null, watermark)];
        const ranked = view.rows.map((row) => ({ label: JSON.stringify(row[label], plainJson), value: numberOf(row[value ?? '']) }));
        return [boardRows(plan, view, at, this.moves.at(boardId(view), ranked, at), watermark)];
      });
    });
  }

  private say(event: string, data: unknown): void {
    this.saidAt = performance.now();
    const text = JSON.stringify(data, plainJson);
    for (const say of this.readers) say(event, text);
  }
}

/** Decimals are text. */
function numberOf(value: Value | undefined): number | null {
  const number = value === null || value === undefined || value === '' ? NaN : Number(value);
  return Number.isFinite(number) ? number : null;
}

function asset(name: string): string {
  return readFileSync(createRequire(import.meta.url).resolve(`@rta/console/${name}`), 'utf8');
}
