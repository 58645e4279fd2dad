/** The tools that start or change something, each only where a person has allowed that for the repository. */
import { basename } from 'node:path';
import { oneLine } from '../common/oneLine';
import { CorralError } from '../storage/errors';
import { asChild, requireReach } from './callerTree';
import { choice, optional, text, texts } from './inputFields';
import { SESSION_ID } from './readingTools';
import { factsOf, isAtRest, wordsOf } from './sessionFacts';
import { defineTool, type ToolAnswer, type ToolCall } from './sessionTool';

/** What agents have started in a repository and has not come to rest: a mistake must not fill the machine. */
const MAX_OPEN_SESSIONS = 8;
const MAX_DEPENDENCIES = 20;
const MAX_CLIENT_CHARACTERS = 60;

export const startSession = defineTool({
  name: 'start_session',
  title: 'Start Session',
  description:
    'Starts a coding agent on a task, in a new git worktree of its own. Answers at once with the id; use wait_for, then read_session and review_changes. Where no VS Code window is open, it waits in the queue until one is. A person must have allowed it for the repository.',
  isReadOnly: false,
  fields: {
    repository: optional(
      text('A folder in the repository: an absolute path. In a session it is always the repository of that session.'),
    ),
    prompt: text('The task, whole: the agent knows nothing else of your conversation.'),
    agent: text('Which agent: claude, codex, gemini, opencode, goose, demo, or one that the person has configured.'),
    title: optional(text('A title for people; the start of the prompt where absent.')),
    base: optional(text('The revision to start from; HEAD where absent.')),
    permissionMode: optional(
      choice(
        ['ask', 'edits'],
        'Whether the agent asks a person before edits in its worktree, too; as configured where absent.',
      ),
    ),
    model: optional(text('A model that the agent knows.')),
    dependsOn: optional(texts(MAX_DEPENDENCIES, 'Ids of sessions that must complete before this one starts.')),
  },
  answer: async (input, call) => {
    const { repository: named, ...request } = input;
    const folder = call.sessionId === undefined ? named : (await call.source.latestSession(call.sessionId)).repository;
    if (folder === undefined) throw new CorralError('INVALID_ARGUMENT', 'Say in which repository: an absolute path.');
    const repository = await requireConsent(folder, call);
    if (input.agent === 'command')
      throw new CorralError('INVALID_ARGUMENT', 'The agent “command” is only for people. Choose another agent.');
    return await oneAtATime(async () => {
      const started = (await call.source.listSessions({ repository })).filter(
        (session) => session.startedBy !== undefined && !isAtRest(session),
      );
      if (started.length >= MAX_OPEN_SESSIONS)
        throw new CorralError(
          'CONFLICT',
          `Agents have ${String(started.length)} sessions under way in this repository, which is the most. Wait for one with wait_for, or stop one.`,
        );
      const startedBy = { client: oneLine(call.client, MAX_CLIENT_CHARACTERS) };
      const wanted =
        call.sessionId === undefined
          ? { ...request, repository: folder, startedBy }
          : await asChild({ ...request, repository }, call.sessionId, call);
      const { id } = await call.source.createSession(wanted);
      return await sessionNow(id, call);
    });
  },
});

export const sendMessage = defineTool({
  name: 'send_message',
  title: 'Send Message',
  description:
    'Sends a message to the agent of a session: its next turn, or a new run of a session that has ended. A person must have allowed it for the repository.',
  isReadOnly: false,
  fields: { sessionId: SESSION_ID, text: text('The message.') },
  answer: async ({ sessionId, text: message }, call) => {
    await requireReach([sessionId], call);
    await requireConsent((await call.source.latestSession(sessionId)).repository, call);
    return await oneAtATime(async () => {
      await call.source.sendMessage(sessionId, message);
      return await sessionNow(sessionId, call);
    });
  },
});

export const stopSession = defineTool({
  name: 'stop_session',
  title: 'Stop Session',
  description:
    'Stops a session; its work and its history stay. Answers when it has ended. A person must have allowed it for the repository.',
  isReadOnly: false,
  fields: { sessionId: SESSION_ID },
  answer: async ({ sessionId }, call) => {
    await requireReach([sessionId], call);
    await requireConsent((await call.source.latestSession(sessionId)).repository, call);
    await call.source.stop(sessionId);
    return await sessionNow(sessionId, call);
  },
});

async function sessionNow(id: string, { source }: ToolCall): Promise<ToolAnswer> {
  const session = await source.latestSession(id);
  return { facts: { session: factsOf(session) }, untrusted: wordsOf(session) };
}

/**
 * The main worktree of the folder's repository.
 * @throws CONSENT_NEEDED where no person has allowed agents to act in it; open windows then ask
 */
async function requireConsent(folder: string, { source, client }: ToolCall): Promise<string> {
  const consents = await source.consents();
  const command = await consents.agentsIn(folder);
  const answer = await consents.answer(command);
  if (answer === true) return command.repository;
  const name = basename(command.repository);
  const how = `To allow it, a person runs the command “Corral: Allow Agents to Start Sessions…” in a VS Code window with ${command.repository}.`;
  if (answer === false)
    throw new CorralError('CONSENT_NEEDED', `A person has not allowed agents to act on sessions of “${name}”. ${how}`);
  await consents.ask(command, oneLine(client, MAX_CLIENT_CHARACTERS));
  throw new CorralError(
    'CONSENT_NEEDED',
    `No person has allowed agents to act on sessions of “${name}” yet. Open windows ask now. ${how}`,
  );
}

let last: Promise<unknown> = Promise.resolve();

/** So that calls side by side do not pass a limit together. */
async function oneAtATime<T>(change: () => Promise<T>): Promise<T> {
  const mine = last.then(change, change);
  last = mine.catch(() => undefined);
  return await mine;
}
