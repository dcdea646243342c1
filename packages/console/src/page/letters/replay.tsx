/** What a replay of chosen letters would do, and the replay, which asks for the write token. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask } from '../ask.js';
import { count } from '../format.js';
import { Problem } from '../problem.js';
import { Table, type TableColumn } from '../table.js';
import { placeOf, type JudgedLetter, type Letter, type ReplayAnswer } from './answers.js';

/** Kept as long as the page, and nowhere else. */
let token = '';

interface ReplayProps {
  readonly pipeline: string;
  readonly letters: readonly Letter[];
  /** Called when something was sent. */
  readonly replayed: () => void;
}

export function Replay({ pipeline, letters, replayed }: ReplayProps): JSX.Element {
  const [answers, setAnswers] = useState<readonly ReplayAnswer[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [onlyReadable, setOnlyReadable] = useState(true);
  const [isAsking, setAsking] = useState(false);
  const send = async (verb: 'judge' | 'replay'): Promise<void> => {
    setAsking(true);
    setProblem(null);
    try {
      const found: ReplayAnswer[] = [];
      for (const topic of new Set(letters.map((letter) => letter.topic))) {
        const places = letters.filter((letter) => letter.topic === topic).map(({ partition, offset }) => `${partition}@${offset}`);
        const path = `/letters/${encodeURIComponent(pipeline)}/${verb}`;
        found.push(await ask<ReplayAnswer>(path, {}, { body: { topic, places, onlyReadable }, ...(verb === 'replay' ? { token } : {}) }));
      }
      setAnswers(found);
      if (verb === 'replay') replayed();
    } catch (error) {
      setProblem((error as Error).message);
    } finally {
      setAsking(false);
    }
  };
  return (
    <section class="card" aria-labelledby="replay" aria-busy={isAsking}>
      <h2 id="replay">Replay {count(letters.length)}</h2>
      <p class="soft facts">Each goes back to the partition it came from, byte for byte, once: who reads the topic gets it again.</p>
      <form
        class="question"
        onSubmit={(event) => {
          event.preventDefault();
          void send('replay');
        }}
      >
        <label class="check">
          <input type="checkbox" checked={onlyReadable} onChange={({ currentTarget }) => setOnlyReadable(currentTarget.checked)} />
          only what can be read now
        </label>
        <button type="button" disabled={isAsking} onClick={() => void send('judge')}>
          Dry run
        </button>
        <label>
          Write token
          <input type="password" autoComplete="off" defaultValue={token} onInput={({ currentTarget }) => (token = currentTarget.value)} />
        </label>
        <button type="submit" disabled={isAsking}>
          Replay
        </button>
      </form>
      <Problem says={problem} />
      {answers?.map((answer) => (
        <Outcome key={answer.letters[0]?.topic} answer={answer} />
      ))}
    </section>
  );
}

const COLUMNS: readonly TableColumn[] = [
  { name: 'letter', kind: 'text' },
  { name: 'reason', kind: 'text' },
  { name: 'to', kind: 'text' },
  { name: 'now', kind: 'text' },
  { name: 'sent', kind: 'flag' },
];

function Outcome({
  answer: { asOf, selected, replayedBefore, wouldSend, sent, alsoReadBy, letters },
}: {
  readonly answer: ReplayAnswer;
}): JSX.Element {
  const rows = letters.map((each) => [
    placeOf(each),
    each.reason,
    each.to === null ? null : `${each.to.topic} ${each.to.partition}`,
    nowText(each),
    each.wouldSend,
  ]);
  return (
    <>
      <p class="facts" role="status">
        {sent === undefined ? `would send ${count(wouldSend ?? 0)}` : `sent ${count(sent)}`} of {count(selected)}
        {replayedBefore > 0 && `; ${count(replayedBefore)} replayed before`} · as of {asOf}
        {alsoReadBy.map(({ topic, pipeline }) => ` · ${topic} is read by ${pipeline} too`)}
      </p>
      <Table name={sent === undefined ? 'What would be sent' : 'What was sent'} columns={COLUMNS} rows={rows} />
    </>
  );
}

function nowText({ replayed, now }: JudgedLetter): string {
  if (replayed) return 'replayed before';
  if (now === null) return 'nobody can say';
  if (now.outcome === 'read') return 'can be read';
  return now.outcome === 'unread' ? 'the pipeline does not read this topic any more' : `${now.reason}: ${now.message}`;
}
