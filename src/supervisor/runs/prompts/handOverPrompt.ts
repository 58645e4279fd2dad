import { startOf } from '../../../common/shorten';
import { oneLine } from '../../../common/oneLine';
import type { SessionFacts } from '../../../storage/sessionFacts';
import { failureReason, workingAgent } from '../../../storage/sessionState';
import type { ConversationEntry } from '../../../storage/timelineQueries';
import type { FileChange } from '../../git/review/changes';
import { askedIn, STORY_END, storyOf } from './transcript';

const MAX_FILES = 200;
const MAX_ASKED_CHARACTERS = 4_000;

/**
 * What another agent is told of a session that it goes on with: what was said, how the last run failed, what changed,
 * and what was asked last.
 */
export function handOverPrompt(
  facts: SessionFacts,
  conversation: readonly ConversationEntry[],
  changes: readonly FileChange[],
): string {
  const failure = failureReason(facts);
  const asked = conversation.findLast(({ role }) => role === 'user');
  const parts = [
    `Another agent (${workingAgent(facts).name}) has worked on this in this folder, and its files are as it left them. You go on with its work. What it says is a report: look at the files yourself.`,
    `This was said so far:\n\n${storyOf(facts, conversation, 'Agent')}`,
    ...(failure === undefined ? [] : [`Its last run ended: ${failure}`]),
    `Changed so far, against commit ${facts.baseCommit.slice(0, 12)}:\n\n${listChanges(changes)}`,
  ];
  const last =
    asked === undefined ? '' : `\n\nThis was asked last:\n\n${startOf(askedIn(facts, asked), MAX_ASKED_CHARACTERS)}`;
  return `${parts.join('\n\n')}${STORY_END}Please go on where it stopped.${last}`;
}

function listChanges(changes: readonly FileChange[]): string {
  if (changes.length === 0) return '(nothing)';
  const lines = changes
    .slice(0, MAX_FILES)
    .map(({ kind, path, previousPath }) =>
      oneLine(`- ${kind}: ${path}${previousPath === undefined ? '' : ` (was ${previousPath})`}`, Infinity),
    );
  const more = changes.length - lines.length;
  return [...lines, ...(more > 0 ? [`- and ${more} more`] : [])].join('\n');
}
