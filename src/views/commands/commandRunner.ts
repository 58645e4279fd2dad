import { AsyncLocalStorage } from 'node:async_hooks';
import type * as vscode from 'vscode';
import type { SessionRequest, SessionSummary } from '../../supervisor/api';
import type { CommandName } from '../text/contributions';
import type { Place } from '../hosts/place';
import type { ContextMends, Failure } from '../text/errorMessages';
import { describeFailure, showError } from '../text/errorMessages';

/** What commands do, by name. The arguments are whatever a menu or another extension passes. */
export type CommandActions<Name extends CommandName> = Record<
  Name,
  (argument: unknown, ...others: unknown[]) => Promise<void>
>;

/** Runs an action as a command does: what it throws is shown. `doing` names the action in the log. */
export type Attempt = (doing: string, action: () => Promise<void>) => Promise<void>;

/** Runs a command as if a person had chosen it. */
export type RunCommand = (name: CommandName, argument: unknown) => Promise<void>;

/** What a command is about, as far as it got. The buttons that mend its failure act on this alone. */
export interface CommandContext {
  session?: SessionSummary;
  /** A session that was asked for and is not made yet. */
  request?: SessionRequest;
  /** An agent that is to be used, where nothing is asked for yet. */
  agent?: string;
  /** Where a session is to work, where nothing is asked for yet. */
  place?: Place;
  /** A folder in which no repository was found yet. */
  folder?: string;
  /** Program and arguments by which a person signs in to a forge. */
  signIn?: readonly string[];
  /** Done once the failure is mended, by whoever shows it elsewhere than in a message. */
  again?: () => Promise<void>;
}

/** Runs commands, and shows what they throw with the buttons that mend it. */
export class CommandRunner {
  /** Commands overlap while they wait for people, so each has a context of its own. */
  readonly #contexts = new AsyncLocalStorage<CommandContext>();
  readonly #log: vscode.LogOutputChannel;
  readonly #mendsFor: (context: CommandContext) => Promise<ContextMends>;

  constructor(log: vscode.LogOutputChannel, mendsFor: (context: CommandContext) => Promise<ContextMends>) {
    this.#log = log;
    this.#mendsFor = mendsFor;
  }

  /** The context of the running command, which the command fills in. */
  get context(): CommandContext {
    return this.#contexts.getStore() ?? {};
  }

  readonly attempt: Attempt = async (doing, action) => {
    const context: CommandContext = { ...this.context };
    try {
      await this.#contexts.run(context, action);
    } catch (error) {
      await showError(this.#log, doing, error, await this.#mendsFor(context));
    }
  };
  /** Runs an action for a page that shows itself what it throws; undefined where all went well. */
  async describe(doing: string, action: () => Promise<void>): Promise<Failure | undefined> {
    const context: CommandContext = {};
    try {
      await this.#contexts.run(context, action);
      return undefined;
    } catch (error) {
      return describeFailure(this.#log, doing, error, await this.#mendsFor(context));
    }
  }
}

/** Commands whose code is loaded when the first of them is run, since most windows run none of them. */
export function onDemand<Name extends CommandName>(
  names: readonly Name[],
  load: () => Promise<CommandActions<Name>>,
): CommandActions<Name> {
  let loading: Promise<CommandActions<Name>> | undefined;
  const runs = names.map((name): [Name, CommandActions<Name>[Name]] => [
    name,
    async (...given) => {
      loading ??= load();
      await (await loading)[name](...given);
    },
  ]);
  // The keys are the names, which TypeScript does not follow through an object made of entries.
  return Object.fromEntries(runs) as CommandActions<Name>;
}
