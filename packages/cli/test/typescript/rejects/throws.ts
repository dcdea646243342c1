import { pipeline, stream } from '@rta/cli';

const settings = JSON.parse('{ "topics": null }') as { topics: { out: string } };

export default pipeline('throws', { steps: stream('user_score'), sink: { topic: settings.topics.out } });
