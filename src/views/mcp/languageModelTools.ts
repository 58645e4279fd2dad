import * as vscode from 'vscode';
import { messageOf } from '../../common/errors';
import { exactText } from '../../common/visibleText';
import { CorralError } from '../../storage/errors';
import type { SessionTool, ToolSource } from '../../sessionTools/sessionTool';
import { LANGUAGE_MODEL_TOOLS } from '../text/contributions';

type Input = Record<string, unknown>;

/** Offers the tools to the language models of VS Code. Their code is loaded when the first one is used. */
export function registerLanguageModelTools(source: ToolSource): vscode.Disposable {
  return vscode.Disposable.from(
    ...LANGUAGE_MODEL_TOOLS.map((name) => vscode.lm.registerTool(`corral_${name}`, new OfferedTool(name, source))),
  );
}

class OfferedTool implements vscode.LanguageModelTool<Input> {
  readonly #name: string;
  readonly #source: ToolSource;

  constructor(name: string, source: ToolSource) {
    this.#name = name;
    this.#source = source;
  }

  /** VS Code's own question comes on top: it is no consent to act in a repository. */
  async prepareInvocation({
    input,
  }: vscode.LanguageModelToolInvocationPrepareOptions<Input>): Promise<vscode.PreparedToolInvocation> {
    const { title, isReadOnly } = await this.#tool();
    if (isReadOnly) return {};
    const message = new vscode.MarkdownString().appendCodeblock(exactText(JSON.stringify(input, null, 2)), 'json');
    return { confirmationMessages: { title, message } };
  }

  async invoke(
    { input }: vscode.LanguageModelToolInvocationOptions<Input>,
    token: vscode.CancellationToken,
  ): Promise<vscode.LanguageModelToolResult> {
    const cancelling = new AbortController();
    const subscription = token.onCancellationRequested(() => cancelling.abort());
    try {
      const tool = await this.#tool();
      const { answerParts } = await import('../../sessionTools/answerText');
      const call = { source: this.#source, client: 'VS Code', signal: cancelling.signal, report: () => undefined };
      const parts = answerParts(await tool.call(input, call));
      return new vscode.LanguageModelToolResult(parts.map((text) => new vscode.LanguageModelTextPart(text)));
    } catch (error) {
      // The model reads the message alone.
      throw error instanceof CorralError ? new Error(`${error.code}: ${messageOf(error)}`, { cause: error }) : error;
    } finally {
      subscription.dispose();
    }
  }

  async #tool(): Promise<SessionTool> {
    const { SESSION_TOOLS } = await import('../../sessionTools/allTools');
    const tool = SESSION_TOOLS.find(({ name }) => name === this.#name);
    if (tool === undefined) throw new Error(`There is no tool ${this.#name}.`);
    return tool;
  }
}
