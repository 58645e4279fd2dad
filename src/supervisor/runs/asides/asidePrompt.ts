import { endOf } from '../../../common/shorten';
import type { SessionFacts } from '../../../storage/sessionFacts';
import { workingAgent } from '../../../storage/sessionState';
import type { AskTimeline } from '../../../storage/timelineQueries';
import { STORY_END, storyOf } from '../prompts/transcript';

/** How many of the last events of a run are looked at for what its program printed. */
const PRINTED_EVENTS = 200;
const MAX_PRINTED_CHARACTERS = 10_000;

/**
 * The question with the story so far, for a process that does not know the conversation. `answerer` is the agent that
 * gets it.
 */
export async function asidePrompt(
  ask: AskTimeline,
  facts: SessionFacts,
  answerer: string,
  question: string,
): Promise<string> {
  const told = await ask('conversation', {});
  const isSame = workingAgent(facts).name === answerer;
  const printed = told.some(({ role }) => role === 'assistant') ? '' : await lastPrinted(ask, facts);
  if (told.length === 0 && printed === '') return question;
  const whose = isSame ? 'you, who work' : 'another agent, which works';
  const parts = [
    `This was said so far between a person and ${whose} on the files in this folder:\n\n${storyOf(facts, told, isSame ? 'You' : 'Agent')}`,
    ...(printed === '' ? [] : [`The program printed at last:\n\n${printed}`]),
  ];
  return `${parts.join('\n\n')}${STORY_END}${question}`;
}

/** The end of what the last run's program printed: all that a program without a protocol tells. */
async function lastPrinted(ask: AskTimeline, { runs }: SessionFacts): Promise<string> {
  const run = runs.at(-1);
  if (run === undefined) return '';
  const fromSeq = Math.max(1, run.eventCount - PRINTED_EVENTS + 1);
  const events = await ask('runEvents', { runId: run.runId, fromSeq, limit: PRINTED_EVENTS });
  const texts = events.flatMap(({ kind, data }) => (kind === 'output' ? [data.text] : []));
  return endOf(texts.join('\n'), MAX_PRINTED_CHARACTERS);
}
