import * as v from 'valibot';
import * as vscode from 'vscode';
import type { CorralApi } from '../../supervisor/api';
import type { Git } from '../../supervisor/git/git';
import type { NativeSessions } from '../../supervisor/imports/nativeSessions';
import { makeDemoRepository } from '../../supervisor/lifecycle/demoRepository';
import { chooseNativeSession } from '../pickers/nativeSessionChoice';
import type { ChooseSession } from '../pickers/sessionChoice';
import { inProgress } from '../progress';
import type { CommandName } from '../text/contributions';
import type { EventPlace } from '../../protocol/timelineProtocol';
import type { CommandActions } from './commandRunner';
import type { SessionStarter } from './sessionStarter';
import { requireTrust } from './sessionStarter';

export type SessionCommandName = Extract<
  CommandName,
  'tryDemo' | 'importSession' | 'duplicateSession' | 'replayTimeline' | 'renameSession'
>;

/** The row of a run below its session. */
const runSchema = v.object({ kind: v.literal('run'), runId: v.string() });

/** What these commands need of the supervisor. */
export interface SessionCommandsSource extends Pick<CorralApi, 'renameSession'> {
  readonly git: Git;
  nativeSessions(): Promise<Pick<NativeSessions, 'list' | 'import'>>;
}

export interface SessionCommandsOptions {
  source: SessionCommandsSource;
  starter: SessionStarter;
  choose: ChooseSession;
  /** The folder in which the demo's repository is made. */
  storageDirectory: string;
  reveal: (sessionId: string) => Promise<void>;
  showTimeline: (sessionId: string, place?: EventPlace) => void;
}

/** Commands to try, bring in and name sessions. */
export function sessionCommands({
  source,
  starter,
  choose,
  storageDirectory,
  reveal,
  showTimeline,
}: SessionCommandsOptions): CommandActions<SessionCommandName> {
  const none = vscode.l10n.t('There is no session yet.');
  return {
    tryDemo: async () => {
      requireTrust();
      const id = await starter.create({
        repository: await makeDemoRepository(source.git, storageDirectory),
        agent: 'demo',
        prompt: 'Show me what Corral does',
        title: 'Demo: a greeting for everyone',
      });
      showTimeline(id);
    },
    importSession: async (argument) => {
      const repository = await starter.chooseRepository(argument);
      const native = await chooseNativeSession(source, repository);
      const { id } = await inProgress(async () => await (await source.nativeSessions()).import(repository, native));
      await reveal(id);
      showTimeline(id);
    },
    replayTimeline: async (argument) => {
      const { id } = await choose(argument, vscode.l10n.t('Replay Timeline'), () => true, none);
      const run = v.safeParse(runSchema, argument);
      showTimeline(id, run.success ? { runId: run.output.runId, seq: 1 } : undefined);
    },
    duplicateSession: async (argument) => {
      requireTrust();
      const session = await choose(argument, vscode.l10n.t('Duplicate Session'), () => true, none);
      const { repository, checkout, prompt, agent, model, argv, title, issue, baseCommit, permissionMode, host } =
        session;
      const attachments = session.attachments?.map(({ id }) => ({ sessionId: session.id, id }));
      await starter.create({
        repository: checkout ?? repository,
        prompt,
        agent,
        title,
        ...(baseCommit === '' ? {} : { base: baseCommit }),
        ...(model === undefined ? {} : { model }),
        ...(argv === undefined ? {} : { argv }),
        ...(issue === undefined ? {} : { issue }),
        ...(host === undefined ? {} : { host: host.name }),
        ...(attachments === undefined ? {} : { attachments }),
        permissionMode,
      });
    },
    renameSession: async (argument) => {
      const session = await choose(argument, vscode.l10n.t('Rename Session'), () => true, none);
      const title = await vscode.window.showInputBox({
        title: vscode.l10n.t('Rename Session'),
        value: session.title,
        validateInput: (value) => (value.trim() === '' ? vscode.l10n.t('Enter a title.') : undefined),
      });
      if (title !== undefined) await source.renameSession(session.id, title);
    },
  };
}
