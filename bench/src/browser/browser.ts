/**
 * `pnpm bench browser`: how long after an event the leaderboard of the console shows it, in a real Chromium: painted, by the clock of the
 * page, which is that of the machine. As `pnpm bench latency`, but for who looks.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, launchChromium } from '@rta/tools';
import { run, runNode } from '../child.js';
import { joined, LEAD_MS, PATIENCE_MS, PRODUCER, withResolvers } from '../latency/latency.js';
import { dueMs, LEADERS, type Schedule } from '../latency/schedule.js';
import { LatencyTracker, type Percentiles } from '../latency/tracker.js';
import { deleteTopicsOf, PARTITIONS, say, type TestBed } from '../measure.js';
import { RTA_MAIN } from '../peers/rta.js';
import { createTopic, SCHEMA_FILE, userOf } from '../scores-input.js';
import { top } from '../workloads/top.js';

export interface BrowserRow extends Percentiles {
  /** Events per second. */
  readonly rate: number;
  readonly seconds: number;
  /** Events of leaders that the page has not shown half a minute after the last one was due. */
  readonly missing: number;
  /** Until the broker had the event, which is part of the rest: the 99th percentile, ms. */
  readonly producerP99: number;
  /** What should not be exceeded, ms. */
  readonly targetP99: number;
}

const TARGET_P99_MS = 1000;
/** The events of the first seconds are not counted. */
const WARM_UP_SECONDS = 10;
/** How often the page is asked what it has shown. */
const ASK_MS = 250;

/** Keeps what the bars say, with the time after the frame that shows it. */
const WATCH = `(() => {
  const shown = (globalThis.shown = []);
  const values = new Map();
  let isWaiting = false;
  const look = () => {
    isWaiting = false;
    const at = Date.now();
    for (const bar of document.querySelectorAll('.ranking li')) {
      const label = bar.querySelector('.label').textContent;
      const value = bar.querySelector('.value').textContent;
      if (values.get(label) === value) continue;
      values.set(label, value);
      shown.push([label, Number(value.replaceAll(',', '')), at]);
    }
  };
  new MutationObserver(() => {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => setTimeout(look));
  }).observe(document, { subtree: true, childList: true, characterData: true });
})()`;
const TAKE = 'globalThis.shown.splice(0)';
type Shown = readonly (readonly [user: string, total: number, atMs: number])[];

/** Rejects where there is no Chromium, a process fails, or the board counts what was not sent. */
export async function measureBrowser({ log, registry, cluster, ...bed }: TestBed, rate: number, seconds: number): Promise<BrowserRow> {
  const id = `browser-${Date.now().toString(36)}`;
  const topic = `${id}-events`;
  const warmUpSeconds = Math.min(WARM_UP_SECONDS, seconds);
  const directory = mkdtempSync(join(tmpdir(), 'rta-bench-'));
  const ending = new AbortController();
  const signal = bed.signal === undefined ? ending.signal : AbortSignal.any([bed.signal, ending.signal]);
  const { promise: live, resolve: end } = withResolvers();
  const browser = await launchChromium();
  try {
    const schemaId = await createTopic(log, registry, topic, PARTITIONS);
    mkdirSync(join(directory, 'schemas'));
    copyFileSync(SCHEMA_FILE, join(directory, 'schemas/user_score.avsc'));
    const source = `{ topic: ${topic}, key: user_id, schema: user_score, time: event_time_millis, lateness: 5s }`;
    const boards = 'boards:\n  top: { show: ranking, label: user_id, value: total_score, by: rnk }\n';
    writeFileSync(join(directory, 'pipeline.yaml'), `pipeline: ${id}\nsource: ${source}\n${top.steps}sink: { topic: ${id} }\n${boards}`);
    const port = await freePort();
    const engine = runNode([RTA_MAIN, 'run', 'pipeline.yaml', '--http', String(port), '--json'], {
      cwd: directory,
      env: cluster.env,
      signal,
      until: live,
    });
    const measuring = async (): Promise<BrowserRow> => {
      await joined(log, `rta.${id}`);
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      await page.addInitScript(WATCH);
      await page.goto(`http://127.0.0.1:${port}/`);
      const schedule: Schedule = { startMs: Date.now() + LEAD_MS, rate, events: rate * (warmUpSeconds + seconds) };
      const tracker = new LatencyTracker(schedule, LEADERS, rate * warmUpSeconds);
      const when = [schedule.startMs, rate, schedule.events];
      const producing = run(process.execPath, [PRODUCER, cluster.env.KAFKA_BROKERS, topic, PARTITIONS, schemaId, ...when].map(String), {
        signal,
      });
      const watching = async (): Promise<void> => {
        while (!tracker.complete && Date.now() < dueMs(schedule, schedule.events) + PATIENCE_MS) {
          for (const [user, total, atMs] of await page.evaluate<Shown>(TAKE)) tracker.take(userOf(user), total, atMs);
          await sleep(ASK_MS);
        }
      };
      const [produced] = await Promise.all([producing, watching()]);
      end();
      const { behindMs } = JSON.parse(produced.stdout) as { behindMs: number };
      const { missing } = tracker;
      const row = { rate, seconds, ...tracker.percentiles(), missing, producerP99: behindMs, targetP99: TARGET_P99_MS };
      say(`to the browser, ${rate} events/s: p50 ${row.p50} ms, p99 ${row.p99} ms; ${missing} events not seen`);
      return row;
    };
    const [row] = await Promise.all([measuring(), engine]);
    return row;
  } finally {
    // Where one has failed the others are still there.
    end();
    ending.abort();
    await browser.close();
    rmSync(directory, { recursive: true, force: true });
    await deleteTopicsOf(log, id);
  }
}
