import type { ConversationEntry } from '../../storage/timelineQueries';

/** Fits into one argument of a program on every system, with room for characters of several bytes. */
const LONGEST = 30_000;

const SPEAKERS: Readonly<Record<string, string>> = { user: 'User', assistant: 'You' };

/**
 * A prompt that tells an agent what was said before, where it no longer knows that itself, and then `text`. Of a long conversation its beginning, which
 * is the task, and its end are kept.
 */
export function transcriptPrompt(conversation: readonly ConversationEntry[], text: string): string {
  const said = conversation.flatMap(({ role, content }) => {
    const speaker = SPEAKERS[role];
    return speaker === undefined ? [] : [`${speaker}: ${content}`];
  });
  return `You have worked on this before in this folder, and its files are as you left them. This was said so far:\n\n${shortened(said)}\n\n---\n\n${text}`;
}

function shortened(said: readonly string[]): string {
  const whole = said.join('\n\n');
  if (whole.length <= LONGEST) return whole;
  const [task = ''] = said;
  const beginning = task.slice(0, LONGEST / 3);
  return `${beginning}\n\n[…]\n\n${whole.slice(beginning.length - LONGEST)}`;
}
