import type { AttachmentReference } from '../../../storage/attachments';
import type { SessionFacts } from '../../../storage/sessionFacts';
import { currentRun, failedToResume, workingAgent } from '../../../storage/sessionState';
import type { ConversationEntry } from '../../../storage/timelineQueries';
import { nativeSession } from '../../sessions/summary';
import type { RunRequest } from '../runStarter';
import { transcriptPrompt } from './transcript';

/** Said to agents. */
const CONTINUE_PROMPT = 'Please go on where you were cut off.';

/**
 * What the next run of the session's agent is asked for: `text`, or else to go on. An agent that does not know the
 * conversation is told it.
 */
export async function nextRequest(
  facts: SessionFacts,
  conversation: () => Promise<ConversationEntry[]>,
  text: string | undefined,
  attachments: readonly AttachmentReference[] | undefined,
): Promise<Omit<RunRequest, 'sessionId'>> {
  const resumes = nativeSession(facts)?.nativeSessionId;
  if (resumes !== undefined)
    return text === undefined ? { prompt: CONTINUE_PROMPT, resumes } : { prompt: text, attachments, resumes };
  const hasForgotten = workingAgent(facts).runs.some((run) => failedToResume(run) || run.formerPlace !== undefined);
  const [first] = workingAgent(facts).runs;
  if (hasForgotten || (first?.handOver !== undefined && text !== undefined))
    return { prompt: transcriptPrompt(facts, await conversation(), text ?? CONTINUE_PROMPT), attachments };
  if (text !== undefined) return { prompt: text, attachments };
  const { prompt, attachments: again } = currentRun(facts) ?? facts;
  return { prompt, attachments: again };
}
