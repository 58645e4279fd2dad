import { endOf, startOf } from '../../../common/shorten';
import type { SessionFacts } from '../../../storage/sessionFacts';
import type { ConversationEntry } from '../../../storage/timelineQueries';

/** Fits into one argument of a program on every system, with room for characters of several bytes. */
const MAX_CHARACTERS = 30_000;

/** Between the story so far and what is asked. */
export const STORY_END = '\n\n---\n\n';

/**
 * A prompt for an agent that no longer knows the conversation: what was said so far, and then `text`.
 */
export function transcriptPrompt(
  facts: Pick<SessionFacts, 'runs'>,
  conversation: readonly ConversationEntry[],
  text: string,
): string {
  return `You have worked on this before in this folder, and its files are as you left them. This was said so far:\n\n${storyOf(facts, conversation, 'You')}${STORY_END}${text}`;
}

/** What was said so far. Of a long conversation the beginning, which is the task, and the end are kept. */
export function storyOf(
  facts: Pick<SessionFacts, 'runs'>,
  conversation: readonly ConversationEntry[],
  agent: 'You' | 'Agent',
): string {
  const messages = conversation.flatMap((entry) => {
    if (entry.role === 'user') return [`User: ${askedIn(facts, entry)}`];
    return entry.role === 'assistant' ? [`${agent}: ${entry.content}`] : [];
  });
  return beginningAndEnd(messages);
}

/** What a person asked for in the message. The story that an agent was told is not told again as a part of another. */
export function askedIn({ runs }: Pick<SessionFacts, 'runs'>, { runId, content }: ConversationEntry): string {
  const run = runs.find((each) => each.runId === runId);
  const end = run?.handOver !== undefined && run.prompt === content ? content.lastIndexOf(STORY_END) : -1;
  return end < 0 ? content : content.slice(end + STORY_END.length);
}

function beginningAndEnd(messages: readonly string[]): string {
  const whole = messages.join('\n\n');
  if (whole.length <= MAX_CHARACTERS) return whole;
  const [task = ''] = messages;
  const beginning = startOf(task, MAX_CHARACTERS / 3);
  return `${beginning}\n\n[…]\n\n${endOf(whole, MAX_CHARACTERS - beginning.length)}`;
}
