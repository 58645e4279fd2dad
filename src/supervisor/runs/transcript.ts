import { endOf, startOf } from '../../common/shorten';
import type { ConversationEntry } from '../../storage/timelineQueries';

/** Fits into one argument of a program on every system, with room for characters of several bytes. */
const MAX_CHARACTERS = 30_000;

const SPEAKERS: Readonly<Record<string, string>> = { user: 'User', assistant: 'You' };

/**
 * A prompt for an agent that no longer knows the conversation: what was said so far, and then `text`.
 * Of a long conversation the beginning, which is the task, and the end are kept.
 */
export function transcriptPrompt(conversation: readonly ConversationEntry[], text: string): string {
  const messages = conversation.flatMap(({ role, content }) => {
    const speaker = SPEAKERS[role];
    return speaker === undefined ? [] : [`${speaker}: ${content}`];
  });
  return `You have worked on this before in this folder, and its files are as you left them. This was said so far:\n\n${beginningAndEnd(messages)}\n\n---\n\n${text}`;
}

function beginningAndEnd(messages: readonly string[]): string {
  const whole = messages.join('\n\n');
  if (whole.length <= MAX_CHARACTERS) return whole;
  const [task = ''] = messages;
  const beginning = startOf(task, MAX_CHARACTERS / 3);
  return `${beginning}\n\n[…]\n\n${endOf(whole, MAX_CHARACTERS - beginning.length)}`;
}
