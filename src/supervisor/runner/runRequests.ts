import { CorralError } from '../../storage/errors';
import type { ClaimFile } from '../runnerProtocol/claimFile';
import { PROTOCOL_VERSION, REQUEST_SCHEMAS } from '../runnerProtocol/protocol';
import type { AgentRun } from './agentRun';
import type { RequestHandlers } from './endpoint';
import type { Recorder } from './recorder';
import type { RunBootstrap } from '../runnerProtocol/protocol';
import type { RunHold } from '../runnerProtocol/runHold';
import { loadAttachments } from './worktree/agentAttachments';
import type { WritePause } from './writePause';

export interface RunParts {
  claimFile: ClaimFile;
  recorder: Recorder;
  pause: WritePause;
  hold: RunHold;
  bootstrap: RunBootstrap;
}

/** What people may ask of a run. All errors are CorralErrors for them to read. */
export function requestHandlers(
  run: AgentRun,
  { claimFile, recorder, pause, hold, bootstrap }: RunParts,
): RequestHandlers {
  return {
    ping: () => ({
      protocol: PROTOCOL_VERSION,
      runner: claimFile.claim.runner,
      ...(claimFile.claim.agent === undefined ? {} : { agent: claimFile.claim.agent }),
      lastSeq: recorder.lastSeq,
      journalBytes: recorder.bytes,
      methods: Object.keys(REQUEST_SCHEMAS),
      ...(pause.current === null ? {} : { paused: pause.current }),
    }),
    send: async ({ text }) => {
      await requireHold(hold);
      requireBudget(run);
      const conversation = await run.conversation();
      if (!run.takesMessages) throw new CorralError('NOT_RUNNING', 'The agent takes no more messages in this run');
      conversation.send(text);
      return {};
    },
    sendAttached: async ({ text, attachments }) => {
      const files = await loadAttachments(bootstrap, attachments);
      await requireHold(hold);
      requireBudget(run);
      const conversation = await run.conversation();
      if (!run.takesMessages) throw new CorralError('NOT_RUNNING', 'The agent takes no more messages in this run');
      conversation.send(text, files);
      return {};
    },
    answerPermission: async (answer) => {
      await requireHold(hold);
      await run.answerPermission(answer);
      return {};
    },
    interrupt: async () => {
      requireBudget(run);
      if (!(await run.conversation()).interrupt())
        throw new CorralError('RUNNER_REFUSED', 'This agent cannot be interrupted. Stop the session instead.');
      return {};
    },
    stop: () => {
      run.requestEnd('stop');
      return {};
    },
    kill: () => {
      run.requestEnd('kill');
      return {};
    },
  };
}

/** @throws RUNNER_REFUSED where a message would pass the budget */
function requireBudget(run: AgentRun): void {
  if (run.budget.isAsking)
    throw new CorralError('RUNNER_REFUSED', 'The budget is used up. Answer first whether the session may go on.');
}

/** @throws NOT_RUNNING where the agent is being ended since the run was marked as gone */
async function requireHold(hold: RunHold): Promise<void> {
  if (!(await hold.check())) throw new CorralError('NOT_RUNNING', 'This run was marked as gone, so its agent ends');
}
