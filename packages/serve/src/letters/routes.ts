/** `/letters/PIPELINE`: what it refused and what came too late, and back to where it came from. */
import { deadLetterTopics, replay, type Letter } from '@rta/runtime';
import type { FastifyInstance, preHandlerAsyncHookHandler } from 'fastify';
import { judgedJson, judgeLetters, otherReaders, sourcePartitions, toBeSent } from '../lookups/judge-letters.js';
import { letterPlace, selectLetters } from '../lookups/select-letters.js';
import type { AskedOfLog } from '../asked-of-log.js';
import { optionOf, optionsOf, timeOf, wholeOf } from '../options.js';
import { pipelineNamed } from '../query/routes.js';
import { Refused } from '../refused.js';
import { latestLetters } from './latest-letters.js';

/** Letters of one request. */
const MOST = 500;
/** Between the first and the last place of a partition. */
const SPREAD = 100_000;

/** @param writes lets those through that may replay */
export function addLetters(app: FastifyInstance, asked: AskedOfLog, writes: preHandlerAsyncHookHandler): void {
  const { pipelines, guard } = asked;
  app.get('/letters/:pipeline', { preHandler: guard }, async (request) => {
    const { plan } = pipelineNamed(pipelines, optionOf(request.params, 'pipeline'));
    const given = optionsOf(request.query, ['reason', 'step', 'since', 'until', 'limit']);
    const { reason, step, since, until, limit } = given;
    return latestLetters(asked, plan, {
      ...(reason === undefined ? {} : { reason }),
      ...(step === undefined ? {} : { step }),
      since: since === undefined ? -Infinity : timeOf('since', since),
      until: until === undefined ? Infinity : timeOf('until', until),
      limit: limit === undefined ? 100 : wholeOf('limit', limit, 1, MOST),
    });
  });
  // What would be sent: nothing is written.
  app.post('/letters/:pipeline/judge', { preHandler: guard }, (request) =>
    answerReplay(asked, optionOf(request.params, 'pipeline'), request.body, true),
  );
  app.post('/letters/:pipeline/replay', { preHandler: writes }, (request) =>
    answerReplay(asked, optionOf(request.params, 'pipeline'), request.body, false),
  );
}

async function answerReplay(asked: AskedOfLog, pipeline: string, body: unknown, isDry: boolean): Promise<object> {
  const { pipelines, log } = asked;
  const { plan } = pipelineNamed(pipelines, pipeline);
  const { topic, places, onlyReadable } = replayOf(body);
  if (!deadLetterTopics(plan).has(topic)) throw new Refused(404, 'unknown_topic', `${pipeline} puts no letters into ${topic}`);
  const letters = await lettersOfPlaces(asked, pipeline, topic, places);
  if (letters.length === 0)
    throw new Refused(404, 'no_letters', `${pipeline} has no letters in ${topic} at ${places.slice(0, 3).join(', ')}`);
  const judged = await judgeLetters(asked, [plan], letters, true);
  const chosen = toBeSent(judged, onlyReadable);
  const sent = isDry ? null : await replay(log, chosen.map(({ letter }) => letter)); // prettier-ignore
  const partitions = await sourcePartitions(log, letters);
  return {
    pipeline,
    topic,
    asOf: new Date().toISOString(),
    selected: letters.length,
    replayedBefore: judged.filter(({ replayed }) => replayed).length,
    ...(sent === null ? { wouldSend: chosen.length } : { sent }),
    alsoReadBy: otherReaders(pipelines.map((each) => each.plan), chosen), // prettier-ignore
    letters: judged.map((each) => judgedJson(each, chosen.includes(each), partitions)),
  };
}

interface ReplayRequest {
  readonly topic: string;
  readonly places: readonly string[];
  readonly onlyReadable: boolean;
}

/** @throws Refused */
function replayOf(body: unknown): ReplayRequest {
  const { topic, places, onlyReadable = false } = (body ?? {}) as Readonly<Record<string, unknown>>;
  const isRight =
    typeof topic === 'string' &&
    typeof onlyReadable === 'boolean' &&
    Array.isArray(places) &&
    places.length > 0 &&
    places.length <= MOST &&
    places.every((place) => typeof place === 'string');
  if (!isRight) throw new Refused(400, 'bad_replay', `a replay is {"topic", "places": ["0@17", …] (1 to ${MOST}), "onlyReadable"?: true}`);
  return { topic, places, onlyReadable };
}

/** Dead letters and late ones. @throws Refused */
async function lettersOfPlaces({ log }: AskedOfLog, pipeline: string, topic: string, texts: readonly string[]): Promise<readonly Letter[]> {
  const places = texts.map((text) => {
    const place = letterPlace(text);
    if (place === null || place.to - place.from > MOST) throw new Refused(400, 'bad_place', `${text}: letters are named as partition@offset, or partition@from-to for at most ${MOST}`); // prettier-ignore
    return place;
  });
  for (const partition of new Set(places.map((place) => place.partition))) {
    const own = places.filter((place) => place.partition === partition);
    const spread = Math.max(...own.map(({ to }) => to)) - Math.min(...own.map(({ from }) => from));
    if (spread > SPREAD) throw new Refused(400, 'too_far', `the places of partition ${partition} are ${spread} offsets apart; at most ${SPREAD} may lie between them`); // prettier-ignore
  }
  return [
    ...(await selectLetters(log, topic, places, { pipeline })),
    ...(await selectLetters(log, topic, places, { pipeline, late: true })),
  ].slice(0, MOST);
}
