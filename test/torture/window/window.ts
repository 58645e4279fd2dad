/** A window without an editor: a process with one supervisor that serves its parent's requests until it is killed. */
import * as v from 'valibot';
import { messageOf } from '../../../src/common/errors';
import { CorralError } from '../../../src/storage/errors';
import type { SessionEvent } from '../../../src/storage/events';
import { isOutcome } from '../../../src/storage/runState';
import { parseHostSettings } from '../../../src/supervisor/hosts/hostSettings';
import { DEFAULT_SETTINGS } from '../../../src/supervisor/settings';
import { Supervisor } from '../../../src/supervisor/supervisor';
import { digestOf } from '../journals';
import type { EventDigest } from '../journals';
import { envelopeSchema, windowOptionsSchema } from './windowProtocol';
import type { RESULT_SCHEMAS, WindowRequest } from './windowProtocol';

const PAGE = 1_000;
const { runnerNode, hosts, ...options } = v.parse(windowOptionsSchema, JSON.parse(process.argv[2] ?? ''));
const supervisor = new Supervisor({
  ...options,
  settings: () => ({
    ...DEFAULT_SETTINGS,
    stopGraceMs: 1_000,
    ...(runnerNode === undefined ? {} : { runnerNode }),
    ...(hosts === undefined ? {} : { hosts: parseHostSettings(hosts) }),
  }),
});

function digestedEvent(event: SessionEvent): EventDigest {
  return { runId: event.runId, seq: event.seq, digest: digestOf(event) };
}

function send(line: object): void {
  process.send?.(line);
}

async function history(sessionId: string): Promise<EventDigest[]> {
  const events: EventDigest[] = [];
  for (let after: string | undefined; ;) {
    const page = await supervisor.listSessionHistory(sessionId, {
      limit: PAGE,
      ...(after === undefined ? {} : { after }),
    });
    events.push(...page.events.map(digestedEvent));
    if (page.next === undefined) return events;
    after = page.next;
  }
}

async function perform(
  request: WindowRequest,
): Promise<v.InferInput<(typeof RESULT_SCHEMAS)[WindowRequest['method']]>> {
  switch (request.method) {
    case 'create':
      await supervisor.prepareSession({ repository: request.repository });
      return (
        await supervisor.createSession({
          repository: request.repository,
          prompt: 'print',
          agent: 'command',
          argv: request.argv,
        })
      ).id;
    case 'createOn': {
      const { host, repository, prompt } = request;
      return (await supervisor.createSession({ repository, prompt, agent: 'demo', host })).id;
    }
    case 'prepare':
      await supervisor.prepareSession({ repository: request.repository });
      return null;
    case 'clearSpares':
      await (await supervisor.inventory()).spares.clear();
      return null;
    case 'delete':
      await supervisor.deleteSession(request.sessionId);
      return null;
    case 'settle':
      await supervisor.whenRecovered();
      return null;
    case 'resume':
      await supervisor.resume(request.sessionId);
      return null;
    case 'kill':
      await supervisor.kill(request.sessionId);
      return null;
    case 'rename':
      await supervisor.renameSession(request.sessionId, request.title);
      return null;
    case 'list':
      return (await supervisor.listSessions()).map((session) => {
        const { id, title, state, restored, checking, runs, paused, worktreePath, deleted, host, currentRunId } =
          session;
        const eventCount = runs.reduce((sum, run) => sum + run.eventCount, 0);
        const isOpen = checking || (!isOutcome(state) && !restored);
        return {
          id,
          title,
          state,
          restored,
          isOpen,
          eventCount,
          worktreePath,
          deleted,
          ...(currentRunId === undefined ? {} : { currentRunId }),
          ...(host === undefined ? {} : { hostState: host.state }),
          ...(paused === undefined ? {} : { paused: `${paused.since} ${paused.reason}` }),
        };
      });
    case 'history':
      return await history(request.sessionId);
    case 'close':
      await supervisor.close();
      return null;
    default:
      return request satisfies never;
  }
}

supervisor.onDidCompleteRecovery(() => send({ recovered: true }));
supervisor.onDidAppendEvents(({ sessionId, appended }) => {
  for (const { runId, fromSeq, toSeq } of appended) {
    const limit = Math.min(PAGE, toSeq - fromSeq + 1);
    void supervisor
      .timeline(sessionId)
      .then((timeline) => timeline.query('runEvents', { runId, fromSeq, limit }))
      .then((events) => send({ received: { sessionId, events: events.map(digestedEvent) } }))
      .catch(() => undefined); // the window is being closed
  }
});
process.on('message', (message) => {
  const { id, request } = v.parse(envelopeSchema, message);
  perform(request)
    .then((result) => send({ id, result }))
    .catch((error: unknown) =>
      send({ id, error: messageOf(error), ...(error instanceof CorralError && { code: error.code }) }),
    )
    .finally(() => (request.method === 'close' ? process.disconnect() : undefined));
});
process.on('disconnect', () => process.exit());
